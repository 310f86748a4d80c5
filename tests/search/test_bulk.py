from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from elasticsearch import Elasticsearch

from search import bulk
from search import index as indexing
from search.bulk import AT_ONCE, Sender, put
from search.index import index, rejected, retry
from search.migrate import migrate
from search.query import search_kql
from tests.search.test_index import everything, outcomes, rewritten
from tests.search.test_migrate import OLD, make_old
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle, Rejected
from wirewatch.settings import get_settings

Desk = dict[str, EnrichedArticle]
Enriched = Callable[..., Batch]


class Busy:
    """Stands before the node, hands everything on, and answers the first bulk requests as a busy node does."""

    def __init__(self, requests: int, articles: int) -> None:
        self.requests, self.articles = requests, articles
        """How many requests are refused as a whole, and in how many more half of the articles are."""
        self.lock = threading.Lock()
        self.under_way = self.most = 0

    def refuses(self) -> str:
        with self.lock:
            if self.requests:
                self.requests -= 1
                return "whole"
            if self.articles:
                self.articles -= 1
                return "half"
            return ""


@contextmanager
def before(es: Elasticsearch, busy: Busy) -> Iterator[Elasticsearch]:
    given = get_settings().elasticsearch
    assert given.url and given.user and given.password and given.ca
    trusted = ssl.create_default_context(cafile=str(given.ca))
    node = urlsplit(given.url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            refused = busy.refuses() if "/_bulk" in self.path else ""
            if refused == "whole":
                self.answer(429, json.dumps({"error": {"type": "es_rejected_execution_exception", "reason": "full"}}))
                return
            rest: list[str] = []
            if refused == "half":
                lines = body.decode().splitlines()
                pairs = [lines[at : at + 2] for at in range(0, len(lines), 2)]
                rest = [pair[0] for pair in pairs[::2]]
                body = "".join(f"{line}\n" for pair in pairs[1::2] for line in pair).encode()
            connection = http.client.HTTPSConnection(node.hostname or "", node.port, context=trusted)
            headers = {
                name: self.headers[name] for name in ("Authorization", "Content-Type", "Accept") if name in self.headers
            }
            if body or not rest:
                connection.request(self.command, self.path, body, headers)
                response = connection.getresponse()
                status, text = response.status, response.read().decode()
            else:
                status, text = 200, '{"items": []}'
            if rest:
                error = {"type": "es_rejected_execution_exception", "reason": "the queue is full"}
                items = json.loads(text)["items"]
                half = iter(items)
                mixed: list[Any] = []
                for number in range(len(rest) + len(items)):
                    if number % 2:
                        mixed.append(next(half))
                    else:
                        action = json.loads(rest[number // 2])["index"]
                        mixed.append({"index": {"_id": action["_id"], "status": 429, "error": error}})
                text = json.dumps({"errors": True, "took": 1, "items": mixed})
            self.answer(status, text)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

        def answer(self, status: int, text: str) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.elasticsearch+json; compatible-with=9")
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    login = (given.user, given.password.get_secret_value())
    try:
        with Elasticsearch(f"http://127.0.0.1:{server.server_port}", basic_auth=login) as client:
            yield client
    finally:
        server.shutdown()
        server.server_close()


def test_a_busy_elasticsearch_is_given_time_and_gets_every_article_once(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(bulk.time, "sleep", waited.append)
    with before(clean, Busy(requests=2, articles=2)) as client:
        receipt = index(enriched(list(desk.values())), client=client)
    assert receipt.manifest().counts == {"created": len(desk)}
    assert len(everything(clean)) == len(desk)
    assert waited == [1, 2, 4, 8]


def test_an_elasticsearch_that_stays_busy_is_told_and_leaves_no_receipt(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk.time, "sleep", lambda seconds: None)
    batch = enriched(list(desk.values()))
    with (
        before(clean, Busy(requests=1000, articles=0)) as client,
        pytest.raises(UserError, match=r"full.*run this again"),
    ):
        index(batch, client=client)
    assert not batch.next("indexed").exists()
    assert not batch.next("rejected").exists()
    assert index(batch, client=clean).manifest().counts == {"created": len(desk)}


def test_fewer_requests_are_sent_at_once_after_a_refusal_and_more_again_later(clean: Elasticsearch) -> None:
    actions = [put("scratch", str(number), 1, {"number": number}) for number in range(bulk.DOCUMENTS)]
    with before(clean, Busy(requests=2, articles=0)) as client:
        sender = Sender(client)
        at_once = []
        for _ in range(5):
            list(sender.send(actions))
            at_once.append(sender.at_once)
    assert at_once == [AT_ONCE // 2, AT_ONCE // 4, AT_ONCE // 4 + 1, AT_ONCE // 4 + 2, AT_ONCE]


def test_articles_are_written_by_several_requests_at_once_each_with_its_own_outcome(clean: Elasticsearch) -> None:
    number = 5 * bulk.DOCUMENTS
    list(Sender(clean).send(put("scratch", str(n), 7, {"n": n}) for n in range(0, number, 2)))
    answers = {
        answer.id: answer for answer in Sender(clean).send(put("scratch", str(n), 5, {"n": n}) for n in range(number))
    }
    assert {id for id, answer in answers.items() if answer.status == 409} == {str(n) for n in range(0, number, 2)}
    assert {id for id, answer in answers.items() if answer.status == 201} == {str(n) for n in range(1, number, 2)}
    assert answers["0"].kind == "version_conflict_engine_exception"
    assert not answers["1"].reason


# -- dead letters --------------------------------------------------------------------------------------------------


def test_refused_articles_are_kept_with_the_reason_and_indexed_when_it_is_mended(
    es: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    make_old(es, lacking=("section",))
    es.indices.put_mapping(index=OLD, properties={"section": {"type": "integer"}})
    wrong = desk["wheat"].model_copy(update={"section": "World"})
    batch = enriched([desk["algiers"], wrong, desk["drills"]], "20261120T130000Z-aaaaaa-g00")
    receipt = index(batch, client=es)
    assert receipt.manifest().counts == {"created": 2, "failed": 1, "failed:document_parsing_exception": 1}
    (dead,) = rejected(batch.root)
    (letter,) = dead.read(Rejected)
    assert letter.article == wrong
    assert "World" in letter.reason

    (again,) = retry(batch.root, client=es)
    assert again.manifest().counts == {"failed": 1, "failed:document_parsing_exception": 1}
    (dead,) = rejected(batch.root)
    assert dead.name == again.name
    migrate(client=es)
    (mended,) = retry(batch.root, client=es)
    assert outcomes(mended) == {wrong.id: "created"}
    assert rejected(batch.root) == [] == retry(batch.root, client=es)
    # Alerts ask for what a run brought, by the name of its receipt.
    assert [hit.id for hit in search_kql(f'run: "{mended.name}" and section: World', client=es).hits] == [wrong.id]


def test_a_retry_never_brings_an_older_version_back(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    wrong = desk["wheat"].model_copy(update={"embedding": (1.0, 2.0)})
    first = enriched([wrong], "20261120T130000Z-first")
    index(first, client=clean)
    newer = rewritten(desk["wheat"], "The shipments have stopped.")
    index(enriched([newer], "20261120T140000Z-second"), client=clean)
    (dead,) = rejected(first.root)
    letters = [letter.model_copy(update={"article": desk["wheat"]}) for letter in dead.read(Rejected)]
    assert len(letters) == 1
    found = everything(clean)
    # As if its numbers had been put right.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batch, "read", lambda self, record: iter(letters))
        (receipt,) = retry(first.root, client=clean)
    assert receipt.manifest().counts == {"unchanged": 1}
    assert everything(clean) == found
    assert rejected(first.root) == []


def test_a_killed_try_leaves_one_dead_letter_for_an_article(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = desk["wheat"].model_copy(update={"embedding": (1.0, 2.0)})
    batch = enriched([wrong, desk["drills"]])
    with monkeypatch.context() as patch:
        patch.setattr(indexing, "lots", lambda *_: 1 / 0)  # of stories, after all articles
        with pytest.raises(ZeroDivisionError):
            index(batch, client=clean)
    assert rejected(batch.root) == []
    index(batch, client=clean)
    (dead,) = rejected(batch.root)
    assert [letter.article.id for letter in dead.read(Rejected)] == [wrong.id]


def test_a_replays_refused_articles_are_a_replay_when_they_are_retried(
    clean: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    wrong = desk["wheat"].model_copy(update={"embedding": (1.0, 2.0)})
    batch = enriched([wrong], "20261201T000000Z-123456-replay-20261120T130000Z-abcdef-g00")
    index(batch, client=clean)
    (receipt,) = retry(batch.root, client=clean)
    assert receipt.is_replay

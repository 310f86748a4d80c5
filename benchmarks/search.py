"""What indexing costs and how long searches take, on 100,000 made-up articles and a node of our own.

The articles are those of ``benchmarks/articles.py``, a tenth of them copies of others. Indexing is the whole stage,
with its look-ups, its search for copies and its receipt; it is compared with ``elasticsearch.helpers.parallel_bulk`` of
the same documents into an index without a mapping (there the vectors of passages are fields of their own: it cannot
know that they are nested). Bytes per article are those on the disk, in the segments that indexing has left.

Searches come from eight threads at once, each another one: questions in plain words (understood beforehand), KQL, and
the requests that a dashboard sends together. They are compared with a plain ``multi_match`` over title, lead and body
in the index without a mapping.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from elasticsearch import Elasticsearch, helpers

from benchmarks import report
from benchmarks.articles import DAYS, FIRST, Desk
from benchmarks.node import client_of, own_node
from benchmarks.report import Figures, Table
from enrichment.query import understand
from search.client import failure
from search.documents import document
from search.index import ALIAS, index, init
from search.kibana.dashboards import COUNTRY_DESK, NEWSROOM
from search.kibana.panels import Panel
from search.query import search, search_kql
from wirewatch.batches import Batch, write
from wirewatch.errors import UserError

EVALUATED = False
ARTICLES = 100_000
BATCH = 5_000
"""Articles of a batch, about a night's."""
PLAIN = "plain-articles"
AT_ONCE = 8
QUESTIONS = 60
"""Different ones of each kind."""
ASKED = 480
"""How many are asked of each kind, in all."""
AIMS = {"bulk.share": "≥ 0.6", "kql.p95_ms": "< 100", "text.p95_ms": "< 200"}


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Index and search; ``limit`` is the number of articles.

    Raises:
        UserError: the node does not start.
    """
    desk = Desk()
    size = limit or ARTICLES
    figures: Figures = {"search.articles": size}
    with (
        own_node() as node,
        client_of(node) as impatient,
        tempfile.TemporaryDirectory(prefix="wirewatch-benchmark-search-") as folder,
    ):
        client = impatient.options(request_timeout=300)
        documents = Path(folder) / "documents.jsonl"
        batches = list(_batches(desk, size, Path(folder).as_uri(), documents))
        figures |= _indexing(client, batches, documents, size)
        figures |= _searching(client, desk)
        figures |= {f"search.bytes_per_article.{name}": value / size for name, value in _sizes(client).items()}
    return figures


def _batches(desk: Desk, size: int, root: str, documents: Path) -> Iterator[Batch]:
    """The articles as batches of the stage *enriched*, and as the documents that go without us into a plain index."""
    articles = desk.articles(size)
    with documents.open("w", encoding="utf-8") as lines:
        for number in range(0, size, BATCH):
            batch = Batch(root, "enriched", f"20261101T{number // BATCH:06d}Z-made")
            with write(batch) as out:
                for article in islice(articles, BATCH):
                    out.add(article)
                    lines.write(json.dumps({"_id": article.id, "_source": _plain(document(article))}) + "\n")
            yield batch


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """A document that an index without a mapping takes: it has no nested fields, and one vector for each field."""
    passages = fields.pop("passages", ())
    return fields | {f"passage_{number}": passage["vector"] for number, passage in enumerate(passages)}


def _indexing(client: Elasticsearch, batches: Sequence[Batch], documents: Path, size: int) -> Figures:
    init(client)
    begun = time.perf_counter()
    with documents.open(encoding="utf-8") as lines:
        actions = ({"_index": PLAIN, **json.loads(line)} for line in lines)
        for _ in helpers.parallel_bulk(client, actions, thread_count=4, chunk_size=200):
            pass
    client.indices.refresh(index=PLAIN)
    plain = time.perf_counter() - begun
    begun = time.perf_counter()
    for batch in batches:
        index(batch, client=client)
    ours = time.perf_counter() - begun
    assert client.count(index=ALIAS)["count"] == client.count(index=PLAIN)["count"] == size
    return {
        "search.bulk.per_s": size / ours,
        "search.bulk.plain.per_s": size / plain,
        "search.bulk.share": plain / ours,
        "search.copies": client.count(index=ALIAS, query={"exists": {"field": "duplicate_of"}})["count"] / size,
    }


def _sizes(client: Elasticsearch) -> dict[str, int]:
    sizes = {}
    for name, place in (("ours", ALIAS), ("plain", PLAIN)):
        client.indices.flush(index=place)
        sizes[name] = client.indices.stats(index=place, metric="store")["_all"]["primaries"]["store"]["size_in_bytes"]
    return sizes


# -- searches ------------------------------------------------------------------------------------------------------

Ask = Callable[[], Any]


def _searching(client: Elasticsearch, desk: Desk) -> Figures:
    figures: Figures = {}
    questions = list(_questions(desk))
    understood = []
    took = []
    for question in questions:
        begun = time.perf_counter()
        understood.append(understand(question))
        took.append(time.perf_counter() - begun)
    figures["search.understand.p50_ms"] = 1000 * median(took)
    kinds: dict[str, list[Ask]] = {
        "multi_match": [partial(_multi_match, client, question) for question in questions],
        "text": [partial(search, meaning, client=client) for meaning in understood],
        "kql": [partial(search_kql, kql, client=client) for kql in _kql(desk)],
        "dashboard": [partial(_dashboard, client, desk.labels("topic", 1)[0], day) for day in range(QUESTIONS)],
    }
    for name, asks in kinds.items():
        seconds = _asked_at_once(asks)
        twentieths = quantiles(seconds, n=20)
        figures[f"search.{name}.p50_ms"] = 1000 * median(seconds)
        figures[f"search.{name}.p95_ms"] = 1000 * twentieths[18]
    return figures


def _asked_at_once(asks: Sequence[Ask]) -> list[float]:
    """How long each took, after each was asked once before."""

    def timed(ask: Ask) -> float:
        begun = time.perf_counter()
        ask()
        return time.perf_counter() - begun

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(timed, asks))
        return list(pool.map(timed, islice(cycle(asks), ASKED)))


def _questions(desk: Desk) -> Iterator[str]:
    """What analysts type: countries, topics, names and words."""
    for number in range(QUESTIONS):
        country, other = desk.labels("country", 2)
        topic = desk.labels("topic", 1)[0]
        name = desk.names("person", 1)[0]
        word, another = desk.words("en", 2)
        yield (f"{country} {topic} {other}", f"{topic} {country}", f"{name} {topic}", f"{country} {word} {another}")[
            number % 4
        ]


def _kql(desk: Desk) -> Iterator[str]:
    for number in range(QUESTIONS):
        country, other = desk.labels("country", 2)
        topic = desk.labels("topic", 1)[0]
        name = desk.names("person", 1)[0]
        code, another = desk.countries[number % 20], desk.countries[number % 7 + 20]
        yield (
            f'"{country}" and {topic.replace(" ", " and ")} and "{other}"',
            f'people: "{name}" or "{name}"',
            f"countries: {code} and topics: {desk.topics[number % 30]} and not duplicate_of: *",
            f"events: {{ type: consult and countries: {code} and countries: {another} }}",
            f'title: ({" or ".join(desk.words("fr", 3))}) and language: fr and published >= "2026-06-01"',
        )[number % 5]


def _multi_match(client: Elasticsearch, question: str) -> Any:
    return client.search(
        index=PLAIN, query={"multi_match": {"query": question, "fields": ["title", "lead", "body"]}}, size=10
    )


def _dashboard(client: Elasticsearch, topic: str, number: int) -> Any:
    """What Kibana asks at once for a dashboard of ours, over a week; on every third, somebody has typed a topic."""
    first = int(FIRST.timestamp()) + number % (DAYS - 7) * 86_400
    searches: list[dict[str, Any]] = []
    for panel in (NEWSROOM, COUNTRY_DESK)[number % 2].panels:
        if isinstance(panel, Panel):
            request = panel.request()
            week = {"gte": first, "lt": first + 7 * 86_400, "format": "epoch_second"}
            filters = [request["query"], {"range": {panel.view.time: week}}]
            if number % 3 == 0:
                filters.append({"kql": {"query": f'"{topic}"'}})
            searches += [{"index": panel.view.index}, request | {"query": {"bool": {"filter": filters}}}]
    answers = client.msearch(searches=searches)["responses"]
    if wrong := [failure(answer["error"]) for answer in answers if "error" in answer]:
        raise UserError(f"A panel has no answer: {wrong[0]}")
    return answers


def tables(figures: Figures) -> Iterator[Table]:
    """The figures for people."""
    yield Table(
        f"Indexing {figures['search.articles']:,.0f} articles",
        ("", "articles per second", "bytes per article"),
        [
            ("wirewatch", figures["search.bulk.per_s"], figures["search.bytes_per_article.ours"]),
            (
                "parallel_bulk, no mapping",
                figures["search.bulk.plain.per_s"],
                figures["search.bytes_per_article.plain"],
            ),
            (f"share (aim {AIMS['bulk.share']})", figures["search.bulk.share"], ""),
        ],
    )
    rows: list[tuple[str | float, ...]] = []
    for name, what in (
        ("multi_match", "plain multi_match"),
        ("text", "plain words"),
        ("kql", "KQL"),
        ("dashboard", "a dashboard"),
    ):
        aim = AIMS.get(f"{name}.p95_ms", "")
        rows.append((what, figures[f"search.{name}.p50_ms"], figures[f"search.{name}.p95_ms"], aim))
    rows.append(("(to understand a question)", figures["search.understand.p50_ms"], "", ""))
    yield Table(f"Milliseconds of a search, {AT_ONCE} at once", ("", "p50", "p95", "aim"), rows)


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])

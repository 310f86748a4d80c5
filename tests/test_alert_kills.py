"""A run that is killed at any point, and run again, tells the same as one that nobody disturbed.

Each round indexes, matches and delivers the same articles anew, and is killed once in each stage: just before or just
after a request to Elasticsearch, or a message to a channel, that chance chooses.
"""

from __future__ import annotations

import base64
import json
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import elastic_transport
import pytest
from aiosmtpd.controller import Controller
from elasticsearch import Elasticsearch

from benchmarks.articles import Desk
from search.alerts import sending, store
from search.alerts.alert import Alert
from search.alerts.deliver import deliver
from search.alerts.match import alert
from search.index import index
from search.indices import init
from tests.forking import Forks, forks
from tests.loopback import unused_ports
from tests.search.alerts.telling import Web
from wirewatch import batches
from wirewatch.batches import Batch, write
from wirewatch.records import AGAIN, EnrichedArticle

ARTICLES, ALERTS, ROUNDS = 200, 40, 10
STAGES = ("index", "alert", "deliver")
WORK = f"""
import sys
from {__name__} import work
work(sys.argv[1], sys.argv[2], int(sys.argv[3]))
"""


# What is killed


def work(root: str, stage: str, point: int) -> None:
    """Do all stages, and print how many points each has; where one is given, be killed at that point of it."""
    passed: Counter[str] = Counter()
    under_way = ""

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            pass_by()
            result = real(*args, **kwargs)
            pass_by()
            return result

        return call

    def pass_by() -> None:
        passed[under_way] += 1
        if (under_way, passed[under_way]) == (stage, point):
            os.kill(os.getpid(), signal.SIGKILL)

    elastic_transport.Transport.perform_request = watched(elastic_transport.Transport.perform_request)  # type: ignore[method-assign]
    sending.send = watched(sending.send)
    under_way = "index"
    for batch in batches.pending(root, "indexed"):
        index(batch)
    under_way = "alert"
    for batch in batches.pending(root, "alerted"):
        alert(batch)
    under_way = "deliver"
    deliver()
    print(json.dumps(passed))


@pytest.fixture
def forked() -> Iterator[Forks]:
    """Starts processes that have imported this; they need no models."""
    with forks() as one:
        one.learn(f"import {__name__}", os.environ)
        yield one


class Run:
    """A folder of batches with one to index."""

    def __init__(self, forked: Forks, folder: Path, desk: Batch) -> None:
        self.forked, self.root = forked, folder.as_uri()
        (folder / "enriched").mkdir(parents=True)
        (folder / "enriched" / desk.name).symlink_to(desk.url.removeprefix("file://"))

    def go(self) -> dict[str, int]:
        """Do it, and return how many points each stage has."""
        return dict(json.loads(self._ended("", 0, 0)))

    def go_until(self, stage: str, point: int) -> None:
        """Do it, and be killed at that point."""
        self._ended(stage, point, -signal.SIGKILL)

    def _ended(self, stage: str, point: int, status: int) -> str:
        done = self.forked.run(WORK, self.root, stage, str(point), environment=os.environ)
        assert done.returncode == status, (stage, point, done.stderr)
        return done.stdout


# What hears it


class Inbox:
    """Takes mail."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        (header,) = [line for line in envelope.content.decode().splitlines() if line.startswith("Message-ID:")]
        self.ids.append(header.partition("<")[2].partition("@")[0])
        return "250 OK"


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    inbox = Inbox()
    port = unused_ports()
    controller = Controller(inbox, "127.0.0.1", port)
    controller.start()
    monkeypatch.setenv("WIREWATCH_SMTP__URL", f"smtp://127.0.0.1:{port}")
    monkeypatch.setenv("WIREWATCH_SMTP__TLS", "false")
    monkeypatch.setenv("WIREWATCH_SMTP__SENDER", "Wirewatch <alerts@example.org>")
    yield inbox
    controller.stop()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Web]:
    with Web() as web:
        secret = base64.b64encode(b"s" * 32).decode()
        channels = tmp_path / "channels.yml"
        channels.write_text(f"- name: hook\n  webhook: {web.url}\n  secret: {secret}\n")
        channels.chmod(0o600)
        monkeypatch.setenv("WIREWATCH_CHANNELS", str(channels))
        yield web


Heard = dict[str, Counter[str]]
"""By channel, how often each id was heard."""


def heard(inbox: Inbox, web: Web, file: Path) -> Heard:
    """What the channels have heard since the last time."""
    lines = [json.loads(line)["id"] for line in file.read_text().splitlines()]
    file.unlink()
    found = {
        "mail": Counter(inbox.ids),
        "webhook": Counter(body["id"] for body in web.bodies),
        "of the webhook": Counter(notice["id"] for body in web.bodies for notice in body["notices"]),
        "file": Counter(lines),
    }
    inbox.ids.clear()
    web.bodies.clear()
    return found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    batch = Batch(tmp_path_factory.mktemp("desk").as_uri(), "enriched", "20261120T130000Z-abcdef-g00")
    with write(batch) as out:
        for number, article in enumerate(Desk().articles(ARTICLES)):
            out.add(article.model_copy(update={"story_id": f"story {number // 3}"}))
    return batch


def written(es: Elasticsearch, index: str, but: set[str]) -> dict[str, Any]:
    """The documents of an index without the fields that say when."""
    es.indices.refresh(index=index)
    hits = es.search(index=index, size=10_000)["hits"]["hits"]
    return {hit["_id"]: {name: value for name, value in hit["_source"].items() if name not in but} for hit in hits}


@pytest.mark.timeout(900)
def test_a_run_killed_anywhere_tells_what_an_undisturbed_one_tells_and_marks_what_it_repeats(
    forked: Forks, es: Elasticsearch, desk: Batch, inbox: Inbox, web: Web, tmp_path: Path
) -> None:
    file = tmp_path / "told.jsonl"
    init(es)
    articles = list(desk.read(EnrichedArticle))
    for kind in ("countries", "topics"):
        frequent = Counter(value for article in articles for value in getattr(article, kind))
        for value, _ in frequent.most_common(ALERTS // 2):
            tell = ("mail:ann@example.org", "hook", f"file://{file}")
            store.create(es, Alert(name=f"{kind} {value}", kql=f'{kind}: "{value}"', tell=tell), "command")

    def begin(name: str) -> Run:
        for kind in ("articles-*", "stories", "notices", "deliveries"):
            for found in es.indices.get(index=f"wirewatch-{kind}"):
                es.indices.delete(index=found)
        return Run(forked, tmp_path / name, desk)

    points = begin("undisturbed").go()
    expected = heard(inbox, web, file)
    assert all(times == 1 for channel in expected.values() for times in channel.values())
    notices = partial(written, es, "wirewatch-notices", {"created", "due"})
    messages = partial(written, es, "wirewatch-deliveries", {"at", "attempts", "repeated"})
    told, sent = notices(), messages()
    assert len(told) > 2 * ALERTS and len(sent) == 3 * ALERTS
    assert {notice["state"] for notice in told.values()} == {"told"}
    assert expected["of the webhook"].keys() == expected["file"].keys() == told.keys()

    chance, kills, repeated = random.Random(7), Counter[str](), 0
    for lap in range(ROUNDS):
        run = begin(f"{lap}")
        for stage in STAGES:
            run.go_until(stage, chance.randint(1, points[stage]))
            kills[stage] += 1
        run.go()
        found = heard(inbox, web, file)
        for channel, ids in found.items():
            assert all(times == 1 for times in ids.values()), f"round {lap}: {channel} heard something twice unmarked"
            assert {id.removesuffix(AGAIN) for id in ids} == expected[channel].keys(), f"round {lap}: {channel}"
        assert (notices(), messages()) == (told, sent)
        marked = [id for id in found["mail"] | found["webhook"] if id.endswith(AGAIN)]
        assert len(marked) + any(id.endswith(AGAIN) for id in found["file"]) <= 1, "one kill repeats one message"
        repeated += any(id.endswith(AGAIN) for ids in found.values() for id in ids)
    print(f"\npoints {points}; notices {len(told)}, messages {len(sent)}; kills {dict(kills)}; {repeated} repeated")
    assert sum(kills.values()) == 30
    assert 0 < repeated < ROUNDS

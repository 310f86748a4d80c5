"""What an operator sees on one screen, when all is well and when parts are down."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from typer.testing import CliRunner

from search.alerts.operator_notices import tell_operator
from search.indices import DELIVERIES, NOTICES, init
from tests.loopback import unused_ports
from tests.search.health.runs import POST, WIRE, an_ordinary_night, name_of
from wirewatch import batches
from wirewatch.cli import cli
from wirewatch.records import Delivery, SourceHealth, now
from wirewatch.settings import Settings, get_settings
from wirewatch.sources import as_yaml

Status = Callable[..., tuple[int, str]]
HOT = POST.model_copy(update={"domain": "hot.example"})
"""Visited more often than the others, and not with them."""


@pytest.fixture
def status(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Status:
    """Types the command, and gives how it ended and what it said on a screen of 80 columns."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "xx.yml").write_text("".join(as_yaml(source) for source in (POST, WIRE)))
    monkeypatch.setenv("WIREWATCH_SOURCES", str(tmp_path / "sources"))

    def typed(*options: str, **environment: str) -> tuple[int, str]:
        get_settings.cache_clear()
        done = CliRunner().invoke(cli, ["status", *options], env={"COLUMNS": "80", **environment})
        return done.exit_code, done.output

    return typed


def test_one_screen_says_what_is_there_what_came_and_what_waits(
    status: Status, settings: Settings, es: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(es)
    root = Path(settings.batches.removeprefix("file://"))
    root.mkdir(parents=True)
    for night in range(5):
        an_ordinary_night(root, night, new=3)
    latest = batches.finished(settings.batches, "pages")[-1]
    with batches.write(latest.next("enriched")), batches.write(latest.next("indexed")) as receipt:
        receipt.count("created", 6)
    unread = batches.Batch(settings.batches, "pages", latest.name.replace("-g00", "-g01"))
    with batches.write(unread) as crawled, batches.write(unread.next("articles")) as extracted:
        crawled.count("busy-sites", 2)
        extracted.count("failed:error")
    hot, again = (batches.Batch(settings.batches, "health", name_of(night)) for night in (8, 9))
    for batch, sources in ((latest.next("health"), (POST, WIRE)), (hot, (HOT,)), (again, (HOT,))):
        with batches.write(batch) as measured:
            measured.count("measured", len(sources))
            measured.count("not-well")
            for source in sources:
                measured.add(SourceHealth(id=source.domain, run=batch.name, source=source.ref, at=now()))

    listed: list[str] = []
    finished = batches.finished
    monkeypatch.setattr(
        batches, "finished", lambda root, stage, **how: listed.append(stage) or finished(root, stage, **how)
    )
    code, said = status()
    assert sorted(set(listed)) == sorted(listed), "there may be very many"
    assert code == 0, said
    lines = said.splitlines()
    assert len(lines) <= 40 and all(len(line) <= 80 for line in lines)
    for part in ("Elasticsearch 9.4.3, green, 0 articles", "GB free", "2 of 3 visited", "0 alerts"):
        assert part in said
    assert "6 indexed, 2 sites left to another crawl, 1 page without an article" in " ".join(said.split())
    assert "not used here" in said, "who lets cron run it has no Airflow"

    facts = {name: part["facts"] for name, part in json.loads(status("--json")[1]).items()}
    assert len(facts["Last runs"]) == 3
    assert next(iter(facts["Last runs"].values()))["indexed"]["created"] == 6
    assert facts["Elasticsearch"]["heap"][0] < facts["Elasticsearch"]["heap"][1]


def test_what_needs_the_operator_is_marked_and_ends_with_1(
    status: Status, settings: Settings, es: Elasticsearch
) -> None:
    init(es)
    notice = tell_operator(es, "today", "2 sources are not well")
    assert notice
    es.update(index=NOTICES, id=notice.id, doc={"due": (now() - timedelta(hours=2)).isoformat()}, refresh=True)
    with batches.write(batches.Batch(settings.batches, "pages", "20261120T020000Z-aaaaaa-g00")):
        pass
    code, said = status()
    assert code == 1
    assert "nobody runs `wirewatch deliver`" in " ".join(said.split())
    assert "Batches: 1 to extract" in said

    refused = Delivery(
        id="1",
        alert=notice.alert,
        channel="desk",
        notices=(notice.id,),
        state="failed",
        at=now() - timedelta(minutes=90),
        next=now() + timedelta(minutes=30),
    )
    es.index(index=DELIVERIES, document=refused.model_dump(mode="json"), refresh=True)
    code, said = status()
    assert "1 to be sent again" in said and "nobody runs" not in said, "its channel does not take it"

    code, said = status(ELASTICSEARCH_URL=f"https://127.0.0.1:{unused_ports()}", WIREWATCH_ELASTICSEARCH__URL="")
    assert code == 1
    assert "does not answer at" in said and "Batches: 1 to extract" in said, "the rest is shown all the same"


def test_what_is_damaged_is_named_and_hides_nothing_else(status: Status, settings: Settings) -> None:
    damaged, whole = (batches.Batch(settings.batches, "pages", f"20261120T020000Z-aaaaaa-g0{n}") for n in (0, 1))
    for batch in (damaged, whole):
        with batches.write(batch), batches.write(batch.next("articles")) as extracted:
            extracted.count("new", 2)
    for batch in (damaged, damaged.next("articles")):
        (Path(batch.url.removeprefix("file://")) / batches.MANIFEST).write_bytes(b"")
    code, said = status("--json")
    parts: dict[str, Any] = json.loads(said)
    runs, queue = parts["Last runs"], parts["Queue"]
    assert code == 1 and runs["verdict"] == queue["verdict"] == "wrong"
    assert any(f"The batch {damaged.url} is damaged" in line for line in runs["lines"])
    assert any("2 new" in line for line in runs["lines"])
    assert queue["lines"][0] == "Batches: 2 to enrich"
    assert f"The batch {damaged.next('articles').url} is damaged" in queue["lines"][1]


def test_no_password_is_shown(
    status: Status, settings: Settings, es: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings.elasticsearch
    assert given.url and given.user and given.password
    login = f"//{given.user}:{given.password.get_secret_value()}@"
    for name in ("USER", "PASSWORD"):
        monkeypatch.delenv(f"WIREWATCH_ELASTICSEARCH__{name}")
    _, said = status(WIREWATCH_ELASTICSEARCH__URL=given.url.replace("//", login))
    assert "green" in said and given.password.get_secret_value() not in "".join(said.split())


def test_an_airflow_that_was_started_and_does_not_answer_is_wrong(status: Status, settings: Settings) -> None:
    folder = settings.home / "airflow"
    folder.mkdir(parents=True)
    (folder / "simple_auth_manager_passwords.json.generated").write_text('{"admin": "secret"}')
    parts: dict[str, Any] = json.loads(status("--json", WIREWATCH_AIRFLOW__PORT=str(unused_ports()))[1])
    assert parts["Airflow"]["verdict"] == "wrong"
    assert "`make up`" in parts["Airflow"]["lines"][0]

"""A week is replayed by the DAG, by hand and as a backfill: in order, so many at once, and nobody hears of it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from crawlers.extract import extract
from enrichment.enrich import enrich
from search.alerts.alert import Alert
from search.alerts.deliver import deliver
from search.alerts.match import alert
from search.alerts.store import create
from search.index import index
from search.indices import init
from tests.crawlers.handmade import STORY, Answer, article_html, pages_batch
from tests.dags.conftest import ROOT, Dags
from tests.dags.test_standalone import Api, logs
from tests.forking import Forks
from tests.loopback import unused_ports
from tests.test_week import prose
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.leases import lease
from wirewatch.settings import get_settings

NIGHTS = range(7)
AT_ONCE = 2


@pytest.fixture
def first(airflow: dict[str, str], es: Elasticsearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> date:
    """A week of news, gone the whole way; returns its first day, nine days ago. Each night brings an article and edits
    another; the first one is removed later."""
    init(es)
    create(es, Alert(name="Everything", kql="*", tell=[f"file://{tmp_path}/told"]), "command")
    begin = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=9)
    for night in NIGHTS:
        moment = begin + timedelta(days=night)
        monkeypatch.setenv("WIREWATCH_TIME_SHIFT", str((moment - datetime.now(UTC)).total_seconds()))
        get_settings.cache_clear()
        pages: dict[str, bytes | Answer] = {
            f"{STORY}-{night}": article_html(f"What came in night {night}", prose(f"new {night}")[0]),
            STORY: article_html("What is edited each night", prose("edited")[night % 4]),
        }
        if night == 4:
            pages[f"{STORY}-0"] = Answer(status=410)
        alert(index(enrich(extract(pages_batch(pages, moment)))))
    deliver()
    monkeypatch.delenv("WIREWATCH_TIME_SHIFT")
    get_settings.cache_clear()
    return begin.date()


def everything(es: Elasticsearch) -> dict[str, dict[str, Any]]:
    """All that the index holds of articles, stories and notices."""
    es.indices.refresh()
    hits = es.search(index="articles,wirewatch-stories,wirewatch-notices", size=1000)["hits"]["hits"]
    assert {hit["_index"].split("-")[1] for hit in hits} == {"articles", "stories", "notices"}
    return {f"{hit['_index'].split('-')[1]} {hit['_id']}": hit["_source"] for hit in hits}


def made(stage: str) -> list[Batch]:
    """The replays of a stage."""
    return [batch for batch in batches.finished(get_settings().batches, stage) if batch.is_replay]


def killed() -> Batch:
    """What is left of the last replay, were it of two days ago and killed before it had enriched its first batch."""
    pages = made("indexed")[0].next("articles")
    begun = f"{datetime.now(UTC) - timedelta(days=2):%Y%m%d}"
    left = Batch(pages.root, "articles", begun + pages.name[8:])
    Path(pages.url.removeprefix("file://")).rename(left.url.removeprefix("file://"))
    for stage in ("enriched", "indexed"):
        shutil.rmtree(pages.next(stage).url.removeprefix("file://"))
    return left


def wirewatch(*command: str) -> str:
    """Run a command of ours; returns what it said."""
    program = [sys.executable, "-c", "from wirewatch.cli import app; app()", *command]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def up() -> Iterator[Api]:
    """Airflow by `wirewatch up`, and its API."""
    try:
        said = wirewatch("up")
        url = f"http://127.0.0.1:{os.environ['WIREWATCH_AIRFLOW__PORT']}"
        yield Api(url, "admin", said.split("password ")[1].split()[0])
    finally:
        wirewatch("down")


@dataclass(frozen=True)
class Run:
    """A run of the DAG, as Airflow's database has it."""

    day: str
    state: str
    begun: str
    ended: str | None


def runs(kind: str) -> list[Run]:
    """The runs of a kind (``backfill`` …), in the order in which they began."""
    found = in_database(
        "SELECT substr(logical_date, 1, 10), state, start_date, end_date FROM dag_run "
        "WHERE dag_id = 'replay' AND run_type = ? ORDER BY start_date",
        kind,
    )
    return [Run(*row) for row in found]


def in_database(query: str, *given: str) -> list[Any]:
    """Rows of Airflow's database."""
    with closing(sqlite3.connect(get_settings().home / "airflow/airflow.db", timeout=60)) as database:
        return database.execute(query, given).fetchall()


def at_once(found: list[Run]) -> int:
    """How many of these runs were under way at a time, at most."""
    return max(sum(run.begun <= one.begun < (run.ended or "") for run in found) for one in found)


def days_between(first: str, last: str) -> int:
    """Of two times as Airflow's SQLite has them."""
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).days


def test_a_week_is_replayed_by_hand_and_backfilled(
    first: date,
    forked: Forks,
    airflow: dict[str, str],
    es: Elasticsearch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, told = everything(es), (tmp_path / "told").read_text()
    pages = batches.finished(get_settings().batches, "pages")
    *week, empty, yesterday = days = [f"{first + timedelta(days=number)}" for number in range(len(NIGHTS) + 2)]
    run_dag = Dags(forked, dict(os.environ))

    params = {"from": week[0], "to": empty}

    assert run_dag("replay", "replay", **params, dry_run=True) == "success"
    assert "This is a dry run" in run_dag.said
    assert all(f"{batch.name}  " in run_dag.said for batch in pages)
    assert not made("articles")

    assert run_dag("replay", "replay", **params) == "success"
    assert [batch.original.name for batch in made("indexed")] == [batch.name for batch in pages]
    assert everything(es) == before

    left = killed()
    shutil.copytree(airflow["AIRFLOW_HOME"], get_settings().home / "airflow")
    monkeypatch.setenv("WIREWATCH_AIRFLOW__PORT", str(unused_ports(3)))
    span = ("--from-date", week[0], "--to-date", empty, "--max-active-runs", str(AT_ONCE))
    with up() as api, ExitStack() as another:
        # As a `wirewatch run` that has taken it on: the DAG is to wait for it.
        another.enter_context(lease(get_settings().state, [f"enriched {left.name}"], "another run"))
        api.wait(lambda: "replay" in {dag["dag_id"] for dag in api.get("/api/v2/dags")["dags"]})
        # While the scheduler writes to Airflow's SQLite too.
        wirewatch("airflow", "backfill", "create", "--dag-id", "replay", *span)
        queued = "SELECT queued_at, deadline_time FROM deadline JOIN dag_run ON dag_run.id = dagrun_id"
        assert [days_between(*row) for row in in_database(queued)] == [7] * (len(week) + 1)
        api.send("PATCH", "/api/v2/dags/replay", {"is_paused": False})
        api.wait(lambda: [run.ended is not None for run in runs("backfill")] == [True] * (len(week) + 1), 600)
        # Unpaused, a DAG with a schedule runs once for yesterday: this one ends what was left.
        api.wait(lambda: "This one waits for it." in logs("replay", "way.enrich"))
        assert runs("scheduled")[0].state == "running" and not left.next("enriched").exists()
        another.close()
        api.wait(lambda: runs("scheduled")[0].state == "success")
        assert left.next("indexed").exists()
        api.wait(lambda: not in_database("SELECT id FROM backfill WHERE completed_at IS NULL"))

    *worked, _ = ran = runs("backfill")
    assert [(run.day, run.state) for run in ran] == [(day, "success") for day in (*week, empty)], "the older days first"
    assert at_once(worked) == at_once(ran) == AT_ONCE
    cut = sorted(made("articles"), key=lambda batch: (batch.manifest().created, batch.original.name))[-len(pages) :]
    assert [batch.original.name for batch in cut] == [batch.name for batch in pages]
    assert all(batch.manifest().records for batch in cut)
    assert len(made("indexed")) == 2 * len(pages)
    assert everything(es) == before
    assert (tmp_path / "told").read_text() == told

    # Days that have had a run, be it the daily one, are done again where that is asked for.
    again = ("--from-date", week[0], "--to-date", yesterday, "--reprocess-behavior", "completed")
    wirewatch("airflow", "backfill", "create", "--dag-id", "replay", *again)
    assert {run.day: run.state for run in runs("backfill")} == dict.fromkeys(days, "queued")

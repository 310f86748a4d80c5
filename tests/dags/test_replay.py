"""Days are replayed by the DAG, by hand and as a backfill: in order, so many at once, and nobody hears of it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from elasticsearch import Elasticsearch

from search.alerts.alert import Alert
from search.alerts.store import create
from search.indices import init
from tests.dags.conftest import ROOT, Dags
from tests.dags.test_standalone import Api
from tests.forking import Forks
from tests.loopback import unused_ports
from tests.test_week import Sites, sites
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.cli.stages import go_the_whole_way
from wirewatch.settings import get_settings

__all__ = ["sites"]

NIGHTS = range(2)
AT_ONCE = 2


@pytest.fixture
def first(sites: Sites, airflow: dict[str, str], es: Elasticsearch, tmp_path: Path, monkeypatch: Any) -> date:
    """Two days of news, gone the whole way: four days ago (that day is returned) and the day after it."""
    entries = [
        {
            "name": site,
            "domain": f"{site}.localhost",
            "country": "GB",
            "languages": ["en"],
            "feeds": [sites.url(site, "/feed")],
        }
        for site in ("daily", "herald")
    ]
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/gb.yml").write_text(yaml.safe_dump(entries))
    init(es)
    create(es, Alert(name="Everything", kql="source.country: GB", tell=[f"file://{tmp_path}/told"]), "command")
    monkeypatch.setenv("WIREWATCH_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("WIREWATCH_CRAWL__ALLOW_PRIVATE", "true")
    monkeypatch.setenv("WIREWATCH_CRAWL__DELAY", "0")
    sites.begin = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=4)
    for sites.night in NIGHTS:
        shift = sites.begin + timedelta(days=sites.night) - datetime.now(UTC)
        monkeypatch.setenv("WIREWATCH_TIME_SHIFT", str(shift.total_seconds()))
        get_settings.cache_clear()
        go_the_whole_way(None, [])
    monkeypatch.delenv("WIREWATCH_TIME_SHIFT")
    get_settings.cache_clear()
    return sites.begin.date()


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


def test_days_are_replayed_by_hand_and_backfilled(
    first: date,
    forked: Forks,
    airflow: dict[str, str],
    es: Elasticsearch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, told = everything(es), (tmp_path / "told").read_text()
    pages = batches.finished(get_settings().batches, "pages")
    days = [f"{first + timedelta(days=number)}" for number in range(3)]  # of the last nothing was crawled
    run_dag = Dags(forked, dict(os.environ))

    assert run_dag("replay", "replay", **{"from": days[0], "to": days[-1]}, dry_run=True) == "success"
    assert "This is a dry run" in run_dag.said
    assert all(f"{batch.name}  " in run_dag.said for batch in pages)
    assert not made("articles")

    assert run_dag("replay", "replay", **{"from": days[0], "to": days[-1]}) == "success"
    assert [batch.original.name for batch in made("indexed")] == [batch.name for batch in pages]
    assert everything(es) == before

    left = killed()
    shutil.copytree(airflow["AIRFLOW_HOME"], get_settings().home / "airflow")
    monkeypatch.setenv("WIREWATCH_AIRFLOW__PORT", str(unused_ports(3)))
    span = ("--from-date", days[0], "--to-date", days[-1], "--max-active-runs", str(AT_ONCE))
    with up() as api:
        api.wait(lambda: "replay" in {dag["dag_id"] for dag in api.get("/api/v2/dags")["dags"]})
        # While the scheduler writes to Airflow's SQLite too.
        wirewatch("airflow", "backfill", "create", "--dag-id", "replay", *span)
        api.send("PATCH", "/api/v2/dags/replay", {"is_paused": False})
        api.wait(lambda: [run.ended is not None for run in runs("backfill")] == [True] * 3)
        # Unpaused, a DAG with a schedule runs once for yesterday: this one ends what was left.
        api.wait(lambda: [run.state for run in runs("scheduled")] == ["success"])
        assert left.next("indexed").exists()
        api.wait(lambda: not in_database("SELECT id FROM backfill WHERE completed_at IS NULL"))

    ran = runs("backfill")
    assert [(run.day, run.state) for run in ran] == [(day, "success") for day in days], "the older days first"
    assert max(sum(run.begun <= one.begun < run.ended for run in ran) for one in ran) == AT_ONCE
    cut = sorted(made("articles"), key=lambda batch: (batch.manifest().created, batch.original.name))
    assert [batch.original.name for batch in cut[-2:]] == [batch.name for batch in pages]
    assert len(made("indexed")) == 4
    assert everything(es) == before
    assert (tmp_path / "told").read_text() == told

    # Days that have had a run, be it the daily one, are done again where that is asked for.
    yesterday = f"{first + timedelta(days=3)}"
    again = ("--from-date", days[0], "--to-date", yesterday, "--reprocess-behavior", "completed")
    wirewatch("airflow", "backfill", "create", "--dag-id", "replay", *again)
    assert {run.day: run.state for run in runs("backfill")} == dict.fromkeys([*days, yesterday], "queued")

"""The upkeep, run for real: each duty does its work, whatever becomes of the others."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from search.indices import STORIES
from tests.dags.conftest import Dags
from tests.forking import Forks
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.records import Page, PageKind, PageOutcome, SourceRef, now
from wirewatch.settings import Settings, get_settings
from wirewatch.state import State

DUTIES = ["index", "batches", "leftovers", "state", "snapshots", "airflow", "catalogue"]
LONG_AGO = now() - timedelta(days=40)


def test_each_duty_is_done_whatever_becomes_of_the_others(
    forked: Forks,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    es: Elasticsearch,
) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    entry = (Path(environment["WIREWATCH_SOURCES"]) / "dz.yml").read_text()
    (feed,) = re.findall(r"http://\S+/rss.xml", entry)
    gone = feed.replace("rss.xml", "no-such-feed.xml")
    (sources / "dz.yml").write_text(entry.replace(f"  - {feed}", f"  - {feed}\n  - {gone}"))
    asked = {
        "WIREWATCH_SOURCES": str(sources),
        "WIREWATCH_ELASTICSEARCH__KEEP_DAYS": "30",
        "WIREWATCH_ELASTICSEARCH__SNAPSHOTS": "/nowhere",  # Elasticsearch may not write there
        "WIREWATCH_KEEP__PAGES_DAYS": "30",
        "WIREWATCH_KEEP__ADDRESSES_DAYS": "30",
    }
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    settings = get_settings()
    run = old_run(settings, gone)
    es.index(index=STORIES, id="old", document={"id": "old", "last_seen": LONG_AGO}, refresh=True)
    killed, log = Path(settings.home / "tmp/crawl-killed"), Path(environment["AIRFLOW_HOME"]) / "logs/dag_id=x/1.log"
    for folder in (killed, log.parent):
        folder.mkdir(parents=True)
    log.write_text("long ago")
    for path in (killed, log):
        os.utime(path, (time.time() - 40 * 86400,) * 2)
    database = Path(environment["AIRFLOW_HOME"]) / "airflow.db"
    with closing(sqlite3.connect(database)) as airflow, airflow:
        row = (str(LONG_AGO.replace(tzinfo=None)), "long ago")
        airflow.execute("INSERT INTO log (dttm, event) VALUES (?, ?)", row)

    run_dag = Dags(forked, environment | asked)
    assert run_dag("maintain", "maintain", duties=DUTIES) == "failed"
    assert "Elasticsearch cannot keep snapshots in /nowhere" in run_dag.said

    es.indices.refresh(index="wirewatch-*")
    assert es.count(index=STORIES)["count"] == 0
    assert list(run.manifest().removed) == ["x-0.warc.gz"]
    assert f"1 batch waits for more than 2 days, the oldest is articles/{run.name}" in run_dag.said
    assert not killed.exists() and not log.exists()
    url = "https://example.org/a"
    (visit,) = State(settings.state).look_up([url]).values()
    assert visit.source == "", "no more is known than that it was asked for"
    with closing(sqlite3.connect(database)) as airflow:
        assert airflow.execute("SELECT count(*) FROM log WHERE event = 'long ago'").fetchone() == (0,)
    hits = es.search(index="wirewatch-notices", query={"term": {"kind": "operator"}})["hits"]["hits"]
    titles = sorted(hit["_source"]["title"] for hit in hits)
    assert titles[0].startswith("Listings in the catalogue that do not work: 1 of 2.\nWithout an answer for weeks:")
    assert f"maghreb-matin.localhost: {gone} dead http-404, since {LONG_AGO:%Y-%m-%d}" in titles[0]
    assert re.search("of the DAG maintain failed at the task snapshots", titles[1])


def old_run(settings: Settings, listing: str) -> Batch:
    """The pages of a run 40 days ago, which were extracted: an article's that was had, and a listing that failed."""
    run = Batch(settings.batches, "pages", f"{LONG_AGO:%Y%m%dT%H%M%SZ}-abcdef-g00")
    archive = settings.home / "x-0.warc.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(b"pages")
    source = SourceRef(id="example.org", name="Example", country="FR")
    yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    with batches.write(run) as out:
        asked = (
            ("https://example.org/a", PageKind.ARTICLE, PageOutcome.FETCHED, LONG_AGO),
            (listing, PageKind.LISTING, PageOutcome.FAILED, LONG_AGO),
            (listing, PageKind.LISTING, PageOutcome.FAILED, yesterday),
        )
        for url, kind, outcome, at in asked:
            out.add(Page(url=url, source=source, kind=kind, outcome=outcome, fetched=at))
        out.add_file(archive.name, archive)
    with batches.write(run.next("articles")):
        pass
    return run

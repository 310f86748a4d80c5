"""The DAGs that crawl, run for real over the demo newsroom into the local node."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import yaml
from elasticsearch import Elasticsearch

from dags.parts import SOON
from tests.dags.conftest import Dags
from tests.forking import Forked
from tests.newsroom import Newsroom
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.leases import lease
from wirewatch.records import Article, Page, PageKind, PageOutcome, SourceRef, article_id, now
from wirewatch.settings import Settings

Wirewatch = Callable[..., None]
SITES = ["maghreb-matin.localhost", "harbour-post.localhost", "broken-times.localhost"]


def documents(es: Elasticsearch, index: str, **query: Any) -> list[dict[str, Any]]:
    es.indices.refresh(index=index)
    return [hit["_source"] for hit in es.search(index=index, size=500, **query)["hits"]["hits"]]


def sources_in(es: Elasticsearch) -> set[str]:
    return {article["source"]["id"] for article in documents(es, "articles")}


def to_the_operator(es: Elasticsearch) -> list[str]:
    told = documents(es, "wirewatch-notices", query={"term": {"kind": "operator"}})
    assert {notice["state"] for notice in told} <= {"told"}
    return [notice["title"] for notice in told]


def why(run_dag: Dags, task: str) -> str:
    """What the operator is told that a task failed of, in a run of an Airflow that has all its parts."""
    with closing(sqlite3.connect(Path(run_dag.environment["AIRFLOW_HOME"]) / "airflow.db")) as database:
        [row] = database.execute("SELECT value FROM xcom WHERE key = 'why' AND task_id = ?", (task,))
    return str(row[0])


def test_a_night_brings_the_news_the_next_one_nothing_new_and_a_day_later_articles_are_looked_at_again(
    run_dag: Dags, es: Elasticsearch, newsroom: Newsroom, settings: Settings
) -> None:
    assert run_dag("crawl", "crawl_nightly", sources=SITES, groups=2) == "success"
    assert sources_in(es) == set(SITES)
    found = documents(es, "articles", query={"terms": {"countries": ["DZ"]}})
    assert any(set(article["countries"][:2]) == {"DZ", "RU"} for article in found)
    notices = documents(es, "wirewatch-notices")
    assert {notice["state"] for notice in notices} == {"told"}
    health = documents(es, "wirewatch-source-health")
    assert {found["source"]["id"]: found["new"] > 0 for found in health} == dict.fromkeys(SITES, True)
    # Each task ends with its numbers, where its batch lies, and the dashboard.
    assert re.search(
        r"fetched \d+.*?\n  file://\S+/pages/\S+-g00 \(\d+ records\)\n  http\S+source-health", run_dag.said
    )
    assert re.search(
        r"created \d+.*?\n  file://\S+/indexed/\S+-g00 .*?\n  http\S+newsroom-today", run_dag.said, re.DOTALL
    )

    articles = es.count(index="articles")["count"]
    assert run_dag("crawl", "crawl_nightly", sources=SITES, groups=2) == "success"
    assert len(documents(es, "articles")) == articles
    assert len(documents(es, "wirewatch-notices")) == len(notices)
    assert "Nothing is new in the index" in run_dag.said

    newsroom.edition = 2
    newsroom.requests.clear()
    hourly = become_hourly(newsroom, "maghreb-matin.localhost")
    run_dag.environment["WIREWATCH_TIME_SHIFT"] = shift(21, minute=58)
    assert run_dag("revisit", "revisit") == "success"
    assert not newsroom.requests, "it would hold sites when the next crawls begin"
    run_dag.environment["WIREWATCH_TIME_SHIFT"] = shift(22, minute=15)
    assert run_dag("revisit", "revisit") == "success"
    assert not any(path.startswith(("/feed", "/rss", "/sitemap")) for _, path, _ in newsroom.requests)
    assert len(documents(es, "articles")) == articles
    assert {article["revision"] for article in documents(es, "articles")} == {1, 2}
    assert hourly not in {host for host, *_ in newsroom.requests}  # its own crawl looks at them


def announced(dags: Dags) -> list[str]:
    """The batches that the events of the asset name."""
    with closing(sqlite3.connect(Path(dags.environment["AIRFLOW_HOME"]) / "airflow.db")) as database:
        return [
            name
            for (extra,) in database.execute("SELECT extra FROM asset_event")
            for name in json.loads(extra)["batches"]
        ]


def shift(hours: int, minute: int) -> str:
    """A shift of the time by so many hours, and on to that minute of an hour."""
    return str(hours * 3600 + (minute * 60 - time.time()) % 3600)


def become_hourly(newsroom: Newsroom, domain: str) -> str:
    """Move a source of the catalogue to another tier."""
    for file in newsroom.sources.glob("*.yml"):
        entries = yaml.safe_load(file.read_text())
        for entry in entries:
            if entry["domain"] == domain:
                entry["tier"] = "hourly"
        file.write_text(yaml.safe_dump(entries))
    return domain


def test_what_an_earlier_run_left_is_done_and_what_is_broken_costs_only_itself(
    run_dag: Dags, wirewatch: Wirewatch, es: Elasticsearch, settings: Settings, trouble: str
) -> None:
    for site in ("lagos-ledger", "sada-al-nil", "harbour-post"):
        wirewatch("crawl", "--source", f"{site}.localhost")
    broken, _, taken = batches.finished(settings.batches, "pages")
    records = Path(broken.url.removeprefix("file://")) / broken.manifest().files[batches.RECORDS]
    records.write_bytes(b"")

    lost = Batch(settings.batches, "enriched", "20260101T020000Z-3f9a01-g00")
    with batches.write(lost):
        pass
    (Path(lost.url.removeprefix("file://")) / lost.manifest().files[batches.RECORDS]).unlink()

    with lease(settings.state, [f"articles {taken.name}"], "another run"):
        assert run_dag("crawl", "crawl_nightly", sources=["maghreb-matin.localhost"], groups=1, retries=1) == "failed"
    assert f"Another run is at {taken.url} already." in run_dag.said
    # Named when it was met and when the task failed: it would not pass, so it is not tried again.
    assert run_dag.said.count("is damaged: it has 0 of its") == 2
    assert sources_in(es) == {"maghreb-matin.localhost", "sada-al-nil.localhost"}
    assert announced(run_dag) == [batch.name for batch in batches.finished(settings.batches, "indexed")]
    assert [batch.name for batch in batches.pending(settings.batches, "articles")] == [broken.name, taken.name]
    digest, title = sorted(to_the_operator(es))
    assert trouble in digest
    assert "of the DAG crawl_nightly failed at the task index. http" in title
    assert f"The batch {broken.url} is damaged" in why(run_dag, "extract")


def test_a_source_that_is_not_in_the_catalogue_is_refused_and_so_is_the_past(
    run_dag: Dags, wirewatch: Wirewatch
) -> None:
    assert run_dag("crawl", "crawl_nightly", sources=["nowhere.example"], retries=1) == "failed"
    assert run_dag.said.count("Not in the catalogue: nowhere.example") == 1
    command = "-m airflow backfill create --dag-id crawl_nightly --from-date 2026-11-01 --to-date 2026-11-02"
    done = subprocess.run(
        [sys.executable, *command.split()], env=run_dag.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode and "does not allow backfill runs" in done.stdout + done.stderr


def test_what_takes_too_long_is_told_and_what_is_killed_is_done_by_the_next_try(
    run_dag: Dags, es: Elasticsearch, newsroom: Newsroom, settings: Settings, trouble: str
) -> None:
    one = {"sources": ["maghreb-matin.localhost"], "groups": 1}
    assert run_dag("crawl", "crawl_hourly", timeout={"crawl": 1}, **one) == "failed"
    [title] = to_the_operator(es)  # the digest of the day waits for the night's crawl
    assert "of the DAG crawl_hourly failed at the task crawl" in title
    assert "it timed out after 1 s" in why(run_dag, "crawl")

    run = run_dag.start("crawl", "crawl_hot", **one)
    spider_of(run)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    assert batches.finished(settings.batches, "pages") == []

    crawled, extracted = left(settings, "pages", SOON + 1), left(settings, "articles", SOON + 1)
    left(settings, "pages", 1), left(settings, "articles", 1)
    run = run_dag.start("crawl", "crawl_hot", retries=1, **one)
    spider_of(run).kill()
    assert run_dag.end(run) == "success"
    assert "The crawl of g00 broke down" in run_dag.said
    expected = {article.slug for article in newsroom.articles["maghreb-matin"] if article.in_edition(1)}
    assert len(documents(es, "articles")) == len(expected) + 1, "what is small is taken on, whoever left it"
    assert batches.pending(settings.batches, "articles") == [crawled], "hot news does not wait for what is large"
    assert batches.pending(settings.batches, "enriched") == [extracted]


def left(settings: Settings, stage: str, records: int) -> Batch:
    """A batch that a run of another night has left."""
    batch = Batch(settings.batches, stage, f"20260101T020000Z-3f9a01-{stage}-{records}")
    source, at = SourceRef(id="night.example", name="Night", country="FR"), now()
    with batches.write(batch) as out:
        for number in range(records):
            url = f"https://night.example/{stage}/{number}"
            if stage == "pages":
                kind, outcome = PageKind.ARTICLE, PageOutcome.UNCHANGED
                out.add(Page(url=url, source=source, kind=kind, outcome=outcome, fetched=at))
            else:
                seen = {"first_seen": at, "fetched": at, "version": "1"}
                out.add(Article(id=article_id(url), url=url, source=source, title="Rain", body="It rains.", **seen))
    return batch


def spider_of(run: Forked) -> psutil.Process:
    """The crawling process of a run, once it crawls."""
    while True:
        assert run.poll() is None
        for process in psutil.Process(run.pid).children(recursive=True):
            try:
                if process.cmdline()[-2:] == ["-m", "crawlers"]:
                    return process
            except psutil.NoSuchProcess:
                pass
        time.sleep(0.05)

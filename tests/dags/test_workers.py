"""Two workers of Celery share the work, with PostgreSQL, Redis and an object store between them; one is killed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy
from elasticsearch import Elasticsearch

from search.alerts.alert import load_alerts
from search.alerts.apply import apply
from search.indices import init
from tests.cluster import cluster
from tests.dags.conftest import has_models
from tests.forking import WIREWATCH, Forks
from tests.index import indexed
from tests.newsroom import Newsroom
from tests.postgres import new_database
from tests.redis import redis_server
from tests.s3 import S3
from wirewatch import batches

ROOT = Path(__file__).parents[2]
SITES = ("maghreb-matin.localhost", "broken-times.localhost")
OURS = {"WIREWATCH_CRAWL__ALLOW_PRIVATE": "true", "WIREWATCH_CRAWL__DELAY": "0"}


@pytest.mark.timeout(600)
def test_a_worker_that_is_killed_costs_no_article_and_doubles_none(
    forked: Forks, es: Elasticsearch, store: S3, postgres_server: sqlalchemy.URL, tmp_path: Path
) -> None:
    alerts = load_alerts(ROOT / "tests/newsroom/alerts.yml")
    with Newsroom(port=0, slow=5) as room, redis_server() as redis:
        environment = {**os.environ, **OURS, "WIREWATCH_SOURCES": str(room.sources)}
        init(es)
        apply(es, alerts)
        done = forked.run(WIREWATCH, "run", *(f"--source={site}" for site in SITES), environment=environment)
        assert done.returncode == 0, done.stderr
        alone = indexed(es)
        assert len(alone.articles) > 10 and alone.told
        es.indices.delete(index=",".join(es.indices.get(index="wirewatch-*,articles*")))
        init(es)
        apply(es, alerts)

        root, state = store.bucket(), new_database(postgres_server).render_as_string(hide_password=False)
        shared = {**environment, "WIREWATCH_BATCHES": root, "WIREWATCH_STATE": state}
        shared["WIREWATCH_HOME"] = str(tmp_path / "machines")
        with cluster(tmp_path / "airflow", postgres_server, redis, shared) as airflow:
            for worker in ("one", "two"):
                airflow.start_worker(worker, slots=1)
            run = airflow.wait_for("the DAG", lambda: airflow.trigger("crawl_nightly", sources=SITES, groups=2))
            killed = airflow.wait_for("a crawl", lambda: airflow.running("-m crawlers"))
            airflow.kill(killed)
            assert len(batches.finished(root, "pages")) < 2
            state = airflow.wait_for("the end", lambda: airflow.ended(run))
            assert state == "success", airflow.said()
            assert any(task["try_number"] > 1 for task in airflow.tasks(run)), "it was killed while it was at work"
            (left,) = {"one", "two"} - {killed}
            assert has_models(airflow.parts[left].pid)
        assert indexed(es).differs_from(alone) == {}

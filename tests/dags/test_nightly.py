"""The DAGs, run for real over the demo newsroom into the local node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from search.alerts.alert import load_alerts
from search.alerts.apply import apply
from search.alerts.deliver import tell_operator
from search.indices import init
from tests.loopback import unused_ports
from tests.newsroom import Newsroom
from wirewatch import batches
from wirewatch.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(es: Elasticsearch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an operator whose catalogue is the newsroom."""
    init(es)
    apply(es, load_alerts(ROOT / "tests/newsroom/alerts.yml"))
    with Newsroom(port=0, slow=0.1) as room:
        ours = {
            "WIREWATCH_SOURCES": str(room.sources),
            "WIREWATCH_CRAWL__ALLOW_PRIVATE": "true",
            "WIREWATCH_CRAWL__DELAY": "0",
            "AIRFLOW_HOME": str(tmp_path / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONPATH": str(ROOT),
        }
        for name, value in ours.items():
            monkeypatch.setenv(name, value)
        yield dict(os.environ)


@pytest.fixture
def run_dag(environment: dict[str, str]) -> Callable[..., str]:
    """Run a DAG once, each task in its turn, and return the state it ended in; what failed is not tried again."""
    airflow = (sys.executable, "-m", "airflow")
    for command in (("db", "migrate"), ("dags", "reserialize")):
        subprocess.run((*airflow, *command), env=environment, cwd=ROOT, capture_output=True, check=True)
    script = """
import importlib, json, sys
dag = getattr(importlib.import_module(f"dags.{sys.argv[1]}"), sys.argv[1])()
for task in dag.tasks:
    task.retries = 0
print("ENDED", dag.test(run_conf=json.loads(sys.argv[2])).state)
"""

    def run(name: str, **params: Any) -> str:
        command = [sys.executable, "-c", script, name, json.dumps(params)]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
        run.said = done.stdout + done.stderr  # type: ignore[attr-defined]
        assert done.returncode == 0, run.said[-4000:]  # type: ignore[attr-defined]
        return done.stdout.rpartition("ENDED ")[2].strip()

    return run


def sources_in(es: Elasticsearch) -> set[str]:
    es.indices.refresh(index="articles")
    hits = es.search(index="articles", size=500, source_includes=["source.id"])["hits"]["hits"]
    return {hit["_source"]["source"]["id"] for hit in hits}


def test_a_night_brings_the_news_and_the_next_one_nothing_new(run_dag: Callable[..., str], es: Elasticsearch) -> None:
    sources = ["maghreb-matin.localhost", "harbour-post.localhost", "broken-times.localhost"]
    assert run_dag("nightly", sources=sources, groups=2) == "success"
    assert sources_in(es) == set(sources)
    found = es.search(index="articles", query={"terms": {"countries": ["DZ"]}}, source_includes=["countries"])
    assert any(set(hit["_source"]["countries"][:2]) == {"DZ", "RU"} for hit in found["hits"]["hits"])
    told = es.count(index="wirewatch-notices")["count"]
    assert told == es.count(index="wirewatch-notices", query={"term": {"state": "told"}})["count"] > 0
    health = [hit["_source"] for hit in es.search(index="wirewatch-source-health", size=100)["hits"]["hits"]]
    assert {found["source"]["id"]: found["new"] > 0 for found in health} == dict.fromkeys(sources, True)

    articles = es.count(index="articles")["count"]
    assert run_dag("nightly", sources=sources, groups=2) == "success"
    es.indices.refresh(index="articles,wirewatch-notices")
    assert es.count(index="articles")["count"] == articles
    assert es.count(index="wirewatch-notices")["count"] == told


def test_what_an_earlier_run_left_is_done_and_what_is_broken_costs_only_itself(
    run_dag: Callable[..., str], environment: dict[str, str], es: Elasticsearch, settings: Settings
) -> None:
    wirewatch = [sys.executable, "-c", "from wirewatch.cli import app; app()"]
    for site in ("lagos-ledger", "sada-al-nil"):
        crawl = [*wirewatch, "crawl", "--source", f"{site}.localhost"]
        subprocess.run(crawl, env=environment, cwd=ROOT, capture_output=True, check=True)
    broken, _ = batches.finished(settings.batches, "pages")
    records = Path(broken.url.removeprefix("file://")) / broken.manifest().files[batches.RECORDS]
    records.write_bytes(b"")

    assert run_dag("nightly", sources=["maghreb-matin.localhost"], groups=1) == "failed"
    assert "is damaged" in run_dag.said  # type: ignore[attr-defined]
    assert sources_in(es) == {"maghreb-matin.localhost", "sada-al-nil.localhost"}
    assert [batch.name for batch in batches.pending(settings.batches, "articles")] == [broken.name]


def test_a_source_that_is_not_in_the_catalogue_is_refused(run_dag: Callable[..., str]) -> None:
    assert run_dag("nightly", sources=["nowhere.example"]) == "failed"
    assert "Not in the catalogue: nowhere.example" in run_dag.said  # type: ignore[attr-defined]


def test_what_is_due_between_the_nights_is_delivered(
    run_dag: Callable[..., str], es: Elasticsearch, settings: Settings
) -> None:
    tell_operator(es, "today", "2 sources are not well")
    assert run_dag("delivery") == "success"
    es.indices.refresh(index="wirewatch-notices")
    assert [hit["_source"]["state"] for hit in es.search(index="wirewatch-notices")["hits"]["hits"]] == ["told"]


def test_airflow_standalone_runs_a_nightly_that_is_triggered_through_its_api(
    environment: dict[str, str], es: Elasticsearch, settings: Settings, tmp_path: Path
) -> None:
    port = unused_ports(3)
    environment["WIREWATCH_AIRFLOW__PORT"] = str(port)
    # Unpausing runs the night that was missed too: one site is enough for both.
    environment["WIREWATCH_SOURCES"] = str(tmp_path / "sources")
    (tmp_path / "sources").mkdir()
    shutil.copy(Path(os.environ["WIREWATCH_SOURCES"]) / "dz.yml", tmp_path / "sources")
    wirewatch = [sys.executable, "-c", "from wirewatch.cli import app; app()"]
    up = subprocess.run([*wirewatch, "up"], env=environment, cwd=ROOT, capture_output=True, text=True)
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        assert "user admin, password" in up.stdout
        password = up.stdout.split("password ")[1].split()[0]
        api = Api(f"http://127.0.0.1:{port}", "admin", password)
        api.wait(lambda: "nightly" in {dag["dag_id"] for dag in api.get("/api/v2/dags")["dags"]})
        api.send("PATCH", "/api/v2/dags/nightly", {"is_paused": False})
        conf = {"sources": ["maghreb-matin.localhost"]}
        run = api.send("POST", "/api/v2/dags/nightly/dagRuns", {"logical_date": None, "conf": conf})
        path = f"/api/v2/dags/nightly/dagRuns/{run['dag_run_id']}"
        api.wait(lambda: api.get(path)["state"] in ("success", "failed"))
        assert api.get(path)["state"] == "success", api.get(f"{path}/taskInstances")
        es.indices.refresh(index="articles")
        assert es.count(index="articles")["count"] > 5
    finally:
        subprocess.run([*wirewatch, "down"], env=environment, cwd=ROOT, capture_output=True)


class Api:
    """Airflow's REST API, as an operator's script would use it."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url, self.token = url, None
        self.token = self.send("POST", "/auth/token", {"username": user, "password": password})["access_token"]

    def send(self, method: str, path: str, data: dict[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    @staticmethod
    def wait(until: Any, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(1)

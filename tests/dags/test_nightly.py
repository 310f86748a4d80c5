"""The nightly DAG, run for real over the demo newsroom into the local node."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from tests.newsroom import Newsroom
from wirewatch.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an operator whose catalogue is the newsroom."""
    with Newsroom(port=0, slow=0.1) as room:
        ours = {
            "WIREWATCH_SOURCES": str(room.sources),
            "WIREWATCH_ALERTS": str(ROOT / "tests/newsroom/alerts.yml"),
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
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def airflow(*arguments: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *arguments], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def test_the_nightly_run_brings_the_newsroom_into_the_index(
    environment: dict[str, str], es: Elasticsearch, settings: Settings
) -> None:
    airflow("db", "migrate", environment=environment)
    airflow("dags", "reserialize", environment=environment)
    sources = ["maghreb-matin.localhost", "harbour-post.localhost", "broken-times.localhost"]
    airflow("dags", "test", "nightly", "--conf", json.dumps({"sources": sources, "groups": 2}), environment=environment)
    es.indices.refresh(index="articles")
    found = es.search(index="articles", size=200, source_includes=["source.id", "countries", "title"])["hits"]["hits"]
    assert {hit["_source"]["source"]["id"] for hit in found} == set(sources)
    assert any(hit["_source"].get("countries", [])[:2] in (["DZ", "RU"], ["RU", "DZ"]) for hit in found)
    assert es.count(index="wirewatch-notices")["count"] > 0


def test_a_source_that_is_not_in_the_catalogue_is_refused(environment: dict[str, str]) -> None:
    airflow("db", "migrate", environment=environment)
    airflow("dags", "reserialize", environment=environment)
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "dags", "test", "nightly", "--conf", '{"sources": ["nowhere.example"]}'],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "Not in the catalogue: nowhere.example" in done.stdout + done.stderr


def test_airflow_standalone_runs_a_nightly_that_is_triggered_through_its_api(
    environment: dict[str, str], es: Elasticsearch, settings: Settings, unused_port: int, tmp_path: Path
) -> None:
    environment["WIREWATCH_AIRFLOW_PORT"] = str(unused_port)
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
        api = Api(f"http://127.0.0.1:{unused_port}", "admin", password)
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

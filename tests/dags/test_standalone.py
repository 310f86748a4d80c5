"""The DAGs in an Airflow that runs by itself, as an operator's script sees it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from elasticsearch import Elasticsearch

from tests.dags.conftest import ROOT, has_models
from tests.loopback import unused_ports
from wirewatch.cli.airflow import Airflow
from wirewatch.settings import Settings, get_settings


@pytest.fixture
def night() -> Iterator[int]:
    """The port of a server that lets whoever asks it wait for an answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


def test_airflow_standalone_runs_a_hot_crawl_that_is_triggered_through_its_api_while_the_night_stands_still(
    environment: dict[str, str], night: int, es: Elasticsearch, settings: Settings, airflow_home: Path, tmp_path: Path
) -> None:
    port = unused_ports()
    environment["WIREWATCH_AIRFLOW__PORT"] = str(port)
    environment["WIREWATCH_CRAWL__TIMEOUT"] = "600"
    environment["WIREWATCH_SOURCES"] = str(tmp_path / "sources")
    (tmp_path / "sources").mkdir()
    # Named by the run, and not of the tier that is crawled every ten minutes anyway.
    (quick,) = yaml.safe_load((Path(os.environ["WIREWATCH_SOURCES"]) / "dz.yml").read_text())
    slow = [
        {
            "name": n,
            "domain": f"{n}.localhost",
            "country": "DZ",
            "languages": ["fr"],
            "feeds": [f"http://{n}.localhost:{night}/"],
        }
        for n in ("a", "b", "c", "d")
    ]
    (tmp_path / "sources/dz.yml").write_text(yaml.safe_dump([quick | {"tier": "hourly"}, *slow]))
    environment["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"] = with_the_dag_of_the_docs(tmp_path / "mine")
    shutil.copytree(airflow_home, settings.home / "airflow")  # an Airflow that was used before
    wirewatch = [sys.executable, "-c", "from wirewatch.cli import app; app()"]
    up = subprocess.run([*wirewatch, "up"], env=environment, cwd=ROOT, capture_output=True, text=True)
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        assert "user admin, password" in up.stdout
        password = up.stdout.split("password ")[1].split()[0]
        api = Api(f"http://127.0.0.1:{port}", "admin", password)
        for name in ("after_each_run", "crawl_nightly"):
            api.wait(lambda name=name: name in {dag["dag_id"] for dag in api.get("/api/v2/dags")["dags"]})
            # Unpausing runs what was missed last.
            api.send("PATCH", f"/api/v2/dags/{name}", {"is_paused": False})
        api.wait(lambda: len(crawls_of_the_night(api)) == len(slow))
        api.send("PATCH", "/api/v2/dags/crawl_hot", {"is_paused": False})
        conf = {"sources": [quick["domain"]]}
        run = api.send("POST", "/api/v2/dags/crawl_hot/dagRuns", {"logical_date": None, "conf": conf})
        make_late(settings.home / "airflow/airflow.db", run["dag_run_id"], api)
        path = f"/api/v2/dags/crawl_hot/dagRuns/{run['dag_run_id']}"
        api.wait(lambda: api.get(path)["state"] in ("success", "failed"))
        assert api.get(path)["state"] == "success", api.get(f"{path}/taskInstances")
        assert len(crawls_of_the_night(api)) == len(slow)
        (scheduler,) = (
            part for part in psutil.Process(Airflow(settings).pid()).children() if "scheduler" in part.cmdline()
        )
        workers = scheduler.children()
        assert workers and all(has_models(worker.pid) for worker in workers), "no task that enriches loads them"
        es.indices.refresh(index="articles")
        articles = es.count(index="articles")["count"]
        assert articles > 5
        told = {task: logs("crawl_hot", task) for task in ("crawled", "extracted", "deliver")}
        for task, numbers in (
            ("crawled", r"fetched \d+.*?/pages/\S+-g00 \(\d+ records\).*?source-health"),
            ("extracted", r"new \d+.*?/articles/\S+-g00 \(\d+ records\).*?source-health"),
            ("deliver", r"sent \d+.*?dashboards#/view/wirewatch-alerts"),
        ):
            assert re.search(numbers, told[task])
        # Another's DAG has heard how many came, from whichever run brought them.
        heard = "/api/v2/dags/after_each_run/dagRuns"
        api.wait(lambda: "success" in {run["state"] for run in api.get(heard)["dag_runs"]})
        assert {run["run_type"] for run in api.get(heard)["dag_runs"]} == {"asset_triggered"}
        assert f"{articles} new, 0 changed" in logs("after_each_run", "look")
        refused = {"logical_date": None, "conf": {"sources": ["nowhere.example"]}}
        failed = api.send("POST", "/api/v2/dags/crawl_hot/dagRuns", refused)
        for run_id, what in (
            (run["dag_run_id"], "is late"),
            (failed["dag_run_id"], "failed at the task plan: Not in the catalogue: nowhere.example"),
        ):
            told = {"match_phrase": {"title": f"{run_id} of the DAG crawl_hot {what}"}}
            api.wait(lambda query=told: es.count(index="wirewatch-notices", query=query)["count"])
    finally:
        subprocess.run([*wirewatch, "down"], env=environment, cwd=ROOT, capture_output=True)


def crawls_of_the_night(api: Api) -> list[Any]:
    """The crawls of `crawl_nightly` that are under way."""
    tasks = api.get("/api/v2/dags/crawl_nightly/dagRuns/~/taskInstances?state=running")["task_instances"]
    return [task for task in tasks if task["task_id"] == "crawl"]


def with_the_dag_of_the_docs(folder: Path) -> str:
    """Write the DAG that the documentation has for who chains their own to a folder; returns the setting of Airflow
    that has it read that folder beside its own."""
    page = (ROOT / "docs/operate.md").read_text()
    [code] = [code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "wirewatch://articles" in code]
    folder.mkdir()
    (folder / "after_each_run.py").write_text(code)
    [setting] = re.findall(r"DAG_BUNDLE_CONFIG_LIST='(.*?)'", page)
    return setting.replace("/home/me/dags", str(folder))


def logs(dag: str, task: str) -> str:
    """All that a task of the Airflow of `wirewatch up` has written to its logs, in all runs of its DAG."""
    folder = get_settings().home / f"airflow/logs/dag_id={dag}"
    return "".join(file.read_text() for file in sorted(folder.glob(f"run_id=*/task_id={task}/**/*.log")))


def make_late(database: Path, run: str, api: Api) -> None:
    """Set the deadline of a run to when it began: nobody waits for hours."""

    def is_late() -> bool:
        with sqlite3.connect(database, timeout=60) as connection:
            of_run = "dagrun_id = (SELECT id FROM dag_run WHERE run_id = ?)"
            changed = connection.execute(f"UPDATE deadline SET deadline_time = created_at WHERE {of_run}", (run,))
            return changed.rowcount > 0

    api.wait(is_late)


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

"""Several machines on one: an Airflow with Celery on PostgreSQL and Redis, and workers that can be killed as a machine
is that loses its power. All is on loopback and ends with the block.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy

from tests.loopback import unused_ports

ROOT = Path(__file__).parents[1]
PREPARE = """
import json
from airflow.models.pool import Pool
from airflow.utils.db import upgradedb
upgradedb()
for name, pool in json.load(open("dags/pools.json")).items():
    Pool.create_or_update_pool(name, **pool)
"""
DAGS = """
# The DAGs that crawl, without their schedules, whose tasks are tried again at once.
import importlib
from datetime import timedelta
from airflow import sdk
sdk.CronTriggerTimetable = lambda *told, **more: None
from dags import parts
parts.RETRIES["retry_delay"] = timedelta(0)
importlib.reload(importlib.import_module("dags.crawl"))
"""


@dataclass
class Cluster:
    """An Airflow whose parts are processes of this machine."""

    folder: Path
    """Where its DAGs, its logs and what its parts print are."""
    environment: dict[str, str]
    port: int
    parts: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    """The processes by name; a worker's name is its Celery's."""
    _token: str = ""

    def start(self, name: str, *command: str) -> None:
        """Start a part: the arguments of the command ``airflow``."""
        with (self.folder / f"{name}.log").open("wb") as log:
            self.parts[name] = subprocess.Popen(
                [sys.executable, "-m", "airflow", *command],
                env=self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def start_worker(self, name: str, slots: int = 2) -> None:
        """Start a worker that does so many tasks at once."""
        pid = str(self.folder / f"{name}.pid")
        self.start(
            name, "celery", "worker", "--celery-hostname", name, "--concurrency", str(slots), "--skip-serve-logs",
            "--without-mingle", "--without-gossip", "--pid", pid,
        )  # fmt: skip

    def running(self, command: str) -> str | None:
        """A part with a process whose command line has that in it."""
        for name, part in self.parts.items():
            if any(command in _command(process) for process in _family(part.pid)):
                return name
        return None

    def kill(self, name: str) -> None:
        """Kill a part with everything that it started."""
        for process in _family(self.parts[name].pid):
            process.kill()
        self.parts.pop(name).wait()

    def trigger(self, dag: str, **conf: Any) -> str:
        """Begin a run of a DAG, and return its path in the API."""
        self.send("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False})
        run = self.send("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})
        return f"/api/v2/dags/{dag}/dagRuns/{run['dag_run_id']}"

    def ended(self, run: str) -> str | None:
        """The state in which a run has ended."""
        state = str(self.send("GET", run)["state"])
        return state if state in ("success", "failed") else None

    def tasks(self, run: str) -> list[dict[str, Any]]:
        """The tasks of a run, as the API tells them."""
        found: list[dict[str, Any]] = self.send("GET", f"{run}/taskInstances?limit=100")["task_instances"]
        return found

    def wait_for(self, what: str, until: Callable[[], Any], seconds: float = 300) -> Any:
        """What ``until`` gives, as soon as it gives something."""
        deadline = time.monotonic() + seconds
        while not (found := self._quietly(until)):
            assert time.monotonic() < deadline, f"not in time: {what}\n{self.said()}"
            for name, part in self.parts.items():
                assert part.poll() is None, f"{name} has ended\n{self.said(name)}"
            time.sleep(0.3)
        return found

    def said(self, *names: str) -> str:
        """The last that the parts printed."""
        files = [self.folder / f"{name}.log" for name in names or self.parts]
        return "\n".join(f"== {file.name}\n{file.read_text(errors='replace')[-3000:]}" for file in files)

    def send(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """Ask the API."""
        headers = {"Content-Type": "application/json"}
        if not path.startswith("/auth"):
            self._token = self._token or self.send("GET", "/auth/token")["access_token"]
            headers["Authorization"] = f"Bearer {self._token}"
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    @staticmethod
    def _quietly(until: Callable[[], Any]) -> Any:
        try:
            return until()
        except (urllib.error.URLError, ConnectionError):
            return None


@contextmanager
def cluster(folder: Path, postgres: sqlalchemy.URL, redis: str, environment: Mapping[str, str]) -> Iterator[Cluster]:
    """Run an Airflow without workers, whose DAGs are ours.

    Args:
        folder: an empty folder.
        postgres: a server, in which a database is made.
        redis: the URL of a server.
        environment: what Wirewatch is told.
    """
    (folder / "dags").mkdir(parents=True)
    (folder / "dags/crawl.py").write_text(DAGS)
    name = f"airflow_{os.urandom(4).hex()}"
    engine = sqlalchemy.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    url = postgres.set(drivername="postgresql+psycopg2", database=name).render_as_string(hide_password=False)
    port = unused_ports()
    ours = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": os.urandom(16).hex(),
        "AIRFLOW__API_AUTH__JWT_SECRET": os.urandom(32).hex(),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "AIRFLOW__CELERY__BROKER_URL": redis,
        "AIRFLOW__CELERY__RESULT_BACKEND": url.replace("postgresql+psycopg2", "db+postgresql"),
        "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": "dags.workers.CELERY",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        # A worker that is gone is missed after 10 s, not after 5 minutes.
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "30",
        "PYTHONPATH": str(ROOT),
        "NO_PROXY": "*",
    }
    made = Cluster(folder, {**environment, **ours}, port)
    subprocess.run([sys.executable, "-c", PREPARE], env=made.environment, cwd=ROOT, capture_output=True, check=True)
    try:
        for part in ("api-server", "scheduler", "dag-processor"):
            made.start(part, part)
        yield made
    finally:
        for part in list(made.parts):
            made.kill(part)


def _family(pid: int) -> list[psutil.Process]:
    try:
        return [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]
    except psutil.NoSuchProcess:
        return []


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has ended since
        return ""

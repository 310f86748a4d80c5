"""A run of a DAG on an Airflow of its own, and what of its time and processor time is not the stages' own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import requests

from benchmarks.process import WIREWATCH, timed
from benchmarks.report import Figures
from tests.loopback import unused_ports
from wirewatch.errors import UserError

PLUGIN = Path(__file__).with_name("task_times.py")
DAG = "crawl_nightly"
STAGES = {"crawl", "extract", "enrich", "index", "alert", "deliver", "health"}
"""The tasks that do a stage's work; all others are there for Airflow."""
NOTES = "task-times.jsonl"
LONGEST = 900
"""Seconds that a run may take."""
PARTS = {
    "scheduler": " scheduler",
    "api-server": " api.server",
    "dag-processor": " dag.processor",
    "triggerer": " triggerer",
    "executor": "LocalExecutor",
    "tasks": "^airflow worker",
}
"""Airflow's processes, and what they are called. Those of the executor look after those of the tasks."""
IDLE = 60
"""Seconds for which it is watched doing nothing."""


@dataclass(frozen=True)
class Task:
    """What one try of a task took between the begin and the end of its own function: see `benchmarks/task_times.py`."""

    name: str
    begun: float
    ended: float
    cpu: float
    before: float
    """Processor seconds that its process took before it began."""


def orchestrate(settings: Mapping[str, str], home: Path, batches: int) -> Figures:
    """Send what the catalogue's sites have through a DAG on an Airflow of one's own, in so many batches.

    Args:
        settings: the environment, with the node and the catalogue.
        home: of Wirewatch, as ``settings`` say.
        batches: crawl groups of the run.

    Raises:
        UserError: Airflow does not start, or the run fails.
    """
    with _airflow(settings, home) as (api, started), metered(home) as spent:
        api.wait(lambda: DAG in {dag["dag_id"] for dag in api.get("/dags")["dags"]}, 120)
        before = spent()
        api.send("PATCH", f"/dags/{DAG}", {"is_paused": False})
        run = api.send("POST", f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": {"groups": batches}})
        page = f"/dags/{DAG}/dagRuns/{run['dag_run_id']}"
        api.wait(lambda: api.get(page)["state"] in ("success", "failed"), LONGEST)
        run = api.get(page)
        if run["state"] == "failed":
            raise UserError(f"The run of {DAG} failed: look into {home}/airflow/logs.")
        time.sleep(5)  # its last task's process ends
        after = spent()
        begun, ended = (datetime.fromisoformat(run[f"{end}_date"]).timestamp() for end in ("start", "end"))
        tasks = read_tasks(home / NOTES)
        after.subtract(before)
        figures = shares(tasks, ended - begun, after.total()) | {
            f"cpu_s.{part}": spent for part, spent in after.items()
        }
        figures |= {f"{key}_per_batch": figures[key] / batches for key in ("alone_cpu_s", "alone_s")}
        return figures | _idle(home, spent) | {"start_s": started, "batches": batches}


def shares(tasks: Iterable[Task], seconds: float, cpu: float) -> Figures:
    """What of a run Airflow took for itself.

    Args:
        tasks: of the run.
        seconds: wall-clock, from its begin to its end.
        cpu: processor seconds of all Airflow's processes in that time.
    """
    tasks = list(tasks)
    own = [task for task in tasks if task.name in STAGES]
    own_cpu, worked = sum(task.cpu for task in own), _union((task.begun, task.ended) for task in own)
    return {
        "tasks": len(tasks),
        "seconds": seconds,
        "cpu_s": cpu,
        "stages_cpu_s": own_cpu,
        "alone_s": seconds - worked,
        "alone_cpu_s": cpu - own_cpu,
        "share_s": 1 - worked / seconds,
        "share_cpu": 1 - own_cpu / cpu,
        "task_cpu_s": sum(task.before for task in tasks) / max(1, len(tasks)),
    }


def _union(spans: Iterable[tuple[float, float]]) -> float:
    """Seconds that are in at least one of the spans."""
    covered = last = 0.0
    for begun, ended in sorted(spans):
        covered += max(0.0, ended - max(begun, last))
        last = max(last, ended)
    return covered


def read_tasks(file: Path) -> Iterator[Task]:
    """The tasks that ended, from what `benchmarks/task_times.py` wrote."""
    begun: dict[tuple[str, int], dict[str, Any]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        key = (told["task"], told["map"])
        if told["event"] == "begun":
            begun[key] = told
        elif key in begun:
            first = begun.pop(key)
            # In groups tasks are called `group.task`.
            name = told["task"].rpartition(".")[2]
            yield Task(name, first["at"], told["at"], told["cpu"], first["cpu"])


@contextmanager
def metered(home: Path) -> Iterator[Callable[[], Counter[str]]]:
    """Watch all processes of the Airflow of a home; yields a function that tells their processor seconds until now, by
    part.

    They are looked at twenty times a second: what a process takes after the last look at it is missed. Nobody else
    counts those of a process that has ended, since the parents of tasks do not ask what their children took.
    """
    session = next(os.getsid(process.pid) for process in processes(home))
    seen: dict[tuple[int, float], tuple[str, float]] = {}
    over = threading.Event()

    def look() -> None:
        for process in processes(home, session):
            with suppress(psutil.Error):
                seen[process.pid, process.create_time()] = _part(process), sum(process.cpu_times()[:2])

    def told() -> Counter[str]:
        spent: Counter[str] = Counter()
        for part, seconds in seen.copy().values():
            spent[part] += seconds
        return spent

    def watch() -> None:
        while not over.wait(0.05):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    look()
    watcher.start()
    try:
        yield told
    finally:
        over.set()
        watcher.join()


def _part(process: psutil.Process) -> str:
    called = " ".join(process.cmdline())
    return next((part for part, pattern in PARTS.items() if re.search(pattern, called)), "others")


def processes(home: Path, session: int | None = None) -> Iterator[psutil.Process]:
    """The processes of the Airflow of a home; those of its session where that is known, which is found faster."""
    for pid in psutil.pids():
        with suppress(psutil.Error, OSError, KeyError):  # it has ended, or is another user's
            if os.getsid(pid) == session if session else psutil.Process(pid).environ()["WIREWATCH_HOME"] == str(home):
                yield psutil.Process(pid)


def _idle(home: Path, spent: Callable[[], Counter[str]]) -> Figures:
    before, begun = spent().total(), time.monotonic()
    time.sleep(IDLE)
    taken = spent().total() - before
    found = list(processes(home))
    return {
        "idle_cpu_s_per_hour": 3600 * taken / (time.monotonic() - begun),
        "idle_mb": sum(process.memory_full_info().pss for process in found) / 2**20,
        "idle_processes": len(found),
    }


@contextmanager
def _airflow(settings: Mapping[str, str], home: Path) -> Iterator[tuple[_Api, float]]:
    """An Airflow that was just started, and how many seconds that took; it is stopped afterwards."""
    port = unused_ports(1)
    environment = {
        **settings,
        "TASK_TIMES": str(home / NOTES),
        "WIREWATCH_AIRFLOW__PORT": str(port),
        # The night that was missed is not made up for: only what is triggered runs.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    }
    plugins = home / "airflow/plugins"
    plugins.mkdir(parents=True)
    shutil.copy(PLUGIN, plugins)
    try:
        ran = timed([*WIREWATCH, "up"], environment, home)
        said = (home / "log").read_text(encoding="utf-8", errors="replace")
        password = said.rpartition("password ")[2].split()[0]
        yield _Api(f"http://127.0.0.1:{port}", password), ran.seconds
    finally:
        subprocess.run([*WIREWATCH, "down"], env=environment, cwd=home, capture_output=True, check=False)


class _Api:
    """Airflow's REST API."""

    def __init__(self, url: str, password: str) -> None:
        self._url, self._session = f"{url}/api/v2", requests.Session()
        self._session.trust_env = False
        login = {"username": "admin", "password": password}
        answer = self._session.post(f"{url}/auth/token", json=login, timeout=30)
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def send(self, method: str, path: str, data: object = None) -> Any:
        answer = self._session.request(method, self._url + path, json=data, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    @staticmethod
    def wait(until: Any, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                raise UserError(f"Airflow did not do in {seconds:.0f} seconds what it was to do.")
            time.sleep(2)

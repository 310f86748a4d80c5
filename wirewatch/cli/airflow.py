"""Airflow on this machine: ``airflow standalone`` with our DAGs, as a process that outlives the command."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from wirewatch.errors import UserError
from wirewatch.settings import Settings

START_SECONDS = 180
STOP_SECONDS = 60
AUTH_MANAGER = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"


class Airflow:
    """The Airflow of one Wirewatch home. What is known of it is on the disk and in the list of processes."""

    def __init__(self, settings: Settings, dags: Path) -> None:
        self.folder = settings.home / "airflow"
        self.port = settings.airflow_port
        self.dags = dags
        self.settings = settings

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What its processes print."""
        return self.folder / "standalone.log"

    def environment(self) -> dict[str, str]:
        """The environment that its processes, and its command line, run in."""
        ours = {
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__AUTH_MANAGER": AUTH_MANAGER,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            # One worker is enough for one machine, and saves 300 MB.
            "AIRFLOW__API__WORKERS": "1",
            # Tasks at once; each may hold models of 1 GB.
            "AIRFLOW__CORE__PARALLELISM": "4",
            # They listen on every interface and answer only requests that this Airflow signed.
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(self.port + 1),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(self.port + 2),
            "PYTHONPATH": str(self.dags.parent),
            "WIREWATCH_HOME": str(self.settings.home),
            "WIREWATCH_SOURCES": str(self.settings.sources.absolute()),
            "WIREWATCH_ALERTS": str(self.settings.alerts.absolute()),
        }
        return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **ours}

    def password(self) -> str | None:
        """The password of the user ``admin``, which Airflow makes at its first start."""
        file = self.folder / "simple_auth_manager_passwords.json.generated"
        return str(json.loads(file.read_text())["admin"]) if file.exists() and file.stat().st_size else None

    def check(self) -> None:
        """Raise a UserError where it could not start: not installed, or a port is taken."""
        if importlib.util.find_spec("airflow") is None:
            raise UserError(
                "Airflow is not installed here: run `make setup`, or install this package with its extra `airflow`."
            )
        for port in () if self.pid() else (self.port, self.port + 1, self.port + 2):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("", port))
                except OSError:
                    raise UserError(
                        f"Port {port} is taken by another program. Airflow needs WIREWATCH_AIRFLOW_PORT "
                        f"(now {self.port}) and the two ports after it: set it to where three are free."
                    ) from None

    def start(self, tell: Callable[[str], None]) -> None:
        """Start it and wait until it answers; if it runs already, only wait.

        Raises:
            UserError: Airflow is not installed, its port is taken, or it did not start.
        """
        self.check()
        if not self.pid():
            try:
                # Its password stands in a file and in the log: both are for this user only.
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self.folder.chmod(0o700)
            except OSError as error:
                raise UserError(
                    f"{self.folder} cannot be made: {error.strerror}. Set WIREWATCH_HOME to one that you may write to."
                ) from None
            with self.log.open("wb") as output:
                process = subprocess.Popen(
                    [sys.executable, "-m", "airflow", "standalone"],
                    # In the folder where the user is: relative paths and .env mean the same to the DAGs.
                    env=self.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    umask=0o077,
                )
            self._pid_file.write_text(str(process.pid))
        begun = time.monotonic()
        while not self._answers():
            waited = time.monotonic() - begun
            if not self.pid() or waited > START_SECONDS:
                self.stop()
                last = "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
                raise UserError(f"Airflow did not start. It said last:\n{last}\n(More in {self.log}.)")
            tell(f"Starting Airflow: {waited:.0f} s")
            time.sleep(1)

    def stop(self) -> None:
        """Stop it with all its processes: ask them to, wait, and end them by force in the end."""
        if pid := self.pid():
            for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 10)):
                deadline = time.monotonic() + seconds
                _signal_group(pid, sign)
                while _signal_group(pid, 0) and time.monotonic() < deadline:
                    time.sleep(0.5)
        self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.folder / "standalone.pid"

    def pid(self) -> int | None:
        """Its first process, if it lives; an old number that another program has now does not count."""
        if not self._pid_file.exists():
            return None
        pid = self._pid_file.read_text()
        listed = subprocess.run(["ps", "-o", "command=", "-p", pid], capture_output=True, text=True, check=False)
        return int(pid) if "airflow" in listed.stdout and "standalone" in listed.stdout else None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v2/monitor/health", timeout=5) as response:
                parts = json.load(response)
        except (OSError, ValueError):
            return False
        return all(parts[part]["status"] == "healthy" for part in ("metadatabase", "scheduler"))


def _signal_group(group: int, sign: int) -> bool:
    """Send a signal (0: none) to the processes of a group; whether there are any."""
    try:
        os.killpg(group, sign)
    except ProcessLookupError:
        return False
    return True

"""Programs that supervisord looks after, and that outlive the command that starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from wirewatch.machine import processes, wait_until

STOP_SECONDS = 60

_SUPERVISOR = """\
; Written by `wirewatch up`. What is changed here is lost.
[supervisord]
nodaemon=true
silent=true
umask=077
nocleanup=true
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s
logfile=%(here)s/supervisord.log
logfile_maxbytes=1MB
logfile_backups=1
"""
_PROGRAM = """
[program:{name}]
command={command}
priority={priority}
autorestart=true
startsecs=10
startretries=60
stopwaitsecs=10
stopasgroup=true
redirect_stderr=true
stdout_logfile=%(here)s/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


class Supervisord:
    """The supervisord of a folder. What is known of it is in that folder and in the list of processes.

    Args:
        folder: where its configuration is, and the logs of the programs.
        programs: their command lines by name. They start in this order, and stop in the other one.
    """

    def __init__(self, folder: Path, programs: Mapping[str, str]) -> None:
        self.folder, self.programs = folder, programs
        self._configuration = folder / "supervisord.conf"
        self._pid_file = folder / "supervisord.pid"

    @property
    def logs(self) -> list[Path]:
        """What the programs print, each to a file; before these, what supervisord itself said when it started."""
        return [self.folder / f"{name}.log" for name in ("start", *self.programs)]

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it, and by it the programs, in the folder where the user is: relative paths and .env mean the same."""
        programs = (
            _PROGRAM.format(name=name, command=command, priority=priority)
            for priority, (name, command) in enumerate(self.programs.items(), 1)
        )
        self._configuration.write_text(_SUPERVISOR + "".join(programs))
        with (self.folder / "start.log").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-c", self._configuration],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # All that it starts is of its session, and is known by that even after it was killed.
                start_new_session=True,
                umask=0o077,
            )
        self._pid_file.write_text(str(process.pid))
        # For an instant, longer on a busy machine, it is called by no name yet, and would be taken for dead.
        wait_until(lambda: bool(self.pid()) or process.poll() is not None, STOP_SECONDS)

    def stop(self) -> None:
        """Stop it with all its processes: ask them to, wait, and end them by force in the end."""
        session = self._session()
        if session and self.processes():
            if pid := self.pid():
                _signal([pid], signal.SIGTERM)
                wait_until(lambda: not self.pid(), STOP_SECONDS)
            # What is left are tasks, in process groups of their own, or all programs where supervisord was killed.
            for sign in (signal.SIGTERM, signal.SIGKILL):
                _signal(_of_session(session), sign)
                wait_until(lambda: not _of_session(session), 5)
        self._pid_file.unlink(missing_ok=True)

    def pid(self) -> int | None:
        """Its process, if it lives; an old number that another has now does not count."""
        leader = self._session()
        return leader if leader in self.processes() else None

    def processes(self) -> Mapping[int, str]:
        """All processes, by number, and how each was called; empty where the session of that number is another's."""
        session = self._session()
        found = _of_session(session) if session else {}
        if session in found:
            return found if str(self._configuration) in found[session] else {}
        called_as = {command.split()[0] for command in self.programs.values()}
        return found if any(name in called for called in found.values() for name in called_as) else {}

    def _session(self) -> int | None:
        """The session of the processes, which is called by the number of the first one, even if that is no more."""
        text = self._pid_file.read_text().strip() if self._pid_file.exists() else ""
        return int(text) if text.isdecimal() else None


def _of_session(session: int) -> dict[int, str]:
    """The processes of a session that live, by number, and how each was called."""
    found = {}
    for pid, called in processes():
        with suppress(OSError):  # it has ended since, or is one that we may not ask about
            if os.getsid(pid) == session:
                found[pid] = " ".join(called)
    return found


def _signal(pids: Iterable[int], sign: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, sign)

"""Programs in processes that have what they need from the start: forked from one that has loaded it, as the tasks of an
Airflow are. The language models take a process 10 s, and a test of the whole way starts many.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from wirewatch.settings import get_settings

ROOT = Path(__file__).parents[1]
WIREWATCH = "from wirewatch.cli import app; app()"
"""Our command line, as a program."""
MODELS = """
import crawlers.crawl, crawlers.extract, search.alerts.deliver, search.alerts.match, search.health.measure
from enrichment.preload import preload
from enrichment.words import STEMMERS, knows
preload()
for language in STEMMERS:
    knows("", language)  # questions ask for these tables
"""
"""Loads what enriches, and what the other stages import."""


class Forked:
    """A process that was forked; what of :class:`subprocess.Popen` the tests use. It leads a session of its own."""

    def __init__(self, told: socket.socket, output: IO[str], errors: IO[str]) -> None:
        self._told = told.makefile()
        told.close()
        self._output, self._errors = output, errors
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """How it has ended; None while it runs."""
        if select.select([self._told], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self) -> int:
        """Wait for its end, and return how that was."""
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(int(self._told.readline()))
        return self.returncode

    def communicate(self) -> tuple[str, str]:
        """Wait for its end, and return all that it printed, and that it said on standard error."""
        self.wait()
        said = []
        for file in (self._output, self._errors):
            file.seek(0)
            said.append(file.read())
        return said[0], said[1]


class Forks:
    """The process from which they are forked."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def learn(self, program: str, environment: Mapping[str, str]) -> None:
        """Let the process do a program itself: what that imports is there in all that are forked from now on."""
        self._control.send(json.dumps([program, [], dict(environment)]).encode())

    def start(self, program: str, *arguments: str, environment: Mapping[str, str]) -> Forked:
        """Start a program, as ``python -c PROGRAM ARGUMENTS`` would in the folder of the checkout."""
        ours, theirs = socket.socketpair()
        output, errors = (tempfile.TemporaryFile("w+") for _ in range(2))  # noqa: SIM115
        task = json.dumps([program, arguments, dict(environment)])
        with theirs:
            socket.send_fds(self._control, [task.encode()], [one.fileno() for one in (theirs, output, errors)])
        return Forked(ours, output, errors)

    def run(self, program: str, *arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a program, see :meth:`start`."""
        forked = self.start(program, *arguments, environment=environment)
        output, errors = forked.communicate()
        return subprocess.CompletedProcess([program, *arguments], forked.wait(), output, errors)


@contextmanager
def forks() -> Iterator[Forks]:
    """Start one that knows nothing yet. It lives as long as the block, or until this process ends."""
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with ours, theirs:
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        theirs.close()
        try:
            yield Forks(ours)
        finally:
            ours.close()
            process.wait(30)


def main(control: socket.socket) -> None:
    """Learn and start what is asked for, until nobody is left who could ask."""
    while True:
        task, files, *_ = socket.recv_fds(control, 2**20, 3)
        if not task:
            return
        if not files:
            become(*json.loads(task))  # what it imports those have that are forked from now on
        elif not os.fork():
            control.close()
            look_after(task, *files)
            return
        for file in files:
            os.close(file)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def look_after(task: bytes, told: int, output: int, errors: int) -> None:
    """Start a program, and tell its number and, in the end, its status."""
    pid = os.fork()
    if not pid:
        os.setsid()
        os.write(told, b"%d\n" % os.getpid())
        os.dup2(output, 1)
        os.dup2(errors, 2)
        for file in (told, output, errors):
            os.close(file)
        become(*json.loads(task))
        return
    for file in (output, errors):
        os.close(file)
    _, status = os.waitpid(pid, 0)
    os.write(told, b"%d\n" % status)
    os._exit(0)


def become(program: str, arguments: list[str], environment: dict[str, str]) -> None:
    """Go on as that program."""
    os.environ.clear()
    os.environ.update(environment)
    get_settings.cache_clear()
    sys.argv = ["-c", *arguments]
    sys.modules["__main__"] = types.ModuleType("__main__")
    exec(program, vars(sys.modules["__main__"]))


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))

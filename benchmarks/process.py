"""Commands and functions measured: each in a process of its own, commands with the most memory that they had."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from wirewatch.errors import UserError

WIREWATCH = (sys.executable, "-c", "from wirewatch.cli import app; app()", "--verbose")
"""The command ``wirewatch`` of this checkout."""
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Ran:
    """What a command took."""

    seconds: float
    """Wall-clock, with the start of Python."""
    peak: int
    """Bytes that it and its children had resident at most, together (what they share counts for each)."""
    cpu: float
    """Processor seconds of it and of all that it started."""


def clean_environment(**settings: str) -> dict[str, str]:
    """An environment in which the settings of whoever runs the benchmark have no say, with these settings in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WIREWATCH_", "ELASTIC"))}
    return kept | {"PYTHONPATH": str(ROOT)} | settings


def timed(
    command: Sequence[str], environment: Mapping[str, str], home: Path, cores: Sequence[int] | None = None
) -> Ran:
    """Run a command in the folder ``home``; what it prints is added to the file ``log`` there.

    Args:
        command: the program and its arguments.
        environment: its variables, all of them.
        home: an empty folder, or one of an earlier command; not one with a ``.env``.
        cores: numbers of the processor cores that it may use; all, if not given.

    Raises:
        UserError: it failed; the message ends with what it said last.
    """
    log = home / "log"
    called = " ".join(command).replace(" ".join(WIREWATCH), "wirewatch")
    begun = time.monotonic()
    with log.open("a") as output:
        output.write(f"\n== {called}\n")
        output.flush()
        process = subprocess.Popen(command, env=environment, cwd=home, stdout=output, stderr=output)
        try:
            if cores:
                psutil.Process(process.pid).cpu_affinity(list(cores))
            with watched(process.pid) as seen:
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            process.kill()
    if process.returncode:
        last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
        raise UserError(f"`{called}` ended with status {process.returncode}. It said last:\n{last}")
    # Of a server that forks (extraction) nobody asks what its processes took: that was only seen.
    return Ran(time.monotonic() - begun, seen.peak, max(used.ru_utime + used.ru_stime, seen.cpu))


def alone(function: str, *arguments: str | int | None) -> dict[str, float]:
    """What a function of a module gives in a process of its own, on one core, with one thread and an empty home.

    Args:
        function: ``module:name``.
        arguments: what it is called with.

    Raises:
        UserError: it failed; what it said is on stderr.
    """
    command = [sys.executable, "-m", "benchmarks.process", function, json.dumps(arguments)]
    with tempfile.TemporaryDirectory() as home:
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        environment = clean_environment(WIREWATCH_HOME=home, **threads)
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise UserError(f"{function} ended with status {done.returncode} in its process; it said why above.")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


@contextmanager
def peak_memory(pid: int) -> Iterator[Callable[[], int]]:
    """Watch a process and its children ten times a second; yields a function that tells the most bytes seen."""
    with watched(pid) as seen:
        yield lambda: seen.peak


class Seen:
    """What was seen of a process and its children."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        """Bytes that they had resident at most, together."""
        self._pid = pid
        self._used: dict[tuple[int, float], float] = {}

    @property
    def cpu(self) -> float:
        """Processor seconds, but for those of each after the last look at it."""
        return sum(self._used.values())

    def look(self) -> None:
        """See how they are now."""
        total = 0
        with suppress(psutil.Error):
            root = psutil.Process(self._pid)
            for process in (root, *root.children(recursive=True)):
                with suppress(psutil.Error):  # it has ended since
                    total += process.memory_info().rss
                    self._used[process.pid, process.create_time()] = sum(process.cpu_times()[:2])
        self.peak = max(self.peak, total)


@contextmanager
def watched(pid: int) -> Iterator[Seen]:
    """Watch a process and its children ten times a second."""
    seen, over = Seen(pid), threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            seen.look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    module, _, name = sys.argv[1].partition(":")
    print(json.dumps(getattr(importlib.import_module(module), name)(*json.loads(sys.argv[2]))))

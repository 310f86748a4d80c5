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
from contextlib import contextmanager
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
    """Processor seconds of it and its children."""


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
            with peak_memory(process.pid) as peak:
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            process.kill()
    if process.returncode:
        last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
        raise UserError(f"`{called}` ended with status {process.returncode}. It said last:\n{last}")
    return Ran(time.monotonic() - begun, peak(), used.ru_utime + used.ru_stime)


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
    most, over = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.1):
            most = max(most, _memory(pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: most
    finally:
        over.set()
        watcher.join()


def _memory(pid: int) -> int:
    total = 0
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue  # it has ended since
    return total


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    module, _, name = sys.argv[1].partition(":")
    print(json.dumps(getattr(importlib.import_module(module), name)(*json.loads(sys.argv[2]))))

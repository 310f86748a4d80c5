"""What runs on this machine besides a command: processes, the ports they take, and locks between commands."""

from __future__ import annotations

import fcntl
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold a lock that every other process waits for, and that the system lets go of when this process dies.

    Args:
        path: the file that stands for the lock.
        waiting: is called if another process holds it, before the wait.
    """
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def processes() -> Iterator[tuple[int, list[str]]]:
    """Every process that lives and that this user can see: its number, and how it was called."""
    if sys.platform == "linux":
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                called = (folder / "cmdline").read_text(errors="replace").split("\0")
            except OSError:
                continue  # it has ended since
            if called != [""]:  # one of the system's own, or one that has ended and that nobody has asked about yet
                yield int(folder.name), called
    else:
        listed = subprocess.run(
            ["ps", "-axww", "-o", "pid=,stat=,command="], capture_output=True, text=True, check=True
        )
        for line in listed.stdout.splitlines():
            pid, state, *called = line.split()
            if not state.startswith("Z"):
                yield int(pid), called


def wait_until(over: Callable[[], bool], seconds: float) -> None:
    """Wait until something is over, but no longer than so many seconds."""
    deadline = time.monotonic() + seconds
    while not over() and time.monotonic() < deadline:
        time.sleep(0.1)


def is_free(port: int) -> bool:
    """Whether a server could listen at this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of the loopback address that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

"""What work costs: seconds of the clock, and of processors."""

from __future__ import annotations

import os
import time
from contextlib import suppress

import psutil


class Meter:
    """Runs from the moment it is made."""

    def __init__(self) -> None:
        self._clock, self._cpu = time.monotonic(), _cpu_seconds()

    @property
    def seconds(self) -> float:
        """Seconds since then."""
        return round(time.monotonic() - self._clock, 3)

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds since then, of this process and of all that it started, ended or not. What has a session of
        its own, such as the local node, is there for others too and does not count.
        """
        return round(max(0.0, _cpu_seconds() - self._cpu), 3)


def _cpu_seconds() -> float:
    """What this process and its descendants have used so far: those that have ended are in the counts of who started
    them.
    """
    me = psutil.Process()
    used = sum(me.cpu_times()[:4])
    session = os.getsid(0)
    for process in me.children(recursive=True):
        with suppress(psutil.Error, ProcessLookupError):  # it has ended meanwhile
            if os.getsid(process.pid) == session:
                used += sum(process.cpu_times()[:4])
    return used

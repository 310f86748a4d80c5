"""What is held by one is left alone by the others, and is nobody's when its holder is gone."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from wirewatch import leases
from wirewatch.database import alone, connect
from wirewatch.errors import Unavailable
from wirewatch.leases import lease

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
import wirewatch.leases as leases
{before}
with leases.lease(sys.argv[1], ["a"], "first"):
    print("held", flush=True)
    time.sleep(60)
"""
AWAY = "leases._machine = lambda: 'another machine'"


@pytest.fixture
def elsewhere(url: str) -> Callable[..., subprocess.Popen[str]]:
    """Another process that holds ``a`` as ``first``; of :data:`AWAY`, nobody here sees that it ended."""

    def hold(before: str = "") -> subprocess.Popen[str]:
        code = HOLD.format(before=before)
        process = subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert process.stdout and process.stdout.readline() == "held\n"
        return process

    return hold


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_what_one_holds_the_others_leave_until_it_is_given_back(url: str) -> None:
    with lease(url, ["a", "b"], "first") as held:
        assert held.things == {"a", "b"}
        with lease(url, ["b", "c"], "second") as rest:
            assert rest.things == {"c"}
    with lease(url, ["a", "b", "c"], "second") as all_of_it:
        assert all_of_it.things == {"a", "b", "c"}


def test_who_is_killed_holds_nothing_any_more(
    url: str, elsewhere: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = elsewhere()
    with lease(url, ["a"], "second") as held:
        assert not held.things
    kill(here)
    with lease(url, ["a"], "second") as held:
        assert held.things

    away = elsewhere(AWAY)
    kill(away)
    with lease(url, ["a"], "second") as held:
        assert not held.things
    with lease(url, ["a"], "first") as held:  # is tried again
        assert held.things
    away = elsewhere(AWAY)
    kill(away)
    now = leases._now
    monkeypatch.setattr(leases, "_now", lambda: now() + leases.LENGTH + timedelta(seconds=1))
    with lease(url, ["a"], "second") as held:
        assert held.things


def test_who_writes_the_state_for_long_keeps_no_lease_waiting(url: str) -> None:
    with lease(url, ["a"], "first"):
        pass  # now the tables are there

    def hold() -> None:
        with lease(url, ["a"], "first") as held:
            held.renew()

    with alone(connect(url)):
        holding = threading.Thread(target=hold, daemon=True)
        holding.start()
        holding.join(60)
        assert not holding.is_alive()


def test_a_lease_is_kept_while_the_work_goes_on_and_who_lost_it_hears(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEWAL", timedelta(milliseconds=20))
    with lease(url, ["a"], "first") as before:
        now = leases._now
        monkeypatch.setattr(leases, "_now", lambda: now() + leases.LENGTH / 2)
        while not _is_renewed(before):
            pass
        before.check()
        with lease(url, ["a"], "first") as after:
            before._lost.wait(10)
            with pytest.raises(Unavailable, match="taken this work over"):
                before.check()
            after.check()


def _is_renewed(held: leases.Lease) -> bool:
    with held._engine.connect() as connection:
        until = connection.scalar(leases.select(leases._Lease.until))
    return bool(until and until > leases._now() + leases.LENGTH * 0.9)

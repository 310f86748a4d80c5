"""Leases: what one process at a time does, of all that share the crawl state; the others leave it for later.

A lease is a row that says who has a thing, and until when. It is renewed while the work goes on, so that of a process
that was killed it ends by itself; at once, where another process of the same machine asks, or one comes again under the
same name: a task that is tried again. The times are those of the machines' clocks, which must agree to within a minute.
Whoever writes the state, for minutes perhaps, keeps no lease from being renewed.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, String, delete, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from wirewatch.database import LEASES, UTCTime, alone, connect, lay_out, lots
from wirewatch.errors import Unavailable, UserError

log = logging.getLogger(__name__)

LAYOUT = 1
"""Number of the table's layout. Raise it with every change of it: what is held then is free."""
LENGTH = timedelta(minutes=5)
"""Time for which a lease is taken."""
RENEWAL = timedelta(minutes=1)


class _Table(DeclarativeBase):
    pass


class _Lease(_Table):
    __tablename__ = "leases"
    thing: Mapped[str] = mapped_column(String(255), primary_key=True)
    holder: Mapped[str] = mapped_column(String(255))
    machine: Mapped[str] = mapped_column(String(255))
    process: Mapped[int]
    taking: Mapped[str] = mapped_column(String(16))
    """Tells two tries of one holder apart: the earlier one may have been given up, and go on."""
    until: Mapped[datetime] = mapped_column(UTCTime)


# Of its own: the tables of the state are made anew from the batches, which say nothing of leases.
class _Layout(_Table):
    __tablename__ = "leases_layout"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Lease:
    """What is held."""

    def __init__(self, engine: Engine, taking: str, things: frozenset[str]) -> None:
        self.things = things
        self._engine, self._taking, self._lost = engine, taking, threading.Event()

    def check(self) -> None:
        """Raise :class:`Unavailable` where another process has taken over."""
        if self._lost.is_set():
            raise Unavailable("Another process has taken this work over: it goes on there.")

    def renew(self) -> None:
        """Hold it for :data:`LENGTH` from now on."""
        mine = update(_Lease).where(_Lease.taking == self._taking).values(until=_now() + LENGTH)
        with alone(self._engine, LEASES) as connection:
            if connection.execute(mine).rowcount < len(self.things):
                self._lost.set()

    def give_back(self) -> None:
        """Let others have it."""
        with alone(self._engine, LEASES) as connection:
            connection.execute(delete(_Lease).where(_Lease.taking == self._taking))


@contextmanager
def lease(url: str, things: Iterable[str], holder: str) -> Iterator[Lease]:
    """Hold those of these things that nobody else holds, while the block lasts.

    Args:
        url: of the crawl state.
        things: what one process at a time works on.
        holder: who does: what it holds already, from an earlier try, it gets again.

    Raises:
        UserError: the database cannot be used.
    """
    engine = _connect(url)
    lay_out(engine, _Table.metadata, _Layout.__tablename__, LAYOUT)
    held = _take(engine, set(things), holder)
    over = threading.Event()
    renewing = threading.Thread(target=_keep, args=(held, over), daemon=True)
    renewing.start()
    try:
        yield held
    finally:
        over.set()
        renewing.join()
        held.give_back()
        engine.dispose()


def _connect(url: str) -> Engine:
    """The database of a state's leases: of SQLite, where one process at a time writes to a file, one of their own."""
    engine = connect(url)
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return engine
    own = engine.url.set(database=f"{engine.url.database}.leases")
    engine.dispose()
    return connect(own.render_as_string(hide_password=False))


def _take(engine: Engine, things: set[str], holder: str) -> Lease:
    row: dict[str, Any] = {
        "holder": holder,
        "machine": _machine(),
        "process": os.getpid(),
        "taking": secrets.token_hex(8),
    }
    with alone(engine, LEASES) as connection, Session(connection) as session:
        for lot in lots(sorted(things)):
            for found in session.scalars(select(_Lease).where(_Lease.thing.in_(lot))):
                if found.holder == holder or found.until < _now() or _is_dead(found):
                    session.delete(found)
                else:
                    things = things - {found.thing}
        session.flush()
        session.add_all(_Lease(thing=thing, until=_now() + LENGTH, **row) for thing in things)
        session.flush()
    return Lease(engine, row["taking"], frozenset(things))


def _is_dead(found: _Lease) -> bool:
    if found.machine != _machine():
        return False  # who knows
    try:
        os.kill(found.process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # it is another user's
    return False


def _machine() -> str:
    """Where process numbers mean what they mean here: the machine or, of several containers on it, this one."""
    space = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()} {space.stat().st_ino if space.exists() else ''}".strip()


def _keep(held: Lease, over: threading.Event) -> None:
    while not over.wait(RENEWAL.total_seconds()):
        try:
            held.renew()
        except UserError as error:  # for as long as the lease has left
            log.warning("A lease was not renewed: %s", error)


def _now() -> datetime:
    return datetime.now(UTC)

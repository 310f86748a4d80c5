"""The database that Wirewatch keeps its memory in: any that SQLAlchemy knows, SQLite if nothing else is said."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ExceptionContext,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    create_engine,
    event,
    inspect,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from wirewatch.errors import Unavailable, UserError


class UTCTime(TypeDecorator[datetime]):
    """A time with its zone, on databases that forget it (SQLite) too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """As SQLAlchemy asks for it: on the way in."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """On the way out."""
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


class SentText(TypeDecorator[str]):
    """A text as a site sent it, without the NUL characters that PostgreSQL refuses."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """On the way in."""
        return value and value.replace("\0", "")


T = TypeVar("T")
LOT = 500
"""Rows asked for at once: every database takes so many."""
FREE = 1 / 4
"""Share of a SQLite file that may lie idle: what is written next goes there."""


def lots(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in lists of :data:`LOT`; the last may be shorter."""
    rest = iter(values)
    while lot := list(islice(rest, LOT)):
        yield lot


def _share_file(connection: Any, _record: object) -> None:
    """WAL lets crawls read while another writes; the timeout makes writers queue instead of failing."""
    connection.execute("PRAGMA busy_timeout=300000")
    with suppress(sqlite3.OperationalError):  # another process is doing the same; the file remembers it
        connection.execute("PRAGMA journal_mode=WAL")
    # What a power cut takes is applied again.
    connection.execute("PRAGMA synchronous=NORMAL")


STATE, LEASES = 7233, 7234
"""The locks of PostgreSQL that those hold who write: whoever tells stories does so for minutes, and leases go on."""


@contextmanager
def alone(engine: Engine, lock: int = STATE) -> Iterator[Connection]:
    """A transaction in which no other process writes: the others wait for its end. On PostgreSQL those wait who take
    the same lock; on SQLite all who write to the same file.
    """
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock})")
        elif engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


@contextmanager
def in_turn(url: str, what: str) -> Iterator[None]:
    """Something that one process does at a time, of all that share the database at this URL. The others wait, and go on
    at once where that process is killed. Nobody else is kept from writing meanwhile.
    """
    engine = connect(url)
    if engine.dialect.name == "postgresql":
        # The lock is the connection's, and no transaction is open while it is held.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("SELECT pg_advisory_lock(hashtext(%s))", (what,))
            try:
                yield
            finally:
                connection.invalidate()
    else:
        # SQLite is for one machine, and its own lock would stop all writers.
        with Path(f"{engine.url.database}.{what}").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def compact(url: str) -> int:
    """Give back to the disk what a SQLite file has no use for, where that is more than :data:`FREE` of it; others write
    again when it is done. Other databases do this by themselves.

    Returns:
        How many bytes.

    Raises:
        UserError: the database cannot be used, or the disk has no room for the copy that is made of it.
    """
    engine = connect(url)
    if engine.dialect.name != "sqlite":
        return 0
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        free, pages, size = (
            connection.exec_driver_sql(f"PRAGMA {what}").scalar_one()
            for what in ("freelist_count", "page_count", "page_size")
        )
        if free <= FREE * pages:
            return 0
        connection.exec_driver_sql("VACUUM")
        # It went into the log of what is written; those who read something old right now delay its end.
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return int(free * size)


def lay_out(engine: Engine, tables: MetaData, layout: str, number: int) -> None:
    """Make the tables, anew where the one row of the table ``layout`` has a lower number than this, or none.

    Raises:
        UserError: it has a higher one. Two versions at once would take turns to make them anew.
    """
    table = tables.tables[layout]
    with engine.connect() as connection:
        if _is_laid_out(connection, table, number):
            return
    with alone(engine) as connection:
        if not _is_laid_out(connection, table, number):
            tables.drop_all(connection)
            tables.create_all(connection)
            connection.execute(table.insert().values(number=number))


def _is_laid_out(connection: Connection, layout: Table, number: int) -> bool:
    found = connection.scalar(select(layout.c.number)) if inspect(connection).has_table(layout.name) else None
    if found is not None and found > number:
        raise UserError(
            f"The tables at WIREWATCH_STATE={_shown(connection.engine.url)} are of a newer Wirewatch ({layout.name} "
            f"{found}, this one knows {number}). Use that version here too, or name another database."
        )
    return found == number


def connect(url: str) -> Engine:
    """An engine for the database at a SQLAlchemy URL. It and what is done with it raise :class:`UserError` where the
    database cannot be reached or used.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed)
        if parsed.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _share_file)

        def out_of_reach(context: ExceptionContext) -> None:
            if isinstance(context.sqlalchemy_exception, OperationalError):
                raise _problem(url, context.sqlalchemy_exception) from None

        event.listen(engine, "handle_error", out_of_reach)
        with engine.connect():
            return engine
    except (SQLAlchemyError, ImportError, OSError, ValueError) as error:
        raise _problem(url, error) from None


def _shown(url: URL) -> str:
    # Without the query, which may hold a password too.
    return url.set(query={}).render_as_string(hide_password=True)


def _problem(url: str, error: Exception) -> UserError:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if isinstance(error, ModuleNotFoundError):
        reason += ". For PostgreSQL: pip install 'wirewatch[postgres]', and an address postgresql+psycopg://…"
    try:
        shown = _shown(make_url(url))
    except (ArgumentError, ValueError):
        shown = url.partition("://")[0] + "://…"
    kind = Unavailable if isinstance(error, OperationalError) else UserError
    return kind(f"The crawl state cannot be kept at WIREWATCH_STATE={shown}: {reason}")

"""The tables of the crawl state: what is remembered of addresses, articles, sources and batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Date, Index, Select, String, Text, inspect, select
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, mapped_column

from wirewatch.database import SentText, UTCTime, connect, lots
from wirewatch.records import PageKind

LAYOUT = 6
"""Number of the tables' layout. Raise it with every change of the tables: those of another layout are rebuilt."""
SETTLED = "settled"

T = TypeVar("T")


def key_of(url: str) -> str:
    """The key of an address, which itself may be longer than PostgreSQL's indexes take (2,704 bytes)."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def rows_of(session: Session, table: type[T], key: InstrumentedAttribute[str], values: Iterable[str]) -> dict[str, T]:
    """The rows whose key is one of ``values``, by key."""
    found = (row for lot in lots(values) for row in session.scalars(select(table).where(key.in_(lot))))
    return {getattr(row, key.key): row for row in found}


class StateTable(DeclarativeBase):
    """Base of the tables: what all of them are is in its ``metadata``."""


class Visit(StateTable):
    """What is known of an address that was asked for."""

    __tablename__ = "visits"
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    url: Mapped[str] = mapped_column(SentText)
    source: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    first_seen: Mapped[datetime] = mapped_column(UTCTime)
    asked: Mapped[datetime] = mapped_column(UTCTime)
    """When it was last asked for, with success or not."""
    fetched: Mapped[datetime | None] = mapped_column(UTCTime)
    """When it was last asked for with success, changed or not; None while it never was."""
    failures: Mapped[int]
    """Failures in a row since then."""
    etag: Mapped[str | None] = mapped_column(SentText)
    last_modified: Mapped[str | None] = mapped_column(SentText)
    digest: Mapped[str | None] = mapped_column(Text)
    """Of what was fetched last in full."""
    read: Mapped[datetime | None] = mapped_column(UTCTime)
    """When it was last fetched in full, not answered with 304."""
    lies: Mapped[bool]
    """Whether the server once sent other content under the same validators. They are not used then."""
    interval: Mapped[int]
    """Of a listing: seconds between two visits, as often as it brings something new."""
    first_fetched: Mapped[datetime | None] = mapped_column(UTCTime)
    article: Mapped[str | None] = mapped_column(String(20))
    """Id of the article that the page is of."""
    extracted: Mapped[str | None] = mapped_column(String(255))
    """Name of the batch of articles that said so."""
    spare: Mapped[bool]
    """Whether it is a second address of its article, or the article is gone: it is not looked at again."""
    revisit: Mapped[datetime | None] = mapped_column(UTCTime)
    """Of an article's page: when it is to be looked at again, unless it is spare."""


Index("visits_failing", Visit.source, Visit.kind, Visit.failures)
Index("visits_article", Visit.article)
# Most addresses are past their last revisit.
_HAS_REVISIT = Visit.revisit.is_not(None)
Index("visits_due", Visit.source, Visit.revisit, sqlite_where=_HAS_REVISIT, postgresql_where=_HAS_REVISIT)


class Past(StateTable):
    """An article's address of which only is known when it was last asked for: it is nothing new where it is listed."""

    __tablename__ = "past"
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    asked: Mapped[datetime] = mapped_column(UTCTime)
    __table_args__ = ({"sqlite_with_rowid": False},)

    def visit(self, url: str) -> Visit:
        """What is left of a :class:`Visit`, in no session."""
        about = {"key": self.key, "url": url, "source": "", "kind": PageKind.ARTICLE.value, "interval": 0}
        moments = dict.fromkeys(("first_seen", "asked", "fetched"), self.asked)
        return Visit(**about, **moments, failures=0, lies=False, spare=True)


class Waiting(StateTable):
    """An article that was listed, and never asked for."""

    __tablename__ = "waiting"
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    url: Mapped[str] = mapped_column(SentText)
    source: Mapped[str] = mapped_column(String(255), index=True)
    since: Mapped[datetime] = mapped_column(UTCTime)
    hint: Mapped[str] = mapped_column(SentText)
    """A :class:`wirewatch.records.Hint` as JSON."""


class Known(StateTable):
    """The version of an article that was extracted last."""

    __tablename__ = "known"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    source: Mapped[str] = mapped_column(String(255))
    version: Mapped[str] = mapped_column(String(16))
    first_seen: Mapped[datetime] = mapped_column(UTCTime)
    fetched: Mapped[datetime] = mapped_column(UTCTime)
    gone: Mapped[datetime | None] = mapped_column(UTCTime)
    batch: Mapped[str] = mapped_column(String(255))
    """Name of the batch of articles that holds it."""
    __table_args__ = (Index("known_text", "source", "version"),)


class Recent(StateTable):
    """The blocks of one of the latest articles of a source: see :class:`wirewatch.records.Blocks`."""

    __tablename__ = "recent"
    article: Mapped[str] = mapped_column(String(20), primary_key=True)
    source: Mapped[str] = mapped_column(String(255))
    first_seen: Mapped[datetime] = mapped_column(UTCTime)
    batch: Mapped[str] = mapped_column(String(255))
    """Name of the batch of articles that said so."""
    title: Mapped[str] = mapped_column(String(16))
    blocks: Mapped[str] = mapped_column(Text)
    """Their hashes, with spaces between them."""
    __table_args__ = (Index("recent_source", "source", "first_seen"),)

    @classmethod
    def of(cls, source: str) -> Select[Any]:
        """Asks for those of a source, the latest first."""
        return select(cls).where(cls.source == source).order_by(cls.first_seen.desc(), cls.article)


class Dropped(StateTable):
    """A block that was taken out of articles of a source: see :class:`wirewatch.records.Habit`."""

    __tablename__ = "dropped"
    source: Mapped[str] = mapped_column(String(255), primary_key=True)
    block: Mapped[str] = mapped_column(String(16), primary_key=True)
    text: Mapped[str] = mapped_column(SentText)
    at: Mapped[datetime] = mapped_column(UTCTime)


class Asking(StateTable):
    """How much a source was asked lately, and whether it wants to be left alone."""

    __tablename__ = "asking"
    source: Mapped[str] = mapped_column(String(255), primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    pages: Mapped[int]
    """Pages asked for on that day (UTC)."""
    closed_until: Mapped[datetime | None] = mapped_column(UTCTime)
    """The site answered 429 or 503 and named this time."""


class Applied(StateTable):
    """The batches that the state has taken in; as of the stage :data:`SETTLED` the notes of :mod:`wirewatch.settled`
    after which it had all batches of the settled days.
    """

    __tablename__ = "applied"
    stage: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)


class Layout(StateTable):
    """Which layout the tables have: one row."""

    __tablename__ = "layout"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


def layout(url: str) -> int | None:
    """The layout of the tables at a SQLAlchemy URL; None where there are none yet. Nothing is changed.

    Raises:
        UserError: the database cannot be reached or used.
    """
    engine = connect(url)
    with engine.connect() as connection:
        if not inspect(connection).has_table(Layout.__tablename__):
            return None
        return connection.scalar(select(Layout.number))

"""Crawl state: what was seen, when, and with which validators, in any database SQLAlchemy knows.

The state is a projection of the batches: it changes only by :meth:`State.catch_up`, which applies each finished batch
of pages and of articles exactly once, in one transaction. A stage that is killed therefore leaves no trace in it, and
a lost database is rebuilt from the batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, mapped_column

from wirewatch import batches
from wirewatch.errors import UserError
from wirewatch.records import Article, Page, PageOutcome


class _UTC(TypeDecorator[datetime]):
    """A time with its zone, on databases that forget it (SQLite) too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


T = TypeVar("T")


def _lots(values: Iterable[str], size: int) -> Iterator[list[str]]:
    """The values in lists of that size; the last may be shorter."""
    rest = iter(values)
    while lot := list(islice(rest, size)):
        yield lot


class _Table(DeclarativeBase):
    pass


class Visit(_Table):
    """What is known of an address that was asked for."""

    __tablename__ = "visits"
    url: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(String(255), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    first_seen: Mapped[datetime] = mapped_column(_UTC)
    fetched: Mapped[datetime | None] = mapped_column(_UTC)
    """When it was last asked for with success, changed or not; None while it never was."""
    failures: Mapped[int] = mapped_column(default=0)
    """Failures in a row since then."""


class Known(_Table):
    """The version of an article that was extracted last."""

    __tablename__ = "known"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[str] = mapped_column(String(16))
    first_seen: Mapped[datetime] = mapped_column(_UTC)


class Applied(_Table):
    """The batches that the state has taken in."""

    __tablename__ = "applied"
    stage: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)


def _share_file(connection: Any, _record: object) -> None:
    """WAL lets crawls read while another writes; the timeout makes writers queue instead of failing."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=30000")


class State:
    """The crawl state at a SQLAlchemy URL; its tables are made when they are missing."""

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
            if parsed.get_backend_name() == "sqlite" and parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(parsed)
            if parsed.get_backend_name() == "sqlite":
                event.listen(self.engine, "connect", _share_file)
            _Table.metadata.create_all(self.engine)
        except (ArgumentError, OperationalError, ImportError, OSError) as error:
            shown = make_url(url).render_as_string() if "://" in url else url
            reason = str(getattr(error, "orig", error)).splitlines()[0]
            raise UserError(f"The crawl state cannot be kept at WIREWATCH_STATE={shown}: {reason}") from None

    def catch_up(self, root: str) -> None:
        """Apply the finished batches under ``root`` that were not applied yet, oldest first, each exactly once."""
        with Session(self.engine) as session:
            applied = {(done.stage, done.name) for done in session.scalars(select(Applied))}
        for stage in ("pages", "articles"):
            for batch in batches.finished(root, stage):
                if (stage, batch.name) not in applied:
                    self._apply(batch)

    def _apply(self, batch: batches.Batch) -> None:
        while not self._is_applied(batch):
            try:
                with Session(self.engine) as session, session.begin():
                    # First, so that of two processes applying the same batch one fails here and changes nothing.
                    session.add(Applied(stage=batch.stage, name=batch.name))
                    session.flush()
                    if batch.stage == "pages":
                        for page in batch.read(Page):
                            self._visited(session, page)
                    else:
                        for article in batch.read(Article):
                            session.merge(Known(id=article.id, version=article.version, first_seen=article.first_seen))
            except IntegrityError:
                continue  # another process has applied it, or has just added one of its rows: look again

    def _is_applied(self, batch: batches.Batch) -> bool:
        with Session(self.engine) as session:
            return session.get(Applied, (batch.stage, batch.name)) is not None

    @staticmethod
    def _visited(session: Session, page: Page) -> None:
        visit = session.get(Visit, page.url)
        if visit is None:
            visit = Visit(url=page.url, source=page.source.id, kind=page.kind, first_seen=page.fetched, failures=0)
            session.add(visit)
        if page.outcome is PageOutcome.FAILED:
            visit.failures += 1
            return
        if page.outcome is PageOutcome.FETCHED:
            visit.etag, visit.last_modified = page.etag, page.last_modified
        visit.fetched, visit.failures = page.fetched, 0

    def look_up(self, urls: Iterable[str]) -> dict[str, Visit]:
        """What is known of those addresses among ``urls`` that were asked for before, by address."""
        return {visit.url: visit for visit in self._among(Visit, Visit.url, urls)}

    def known(self, ids: Iterable[str]) -> dict[str, Known]:
        """The last versions of the articles among ``ids`` that were extracted before, by id."""
        return {known.id: known for known in self._among(Known, Known.id, ids)}

    def _among(self, table: type[T], column: InstrumentedAttribute[str], values: Iterable[str]) -> Iterator[T]:
        """The rows whose ``column`` is one of ``values``, asked for in lots that every database takes."""
        with Session(self.engine, expire_on_commit=False) as session:
            for lot in _lots(values, 500):
                yield from session.scalars(select(table).where(column.in_(lot)))

    def failing(self, source: str, kind: str, fewer_than: int) -> list[Visit]:
        """The addresses of a source whose last request failed, fewer than so many times in a row."""
        with Session(self.engine, expire_on_commit=False) as session:
            found = select(Visit).where(
                Visit.source == source, Visit.kind == kind, Visit.failures > 0, Visit.failures < fewer_than
            )
            return list(session.scalars(found))

"""Crawl state: what was seen, when, and with which validators, in any database SQLAlchemy knows.

The state is a projection of the batches: it changes only by :meth:`State.catch_up`, which applies each finished batch
of pages and of articles exactly once, in one transaction. A stage that is killed therefore leaves no trace in it, and
a lost database is rebuilt from the batches.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from wirewatch import batches
from wirewatch.records import Article, Page, PageOutcome


class _UTC(TypeDecorator[datetime]):
    """A time with its zone, on databases that forget it (SQLite) too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


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


class State:
    """The crawl state at a SQLAlchemy URL; its tables are made when they are missing."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = create_engine(url)
        if parsed.get_backend_name() == "sqlite":

            @event.listens_for(self.engine, "connect")
            def _configure(connection, _record) -> None:  # type: ignore[no-untyped-def]
                # WAL lets crawls read while another writes; the timeout makes writers queue instead of failing.
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA busy_timeout=30000")

        _Table.metadata.create_all(self.engine)

    def catch_up(self, root: str) -> None:
        """Apply the finished batches under ``root`` that were not applied yet, oldest first, each exactly once."""
        with Session(self.engine) as session:
            applied = {(done.stage, done.name) for done in session.scalars(select(Applied))}
        for stage in ("pages", "articles"):
            for batch in batches.finished(root, stage):
                if (stage, batch.name) not in applied:
                    self._apply(batch)

    def _apply(self, batch: batches.Batch) -> None:
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
            pass  # another process has applied it

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

    def visits(self, source: str) -> dict[str, Visit]:
        """What is known of the addresses of a source, by address."""
        with Session(self.engine, expire_on_commit=False) as session:
            found = session.scalars(select(Visit).where(Visit.source == source))
            return {visit.url: visit for visit in found}

    def look_up(self, urls: Iterable[str]) -> dict[str, Visit]:
        """What is known of those addresses among ``urls`` that were asked for before, by address."""
        wanted = list(urls)
        with Session(self.engine, expire_on_commit=False) as session:
            return {
                visit.url: visit
                for start in range(0, len(wanted), 500)
                for visit in session.scalars(select(Visit).where(Visit.url.in_(wanted[start : start + 500])))
            }

    def failing(self, source: str, kind: str, fewer_than: int) -> list[Visit]:
        """The addresses of a source whose last request failed, fewer than so many times in a row."""
        with Session(self.engine, expire_on_commit=False) as session:
            found = select(Visit).where(
                Visit.source == source, Visit.kind == kind, Visit.failures > 0, Visit.failures < fewer_than
            )
            return list(session.scalars(found))

    def known(self, ids: Iterable[str]) -> dict[str, Known]:
        """The last versions of the articles among ``ids`` that were extracted before, by id."""
        wanted = list(ids)
        with Session(self.engine, expire_on_commit=False) as session:
            return {
                known.id: known
                for start in range(0, len(wanted), 500)
                for known in session.scalars(select(Known).where(Known.id.in_(wanted[start : start + 500])))
            }

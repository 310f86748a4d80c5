"""Crawl state: what was seen, when, and with which validators, in any database SQLAlchemy knows.

The state is a projection of the batches: it changes only by :meth:`State.catch_up`, which applies each finished batch
of pages and of articles exactly once, in one transaction. A stage that is killed therefore leaves no trace in it, and
a lost database, or one of another version of Wirewatch, is rebuilt from the batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Date,
    DateTime,
    Dialect,
    Engine,
    Index,
    String,
    Text,
    TypeDecorator,
    create_engine,
    event,
    inspect,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, mapped_column

from wirewatch import batches
from wirewatch.errors import UserError
from wirewatch.records import EXTRACTIONS, Article, Extraction, Page, PageKind, PageOutcome

LAYOUT = 2
"""Number of the tables' layout. Raise it with every change of the tables: those of another layout are rebuilt."""

SHORTEST_INTERVAL = timedelta(minutes=10)
LONGEST_INTERVAL = timedelta(hours=24)
"""Bounds of the time between two visits to a listing: EMM's refresh time, and a night."""
REVISITS = (timedelta(hours=20), timedelta(days=6, hours=12))
"""Times after its first fetch at which an article is looked at again: 16.5 % change within a day, 19.5 % within a week
(GDELT Difference Graph). A little less than a day and a week, so that a nightly run does not miss them by a minute."""
TRUSTED = timedelta(hours=24)
"""Time for which a listing's validators are believed; then it is asked for in full once, to see whether they lie."""
GONE = ("http-404", "http-410")
"""Reasons that say that a page was removed."""


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
    first_seen: Mapped[datetime] = mapped_column(_UTC)
    asked: Mapped[datetime] = mapped_column(_UTC)
    """When it was last asked for, with success or not."""
    fetched: Mapped[datetime | None] = mapped_column(_UTC)
    """When it was last asked for with success, changed or not; None while it never was."""
    failures: Mapped[int] = mapped_column(default=0)
    """Failures in a row since then."""
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[str | None] = mapped_column(String(64))
    """Of what was fetched last in full."""
    read: Mapped[datetime | None] = mapped_column(_UTC)
    """When it was last fetched in full, not answered with 304."""
    lies: Mapped[bool] = mapped_column(default=False)
    """Whether the server once sent other content under the same validators. They are not used then."""
    interval: Mapped[int] = mapped_column(default=int(SHORTEST_INTERVAL.total_seconds()))
    """Of a listing: seconds between two visits, as often as it brings something new."""
    first_fetched: Mapped[datetime | None] = mapped_column(_UTC)
    article: Mapped[str | None] = mapped_column(String(20))
    """Id of the article that the page is of."""
    revisit: Mapped[datetime | None] = mapped_column(_UTC, index=True)
    """Of an article: when it is to be looked at again."""


class Known(_Table):
    """The version of an article that was extracted last."""

    __tablename__ = "known"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    source: Mapped[str] = mapped_column(String(255))
    version: Mapped[str] = mapped_column(String(16))
    first_seen: Mapped[datetime] = mapped_column(_UTC)
    fetched: Mapped[datetime] = mapped_column(_UTC)
    gone: Mapped[datetime | None] = mapped_column(_UTC)
    batch: Mapped[str] = mapped_column(String(255))
    """Name of the batch of articles that holds it."""
    __table_args__ = (Index("known_text", "source", "version"),)


class Asking(_Table):
    """How much a source was asked lately, and whether it wants to be left alone."""

    __tablename__ = "asking"
    source: Mapped[str] = mapped_column(String(255), primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    pages: Mapped[int] = mapped_column(default=0)
    """Pages asked for on that day (UTC)."""
    closed_until: Mapped[datetime | None] = mapped_column(_UTC)
    """The site answered 429 or 503 and named this time."""


class Applied(_Table):
    """The batches that the state has taken in."""

    __tablename__ = "applied"
    stage: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)


class Layout(_Table):
    """Which layout the tables have: one row."""

    __tablename__ = "layout"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


def _share_file(connection: Any, _record: object) -> None:
    """WAL lets crawls read while another writes; the timeout makes writers queue instead of failing."""
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA journal_mode=WAL")


def _lay_out(engine: Engine) -> None:
    """Make the tables, anew where they have another layout. Of several processes one does it, the others wait."""
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7233)")
        elif engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        tables = set(inspect(connection).get_table_names())
        if "layout" in tables and connection.scalar(select(Layout.number)) == LAYOUT:
            return
        _Table.metadata.drop_all(connection)
        _Table.metadata.create_all(connection)
        connection.execute(Layout.__table__.insert().values(number=LAYOUT))  # type: ignore[attr-defined]


class State:
    """The crawl state at a SQLAlchemy URL; its tables are made when they are missing.

    Raises:
        UserError: the database cannot be reached or used.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
            if parsed.get_backend_name() == "sqlite" and parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(parsed)
            if parsed.get_backend_name() == "sqlite":
                event.listen(self.engine, "connect", _share_file)
            _lay_out(self.engine)
        except (ArgumentError, OperationalError, ImportError, OSError) as error:
            shown = make_url(url).render_as_string() if "://" in url else url
            reason = str(getattr(error, "orig", error)).splitlines()[0]
            raise UserError(f"The crawl state cannot be kept at WIREWATCH_STATE={shown}: {reason}") from None

    def catch_up(self, root: str) -> None:
        """Apply the finished batches under ``root`` that were not applied yet, oldest first, each exactly once."""
        with Session(self.engine) as session:
            applied = {(done.stage, done.name) for done in session.scalars(select(Applied))}
        found = [batch for stage in ("articles", "pages") for batch in batches.finished(root, stage)]
        # By name, which is by time; of one name the pages first, because the articles came from them.
        for batch in sorted(found, key=lambda batch: (batch.name, batch.stage == "articles")):
            if (batch.stage, batch.name) not in applied:
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
                            _visited(session, page)
                    else:
                        for article in batch.read(Article):
                            _extracted(session, article, batch.name)
                        for extraction in batch.lines(Extraction, EXTRACTIONS):
                            _linked(session, extraction)
            except IntegrityError:
                continue  # another process has applied it, or has just added one of its rows: look again

    def _is_applied(self, batch: batches.Batch) -> bool:
        with Session(self.engine) as session:
            return session.get(Applied, (batch.stage, batch.name)) is not None

    def look_up(self, urls: Iterable[str]) -> dict[str, Visit]:
        """What is known of those addresses among ``urls`` that were asked for before, by address."""
        return {visit.url: visit for visit in self._among(Visit, Visit.url, urls)}

    def known(self, ids: Iterable[str]) -> dict[str, Known]:
        """The last versions of the articles among ``ids`` that were extracted before, by id."""
        return {known.id: known for known in self._among(Known, Known.id, ids)}

    def asking(self, sources: Iterable[str]) -> dict[str, Asking]:
        """How much the sources among ``sources`` were asked lately, by source."""
        return {asking.source: asking for asking in self._among(Asking, Asking.source, sources)}

    def _among(self, table: type[T], column: InstrumentedAttribute[str], values: Iterable[str]) -> Iterator[T]:
        """The rows whose ``column`` is one of ``values``, asked for in lots that every database takes."""
        with Session(self.engine, expire_on_commit=False) as session:
            for lot in _lots(values, 500):
                yield from session.scalars(select(table).where(column.in_(lot)))

    def same_text(self, source: str, version: str) -> Known | None:
        """The article of a source that has exactly this text, the one seen first where there are several."""
        with Session(self.engine, expire_on_commit=False) as session:
            same = select(Known).where(Known.source == source, Known.version == version)
            return session.scalars(same.order_by(Known.first_seen, Known.id)).first()

    def failing(self, source: str, kind: str, fewer_than: int) -> list[Visit]:
        """The addresses of a source whose last request failed, fewer than so many times in a row."""
        with Session(self.engine, expire_on_commit=False) as session:
            found = select(Visit).where(
                Visit.source == source, Visit.kind == kind, Visit.failures > 0, Visit.failures < fewer_than
            )
            return list(session.scalars(found))

    def revisits(self, source: str, moment: datetime, most: int) -> list[Visit]:
        """The articles of a source that are to be looked at again by then, the longest due first, at most so many."""
        with Session(self.engine, expire_on_commit=False) as session:
            due = select(Visit).where(Visit.source == source, Visit.revisit <= moment, Visit.failures == 0)
            return list(session.scalars(due.order_by(Visit.revisit, Visit.url).limit(most)))


def _visited(session: Session, page: Page) -> None:
    """Take in what became of a request."""
    _count(session, page)
    visit = session.get(Visit, page.url)
    if visit is None:
        visit = Visit(url=page.url, source=page.source.id, kind=page.kind, first_seen=page.fetched, failures=0)
        visit.interval, visit.lies = int(SHORTEST_INTERVAL.total_seconds()), False
        session.add(visit)
    visit.asked = page.fetched
    if page.kind is PageKind.LISTING:
        visit.interval = _next_interval(visit.interval, page)
    if page.outcome is PageOutcome.FAILED:
        if page.reason in GONE:
            visit.revisit = None
        # A site that asks for patience is not failing.
        visit.failures = max(visit.failures, 1) if page.retry_after else visit.failures + 1
        return
    visit.fetched, visit.failures = page.fetched, 0
    if page.outcome is PageOutcome.FETCHED or page.digest is not None:
        same_validators = (page.etag, page.last_modified) == (visit.etag, visit.last_modified) != (None, None)
        if page.kind is PageKind.LISTING and None not in (visit.digest, page.digest):
            visit.lies = visit.lies or (same_validators and page.digest != visit.digest)
        visit.etag, visit.last_modified = page.etag, page.last_modified
        visit.digest, visit.read = page.digest, page.fetched
    if page.kind is PageKind.ARTICLE:
        visit.first_fetched = first = visit.first_fetched or page.fetched
        visit.revisit = next((first + after for after in REVISITS if first + after > page.fetched), None)


def _count(session: Session, page: Page) -> None:
    today = page.fetched.date()
    asking = session.get(Asking, page.source.id)
    if asking is None:
        asking = Asking(source=page.source.id, day=today, pages=0)
        session.add(asking)
    if asking.day != today:
        asking.day, asking.pages = today, 0
    asking.pages += 1
    if page.retry_after:
        asking.closed_until = max(page.retry_after, asking.closed_until or page.retry_after)


def _next_interval(seconds: int, page: Page) -> int:
    """Half the time after a visit that brought something new, half as much again after one that did not."""
    factor = 0.5 if page.new else 1.5
    if page.new and page.new == page.entries:
        factor = 0.0  # nothing is left of what was there the last time: some of it may have been missed
    shortest, longest = SHORTEST_INTERVAL.total_seconds(), LONGEST_INTERVAL.total_seconds()
    return int(min(max(seconds * factor, shortest), longest))


def _extracted(session: Session, article: Article, batch: str) -> None:
    """Take in an article; one that was fetched earlier than the one that is known changes nothing."""
    known = session.get(Known, article.id)
    if known is None:
        known = Known(id=article.id, first_seen=article.first_seen)
        session.add(known)
    elif article.fetched < known.fetched:
        return
    known.source, known.version, known.batch = article.source.id, article.version, batch
    known.fetched, known.gone = article.fetched, article.gone


def _linked(session: Session, extraction: Extraction) -> None:
    """Take in which article a page is of."""
    visit = session.get(Visit, extraction.url)
    if visit is None:
        return
    if extraction.article:
        visit.article = extraction.article
    if extraction.outcome in ("duplicate", "failed", "gone"):
        # One address of an article is enough to look at again, and what was no article once hardly becomes one.
        visit.revisit = None

"""Crawl state: what was seen, when, and with which validators, in any database SQLAlchemy knows.

The state is a projection of the batches: it changes only by :meth:`State.catch_up`, which applies each finished batch
of pages and of articles exactly once, in one transaction. A stage that is killed therefore leaves no trace in it, and
a lost database, or one of another version of Wirewatch, is rebuilt from the batches. What :meth:`State.forget` takes
out of it comes back then, until it is called again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Date,
    Index,
    Select,
    String,
    Text,
    delete,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, mapped_column

from wirewatch import batches, settled
from wirewatch.database import LOT, SentText, UTCTime, alone, connect, lay_out, lots
from wirewatch.records import (
    BLOCKS,
    EXTRACTIONS,
    HABITS,
    POSTPONED,
    Article,
    Blocks,
    Extraction,
    Habit,
    Page,
    PageKind,
    PageOutcome,
    Postponed,
)

LAYOUT = 6
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
RECENT = 100
"""Articles of a source whose blocks are remembered, the latest."""
HABITS_KEPT = timedelta(days=60)
"""Time for which a block is remembered that was taken out of articles, and that no page has had since."""
ROBOTS_UNAVAILABLE = "robots-unavailable"
"""The reason of a page that was not asked for because its host's robots.txt could not be had."""
SETTLED = "settled"
"""Stands for a stage in :class:`Applied`."""


def _key(url: str) -> str:
    """The key of an address, which itself may be longer than PostgreSQL's indexes take (2,704 bytes)."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]


class _Table(DeclarativeBase):
    pass


class Visit(_Table):
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
    failures: Mapped[int] = mapped_column(default=0)
    """Failures in a row since then."""
    etag: Mapped[str | None] = mapped_column(SentText)
    last_modified: Mapped[str | None] = mapped_column(SentText)
    digest: Mapped[str | None] = mapped_column(Text)
    """Of what was fetched last in full."""
    read: Mapped[datetime | None] = mapped_column(UTCTime)
    """When it was last fetched in full, not answered with 304."""
    lies: Mapped[bool] = mapped_column(default=False)
    """Whether the server once sent other content under the same validators. They are not used then."""
    interval: Mapped[int] = mapped_column(default=int(SHORTEST_INTERVAL.total_seconds()))
    """Of a listing: seconds between two visits, as often as it brings something new."""
    first_fetched: Mapped[datetime | None] = mapped_column(UTCTime)
    article: Mapped[str | None] = mapped_column(String(20))
    """Id of the article that the page is of."""
    extracted: Mapped[str | None] = mapped_column(String(255))
    """Name of the batch of articles that said so."""
    spare: Mapped[bool] = mapped_column(default=False)
    """Whether it is a second address of its article, or the article is gone: it is not looked at again."""
    revisit: Mapped[datetime | None] = mapped_column(UTCTime)
    """Of an article's page: when it is to be looked at again, unless it is spare."""


Index("visits_failing", Visit.source, Visit.kind, Visit.failures)
Index("visits_article", Visit.article)
# Most addresses are past their last revisit.
_HAS_REVISIT = Visit.revisit.is_not(None)
Index("visits_due", Visit.source, Visit.revisit, sqlite_where=_HAS_REVISIT, postgresql_where=_HAS_REVISIT)


class Past(_Table):
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


class Waiting(_Table):
    """An article that was listed, and never asked for."""

    __tablename__ = "waiting"
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    url: Mapped[str] = mapped_column(SentText)
    source: Mapped[str] = mapped_column(String(255), index=True)
    since: Mapped[datetime] = mapped_column(UTCTime)
    hint: Mapped[str] = mapped_column(SentText)
    """A :class:`wirewatch.records.Hint` as JSON."""


class Known(_Table):
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


class Recent(_Table):
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


class Dropped(_Table):
    """A block that was taken out of articles of a source: see :class:`wirewatch.records.Habit`."""

    __tablename__ = "dropped"
    source: Mapped[str] = mapped_column(String(255), primary_key=True)
    block: Mapped[str] = mapped_column(String(16), primary_key=True)
    text: Mapped[str] = mapped_column(SentText)
    at: Mapped[datetime] = mapped_column(UTCTime)


class Asking(_Table):
    """How much a source was asked lately, and whether it wants to be left alone."""

    __tablename__ = "asking"
    source: Mapped[str] = mapped_column(String(255), primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    pages: Mapped[int] = mapped_column(default=0)
    """Pages asked for on that day (UTC)."""
    closed_until: Mapped[datetime | None] = mapped_column(UTCTime)
    """The site answered 429 or 503 and named this time."""


class Applied(_Table):
    """The batches that the state has taken in; and, as of the stage :data:`SETTLED`, those notes of
    :mod:`wirewatch.settled` of whose settled days it had all batches after a look at everything.
    """

    __tablename__ = "applied"
    stage: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)


class Layout(_Table):
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


class State:
    """The crawl state at a SQLAlchemy URL; its tables are made when they are missing.

    Every method raises :class:`UserError` where the database cannot be reached or used.
    """

    def __init__(self, url: str) -> None:
        self.engine = connect(url)
        lay_out(self.engine, _Table.metadata, Layout.__tablename__, LAYOUT)

    def catch_up(self, root: str) -> None:
        """Apply the finished batches under ``root`` that were not applied yet, oldest first, each exactly once.

        Whenever the batches of articles are finished, the state is the one that is rebuilt from all batches. Only where
        two runs asked for the same address and the first to begin was the last to end, an older answer that comes after
        a newer one changes nothing but the number of pages of its day.
        """
        note = settled.note(root)
        with Session(self.engine) as session:
            is_known = session.get(Applied, (SETTLED, note)) is not None
            since = settled.since(note) if is_known else ""
            of_these_days = select(Applied.name).where(Applied.name >= since)
            # The articles come first: what is listed of them after that has its pages listed too.
            applied = {
                stage: set(session.scalars(of_these_days.where(Applied.stage == stage)))
                for stage in ("articles", "pages")
            }
        found = [
            batch for stage, names in applied.items() for batch in batches.finished(root, stage, but=names, since=since)
        ]
        # By name, which is by time; of one name the pages first, because the articles came from them.
        for batch in sorted(found, key=lambda batch: (batch.name, batch.stage == "articles")):
            self._apply(batch)
        if note and not is_known:
            with alone(self.engine) as connection, Session(connection) as session:
                session.merge(Applied(stage=SETTLED, name=note))
                session.flush()

    def _apply(self, batch: batches.Batch) -> None:
        with alone(self.engine) as connection, Session(connection) as session:
            if session.get(Applied, (batch.stage, batch.name)):
                return  # another process was faster
            session.add(Applied(stage=batch.stage, name=batch.name))
            if batch.stage == "pages":
                for pages in lots(batch.read(Page)):
                    _visited(session, pages)
                for postponed in lots(batch.lines(Postponed, POSTPONED)):
                    _postponed(session, postponed)
            else:
                for articles in lots(batch.read(Article)):
                    _extracted(session, articles, batch.name)
                for extractions in lots(batch.lines(Extraction, EXTRACTIONS)):
                    _linked(session, extractions, batch.name)
                for blocks in lots(batch.lines(Blocks, BLOCKS)):
                    _remembered(session, blocks, batch.name)
                for habits in lots(batch.lines(Habit, HABITS)):
                    _dropped(session, habits)
            session.flush()

    def look_up(self, urls: Iterable[str]) -> dict[str, Visit]:
        """What is known of those addresses among ``urls`` that were asked for before, by address."""
        asked = {_key(url): url for url in urls}
        with Session(self.engine) as session:
            visits = _rows(session, Visit, Visit.key, asked)
            past = _rows(session, Past, Past.key, asked.keys() - visits)
            visits |= {key: row.visit(asked[key]) for key, row in past.items()}
            return {asked[key]: visit for key, visit in visits.items()}

    def known(self, ids: Iterable[str]) -> dict[str, Known]:
        """The last versions of the articles among ``ids`` that were extracted before, by id."""
        with Session(self.engine) as session:
            return _rows(session, Known, Known.id, ids)

    def ids(self, beginning: str, most: int) -> list[str]:
        """Ids of articles that begin so, at most so many."""
        with Session(self.engine) as session:
            found = select(Known.id).where(Known.id.startswith(beginning, autoescape=True))
            return list(session.scalars(found.order_by(Known.id).limit(most)))

    def asking(self, sources: Iterable[str]) -> dict[str, Asking]:
        """How much the sources among ``sources`` were asked lately, by source."""
        with Session(self.engine) as session:
            return _rows(session, Asking, Asking.source, sources)

    def same_text(self, source: str, version: str) -> Known | None:
        """The article of a source that has exactly this text, the one seen first where there are several."""
        with Session(self.engine) as session:
            same = select(Known).where(Known.source == source, Known.version == version)
            return session.scalars(same.order_by(Known.first_seen, Known.id)).first()

    def articles(self, source: str) -> int:
        """How many articles of a source were extracted."""
        with Session(self.engine) as session:
            return session.scalar(select(func.count()).select_from(Known).where(Known.source == source)) or 0

    def recent(self, source: str) -> list[tuple[str, str, str]]:
        """Id, title and blocks (hashes with spaces between) of the latest articles of a source, the latest first."""
        with Session(self.engine) as session:
            found = session.execute(_latest(source).with_only_columns(Recent.article, Recent.title, Recent.blocks))
            return [(article, title, blocks) for article, title, blocks in found]

    def dropped(self, source: str) -> list[Dropped]:
        """The blocks that were lately taken out of articles of a source, those of the latest pages first."""
        with Session(self.engine) as session:
            found = select(Dropped).where(Dropped.source == source)
            return list(session.scalars(found.order_by(Dropped.at.desc(), Dropped.block)))

    def addresses(self, source: str, article: str) -> list[Visit]:
        """The addresses of a source that are known to show an article."""
        with Session(self.engine) as session:
            found = select(Visit).where(Visit.source == source, Visit.article == article)
            return list(session.scalars(found.order_by(Visit.first_seen, Visit.url)))

    def failing(self, source: str, kind: str, fewer_than: int) -> list[Visit]:
        """The addresses of a source whose last request failed, fewer than so many times in a row."""
        with Session(self.engine) as session:
            found = select(Visit).where(
                Visit.source == source, Visit.kind == kind, Visit.failures > 0, Visit.failures < fewer_than
            )
            return list(session.scalars(found))

    def waiting(self, source: str, most: int) -> list[Waiting]:
        """The articles of a source that were listed and never asked for, the latest first, at most so many."""
        with Session(self.engine) as session:
            found = select(Waiting).where(Waiting.source == source)
            return list(session.scalars(found.order_by(Waiting.since.desc(), Waiting.url).limit(most)))

    def listed(self, urls: Iterable[str]) -> Waiting | None:
        """An article at one of these addresses that was listed and never asked for."""
        with Session(self.engine) as session:
            return next(iter(_rows(session, Waiting, Waiting.key, map(_key, urls)).values()), None)

    def revisits(self, source: str, moment: datetime, most: int) -> list[Visit]:
        """The articles of a source that are to be looked at again by then, the longest due first, at most so many."""
        with Session(self.engine) as session:
            due = select(Visit).where(Visit.source == source, *_due_again(moment))
            return list(session.scalars(due.order_by(Visit.revisit, Visit.url).limit(most)))

    def forget(self, before: datetime, *, dry_run: bool = False) -> Counter[str]:
        """Forget most of what is known of addresses that were last asked for before a moment. Of articles is kept that
        they were had (:class:`Past`), so that they are not taken for new where they are still listed. What has waited
        since then to be asked for, and how much was asked of sources that are not asked any more, is forgotten.

        Returns:
            How many ``addresses``, ``waiting`` articles and ``sources`` were forgotten, or would be.
        """
        had = (Visit.kind != PageKind.LISTING.value) & (Visit.failures == 0)
        asked: tuple[tuple[str, Any, Any], ...] = (
            ("addresses", Visit, Visit.asked < before),
            ("waiting", Waiting, Waiting.since < before),
            ("sources", Asking, Asking.day < before.date()),
        )
        counts: Counter[str] = Counter()
        for what, table, past in asked:
            (key,) = inspect(table).primary_key
            with Session(self.engine) as session:
                keys = session.scalars(select(key).where(past).execution_options(yield_per=LOT))
                for lot in lots(keys):
                    counts[what] += len(lot)
                    if dry_run:
                        continue
                    with alone(self.engine) as connection:
                        these = past & key.in_(lot)
                        if table is Visit:
                            kept = select(Visit.key, Visit.asked).where(these, had)
                            connection.execute(insert(Past).from_select(["key", "asked"], kept))
                        connection.execute(delete(table).where(these))
        return counts

    def revisited(self, moment: datetime) -> set[str]:
        """The sources with articles that are to be looked at again by then."""
        with Session(self.engine) as session:
            return set(session.scalars(select(Visit.source).where(*_due_again(moment)).distinct()))


T = TypeVar("T")


def _due_again(moment: datetime) -> list[ColumnElement[bool]]:
    # What was no article the first time hardly becomes one.
    return [Visit.revisit <= moment, Visit.failures == 0, Visit.article.is_not(None), ~Visit.spare]


def _rows(session: Session, table: type[T], key: InstrumentedAttribute[str], values: Iterable[str]) -> dict[str, T]:
    """The rows whose key is one of ``values``, by key."""
    found = (row for lot in lots(values) for row in session.scalars(select(table).where(key.in_(lot))))
    return {getattr(row, key.key): row for row in found}


def _visited(session: Session, pages: list[Page]) -> None:
    """Take in what became of requests."""
    visits = _rows(session, Visit, Visit.key, {_key(page.url) for page in pages})
    askings = _rows(session, Asking, Asking.source, {page.source.id for page in pages})
    for page in pages:
        if (asking := askings.get(page.source.id)) is None:
            asking = askings[page.source.id] = Asking(source=page.source.id, day=page.fetched.date(), pages=0)
            session.add(asking)
        _count(asking, page)
        if (visit := visits.get(_key(page.url))) is None:
            visit = visits[_key(page.url)] = _first_visit(page)
            session.add(visit)
        if page.fetched >= visit.asked:  # not of a run that finished late
            _visit(visit, page)
    for table in (Waiting, Past):
        session.execute(delete(table).where(table.key.in_(visits)))


def _postponed(session: Session, articles: list[Postponed]) -> None:
    """Take in articles that were not asked for."""
    keys = {_key(article.url) for article in articles}
    known = {key for table in (Visit, Past, Waiting) for key in _rows(session, table, table.key, keys)}
    for article in {_key(article.url): article for article in articles if _key(article.url) not in known}.values():
        hint = article.hint.model_dump_json(exclude_none=True)
        session.add(Waiting(key=_key(article.url), url=article.url, source=article.source, since=article.at, hint=hint))


def _first_visit(page: Page) -> Visit:
    return Visit(
        key=_key(page.url),
        url=page.url,
        source=page.source.id,
        kind=page.kind,
        first_seen=page.fetched,
        asked=page.fetched,
        failures=0,
        lies=False,
        spare=False,
        interval=int(SHORTEST_INTERVAL.total_seconds()),
    )


def _visit(visit: Visit, page: Page) -> None:
    visit.asked = page.fetched
    if page.kind is PageKind.LISTING:
        visit.interval = _next_interval(visit.interval, page)
    if page.outcome is PageOutcome.FAILED:
        if page.reason in GONE:
            visit.revisit = None
        # A site that asks for patience is not failing, nor is a page that was not asked for.
        is_spared = page.retry_after or page.reason == ROBOTS_UNAVAILABLE
        visit.failures = max(visit.failures, 1) if is_spared else visit.failures + 1
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


def _count(asking: Asking, page: Page) -> None:
    today = page.fetched.date()
    if today > asking.day:
        asking.day, asking.pages = today, 0
    if today == asking.day:
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


def _extracted(session: Session, articles: list[Article], batch: str) -> None:
    """Take in articles; one that was fetched earlier than the one that is known changes nothing but when it was seen.

    Of two made of the same page the one of the later batch counts: the later is a replay.
    """
    rows = _rows(session, Known, Known.id, {article.id for article in articles})
    for article in articles:
        if (known := rows.get(article.id)) is None:
            known = rows[article.id] = Known(id=article.id, first_seen=article.first_seen)
            session.add(known)
            known.fetched, known.batch = article.fetched, ""
        known.first_seen = min(known.first_seen, article.first_seen)
        if (article.fetched, batch) >= (known.fetched, known.batch):
            known.source, known.version, known.batch = article.source.id, article.version, batch
            known.fetched, known.gone = article.fetched, article.gone


def _linked(session: Session, extractions: list[Extraction], batch: str) -> None:
    """Take in which articles pages are of, as the latest batch says."""
    visits = _rows(session, Visit, Visit.key, {_key(extraction.url) for extraction in extractions})
    for extraction in extractions:
        visit = visits.get(_key(extraction.url))
        if visit and extraction.article and batch >= (visit.extracted or ""):
            visit.extracted, visit.article = batch, extraction.article
            # One address of an article is enough to look at again.
            visit.spare = extraction.outcome in ("duplicate", "gone")


def _remembered(session: Session, articles: list[Blocks], batch: str) -> None:
    """Take in the blocks of articles as the latest batch says, and forget those of the earliest articles."""
    rows = _rows(session, Recent, Recent.article, {article.article for article in articles})
    for article in articles:
        if (row := rows.get(article.article)) is None:
            row = rows[article.article] = Recent(article=article.article, batch="")
            session.add(row)
        if batch >= row.batch:
            row.source, row.first_seen, row.batch = article.source, article.first_seen, batch
            row.title, row.blocks = article.title, " ".join(article.blocks)
    session.flush()
    for source in {article.source for article in articles}:
        for old in session.scalars(_latest(source).offset(RECENT)):
            session.delete(old)


def _latest(source: str) -> Select[Any]:
    return select(Recent).where(Recent.source == source).order_by(Recent.first_seen.desc(), Recent.article)


def _dropped(session: Session, habits: list[Habit]) -> None:
    """Take in which blocks were taken out, and forget those that no page has had for long."""
    sources = {habit.source for habit in habits}
    found = select(Dropped).where(Dropped.source.in_(sources))
    rows = {(row.source, row.block): row for row in session.scalars(found)}
    for habit in habits:
        if (row := rows.get((habit.source, habit.block))) is None:
            row = rows[habit.source, habit.block] = Dropped(
                source=habit.source, block=habit.block, text="", at=habit.at
            )
            session.add(row)
        if (habit.at, habit.text) >= (row.at, row.text):
            row.at, row.text = habit.at, habit.text
    session.flush()
    long_ago = max(habit.at for habit in habits) - HABITS_KEPT
    session.execute(delete(Dropped).where(Dropped.source.in_(sources), Dropped.at < long_ago))

"""What enrichment remembers from batch to batch: the stories and people in the news, the mean vector of each language.

Like the crawl state it is a projection of the finished batches: :meth:`Memory.alone` applies those of the stage
``enriched`` that it has not seen yet, oldest first, each exactly once, and lets one process at a time tell the stories
of a new batch. That batch is remembered when it is finished, and not before: a task that is killed leaves no trace, and
a memory that is lost is rebuilt from the batches.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import JSON, LargeBinary, Row, String, delete, func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from enrichment.embedding import DIMENSIONS
from enrichment.entities import is_surname
from enrichment.learned import Named, People, Person, in_order, surname_key
from enrichment.stories import WINDOW, Facts, Languages, Remembered, Stories, Told, room, units
from wirewatch import batches, settled
from wirewatch.batches import RECORDS, Batch
from wirewatch.database import SentText, UTCTime, alone, connect, lay_out, lots
from wirewatch.errors import Unavailable, UserError
from wirewatch.records import STORIES, EnrichedArticle, Story, merged, now

log = logging.getLogger(__name__)

LAYOUT = 3
"""Number of the tables' layout. Raise it with every change of them, and of what they hold: they are rebuilt then."""
KEPT = timedelta(days=60)
"""Time for which a story or a person is remembered after the last article."""
LOADED = 500
"""Stories of which the vectors are read at once. With 5,000 it takes half as long again: their memory (here .8 MB) is
given back and taken anew each time.
"""


class _Table(DeclarativeBase):
    pass


class _Story(_Table):
    """A story: see :class:`enrichment.stories.Told`."""

    __tablename__ = "stories"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    title: Mapped[str] = mapped_column(SentText)
    nearest: Mapped[float]
    articles: Mapped[int]
    first_seen: Mapped[datetime] = mapped_column(UTCTime)
    last_seen: Mapped[datetime] = mapped_column(UTCTime)
    begun: Mapped[datetime] = mapped_column(UTCTime)
    ended: Mapped[datetime] = mapped_column(UTCTime, index=True)
    centre: Mapped[bytes] = mapped_column(LargeBinary)
    counts: Mapped[dict[str, dict[str, int]]] = mapped_column(JSON)
    """Of its articles: countries, names, languages, sources."""
    names: Mapped[str] = mapped_column(SentText)
    """The names once more, one a line: what of all stories is read for each batch."""


class _Member(_Table):
    """The story of an article."""

    __tablename__ = "story_articles"
    article: Mapped[str] = mapped_column(String(20), primary_key=True)
    story: Mapped[str] = mapped_column(String(20), index=True)


class _Person(_Table):
    """A learned person: see :class:`enrichment.learned.Person`."""

    __tablename__ = "learned_people"
    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    surname: Mapped[str] = mapped_column(String(255), index=True)
    """How it sounds."""
    seen: Mapped[datetime] = mapped_column(UTCTime)
    counts: Mapped[dict[str, dict[str, int]]] = mapped_column(JSON)
    """Of the articles: spellings, countries."""


class _Language(_Table):
    """The sum of the vectors of a language's articles."""

    __tablename__ = "language_means"
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    articles: Mapped[int]
    sum: Mapped[bytes] = mapped_column(LargeBinary)


class _Applied(_Table):
    """The batches that the memory has taken in; and those notes of :mod:`wirewatch.settled` of whose settled days it
    had all batches after a look at everything.
    """

    __tablename__ = "stories_applied"
    name: Mapped[str] = mapped_column(String(255), primary_key=True)


class _Layout(_Table):
    __tablename__ = "stories_layout"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


_COUNTED = ("countries", "names", "languages", "sources")


class Memory:
    """The memory at a SQLAlchemy URL; its tables are made when they are missing.

    Every method raises :class:`UserError` where the database cannot be reached or used.
    """

    def __init__(self, url: str) -> None:
        self.engine = connect(url)
        lay_out(self.engine, _Table.metadata, _Layout.__tablename__, LAYOUT)

    @contextmanager
    def alone(self, root: str) -> Iterator[Session]:
        """The memory of all batches finished under ``root``, while no other process tells stories."""
        with alone(self.engine) as connection, Session(connection) as session:
            note = settled.note(root)
            is_known = session.get(_Applied, note) is not None
            since = settled.since(note) if is_known else ""
            applied = set(session.scalars(select(_Applied.name).where(_Applied.name >= since)))
            found = batches.finished(root, "enriched", but=applied, since=since)
            whole = [batch for batch in found if _take_in(session, batch)]
            if note and not is_known and whole == found:  # else what is damaged would not be looked for again
                session.add(_Applied(name=note))
            session.flush()
            yield session


def tell(session: Session, facts: list[Facts]) -> tuple[dict[str, str], list[Story]]:
    """The story of each article of a new batch, by article, and the stories that changed by it.

    The session is one of :meth:`Memory.alone`; nothing of this is remembered before the batch is finished.
    """
    stories = _in_the_news(session, facts)
    found = stories.assign(facts, _known(session, facts))
    return found, stories.records()


def recognise(session: Session, named: list[Named]) -> dict[str, dict[str, Person]]:
    """Whom each article (id) of a new batch means by its own ids of learned people. The session is one of
    :meth:`Memory.alone`.
    """
    return people(session, named).recognise(named)


def people(session: Session, named: Iterable[Named]) -> People:
    """The learned people whom articles may mean. The session is one of :meth:`Memory.alone`."""
    surnames = dict.fromkeys(surname_key(entity.id) for one in named for entity in one.people)
    rows = (row for lot in lots(surnames) for row in session.scalars(select(_Person).where(_Person.surname.in_(lot))))
    return People(
        Person(row.id, row.seen, Counter(row.counts["spellings"]), Counter(row.counts["countries"]))
        for row in sorted(rows, key=lambda row: row.id)
    )


def _apply_people(session: Session, named: list[Named], replay: bool) -> None:
    """Remember the learned people of a finished batch: of a replay, whose articles were counted before, new ones
    only.
    """
    known = people(session, named)
    counted = frozenset(known.by_id) if replay else frozenset()
    changed = {
        known.add(entity.id, entity, one).id
        for one in sorted(named, key=in_order)
        for entity in one.people
        if not is_surname(entity.id) and entity.id not in counted
    }
    for person in (known.by_id[id] for id in changed):
        counts = {"spellings": dict(person.spellings), "countries": dict(person.countries)}
        session.merge(_Person(id=person.id, surname=surname_key(person.id), seen=person.seen, counts=counts))
    session.execute(delete(_Person).where(_Person.seen < now() - KEPT))


@dataclass(frozen=True)
class Recalled:
    """What is remembered of the story of an article, and of the others that are in the news."""

    stories: Stories
    own: Told | None
    """None if it is forgotten, or not in the news."""
    members: list[str]
    """Ids of its articles."""
    near: list[tuple[float, Told]]
    """The stories that it is nearest to, the nearest first."""


def recall(session: Session, facts: Facts) -> Recalled:
    """The stories that an article may belong to. The session is one of :meth:`Memory.alone`."""
    story = session.scalar(select(_Member.story).where(_Member.article == facts.article))
    members = session.scalars(select(_Member.article).where(_Member.story == story).order_by(_Member.article))
    stories = _in_the_news(session, [facts])
    near = [(nearness, stories.told(id)) for nearness, id in sorted(stories.near(facts), reverse=True)]
    return Recalled(stories, stories.told(story) if story and story in stories else None, list(members), near)


def _known(session: Session, facts: Iterable[Facts]) -> dict[str, str]:
    ids = (one.article for one in facts)
    rows = (row for lot in lots(ids) for row in session.execute(select(_Member).where(_Member.article.in_(lot))))
    return {row.article: row.story for (row,) in rows}


def _in_the_news(session: Session, facts: list[Facts]) -> Stories:
    """The stories that articles of these times may belong to."""
    if not facts:
        return Stories()
    begun, ended = min(one.at for one in facts) - WINDOW, max(one.at for one in facts) + WINDOW
    table = _Story.__table__.c  # rows without objects, which would take most of the time
    in_time = table.ended >= begun, table.begun <= ended
    count = session.scalar(select(func.count()).where(*in_time)) or 0
    ids, centres, common = list[str](), room(count), Counter[str]()
    found = session.execute(select(table.id, table.centre, table.names).where(*in_time))
    for rows in found.yield_per(LOADED).partitions():
        some, sums, names = zip(*rows, strict=True)
        vectors = np.frombuffer(b"".join(sums), dtype=np.float32).reshape(len(rows), DIMENSIONS)
        centres[len(ids) : len(ids) + len(rows)] = units(vectors)
        ids += some
        common.update("\n".join(names).split("\n"))
    return Stories(Remembered(ids, centres, common, partial(_look_up, session)), _languages(session))


def _look_up(session: Session, ids: Iterable[str]) -> Iterator[Told]:
    for lot in lots(ids):
        for row in session.execute(select(_Story.__table__).where(_Story.id.in_(lot))):
            yield _told(row)


def _languages(session: Session) -> Languages:
    languages = Languages()
    for row in session.scalars(select(_Language)):
        languages.sums[row.language] = np.frombuffer(row.sum, dtype=np.float64)
        languages.counts[row.language] = row.articles
    return languages


def _told(row: Row[Any]) -> Told:
    return Told(
        id=row.id,
        title=row.title,
        nearest=row.nearest,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        begun=row.begun,
        ended=row.ended,
        centre=np.frombuffer(row.centre, dtype=np.float32),
        articles=row.articles,
        countries=Counter(row.counts["countries"]),
        names=Counter(row.counts["names"]),
        languages=Counter(row.counts["languages"]),
        sources=Counter(row.counts["sources"]),
    )


def _row(story: Told) -> _Story:
    return _Story(
        id=story.id,
        title=story.title,
        nearest=story.nearest,
        articles=story.articles,
        first_seen=story.first_seen,
        last_seen=story.last_seen,
        begun=story.begun,
        ended=story.ended,
        centre=np.asarray(story.centre, dtype=np.float32).tobytes(),
        counts={name: dict(getattr(story, name)) for name in _COUNTED},
        names="\n".join(story.names),
    )


def _take_in(session: Session, batch: Batch) -> bool:
    """Remember a finished batch, unless it is damaged; whether that was done. It is tried again the next time."""
    try:
        with session.begin_nested():
            _apply(session, batch)
    except Unavailable:
        raise
    except UserError as error:
        log.error("%s Its stories and people are not remembered until then.", error)
        return False
    return True


def _apply(session: Session, batch: Batch) -> None:
    """Remember a finished batch: tell its stories once more, as its articles and its merges say they were told."""
    session.add(_Applied(name=batch.name))
    if RECORDS in batch.manifest().removed:
        log.warning("%s is kept no longer: its stories and people are not remembered.", batch.url)
        return
    articles, named = [], []
    for article in batch.read(EnrichedArticle):
        articles.append((Facts.of(article), article.story_id))
        named.append(Named.of(article))
    articles.sort(key=lambda told: in_order(told[0]))
    _apply_people(session, named, batch.is_replay)
    facts = [one for one, story in articles if story]
    into = merged(batch.lines(Story, STORIES))
    # Which story is the nearest was decided when it was told: no others than its own are read.
    told = {story for _, story in articles if story} | into.keys() | set(into.values())
    stories = Stories(Remembered.of(_look_up(session, told)), _languages(session))
    known = _known(session, facts)
    stories.languages.add(one for one in facts if one.article not in known)
    for one, story in articles:
        if story and one.article not in known:
            stories.join(one, story)
            session.merge(_Member(article=one.article, story=story))
    for younger, older in into.items():
        stories.merge(older, younger)
        session.execute(update(_Member).where(_Member.story == younger).values(story=older))
        session.execute(delete(_Story).where(_Story.id == younger))
    for id in stories.changed - into.keys():
        session.merge(_row(stories.told(id)))
    for language, count in stories.languages.counts.items():
        whole = np.asarray(stories.languages.sums[language], dtype=np.float64)
        session.merge(_Language(language=language, articles=count, sum=whole.tobytes()))
    session.execute(delete(_Story).where(_Story.ended < now() - KEPT, _Story.last_seen < now() - KEPT))
    session.flush()

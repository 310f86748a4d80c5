"""How a finished batch changes the crawl state: what each record of it means for what is remembered.

A batch may be taken in long after younger ones. Of two answers the later counts, whichever came first: so a state that
grew batch by batch is the one that is rebuilt of all of them.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wirewatch.batches import Batch
from wirewatch.database import lots
from wirewatch.records import (
    BLOCKS,
    EXTRACTIONS,
    GONE,
    HABITS,
    POSTPONED,
    ROBOTS_UNAVAILABLE,
    Article,
    Blocks,
    Extraction,
    Habit,
    Page,
    PageKind,
    PageOutcome,
    Postponed,
)
from wirewatch.state_tables import Asking, Dropped, Known, Past, Recent, Visit, Waiting, key_of, rows_of

SHORTEST_INTERVAL = timedelta(minutes=10)
LONGEST_INTERVAL = timedelta(hours=24)
"""Bounds of the time between two visits to a listing: EMM's refresh time, and a night."""
REVISITS = (timedelta(hours=20), timedelta(days=6, hours=12))
"""Times after its first fetch at which an article is looked at again: 16.5 % change within a day, 19.5 % within a week
(GDELT Difference Graph). A little less than a day and a week, so that a nightly run does not miss them by a minute."""
RECENT = 100
"""Articles of a source whose blocks are remembered, the latest."""
HABITS_KEPT = timedelta(days=60)
"""Time for which a block is remembered that was taken out of articles, and that no page has had since."""


def take_in(session: Session, batch: Batch) -> None:
    """Take in a batch of pages or of articles."""
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


def _visited(session: Session, pages: list[Page]) -> None:
    """Take in what became of requests."""
    visits = rows_of(session, Visit, Visit.key, {key_of(page.url) for page in pages})
    askings = rows_of(session, Asking, Asking.source, {page.source.id for page in pages})
    for page in pages:
        if (asking := askings.get(page.source.id)) is None:
            asking = askings[page.source.id] = Asking(source=page.source.id, day=page.fetched.date(), pages=0)
            session.add(asking)
        _count(asking, page)
        if (visit := visits.get(key_of(page.url))) is None:
            visit = visits[key_of(page.url)] = _first_visit(page)
            session.add(visit)
        if page.fetched >= visit.asked:  # not of a run that finished late
            _visit(visit, page)
    for table in (Waiting, Past):
        session.execute(delete(table).where(table.key.in_(visits)))


def _postponed(session: Session, articles: list[Postponed]) -> None:
    """Take in articles that were not asked for."""
    keys = {key_of(article.url) for article in articles}
    known = {key for table in (Visit, Past, Waiting) for key in rows_of(session, table, table.key, keys)}
    for article in {key_of(article.url): article for article in articles if key_of(article.url) not in known}.values():
        hint = article.hint.model_dump_json(exclude_none=True)
        session.add(
            Waiting(key=key_of(article.url), url=article.url, source=article.source, since=article.at, hint=hint)
        )


def _first_visit(page: Page) -> Visit:
    return Visit(
        key=key_of(page.url),
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
    rows = rows_of(session, Known, Known.id, {article.id for article in articles})
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
    visits = rows_of(session, Visit, Visit.key, {key_of(extraction.url) for extraction in extractions})
    for extraction in extractions:
        visit = visits.get(key_of(extraction.url))
        if visit and extraction.article and batch >= (visit.extracted or ""):
            visit.extracted, visit.article = batch, extraction.article
            # One address of an article is enough to look at again.
            visit.spare = extraction.outcome in ("duplicate", "gone")


def _remembered(session: Session, articles: list[Blocks], batch: str) -> None:
    """Take in the blocks of articles as the latest batch says, and forget those of the earliest articles."""
    rows = rows_of(session, Recent, Recent.article, {article.article for article in articles})
    for article in articles:
        if (row := rows.get(article.article)) is None:
            row = rows[article.article] = Recent(article=article.article, batch="")
            session.add(row)
        if batch >= row.batch:
            row.source, row.first_seen, row.batch = article.source, article.first_seen, batch
            row.title, row.blocks = article.title, " ".join(article.blocks)
    session.flush()
    for source in {article.source for article in articles}:
        for old in session.scalars(Recent.of(source).offset(RECENT)):
            session.delete(old)


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

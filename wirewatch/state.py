"""Crawl state: what was seen, when, and with which validators, in any database SQLAlchemy knows.

The state is a projection of the batches: it changes only by :meth:`State.catch_up`, which applies each finished batch
of pages and of articles exactly once, in one transaction. A stage that is killed therefore leaves no trace in it, and
a lost database, or one of another version of Wirewatch, is rebuilt from the batches. What :meth:`State.forget` takes
out of it comes back then, until it is called again.

The tables are in :mod:`wirewatch.state_tables`; what a batch changes in them is said in :mod:`wirewatch.projection`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, inspect, select
from sqlalchemy.orm import Session

from wirewatch import batches, settled
from wirewatch.database import LOT, alone, connect, lay_out, lots
from wirewatch.errors import Unavailable, UserError
from wirewatch.projection import take_in
from wirewatch.records import PageKind
from wirewatch.state_tables import (
    LAYOUT,
    SETTLED,
    Applied,
    Asking,
    Dropped,
    Known,
    Layout,
    Past,
    Recent,
    StateTable,
    Visit,
    Waiting,
    key_of,
    rows_of,
)

log = logging.getLogger(__name__)


class State:
    """The crawl state at a SQLAlchemy URL; its tables are made when they are missing.

    Every method raises :class:`UserError` where the database cannot be reached or used.
    """

    def __init__(self, url: str) -> None:
        self.engine = connect(url)
        lay_out(self.engine, StateTable.metadata, Layout.__tablename__, LAYOUT)

    def catch_up(self, root: str) -> None:
        """Apply the finished batches under ``root`` that were not applied yet, oldest first, each exactly once.

        Whenever the batches of articles are finished, the state is the one that is rebuilt from all batches. Only where
        two runs asked for the same address and the first to begin was the last to end, an older answer that comes after
        a newer one changes nothing but the number of pages of its day. A batch that is damaged is named in the log and
        left out, with the articles of its pages, until it is whole again.
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
        found.sort(key=lambda batch: (batch.name, batch.stage == "articles"))
        damaged: set[str] = set()
        for batch in found:
            if batch.name in damaged:
                continue
            try:
                self._apply(batch)
            except Unavailable:
                raise
            except UserError as error:
                log.error("%s Until then nobody remembers what was seen there.", error)
                damaged.add(batch.name)
        if note and not is_known and not damaged:
            with alone(self.engine) as connection, Session(connection) as session:
                session.merge(Applied(stage=SETTLED, name=note))
                session.flush()

    def _apply(self, batch: batches.Batch) -> None:
        with alone(self.engine) as connection, Session(connection) as session:
            if session.get(Applied, (batch.stage, batch.name)):
                return  # another process was faster
            session.add(Applied(stage=batch.stage, name=batch.name))
            take_in(session, batch)
            session.flush()

    def look_up(self, urls: Iterable[str]) -> dict[str, Visit]:
        """What is known of those addresses among ``urls`` that were asked for before, by address."""
        asked = {key_of(url): url for url in urls}
        with Session(self.engine) as session:
            visits = rows_of(session, Visit, Visit.key, asked)
            past = rows_of(session, Past, Past.key, asked.keys() - visits)
            visits |= {key: row.visit(asked[key]) for key, row in past.items()}
            return {asked[key]: visit for key, visit in visits.items()}

    def known(self, ids: Iterable[str]) -> dict[str, Known]:
        """The last versions of the articles among ``ids`` that were extracted before, by id."""
        with Session(self.engine) as session:
            return rows_of(session, Known, Known.id, ids)

    def ids(self, beginning: str, most: int) -> list[str]:
        """Ids of articles that begin so, at most so many."""
        with Session(self.engine) as session:
            found = select(Known.id).where(Known.id.startswith(beginning, autoescape=True))
            return list(session.scalars(found.order_by(Known.id).limit(most)))

    def asking(self, sources: Iterable[str]) -> dict[str, Asking]:
        """How much the sources among ``sources`` were asked lately, by source."""
        with Session(self.engine) as session:
            return rows_of(session, Asking, Asking.source, sources)

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
            found = session.execute(Recent.of(source).with_only_columns(Recent.article, Recent.title, Recent.blocks))
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
            return next(iter(rows_of(session, Waiting, Waiting.key, map(key_of, urls)).values()), None)

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


def _due_again(moment: datetime) -> list[ColumnElement[bool]]:
    # What was no article the first time hardly becomes one.
    return [Visit.revisit <= moment, Visit.failures == 0, Visit.article.is_not(None), ~Visit.spare]

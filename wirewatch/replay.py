"""Replays: the work of a stage, and of those after it, done once more on what was crawled on some days.

A replay begins with one of :class:`Stage`: the archived pages are cut anew, the articles are enriched anew, or what
was enriched is indexed again. For each batch of those days it writes one of the same name with its own run before it
(:meth:`wirewatch.batches.Batch.replayed`), which goes its way as any other, except that it tells nobody. The command
line and the DAG choose their batches here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from pydantic import ConfigDict

from wirewatch import batches
from wirewatch.batches import REPLAY, Batch
from wirewatch.errors import UserError
from wirewatch.records import Article, EnrichedArticle, Page, PageKind, PageOutcome, Record, SourceRef, now
from wirewatch.settings import get_settings
from wirewatch.words import how_many

# The database is imported where it is needed: every command reads this file.
if TYPE_CHECKING:
    from wirewatch.state import State


class Stage(StrEnum):
    """A stage that a replay may begin with; the others follow it in this order."""

    EXTRACT = "extract"
    ENRICH = "enrich"
    INDEX = "index"

    @property
    def reads(self) -> str:
        """The stage of the batches that it works on."""
        return {"extract": "pages", "enrich": "articles", "index": "enriched"}[self]

    @property
    def makes(self) -> str:
        """The stage of the batches that it writes."""
        return {"extract": "articles", "enrich": "enriched", "index": "indexed"}[self]

    @property
    def onwards(self) -> tuple[Stage, ...]:
        """This one and those after it."""
        return tuple(Stage)[list(Stage).index(self) :]


class NothingThere(UserError):
    """There is nothing to replay."""


class Told(Record):
    """As much of an article, enriched or not, as it takes to count it."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str
    source: SourceRef


A = TypeVar("A", Told, Article, EnrichedArticle)


@dataclass(frozen=True)
class Taken:
    """What a replay takes of a batch."""

    batch: Batch
    """Of the crawl, never of a replay."""
    sources: Counter[str]
    """By id of the source, the pages or articles."""

    @property
    def day(self) -> date:
        """When its crawl began, in UTC."""
        return datetime.strptime(self.batch.name[:8], "%Y%m%d").date()


def choose(first: date, last: date, stage: Stage = Stage.EXTRACT, only: Collection[str] = ()) -> list[Taken]:
    """The batches of some days (UTC, by the start of their crawl) that a replay takes, oldest first.

    Those that are not indexed are left out: they are on their way, and as a replay they would tell nobody.

    Args:
        first: the first day.
        last: the last day, which counts too.
        stage: with which the replay begins.
        only: ids of the sources that it is confined to; all, if empty.

    Raises:
        NothingThere: there are none.
        UserError: the last day is before the first, or what is needed of a batch is kept no longer.
    """
    if last < first:
        raise UserError(f"The last day, {last}, is before the first, {first}: turn them round.")
    root = get_settings().batches
    indexed = {batch.name for batch in batches.finished(root, "indexed")}
    tries: dict[Batch, list[Batch]] = defaultdict(list)
    for batch in sorted(batches.finished(root, stage.reads), key=lambda batch: (batch.is_replay, batch.name)):
        tries[batch.original].append(batch)
    of_these_days = [
        batch for batch in tries if f"{first:%Y%m%d}" <= batch.name[:8] <= f"{last:%Y%m%d}" and batch.name in indexed
    ]
    if short := [batch for batch in of_these_days if batch.manifest().removed]:
        raise UserError(
            f"What a replay from {stage} needs of {stage.reads}/{short[-1].name} is kept no longer. Begin with a later "
            f"day, or with another stage: the articles are kept, for `--stage {Stage.ENRICH}`."
        )
    counted = ((batch, _pages(batch, only)) for batch in of_these_days)
    if stage is not Stage.EXTRACT:
        state = _state(root)
        counted = ((batch, _articles(tries[batch], state, only)) for batch in of_these_days)
    found = [Taken(batch, sources) for batch, sources in counted if sources]
    if not found:
        of = f" of {', '.join(sorted(only))}" if only else ""
        raise NothingThere(
            f"Nothing{of} to replay from {first} to {last}. `wirewatch batches --from {first}` lists the batches; "
            "those that are not indexed yet are taken on by `wirewatch run`."
        )
    return found


def rows(taken: Sequence[Taken]) -> list[tuple[str, str, str, str]]:
    """What a replay takes, in words: day, batch, number of pages or articles, sources; of all of them at the end."""
    words = [(f"{one.day}", one.batch.name, str(one.sources.total()), ", ".join(sorted(one.sources))) for one in taken]
    every = sum((one.sources for one in taken), Counter[str]())
    days = len({one.day for one in taken})
    sums = how_many(days, "day"), how_many(len(taken), "batch", "batches"), str(every.total())
    return [*words, (*sums, how_many(len(every), "source"))]


def latest(batch: Batch, record: type[A], only: Collection[str] = ()) -> Iterator[A]:
    """The articles of a batch as they are known now: from its last replay that has them, else from itself.

    Articles of which a later batch has a newer text are left to that one.

    Args:
        batch: of the stage ``articles`` or ``enriched``, no replay.
        record: the class to read them as.
        only: ids of sources; all, if empty.
    """
    return _newest(batches.tries(batch), _state(batch.root), record, only)


def _newest(tries: Sequence[Batch], state: State, record: type[A], only: Collection[str]) -> Iterator[A]:
    """The same of a batch and its replays, the last one last."""
    from wirewatch.database import lots

    before: set[str] = set()
    for one in reversed(tries):
        here = set()
        for lot in lots(one.read(record)):
            known = state.known({article.id for article in lot})
            for article in lot:
                newest = known[article.id].batch if article.id in known else one.name
                own = newest.rpartition(REPLAY)[2] == one.original.name
                if own and article.id not in before and (not only or article.source.id in only):
                    here.add(article.id)
                    yield article
        before |= here


def stopped(key: str, taken: Sequence[Taken]) -> str | None:
    """The run of a replay that was stopped before it had done all that it took; None where there is none, or where
    another replay was begun since.

    Args:
        key: what tells it from other replays, as given to :func:`wirewatch.batches.run_name`.
        taken: what it would take now.
    """
    root = get_settings().batches
    replays = [batch for stage in ("articles", "enriched", "indexed") for batch in batches.finished(root, stage)]
    run = max((batch.replayed_by for batch in replays), default="")
    if run.rpartition("-")[2] != batches.run_name(now(), key).rpartition("-")[2]:
        return None
    done = {batch.name for batch in replays if batch.stage == "indexed"}
    todo = (one.batch.replayed(run).name for one in taken if one.batch.name < run)
    return run if any(name not in done for name in todo) else None


def left_over(before: datetime) -> list[Batch]:
    """The batches of replays that were begun before a time and have not come to their end, by the stage at which they
    stand."""
    root = get_settings().batches
    waiting = (batch for stage in ("enriched", "indexed") for batch in batches.pending(root, stage))
    return [batch for batch in waiting if batch.is_replay and batch.name < f"{before.astimezone(UTC):%Y%m%dT%H%M%SZ}"]


def parted(taken: Sequence[Taken], size: int = 500, most: int = 1000) -> list[list[Taken]]:
    """What a replay takes in parts, in the order given: of at least so many pages or articles each, the last perhaps
    excepted, and at most so many parts."""
    size = max(size, sum(one.sources.total() for one in taken) // most + 1)
    parts: list[list[Taken]] = []
    room = 0
    for one in taken:
        if room <= 0:
            parts.append([])
            room = size
        parts[-1].append(one)
        room -= one.sources.total()
    return parts


def _state(root: str) -> State:
    """What is known of articles after all batches."""
    from wirewatch.state import State

    state = State(get_settings().state)
    state.catch_up(root)
    return state


def _pages(batch: Batch, only: Collection[str]) -> Counter[str]:
    """By source, the pages of articles that a replay cuts anew."""
    return Counter(
        page.source.id
        for page in batch.read(Page)
        # A page that was refused may have its text in the feed.
        if page.kind is PageKind.ARTICLE
        and page.outcome is not PageOutcome.UNCHANGED
        and (not only or page.source.id in only)
    )


def _articles(tries: Sequence[Batch], state: State, only: Collection[str]) -> Counter[str]:
    """By source, the articles that a replay takes of a batch and its replays."""
    return Counter(article.source.id for article in _newest(tries, state, Told, only))

"""Verdicts: how a source does now, measured by what it usually does.

The idea is Media Cloud's, which tells the sources that lie 1.5 standard deviations below or 2 above their usual number
of articles from the rest. Taken alone, on single days, that is 36 alarms a year for a healthy source whose articles
come by chance (Poisson). So a number must be that far off on three days in a row, or three times as far on one; and a
source is silent only where Poisson's probability of so long a silence is small, and no silence before it was as long.
What is left is measured in ``docs/read-source-health.md``.

A day is 24 hours, counted back from the latest run; one without a run is no day. The usual is that of the 28 days
before the days that are judged: four of each weekday. Weekdays are not compared with each other's like: quiet weekends
widen the deviation, and make the longest silence that is usual longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, takewhile
from math import sqrt
from statistics import mean, stdev

from wirewatch.words import how_many

BASELINE = 28
"""Days that make the usual."""
HISTORY = 2 * BASELINE
"""Days to know for it: a source that fell silent four weeks ago is still measured by what it did before."""
FEWEST = 7
"""Days without which nothing is usual."""
IN_A_ROW = 3
"""Days on which a number must be off, or a listing fail."""
LOW, HIGH = 1.5, 2.0
"""Standard deviations below and above the mean at which a number is off: Media Cloud's."""
AT_ONCE = 3
"""Times so far off that one day is enough."""
IMPROBABLE = 12.0
"""Articles that a silence must have cost by the usual mean. Poisson's probability of none is then exp(-12), 1 in
160,000; so far off because a source's quiet weekdays are measured by the mean of all."""
QUIET_LISTING = 14
"""Days without anything new after which a listing is dead, if it had something new before."""
ENOUGH = 20
"""Pages or articles over which a share is taken, from as few of the last seven days as have them."""
USUAL_FIELD, MISSING_FIELD = 0.5, 0.1
"""A field that at least so many of the articles had is missing when fewer than so many have it."""
SURE = 4.0
"""Standard errors (two-proportion z-test) by which the extraction's yield must have fallen."""


class Kind(StrEnum):
    """What can be wrong with a source, the cause before its consequences."""

    BLOCKED = "blocked"
    DEAD = "feed dead"
    BROKEN = "extraction broken"
    MISSING = "field missing"
    SILENT = "silent"
    LOW = "low"
    HIGH = "high"


ADVICE = {
    Kind.BLOCKED: "Look at robots.txt and the site's terms; ask the outlet, crawl more slowly, or take it out.",
    Kind.DEAD: "`wirewatch sources check` shows what moved; correct the listing in the catalogue or take it out.",
    Kind.BROKEN: "The site's pages have changed: docs/write-a-page-object.md.",
    Kind.MISSING: "The site's pages have changed: docs/write-a-page-object.md.",
    Kind.SILENT: "Open the site: if it has news, `wirewatch sources check` shows which listing does not.",
    Kind.LOW: "Open the site: does it write less, or has a section moved to another feed?",
    Kind.HIGH: "Look at what is new: sections that are no news, or one article at many addresses?",
}
"""What to do about it."""


@dataclass(frozen=True)
class Verdict:
    """One thing that is not well with a source."""

    kind: Kind
    figures: str
    """What was seen and what is usual, in words."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.figures}"


@dataclass(frozen=True)
class ListingDay:
    """How a listing did on one day."""

    asked: int = 0
    failed: int = 0
    new: int = 0
    reason: str = ""
    """The most frequent reason of its failures."""


@dataclass(frozen=True)
class Day:
    """What the runs of one day brought from a source, added up. The numbers are those of ``SourceHealth``."""

    requests: int = 0
    new: int = 0
    refused: int = 0
    pages: int = 0
    articles: int = 0
    fields: Mapping[str, int] = field(default_factory=dict)
    refusals: Mapping[str, int] = field(default_factory=dict)
    """The refused requests by reason."""
    listings: Mapping[str, ListingDay] = field(default_factory=dict)


@dataclass(frozen=True)
class Usual:
    """A source's usual number of new articles a day."""

    days: int
    mean: float
    deviation: float

    def __str__(self) -> str:
        digits = 0 if self.mean >= 10 else 1
        return f"usually {self.mean:.{digits}f} ± {self.deviation:.{digits}f} a day"


def judge(days: Sequence[Day | None], listings: Iterable[str]) -> list[Verdict]:
    """What is not well with a source; nothing, if it was not visited during the last two days.

    What explains that nothing comes (blocked, all listings dead, extraction broken) is said instead of the silence.

    Args:
        days: the latest first, :data:`HISTORY` of them or as many as there are; None where there was no run.
        listings: the addresses in the catalogue. Others, such as the sitemaps of an index, come and go.
    """
    if not any(days[:2]):
        return []
    runs = [day for day in days if day]
    urls = list(listings)
    blocked, broken = _blocked(runs[0]), _broken(runs)
    dead = [] if blocked else [verdict for url in urls for verdict in _dead(url, runs)]
    found = [*blocked, *dead, *broken, *_missing(runs)]
    if blocked or broken or (dead and len(dead) == len(urls)):
        return found
    return found + (_silent(days) or _off(days))


def usual(days: Sequence[Day | None], start: int = 0) -> Usual | None:
    """The usual of a source before its latest ``start`` days with runs; None where too few days are known.

    A day after one without a run brought more than a day's news, the very first the whole backlog: they do not count.
    """
    counts = [day.new for day, whole in _runs(days)[start : start + BASELINE] if whole]
    if len(counts) < FEWEST:
        return None
    middle = mean(counts)
    # Counts never vary less than Poisson's; and a source that never brought anything may bring its first.
    return Usual(len(counts), middle, max(stdev(counts), sqrt(middle), 1.0))


def _runs(days: Sequence[Day | None]) -> list[tuple[Day, bool]]:
    """The days with runs, and whether what each brought is the news of that day alone."""
    return [(day, before is not None) for day, before in zip(days, [*days[1:], None], strict=False) if day]


def _silent(days: Sequence[Day | None]) -> list[Verdict]:
    counts = [day.new for day, _ in _runs(days)]
    quiet = _leading_zeros(counts)
    before = usual(days, quiet)
    since = "24 h" if quiet == 1 else f"{quiet} days"
    if before is None:
        never = quiet == len(counts) >= FEWEST
        return [Verdict(Kind.SILENT, f"nothing new in {since}")] if never or quiet >= BASELINE else []
    silences = (len(list(days)) for none, days in groupby(counts[quiet : quiet + BASELINE], lambda n: n == 0) if none)
    if quiet * before.mean >= IMPROBABLE and quiet > max(silences, default=0):
        return [Verdict(Kind.SILENT, f"0 new in {since}, {before}")]
    return []


def _off(days: Sequence[Day | None]) -> list[Verdict]:
    """Low or high."""
    latest = _runs(days)[:IN_A_ROW]
    before = usual(days, IN_A_ROW)
    if before is None or not latest[0][1]:
        return []
    today = latest[0][0].new
    row = [day.new for day, whole in latest if whole]

    def is_off(distance: Callable[[int], float], allowed: float) -> bool:
        in_a_row = len(row) == IN_A_ROW and all(distance(new) > allowed * before.deviation for new in row)
        return in_a_row or distance(today) > AT_ONCE * allowed * before.deviation

    figures = f"{today} new in 24 h, {before}"
    if is_off(lambda new: before.mean - new, LOW):
        return [Verdict(Kind.LOW, figures)]
    if is_off(lambda new: new - before.mean, HIGH):
        return [Verdict(Kind.HIGH, figures)]
    return []


def _blocked(day: Day) -> list[Verdict]:
    if day.refused * 2 <= day.requests:
        return []
    reasons = ", ".join(f"{reason} {number}" for reason, number in sorted(day.refusals.items()) if number)
    figures = f"{day.refused} of {how_many(day.requests, 'request')} refused in 24 h"
    return [Verdict(Kind.BLOCKED, f"{figures} ({reasons})" if reasons else figures)]


def _dead(url: str, runs: Sequence[Day]) -> list[Verdict]:
    asked = [day.listings[url] for day in runs if url in day.listings]
    failing = list(takewhile(lambda day: day.failed == day.asked, asked))
    if len(failing) >= IN_A_ROW:
        return [Verdict(Kind.DEAD, f"{url} has failed for {len(failing)} days ({failing[0].reason})")]
    news = [day.new for day in asked]
    quiet = _leading_zeros(news)
    before = news[quiet:-1][:BASELINE]  # the first day's backlog is not usual
    if quiet >= QUIET_LISTING and len(before) >= FEWEST and mean(before) * quiet >= IMPROBABLE:
        return [Verdict(Kind.DEAD, f"{url} has nothing new for {quiet} days, usually {mean(before):.1f} a day")]
    return []


def _broken(runs: Sequence[Day]) -> list[Verdict]:
    now, before = _recent(runs, lambda day: day.pages)
    pages, articles = sum(day.pages for day in now), sum(day.articles for day in now)
    pages_before, articles_before = sum(day.pages for day in before), sum(day.articles for day in before)
    if len(before) < FEWEST or pages < ENOUGH or not pages_before:
        return []
    share, share_before = articles / pages, articles_before / pages_before
    both = min((articles + articles_before) / (pages + pages_before), 1.0)
    error = sqrt(both * (1 - both) * (1 / pages + 1 / pages_before))
    if share >= share_before / 2 or share_before - share < SURE * error:
        return []
    return [Verdict(Kind.BROKEN, f"{how_many(articles, 'article')} of {pages} pages, usually {share_before:.0%}")]


def _missing(runs: Sequence[Day]) -> list[Verdict]:
    now, before = _recent(runs, lambda day: day.articles)
    articles, articles_before = sum(day.articles for day in now), sum(day.articles for day in before)
    if len(before) < FEWEST or articles < ENOUGH or not articles_before:
        return []
    found = []
    for name in sorted({name for day in before for name in day.fields}):
        have = sum(day.fields.get(name, 0) for day in now)
        share_before = sum(day.fields.get(name, 0) for day in before) / articles_before
        if share_before >= USUAL_FIELD and have / articles < MISSING_FIELD:
            found.append(Verdict(Kind.MISSING, f"{name} in {have} of {articles} articles, usually {share_before:.0%}"))
    return found


def _recent(runs: Sequence[Day], size: Callable[[Day], int]) -> tuple[Sequence[Day], Sequence[Day]]:
    """As few of the latest days as have :data:`ENOUGH`, seven at most, and the 28 before them."""
    taken, total = 0, 0
    while taken < min(7, len(runs)) and total < ENOUGH:
        total += size(runs[taken])
        taken += 1
    return runs[:taken], runs[taken : taken + BASELINE]


def _leading_zeros(counts: Sequence[int]) -> int:
    return len(list(takewhile(lambda count: count == 0, counts)))

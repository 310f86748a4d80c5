"""The timeline: how many articles were published when, in steps few enough to be gone through by keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import NamedTuple

STEPS = 36
"""Of the timeline, at most."""


class Step(NamedTuple):
    """Some days, and the articles that were published on them."""

    since: date
    until: date
    articles: int
    share: float
    """Of the fullest step's, above 0 and up to 1; 0 without any."""


def _months(length: int) -> Callable[[date], date]:
    """The beginning of the so many months that a day lies in."""

    def start(day: date) -> date:
        month = (day.year * 12 + day.month - 1) // length * length
        return date(max(month // 12, 1), month % 12 + 1, 1)

    return start


_STARTS: tuple[Callable[[date], date], ...] = (
    lambda day: day,
    lambda day: day - timedelta(days=min(day.weekday(), day.toordinal() - 1)),
    _months(1),
    _months(3),
    _months(12),
    _months(120),
)


def timeline(days: Iterable[tuple[date, int]]) -> list[Step]:
    """Steps from the first to the last day, empty ones among them: days, or weeks, months, quarters, years, decades
    where these would be too many. What is older than the steps reach is in the first.

    Args:
        days: with how many articles.
    """
    counts = dict(days)
    if not counts:
        return []
    first, last = min(counts), max(counts)
    for start in _STARTS:
        starts = _down(start, last, first)
        if starts[-1] <= first:
            break
    ends = [last, *(begun - timedelta(days=1) for begun in starts)]
    steps = [
        (since, until, sum(count for day, count in counts.items() if since <= day <= until))
        for since, until in zip([*starts[:-1], min(starts[-1], first)], ends, strict=False)
    ]
    most = max(count for _, _, count in steps)
    return [Step(since, until, count, count / most) for since, until, count in reversed(steps)]


def _down(start: Callable[[date], date], last: date, first: date) -> list[date]:
    """The beginnings of steps from the last to the first, or of as many as there may be."""
    starts = [start(last)]
    while starts[-1] > first and len(starts) < STEPS:
        starts.append(start(starts[-1] - timedelta(days=1)))
    return starts

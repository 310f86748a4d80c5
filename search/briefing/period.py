"""The time that a briefing is of, and which articles and notices are of that time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

By = Literal["arrival", "publication"]
LATE = timedelta(days=7)
"""How long after an article was seen first its becoming searchable counts as its arrival."""
_STEPS = (
    (timedelta(days=3), "hour"),
    (timedelta(days=92), "day"),
    (timedelta(days=2 * 366), "week"),
    (timedelta(days=10 * 366), "month"),
    (timedelta.max, "year"),
)


@dataclass(frozen=True)
class Period:
    """From a moment on, up to another that is no longer part of it."""

    since: datetime
    until: datetime
    by: By = "arrival"

    @property
    def field(self) -> str:
        """The field of an article that says when it was."""
        return "first_seen" if self.by == "arrival" else "published"

    @property
    def step(self) -> str:
        """The calendar's unit of which so many make it up that a chart can show them."""
        return next(unit for longest, unit in _STEPS if self.until - self.since <= longest)

    def articles(self) -> dict[str, Any]:
        """The query for its articles.

        By arrival these are the ones that were seen first in it, and those that were seen shortly before but became
        searchable in it: a briefing that was made between the two could not have them. By publication, an article
        without a date is of the time when it was seen first.
        """
        if self.by == "arrival":
            shortly_before = {"range": {"first_seen": {"gte": _written(self.since - LATE), "lt": _written(self.since)}}}
            is_first_text = {"term": {"revision": 1}}
            return _any(self._in("first_seen"), _all(shortly_before, is_first_text, self._in("indexed")))
        return _any(self._in("published"), _all(_without("published"), self._in("first_seen")))

    def dated(self) -> dict[str, Any]:
        """The query for what has :attr:`field` within it."""
        return self._in(self.field)

    def notices(self, patient: Sequence[str]) -> dict[str, Any]:
        """The query for its notices: those with articles that were published in it; or those created in it and, of
        patient alerts, which wait until several outlets report a story, those due in it."""
        if self.by == "publication":
            return _any(self._in("articles.published"), _all(_without("articles.published"), self._in("created")))
        waited = {"terms": {"alert": list(patient)}}
        return _any(_all(waited, self._in("due")), {"bool": {"must_not": waited, "filter": self._in("created")}})

    def before(self) -> dict[str, Any]:
        """The query for articles of an earlier time."""
        return {"range": {self.field: {"lt": _written(self.since)}}}

    def _in(self, field: str) -> dict[str, Any]:
        return {"range": {field: {"gte": _written(self.since), "lt": _written(self.until)}}}


def _written(moment: datetime) -> str:
    return moment.isoformat()


def _any(*queries: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"should": list(queries)}}


def _all(*queries: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"filter": list(queries)}}


def _without(field: str) -> dict[str, Any]:
    return {"bool": {"must_not": {"exists": {"field": field}}}}

"""Volume rules: an alert that finds far more than it usually does, or nothing where it usually finds something.

What is usual, and what is off, is judged as it is of sources: see :mod:`search.health.verdicts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from elasticsearch import BadRequestError, Elasticsearch

from search.alerts import ask
from search.alerts.store import Kept
from search.client import plain_errors, reason
from search.health.verdicts import HISTORY, Day, Kind, judge
from search.indices import ALIAS
from search.query.question import Unreadable
from wirewatch.records import Notice, notice_id

_DAY = 24 * 60 * 60
_TITLES = {"spike": "Far more than usual", "silence": "Nothing comes"}
_KINDS = {"spike": Kind.HIGH, "silence": Kind.SILENT}


def volume(client: Elasticsearch, kept: Kept, moment: datetime) -> Notice | None:
    """What there is to tell of how much an alert finds, in the 24 hours up to a moment: once a day (UTC) at most, since
    the notice's id is made of the day. Whoever keeps it says when it is due, and in which run.

    Raises:
        Unreadable: the alert cannot be asked; the message says why, in Elasticsearch's words.
        UserError: Elasticsearch does not answer or refuses.
    """
    kind = kept.alert.volume
    if kind is None:
        return None
    days = history(client, kept, moment)
    figures = verdict(kept, days)
    if figures is None:
        return None
    day = moment.date().isoformat()
    return Notice(
        id=notice_id(kept.alert.name, day, kind),
        kind=kind,
        alert=kept.alert.name,
        story=day,
        title=f"{_TITLES[kind]}: {figures}",
        size=days[0].new if days[0] else 0,
        created=moment,
        run="",
    )


def verdict(kept: Kept, days: Sequence[Day | None]) -> str | None:
    """What is found and what is usual, in words, where that is what the alert is to tell; None otherwise."""
    if kept.alert.volume is None or not any(day and day.new for day in days):  # what never came is not silent
        return None
    wanted = _KINDS[kept.alert.volume]
    return next((verdict.figures for verdict in judge(days, ()) if verdict.kind is wanted), None)


def history(client: Elasticsearch, kept: Kept, moment: datetime, length: int = HISTORY) -> list[Day | None]:
    """How many articles an alert finds among those first seen on each of the days before a moment, the latest first.

    A day is 24 hours and ends at the moment; None where nothing at all was seen on it.

    Raises:
        Unreadable: the alert cannot be asked.
        UserError: Elasticsearch does not answer or refuses.
    """
    end = int(moment.timestamp()) + 1
    since = {"range": {"first_seen": {"gte": end - length * _DAY, "lt": end, "format": "epoch_second"}}}
    days = {"field": "first_seen", "fixed_interval": "1d", "offset": f"+{end % _DAY}s", "min_doc_count": 1}
    with plain_errors():
        try:
            answer = client.search(
                index=ALIAS,
                query={"bool": {"filter": since}},
                aggs={"days": {"date_histogram": days, "aggs": {"found": {"filter": ask.query(kept)}}}},
                size=0,
                allow_partial_search_results=False,
            )
        except BadRequestError as error:
            raise Unreadable(reason(error)) from None
    found: list[Day | None] = [None] * length
    for day in answer["aggregations"]["days"]["buckets"]:
        found[(end - day["key"] // 1000) // _DAY - 1] = Day(new=day["found"]["doc_count"])
    return found

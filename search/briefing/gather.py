"""What there is to say of some time: top stories, what is new at each desk and for each alert, what is broken."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from elasticsearch import Elasticsearch

from search.alerts.notices import notice_of
from search.alerts.store import all_alerts
from search.briefing.period import Period
from search.briefing.stories import Story, ask, buckets, counting, distinct, most_told, stories
from search.client import connect, every, plain_errors
from search.health.history import State, examine
from search.index import NOTICES
from search.marks import country_name, language_name
from search.query import label
from wirewatch.records import Notice, now
from wirewatch.sources import Source

TOP, OF_DESK, OF_ALERT = 10, 6, 10
"""Stories that are shown at the top, of each desk and of each alert."""
BARS = 10


class Bar(NamedTuple):
    """A value, and the articles that have it."""

    label: str
    articles: int


class Step(NamedTuple):
    """A part of the time, and its articles."""

    at: datetime
    articles: int


@dataclass(frozen=True)
class Desk:
    """What is new at a desk."""

    title: str
    kql: str
    articles: int
    found: int
    """Stories."""
    stories: tuple[Story, ...]
    """The first of them."""


@dataclass(frozen=True)
class Told:
    """What an alert had to tell."""

    alert: str
    found: int
    notices: tuple[Notice, ...]
    """The first of them."""


@dataclass(frozen=True)
class Briefing:
    """All that a briefing says."""

    period: Period
    made: datetime
    articles: int
    outlets: int
    outlet_countries: int
    stories: int
    top: tuple[Story, ...]
    desks: tuple[Desk, ...]
    told: tuple[Told, ...]
    volume: tuple[Step, ...]
    countries: tuple[Bar, ...]
    topics: tuple[Bar, ...]
    languages: tuple[Bar, ...]
    all_languages: int
    sources: tuple[State, ...]
    """How the sources are now, those that are not well first."""
    broken: tuple[tuple[str, str], ...]
    """Alerts that cannot be asked, and why."""


def gather(
    period: Period,
    desks: Mapping[str, str],
    sources: Collection[Source],
    languages: Sequence[str] = (),
    client: Elasticsearch | None = None,
) -> Briefing:
    """What there is to say of some time.

    Args:
        period: the time.
        desks: KQL by title.
        sources: those of which is said whether they are well.
        languages: of stories, articles in the first of these that there is one in are shown.
        client: instead of the one that the settings name.

    Raises:
        UserError: Elasticsearch does not answer or refuses, or the KQL of a desk cannot be read.
    """
    client = client or connect()
    queries = [_of(period), *(_of(period, kql) for kql in desks.values())]
    with plain_errors():
        whole, *of_desks = ask(client, [_overview(queries[0], period), *map(counting, queries[1:])])
        chosen = [most_told(whole, TOP, fewest=2), *(most_told(answer, OF_DESK) for answer in of_desks)]
        top, *told_at = stories(client, period, zip(queries, chosen, strict=True), languages)
        alerts = list(all_alerts(client))
        notices = list(_notices(client, period, [kept.alert.name for kept in alerts if kept.alert.sources > 1]))
    counts = whole["aggregations"]
    return Briefing(
        period=period,
        made=now(),
        articles=_total(whole),
        outlets=counts["outlets"]["value"],
        outlet_countries=counts["outlet_countries"]["value"],
        stories=counts["found"]["value"],
        top=top,
        desks=tuple(
            Desk(title, kql, _total(answer), answer["aggregations"]["found"]["value"], found)
            for (title, kql), answer, found in zip(desks.items(), of_desks, told_at, strict=True)
        ),
        told=tuple(notices),
        volume=tuple(
            Step(datetime.fromisoformat(bucket["key_as_string"]), bucket["doc_count"])
            for bucket in counts["volume"]["by"]["buckets"]
        ),
        countries=tuple(Bar(country_name(key), count) for key, count in buckets(counts["countries"])),
        topics=tuple(Bar(label(f"topic:{key}"), count) for key, count in buckets(counts["topics"])),
        languages=tuple(Bar(language_name(key), count) for key, count in buckets(counts["languages"])),
        all_languages=counts["all_languages"]["value"],
        sources=tuple(sorted(examine(client, sources), key=lambda state: not state.verdicts)),
        broken=tuple((kept.alert.name, kept.error) for kept in alerts if kept.error),
    )


def _of(period: Period, kql: str = "") -> dict[str, Any]:
    return {"bool": {"filter": period.articles(), "must": {"kql": {"query": kql}} if kql else {"match_all": {}}}}


def _total(answer: dict[str, Any]) -> int:
    return int(answer["hits"]["total"]["value"])


def _overview(query: dict[str, Any], period: Period) -> dict[str, Any]:
    """The request for all figures of the time."""
    bounds = {"min": period.since.isoformat(), "max": (period.until - timedelta(seconds=1)).isoformat()}
    volume = {"field": period.field, "calendar_interval": period.step, "min_doc_count": 0}
    request = counting(query)
    request["aggs"] |= {
        "outlets": distinct("source.id"),
        "outlet_countries": distinct("source.country"),
        "all_languages": distinct("language"),
        "volume": {"filter": period.dated(), "aggs": {"by": {"date_histogram": volume | {"extended_bounds": bounds}}}},
        "countries": {"terms": {"field": "countries", "size": BARS}},
        "topics": {"terms": {"field": "topics", "size": BARS}},
        "languages": {"terms": {"field": "language", "size": BARS}},
    }
    return request


def _notices(client: Elasticsearch, period: Period, patient: Sequence[str]) -> Iterable[Told]:
    """What alerts told or will tell, by alert; what most outlets report, first."""
    silent = [{"terms": {"state": ["waiting", "muted", "dropped"]}}, {"term": {"kind": "operator"}}]
    query = {"bool": {"filter": period.notices(patient), "must_not": silent}}
    found = every(client, NOTICES, query, [{"alert": "asc"}, {"created": "desc"}, {"id": "asc"}])
    for alert, group in groupby((notice_of(hit["_source"]) for hit in found), key=lambda notice: notice.alert):
        notices = sorted(group, key=lambda notice: -len(notice.sources))
        yield Told(alert, len(notices), tuple(notices[:OF_ALERT]))

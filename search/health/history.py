"""The history of the sources, a day at a time, out of the documents of all runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from search.client import plain_errors
from search.health.verdicts import HISTORY, Day, ListingDay, Usual, Verdict, judge, usual
from wirewatch.records import Article, PageOutcome
from wirewatch.sources import Source

INDEX = "wirewatch-source-health"
REFUSALS = (
    *("http-401", "http-402", "http-403", "http-429", "http-451"),
    *("robots", "noindex", "noarchive", "tdm-opt-out"),
)
"""Reasons that mean that a site does not want us to have something."""
_DAY = 24 * 60 * 60
_LOT = 10
"""Sources asked for at once: Elasticsearch answers with 65,536 buckets at most, a hundred for the listings of a day."""


@dataclass(frozen=True)
class State:
    """How a source is."""

    source: Source
    today: Day | None
    """The 24 hours up to the latest run of all; None where it was not visited then."""
    usual: Usual | None
    """None where fewer days than verdicts need are known."""
    verdicts: tuple[Verdict, ...]


def examine(client: Elasticsearch, sources: Collection[Source]) -> list[State]:
    """How sources are by what is known at the latest run of all, in the order given.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    with plain_errors():
        days = _history(client, [source.domain for source in sources])
    states = []
    for source in sources:
        known = days.get(source.domain, [])
        verdicts = judge(known, source.listings)
        today = known[0] if known else None
        states.append(State(source, today, usual(known, 1), tuple(verdicts)))
    return states


def _history(client: Elasticsearch, ids: Sequence[str]) -> dict[str, list[Day | None]]:
    """The days of each source, the latest first, each of 24 hours that end when the latest run of all began.

    There are :data:`HISTORY` days, None where no run visited a listing of the source. Sources that were
    never visited are not there.
    """
    there: dict[str, Any] = {"index": INDEX, "allow_partial_search_results": False, "size": 0}
    try:
        # Not with ignore_unavailable: an index that we may not read would be as one that is not there.
        latest = client.search(**there, aggs={"at": {"max": {"field": "at"}}})["aggregations"]["at"]["value"]
    except NotFoundError:
        return {}
    if latest is None:
        return {}
    end = int(latest) // 1000 + 1  # the days end just after it
    days = {"field": "at", "fixed_interval": "1d", "offset": f"+{end % _DAY}s", "min_doc_count": 1}
    by_day = {"days": {"date_histogram": days, "aggs": _SUMS}}
    by_source = {"sources": {"terms": {"field": "source.id", "size": _LOT}, "aggs": by_day}}
    since = {"range": {"at": {"gte": end - HISTORY * _DAY, "lt": end, "format": "epoch_second"}}}
    found: dict[str, list[Day | None]] = {}
    for start in range(0, len(ids), _LOT):
        query = {"bool": {"filter": [since, {"terms": {"source.id": ids[start : start + _LOT]}}]}}
        for source in client.search(**there, query=query, aggs=by_source)["aggregations"]["sources"]["buckets"]:
            found[source["key"]] = [None] * HISTORY
            # A run that only looked at articles again says nothing of what is new.
            for day in (day for day in source["days"]["buckets"] if day["listings"]["urls"]["buckets"]):
                ago = (end - day["key"] // 1000) // _DAY - 1
                found[source["key"]][ago] = _day(day)
    return found


def _sum(field: str) -> dict[str, Any]:
    return {"sum": {"field": field}}


_COUNTS = ("requests", "new", "refused", "pages", "articles")
_PARTS = {"fields": tuple(Article.model_fields), "failed": REFUSALS}
_SUMS: dict[str, Any] = {
    **{name: _sum(name) for name in _COUNTS},
    **{f"{part}.{name}": _sum(f"{part}.{name}") for part, names in _PARTS.items() for name in names},
    "listings": {
        "nested": {"path": "listings"},
        "aggs": {
            "urls": {
                # Far more than the catalogue names for any source; those that it names are what counts.
                "terms": {"field": "listings.url", "size": 100},
                "aggs": {
                    "failed": {"filter": {"term": {"listings.outcome": PageOutcome.FAILED.value}}},
                    "reasons": {"terms": {"field": "listings.reason", "size": 1}},
                    "new": _sum("listings.new"),
                },
            }
        },
    },
}


def _day(bucket: Mapping[str, Any]) -> Day:
    def count(name: str) -> int:
        return int(bucket[name]["value"])

    return Day(
        **{name: count(name) for name in _COUNTS},
        fields={name: number for name in _PARTS["fields"] if (number := count(f"fields.{name}"))},
        refusals={name: number for name in REFUSALS if (number := count(f"failed.{name}"))},
        listings={
            listing["key"]: ListingDay(
                asked=listing["doc_count"],
                failed=listing["failed"]["doc_count"],
                new=int(listing["new"]["value"]),
                reason=next((reason["key"] for reason in listing["reasons"]["buckets"]), ""),
            )
            for listing in bucket["listings"]["urls"]["buckets"]
        },
    )

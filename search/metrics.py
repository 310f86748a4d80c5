"""What the indices tell of how the pipeline does, in figures: how fresh articles are, what alerts have told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from elasticsearch import Elasticsearch

from search.client import plain_errors
from search.indices import ALERTS, ALIAS, DELIVERIES, NOTICES
from wirewatch.records import now

QUANTILES = (0.5, 0.9, 0.99)
OTHERS = "none"
"""Stands for the tier of articles whose source is not in the catalogue any more."""
Tiers = Mapping[str, Collection[str]]
"""The ids of the sources of each tier."""


@dataclass(frozen=True)
class Lag:
    """The time from a moment in an article's life to when it could be searched, over the last 24 hours."""

    since: str
    """``published`` or ``first_seen``."""
    tier: str
    articles: int
    seconds: dict[float, float]
    """By quantile; empty without articles."""


def articles(client: Elasticsearch) -> int:
    """How many articles can be searched.

    Raises:
        UserError: Elasticsearch does not answer or refuses. So do all functions here.
    """
    with plain_errors():
        return int(client.count(index=ALIAS)["count"])


def newest(client: Elasticsearch, tiers: Tiers) -> dict[str, datetime]:
    """When the newest article was first seen, by tier; tiers without articles are not there."""
    found = {}
    with plain_errors():
        for tier, query in _of(tiers).items():
            # Answered from the index's end, however many articles it has, which an aggregation is not.
            answer = client.search(
                index=ALIAS, query=query, sort=[{"first_seen": "desc"}], size=1, source=False, track_total_hits=False
            )
            for hit in answer["hits"]["hits"]:
                found[tier] = datetime.fromtimestamp(hit["sort"][0] / 1000, UTC)
    return found


def lags(client: Elasticsearch, tiers: Tiers) -> Iterator[Lag]:
    """How long the articles that were first seen in the last 24 hours took to be searchable, by tier.

    Since they were published only those count that were so in the week before: sites also list what is old.
    Of an article that a site has changed since, nothing is known of the first time.
    """
    at = int(now().timestamp() * 1000)
    day = 24 * 60 * 60 * 1000
    since = {
        "first_seen": {"match_all": {}},
        "published": {"range": {"published": {"gte": at - 8 * day, "format": "epoch_millis"}}},
    }
    percents = [100 * quantile for quantile in QUANTILES]
    by_tier = {"filters": {"filters": _of(tiers)}}
    with plain_errors():
        found = client.search(
            index=ALIAS,
            size=0,
            query={
                "bool": {
                    "filter": [
                        {"range": {"first_seen": {"gte": at - day, "format": "epoch_millis"}}},
                        {"term": {"revision": 1}},
                    ]
                }
            },
            runtime_mappings={f"lag_{start}": _lag(start) for start in since},
            aggs={
                start: {
                    "filter": query,
                    "aggs": {
                        "tiers": {
                            **by_tier,
                            "aggs": {"lag": {"percentiles": {"field": f"lag_{start}", "percents": percents}}},
                        }
                    },
                }
                for start, query in since.items()
            },
        )["aggregations"]
    for start in since:
        for tier, bucket in found[start]["tiers"]["buckets"].items():
            values = bucket["lag"]["values"].values()
            seconds = dict(zip(QUANTILES, values, strict=True)) if bucket["doc_count"] else {}
            yield Lag(start, tier, bucket["doc_count"], seconds)


def notices(client: Elasticsearch) -> dict[str, int]:
    """How many notices of alerts are in which state: see :class:`wirewatch.records.Notice`."""
    return _by_state(client, NOTICES, {"match_all": {}})


def messages(client: Elasticsearch) -> dict[str, int]:
    """How many messages to channels, tried in the last 24 hours, are in which state: see
    :class:`wirewatch.records.Delivery`. One that failed is tried again before it drops out.
    """
    return _by_state(client, DELIVERIES, {"range": {"at": {"gte": int(now().timestamp()) - 86_400, **_SECONDS}}})


def alerts(client: Elasticsearch) -> dict[str, int]:
    """How many alerts are ``paused``; of the others how many are ``broken``, so that they cannot be asked; of the
    others how many are ``muted``; and how many are ``active``.
    """
    states = {
        "paused": {"term": {"paused": True}},
        "broken": {"exists": {"field": "error"}},
        "muted": {"range": {"muted": {"gt": int(now().timestamp()), **_SECONDS}}},
    }
    asked: dict[str, Any] = {}
    before: list[Any] = []
    for state, query in states.items():
        asked[state] = {"bool": {"filter": query, "must_not": list(before)}}
        before.append(query)
    asked["active"] = {"bool": {"must_not": before}}
    with plain_errors():
        found = client.search(index=ALERTS, size=0, aggs={"states": {"filters": {"filters": asked}}})
    return {state: bucket["doc_count"] for state, bucket in found["aggregations"]["states"]["buckets"].items()}


_SECONDS = {"format": "epoch_second"}


def _of(tiers: Tiers) -> dict[str, Any]:
    """A query for the articles of each tier, and of none."""
    known: dict[str, Any] = {tier: {"terms": {"source.id": sorted(sources)}} for tier, sources in tiers.items()}
    return {**known, OTHERS: {"bool": {"must_not": list(known.values())}}}


def _lag(start: str) -> dict[str, Any]:
    """A field of the seconds from a moment to when the article was indexed."""
    # A site's clock may be ahead of ours.
    script = (
        f"if (doc['{start}'].size() > 0) {{ emit(Math.max(0.0, (doc['indexed'].value.toInstant().toEpochMilli()"
        f" - doc['{start}'].value.toInstant().toEpochMilli()) / 1000.0)) }}"
    )
    return {"type": "double", "script": {"source": script}}


def _by_state(client: Elasticsearch, index: str, query: dict[str, Any]) -> dict[str, int]:
    with plain_errors():
        found = client.search(index=index, size=0, query=query, aggs={"states": {"terms": {"field": "state"}}})
    return {bucket["key"]: bucket["doc_count"] for bucket in found["aggregations"]["states"]["buckets"]}

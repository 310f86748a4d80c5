"""Facets: how many of the articles that were found are about which country, by which outlet, of which day …"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

from search.query.answer import Count
from search.query.hits import label
from search.query.question import Unreadable

Facet = Literal["languages", "countries", "regions", "topics", "people", "organizations", "sources", "days"]
FACETS: tuple[Facet, ...] = get_args(Facet)
_FIELDS = {
    "languages": "language",
    "countries": "countries",
    "regions": "regions",
    "topics": "topics",
    "people": "people.keyword",
    "organizations": "organizations.keyword",
    "sources": "source.id",
}
DAYS = "days"
MOST = 20
"""Values of a facet that are told; of days, all."""
_KINDS = {"countries": "country", "regions": "region", "topics": "topic"}


def counting(facets: Iterable[str]) -> dict[str, Any]:
    """The aggregations of a search request that count facets.

    Raises:
        Unreadable: there is no such facet.
    """
    aggs: dict[str, Any] = {}
    for name in facets:
        if name == DAYS:
            aggs[name] = {"date_histogram": {"field": "published", "calendar_interval": "day", "min_doc_count": 1}}
        elif name in _FIELDS:
            aggs[name] = {"terms": {"field": _FIELDS[name], "size": MOST}}
        else:
            raise Unreadable(f"There is no facet {name}. There are {', '.join(FACETS)}.")
    if "sources" in aggs:
        aggs["sources"]["aggs"] = {"name": {"terms": {"field": "source.name.keyword", "size": 1}}}
    return aggs


def counted(aggregations: dict[str, Any], facets: Iterable[str], language: str) -> dict[str, tuple[Count, ...]]:
    """The facets of an answer, their values named in ``language`` where it has a name for them."""
    return {name: tuple(_count(name, bucket, language) for bucket in aggregations[name]["buckets"]) for name in facets}


def _count(facet: str, bucket: dict[str, Any], language: str) -> Count:
    value = bucket["key_as_string"][:10] if facet == DAYS else bucket["key"]
    shown = label(f"{_KINDS[facet]}:{value}", language) if facet in _KINDS else value
    if names := bucket.get("name", {}).get("buckets"):
        shown = names[0]["key"]
    return Count(value=value, label=shown, count=bucket["doc_count"])

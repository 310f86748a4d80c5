"""Folding: several articles shown as one hit, and what such a hit stands for."""

from __future__ import annotations

from typing import Any

from elasticsearch import Elasticsearch

from search.client import plain_errors
from search.index import ALIAS, STORIES
from search.query.answer import Copies, Fold, Hit, Told

FIELDS: dict[Fold, str] = {"copies": "original", "stories": "story_id"}
"""The field of which articles shown as one hit have the same value."""
COUNTED = 40_000
"""Hits up to which they are counted exactly."""


def folded(fold: Fold) -> dict[str, Any]:
    """What a search request says to be folded; the aggregation ``folded`` counts the hits."""
    if fold == "none":
        return {}
    field = FIELDS[fold]
    return {
        "collapse": {"field": field},
        "aggs": {"folded": {"cardinality": {"field": field, "precision_threshold": COUNTED}}},
    }


def unfold(client: Elasticsearch, fold: Fold, hits: list[Hit], found: list[dict[str, Any]]) -> list[Hit]:
    """The hits with what they stand for: their copies, or their story."""
    if fold == "copies":
        copies = _copies(client, {hit["_id"]: hit["_source"].get("original", hit["_id"]) for hit in found})
        return [hit.model_copy(update={"copies": copies[hit.id]}) for hit in hits]
    if fold == "stories":
        stories = told(client, [hit.story_id for hit in hits if hit.story_id])
        return [hit.model_copy(update={"story": stories.get(hit.story_id or "")}) for hit in hits]
    return hits


def told(client: Elasticsearch, ids: list[str]) -> dict[str, Told]:
    """The stories of more than one article among those with these ids, by id."""
    if not ids:
        return {}
    with plain_errors():
        answer = client.search(
            index=STORIES,
            query={"bool": {"filter": [{"ids": {"values": ids}}, {"range": {"size": {"gt": 1}}}]}},
            size=len(ids),
            ignore_unavailable=True,
            allow_partial_search_results=False,
        )
    return {hit["_id"]: Told.model_validate(hit["_source"]) for hit in answer["hits"]["hits"]}


def _copies(client: Elasticsearch, originals: dict[str, str]) -> dict[str, Copies]:
    """The copies of articles, by id, of which the originals are given."""
    if not originals:
        return {}
    sources = {"terms": {"field": "source.name.keyword", "size": 100}}
    by_original = {"terms": {"field": "original", "size": len(originals)}, "aggs": {"sources": sources}}
    with plain_errors():
        answer = client.search(
            index=ALIAS,
            query={
                "bool": {
                    "filter": {"terms": {"original": list(originals.values())}},
                    "must_not": {"ids": {"values": list(originals)}},
                }
            },
            aggs={"originals": by_original},
            size=0,
            allow_partial_search_results=False,
        )
    copies = {
        bucket["key"]: Copies(
            count=bucket["doc_count"], sources=tuple(source["key"] for source in bucket["sources"]["buckets"])
        )
        for bucket in answer["aggregations"]["originals"]["buckets"]
    }
    return {id: copies.get(original, Copies()) for id, original in originals.items()}

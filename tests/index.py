"""What is in the index, without what may differ between two ways to the same articles."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from elasticsearch import Elasticsearch, helpers

TIMES = {"first_seen", "fetched", "indexed", "run"}
"""What says when, and in which run, an article came."""


def articles_in(es: Elasticsearch) -> dict[str, dict[str, Any]]:
    """The articles by id. Copies of a text know each other, not which of them came first: that hangs on which site
    answered first.
    """
    es.indices.refresh(index="articles")
    articles = {hit["_id"]: hit["_source"] for hit in helpers.scan(es, index="articles", size=500)}
    copies = defaultdict(set)
    for id, article in articles.items():
        copies[article["original"]].add(id)
    return {
        id: {name: value for name, value in article.items() if name not in TIMES | {"original", "duplicate_of"}}
        | {"copies": copies[article["original"]]}
        for id, article in articles.items()
    }


def told_in(es: Elasticsearch) -> set[tuple[str, str]]:
    """Of what the alerts have told: alert and story."""
    es.indices.refresh(index="wirewatch-notices")
    notices = [hit["_source"] for hit in helpers.scan(es, index="wirewatch-notices")]
    assert {notice["state"] for notice in notices} <= {"told"}
    return {(notice["alert"], notice["story"]) for notice in notices}

"""What is in the index, without what may differ between two ways to the same articles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch, helpers

TIMES = {"first_seen", "fetched", "indexed", "run"}
"""What says when, and in which run, an article came."""


@dataclass(frozen=True)
class Indexed:
    """Articles by id, and of which stories each alert has told. A story is the ids of its articles: what it is called
    itself hangs on which of them came first, as does which copy of a text is the original.
    """

    articles: Mapping[str, Mapping[str, Any]]
    told: frozenset[tuple[str, frozenset[str]]]

    def differs_from(self, other: Indexed) -> dict[str, list[str]]:
        """The ids of the articles that differ, by field; what only one has is under ``articles`` and ``told``."""
        found = defaultdict(list)
        for id in self.articles.keys() & other.articles.keys():
            one, two = self.articles[id], other.articles[id]
            for name in one.keys() | two.keys():
                if one.get(name) != two.get(name):
                    found[name].append(id)
        found["articles"] = list(self.articles.keys() ^ other.articles.keys())
        found["told"] = [alert for alert, _ in self.told ^ other.told]
        return {name: ids for name, ids in found.items() if ids}


def indexed(es: Elasticsearch) -> Indexed:
    """What is there now."""
    es.indices.refresh(index="articles,wirewatch-notices")
    found = {hit["_id"]: hit["_source"] for hit in helpers.scan(es, index="articles", size=500)}
    copies = _together((article["original"], id) for id, article in found.items())
    stories = _together((article["story_id"], id) for id, article in found.items())
    left_out = TIMES | {"original", "duplicate_of", "story_id"}
    articles = {
        id: {name: value for name, value in article.items() if name not in left_out}
        | {"copies": copies[article["original"]], "story": stories[article["story_id"]]}
        for id, article in found.items()
    }
    notices = [hit["_source"] for hit in helpers.scan(es, index="wirewatch-notices")]
    assert {notice["state"] for notice in notices} <= {"told"}
    return Indexed(articles, frozenset((one["alert"], stories[one["story"]]) for one in notices))


def _together(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    sets = defaultdict(set)
    for name, id in pairs:
        sets[name].add(id)
    return defaultdict(frozenset, {name: frozenset(ids) for name, ids in sets.items()})

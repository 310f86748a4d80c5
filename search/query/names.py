"""The names that articles have, for a word that may be one of them spelled otherwise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import Any

from elasticsearch import Elasticsearch

from search.client import connect, plain_errors
from search.index import ALIAS

MOST = 1000
"""Names that are told."""
_FIELDS = ("people", "organizations")


def names_like(
    latin: str, concepts: Collection[str], sounds: Collection[str], *, client: Elasticsearch | None = None
) -> dict[str, int]:
    """Names of people and organisations in the articles that have a word like one, and in how many of these.

    It gives candidates: the other names in those articles are among them.

    Args:
        latin: the word in small Latin letters; a letter or two may be other ones.
        concepts: ids of those who are known by such a name.
        sounds: phonetic keys of the word, of which the ids of learned people are made.
        client: instead of the one that the settings name.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    alike: list[dict[str, Any]] = [{"terms": {"concepts.ids": list(concepts)}}]
    alike += [{"match": {field: {"query": latin, "fuzziness": "AUTO"}}} for field in (*_FIELDS, "spellings")]
    if keys := "|".join(re.escape(sound) for sound in sounds if sound):
        alike.append({"regexp": {"concepts.ids": {"value": f"person:\\~(.*-)?({keys})(-.*)?(\\~[0-9]+)?"}}})
    with plain_errors():
        answer = (client or connect()).search(
            index=ALIAS,
            query={"bool": {"filter": {"bool": {"should": alike}}}},
            aggs={field: {"terms": {"field": f"{field}.keyword", "size": MOST}} for field in _FIELDS},
            size=0,
            track_total_hits=False,
            allow_partial_search_results=False,
        )
    counts: Counter[str] = Counter()
    for field in _FIELDS:
        counts.update({bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"][field]["buckets"]})
    return counts

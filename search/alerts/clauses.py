"""Alerts share clauses: each clause is asked once, however many alerts have it.

An alert is made of clauses: those of its KQL that ``and``, ``or`` and ``not`` join, and its filters. Each finds a set
of articles, and the alert what these words make of the sets: Elasticsearch does nothing else with filters. Among
thousands of alerts the same countries, names and words come again and again, and one that shares a request with
hundreds (a ``filters`` aggregation) takes a third of what it takes in a search of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import cache, reduce
from operator import and_, or_

from elasticsearch import Elasticsearch

from search.alerts import ask
from search.alerts.answers import answers
from search.alerts.store import Kept
from search.query.kql import And, Not, Part, kql_query, leaves, parted

AT_ONCE = 500
"""Clauses asked in one request."""
EVERY = json.dumps({"match_all": {}})
"""The clause that finds all articles."""


def found_by_clauses(
    client: Elasticsearch, pool: Executor, alerts: Sequence[Kept], run: str, copy: str
) -> list[list[str] | None]:
    """For each alert the ids of the articles that it finds, in their order; None where Elasticsearch refuses one of its
    clauses: asked as a whole, it may say why.

    Args:
        client: for Elasticsearch.
        pool: whose threads ask.
        alerts: that need no scores.
        run: that brought the articles.
        copy: of these articles, in an index of one shard.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    whole = _Whole()
    wholes = [whole(kept) for kept in alerts]
    clauses = list(dict.fromkeys((EVERY, *(clause for part in wholes for clause in leaves(part)))))
    lots = [clauses[start : start + AT_ONCE] for start in range(0, len(clauses), AT_ONCE)]
    size = client.count(index=copy)["count"]
    bits: dict[str, int] = {}
    known: dict[str, int] = {}
    for lot in pool.map(lambda lot: list(_asked(client, lot, run, copy, size)), lots):
        for clause, ids in lot:
            known[clause] = sum(bits.setdefault(id, 1 << len(bits)) for id in ids)
    names = list(bits)
    return [None if (found := _found(part, known)) is None else _ids(found, names) for part in wholes]


def _asked(
    client: Elasticsearch, clauses: Sequence[str], run: str, copy: str, size: int
) -> Iterator[tuple[str, list[str]]]:
    """Each clause with the ids of what it finds, without those that are refused."""
    filters = {str(number): json.loads(clause) for number, clause in enumerate(clauses)}
    ids = {"ids": {"terms": {"field": "id", "size": size}}}
    search = {"index": copy, "size": 0, "aggs": {"clauses": {"filters": {"filters": filters}, "aggs": ids}}}
    (answer,) = answers(client, [search], run, "aggregations.clauses.buckets.*.ids.buckets.key")
    if "error" not in answer:
        buckets = answer.get("aggregations", {}).get("clauses", {}).get("buckets", {})
        for number, clause in enumerate(clauses):
            found = buckets.get(str(number), {"ids": {"buckets": ()}})
            yield clause, [bucket["key"] for bucket in found["ids"]["buckets"]]
    elif len(clauses) > 1:  # one of them is refused, or they find too much for one answer
        half = len(clauses) // 2
        yield from _asked(client, clauses[:half], run, copy, size)
        yield from _asked(client, clauses[half:], run, copy, size)


class _Whole:
    """Makes the clauses of an alert, as Elasticsearch is asked for them; those of KQL but once for each text."""

    def __init__(self) -> None:
        self.of_kql = cache(lambda kql: json.dumps(kql_query(kql)))

    def __call__(self, kept: Kept) -> Part:
        kql = kept.alert.kql
        text = [self._of(parted(kql))] if kql else map(json.dumps, ask.text(kept))
        return And((*text, *map(json.dumps, ask.besides(kept))))

    def _of(self, part: Part) -> Part:
        if isinstance(part, str):
            return self.of_kql(part)
        if isinstance(part, Not):
            return Not(self._of(part.part))
        return type(part)(tuple(map(self._of, part.parts)))


def _found(whole: Part, known: Mapping[str, int]) -> int | None:
    """What is found, a bit for each article."""

    def found(part: Part) -> int:
        if isinstance(part, str):
            return known[part]
        if isinstance(part, Not):
            return known[EVERY] ^ found(part.part)
        return reduce(and_ if isinstance(part, And) else or_, map(found, part.parts))

    try:
        return found(whole)
    except KeyError:
        return None  # that clause was refused


def _ids(found: int, names: Sequence[str]) -> list[str]:
    ids = []
    while found:
        lowest = found & -found
        ids.append(names[lowest.bit_length() - 1])
        found ^= lowest
    return sorted(ids)

"""Alerts share clauses: each clause is asked once, however many alerts have it.

An alert is made of clauses: those of its KQL that ``and``, ``or`` and ``not`` join, and its filters. Each finds a set
of articles, and the alert what these words make of the sets: Elasticsearch does nothing else with filters. Among
thousands of alerts the same countries, names and words come again and again, and one that shares a request with
hundreds (a ``filters`` aggregation) takes a third of what it takes in a search of its own.

Words that must all be there are asked for one after another, those that most alerts have first, until it is clear what
the alert finds: where one of them is nowhere, or no two together, the rest says nothing more.
"""

from __future__ import annotations

import json
import re
from collections import Counter
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
_PLAIN = re.compile(r'\{"kql": \{"query": "(\w{1,100}|\\"\w{1,100}( \w{1,100}){0,9}\\")"\}\}')
"""A word or a phrase without a field: such a clause is never refused."""


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
    uses = Counter(clause for part in wholes for clause in leaves(part))
    size = client.count(index=copy)["count"]
    bits: dict[str, int] = {}
    known: dict[str, int] = {}
    found: list[int | None] = [None] * len(wholes)
    unclear = list(range(len(wholes)))
    # What may be refused is asked in any case: an alert that is broken is so whatever else it finds.
    wanted = {EVERY: None} | dict.fromkeys(clause for clause in uses if not _PLAIN.fullmatch(clause))
    while unclear:
        wanted |= dict.fromkeys(clause for number in unclear for clause in _next(wholes[number], known, uses))
        clauses = list(wanted)
        lots = [clauses[start : start + AT_ONCE] for start in range(0, len(clauses), AT_ONCE)]
        for lot in pool.map(lambda lot: list(_asked(client, lot, run, copy, size)), lots):
            for clause, ids in lot:
                known[clause] = sum(bits.setdefault(id, 1 << len(bits)) for id in ids)
        refused = wanted.keys() - known.keys()
        if EVERY in refused:
            break  # there are too many of them for one answer
        if refused:
            unclear = [number for number in unclear if refused.isdisjoint(leaves(wholes[number]))]
        for number in unclear:
            least, most = _bounds(wholes[number], known)
            found[number] = least if least == most else None
        unclear = [number for number in unclear if found[number] is None]
        wanted = {}
    names = list(bits)
    return [None if some is None else _ids(some, names) for some in found]


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
        self.of_kql = cache(lambda kql: json.dumps(kql_query(kql), ensure_ascii=False))

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


def _next(part: Part, known: Mapping[str, int], uses: Mapping[str, int]) -> list[str]:
    """The clauses to ask next; nothing where all of them are known."""
    if isinstance(part, str):
        return [] if part in known else [part]
    if isinstance(part, Not):
        return _next(part.part, known, uses)
    parts = [some for one in part.parts if (some := _next(one, known, uses))]
    if isinstance(part, And) and parts:
        return max(parts, key=lambda some: min(uses[clause] for clause in some))
    return [clause for some in parts for clause in some]


def _bounds(part: Part, known: Mapping[str, int]) -> tuple[int, int]:
    """What is found at least and at most, as far as is known; a bit for each article."""
    if isinstance(part, str):
        found = known.get(part)
        return (0, known[EVERY]) if found is None else (found, found)
    if isinstance(part, Not):
        least, most = _bounds(part.part, known)
        return known[EVERY] ^ most, known[EVERY] ^ least
    join = and_ if isinstance(part, And) else or_
    bounds = [_bounds(one, known) for one in part.parts]
    return reduce(join, [least for least, _ in bounds]), reduce(join, [most for _, most in bounds])


def _ids(found: int, names: Sequence[str]) -> list[str]:
    ids = []
    while found:
        lowest = found & -found
        ids.append(names[lowest.bit_length() - 1])
        found ^= lowest
    return sorted(ids)

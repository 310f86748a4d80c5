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
from functools import reduce
from itertools import chain
from operator import and_, or_
from typing import Any

from elasticsearch import Elasticsearch

from search.alerts import ask
from search.alerts.answers import answers
from search.alerts.store import Kept
from search.query.kql import And, Not, Or, Part, kql_query, leaves, parted

AT_ONCE = 500
"""Clauses asked in one request."""
EVERY = ' {"match_all": {}}'
"""The clause that finds all articles."""
_PLAIN = re.compile(r'(\w{1,100})|"(\w{1,100}(?: \w{1,100}){0,9})"')
"""A word or a phrase without a field: such a clause is never refused."""


def whole(kept: Kept) -> Part:
    """The clauses of an alert: those of its KQL as they stand there, other queries as JSON behind a space.

    Raises:
        Unreadable: it cannot be asked.
    """
    kql, texts = kept.alert.kql, ask.text(kept)
    text = [parted(kql.lstrip(" "))] if kql else map(_json, texts)
    parts = (*text, *map(_json, ask.besides(kept)))
    return parts[0] if len(parts) == 1 else And(parts)


def found_by_clauses(
    client: Elasticsearch, pool: Executor, wholes: Sequence[Part], run: str, copy: str
) -> list[list[str] | None]:
    """For each alert the ids of the articles that it finds, in their order; None where Elasticsearch refuses one of its
    clauses: asked as a whole, it may say why.

    Args:
        client: for Elasticsearch.
        pool: whose threads ask.
        wholes: the alerts as :func:`whole` gives them; they need no scores.
        run: that brought the articles.
        copy: of these articles, in an index of one shard.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    uses = Counter(clause for part in wholes for clause in leaves(part))
    size = client.count(index=copy)["count"]
    bits: dict[str, int] = {}
    known: dict[str, int] = {}
    found: list[int | None] = [None] * len(wholes)
    unclear: Sequence[int] = range(len(wholes))
    # What may be refused is asked in any case: an alert that is broken is so whatever else it finds.
    wanted = {EVERY: None} | dict.fromkeys(clause for clause in uses if not _PLAIN.fullmatch(clause))
    while wanted:
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
        wanted = {}
        for number in unclear:
            least, most, asked_next = _state(wholes[number], known, uses)
            if least == most:
                found[number] = least
            else:
                wanted |= dict.fromkeys(asked_next)
        unclear = [number for number in unclear if found[number] is None]
    names = list(bits)
    return [None if some is None else _ids(some, names) for some in found]


def _asked(
    client: Elasticsearch, clauses: Sequence[str], run: str, copy: str, size: int
) -> Iterator[tuple[str, list[str]]]:
    """Each clause with the ids of what it finds, without those that are refused."""
    filters = {str(number): _query(clause) for number, clause in enumerate(clauses)}
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


def _json(query: dict[str, Any]) -> str:
    return f" {json.dumps(query)}"


def _query(clause: str) -> dict[str, Any]:
    """What Elasticsearch is asked for a clause; of words and phrases what it would itself make of the KQL."""
    if clause.startswith(" "):
        query: dict[str, Any] = json.loads(clause)
        return query
    plain = _PLAIN.fullmatch(clause)
    if not plain:
        return kql_query(clause)
    word, phrase = plain.groups()
    return {"multi_match": {"query": word or phrase, "type": "best_fields" if word else "phrase", "lenient": True}}


def _state(part: Part, known: Mapping[str, int], uses: Mapping[str, int]) -> tuple[int, int, Sequence[str]]:
    """What is found at least and at most, as far as is known (a bit for each article), and the clauses to ask next."""
    if isinstance(part, str):
        found = known.get(part)
        return (0, known[EVERY], (part,)) if found is None else (found, found, ())
    if isinstance(part, Not):
        least, most, asked_next = _state(part.part, known, uses)
        return known[EVERY] ^ most, known[EVERY] ^ least, asked_next
    leasts, mosts, nexts = zip(*(_state(one, known, uses) for one in part.parts), strict=True)
    if isinstance(part, Or):
        return reduce(or_, leasts), reduce(or_, mosts), list(chain(*nexts))
    most_shared = max(filter(None, nexts), key=lambda clauses: min(uses[clause] for clause in clauses), default=())
    return reduce(and_, leasts), reduce(and_, mosts), most_shared


def _ids(found: int, names: Sequence[str]) -> list[str]:
    ids = []
    while found:
        lowest = found & -found
        ids.append(names[lowest.bit_length() - 1])
        found ^= lowest
    return sorted(ids)

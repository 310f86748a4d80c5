"""Filter pills of Kibana as queries of Elasticsearch: what Kibana itself would send."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_OLD = ("match_all", "exists", "range", "missing", "query_string", "geo_bounding_box", "geo_polygon")
"""Queries that pills of older Kibanas have beside their ``meta``."""
_FORBIDDEN = (
    *("index", "_index", "indexed_shape", "wrapper"),
    *("script", "script_score", "minimum_should_match_script"),
)
"""Keys of queries that look something up in another index, which the analyst may not be allowed to read, hide what they
are, or run a program."""

Pill = dict[str, Any]


def clauses_of(pills: Sequence[Pill]) -> tuple[list[dict[str, Any]], list[str]]:
    """The queries that must match, and what of the pills cannot be asked. Disabled ones are left out."""
    clauses, warnings = [], []
    for pill in pills:
        if not _meta(pill).get("disabled"):
            try:
                clauses.append(_clause(pill))
            except ValueError as error:
                warnings.append(f"the filter {_name(pill)} is left out, so it finds too much: {error}")
    return clauses, warnings


def _clause(pill: Pill) -> dict[str, Any]:
    query = _combined(pill) if _meta(pill).get("type") == "combined" else _query(pill)
    return {"bool": {"must_not": [query]}} if _meta(pill).get("negate") else query


def _combined(pill: Pill) -> dict[str, Any]:
    meta = _meta(pill)
    inner = [_clause(one) for one in meta.get("params") or () if not _meta(one).get("disabled")]
    if meta.get("relation") == "AND":
        return {"bool": {"filter": inner}}
    if meta.get("relation") == "OR":
        return {"bool": {"should": inner, "minimum_should_match": 1}} if inner else {"match_all": {}}
    raise ValueError("nothing is known of how it combines others")


def _query(pill: Pill) -> dict[str, Any]:
    query = pill.get("query") or {kind: pill[kind] for kind in _OLD if kind in pill}
    if not isinstance(query, dict) or len(query) != 1:
        raise ValueError(f"nothing is known of filters of the kind {_meta(pill).get('type') or '?'}")
    if any(key in _FORBIDDEN for key in _keys(query)):
        raise ValueError("it looks something up in another index, or runs a program")
    return _phrase(query)


def _phrase(query: dict[str, Any]) -> dict[str, Any]:
    """The query; a phrase in the way of older Kibanas as Elasticsearch takes it now."""
    for field, how in (query.get("match") or {}).items():
        if isinstance(how, dict) and how.get("type") == "phrase":
            return {"match_phrase": {field: how["query"]}}
    return query


def _keys(query: Any) -> Iterator[str]:
    """All keys in a query, however deep."""
    if isinstance(query, dict):
        yield from query
    for inner in query.values() if isinstance(query, dict) else query if isinstance(query, list) else ():
        yield from _keys(inner)


def _meta(pill: Pill) -> dict[str, Any]:
    meta = pill.get("meta") if isinstance(pill, dict) else None
    return meta if isinstance(meta, dict) else {}


def _name(pill: Pill) -> str:
    meta = _meta(pill)
    return f"`{meta.get('alias') or meta.get('key') or meta.get('field') or meta.get('type') or '?'}`"

"""Charts of nested fields, in Vega-Lite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from search.kibana.columns import Group, Terms, Times
from search.kibana.names import COUNTRIES


def spec(index: str, time: str, body: dict[str, Any], groups: Sequence[Group]) -> dict[str, Any]:
    """Groups, one or two, of a request for nested objects: bars over time, a matrix of two fields, or bars of one."""
    outer, *inner = groups
    path = _path(body["aggs"], "group0")
    transform: list[dict[str, Any]] = []
    encoding: dict[str, Any]
    if inner:
        below = _path(_at(body["aggs"], path)["aggs"], "group1")
        transform.append({"flatten": [f"{'.'.join(below)}.buckets"], "as": ["inner"]})
    cell = "datum.inner" if inner else "datum"
    transform.append({"calculate": f"{cell}.doc_count", "as": "count"})
    if not isinstance(outer, Times):
        transform += _named("datum.key", outer, "outer")
    if inner:
        transform += _named("datum.inner.key", inner[0], "inside")
    count: dict[str, Any] = {"field": "count", "type": "quantitative", "title": "Count", "axis": {"tickMinStep": 1}}
    by_count: dict[str, Any] = {"op": "sum", "field": "count", "order": "descending"}
    if isinstance(outer, Times):
        when = {"field": "key", "type": "temporal", "title": None}
        encoding = {"x": when, "y": count | {"title": None}}
        if inner:
            encoding["color"] = {"field": "inside", "type": "nominal", "title": inner[0].label}
        mark = "bar"
    elif inner:
        mark = "rect"
        encoding = {
            "y": {"field": "outer", "type": "nominal", "title": outer.label, "sort": by_count},
            "x": {"field": "inside", "type": "nominal", "title": inner[0].label, "sort": by_count},
            "color": {"field": "count", "type": "quantitative", "title": "Count"},
        }
    else:
        mark = "bar"
        encoding = {"y": {"field": "outer", "type": "nominal", "title": None, "sort": "-x"}, "x": count}
    named = {"outer": outer.label} if not isinstance(outer, Times) else {}
    named |= {"inside": inner[0].label} if inner else {}
    encoding["tooltip"] = [{"field": name, "type": "nominal", "title": label} for name, label in named.items()]
    encoding["tooltip"].append({"field": "count", "type": "quantitative", "title": "Count"})
    # The time range, the query and the controls of the dashboard are put into the request by Kibana.
    url = {"%context%": True, "%timefield%": time, "index": index, "body": body}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"url": url, "format": {"property": f"aggregations.{'.'.join(path)}.buckets"}},
        "transform": transform,
        "mark": {"type": mark, "tooltip": True},
        "encoding": encoding,
        "config": {"view": {"stroke": None}},
    }


def _named(key: str, group: Group, name: str) -> list[dict[str, Any]]:
    """The value of a key under a name: in words where it is a country (``country:RU``)."""
    if not isinstance(group, Terms) or not group.only.startswith("country:"):
        return [{"calculate": key, "as": name}]
    countries = {"values": [{"id": f"country:{code}", "country": country} for code, country in COUNTRIES.items()]}
    return [
        {"calculate": key, "as": f"{name}_id"},
        {
            "lookup": f"{name}_id",
            "from": {"data": countries, "key": "id", "fields": ["country"]},
            "as": [f"{name}_name"],
        },
        {"calculate": f"datum.{name}_name || datum.{name}_id", "as": name},
    ]


def _path(aggs: dict[str, Any], name: str) -> list[str]:
    """The names of the aggregations down to one."""
    for found, aggregation in aggs.items():
        if found == name:
            return [found]
        if below := _path(aggregation.get("aggs", {}), name):
            return [found, *below]
    return []


def _at(aggs: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"aggs": aggs}
    for name in path:
        found = found["aggs"][name]
    return found

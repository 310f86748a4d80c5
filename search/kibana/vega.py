"""What Lens cannot draw, in Vega-Lite: charts of nested fields, and a map that asks nobody for its shapes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
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
    return {
        **_head(index, time, body, path),
        "transform": transform,
        "mark": {"type": mark, "tooltip": True},
        "encoding": encoding,
    }


def world_map(index: str, time: str, body: dict[str, Any], group: Group) -> dict[str, Any]:
    """Countries, by their codes: a circle for each, on the world's cities (:mod:`search.kibana.make_world`)."""
    rows = resources.files(__package__).joinpath("world.tsv").read_text(encoding="utf-8").splitlines()
    places = [row.split("\t") for row in rows if not row.startswith("#")]
    ground = [{"lat": float(latitude), "lon": float(longitude)} for code, latitude, longitude in places if not code]
    countries = [
        {"code": code, "name": COUNTRIES[code], "lat": float(latitude), "lon": float(longitude)}
        for code, latitude, longitude in places
        if code
    ]
    at = {"latitude": {"field": "lat", "type": "quantitative"}, "longitude": {"field": "lon", "type": "quantitative"}}
    found = {"values": countries}
    size = {"field": "doc_count", "type": "quantitative", "legend": None, "scale": {"range": [20, 1200]}}
    tooltip = [
        {"field": "name", "type": "nominal", "title": group.label},
        {"field": "doc_count", "type": "quantitative", "title": "Count"},
    ]
    circle = {"type": "circle", "color": "#0077CC", "opacity": 0.6, "tooltip": True}
    return {
        **_head(index, time, body, ["group0"]),
        "projection": {"type": "equalEarth"},
        "layer": [
            {
                "data": {"graticule": {"step": [30, 30]}},
                "mark": {"type": "geoshape", "filled": False, "stroke": "#98A2B3", "strokeOpacity": 0.4},
            },
            {
                "data": {"values": ground},
                "mark": {"type": "circle", "color": "#98A2B3", "size": 5, "opacity": 0.6},
                "encoding": at,
            },
            {
                "transform": [
                    {"lookup": "key", "from": {"data": found, "key": "code", "fields": ["name", "lat", "lon"]}},
                    {"filter": "isValid(datum.lat)"},
                ],
                "mark": circle,
                "encoding": at | {"size": size, "tooltip": tooltip},
            },
        ],
    }


def _head(index: str, time: str, body: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """What every chart begins with: the request, and the buckets of its answer that are drawn."""
    # The time range, the query and the controls of the dashboard are put into the request by Kibana.
    url = {"%context%": True, "%timefield%": time, "index": index, "body": body}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"url": url, "format": {"property": f"aggregations.{'.'.join(path)}.buckets"}},
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

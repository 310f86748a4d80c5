"""Reading what was put into Kibana, and whether a panel shows anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from elasticsearch import Elasticsearch

from search.kibana.dashboards import DASHBOARDS
from search.kibana.desks import SEARCHES
from search.kibana.objects import Shown
from search.kibana.panels import Panel
from search.kibana.setup import ndjson

QUIET = {
    f"Alerts: {title}"
    for title in (
        *("Waiting", "Messages not taken", "Broken alerts"),
        *(
            "Alerts that are broken",
            "Alerts that are silent or tell too much",
            "Messages that were not taken",
            "Notices that wait",
        ),
    )
}
"""Panels that show nothing where nothing waits and nothing is wrong."""


def objects(*types: str) -> list[dict[str, Any]]:
    """The saved objects of some types, as the export has them."""
    return [found for found in _exported() if found["type"] in types or not types]


@cache
def _exported() -> list[dict[str, Any]]:
    return [json.loads(line) for line in ndjson().splitlines()]


def view_of(found: dict[str, Any]) -> dict[str, Any]:
    """The data view that a saved object refers to."""
    (id,) = {ref["id"] for ref in found["references"] if ref["type"] == "index-pattern"}
    return next(view for view in objects("index-pattern") if view["id"] == id)


def lens_columns(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of a Lens chart."""
    (layer,) = found["attributes"]["state"]["datasourceStates"]["formBased"]["layers"].values()
    return [layer["columns"][name] for name in layer["columnOrder"]]


def vega_url(found: dict[str, Any]) -> dict[str, Any]:
    """The request of a Vega chart, as its specification has it."""
    url: dict[str, Any] = json.loads(json.loads(found["attributes"]["visState"])["params"]["spec"])["data"]["url"]
    return url


def kql_of(found: dict[str, Any]) -> Iterator[str]:
    """Every KQL text in a saved object, wherever it stands."""
    if isinstance(found, dict):
        if found.get("language") == "kuery":
            yield found["query"]
        for value in found.values():
            yield from kql_of(value)
    elif isinstance(found, list):
        for value in found:
            yield from kql_of(value)
    elif isinstance(found, str) and found.startswith(("{", "[")):
        yield from kql_of(json.loads(found))


def fields_of(aggregations: Any) -> Iterator[str]:
    """The fields that a request for aggregations names."""
    if isinstance(aggregations, dict):
        for name, value in aggregations.items():
            if name == "field":
                yield value
            else:
                yield from fields_of(value)


def empty_panels(es: Elasticsearch, kql: str = "") -> list[str]:
    """The panels and saved searches that show nothing of the time that they or their dashboard open with; with ``kql``
    in the search bar.
    """
    shown = [(board.title, panel, board.since) for board in DASHBOARDS for panel in board.panels]
    shown += [("saved search", search, search.since) for search in SEARCHES]
    return [f"{place}: {panel.title}" for place, panel, from_ in shown if not _shows(es, panel, from_, kql)]


def _shows(es: Elasticsearch, panel: Shown, since: str, kql: str) -> bool:
    request = panel.request()
    clauses = [request["query"]]
    if panel.view.time:
        clauses.append({"range": {panel.view.time: {"gte": since, "lte": "now"}}})
    request["query"] = {"bool": {"filter": [*clauses, {"kql": {"query": kql}}] if kql else clauses}}
    answer = es.search(index=panel.view.index, **request)
    if not isinstance(panel, Panel):
        return bool(answer["hits"]["hits"])
    return any(row.get("doc_count") or _number(row) for row in _rows(answer["aggregations"], len(panel.groups)))


def _rows(found: dict[str, Any], groups: int) -> Iterator[dict[str, Any]]:
    """The innermost buckets: as many rows as a table would have."""
    if not groups:
        yield found
        return
    for value in found.values():
        if isinstance(value, dict):
            if "buckets" in value:
                for bucket in value["buckets"]:
                    yield from _rows(bucket, groups - 1)
            else:
                yield from _rows(value, groups)


def _number(row: dict[str, Any]) -> float:
    number = row.get("number0", {})
    return number.get("of", number).get("value") or 0.0

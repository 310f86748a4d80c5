"""Addresses within Kibana."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from search.kibana.connection import SPACE
from search.kibana.objects import Dashboard, View
from search.kibana.views import ARRIVALS
from wirewatch.settings import get_settings

if TYPE_CHECKING:
    from search.alerts.alert import Alert


def discover(alert: Alert) -> str:
    """What an alert asks, in Discover: articles by when they came in, those of the past month."""
    clauses = [*alert.clauses, *alert.where.clauses()]
    query = {"language": "lucene" if alert.lucene else "kuery", "query": alert.kql or alert.lucene or ""}
    return _discover(ARRIVALS, query, "now-30d", "now", [_pill(clause) for clause in clauses])


def of_time(kql: str, view: View, since: datetime, until: datetime) -> str:
    """What KQL finds in some time, in Discover: by the time of a data view."""
    first, last = (moment.strftime("%Y-%m-%dT%H:%M:%S.000Z") for moment in (since, until))
    return _discover(view, {"language": "kuery", "query": kql}, first, last, [])


def board(shown: Dashboard) -> str:
    """One of our dashboards."""
    return f"{get_settings().kibana_public_url}/s/{SPACE}/app/dashboards#/view/{shown.id}"


def _discover(view: View, query: dict[str, Any], since: str, until: str, pills: list[dict[str, Any]]) -> str:
    state = {
        "columns": ["title", "source.name", "published"],
        "dataSource": {"dataViewId": view.id, "type": "dataView"},
        "filters": pills,
        "query": query,
        "sort": [[view.time, "desc"]],
    }
    time = {"time": {"from": since, "to": until}}
    return (
        f"{get_settings().kibana_public_url}/s/{SPACE}/app/discover#/"
        f"?_g={quote(rison(time), safe=_SAFE)}&_a={quote(rison(state), safe=_SAFE)}"
    )


_SAFE = "!*(),:"
"""Of Rison's signs those that addresses may have; quotation marks would end links in plain text."""


def rison(value: Any) -> str:
    """A value as Kibana writes it in addresses."""
    match value:
        case bool():
            return "!t" if value else "!f"
        case None:
            return "!n"
        case int() | float():
            return str(value)
        case str():
            if re.fullmatch(r"[A-Za-z_./~][\w./~-]*", value, re.ASCII):
                return value
            return "'" + re.sub("([!'])", r"!\1", value) + "'"
        case dict():
            return "(" + ",".join(f"{rison(name)}:{rison(one)}" for name, one in value.items()) + ")"
        case _:
            return "!(" + ",".join(map(rison, value)) + ")"


def _pill(clause: dict[str, Any]) -> dict[str, Any]:
    """A query of Elasticsearch as a filter pill."""
    return {
        "$state": {"store": "appState"},
        "meta": {"index": ARRIVALS.id, "type": "custom", "disabled": False, "negate": False, "alias": None},
        "query": clause,
    }

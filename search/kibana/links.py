"""Addresses within Kibana."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from search.kibana.setup import SPACE
from search.kibana.views import ARRIVALS
from wirewatch.settings import get_settings

if TYPE_CHECKING:
    from search.alerts.alert import Alert


def discover(alert: Alert) -> str:
    """What an alert asks, in Discover: articles by when they came in, those of the past month."""
    clauses = [*alert.clauses, *alert.where.clauses()]
    state = {
        "columns": ["title", "source.name", "published"],
        "dataSource": {"dataViewId": ARRIVALS.id, "type": "dataView"},
        "filters": [_pill(clause) for clause in clauses],
        "query": {"language": "lucene" if alert.lucene else "kuery", "query": alert.kql or alert.lucene or ""},
        "sort": [["first_seen", "desc"]],
    }
    time = {"time": {"from": "now-30d", "to": "now"}}
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

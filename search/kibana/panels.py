"""What one panel shows, written once: its saved object and the request for its data are made of the same columns.

A panel is drawn by Lens. Lens cannot look into nested fields, and its maps ask a service of Elastic's for their shapes,
so a map and a panel with a nested field (``events.type``) are drawn by Vega, which sends the very request.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from search.kibana import vega
from search.kibana.columns import Column, Group, Metric, Times
from search.kibana.objects import VIEW, View, reference, saved_object, slug

LAYER = "layer"
NESTED = ("events", "listings")
"""The nested fields of our indices."""


@dataclass(frozen=True)
class Panel:
    """A chart, table, map or number.

    The columns that make groups come first, the outer before the inner, then the numbers; without a number the
    documents are counted. A bar chart over time takes the other group for its colours.
    """

    title: str
    view: View
    columns: tuple[Column, ...]
    shape: Literal["bars", "table", "number", "map"] = "bars"
    width: int = 24
    """Of 48."""
    height: int = 12
    kql: str = ""
    """Which documents; not where Vega draws."""
    where: dict[str, list[str]] = field(default_factory=dict)
    """Which of the nested objects: the values that a field may have."""

    def __post_init__(self) -> None:
        if self.type == "visualization" and (self.kql or len(self.groups) < len(self.columns)):
            raise ValueError(f"{self.title}: Vega counts, and what it counts is not chosen by KQL.")
        if self.where and not self.nested:
            raise ValueError(f"{self.title}: `where` is for nested fields; use `kql`.")

    @property
    def type(self) -> str:
        """Of its saved object."""
        return "visualization" if self.nested or self.shape == "map" else "lens"

    @property
    def id(self) -> str:
        """Stable while the title is."""
        return f"{self.view.id}-{slug(self.title)}"

    @property
    def groups(self) -> list[Group]:
        """The columns that make groups."""
        return [column for column in self.columns if not isinstance(column, Metric)]

    @property
    def numbers(self) -> list[Metric]:
        """The columns with numbers."""
        return [column for column in self.columns if isinstance(column, Metric)] or [Metric()]

    @property
    def nested(self) -> str:
        """The nested field that it looks into, or an empty string."""
        return next((path for group in self.groups if (path := group.field.partition(".")[0]) in NESTED), "")

    def request(self) -> dict[str, Any]:
        """The request for what it shows, of all documents at all times."""
        query = {"kql": {"query": self.kql}} if self.kql else {"match_all": {}}
        return {"size": 0, "query": query, "aggs": self._aggregations(self.groups, self.nested)}

    def _aggregations(self, groups: Sequence[Group], nested: str) -> dict[str, Any]:
        numbers = {f"number{at}": number.aggregation() for at, number in enumerate(self.numbers)}
        counts = bool(self.groups) and self.numbers[0].counts_all
        if counts:  # as buckets do anyhow
            del numbers["number0"]
        if not groups:
            return numbers
        if nested and groups[0].field.startswith(f"{nested}."):
            clauses = [{"terms": {name: values}} for name, values in self.where.items()] or [{"match_all": {}}]
            such = {"filter": {"bool": {"filter": clauses}}, "aggs": self._aggregations(groups, "")}
            return {nested: {"nested": {"path": nested}, "aggs": {"such": such}}}
        by = "_count" if counts else "number0" + (">of" if self.numbers[0].kql else "")
        inner = self._aggregations(groups[1:], nested) | numbers
        group = groups[0].aggregation(by) | ({"aggs": inner} if inner else {})
        return {f"group{len(self.groups) - len(groups)}": group}

    def saved_object(self) -> dict[str, Any]:
        """As Kibana imports it."""
        return self._lens() if self.type == "lens" else self._vega()

    def _vega(self) -> dict[str, Any]:
        body = {name: value for name, value in self.request().items() if name != "query"}
        if self.shape == "map":
            spec = vega.world_map(self.view.index, self.view.time, body, self.groups[0])
        else:
            spec = vega.spec(self.view.index, self.view.time, body, self.groups)
        state = {"title": self.title, "type": "vega", "aggs": [], "params": {"spec": json.dumps(spec)}}
        attributes = {
            "title": self.title,
            "description": "",
            "version": 1,
            "visState": json.dumps(state, ensure_ascii=False),
            "uiStateJSON": "{}",
            "kibanaSavedObjectMeta": {
                "searchSourceJSON": json.dumps({"query": {"query": "", "language": "kuery"}, "filter": []})
            },
        }
        return saved_object("visualization", self.id, "8.5.0", attributes)

    def _lens(self) -> dict[str, Any]:
        named: dict[str, Column] = {f"group{at}": group for at, group in enumerate(self.groups)}
        named |= {f"number{at}": number for at, number in enumerate(self.numbers)}
        layer = {
            "columnOrder": list(named),
            "columns": {name: column.lens("number0") for name, column in named.items()},
            "incompleteColumns": {},
            "sampling": 1,
        }
        kind, visualization = _DRAWN[self.shape](named)
        attributes = {
            "title": self.title,
            "description": "",
            "visualizationType": kind,
            "state": {
                "datasourceStates": {"formBased": {"layers": {LAYER: layer}}},
                "visualization": visualization,
                "query": {"query": self.kql, "language": "kuery"},
                "filters": [],
                "internalReferences": [],
                "adHocDataViews": {},
            },
        }
        references = [reference(VIEW, self.view.id, f"indexpattern-datasource-layer-{LAYER}")]
        return saved_object("lens", self.id, "8.9.0", attributes, references)


def _bars(named: dict[str, Column]) -> tuple[str, dict[str, Any]]:
    groups = [name for name in named if name.startswith("group")]
    along = next((name for name in groups if isinstance(named[name], Times)), groups[0])
    colours = [name for name in groups if name != along]
    series = "bar_stacked" if isinstance(named[along], Times) else "bar_horizontal_stacked"
    layer: dict[str, Any] = {
        "layerId": LAYER,
        "layerType": "data",
        "seriesType": series,
        "xAccessor": along,
        "accessors": [name for name in named if name.startswith("number")],
    }
    if colours:
        layer["splitAccessor"] = colours[0]
    return "lnsXY", {
        "layers": [layer],
        "preferredSeriesType": series,
        "legend": {"isVisible": bool(colours), "position": "right"},
        "valueLabels": "hide",
        "fittingFunction": "None",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": False, "yRight": False},
    }


def _table(named: dict[str, Column]) -> tuple[str, dict[str, Any]]:
    columns = [{"columnId": name} for name in named]
    return "lnsDatatable", {"layerId": LAYER, "layerType": "data", "columns": columns}


def _number(named: dict[str, Column]) -> tuple[str, dict[str, Any]]:
    return "lnsMetric", {"layerId": LAYER, "layerType": "data", "metricAccessor": "number0"}


_DRAWN = {"bars": _bars, "table": _table, "number": _number}

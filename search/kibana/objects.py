"""Saved objects in the shapes that Kibana 9.4 accepts.

Ids are ours and stable, so that putting them again overwrites. Each type is written at a version that every Kibana 9
migrates from (``typeMigrationVersion``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

VIEW = "index-pattern"
"""What the type of a data view is called."""
WIDTH = 48
"""Columns of a dashboard's grid."""


def saved_object(
    type: str, id: str, version: str, attributes: dict[str, Any], references: Sequence[dict[str, str]] = ()
) -> dict[str, Any]:
    """A line of the import."""
    return {
        "type": type,
        "id": id,
        "attributes": attributes,
        "references": list(references),
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": version,
    }


def reference(type: str, id: str, name: str) -> dict[str, str]:
    """How a saved object names another."""
    return {"type": type, "id": id, "name": name}


def slug(title: str) -> str:
    """A title as part of an id."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


@dataclass(frozen=True)
class Tag:
    """What saved objects can be listed by."""

    name: str
    description: str
    color: str

    @property
    def id(self) -> str:
        """Stable while the name is."""
        return f"wirewatch-{slug(self.name)}"

    @property
    def references(self) -> list[dict[str, str]]:
        """What a saved object with this tag refers to."""
        return [reference("tag", self.id, f"tag-ref-{self.id}")]

    def saved_object(self) -> dict[str, Any]:
        """As Kibana imports it."""
        attributes = {"name": self.name, "description": self.description, "color": self.color}
        return saved_object("tag", self.id, "8.0.0", attributes)


@dataclass(frozen=True)
class View:
    """A data view: an index, the field of its time, and how its fields are shown."""

    id: str
    index: str
    name: str
    time: str
    """Empty where all are shown, whatever time one looks at."""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    """What Discover leaves out of a document: it says nothing to readers."""

    def saved_object(self) -> dict[str, Any]:
        """As Kibana imports it."""
        said = {name: {"customDescription": text[:300]} for name, text in self.descriptions.items() if "*" not in name}
        attributes = {
            "title": self.index,
            "name": self.name,
            **({"timeFieldName": self.time} if self.time else {}),
            "allowNoIndex": True,
            "fieldAttrs": json.dumps(said, ensure_ascii=False),
            "fieldFormatMap": json.dumps(self.formats, ensure_ascii=False),
            "sourceFilters": json.dumps([{"value": name} for name in self.hidden]),
        }
        return saved_object(VIEW, self.id, "8.0.0", attributes)


@dataclass(frozen=True)
class Search:
    """A saved search."""

    title: str
    view: View
    columns: tuple[str, ...]
    kql: str = ""
    sort: tuple[tuple[str, str], ...] = ()
    description: str = ""
    tags: tuple[Tag, ...] = ()
    since: str = ""
    """How far back it opens by itself (``now-5y``); in a dashboard that one's time counts."""
    width: int = WIDTH
    height: int = 18

    @property
    def type(self) -> str:
        """Of its saved object."""
        return "search"

    @property
    def id(self) -> str:
        """Stable while the title is."""
        return f"wirewatch-{slug(self.title)}"

    def request(self) -> dict[str, Any]:
        """The request for what it shows, at all times."""
        query = {"kql": {"query": self.kql}} if self.kql else {"match_all": {}}
        return {"size": 10, "query": query, "sort": [{name: way} for name, way in self.sort]}

    def saved_object(self) -> dict[str, Any]:
        """As Kibana imports it."""
        name = "kibanaSavedObjectMeta.searchSourceJSON.index"
        source = {"query": {"query": self.kql, "language": "kuery"}, "filter": [], "indexRefName": name}
        attributes = {
            "title": self.title,
            "description": self.description,
            "columns": list(self.columns),
            "sort": [list(pair) for pair in self.sort],
            "grid": {},
            "hideChart": False,
            "isTextBasedQuery": False,
            "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source, ensure_ascii=False)},
        }
        if self.since:
            attributes |= {"timeRestore": True, "timeRange": {"from": self.since, "to": "now"}}
        references = [reference(VIEW, self.view.id, name)]
        for tag in self.tags:
            references += tag.references
        return saved_object("search", self.id, "10.5.0", attributes, references)


class Saved(Protocol):
    """What becomes a saved object."""

    def saved_object(self) -> dict[str, Any]:
        """As Kibana imports it."""


class Shown(Saved, Protocol):
    """What a dashboard may consist of: a panel or a saved search."""

    @property
    def id(self) -> str:
        """Of its saved object."""

    @property
    def type(self) -> str:
        """Of its saved object."""

    @property
    def title(self) -> str:
        """What stands above it."""

    @property
    def view(self) -> View:
        """What it is about."""

    @property
    def width(self) -> int:
        """Of :data:`WIDTH`."""

    @property
    def height(self) -> int:
        """In rows of the grid."""

    def request(self) -> dict[str, Any]:
        """What Elasticsearch is asked for it, of all documents at all times."""


@dataclass(frozen=True)
class Control:
    """A list of a field's values, to choose from."""

    title: str
    view: View
    field: str


@dataclass(frozen=True)
class Dashboard:
    """Panels, from left to right and top to bottom, over the last time that ``since`` says (``now-24h``)."""

    title: str
    description: str
    since: str
    panels: tuple[Shown, ...]
    controls: tuple[Control, ...] = ()
    tags: tuple[Tag, ...] = ()

    @property
    def id(self) -> str:
        """Stable while the title is."""
        return f"wirewatch-{slug(self.title)}"

    def saved_object(self) -> dict[str, Any]:
        """As Kibana imports it."""
        panels, references = [], []
        for at, (shown, x, y) in enumerate(self._placed()):
            name = f"panel_{at}"
            panels.append(
                {
                    "type": shown.type,
                    "panelIndex": str(at),
                    "gridData": {"x": x, "y": y, "w": shown.width, "h": shown.height, "i": str(at)},
                    "embeddableConfig": {},
                    "panelRefName": name,
                }
            )
            references.append(reference(shown.type, shown.id, f"{at}:{name}"))
        controls = {}
        for at, control in enumerate(self.controls):
            name = f"control{at}"
            controls[name] = {
                "type": "optionsListControl",
                "order": at,
                "grow": True,
                "width": "medium",
                "explicitInput": {
                    "id": name,
                    "title": control.title,
                    "fieldName": control.field,
                    "selectedOptions": [],
                },
            }
            references.append(reference(VIEW, control.view.id, f"controlGroup_{name}:optionsListDataView"))
        for tag in self.tags:
            references += tag.references
        options = {"useMargins": True, "syncColors": False, "syncTooltips": False, "hidePanelTitles": False}
        listen = ("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations")
        attributes = {
            "title": self.title,
            "description": self.description,
            "panelsJSON": json.dumps(panels),
            "optionsJSON": json.dumps(options),
            "timeRestore": True,
            "timeFrom": self.since,
            "timeTo": "now",
            "refreshInterval": {"pause": True, "value": 0},
            "kibanaSavedObjectMeta": {
                "searchSourceJSON": json.dumps({"query": {"query": "", "language": "kuery"}, "filter": []})
            },
            "controlGroupInput": {
                "chainingSystem": "HIERARCHICAL",
                "controlStyle": "oneLine",
                "ignoreParentSettingsJSON": json.dumps(dict.fromkeys(listen, False)),
                "panelsJSON": json.dumps(controls, ensure_ascii=False),
            },
        }
        return saved_object("dashboard", self.id, "8.9.0", attributes, references)

    def _placed(self) -> list[tuple[Shown, int, int]]:
        """Each panel with its place in the grid: a row ends where the next panel has no room."""
        placed = []
        x = y = tallest = 0
        for shown in self.panels:
            if x + shown.width > WIDTH:
                x, y, tallest = 0, y + tallest, 0
            placed.append((shown, x, y))
            x, tallest = x + shown.width, max(tallest, shown.height)
        return placed

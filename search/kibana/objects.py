"""The saved objects that analysts find in Kibana, in the shapes that Kibana 9.4 accepts.

Ids are ours and stable, so that putting them again overwrites. Each type is written at a version that every Kibana 9
migrates from (``typeMigrationVersion``).
"""

from __future__ import annotations

import json
from typing import Any

DATA_VIEW = "wirewatch-articles"


def saved_objects() -> list[dict[str, Any]]:
    """All saved objects, what is referred to before what refers to it."""
    return [
        _object(
            "index-pattern",
            DATA_VIEW,
            "8.0.0",
            {
                "title": "articles",
                "name": "Wirewatch articles",
                "timeFieldName": "published",
                "allowNoIndex": True,
                # Left out of what Discover shows of an article: they say nothing to readers.
                "sourceFilters": json.dumps([{"value": "bands"}, {"value": "embedding"}]),
            },
        ),
        _saved_search(
            "russia-military-cooperation-africa",
            title="Russia military cooperation Africa",
            description="By relevance, then time. Finds articles in every language through their concepts.",
            kql="Russia and military and cooperation and Africa",
            columns=["title", "source.name", "language", "countries", "topics"],
        ),
    ]


def _saved_search(id: str, *, title: str, description: str, kql: str, columns: list[str]) -> dict[str, Any]:
    source = {
        "query": {"query": kql, "language": "kuery"},
        "filter": [],
        "indexRefName": "kibanaSavedObjectMeta.searchSourceJSON.index",
    }
    attributes = {
        "title": title,
        "description": description,
        "columns": columns,
        "sort": [["_score", "desc"], ["published", "desc"]],
        "grid": {},
        "hideChart": False,
        "isTextBasedQuery": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
    }
    references = [{"type": "index-pattern", "id": DATA_VIEW, "name": source["indexRefName"]}]
    return _object("search", f"wirewatch-{id}", "10.5.0", attributes, references)


def _object(
    type: str, id: str, version: str, attributes: dict[str, Any], references: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {
        "type": type,
        "id": id,
        "attributes": attributes,
        "references": references or [],
        "coreMigrationVersion": "8.8.0",
        "typeMigrationVersion": version,
    }

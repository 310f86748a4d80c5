"""The saved objects that analysts find in Kibana, in the shapes that Kibana 9.4 accepts.

Ids are ours and stable, so that putting them again overwrites. Each type is written at a version that every Kibana 9
migrates from (``typeMigrationVersion``).
"""

from __future__ import annotations

import json
from typing import Any

ARTICLES = "wirewatch-articles"
COLUMNS = ["title", "source.name", "language", "countries", "topics"]


def saved_objects() -> list[dict[str, Any]]:
    """All saved objects, what is referred to before what refers to it."""
    return [
        # Left out of what Discover shows of an article is what says nothing to readers.
        _data_view(ARTICLES, "articles", "Wirewatch articles", time="published", without=("bands", "embedding")),
        _data_view("wirewatch-source-health", "wirewatch-source-health", "Wirewatch source health", time="at"),
        _saved_search(
            "russia-military-cooperation-africa",
            title="Russia military cooperation Africa",
            description="By relevance, then time. Finds articles in every language through their concepts.",
            kql="Russia and military and cooperation and Africa",
        ),
        _saved_search(
            "articles-without-copies",
            title="Articles without copies",
            description="Of the same text on several sites only the first, by time.",
            kql="not duplicate_of: *",
        ),
    ]


def _data_view(id: str, index: str, name: str, *, time: str, without: tuple[str, ...] = ()) -> dict[str, Any]:
    attributes = {"title": index, "name": name, "timeFieldName": time, "allowNoIndex": True}
    if without:
        attributes["sourceFilters"] = json.dumps([{"value": field} for field in without])
    return _object("index-pattern", id, "8.0.0", attributes)


def _saved_search(id: str, *, title: str, description: str, kql: str) -> dict[str, Any]:
    source = {
        "query": {"query": kql, "language": "kuery"},
        "filter": [],
        "indexRefName": "kibanaSavedObjectMeta.searchSourceJSON.index",
    }
    attributes = {
        "title": title,
        "description": description,
        "columns": COLUMNS,
        "sort": [["_score", "desc"], ["published", "desc"]],
        "grid": {},
        "hideChart": False,
        "isTextBasedQuery": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
    }
    references = [{"type": "index-pattern", "id": ARTICLES, "name": source["indexRefName"]}]
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

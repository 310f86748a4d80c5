"""The indices' templates, as the JSON that Elasticsearch is given; :func:`load` reads one.

A file's name says what it is: ``*.component.json`` are component templates, ``*.index.json`` index templates. Each is
put under the name ``wirewatch-<file>``.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any


def load(kind: str) -> dict[str, dict[str, Any]]:
    """The templates of one kind (``component`` or ``index``), by the name that they have in Elasticsearch."""
    suffix = f".{kind}.json"
    return {
        f"wirewatch-{file.name.removesuffix(suffix)}": json.loads(file.read_text(encoding="utf-8"))
        for file in resources.files(__name__).iterdir()
        if file.name.endswith(suffix)
    }


def text_languages() -> frozenset[str]:
    """The languages that have an analyzer of their own: the fields ``text.<language>``."""
    return frozenset(_fields_of("text"))


def label_languages() -> frozenset[str]:
    """The analysts' languages, in which concepts have labels: the fields ``concepts.<language>``."""
    return frozenset(_fields_of("concepts")) - {"ids"}


@cache
def article_mappings() -> dict[str, Any]:
    """The fields of an article as Elasticsearch is told of them."""
    mappings: dict[str, Any] = load("component")["wirewatch-articles-fields"]["template"]["mappings"]
    return mappings


def _fields_of(field: str) -> list[str]:
    return list(article_mappings()["properties"][field]["properties"])

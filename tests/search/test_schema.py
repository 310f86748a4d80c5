from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from search import schema
from search.schema import page

DOCS = Path(__file__).parents[2] / "docs"
TEMPLATES = {
    name: template
    for kind in ("component", "index")
    for name, template in schema.load(kind).items()
    if "mappings" in template.get("template", {})
}


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_field_of_the_schema_is_described_and_nothing_else(name: str) -> None:
    template = TEMPLATES[name]
    assert page.described(template).keys() == template["_meta"]["fields"].keys()
    assert all(what.strip() for _, what in page.described(template).values())
    assert template["template"]["mappings"]["_meta"]["schema_version"]


def test_the_page_of_fields_is_up_to_date() -> None:
    assert (DOCS / "fields.md").read_text(encoding="utf-8") == page.page()


def test_a_field_without_a_description_is_noticed() -> None:
    template: dict[str, Any] = {
        "template": {"mappings": {"properties": {"here": {"type": "keyword"}, "a": {"properties": {"b": {}}}}}},
        "_meta": {"fields": {"here": "Described"}},
    }
    with pytest.raises(KeyError):
        page.described(template)


def test_words_without_a_field_are_looked_for_in_fields_that_there_are() -> None:
    fields = page.described(TEMPLATES["wirewatch-articles-fields"])
    settings = schema.load("component")["wirewatch-articles-settings"]["template"]["settings"]
    for field in settings["index"]["query"]["default_field"]:
        name = field.partition("^")[0]
        assert name in fields or f"{name.rpartition('.')[0]}.*" in fields, field

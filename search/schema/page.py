"""The page ``docs/fields.md``, made from the templates: ``python -m search.schema.page > docs/fields.md``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from search import schema

HEAD = """# Fields

Made from `search/schema/` by `python -m search.schema.page > docs/fields.md`; a test holds it up to date.

The type is what Elasticsearch and Kibana call it: `text` is searched by its words (`title: russie`), `keyword` is a
whole value (`countries: DZ`), `text, keyword` is both, and the whole value is called `people.keyword`. Fields under a
`nested` one are asked together: `events: { type: cooperate and countries: DZ }`. A `*` stands for a language code.
"""


def page() -> str:
    """The page in Markdown."""
    components, indices = schema.load("component"), schema.load("index")
    articles = components["wirewatch-articles-fields"]
    parts = [HEAD, *_section("articles", articles), _unnamed(components["wirewatch-articles-settings"])]
    for name, template in sorted(indices.items()):
        if name != "wirewatch-articles":
            parts += _section(name, template)
    return "\n".join(parts)


def described(template: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The fields of a template, each with its type and what it is; where one description stands for several
    (``text.*``), under its name.

    Raises:
        KeyError: a field has no description.
    """
    said: dict[str, str] = template["_meta"]["fields"]
    found: dict[str, tuple[str, str]] = {}
    for name, kind in _fields(template["template"]["mappings"]):
        entry = name if name in said else f"{name.rpartition('.')[0]}.*"
        kinds = found.get(entry, ("", ""))[0]
        found[entry] = (kinds if kind in kinds else ", ".join(filter(None, (kinds, kind))), said[entry])
    return found


def _fields(mappings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, field in mappings["properties"].items():
        if "properties" in field:
            yield from (
                (inner, f"{kind} ({field['type']})" if field.get("type") == "nested" else kind)
                for inner, kind in _fields(field, f"{prefix}{name}.")
            )
        else:
            kinds = [field["type"], *(sub["type"] for sub in field.get("fields", {}).values())]
            shown_only = field.get("index") is False
            yield prefix + name, ", ".join(kinds) + (", shown and not searched" if shown_only else "")


def _section(title: str, template: dict[str, Any]) -> list[str]:
    rows = [f"| `{name}` | {kind} | {what} |" for name, (kind, what) in described(template).items()]
    return [f"## `{title}`", "", "| field | type | what it is |", "|---|---|---|", *rows, ""]


def _unnamed(settings: dict[str, Any]) -> str:
    weighed = [field.partition("^") for field in settings["template"]["settings"]["index"]["query"]["default_field"]]
    names = ", ".join(f"`{name}`" + (f" (×{weight})" if weight else "") for name, _, weight in weighed)
    return f"Words without a field name are looked for in {names}.\n"


if __name__ == "__main__":
    print(page(), end="")

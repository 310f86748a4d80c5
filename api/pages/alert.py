"""The alert of a search: what it asks, in KQL."""

from __future__ import annotations

import re
from collections.abc import Callable

from api.questions import Asked
from search.alerts.alert import Alert
from search.alerts.channels import names
from search.query import label
from search.query.kql import quoted
from wirewatch.errors import UserError


def kql_of(asked: Asked) -> str:
    """A search in KQL, which alerts are asked in: every word, and the filters without their times, since an alert looks
    at what is new. Nothing where that would be everything, or what is like an article, which KQL cannot say.
    """
    if asked.similar:
        return ""
    own = asked.kql.strip() or " and ".join(_words(asked.q))
    filters = [
        _any([written(value) for value in getattr(asked, name)])
        for name, written in _FILTERS.items()
        if getattr(asked, name)
    ]
    if own in ("", "*"):
        return " and ".join(filters)
    return " and ".join([f"({own})" if filters and asked.kql else own, *filters])


def alert_of(asked: Asked) -> Alert | None:
    """The alert; nothing where there is none of that search."""
    kql = kql_of(asked)
    if not kql:
        return None
    text = " ".join((asked.q or asked.kql.strip("* ")).split())
    values = [label(f"{_KINDS.get(name, '')}:{value}") for name in _FILTERS for value in getattr(asked, name)]
    name = ", ".join([*([text] if text else []), *values])[:200]
    return Alert(name=name, kql=kql, tell=("file:notices.jsonl",))


def channels() -> list[str]:
    """The names of the channels that it may tell; none where their file is not in order, which the operator sees."""
    try:
        return names()
    except UserError:
        return []


def _words(question: str) -> list[str]:
    """The words as KQL takes them; those that mean something else there, and phrases, in quotation marks."""
    parts = (whole.strip('"') for whole in re.findall(r'"[^"]+"|\S+', question))
    return [
        part if re.fullmatch(r"\w+", part) and part.casefold() not in ("and", "or", "not") else quoted(part)
        for part in parts
        if re.search(r"\w", part)
    ]


def _any(clauses: list[str]) -> str:
    return clauses[0] if len(clauses) == 1 else f"({' or '.join(clauses)})"


def _in(field: str) -> Callable[[str], str]:
    return lambda value: f"{field}: {quoted(value)}"


def _named(field: str) -> Callable[[str], str]:
    kind = "person:" if field == "people" else "organization:"
    return lambda value: f"{'concepts.ids' if value.startswith(kind) else field}: {quoted(value)}"


_KINDS = {"countries": "country", "topics": "topic"}
_FILTERS: dict[str, Callable[[str], str]] = {
    "languages": _in("language"),
    "countries": _in("countries"),
    "regions": _in("regions"),
    "topics": _in("topics"),
    "people": _named("people"),
    "organizations": _named("organizations"),
    "sources": lambda value: f"(source.id: {quoted(value)} or source.name.keyword: {quoted(value)})",
    "stories": _in("story_id"),
}

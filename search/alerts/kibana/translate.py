"""A saved search of Kibana as an alert, and what of it cannot be one.

A search that alerts could only ask wrongly (ES|QL, another index) becomes an alert that finds nothing and says why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from search.alerts.alert import Alert
from search.alerts.channels import check, is_operators, ready
from search.alerts.kibana.pills import clauses_of
from search.alerts.kibana.tagged import Saved, Tagged
from search.indices import ALIAS
from wirewatch.errors import UserError
from wirewatch.settings import get_settings

WRITTEN = tuple(name for name in Alert.model_fields if name not in ("name", "kql", "lucene", "clauses"))
"""Fields that a line of the description can give."""
NOTHING: dict[str, Any] = {"match_none": {}}
LONGEST = 180
"""Characters of a title that its alert is called by."""


class Taken(NamedTuple):
    """A saved search as an alert."""

    id: str
    """Of the saved search."""
    alert: Alert
    warnings: tuple[str, ...]


def taken(saved: Saved, kibana: Tagged, *, can_understand: bool = False) -> Taken:
    """A saved search as an alert, and what of it could not be taken over.

    Args:
        saved: the saved search.
        kibana: what else there is, for the data view that it is about.
        can_understand: whether an alert can be about a sentence here.
    """
    attributes = saved["attributes"]
    warnings: list[str] = []
    fields = _question(saved, kibana, warnings)
    for field, value in _written(attributes.get("description") or ""):
        if field == "about" and not can_understand:
            warnings.append("`about` is not understood here: `wirewatch alerts sync` takes it over")
        elif field == "tell":
            if value:
                fields["tell"] = _channels(value, warnings)
        elif why := _wrong(field, value):
            warnings.append(f"the line `{field}: …` of its description is left out: {why}")
        else:
            fields[field] = value
    fields.setdefault("tell", list(get_settings().kibana_tell))
    name = (attributes.get("title") or saved["id"]).strip()[:LONGEST] or saved["id"]
    return Taken(saved["id"], Alert.model_validate({"name": name, **fields}), tuple(warnings))


def unreadable(saved: Saved, error: Exception) -> Taken:
    """The alert of a saved search that is not of the shape of one: it finds nothing, and says so."""
    name = f"Saved search {saved['id']}"[:LONGEST]
    why = f"it is not asked: it is not of the shape that saved searches have ({type(error).__name__})"
    return Taken(saved["id"], Alert(name=name, clauses=(NOTHING,)), (why,))


def _question(saved: Saved, kibana: Tagged, warnings: list[str]) -> dict[str, Any]:
    """The fields of the alert that say what it asks."""
    attributes = _first_tab(saved["attributes"], warnings)
    meta = attributes.get("kibanaSavedObjectMeta") or {}
    try:
        source = json.loads(meta.get("searchSourceJSON") or "{}")
        asked = source.get("query") or {}
        pills = list(source.get("filter") or ())
    except (ValueError, TypeError, AttributeError):
        warnings.append("it is not asked: what it asks cannot be read")
        return {"clauses": [NOTHING]}
    if attributes.get("isTextBasedQuery") or "esql" in asked or "sql" in asked:
        warnings.append("it is not asked: alerts do not speak ES|QL, use KQL, Lucene's syntax and filters")
        return {"clauses": [NOTHING]}
    view = _view(source, saved, kibana)
    if view.get("title") != ALIAS:
        shown = view.get("name") or view.get("title") or "one that is gone"
        warnings.append(f"it is not asked: its data view is {shown}, and alerts ask articles (data view of `{ALIAS}`)")
        return {"clauses": [NOTHING]}
    warnings += _runtime_fields(view, source)
    text, language = asked.get("query"), asked.get("language", "kuery")
    if isinstance(text, dict):  # a query of Elasticsearch, typed into an old Kibana's search bar
        pills.insert(0, {"query": text, "meta": {"alias": "search bar"}})
    clauses, unknown = clauses_of(pills)
    warnings += unknown
    if isinstance(text, str) and text.strip():
        if language not in ("kuery", "lucene"):
            warnings.append(f"it is not asked: nothing is known of the language {language}")
            return {"clauses": [NOTHING]}
        return {"kql" if language == "kuery" else "lucene": text.strip(), "clauses": clauses}
    return {"clauses": clauses or [{"match_all": {}}]}


def _first_tab(attributes: Mapping[str, Any], warnings: list[str]) -> Mapping[str, Any]:
    """What the saved search shows; of one with several tabs, the first."""
    tabs = attributes.get("tabs") or []
    if len(tabs) > 1:
        warnings.append(f"only its first tab of {len(tabs)} is asked: save the others by themselves")
    return tabs[0].get("attributes") or attributes if tabs else attributes


def _view(source: Mapping[str, Any], saved: Saved, kibana: Tagged) -> Mapping[str, Any]:
    """The data view that a saved search is about, as its attributes say."""
    view = source.get("index")
    if isinstance(view, dict):  # one for this search alone
        return view
    names = {ref["name"]: ref["id"] for ref in saved.get("references") or () if ref["type"] == "index-pattern"}
    id = view or names.get(source.get("indexRefName", ""), "")
    attributes: Mapping[str, Any] = kibana.views.get(id, {}).get("attributes", {})
    return attributes


def _runtime_fields(view: Mapping[str, Any], source: Any) -> list[str]:
    """What to say of the fields that only the data view has and the search asks for."""
    fields = view.get("runtimeFieldMap") or {}
    if isinstance(fields, str):
        fields = json.loads(fields)
    asked = json.dumps([source.get("query"), source.get("filter")], ensure_ascii=False)
    return [
        f"the field `{name}` is of its data view alone, and alerts find nothing by it"
        for name in fields
        if re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", asked)
    ]


def _written(description: str) -> Iterable[tuple[str, Any]]:
    """The fields that the lines of a description give."""
    for line in description.splitlines():
        field, colon, value = line.strip().partition(":")
        if colon and field in WRITTEN:
            try:
                # Everything is text, so that 07:30 and NO stay what they are.
                yield field, yaml.load(value, Loader=yaml.BaseLoader)
            except yaml.YAMLError:
                yield field, value.strip()


def _channels(value: Any, warnings: list[str]) -> list[str]:
    """The channels of a line. Of one that is written well and is not there, one hears, and it stays: what it is sent
    waits for it."""
    named = value if isinstance(value, list) else str(value).split(",")
    channels = []
    for channel in filter(None, (str(one).strip() for one in named)):
        try:
            if is_operators(check(channel)):
                raise ValueError(f"`{channel}` is the operator's: name a channel, or write `mail:ann@example.org`")
        except ValueError as error:
            warnings.append(f"it tells one channel less: {error}")
            continue
        channels.append(channel)
        try:
            ready(channel)
        except UserError as error:
            warnings.append(f"the channel {channel}: {error}")
    return channels


def _wrong(field: str, value: Any) -> str:
    """Why a field cannot have a value; an empty string where it can."""
    try:
        Alert.model_validate({"name": "?", "kql": "?", field: value})
    except ValidationError as error:
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return ""

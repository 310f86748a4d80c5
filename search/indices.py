"""The indices: what each is called, and which of them are searched.

Articles are searched under one name, the alias ``articles``. Behind it stands an index for each year in which articles
were first seen, and its name says by which version of the schema it was made: ``wirewatch-articles-2027-v5``. An index
with another version is made beside it and takes its place at once: see :mod:`search.migrate`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from search import schema
from search.client import connect, plain_errors, reason
from search.templates import put_templates
from wirewatch.errors import UserError
from wirewatch.records import now

ALIAS = "articles"
"""The name under which all articles are searched, whatever the index they lie in."""
ALERTS = "wirewatch-alerts"
NOTICES = "wirewatch-notices"
DELIVERIES = "wirewatch-deliveries"
KIBANA_ALERTS = "wirewatch-kibana-alerts"
"""Where the index connector of Kibana writes what a rule found, with the rights of the analyst who made the rule."""
STORIES = "wirewatch-stories"
MIGRATIONS = "wirewatch-migrations"
OURS = "wirewatch-*"
"""All that Wirewatch keeps in Elasticsearch."""
SCHEMA: int = schema.article_mappings()["_meta"]["schema_version"]
OLDEST_WRITABLE = 4
"""Of an older schema, articles of this one do not fit into an index once it has the new fields."""
_MIGRATE = "`wirewatch index migrate` builds new ones beside them, and searches go on meanwhile"


def init(client: Elasticsearch | None = None) -> None:
    """Put the templates, and make the indices that must always be there. Indices of an older schema get the fields that
    they lack, so that they can be written to; articles are migrated. Doing it again changes nothing.

    Raises:
        UserError: Elasticsearch does not answer or refuses, or its indices are of a schema that is too old or newer.
    """
    client = client or connect()
    with plain_errors():
        searched = standing(client)
        _refuse_newer(searched)
        put_templates(client)
        _make(client, (ALERTS, NOTICES, DELIVERIES, KIBANA_ALERTS, STORIES, MIGRATIONS))
        if not searched:
            create(client, index_of(now().year), searched=True)
        _widen(client, searched)


def index_of(year: int) -> str:
    """The index, by the present schema, of the articles that were first seen in a year."""
    return f"wirewatch-articles-{year}-v{SCHEMA}"


def year_of(index: str) -> int | None:
    """The year of an index of articles. Those made before names had versions are called by the year alone."""
    found = re.fullmatch(r"wirewatch-articles-(\d{4})(-v\d+)?", index)
    return int(found[1]) if found else None


def standing(client: Elasticsearch) -> dict[str, int]:
    """The indices that are searched, and the version of the schema that each was made by."""
    try:
        found = client.indices.get_mapping(index=ALIAS)
    except NotFoundError:
        return {}
    return {name: body["mappings"].get("_meta", {}).get("schema_version", 1) for name, body in found.items()}


def older(client: Elasticsearch) -> list[str]:
    """The indices that are searched and of an older schema than the present one."""
    return sorted(name for name, version in standing(client).items() if version < SCHEMA)


def homes(client: Elasticsearch, years: set[int]) -> dict[int, str]:
    """Where an article that was first seen in one of these years is written to; the index is made if there is none."""
    found = {year: name for name in sorted(standing(client)) if (year := year_of(name))}
    for year in years - found.keys():
        found[year] = index_of(year)
        create(client, found[year], searched=True)
    return found


def create(client: Elasticsearch, index: str, *, searched: bool = False, settings: Any = None) -> None:
    """Make an index, unless it is there."""
    try:
        client.indices.create(index=index, aliases={ALIAS: {}} if searched else None, settings=settings)
    except BadRequestError as error:
        if error.error != "resource_already_exists_exception":  # another process was first
            raise


def _make(client: Elasticsearch, names: Sequence[str]) -> None:
    """Make indices that are no articles', and give those that are there the fields that they lack."""
    there = client.indices.get_mapping(index=list(names), ignore_unavailable=True)
    templates = schema.load("index")
    for name in names:
        if name not in there:
            create(client, name)
        else:
            _add_fields(client, name, templates[name]["template"]["mappings"], there[name]["mappings"])


def _refuse_newer(searched: Mapping[str, int]) -> None:
    for name, version in searched.items():
        if version > SCHEMA:
            raise UserError(
                f"The index {name} was made by a newer Wirewatch (schema {version}; this one writes {SCHEMA}): update "
                "Wirewatch on this machine."
            )


def _widen(client: Elasticsearch, searched: Mapping[str, int]) -> None:
    """Give indices of an older schema the fields that they lack."""
    for name, version in searched.items():
        if version < OLDEST_WRITABLE:
            raise UserError(
                f"The index {name} is of schema {version}, and this Wirewatch writes {SCHEMA}: {_MIGRATE}. Nothing is "
                "lost: what waits to be indexed is indexed then."
            )
        if version < SCHEMA:
            has = client.indices.get_mapping(index=name)[name]["mappings"]
            try:
                _add_fields(client, name, schema.article_mappings(), has)
            except BadRequestError as error:
                raise UserError(f"The index {name} cannot take new fields ({reason(error)}): {_MIGRATE}.") from None


def _add_fields(client: Elasticsearch, index: str, wanted: dict[str, Any], has: dict[str, Any]) -> None:
    if lacking := _lacking(wanted, has["properties"]):
        client.indices.put_mapping(index=index, properties=lacking)


def _lacking(wanted: dict[str, Any], has: dict[str, Any]) -> dict[str, Any]:
    """The fields of a mapping that another one lacks."""
    lacking: dict[str, Any] = {}
    for name, field in wanted["properties"].items():
        if name not in has:
            lacking[name] = field
        elif inner := "properties" in field and _lacking(field, has[name].get("properties", {})):
            lacking[name] = {"type": field.get("type", "object"), "properties": inner}
    return lacking

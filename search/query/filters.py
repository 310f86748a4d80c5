"""What every hit of a search must have."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

_EXACT = {"languages": "language", "countries": "countries", "topics": "topics", "stories": "story_id"}
_NAMED = {"people": "people", "organizations": "organizations"}


class Filters(BaseModel):
    """What every hit must have; of the values of one filter, any."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    languages: tuple[str, ...] = ()
    """ISO 639-1 codes."""
    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2 codes of countries that the article is about."""
    regions: tuple[str, ...] = ()
    """English names of regions that the article names or its countries lie in, in any case."""
    topics: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    """Names or some words of them in their order (``Patrushev``), or concept ids (``person:nikolai-patrushev``)."""
    organizations: tuple[str, ...] = ()
    """The same of organisations."""
    sources: tuple[str, ...] = ()
    """Ids (domains) or names of outlets."""
    stories: tuple[str, ...] = ()
    """Ids of stories."""
    since: date | datetime | None = None
    """Published then or later."""
    until: date | datetime | None = None
    """Published then or earlier; a date without a time is meant with its whole day."""

    def clauses(self) -> list[dict[str, Any]]:
        """The filters as Elasticsearch takes them."""
        clauses: list[dict[str, Any]] = [
            {"terms": {field: list(values)}} for name, field in _EXACT.items() if (values := getattr(self, name))
        ]
        if self.regions:
            clauses.append(_any({"term": {"regions": {"value": v, "case_insensitive": True}}} for v in self.regions))
        for name, field in _NAMED.items():
            if values := getattr(self, name):
                ids = {"terms": {"concepts.ids": list(values)}}
                clauses.append(_any([ids, *({"match_phrase": {field: value}} for value in values)]))
        if self.sources:
            clauses.append(_any({"terms": {f: list(self.sources)}} for f in ("source.id", "source.name.keyword")))
        bounds = {"gte": self.since, "lte": self.until}
        if any(bounds.values()):
            published = {bound: moment.isoformat() for bound, moment in bounds.items() if moment}
            clauses.append({"range": {"published": published}})
        return clauses


def _any(queries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"bool": {"should": list(queries)}}

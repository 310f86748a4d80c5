"""The data views and tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search import schema
from search.health.history import INDEX as HEALTH_INDEX
from search.indices import ALERTS, ALIAS, DELIVERIES, NOTICES, STORIES
from search.kibana.names import COUNTRIES, LANGUAGES
from search.kibana.objects import Tag, View

OURS = Tag("Wirewatch", "Made by `wirewatch kibana setup`, which overwrites it", "#0077CC")
DESK = Tag("desk", "The saved search of a desk", "#54B399")
ALERT = Tag("alert", "A saved search that is to be an alert", "#BD271E")
TAGS = (OURS, DESK, ALERT)
EVER = "now-5y"
"""As far back as most articles go: where something is looked for that may be old."""


def _named(names: Mapping[str, str]) -> dict[str, Any]:
    entries = [{"key": code, "value": name} for code, name in names.items()]
    return {"id": "static_lookup", "params": {"lookupEntries": entries}}


_COUNTRY, _LANGUAGE = _named(COUNTRIES), _named(LANGUAGES)
_LINK = {"id": "url", "params": {"type": "a"}}
_PICTURE = {"id": "url", "params": {"type": "img", "width": "120", "height": "80"}}


def _story(label: str) -> dict[str, Any]:
    """A story's id as a link to its dashboard."""
    query = "(query:(language:kuery,query:'story_id:%22{{value}}%22'))"
    url = f"../app/dashboards#/view/wirewatch-story?_g=(time:(from:{EVER},to:now))&_a={query}"
    return {"id": "url", "params": {"type": "a", "urlTemplate": url, "labelTemplate": label}}


def _fields(template: str, kind: str = "index") -> dict[str, str]:
    """What the fields of an index mean, as its schema says it; not of those that are objects."""
    fields: dict[str, str] = schema.load(kind)[f"wirewatch-{template}"]["_meta"]["fields"]
    return {name: meaning for name, meaning in fields.items() if name not in ("failed", "fields", "yield")}


_ARTICLE: dict[str, Any] = {
    "descriptions": _fields("articles-fields", "component"),
    "formats": {
        "url": _LINK,
        "images.url": _PICTURE,
        "story_id": _story("{{rawValue}}"),
        "language": _LANGUAGE,
        "languages": _LANGUAGE,
        "countries": _COUNTRY,
        "countries_named": _COUNTRY,
        "source.country": _COUNTRY,
        "events.countries": _COUNTRY,
    },
    "hidden": ("bands", "embedding", "passages.*", "sounds", "text.*"),
}
ARTICLES = View("wirewatch-articles", ALIAS, "Wirewatch articles", "published", **_ARTICLE)
ARRIVALS = View(
    "wirewatch-arrivals", ALIAS, "Wirewatch arrivals: articles by when they came in", "first_seen", **_ARTICLE
)
STORY_VIEW = View(
    "wirewatch-stories",
    STORIES,
    "Wirewatch stories",
    "last_seen",
    descriptions=_fields("stories"),
    formats={"id": _story("open the story"), "languages": _LANGUAGE, "language": _LANGUAGE},
)
NOTICE_VIEW = View(
    "wirewatch-notices",
    NOTICES,
    "Wirewatch notices",
    "created",
    descriptions=_fields("notices"),
    formats={"url": _LINK, "articles.url": _LINK, "articles.language": _LANGUAGE, "articles.source.country": _COUNTRY},
)
ALERT_VIEW = View("wirewatch-alerts", ALERTS, "Wirewatch alerts", "", descriptions=_fields("alerts"))
DELIVERY_VIEW = View(
    "wirewatch-deliveries",
    DELIVERIES,
    "Wirewatch deliveries: messages to channels",
    "at",
    descriptions=_fields("deliveries"),
)
HEALTH = View(
    "wirewatch-source-health",
    HEALTH_INDEX,
    "Wirewatch source health",
    "at",
    descriptions=_fields("source-health"),
    formats={"source.country": _COUNTRY, "listings.url": _LINK, "bytes": {"id": "bytes"}},
)
VIEWS = (ARTICLES, ARRIVALS, STORY_VIEW, ALERT_VIEW, NOTICE_VIEW, DELIVERY_VIEW, HEALTH)

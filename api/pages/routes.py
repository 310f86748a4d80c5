"""The routes of the pages: the search, an article, and what cannot be shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.desk import AtDesk, document
from api.pages.address import MANY, Address, parameters
from api.pages.alert import alert_of, channels
from api.pages.timeline import timeline
from api.questions import Asked, Desk
from search import marks
from search.alerts.alert import as_yaml
from search.query import FACETS, Hit, Told, happened, label

HERE = Path(__file__).parent
PAPER = Path(marks.__file__).parent / "paper.css"
HITS = 20
"""Of a page."""
OTHERS = 6
"""Articles of its story, copies and similar ones that an article's page shows."""
NAMES = {
    "languages": "Language",
    "countries": "Country",
    "regions": "Region",
    "topics": "Topic",
    "people": "Person",
    "organizations": "Organisation",
    "sources": "Source",
    "stories": "Story",
    "since": "From",
    "until": "Until",
}
_KINDS = {"countries": "country", "topics": "topic"}

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals |= {
    "NAMES": NAMES,
    "MANY": MANY,
    "spoken": marks.spoken,
    "web": marks.web,
    "changed": marks.changed,
    "as_yaml": as_yaml,
}
_templates.filters |= {
    "marked": marks.marked,
    "with_words": marks.with_words,
    "day": marks.day,
    "moment": marks.moment,
    "moment_in": marks.moment_in,
    "country": marks.country_name,
    "language": marks.language_name,
}


@pages.get("/")
def search(request: Request, response: Response, desk: AtDesk) -> str:
    """What a search finds; without a question the newest articles."""
    # The form of alerts says from where it comes; other sites are not told either way.
    response.headers["Referrer-Policy"] = "same-origin"
    address = Address(request.query_params.multi_items())
    asked, number = address.asked(), address.page
    found = desk.answer(asked, HITS, (number - 1) * HITS, FACETS)
    facets = dict(found.facets)
    days = [(date.fromisoformat(one.value), one.count) for one in facets.pop("days")]
    return page(
        "search",
        address,
        asked=asked,
        found=found,
        facets={name: facets[name] for name in NAMES if facets.get(name)},
        steps=timeline(days),
        number=number,
        pages=-(-min(found.total, 10_000) // HITS),
        first=(number - 1) * HITS + 1,
        like=desk.article(asked.similar) if asked.similar else None,
        alert=alert_of(asked),
        channels=channels(),
        parameters=parameters(asked),
    )


@pages.get("/article/{article:path}")
def article(article: str, desk: AtDesk) -> str:
    """An article: its text, what it is about, its versions, and the others of its story."""
    found = document(desk, article)
    story = found.get("story_id")
    of_story = _others(desk, found["id"], kql="*", stories=(story,), sort="newest", fold="copies") if story else []
    told = {one.id for one in of_story}
    return page(
        "article",
        Address([]),
        article=found,
        events=[happened(found, event) for event in found.get("events", ())],
        story=_story(desk, story) if story else None,
        of_story=of_story,
        copies=_others(desk, found["id"], kql=f'original: "{found.get("original", found["id"])}"', sort="newest"),
        similar=[hit for hit in _others(desk, found["id"], similar=found["id"]) if hit.id not in told],
        topic=lambda id: label(f"topic:{id}"),
        country=marks.country_name,
    )


@pages.get("/page.css")
def style() -> Response:
    """How the pages look."""
    return Response(PAPER.read_text() + (HERE / "page.css").read_text(), media_type="text/css")


def problem(request: Request, status: int, message: str) -> Response:
    """A page that says what is wrong, with the form to put it right."""
    html = page("problem", Address(request.query_params.multi_items()), message=message)
    return HTMLResponse(html, status)


def page(template: str, address: Address, **shown: Any) -> str:
    """A page of ours."""
    active = [(name, value, _shown(name, value)) for name, value in address.filters]
    return _templates.get_template(f"{template}.html").render(address=address, active=active, **shown)


def _shown(name: str, value: str) -> str:
    """The value of a filter in words."""
    if name == "languages":
        return marks.language_name(value)
    return label(f"{_KINDS[name]}:{value}") if name in _KINDS else value


def _story(desk: Desk, story: str) -> Told | None:
    hits = desk.answer(Asked(kql="*", stories=(story,), fold="stories"), 1).hits
    return hits[0].story if hits else None


def _others(desk: Desk, article: str, **asked: Any) -> Sequence[Hit]:
    """The first articles that answer a question, but for one."""
    return [hit for hit in desk.answer(Asked(**asked), OTHERS + 1).hits if hit.id != article][:OTHERS]

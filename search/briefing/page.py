"""A briefing as one page of HTML: it loads nothing, runs nothing, and prints on A4."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from search import marks
from search.alerts.message import as_html, plain
from search.briefing.gather import Briefing, Desk, Step
from search.briefing.period import Period
from search.health.verdicts import ADVICE
from search.kibana.links import of_time
from search.kibana.views import ARRIVALS, ARTICLES
from wirewatch.records import Notice
from wirewatch.settings import get_settings
from wirewatch.words import how_many

HEIGHT = 120
"""Pixels of the fullest column of the chart."""
LABELLED = 31
"""Columns up to which each has its number above it."""
_TICKS = 4
"""Columns with a date below them, where there are more than :data:`FEW`."""
FEW = 7
"""Columns up to which each has its date."""
_STEPS = {"hour": "%-d %b, %H:%M", "day": "%-d %b %Y", "week": "%-d %b %Y", "month": "%b %Y", "year": "%Y"}
_AXIS = {**_STEPS, "hour": "%H:%M", "day": "%-d %b"}


class Column(NamedTuple):
    """A column of the chart: along, in percent of its width; up, in pixels from its top."""

    x: float
    width: float
    y: float
    height: float
    articles: int
    when: str
    tick: str
    """What stands below it, or nothing."""


def page(briefing: Briefing) -> str:
    """The whole page."""
    settings = get_settings()
    view = ARRIVALS if briefing.period.by == "arrival" else ARTICLES
    return _templates.get_template("briefing.html").render(
        briefing=briefing,
        period=briefing.period,
        columns=columns(briefing.volume, briefing.period.step),
        site=settings.public_url,
        short=_without_text,
        searched=lambda desk: _searched(settings.public_url, desk, briefing.period),
        in_kibana=lambda desk: of_time(desk.kql, view, briefing.period.since, briefing.period.until),
    )


def columns(steps: Sequence[Step], unit: str) -> list[Column]:
    """The chart of how many articles there were when."""
    most = max((step.articles for step in steps), default=0) or 1
    share = 100 / max(len(steps), 1)
    ticks = {round(at * (len(steps) - 1) / (_TICKS - 1)) for at in range(_TICKS)}
    if len(steps) <= FEW:
        ticks = set(range(len(steps)))
    return [
        Column(
            x=round(at * share + share * 0.1, 3),
            width=round(share * 0.8, 3),
            y=round(HEIGHT - (height := step.articles / most * HEIGHT), 1),
            height=round(height, 1),
            articles=step.articles,
            when=step.at.strftime(_STEPS[unit]),
            tick=step.at.strftime(_AXIS[unit]) if at in ticks else "",
        )
        for at, step in enumerate(steps)
    ]


def _when(period: Period) -> Markup:
    """The time in words: days where it has whole ones."""
    if all(moment.time() == time() for moment in (period.since, period.until)):
        first, last = period.since.date(), period.until.date() - timedelta(days=1)
        return marks.day(first) if first == last else Markup("{} – {} (UTC)").format(marks.day(first), marks.day(last))
    return Markup("{} – {}").format(marks.moment(period.since), marks.moment(period.until))


def _notice(notice: Notice, level: int) -> Markup:
    return Markup(as_html(notice, "UTC", level))


def _without_text(notice: Notice) -> Notice:
    """A notice with no more than its headline and what there is to know of it."""
    articles = tuple(article.model_copy(update={"why": (), "concepts": ()}) for article in notice.articles)
    return notice.model_copy(update={"articles": articles})


def _searched(site: str, desk: Desk, period: Period) -> str:
    """What a desk asks, in the search pages, which know publication only."""
    until = period.until - timedelta(seconds=1)
    dates = {"since": period.since.date(), "until": until.date()} if period.by == "publication" else {}
    return f"{site}/?{urlencode({'kql': desk.kql, **dates, 'sort': 'newest', 'fold': 'stories'})}"


_templates = Environment(
    loader=FileSystemLoader([Path(__file__).parent / "templates", Path(marks.__file__).parent]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals |= {
    "ADVICE": ADVICE, "FEW": FEW, "HEIGHT": HEIGHT, "LABELLED": LABELLED, "notice": _notice, "number": how_many,
    "web": marks.web,
    "when": _when,
}  # fmt: skip
_templates.filters |= {"moment": marks.moment, "language": marks.language_name, "plain": plain}

"""What is sent to a channel: the notices of an alert, as HTML, text and data.

What sites wrote is escaped, and has no say in how a message looks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from search import marks
from search.alerts import links
from search.kibana.links import discover
from wirewatch.records import Cited, Notice
from wirewatch.settings import get_settings

if TYPE_CHECKING:
    from search.alerts.alert import Alert

WHOLE = 30
"""Stories that a mail shows with all there is to say; the others as headlines."""
HEADLINES = 300
"""Stories that a mail shows in all. A message has no more (:data:`search.alerts.sending.MOST`): the others are in those
that follow it."""
OTHERS = 4
"""Articles of a story that are named besides the first."""


@dataclass(frozen=True)
class Message:
    """Notices of an alert that are told to a channel together."""

    id: str
    """Of the delivery."""
    alert: Alert | None
    """None where it is for the operator, or of a rule of Kibana."""
    notices: tuple[Notice, ...]
    repeated: bool = False
    """Whether it may have arrived before: its id and those of its notices end in ``-again`` then."""

    @property
    def name(self) -> str:
        """Of its alert, or of the rule of Kibana."""
        if self.alert is None:
            return self.notices[0].alert if self.notices[0].kind == "rule" else "Wirewatch"
        return self.alert.name

    def subject(self) -> str:
        """A line that says what it is about."""
        first = self.notices[0]
        more = f" and {len(self.notices) - 1:,} more" if len(self.notices) > 1 else ""
        line = f"{plain(self.name)}: {_KINDS[first.kind]}{headline(first).partition(chr(10))[0]}"
        return f"{line[: 180 - len(more)]}{'…' * (len(line) > 180 - len(more))}{more}"

    def html(self, channel: str = "") -> str:
        """As a whole page of HTML that mail programs can show."""
        return _templates.get_template("message.html").render(**self._shown(channel))

    def text(self, channel: str = "") -> str:
        """The same as text."""
        text = _templates.get_template("message.txt").render(**self._shown(channel))
        return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

    def short(self, length: int) -> str:
        """Headlines with their links, as many as so many characters have room for, and how many there are besides."""
        before = ["This may have been sent before."] if self.repeated else []
        lines = [_brief(notice) for notice in self.notices]
        ending = f" … {len(lines) - 1:,} more" if len(lines) > 1 else " …"
        fits = headline(self.notices[0])[: max(0, length - len(ending))].rstrip() + ending
        for shown in range(1, len(lines) + 1):
            more = [f"{len(lines) - shown:,} more{self._whereabouts()}"] if shown < len(lines) else []
            text = "\n".join((*before, *lines[:shown], *more))
            if len(text) > length:
                break
            fits = text
        return fits

    def _whereabouts(self) -> str:
        return f": {links.address('feed', self.name)}" if self.alert else ""

    def data(self) -> dict[str, Any]:
        """For programs: the same whenever it is sent, but for what the story has gained meanwhile."""
        return {
            "type": "wirewatch.notices",
            "id": self.id,
            "alert": self.name,
            "repeated": self.repeated,
            "notices": self.written_notices(),
        }

    def written_notices(self) -> list[dict[str, Any]]:
        """Each notice as data, without what is only of use within Wirewatch."""
        return [notice.model_dump(mode="json", exclude={"state", "due", "slot"}) for notice in self.notices]

    def _shown(self, channel: str) -> dict[str, Any]:
        alert, settings = self.alert, get_settings()
        return {
            "message": self,
            "whole": self.notices[:WHOLE],
            "headlines": self.notices[WHOLE:HEADLINES],
            "more": len(self.notices[HEADLINES:]),
            "zone": alert.zone if alert else "UTC",
            "level": 2,
            "site": settings.public_url,
            "kibana": discover(alert) if alert else "",
            "page": _page(alert) if alert else "",
            "feed": links.address("feed", alert.name) if alert else "",
            "mute": links.address("mute", alert.name, channel) if alert else "",
            "unsubscribe": links.address("unsubscribe", alert.name, channel) if alert and channel else "",
            "channel": channel,
        }


def as_html(notice: Notice, zone: str, level: int = 2) -> str:
    """One notice as a piece of HTML, its headline of a level (``h2``)."""
    shown = {"notice": notice, "zone": zone, "level": level, "site": get_settings().public_url}
    return _templates.get_template("notice.html").render(shown)


def plain(text: str) -> str:
    """Text of others on one line, without characters that command terminals, headers or the direction of writing."""
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) != "Cc")
    return " ".join(re.sub("[\u202a-\u202e\u2066-\u2069]", "", kept).split())


def headline(notice: Notice) -> str:
    """What a notice has to say, as plain text; the operator's is ours and may have several lines."""
    lines = notice.title.splitlines() if notice.kind == "operator" else [notice.title]
    return "\n".join(line[: len(line) - len(line.lstrip())] + plain(line) for line in lines)


def _brief(notice: Notice) -> str:
    """A headline with its outlet and link."""
    outlet = f" ({plain(notice.articles[0].source.name)})" if notice.articles else ""
    link = f"\n{notice.url}" if marks.web(notice.url) else ""
    return f"{_KINDS[notice.kind]}{headline(notice)}{outlet}{link}"


def _page(alert: Alert) -> str:
    """What it asks, in the search pages; nothing where they cannot ask it."""
    if alert.lucene or alert.clauses:
        return ""
    asked = {"kql": alert.kql} if alert.kql else {"q": alert.about} if alert.about else {"kql": "*"}
    where = alert.where.model_dump(mode="json", exclude_defaults=True)
    return f"{get_settings().public_url}/?{urlencode({**asked, **where, 'sort': 'newest'}, doseq=True)}"


def _starred(fragment: str) -> str:
    """A fragment as text, with what matched between asterisks."""
    html = marks.marked(plain(fragment)).replace(Markup("<mark>"), Markup("*")).replace(Markup("</mark>"), Markup("*"))
    return html.unescape()


def _linked(title: str, url: str, language: str | None) -> Markup:
    """A headline as a link, where it leads into the web."""
    text = Markup("<span {}>{}</span>").format(marks.spoken(language), plain(title))
    return Markup('<a href="{}" style="color:#0b57a4">{}</a>').format(url, text) if marks.web(url) else text


def _others(articles: Sequence[Cited]) -> list[Cited]:
    """Further articles of a story, one of each outlet."""
    of_outlet = {article.source.id: article for article in reversed(articles[1:])}
    return [one for one in reversed(of_outlet.values()) if one.source.id != articles[0].source.id][:OTHERS]


_KINDS = {
    "new": "",
    "developing": "Developing: ",
    "spike": "More than usual: ",
    "silence": "Silence: ",
    "rule": "",
    "operator": "",
}
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=lambda name: bool(name and name.endswith(".html")),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals |= {"KINDS": _KINDS, "spoken": marks.spoken, "web": marks.web, "others": _others, "linked": _linked}
_templates.filters |= {
    "marked": marks.marked,
    "starred": _starred,
    "plain": plain,
    "headline": headline,
    "moment_in": marks.moment_in,
    "clock": lambda at, zone: marks.moment_in(at, zone).striptags(),
    "country": marks.country_name,
    "language": marks.language_name,
}

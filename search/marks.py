"""How pages and messages write what sites wrote: escaped, in its language and direction, linking only to the web."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from markupsafe import Markup, escape

from search.query import HIGHLIGHT

_ENGLISH = Locale("en")
_LIT = re.compile("(.*?)".join(map(re.escape, HIGHLIGHT)), re.DOTALL)


def marked(fragment: str) -> Markup:
    """A fragment with what matched in ``<mark>``. Marks without their other half are the site's own text."""
    return _alternating(_LIT.split(fragment), Markup("<mark>{}</mark>"))


def with_words(sentence: str, words: Iterable[str]) -> Markup:
    """A sentence with some of its words in ``<mark>``."""
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True) if word)
    return _alternating(re.split(f"({either})", sentence) if either else [sentence], Markup("<mark>{}</mark>"))


def _alternating(parts: list[str], mark: Markup) -> Markup:
    return Markup("").join(mark.format(part) if at % 2 else escape(part) for at, part in enumerate(parts))


def changed(diff: str | None) -> list[tuple[str, str]]:
    """What a change removed (``del``) and added (``ins``), line by line."""
    kinds = {"-": "del", "+": "ins"}
    return [(kinds[line[0]], line[1:]) for line in (diff or "").splitlines() if line[:1] in kinds]


def web(url: str | None) -> str:
    """An address if it is one of the web, else nothing: no ``javascript:``."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ""
    return url if url and parts.scheme in ("http", "https") and parts.netloc else ""


def spoken(language: str | None) -> Markup:
    """The attributes of an element with text in a language, or in one that we do not know."""
    try:
        locale = Locale.parse(language or "")
    except (ValueError, UnknownLocaleError):
        return Markup('lang="" dir="auto"')
    direction = "rtl" if locale.character_order == "right-to-left" else "ltr"
    return Markup('lang="{}" dir="{}"').format(language, direction)


def language_name(code: str | None) -> str:
    """What English calls a language."""
    return str(_ENGLISH.languages.get((code or "").lower(), code or ""))


def country_name(code: str) -> str:
    """What English calls a country."""
    return str(_ENGLISH.territories.get(code.upper(), code))


def day(moment: datetime | date | str) -> Markup:
    """A day in words, with the moment for machines."""
    return _time(moment, "%-d %b %Y")


def moment(moment: datetime | str) -> Markup:
    """A day and time in words."""
    return _time(moment, "%-d %b %Y, %H:%M UTC")


def moment_in(moment: datetime, zone: str) -> Markup:
    """A day and time in words, as clocks show it in a time zone."""
    return _time(moment.astimezone(ZoneInfo(zone)), "%-d %b %Y, %H:%M %Z")


def _time(moment: datetime | date | str, how: str) -> Markup:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), at.strftime(how))

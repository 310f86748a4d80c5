"""Where a page is from: what tells how its dates are written and in which zone its clock goes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property, lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.metadata import Metadata, as_list

_WIDESPREAD = ("es", "fr", "de", "pt", "ru", "ar", "it", "id", "tr", "uk", "pl")
# Top-level domains of countries that are sold to everyone.
_FOR_ALL = {
    "tv", "io", "co", "me", "ai", "fm", "am", "cc", "ws", "to", "gg", "im", "la", "nu", "ly", "ms", "sh", "st", "tk",
    "us",
}  # fmt: skip
# Where most of the press of a country with several zones sits.
_CAPITALS = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo",
    "CA": "America/Toronto", "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai",
    "EC": "America/Guayaquil", "ES": "Europe/Madrid", "ID": "Asia/Jakarta", "KZ": "Asia/Almaty",
    "MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City", "NZ": "Pacific/Auckland", "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow", "UA": "Europe/Kyiv",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """The languages and the country that a page and its address claim."""

    root: HtmlElement
    metadata: Metadata

    @cached_property
    def claimed(self) -> tuple[str, ...]:
        """The languages that the page claims, as CLDR names them (``pt``, ``pt_BR``)."""
        texts = [
            self.root.get("lang"),
            self.root.get("xml:lang"),
            *as_list(self.metadata.article.get("inLanguage")),
            self.metadata.first_meta("og:locale"),
            self.metadata.first_meta("content-language", "language"),
        ]
        names = [
            f"{found[1].lower()}_{found[2].upper()}" if found[2] else found[1].lower()
            for text in texts
            if isinstance(text, str) and (found := re.match(r"([a-zA-Z]{2,3})(?:[-_]([a-zA-Z]{2}))?\b", text.strip()))
        ]
        return tuple(dict.fromkeys(names))

    @property
    def languages(self) -> tuple[str, ...]:
        """Those and the most widespread ones: what a page claims is often the language of its template only."""
        return (*self.claimed, *_WIDESPREAD)

    @cached_property
    def country(self) -> str | None:
        """ISO 3166-1 code of the country of the address's top-level domain."""
        domain = (urlsplit(self.metadata.url).hostname or "").rsplit(".", 1)[-1]
        code = "GB" if domain == "uk" else domain.upper()
        return code if domain not in _FOR_ALL and code in get_global("territory_zones") else None

    @cached_property
    def day_first(self) -> bool:
        """Whether 1/2/2031 is the 1st of February there."""
        language = (self.claimed or ("en",))[0].split("_")[0]
        narrow = next((name for name in self.claimed if name.startswith(f"{language}_")), language)
        return _is_day_first(f"{language}_{self.country}" if self.country else narrow)

    def zone(self, at: datetime) -> tzinfo | None:
        """The zone of the country, else the one of all the countries of the language, where there is one."""
        at = at.replace(tzinfo=None)
        if self.country or not self.claimed:
            return _zone_of((self.country,), at) if self.country else None
        language, _, country = self.claimed[0].partition("_")
        return _zone_of((country,) if country else _countries_of(language), at)


@lru_cache(maxsize=300)  # pages may claim any language
def _is_day_first(locale: str) -> bool:
    for name in (locale, locale.split("_")[0]):
        try:
            return str(Locale.parse(name).date_formats["short"].pattern).startswith("d")
        except (ValueError, UnknownLocaleError):
            continue
    return False


@lru_cache(maxsize=300)
def _countries_of(language: str) -> tuple[str, ...]:
    """Where a language is official."""
    return tuple(code for code in get_global("territory_zones") if language in get_official_languages(code))


@lru_cache(maxsize=300)
def _zones_of(country: str) -> tuple[ZoneInfo, ...]:
    names = [_CAPITALS[country]] if country in _CAPITALS else get_global("territory_zones").get(country, ())
    return tuple(ZoneInfo(name) for name in names)


def _zone_of(countries: Iterable[str], at: datetime) -> tzinfo | None:
    """The zone that all these countries have at a time; None if they have several."""
    zones = [zone for country in countries for zone in _zones_of(country)]
    return zones[0] if len({at.replace(tzinfo=zone).utcoffset() for zone in zones}) == 1 else None

"""Cities and first-level subdivisions, and what a language calls them.

Cities come from GeoNames, whose names say their script and not their language; subdivisions from CLDR in English and
from the package pycountry (Debian's iso-codes) in other languages. ``data/places.yml`` adds what a language really
calls the best known, and lists the names that are mostly something else.
"""

from __future__ import annotations

import gettext
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pycountry
import yaml
from babel import Locale
from babel.core import get_global

from enrichment.gazetteer import data
from enrichment.gazetteer.folding import fold
from enrichment.gazetteer.forms import UNSPACED
from enrichment.gazetteer.labels import locale

_BY_SCRIPT = {
    "Arab": "ar fa ur ps ckb sd ug",
    "Cyrl": "ru uk be bg sr mk kk ky mn tg",
    "Deva": "hi mr ne",
    "Hans": "zh",
    "Jpan": "ja",
    "Hang": "ko",
    "Ethi": "am ti",
    "Grek": "el",
    "Hebr": "he yi",
}
SCRIPT = {language: script for script, languages in _BY_SCRIPT.items() for language in languages.split()}
"""The script of a language that is not written in Latin letters."""

_others = "bn pa gu or ta te kn ml si th lo my km ka hy bo dz as dv"
_OTHERS = frozenset(_others.split())
"""Languages of whose scripts we have no names of places."""

_ALPHABETS = {
    "en": "",
    "fr": "àâçéèêëîïôùûüÿœ",
    "es": "áéíóúüñ",
    "pt": "áâãàçéêíóôõúü",
    "it": "àèéìòù",
    "de": "äöüß",
    "tr": "çğıöşüâîİ",
    "sw": "",
    "ha": "",
    "nl": "ëïé",
    "pl": "ąćęłńóśźż",
}


class Place(NamedTuple):
    """A city or a first-level subdivision."""

    id: str
    """Concept id: ``place:geonames-2507480``, ``place:DZ-16``."""
    name: str
    """In English, as far as English has one."""
    country: str
    latitude: float | None
    longitude: float | None
    people: int
    """Inhabitants in thousands; 0 for a subdivision."""


_transliterated = re.compile("[āēīōūĀĒĪŌŪḩḨḑẕ]")


def _english(name: str) -> str:
    """A city's name as English has it, or at least without the signs of transliteration."""
    if name not in words()["called"] and _transliterated.search(name):
        return "".join(sign for sign in unicodedata.normalize("NFD", name) if not unicodedata.combining(sign))
    return str(words()["called"].get(name, name))


@cache
def _table() -> list[tuple[Place, str, dict[str, list[str]]]]:
    """The cities, the largest first, with their names by script and the one that the data give them."""
    table = []
    for number, country, north, east, people, name, *scripts in data.lines("cities.tsv"):
        place = Place(f"place:geonames-{number}", _english(name), country, float(north), float(east), int(people))
        names = {part[:4]: part[5:].split(";") for part in scripts}
        table.append((place, name, names))
    return table


@cache
def _subdivisions() -> list[Place]:
    listed = data.lines("subdivisions.tsv")
    return [Place(f"place:{code}", words()["called"].get(code, name), code[:2], None, None, 0) for code, name in listed]


@cache
def words() -> dict[str, Any]:
    """``places.yml``."""
    found: dict[str, Any] = yaml.safe_load((data.DATA / "places.yml").read_text("utf-8"))
    return found


_generic = re.compile(
    r"(?i)\b(?:province|provincia|provinz|region|región|oblast|krai|okrug|governorate|state|republic|república|district|"
    r"department|prefecture|county|area|autonom\w*|capital|federal|territory|область|край|республика|провинция|округ|"
    r"автономн\w*|губернаторство|мухафаза|префектура|департамент|вилайя|вилайет|провінція|регіон|автономна|столичний)\b|[省州市邦县府]$"
)


def _plain(name: str) -> str:
    """The name of a subdivision without what says that it is one."""
    name = re.sub(r"\s*[\[(].*", "", name)
    return re.sub(r"\s+", " ", _generic.sub("", name)).strip(" -,’'")


@cache
def _translations(language: str) -> dict[str, str]:
    """What a language calls the subdivisions, by code, as far as iso-codes say."""
    locale = {"zh": "zh_CN"}.get(language, language)
    try:
        told = gettext.translation("iso3166-2", pycountry.LOCALES_DIR, [locale])
    except OSError:
        return {}
    found = {}
    for one in pycountry.subdivisions:
        name = told.gettext(one.name)
        if name != one.name or language not in SCRIPT:
            found[f"place:{one.code}"] = name
    return found


def zone_cities(language: str) -> list[tuple[str, str]]:
    """What CLDR's time zones call their cities in a language, and in English."""
    told = locale(language)
    if told is None:
        return []
    english = Locale("en").time_zones
    cities = ((told.time_zones.get(zone, {}).get("city"), zone) for zone in get_global("zone_territories"))
    return [
        (city, english.get(zone, {}).get("city") or zone.rsplit("/", 1)[-1].replace("_", " "))
        for city, zone in cities
        if city
    ]


def _names(language: str) -> Iterator[tuple[str, Place, int]]:
    """Every name of every place in a language, and how sure it is: see :class:`Known`."""
    if language in _OTHERS:
        return
    script = SCRIPT.get(language)
    own: dict[str, list[str]] = {}
    for name, english in [*words()["names"].get(language, {}).items(), *zone_cities(language)]:
        own.setdefault(english, []).append(name)
    named: dict[tuple[str, str], list[str]] = {}
    alphabet = _ALPHABETS.get(language)
    for place, listed, scripts in _table():
        called = [*own.get(listed, []), *(own.get(place.name, []) if place.name != listed else [])]
        if script is None:
            yield from ((name, place, DATA) for name in dict.fromkeys((place.name, listed)))
        yield from ((name, place, OWN) for name in called)
        if script is not None:
            yield from ((name, place, DATA) for name in scripts.get(script, ()))
            called += scripts.get(script, [])
        named.setdefault((place.country, place.name), called)
        if script is None and alphabet is not None:
            letters = re.compile(rf"[A-Za-z{alphabet}{alphabet.upper()}' -]{{5,}}")
            loose = (name for name in scripts.get("Latn", ()) if letters.fullmatch(name))
            yield from ((name, place, LOOSE) for name in loose)
    told = _translations(language)
    for place in _subdivisions():
        mine = [*own.get(place.name, []), *own.get(place.id[6:], [])]
        yield from ((name, place, OWN) for name in mine)
        called = [place.name] if script is None else []
        if place.id in told:
            called.append(_plain(told[place.id]))
        called += named.get((place.country, place.name), [])
        yield from ((name, place, DATA) for name in dict.fromkeys(called))


LOOSE, DATA, OWN = range(3)


class Known(NamedTuple):
    """What a name may mean in a language."""

    name: str
    places: tuple[Place, ...]
    """The largest city first, subdivisions last."""
    sure: int
    """``LOOSE``: perhaps another language's name; ``DATA``: this language's or script's, as the data say; ``OWN``: as
    our own list says."""


@cache
def known(language: str) -> dict[str, Known]:
    """The names of places in a language, by what they are folded."""
    shortest = 2 if language in UNSPACED or SCRIPT.get(language) == "Ethi" else 3
    found: dict[str, Known] = {}
    for name, place, sure in _names(language):
        key = fold(name)
        if len(key) < shortest:
            continue
        before = found.get(key)
        if before is None:
            found[key] = Known(name, (place,), sure)
        elif sure > before.sure and before.places == (place,):
            found[key] = Known(before.name, before.places, sure)
        elif sure >= before.sure and place not in before.places:
            # Who calls Algiers' province Alger calls the city so.
            kept = [other for other in before.places if sure == before.sure or other.country == place.country]
            found[key] = Known(before.name, (*kept, place), sure)
    return found


def written(language: str) -> dict[str, str]:
    """The names of places in a language as it writes them, by what they are folded."""
    return {key: one.name for key, one in known(language).items()}


@cache
def _called(language: str) -> dict[str, str]:
    best: dict[str, tuple[int, str]] = {}
    for name, place, sure in _names(language):
        if sure > best.get(place.id, (LOOSE, ""))[0]:
            best[place.id] = sure, name
    return {place: name for place, (_, name) in best.items()}


def place_label(place: str, language: str) -> str | None:
    """What a language calls a city or subdivision (concept id); None where the data do not say."""
    return _called(language).get(place)

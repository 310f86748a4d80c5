"""All names of a language in two automata, of countries and of places, each built when first asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain

import ahocorasick
from babel import Locale
from babel.core import get_global

from enrichment.gazetteer import places
from enrichment.gazetteer.data import countries, own_forms, regions
from enrichment.gazetteer.folding import fold
from enrichment.gazetteer.forms import BORROWING, INFLECTED, UNSPACED, Form, compiled, demonyms, stem
from enrichment.gazetteer.labels import elsewhere, locale, names


@cache
def _zones() -> dict[str, str]:
    """CLDR's time zones by the folded English name of their city."""
    english = Locale("en").time_zones
    found = {}
    for zone in get_global("zone_territories"):
        city = english.get(zone, {}).get("city") or zone.rsplit("/", 1)[-1].replace("_", " ")
        found[fold(city)] = zone
    return found


def _cldr_names(code: str, known: Locale) -> list[str]:
    name = known.territories.get(code)
    if not name or re.search(r"\b(SAR|RAE|R\.A\.S)\b", name):
        return []
    if " - " in name or " – " in name:
        return [name, re.sub(r" [-–] ", "-", name)]
    if spelled := re.fullmatch(r"(.+?) \((.+)\)", name):
        return list(spelled.groups())
    return [name]


def _own(language: str) -> Iterator[tuple[str, str, str]]:
    """The forms of our own files: form, code, kind."""
    for code, forms in own_forms(language)[1].items():
        kind = "none" if code == "-" else regions()[code].kind if code in regions() else "own"
        yield from ((form, code, kind) for form in forms)


def _cldr(language: str, known: Locale) -> Iterator[tuple[str, str, str]]:
    """CLDR's names of countries and regions, and what follows from them by rule."""
    for code in [*countries(), *regions()]:
        kind = "region" if code in regions() else "country"
        called = _cldr_names(code, known) + elsewhere(code, language)
        if language == "zh":
            called += _cldr_names(code, Locale("zh", script="Hant"))
        if language == "hi":
            called += [name.replace("\u093c", "") for name in called]  # newspapers leave the dot out
        if language == "de" and kind == "country":
            called += [f"{name}s" for name in called if name[-1] not in "sxzß"]
        for name in called:
            yield name, code, kind
            if language in INFLECTED and stem(name, language) != name:
                yield stem(name, language), code, kind
            if kind == "country":
                yield from ((form, code, "people") for form in demonyms(name, language))
    if language == "en":
        yield from ((region.name, code, region.kind) for code, region in regions().items())


def _capitals(language: str, known: Locale) -> Iterator[tuple[str, str, str]]:
    latin = re.fullmatch(r"[\x20-\u024f]+", known.territories["DZ"]) is not None
    for country in countries().values():
        for capital in country.capitals:
            # CLDR leaves a city out where its name is the English one.
            city = known.time_zones.get(_zones().get(fold(capital), ""), {}).get("city")
            if city is None and latin:
                city = capital
            if city is not None:
                yield city, country.code, "capital"
                if language in INFLECTED:
                    yield stem(city, language), country.code, "capital"


def _borrowed() -> Iterator[tuple[str, str, str]]:
    """The English names and first adjectives of countries, and the names of capitals."""
    for code, forms in own_forms("en")[1].items():
        yield from ((form, code, "country") for form in forms if code in countries() and form.isupper())
    for country in countries().values():
        yield from ((name, country.code, "country") for name in names(country.code, "en"))
        yield from ((capital, country.code, "capital") for capital in country.capitals)


def _places(language: str) -> Iterator[tuple[str, str, str]]:
    for key, name in places.written(language).items():
        yield name, key, "place"
        if language in INFLECTED:
            # Гома, Гоме; no other ending is surely one after so few letters.
            shortest = 3 if name[-1] == "а" else 4
            yield stem(name, language, shortest), key, "place"


_CASES = ("exact", "upper", "any")
"""How words are compared, the strict before the lax."""


@cache
def countries_automaton(language: str) -> ahocorasick.Automaton:
    """Every form of countries, regions and organisations, as tuples of :class:`Form` by the literal that they begin
    with.
    """
    known = locale(language) or Locale("en")
    borrowed = _borrowed() if language in BORROWING else ()
    return _automaton(language, chain(_own(language), _cldr(language, known), _capitals(language, known), borrowed))


@cache
def places_automaton(language: str) -> ahocorasick.Automaton:
    """The same of cities and subdivisions, of which there are far more."""
    return _automaton(language, _places(language))


def _automaton(language: str, written: Iterable[tuple[str, str, str]]) -> ahocorasick.Automaton:
    endings = own_forms(language)[0]
    listed: dict[tuple[str, str], list[Form]] = {}

    def add(form: str, code: str, kind: str) -> None:
        for made in compiled(form, code, kind, endings, language):
            # Of two countries the first is meant; which of two places, the text tells.
            same = listed.setdefault((made.key, made.rest.pattern if made.rest else ""), [])
            if not same or kind == "place":
                same.append(made)
            elif made.code == same[0].code and _CASES.index(made.case) > _CASES.index(same[0].case):
                same[0] = made

    for form in written:
        add(*form)
    by_key: dict[str, list[Form]] = {}
    for forms in listed.values():
        for made in forms:
            if len(made.key) > 1 or language in UNSPACED:
                by_key.setdefault(made.key, []).append(made)
    found = ahocorasick.Automaton()
    for key, forms in by_key.items():
        found.add_word(key, tuple(forms))
    found.make_automaton()
    return found

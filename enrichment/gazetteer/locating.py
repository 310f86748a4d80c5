"""Says which cities and subdivisions a text means, and whether it means any."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import NamedTuple

from enrichment.gazetteer.folding import fold
from enrichment.gazetteer.forms import PREFIXES, UNSPACED
from enrichment.gazetteer.places import DATA, OWN, SCRIPT, Known, Place, known, words
from enrichment.gazetteer.senses import is_company, line_around, opens

LARGE = 1000
"""Thousands of inhabitants from which a city needs no word before it nor its country in the text."""
FAR_LARGER = 4
"""How many times as large as its namesakes abroad a city must be to be meant without its country."""


class Location(NamedTuple):
    """Where a document names a city or a first-level subdivision: offsets in characters of its text."""

    start: int
    end: int
    id: str
    """``place:geonames-2507480`` for a city, ``place:DZ-16`` (ISO 3166-2) for a subdivision."""
    name: str
    """In English, as far as English has one."""
    country: str
    """ISO 3166-1 alpha-2."""
    latitude: float | None
    longitude: float | None
    """Degrees, of a city."""


class _Seen(NamedTuple):
    """A name that may be a place's, with what stands around it."""

    start: int
    end: int
    known: Known
    doubtful: bool
    cued: bool
    """Whether a word that belongs to places stands before or after it."""
    called: bool
    """Whether that word says that it is a city or a region."""


def locate(
    text: str,
    folded: str,
    hits: Sequence[tuple[int, int, str]],
    countries: Collection[str],
    people: Sequence[tuple[int, int]],
    language: str,
    typed: bool,
) -> list[Location]:
    """The places among ``hits`` (start, end, folded name), in the order of the text.

    A name is a place's where it stands in no person's name and beside no other capitalised word, and its country is one
    of ``countries``, those that the text names. Without that it must be a large city's, or have a word before it as
    places have ("in", "near"), and no namesake of nearly that size abroad. What is so found names its country too.
    """
    seen = _seen(text, folded, hits, people, language, typed)
    found: dict[int, Location] = {}
    supported = set(countries)
    for trusting in (False, True, True):
        for one in seen:
            place = None if one.start in found else _meant(one, supported, trusting, language)
            if place is not None:
                found[one.start] = Location(one.start, one.end, *place[:5])
        supported.update(location.country for location in found.values())
        if trusting:
            supported.update(_together(seen, supported, language))
    return [found[start] for start in sorted(found)]


def _together(seen: Sequence[_Seen], supported: Collection[str], language: str) -> list[str]:
    """The countries of which the text names two cities that alone would prove nothing: Kherson and Mariupol."""
    cities: dict[str, set[str]] = {}
    for one in seen:
        known = one.known
        if (
            known.sure >= (OWN if _caseless(language) else DATA)
            and not one.doubtful
            and len(known.name) > _shortest(language)
            and not _namesake(known)
        ):
            cities.setdefault(known.places[0].country, set()).add(known.name)
    return [country for country, names in cities.items() if country not in supported and len(names) > 1]


def _namesake(known: Known) -> bool:
    """Whether a city or subdivision abroad is called the same and not much smaller."""
    first = known.places[0]
    abroad = max((place.people for place in known.places if place.country != first.country), default=-1)
    return abroad >= 0 and first.people < FAR_LARGER * max(abroad, 50)


def _shortest(language: str) -> int:
    """Letters of a name that may be a place without its country: fewer where one letter says more."""
    return {"Latn": 4, "Cyrl": 4, "Grek": 4}.get(SCRIPT.get(language, "Latn"), 2 if language in UNSPACED else 3)


def _meant(one: _Seen, supported: Collection[str], trusting: bool, language: str) -> Place | None:
    """The place that a name means where these countries are spoken of; with ``trusting`` also without its country."""
    places = one.known.places
    near = [place for place in places if place.country in supported]
    length = one.end - one.start
    weak = one.doubtful or one.known.sure < DATA or (_caseless(language) and one.known.sure < OWN and length < 6)
    if near:
        return near[0] if one.cued or not weak else None
    if not trusting or one.doubtful or one.known.sure < DATA or length < _shortest(language):
        return None
    if _namesake(one.known):
        return None
    first = places[0]
    large = first.people >= LARGE
    if _caseless(language) and one.known.sure < OWN:
        # Nothing but the words around tells the name of a small city from an ordinary word.
        return first if one.called or (large and (one.cued or length > _shortest(language))) else None
    return first if large or one.cued else None


def _caseless(language: str) -> bool:
    return language in SCRIPT and SCRIPT[language] not in ("Cyrl", "Grek")


def _seen(
    text: str,
    folded: str,
    hits: Sequence[tuple[int, int, str]],
    people: Sequence[tuple[int, int]],
    language: str,
    typed: bool,
) -> list[_Seen]:
    named = {word for start, end in people for word in folded[start:end].split()}
    doubtful = _doubtful(language)
    table = known(language)
    seen = []
    beside = []
    for start, end, key in hits:
        written = folded[start:end]
        if written in named or any(start < last and first < end for first, last in people):
            continue
        if is_company(text, start, end) or (not typed and _beside_a_name(text, start, end, language)):
            beside.append(written)
            continue
        cued, called = cue(folded, start, end, language)
        seen.append(_Seen(start, end, table[key], key in doubtful, cued, called))
    # Who is named in full once is meant by the surname alone; a place is named alone or after a word of places.
    return [one for one in seen if one.cued or folded[one.start : one.end] not in beside]


@cache
def _doubtful(language: str) -> frozenset[str]:
    listed = words()["doubtful"]
    return frozenset(fold(word.strip()) for of in ("", language) for word in listed.get(of, "").split(","))


@cache
def _beside() -> frozenset[str]:
    return frozenset(fold(words()["beside"]).split())


@cache
def _cues(language: str) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    listed = (words()[side].get(language) for side in ("before", "after"))
    before, after = (told and re.sub(r"[^\x00-\x7f]+", lambda letters: fold(letters.group()), told) for told in listed)
    return (
        re.compile(rf"(?:^|\W)(?:{before})\s?$") if before and before != "-" else None,
        re.compile(after) if after else None,
    )


def cue(folded: str, start: int, end: int, language: str) -> tuple[bool, bool]:
    """Whether a word that belongs to places stands before or after, and whether it says what kind of place."""
    before, after = _cues(language)
    found = (before and before.search(folded, max(0, start - 20), start), after and after.match(folded, end))
    if any(found):
        return True, any(one is not None and one.lastgroup == "kind" for one in found)
    # What is written as one word with a name is a preposition.
    return bool(PREFIXES.get(language)) and start > 0 and folded[start - 1] in "بበከወየ", False


_titles = "mr mrs ms miss dr sir lady lord mme mlle señor señora senhor senhora herr frau signor signora г-н г-жа"
_TITLES = frozenset(fold(_titles).split())
_last = re.compile(r"([\w'’-]+) $")
_next = re.compile(r" ([\w'’-]+)")


def _beside_a_name(text: str, start: int, end: int, language: str) -> bool:
    """Whether another capitalised word stands directly beside: Paris Hilton, Manchester United, Ahmed Moscow."""
    if language in SCRIPT and not text[start].isupper():
        return False
    after = _next.match(text, end)
    if after and after.group(1)[0].isupper() and fold(after.group(1)) not in _beside():
        return not _all_capitalised(text, start, end)
    if text[end : end + 1] == "-" and text[end + 1 : end + 2].isupper():
        return language != "de"
    before = _last.search(text, max(0, start - 30), start)
    if before is not None and fold(before.group(1)) in _TITLES:
        return True
    if before is None or not before.group(1)[0].isupper() or fold(before.group(1)) in _beside():
        return False
    return not opens(text, before.start()) and not _all_capitalised(text, start, end)


def _all_capitalised(text: str, start: int, end: int) -> bool:
    """Whether it is a headline with every word capitalised."""
    line = line_around(text, start, end).split()
    words = [word for word in line if word[0].isalpha()]
    return 3 < len(words) < 30 and sum(word[0].isupper() for word in words) > 0.6 * len(words)

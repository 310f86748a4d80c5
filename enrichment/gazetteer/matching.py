"""Finds the names in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from enrichment.gazetteer.automaton import countries_automaton, places_automaton
from enrichment.gazetteer.data import regions
from enrichment.gazetteer.folding import LETTER, fold
from enrichment.gazetteer.forms import GLUED, UNSPACED, Form
from enrichment.gazetteer.locating import Location, cue, locate
from enrichment.gazetteer.places import SCRIPT
from enrichment.gazetteer.senses import is_company, meant, sense_of

_Span = tuple[int, int, str]
"""Start, end, and the folded name of a place."""

COUNTRY = frozenset({"country", "people", "capital"})
"""The kinds of :class:`Mention` that mean a country."""


class Mention(NamedTuple):
    """One place in a text that names a country, a region or an organisation of countries."""

    start: int
    end: int
    code: str
    """ISO 3166-1 alpha-2 of a country, English name of a region or organisation."""
    kind: str
    """``country``, ``people`` (a demonym or adjective of a country, as far as its form tells: in languages that write
    them small), ``capital`` (or another seat of government), ``region``, or ``organisation``."""


ORDINARY = frozenset({"us", "polish", "pole", "poles", "eau", "sin", "hollande"})
"""Ordinary words without their capitals: a typed "us" is not the United States."""

_letter = re.compile(LETTER)
_word_before = re.compile(rf"{LETTER}+$")


_katakana = re.compile(r"[\u30a1-\u30fa\u30fc]")


def _cuts_katakana(folded: str, start: int, end: int) -> bool:
    """Whether a name in Katakana is only part of a longer Katakana word: Mali in Maria."""
    return any(
        0 < at < len(folded) and _katakana.match(folded, at - 1) and _katakana.match(folded, at) for at in (start, end)
    )


def _starts_word(folded: str, start: int, form: Form, language: str) -> bool:
    if language in UNSPACED or start == 0 or not _letter.match(folded, start - 1):
        return True
    if form.key[0] < "\u0250" < folded[start - 1] and language in SCRIPT:
        return True  # Latin letters after a prefix in the language's own: የRussia
    if form.before is None:
        return language in GLUED and len(form.key) > 2
    before = _word_before.search(folded, max(0, start - 6), start)
    return before is not None and form.before.fullmatch(before.group()) is not None


def _case_fits(text: str, start: int, end: int, form: Form, typed: bool) -> bool:
    if len(form.key) <= 3 and form.rest is None and text[start:end].lower() != form.text.lower():
        return False  # in so short a word the accents matter: Şam is Damascus, Sam is not
    if typed:
        return form.key not in ORDINARY
    if form.case == "any":
        return True
    if form.case == "exact":
        return fold(text[start:end]) == fold(form.text) and text[start:end].isupper() and text[end : end + 1] != "$"
    first = next((c for c in text[start:end] if c.isalpha()), "")
    return first != first.lower() or first == first.upper()


class Reading(NamedTuple):
    """What a text names."""

    mentions: list[Mention]
    """Of countries, regions and organisations."""
    locations: list[Location]
    """Cities, capitals among them, and subdivisions."""


def _hits(
    text: str, folded: str, language: str, typed: bool, cities: bool
) -> tuple[list[tuple[int, int, Form]], list[_Span]]:
    """The forms of countries and regions, the longest where several overlap, and those of places beside them."""
    free = language in UNSPACED or language in GLUED
    shouted = not typed and text.isupper()
    cased = language not in SCRIPT or SCRIPT[language] in ("Cyrl", "Grek")
    found: list[tuple[int, int, int, Form]] = []
    places: list[_Span] = []
    automata = (countries_automaton(language), *((places_automaton(language),) if cities else ()))
    # One without a name cannot be asked.
    for last, forms in chain.from_iterable(automaton.iter(folded) for automaton in automata if len(automaton)):
        end_of_key = last + 1
        inside = not free and end_of_key < len(folded) and _letter.match(folded, end_of_key) is not None
        if inside and folded[last] < "\u0250" < folded[end_of_key] and language in SCRIPT:
            inside = False
        for form in forms:
            if form.rest is None and inside:
                continue
            start = end_of_key - len(form.key)
            if form.kind == "place" and cased and not typed and not text[start].isupper():
                continue
            end = end_of_key
            if form.rest is not None:
                rest = form.rest.match(folded, end)
                if rest is None:
                    continue
                end = rest.end()
            if not _starts_word(folded, start, form, language) or not _case_fits(text, start, end, form, typed):
                continue
            if language == "ja" and _cuts_katakana(folded, start, end):
                continue
            if form.kind == "place":
                places.append((start, end, form.code))
                continue
            if form.case == "exact" and len(form.key) == 2 and (shouted or _among_capitals(text, start, end)):
                continue
            if language == "ar" and _before_family.match(folded, end):
                continue
            found.append((start, -end, -len(form.key), form))
    found.sort(key=lambda hit: hit[:3])
    chosen = []
    reached = 0
    for start, minus_end, _, form in found:
        if start >= reached:
            reached = -minus_end
            chosen.append((start, reached, form))
    return chosen, places


def read(text: str, language: str, people: Sequence[tuple[int, int]] = (), *, cities: bool = True) -> Reading:
    """What ``text`` names, in its order; ``people`` are the spans of persons' names, in which no place is looked for.
    Without ``cities`` there are no locations, and none of the thousands of names of a language need be read.

    ``language`` is an ISO 639-1 code; a language without names in CLDR is read with the English ones. In a short text
    without any capital letter, as people type queries, case is ignored.
    """
    folded = fold(text)
    typed = len(text) <= 200 and text == text.lower()
    chosen, places = _hits(text, folded, language, typed, cities)
    mentions: list[Mention] = []
    doubtful = set()
    counts: dict[str, int] = {}
    for start, end, form in chosen:
        other = form.kind == "none" or (form.kind in ("country", "capital") and is_company(text, start, end))
        code = None if other else meant(form, start, end, text, folded, language, counts)
        if code is not None:
            sense = sense_of(folded[start:end], language)
            if sense and sense.support and not (sense.cued and cue(folded, start, end, language)[0]):
                doubtful.add(len(mentions))
            called = [regions()[code].name] if code in regions() else code.split("+")
            mentions += (Mention(start, end, one, form.kind) for one in called)
    sure = {mention.code for i, mention in enumerate(mentions) if i not in doubtful}
    mentions = [mention for i, mention in enumerate(mentions) if i not in doubtful or mention.code in sure]
    named = {mention.code for mention in mentions if mention.kind in COUNTRY}
    capitals = {(m.start, m.end) for m in mentions if m.kind == "capital"}
    # A capital is a city too, and New Mexico, which is no Mexico, a state.
    both = capitals | {hit[:2] for hit in chosen if hit[2].kind == "none"} & {span[:2] for span in places}
    spans = _outside(places, [hit[:2] for hit in chosen if hit[:2] not in both])
    return Reading(mentions, locate(text, folded, spans, named, people, language, typed) if spans else [])


def _outside(places: list[_Span], taken: list[tuple[int, int]]) -> list[_Span]:
    """The longest places of those that overlap, none within what is taken."""
    kept: list[_Span] = []
    blocked = iter(taken)
    block = next(blocked, None)
    reached = 0
    for start, end, key in sorted(places, key=lambda span: (span[0], -span[1])):
        while block is not None and block[1] <= start:
            block = next(blocked, None)
        if start >= reached and (block is None or end <= block[0]):
            kept.append((start, end, key))
            reached = end
    return kept


def find(text: str, language: str) -> list[Mention]:
    """The countries, capitals and regions that ``text`` names, in its order, none overlapping another: see
    :func:`read`. Cities that are no capitals, and organisations, are left out.
    """
    return [mention for mention in read(text, language).mentions if mention.kind != "organisation"]


_before_family = re.compile(r" (?:ال|ا?بن|بنت) (?=\w)")
"""What follows an Arabic first name, "Al" (of the family) or "son of", folded: تركي آل …, مصري بن …"""

_capitals_before = re.compile(r"(?<!\w)[A-ZÀ-Þ]{4,} $")
_capitals_around = (re.compile(r"(?<!\w)[A-ZÀ-Þ]{2,} $"), re.compile(r" [A-ZÀ-Þ]{2,}(?!\w)"))


def _among_capitals(text: str, start: int, end: int) -> bool:
    """Whether an acronym of two letters may be a word of a phrase in capitals: FOLLOW US, CALL US NOW, not US NAVY."""
    before = text[max(0, start - 20) : start]
    left, right = _capitals_around
    return bool(_capitals_before.search(before)) or bool(left.search(before) and right.match(text, end))

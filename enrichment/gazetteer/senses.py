"""Words with two senses, and names of people that are names of countries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import yaml

from enrichment.gazetteer import data
from enrichment.gazetteer.folding import LETTER, fold
from enrichment.gazetteer.forms import Form


@dataclass(frozen=True, slots=True)
class Sense:
    """An entry of ``countries.senses.yml``."""

    languages: frozenset[str]
    codes: frozenset[str]
    other: str | None
    name: bool
    first: bool
    default: bool
    support: bool
    cued: bool
    inside: bool
    signs: re.Pattern[str] | None
    other_signs: re.Pattern[str] | None


def _any_of(words: list[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    return re.compile(rf"(?<!{LETTER})(?:{'|'.join(re.escape(fold(w)) for w in words)})")


@cache
def senses() -> dict[str, Sense]:
    """The ambiguous forms, folded."""
    table = {}
    for entry in yaml.safe_load((data.DATA / "countries.senses.yml").read_text("utf-8")):
        sense = Sense(
            frozenset(entry.get("languages", ())),
            frozenset(entry["codes"]),
            entry.get("other"),
            bool(entry.get("name")),
            entry.get("name") == "first",
            bool(entry.get("default", True)),
            bool(entry.get("support")),
            entry.get("support") == "cued",
            bool(entry.get("inside")),
            _any_of(entry.get("signs", [])),
            _any_of(entry.get("other_signs", [])),
        )
        for form in entry["forms"]:
            for language in sense.languages or ("",):
                table[f"{language}:{fold(form)}"] = sense
    return table


def sense_of(written: str, language: str) -> Sense | None:
    """The senses of a folded form; None where it has but one."""
    return senses().get(f"{language}:{written}") or senses().get(f":{written}")


def meant(
    form: Form, start: int, end: int, text: str, folded: str, language: str, counts: dict[str, int]
) -> str | None:
    """The country that an ambiguous form means here; None for no country at all.

    ``counts`` remembers for the words of one text by how much the signs for the country outweigh the others.
    """
    written = folded[start:end]
    sense = sense_of(written, language)
    if sense is None or form.code not in sense.codes:
        return form.code
    if sense.name and is_person(text, start, end, language, sense.first):
        return None
    if sense.inside and text[start].isupper() and not opens(text, start):
        return form.code
    if written not in counts:
        mine = len(sense.signs.findall(folded)) if sense.signs else 0
        others = len(sense.other_signs.findall(folded)) if sense.other_signs else 0
        if sense.name and sense.signs:
            # Who is named in full once is meant by the first name alone.
            places = (found.span() for found in re.finditer(rf"(?<!\w){re.escape(written)}(?!\w)", folded))
            others += sum(is_person(text, *place, language, sense.first) for place in places)
        counts[written] = mine - others
    if counts[written] == 0:
        return form.code if sense.default else sense.other
    return form.code if counts[written] > 0 else sense.other


_OFFICES = """king queen prince princess president prime minister government parliament army police foreign crown sheikh
    general airlines airways airport times daily today valley and in to on after says roi reine ministry
    national central bank red cross revenue authority commission university gate power team cricket open cup
    premier league union party congress council court supreme embassy defense defence defences forces force
    navy air security intelligence state street square centre center stock exchange health education medical
    association federation football rugby olympic railways railway oil gas energy airlift house border coast
    guard rights wildlife service reserve meteorological department news post herald tribune institute society
    alliance bonds aerospace securities war peace talks deal crisis election elections vote votes day week
    summit visit policy relations ambassador envoy consulate mission office economic trade chamber city county
    province region north south east west northern southern eastern western gouvernement armée ministre"""
OFFICES = frozenset(_OFFICES.split())
"""Capitalised words that follow a country's name and not a first name."""

_companies = """Air Real Atl[ée]tico(?:_de)? Sporting D[yi]namo Spartak CSKA Lokomotiv Hertha Union Sparta Slavia
    Partizan Legia Rapid FC AC AS SC CF RC FK Olympique Racing Inter Ajax Zenit Steaua Étoile
    Динамо Спартак ЦСКА Локомотив Реал Атлетико Зенит"""
_company_before = re.compile(rf"(?<!\w)(?:{'|'.join(_companies.split()).replace('_', ' ')})[ »\"(]{{1,3}}$")
_company_after = re.compile(r"[ -](?:Saint-Germain|United|Rovers|Wanderers|FC|CF|SC|SG|Hotspur|Bulls)(?!\w)")


def is_company(text: str, start: int, end: int) -> bool:
    """Whether the word is part of the name of a football club or an airline: Dynamo Moscow, Air France."""
    before = _company_before.search(text, max(0, start - 20), start)
    return before is not None or _company_after.match(text, end) is not None


_NAME = "[A-ZÀ-ÞА-ЯЁІЇЄҐ][a-zà-ÿа-яёіїєґ]+"
_hyphenated_after = re.compile(r"-([A-ZÀ-Þ][a-zà-ÿ]+)(?!\w)")
_hyphenated_before = re.compile(r"(?<!\w)([A-ZÀ-Þ][a-zà-ÿ]+)-$")
_definite_before = re.compile(r"(?<!\w)ال\w+ $")
_definite_after = re.compile(r" ال\w+")
next_word = re.compile(rf" ({_NAME})")
last_word = re.compile(rf"({_NAME}) $")


def _is_arabic_name(text: str, start: int, end: int) -> bool:
    """Whether an adjective without article is a first name: after a word with it (an adjective would agree), or before
    one where a line starts.
    """
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return bool(_definite_before.search(line)) or (not line.strip() and bool(_definite_after.match(text, end)))


def is_name(word: str, language: str) -> bool:
    """Whether the word names a country, its people, its capital or a region."""
    from enrichment.gazetteer.matching import find  # which asks this module what a word means

    return bool(find(word, language))


def _in_double_name(text: str, start: int, end: int, language: str) -> bool:
    """Whether a hyphen joins the word to one that is no place: Holland-Kruse, not Israel-Lebanon. German hangs any
    noun on a country so (Holland-Reise): there the two must have a capitalised word before them somewhere.
    """
    before = _hyphenated_before.search(text, max(0, start - 30), start)
    after = _hyphenated_after.match(text, end)
    part = before or after
    if part is None or is_name(part.group(1), language):
        return False
    first = before.start() if before else start
    whole = text[first : after.end() if after else end]
    return language != "de" or any(after_capital(text, one.start()) for one in re.finditer(re.escape(whole), text))


_ends = frozenset('.!?:;"«“„»”(—–-•|/')


def line_around(text: str, start: int, end: int) -> str:
    """The line in which something stands, as far as 300 characters on both sides."""
    stop = text.find("\n", end, end + 300)
    before = max(0, start - 300)
    return text[max(text.rfind("\n", before, start) + 1, before) : stop if stop >= 0 else end + 300]


def opens(text: str, start: int) -> bool:
    """Whether a sentence, a quotation or a line begins here."""
    before = text[max(0, start - 3) : start]
    return not before.strip(" ") or before.rstrip(" ")[-1:] in _ends or "\n" in before


def after_capital(text: str, start: int) -> bool:
    """Whether a capitalised word stands before, and not because it opens a sentence."""
    before = last_word.search(text, max(0, start - 20), start)
    return before is not None and not opens(text, before.start())


def is_person(text: str, start: int, end: int, language: str, first: bool = False) -> bool:
    """Whether a word that is also a first or family name stands in a person's name: beside another capitalised word;
    with ``first`` only before one.
    """
    if language == "ar":
        return _is_arabic_name(text, start, end)
    if _in_double_name(text, start, end, language):
        return True
    words = [word for word in line_around(text, start, end).split() if word[0].isalpha()]
    if language != "de" and len(words) > 3 and sum(word[0].isupper() for word in words) > 0.6 * len(words):
        return False  # a headline with every word capitalised says nothing
    after = next_word.match(text, end)
    if after and after.group(1).lower() not in OFFICES:
        return True
    return not first and after_capital(text, start)

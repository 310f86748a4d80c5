"""What people are shown for a country or region, and what else it is called."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale
from babel.core import UnknownLocaleError

from enrichment.gazetteer.data import own_forms, regions


@cache
def locale(language: str) -> Locale | None:
    """CLDR's locale of a language; None where it has none with country names."""
    try:
        found = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None
    return found if "DZ" in found.territories else None


@cache
def names(code: str, language: str) -> tuple[str, ...]:
    """How a language calls the country (ISO code) or region (M49 code): the name that people are shown, other usual
    names, and the adjective; empty where nobody told us.
    """
    endings, own = own_forms(language)
    forms = own.get(code, [])
    known = locale(language)
    shown = [form[1:] for form in forms if form.startswith("=")]
    if not shown and language == "en" and code in regions():
        shown = [regions()[code].name]
    if not shown and known and code in known.territories:
        shown = [known.territories[code].replace("’", "'")]
    others = [form[1:] for form in forms if form.startswith("+")]
    others += elsewhere(code, language)
    adjectives = [_spelled(form, endings[0]) for form in forms if is_adjective(form, language)]
    return tuple(dict.fromkeys([*shown, *others, *adjectives[:1]])) if shown else ()


def elsewhere(code: str, language: str) -> list[str]:
    """The name in the language's other standard: CLDR's Portuguese is Brazil's (Irã), Portugal's differs (Irão)."""
    other = Locale("pt", "PT").territories.get(code) if language == "pt" else None
    return [other] if other else []


def is_adjective(form: str, language: str) -> bool:
    """Whether a form is a demonym, as far as it tells: where they are written small by that, in English by its ending,
    and in a script without capitals by the sign for endings.
    """
    word = form.rstrip("*@")
    if form[0] in "=+^" or not word:
        return False
    if language == "en":
        return form.endswith("@") or _english_adjective.search(word) is not None
    return word == word.lower() if cased(list(word)) else form.endswith("*")


_english_adjective = re.compile(r"(?:[a-z](?:ish|ese|ch|ss|ois|andic)|Thai|Lao|Kyrgyz|Middle Eastern)$")


def _spelled(form: str, ending: str) -> str:
    """A form as a word."""
    word = form.rstrip("*@")
    if word.endswith(("ск", "цк")):
        return word + "ий"
    return word + ending if form.endswith("@") else word


def label(code: str, language: str) -> str | None:
    """What people are shown for a country (ISO code) or region (M49 code); None where nobody told us."""
    called = names(code, language)
    return called[0] if called else None


def cased(letters: list[str]) -> bool:
    """Whether one of the letters is of a script that has capitals."""
    return any(letter.lower() != letter.upper() for letter in letters)

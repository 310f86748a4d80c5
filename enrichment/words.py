"""What other languages call the words of a question: ``enrichment/data/words.tsv``, a small dictionary of our own.

A line is a word of the news in English and in other languages, the most frequent first; a word stands for its whole
family (announce, announced, announcement), which is why it is looked up by its stem. Of a question in another language
the words are found by their stems there, and lead through the English line to all others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

import snowballstemmer

from wirewatch.errors import UserError
from wirewatch.words import how_many

WORDS = Path(__file__).parent / "data" / "words.tsv"

STEMMERS = {
    "en": "porter",
    "fr": "french",
    "es": "spanish",
    "pt": "portuguese",
    "de": "german",
    "it": "italian",
    "ru": "russian",
    "ar": "arabic",
}
"""Snowball's name of each language's stemmer; in other languages a word is looked up as it is."""
MEANINGS = 3
"""Lines that one word leads to at most, when it stands in many."""
LEAST = 0.4
"""What the most frequent word of the news counts beside one that is not in the list."""


class Line(NamedTuple):
    """A word in many languages."""

    rank: int
    forms: dict[str, tuple[str, ...]]
    """By language, the most usual first."""


@cache
def lines() -> tuple[Line, ...]:
    """The dictionary, the most frequent word first.

    Raises:
        UserError: a line has not as many columns as the first.
    """
    written = [line for line in WORDS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    languages = written[0].split("\t")
    found = []
    for number, line in enumerate(written[1:]):
        cells = line.split("\t")
        if len(cells) != len(languages):
            raise UserError(
                f"{WORDS.name}: the line of {cells[0]!r} has {how_many(len(cells), 'column')}, not {len(languages)}."
            )
        forms = {code: tuple(filter(None, cell.split(", "))) for code, cell in zip(languages, cells, strict=True)}
        found.append(Line(number, {code: of for code, of in forms.items() if of}))
    return tuple(found)


@cache
def _stemmer(language: str) -> snowballstemmer.stemmer | None:
    return snowballstemmer.stemmer(STEMMERS[language]) if language in STEMMERS else None


def stem(word: str, language: str) -> str:
    """What a word has in common with the others of its family."""
    stemmer = _stemmer(language)
    word = word.lower().removeprefix("-")
    return str(stemmer.stemWord(word)) if stemmer else word


@cache
def _by_stem(language: str) -> dict[str, list[Line]]:
    """The lines of each word of a language, those first in which it is the more usual form."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for line in lines():
        for place, form in enumerate(line.forms.get(language, ())):
            if " " not in form:
                found[stem(form, language)].append((place, line.rank))
    return {key: [lines()[rank] for _, rank in sorted(set(places))] for key, places in found.items()}


def translations(word: str, language: str) -> dict[str, tuple[str, ...]]:
    """How texts in other languages say a word of ``language``, by language; empty for a word we do not know."""
    known = _by_stem(language).get(stem(word, language), [])[:MEANINGS]
    forms: dict[str, dict[str, None]] = defaultdict(dict)
    for line in known:
        for code, said in line.forms.items():
            if code != language:
                forms[code].update(dict.fromkeys(said))
    return {code: tuple(said) for code, said in forms.items()}


def knows(word: str, language: str) -> bool:
    """Whether a word is one of the dictionary's."""
    return stem(word, language) in _by_stem(language)


def weight(word: str, language: str) -> float:
    """How much a word tells, between :data:`LEAST` for the most frequent and 1 for one that we do not know."""
    known = _by_stem(language).get(stem(word, language))
    if not known:
        return 1.0
    rank = min(line.rank for line in known)
    return LEAST + (1 - LEAST) * math.log1p(rank / 100) / math.log1p(len(lines()) / 100)

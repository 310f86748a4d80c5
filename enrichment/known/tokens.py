"""The words of a name: without case endings, prefixes and particles, and how they sound."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from enrichment import sound
from enrichment.gazetteer import fold

_particles = (
    "al el as ash ad an ar at az bin ben ibn ould uld bint ag von van der den de da do dos di du la le y e e' d "
    "аль ас аш ад ан ар ат аз бен бин ибн ульд фон ван дер де да ди душ ла ле بن ابن بنت ولد آل ال"
)
PARTICLES = frozenset(_particles.split())
"""Words in the middle of a name that spellings leave out or write otherwise."""
_SLAVE_OF = frozenset("abd abdel abdul abdal abdoul abdou абдель абдул абдуль абд عبد".split())  # noqa: SIM905
"""What is one word with the next: Abdel Fattah, Abdelfattah, عبد الفتاح."""


class Found(NamedTuple):
    """Where a text names somebody or something we know."""

    start: int
    end: int
    id: str


class Word(NamedTuple):
    """A word of a text that may be part of a name."""

    start: int
    end: int
    text: str


_word = re.compile(r"[^\W\d_](?:[^\W_]|[\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff])*")
_near = re.compile(r"[ .'’ʼ\u00a0«»\u200c-]{0,3}|, ")
_numeral = re.compile("[IVX]+")
_cyrillic_ending = re.compile(r"(?<=\w{3})(?:ом|ем|ём|ым|им|ого|его|ому|ему|ыми|ими|ами|ых|их|ам|ах)$")
_arabic_prefix = re.compile(r"^(?:[وف]?(?:[بكل]?ال|لل)|[وف][بكل]?|[بكل])(?=\w{3})")
_ethiopic_prefix = re.compile(r"^(?:የ|በ|ለ|ከ|እና|ስለ|ወደ|እንደ)(?=\w{2})")


def words(text: str) -> list[Word]:
    """The words of a text, hyphens and apostrophes parting them."""
    return [Word(found.start(), found.end(), found[0]) for found in _word.finditer(text)]


@lru_cache(maxsize=50_000)
def bare(word: str) -> tuple[str, ...]:
    """A word and, if its script shows one, what it is without the ending of its case or the prefixes before it."""
    kind = sound.script(word)
    if kind == "cyrillic":
        return tuple(dict.fromkeys((word, _cyrillic_ending.sub("", word), re.sub("(?<=...)[аяуюеыий]$", "", word))))
    if kind == "abjad":
        return tuple(dict.fromkeys((word, re.sub("^ال(?=..)", "", word), _arabic_prefix.sub("", word))))
    if kind == "other":
        return tuple(dict.fromkeys((word, _ethiopic_prefix.sub("", word))))
    return (word,)


@lru_cache(maxsize=50_000)
def folded(word: str) -> tuple[str, ...]:
    """What :func:`bare` gives, folded."""
    return tuple(map(fold, bare(word)))


@lru_cache(maxsize=50_000)
def keys(word: str) -> frozenset[str]:
    """The sounds that a word of a text may have as a name."""
    if _numeral.fullmatch(word):
        return frozenset((word,))
    return frozenset(key for form in bare(word) for key in sound.keys(form))


def name_words(parts: list[Word]) -> list[Word]:
    """The words that make the name: without particles, "Abdel" and the next as one."""
    made: list[Word] = []
    for word in parts:
        joined = made and not _SLAVE_OF.isdisjoint(folded(made[-1].text))
        if folded(word.text)[0] in PARTICLES and not joined:
            continue
        if joined:
            made[-1] = Word(made[-1].start, word.end, made[-1].text + word.text)
        else:
            made.append(word)
    return made


def is_cased(word: str) -> bool:
    """Whether a word begins as names do, as far as its script tells."""
    return word[:1] != word[:1].lower() or word == word.upper()

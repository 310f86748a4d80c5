"""Countries found in sentences: precision and recall, over all and by language.

The sentences are ours (``tests/enrichment/country_sentences.yml``): ``known`` ones, which the gazetteer was made to
read, and ``fresh`` ones, written afterwards.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import yaml

from enrichment.geography import countries_in

SENTENCES = Path(__file__).parents[1] / "tests/enrichment/country_sentences.yml"


class Score(NamedTuple):
    """How many of the (sentence, country) pairs found are right, and how many of the right ones are found."""

    sentences: int
    precision: float
    recall: float


class Mistake(NamedTuple):
    """A sentence read wrong."""

    language: str
    sentence: str
    missed: tuple[str, ...]
    wrong: tuple[str, ...]


def sentences(part: str) -> list[tuple[str, str, frozenset[str]]]:
    """The sentences of a part, ``known`` or ``fresh``: language, text, ISO codes."""
    listed = yaml.safe_load(SENTENCES.read_text("utf-8"))[part]
    return [(language, text, frozenset(codes.split())) for language, some in listed.items() for text, codes in some]


def scores(part: str) -> dict[str, Score]:
    """The scores by language, and over all languages as ``all``."""
    found: Counter[str] = Counter()
    labelled: Counter[str] = Counter()
    right: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for language, text, codes in sentences(part):
        named = {mention.code for mention in countries_in(text, language)}
        for key in (language, "all"):
            count[key] += 1
            found[key] += len(named)
            labelled[key] += len(codes)
            right[key] += len(named & codes)
    return {
        key: Score(sentences, _share(right[key], found[key]), _share(right[key], labelled[key]))
        for key, sentences in count.items()
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def mistakes(part: str) -> list[Mistake]:
    """The sentences of a part that are read wrong."""
    wrong = []
    for language, text, codes in sentences(part):
        named = {mention.code for mention in countries_in(text, language)}
        if named != codes:
            wrong.append(Mistake(language, text, tuple(sorted(codes - named)), tuple(sorted(named - codes))))
    return wrong

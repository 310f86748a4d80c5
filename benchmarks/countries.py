"""Countries found in sentences: precision and recall, over all and by language.

The sentences are ours (`tests/enrichment/country_sentences.yml`): `known` ones, which the gazetteer was made to read,
and `fresh` ones, written afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from benchmarks import report
from benchmarks.report import Figures, Table
from enrichment.geography import countries_in

EVALUATED = False
PARTS = ("known", "fresh")
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


def sentences(part: str, limit: int | None = None) -> list[tuple[str, str, frozenset[str]]]:
    """The sentences of a part, or the first ``limit`` of each language: language, text, ISO codes."""
    listed = yaml.safe_load(SENTENCES.read_text("utf-8"))[part]
    return [
        (language, text, frozenset(codes.split())) for language, some in listed.items() for text, codes in some[:limit]
    ]


def scores(part: str, limit: int | None = None) -> dict[str, Score]:
    """The scores by language, and over all languages as ``all``."""
    found: Counter[str] = Counter()
    labelled: Counter[str] = Counter()
    right: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for language, text, codes in sentences(part, limit):
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


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Read the sentences, or the first ``limit`` of each language and part."""
    return {
        f"enrichment.countries.{part}.{language}.{name}": figure
        for part in PARTS
        for language, score in scores(part, limit).items()
        for name, figure in score._asdict().items()
    }


def tables(figures: Figures) -> Iterator[Table]:
    """A row for each language."""
    own = "enrichment.countries."
    languages = dict.fromkeys(key.split(".")[3] for key in figures if key.startswith(own))
    columns = [f"{part}.{{}}.{name}" for part in PARTS for name in Score._fields]
    yield Table(
        "Countries: precision and recall, on sentences that the gazetteer was made to read, and on fresh ones",
        ["language", "sentences", "precision", "recall", "fresh: sentences", "precision", "recall"],
        [[code, *(figures.get(own + column.format(code), "") for column in columns)] for code in languages],
    )


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])

"""Events found in sentences: types, and who did it to whom, by language.

The sentences are ours (`tests/enrichment/event_sentences.yml`): `open` ones, which the patterns were made with, and
`held` ones, labelled with them and measured at the end alone. F1 of the (sentence, type) pairs, of those with the mode,
and of the triples (type, source, target). Known people count as their country.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from spacy.tokens import Doc

from benchmarks import report
from benchmarks.report import Figures, Table
from enrichment import entities, events, geography, known, names  # noqa: F401 - their components
from enrichment.pipelines import pipeline
from wirewatch.records import Event

EVALUATED = False
SENTENCES = Path(__file__).parents[1] / "tests/enrichment/event_sentences.yml"
MEASURES = ("type", "mode", "triple")
COMPONENTS = ("wirewatch_geography", "wirewatch_names", "wirewatch_entities", "wirewatch_events")
"""Those of our own that events need."""

Pair = tuple[str, ...]


class Labelled(NamedTuple):
    """A sentence and what it tells."""

    text: str
    facts: dict[str, frozenset[Pair]]
    """By measure: types, types with modes, triples."""


def labelled(part: str) -> dict[str, list[Labelled]]:
    """The sentences of a part, ``open`` or ``held``, by language."""
    told: dict[str, Any] = yaml.safe_load(SENTENCES.read_text("utf-8"))[part]
    return {
        language: [Labelled(text, facts(map(_label, written))) for text, *written in some]
        for language, some in told.items()
    }


def _label(written: str) -> tuple[str, str | None, list[str], list[str]]:
    kind, _, actors = written.partition(" ")
    type_, _, mode = kind.partition("/")
    sources, targets = ([one.strip() for one in side.split(",") if one.strip()] for side in f"{actors}>".split(">")[:2])
    return type_, mode or None, sources, targets


def facts(told: Iterable[tuple[str, str | None, list[str], list[str]]]) -> dict[str, frozenset[Pair]]:
    """What a measure counts, by measure."""
    found: dict[str, set[Pair]] = {measure: set() for measure in MEASURES}
    for type_, mode, sources, targets in told:
        found["type"].add((type_,))
        found["mode"].add((type_, mode or ""))
        found["triple"].update((type_, *pair) for pair in product(sources or ("",), targets or ("",)))
    return {measure: frozenset(some) for measure, some in found.items()}


@cache
def reader(language: str) -> list[tuple[str, Callable[[Doc], Doc]]]:
    """What of a language's pipeline events need, in its order."""
    nlp = pipeline(language)
    recogniser = [(name, component) for name, component in nlp.pipeline if name in ("tok2vec", "transformer", "ner")]
    ours = [(name, nlp.get_pipe(name) if name in nlp.pipe_names else nlp.create_pipe(name)) for name in COMPONENTS]
    return [*recogniser, *ours]


def read(text: str, language: str) -> tuple[Event, ...]:
    """The events of a text."""
    doc = pipeline(language).make_doc(text)
    doc._.language = language
    for _, component in reader(language):
        doc = component(doc)
    found: tuple[Event, ...] = doc._.events
    return found


def found_in(text: str, language: str) -> dict[str, frozenset[Pair]]:
    """What is found in a sentence, as it is labelled."""
    told = read(text, language)
    return facts((one.type, one.mode, _short(one.sources), _short(one.targets)) for one in told)


def _short(ids: Iterable[str]) -> list[str]:
    """Codes of countries and ids of organisations of many countries: one of a single country counts as that."""
    kept = [id_ for id_ in ids if id_.startswith("country:") or ((one := known.get(id_)) and not one.country)]
    return [id_.partition(":")[2] for id_ in kept]


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Read the sentences, or the first ``limit`` of each language and part."""
    figures: Figures = {}
    for part, prefix in (("held", ""), ("open", "open_")):
        for language, some in labelled(part).items():
            figures[f"enrichment.events.{language}.{prefix}sentences"] = len(some[:limit])
            counts = {measure: Counter[str]() for measure in MEASURES}
            for one in some[:limit]:
                answer = found_in(one.text, language)
                for measure, count in counts.items():
                    count["found"] += len(answer[measure])
                    count["labelled"] += len(one.facts[measure])
                    count["right"] += len(answer[measure] & one.facts[measure])
            for measure, count in counts.items():
                f1 = 2 * count["right"] / max(1, count["found"] + count["labelled"])
                figures[f"enrichment.events.{language}.{prefix}{measure}_f1"] = round(f1, 4)
    return figures


def tables(figures: Figures) -> Iterator[Table]:
    """A row for each language."""
    columns = [*(f"{measure}_f1" for measure in MEASURES), *(f"open_{measure}_f1" for measure in MEASURES)]
    languages = dict.fromkeys(key.split(".")[2] for key in figures if key.startswith("enrichment.events."))
    yield Table(
        "events: F1 on sentences held back, and on those that the patterns were made with",
        ["language", "sentences", "type", "with mode", "triple", "open: type", "with mode", "triple"],
        [
            [code, *(figures[f"enrichment.events.{code}.{column}"] for column in ("sentences", *columns))]
            for code in languages
        ],
    )


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])

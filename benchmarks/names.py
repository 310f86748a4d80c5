"""Names in running text: our pipelines beside the models' own recognisers, against labelled sentences.

Each file of the evaluation's `ner/` has the sentences of one language, a token a line, with people, places and
organisations marked; other marks are left out. The tokens are given as they are. Scored is what `doc.ents` says after
our components, and, as `model`, what the recogniser alone says (with places of all kinds as one): F1 over exact spans
of all three kinds together, and over each. A language without a model has no `model`.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from benchmarks import report
from benchmarks.report import Figures, Table
from enrichment.names import KINDS
from enrichment.pipelines import pipeline
from wirewatch.errors import UserError

EVALUATED = True
CODES = {"swa": "sw", "hau": "ha"}
MARKS = {"PER": "person", "LOC": "place", "ORG": "organization"}
LOT = 200

Span = tuple[int, int, str]
"""First token, the one after the last, kind."""


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Read every file, or the first ``limit`` sentences of each.

    Raises:
        UserError: there is none.
    """
    files = sorted((evaluation / "ner").glob("*.conll.gz"))
    if not files:
        raise UserError(f"{evaluation / 'ner'} has no *.conll.gz: name another folder.")
    figures: Figures = {}
    for file in files:
        name = file.name.removesuffix(".conll.gz")
        language = _language(name)
        sentences = list(_sentences(file))[:limit]
        truth = [_marked(marks) for _, marks in sentences]
        nlp = pipeline(language)
        ours = list(_named([tokens for tokens, _ in sentences], nlp, language))
        _add(figures, f"enrichment.ner.{name}", truth, ours)
        if "ner" in nlp.pipe_names:
            alone = list(_named([tokens for tokens, _ in sentences], nlp, language, only=True))
            _add(figures, f"enrichment.ner.{name}.model", truth, alone)
    return figures


def _language(name: str) -> str:
    code = name.split(".")[1]
    return CODES.get(code, code)


def _sentences(file: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Tokens and marks of each sentence."""
    for block in gzip.decompress(file.read_bytes()).decode().split("\n\n"):
        rows = [line.split("\t") for line in block.splitlines() if "\t" in line]
        if rows:
            yield [row[0] for row in rows], [row[1] for row in rows]


def _marked(marks: Sequence[str]) -> set[Span]:
    spans = set()
    begun: tuple[int, str] | None = None
    for at, mark in enumerate([*marks, "O"]):
        kind = mark.partition("-")[2]
        if begun and (not mark.startswith("I") or kind != begun[1]):
            spans.add((begun[0], at, MARKS.get(begun[1], "")))
            begun = None
        if mark != "O" and begun is None:
            begun = at, kind
    return {span for span in spans if span[2]}


def _named(
    sentences: Iterable[Sequence[str]], nlp: Language, language: str, *, only: bool = False
) -> Iterator[set[Span]]:
    """What a pipeline, or ``only`` its recogniser, takes for names."""
    ours = [name for name in nlp.pipe_names if name not in {"ner", "tok2vec", "transformer"}]
    heavy = {"wirewatch_embedding", "wirewatch_topics", "wirewatch_events", "wirewatch_concepts"}
    docs = [Doc(nlp.vocab, words=list(tokens)) for tokens in sentences]
    for doc in docs:
        doc._.language = language
    with nlp.select_pipes(disable=ours if only else [name for name in ours if name in heavy]):
        for doc in nlp.pipe(docs, batch_size=LOT):
            yield {(ent.start, ent.end, KINDS[ent.label_]) for ent in doc.ents if ent.label_ in KINDS}


def _add(figures: Figures, name: str, truth: list[set[Span]], found: list[set[Span]]) -> None:
    right, said, there = Counter[str](), Counter[str](), Counter[str]()
    for true, ours in zip(truth, found, strict=True):
        right.update(kind for *_, kind in true & ours)
        said.update(kind for *_, kind in ours)
        there.update(kind for *_, kind in true)
    figures[f"{name}.f1"] = _f1(right.total(), said.total(), there.total())
    for kind in MARKS.values():
        figures[f"{name}.{kind}_f1"] = _f1(right[kind], said[kind], there[kind])


def _f1(right: int, said: int, there: int) -> float:
    return 2 * right / (said + there) if said + there else 0.0


def tables(figures: Figures) -> Iterator[Table]:
    """One, a row for each file."""
    names = [key.removesuffix(".f1") for key in figures if key.startswith("enrichment.ner.") and key.endswith(".f1")]
    kinds = ["f1", *(f"{kind}_f1" for kind in MARKS.values())]
    yield Table(
        "Names: F1 over exact spans",
        ["file", "all", *MARKS.values()],
        [
            [
                name.removeprefix("enrichment.ner.").replace(".model", ", model alone"),
                *(figures[f"{name}.{k}"] for k in kinds),
            ]
            for name in names
        ],
    )


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])

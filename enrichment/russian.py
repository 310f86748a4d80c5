"""Names in Russian: the recogniser of natasha (slovnet with navec's word vectors) as a spaCy component.

Only the weights of the package natasha are read, which is installed without what it depends on (pymorphy2, yargy): they
are a convolution over words and need numpy alone: 22,000 words a second on one core, where spaCy's `ner` reads 9,600 to
16,000 (``python -m benchmarks.speed``).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from wirewatch.errors import UserError

WEIGHTS = "model/slovnet_ner_news_v1.tar"
VECTORS = "emb/navec_news_v1_1B_250K_300d_100q.tar"
LONGEST = 300
"""Words that are looked at together at most; sentences are shorter."""


@cache
def _recogniser() -> Any:
    package = find_spec("natasha")
    if package is None or not package.submodule_search_locations:
        raise UserError(
            "The names model for Russian is not installed. Install it with `pip install --no-deps natasha==1.6.0`, or "
            "name a spaCy model with WIREWATCH_MODELS__RU."
        )
    # Half a second and 60 MB, which no process needs that reads no Russian.
    from navec import Navec
    from slovnet import NER

    data = Path(next(iter(package.submodule_search_locations))) / "data"
    recogniser = NER.load(data / WEIGHTS)
    recogniser.navec(Navec.load(data / VECTORS))
    return recogniser


def _sentences(doc: Doc) -> Iterator[tuple[int, list[str]]]:
    """The words of each sentence and the token that it begins with."""
    start, words = 0, list[str]()
    for token in doc:
        ends = token.is_space or token.text in {".", "!", "?"} or len(words) >= LONGEST
        if not token.is_space:
            words.append(token.text)
        if ends and words:
            yield start, words
            words = []
        if ends:
            start = token.i + 1
    if words:
        yield start, words


@Language.component("wirewatch_russian", assigns=["doc.ents"])
def set_entities(doc: Doc) -> Doc:
    """Sets ``doc.ents`` to what slovnet takes for names: ``PER``, ``ORG``, ``LOC``."""
    sentences = list(_sentences(doc))
    infer = _recogniser().infer
    tags = infer.decoder(infer.process(infer.encoder([words for _, words in sentences])))
    ents = []
    for (start, _), marks in zip(sentences, tags, strict=True):
        begun: int | None = None
        for i, mark in enumerate([*marks, "O"]):
            if begun is not None and not (mark.startswith("I-") and mark[2:] == marks[begun][2:]):
                ents.append(Span(doc, start + begun, start + i, label=marks[begun][2:]))
                begun = None
            if mark != "O" and begun is None:
                begun = i
    doc.ents = ents
    return doc

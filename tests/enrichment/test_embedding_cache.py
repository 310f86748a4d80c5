import logging
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from enrichment import embedding_cache
from enrichment.embedding_cache import remembered
from wirewatch.settings import get_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield from _home(tmp_path / "home", monkeypatch)


def _home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WIREWATCH_HOME", str(home))
    get_settings.cache_clear()
    yield home
    get_settings.cache_clear()


class Counted:
    """Computes the lengths of texts, and knows which it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.array([[len(text), 0.1] for text in texts], dtype=np.float32)


def test_a_text_is_computed_once_and_the_rows_keep_their_order() -> None:
    compute = Counted()
    remembered("m", ["bb", "a"], compute)
    rows = remembered("m", ["ccc", "a", "bb", "ccc"], compute)
    assert compute.asked == ["bb", "a", "ccc"]
    assert rows[:, 0].tolist() == [3, 1, 2, 3]
    assert rows.dtype == np.float32


def test_vectors_of_another_model_are_not_taken() -> None:
    compute = Counted()
    remembered("one", ["a"], compute)
    remembered("two", ["a"], compute)
    assert compute.asked == ["a", "a"]


def test_processes_that_write_at_once_share_the_file() -> None:
    program = """
import sys
import numpy as np
from enrichment.embedding_cache import remembered
for start in range(0, 200, 10):
    texts = [f"{sys.argv[1]} {i}" for i in range(start, start + 10)] + [f"both {i}" for i in range(start, start + 10)]
    remembered("m", texts, lambda new: np.array([[len(text), 0.1] for text in new], dtype=np.float32))
"""
    running = [
        subprocess.Popen([sys.executable, "-c", program, who], stderr=subprocess.PIPE, text=True) for who in ("a", "b")
    ]
    assert [process.communicate(timeout=60)[1] for process in running] == ["", ""]
    compute = Counted()
    rows = remembered("m", [f"{who} {i}" for who in ("a", "b", "both") for i in range(200)], compute)
    assert compute.asked == []
    assert len(rows) == 600


def test_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(embedding_cache, "LIMIT", 5)
    compute = Counted()
    for i in range(12):
        remembered("m", [str(i)], compute)
    compute.asked.clear()
    remembered("m", [str(i) for i in range(12)], compute)
    assert compute.asked == [str(i) for i in range(7)]
    with sqlite3.connect(home / "vectors.sqlite") as database:
        assert database.execute("SELECT count(*) FROM vectors").fetchone() == (5,)


@pytest.mark.parametrize("obstacle", ["home is a file", "file is no database", "file is a folder"])
def test_without_a_file_everything_is_computed_and_the_log_says_so_once(
    obstacle: str, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if obstacle == "home is a file":
        home.write_text("in the way")
    else:
        home.mkdir()
        file = home / "vectors.sqlite"
        file.mkdir() if obstacle == "file is a folder" else file.write_text("no database " * 100)
    compute = Counted()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert remembered("m", ["a", "bb"], compute)[:, 0].tolist() == [1, 2]
    assert compute.asked == ["a", "bb", "a", "bb"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "vectors.sqlite cannot be used" in caplog.text

"""The benchmark of learned habits, on a small set of texts made here."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

from benchmarks.habits import measure, tables

WORDS = "council ferry lake harbour village market teacher bridge rain election farmer school road water"


def test_boxes_are_learned_on_sites_made_of_the_texts(tmp_path: Path) -> None:
    folder = tmp_path / "crosslingual/ntrex"
    folder.mkdir(parents=True)
    chance = random.Random(1)
    for language in ("sw", "ha"):
        with gzip.open(folder / f"{language}.corpus.jsonl.gz", "wt") as out:
            for number in range(33):
                text = " ".join(f"{' '.join(chance.choices(WORDS.split(), k=14))} {number}." for _ in range(12))
                out.write(
                    json.dumps({"title": f"{number} {' '.join(chance.choices(WORDS.split(), k=5))}", "text": text})
                    + "\n"
                )
    figures = measure(tmp_path)
    for language in ("sw", "ha"):
        found = {
            what: figures[f"habits.{language}.{what}"] for what in ("pages", "box on all", "short on all", "text lost")
        }
        assert found == {"pages": 30, "box on all": 0, "short on all": 0, "text lost": 0}
        assert figures[f"habits.{language}.box on 20 %"] > 0
    (table,) = tables(figures)
    assert [row[0] for row in table.rows] == ["ha", "sw"]
    assert measure(tmp_path, limit=1).keys() < figures.keys()

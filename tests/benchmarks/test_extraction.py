from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from benchmarks import extraction, report

SCORER = report.EVALUATION / "extraction/score.py"
TEXT = [
    "The decision came late on Tuesday after a long debate, and few of those in the hall had expected it.",
    "A speaker who thanked everybody who had helped said that the town had waited for this for years.",
    "The wall is to stand before the winter storms, if the money that the region has promised arrives in time.",
]
CASE = {
    "url": "https://www.example.com/2031/05/harbour-wall",
    "title": "Harbour council votes on wall",
    "authors": ["Amina Diallo", "Reuters"],
    "published": "2031-05-06T07:08:00+00:00",
    "body": "\n".join(TEXT),
}


def html(title: str) -> str:
    meta = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": title, "author": CASE["authors"]}
    meta["datePublished"] = "2021-05-06T07:08:00Z"
    return (
        f"<html lang='en'><head><title>{title}</title><script type='application/ld+json'>{json.dumps(meta)}</script>"
        f"</head><body><article><h1>{title}</h1>{''.join(f'<p>{text}</p>' for text in TEXT)}</article></body></html>"
    )


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    """A set laid out like the real ones: one page that says what is right, one with the wrong title."""
    if not SCORER.is_file():
        pytest.skip("no evaluation data, whose scorer is needed")
    folder = tmp_path / "extraction"
    (folder / "fundus").mkdir(parents=True)
    shutil.copy(SCORER, folder / "score.py")
    rows = []
    for name, language, title in (("right.one", "en", CASE["title"]), ("wrong.one", "fr", "Ferry sails again")):
        rows.append(json.dumps(CASE | {"id": name, "lang": language, "published": "2021-05-06T07:08:00+00:00"}))
        (folder / f"fundus/{name}.html.gz").write_bytes(gzip.compress(html(str(title)).encode()))
    (folder / "fundus.jsonl.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    return tmp_path


def test_each_set_is_scored_beside_other_tools_by_language_and_with_its_worst_pages(evaluation: Path) -> None:
    figures = extraction.measure(evaluation)
    assert figures["extraction.fundus.body_f1"] == figures["extraction.fundus.datetime"] == 1
    assert figures["extraction.fundus.title"] == figures["extraction.fundus.trafilatura.title"] == 0.5
    assert figures["extraction.fundus.authors"] == 1
    assert figures["extraction.fundus.authors_people"] == pytest.approx(2 / 3)
    assert figures["extraction.fundus.pages_per_s"] > 0
    assert figures["extraction.fundus.by_language.en.title"] == 1
    assert figures["extraction.fundus.by_language.fr.title"] == 0
    compared, languages, worst = extraction.tables(figures)
    assert ["title", 0.5, 0.5] in list(compared.rows)
    assert [row[0] for row in languages.rows] == ["en", "fr"]
    assert [(row[0], row[2]) for row in worst.rows] == [("wrong.one", "title 0.00")]


def test_a_page_that_a_tool_fails_on_counts_as_empty(evaluation: Path) -> None:
    (evaluation / "extraction/fundus/wrong.one.html.gz").write_bytes(gzip.compress(b""))
    assert extraction.measure(evaluation)["extraction.fundus.body_f1"] == 0.5


def test_a_folder_without_the_sets_is_named(tmp_path: Path) -> None:
    with pytest.raises(extraction.UserError, match=str(tmp_path)):
        extraction.measure(tmp_path)

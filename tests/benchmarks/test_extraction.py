from __future__ import annotations

import gzip
import json
import shutil
import time
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
    assert list(compared.heads[:3]) == ["measure", "wirewatch", "trafilatura"]
    assert ["title", 0.5, 0.5] in [list(row[:3]) for row in compared.rows]
    assert [row[0] for row in languages.rows] == ["en", "fr"]
    assert [(row[0], row[2]) for row in worst.rows] == [("wrong.one", "title 0.00")]


def test_a_page_that_a_tool_fails_on_counts_as_empty(evaluation: Path) -> None:
    (evaluation / "extraction/fundus/wrong.one.html.gz").write_bytes(gzip.compress(b""))
    assert extraction.measure(evaluation)["extraction.fundus.body_f1"] == 0.5


def test_a_tool_that_is_not_installed_is_left_out_and_named(
    evaluation: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(extraction.MODULES, "newspaper4k", "no_such_module")
    figures = extraction.measure(evaluation)
    assert "left out:" in (said := capsys.readouterr().out) and "newspaper4k" in said
    assert not [key for key in figures if "newspaper4k" in key]
    assert "newspaper4k" not in next(extraction.tables(figures)).heads


def test_a_page_on_which_a_tool_is_busy_too_long_counts_as_empty(
    evaluation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(url: str, html: bytes) -> extraction.Prediction:
        while "Ferry" in html.decode():
            try:
                time.sleep(60)
            except Exception:  # what a tool takes for its own error
                continue
        return {"title": CASE["title"], "body": "\n".join(TEXT)}

    monkeypatch.setattr(extraction, "SECONDS", 0.05)
    scorer = report.scorer(SCORER)
    (right, wrong) = extraction._cases(evaluation / "extraction/fundus.jsonl.gz")
    folder = evaluation / "extraction/fundus"
    assert extraction._predict(busy, right, folder / "right.one.html.gz")["title"] == CASE["title"]
    cut = extraction._predict(busy, wrong, folder / "wrong.one.html.gz")
    assert cut["error"] == extraction.CUT_OFF and scorer.page(wrong, cut)["body"] == 0


def test_pages_of_a_site_with_a_page_object_are_scored_with_it_too(evaluation: Path) -> None:
    file = evaluation / "extraction/fundus.jsonl.gz"
    rows = gzip.decompress(file.read_bytes()).decode().replace(str(CASE["url"]), "https://information.tv5monde.com/a")
    file.write_bytes(gzip.compress(rows.encode()))
    figures = extraction.measure(evaluation)
    assert figures["extraction.page_objects.tv5monde.com.pages"] == 2
    assert figures["extraction.page_objects.tv5monde.com.own.title"] == 0.5
    figures["extraction.page_objects.tv5monde.com.own.title"] = 1.0
    *_, last = extraction.tables(figures)
    assert last.title == "page objects" and ["tv5monde.com", 2, "title", 0.5, 1.0] in last.rows


def test_a_folder_without_the_sets_is_named(tmp_path: Path) -> None:
    with pytest.raises(extraction.UserError, match=str(tmp_path)):
        extraction.measure(tmp_path)

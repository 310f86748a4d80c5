from __future__ import annotations

from datetime import UTC, datetime

import pytest

from search.query import Copies, Count, Hit, Results, Suggestion, Told
from wirewatch.cli.search import show
from wirewatch.records import SourceRef

DAY = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_hit_says_what_became_of_it_and_where_its_copies_are(capsys: pytest.CaptureFixture[str]) -> None:
    outlet = SourceRef(id="a.example", name="A", country="KE")
    plain = Hit(id="1", score=1, title="Plain", url="http://a.example/1", source=outlet)
    fate = {
        "gone": DAY,
        "changed": (DAY, DAY),
        "extracted_from": "feed",
        "copies": Copies(count=2, sources=("B", "C")),
    }
    show(Results(total=2, documents=4, took_ms=1, hits=(plain, plain.model_copy(update=fate))))
    printed = capsys.readouterr().out
    assert "2 articles and 2 copies of them" in printed
    for line in (
        "removed by the site on 20 Nov 2026",
        "changed 2 times, last on 20 Nov 2026",
        "from the feed",
        "2 copies: B, C",
    ):
        assert printed.count(line) == 1
    show(Results(total=1, documents=1, took_ms=1, hits=(plain.model_copy(update={"duplicate_of": "0"}),)))
    assert "a copy of an article that was indexed before" in " ".join(capsys.readouterr().out.split())


def test_an_answer_says_what_stories_there_are_of_what_and_what_may_have_been_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outlet = SourceRef(id="a.example", name="A", country="KE")
    told = Told(id="s", title="Story", size=7, languages=("en", "sw"), sources=("a.example", "b.example"))
    hit = Hit(id="1", score=1, title="Plain", url="http://a.example/1", source=outlet, story=told)
    countries = (Count(value="KE", label="Kenya", count=9),)
    meant = Suggestion(word="Tebboun", name="Abdelmadjid Tebboune", articles=1, question="Abdelmadjid Tebboune visit")
    results = Results(total=1, documents=4, fold="stories", took_ms=1, hits=(hit,))
    show(results.model_copy(update={"facets": {"countries": countries, "days": ()}, "suggestions": (meant,)}), 20)
    printed = " ".join(capsys.readouterr().out.split())
    for said in (
        "1 story in 4 articles",
        "│ 21 │",
        "a story of 7 articles in en, sw:",
        "countries: Kenya 9",
        "Did you mean Abdelmadjid Tebboune (1 article) by Tebboun? Ask: Abdelmadjid Tebboune visit",
    ):
        assert said in printed
    assert "days" not in printed

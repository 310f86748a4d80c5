"""The benchmark of what sentences find, on a few articles made here."""

from __future__ import annotations

from elasticsearch import Elasticsearch

from benchmarks import about
from search.index import init

OTHERS = ("The baker of our street", "Rain is expected on Sunday", "A goal in the last minute", "The museum opens late")


def test_a_sentence_finds_the_article_that_is_about_it_and_the_figures_say_so(es: Elasticsearch) -> None:
    init(es)
    row = {"lang": "en", "text": "That is all."}
    others = [("other", {**row, "title": f"{OTHERS[number % 4]} {number}"}) for number in range(40)]
    about._index(es, [*others, ("wheat", {**row, "title": "Moscow sends ships of wheat to Africa"})])
    figures = about._found(es, {"wheat": "Russia ships wheat to Africa", "coup": "Soldiers seize power"})
    assert (figures["4.recall"], figures["4.precision"], figures["4.f1"], figures["4.wrong"]) == (1, 1, 1, 0)
    assert figures["2.wrong"] >= figures["5.wrong"]
    shown = {f"about.{name}.{key}": value for name in ("events", "subjects") for key, value in figures.items()}
    events, _ = about.tables(shown)
    assert events.rows[4] == ["4", 1, 1, 1, 0]

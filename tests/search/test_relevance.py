"""How well the search answers the judged questions over the newsroom, whose articles have gone the whole way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import yaml

from benchmarks import relevance
from benchmarks.node import client_of
from benchmarks.relevance import MEASURES, QUESTIONS, load_questions, measured, newsroom_in, scores, tables
from benchmarks.report import Figures
from enrichment.query import understand
from search.node import Node
from tests.newsroom.texts import load_articles
from wirewatch.records import Meaning
from wirewatch.settings import Settings

pytestmark = pytest.mark.timeout(600)
RECORDED: dict[str, dict[str, float]] = yaml.safe_load(QUESTIONS.with_name("relevance.yml").read_text())


@pytest.fixture(scope="module")
def asked(node: Settings) -> Iterator[Callable[[], Figures]]:
    """Asks all questions; for all tests of this file together: they only read."""
    with client_of(Node(node)) as client:
        for index in client.indices.get(index="*"):
            client.indices.delete(index=index)
        with newsroom_in(Node(node)) as room:
            yield lambda: measured(room, client, load_questions())


@pytest.fixture(scope="module")
def figures(asked: Callable[[], Figures]) -> Figures:
    return asked()


def figure(figures: Figures, measure: str, way: str = "search") -> float:
    return figures[f"relevance.{way}.all.{measure}"]


@pytest.mark.parametrize("measure", MEASURES)
def test_the_search_is_as_good_as_recorded(figures: Figures, measure: str) -> None:
    assert figure(figures, measure) >= RECORDED[measure]["least"], "worse than tests/newsroom/relevance.yml"
    assert figure(figures, measure) > figure(figures, measure, "bm25")


def without_concepts(text: str) -> Meaning:
    """What names a concept is not understood at all: as words, the labels of the articles would make up for nearly all
    of it.
    """
    meaning = understand(text)
    return meaning.model_copy(update={"asked": tuple(one for one in meaning.asked if not one.concepts)})


def without_vector(text: str) -> Meaning:
    return understand(text).model_copy(update={"embedding": ()})


def without_translations(text: str) -> Meaning:
    meaning = understand(text)
    asked = [
        one.model_copy(update={"words": tuple(word.model_copy(update={"forms": {}}) for word in one.words)})
        for one in meaning.asked
    ]
    return meaning.model_copy(update={"asked": tuple(asked)})


@pytest.mark.parametrize("less", [without_concepts, without_vector, without_translations])
def test_a_search_that_has_lost_a_part_of_itself_falls_below_what_is_recorded(
    asked: Callable[[], Figures], less: Callable[[str], Meaning], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relevance, "understand", less)
    figures = asked()
    assert any(figure(figures, measure) < RECORDED[measure]["least"] for measure in MEASURES)


def test_the_table_has_the_languages_of_the_articles_and_the_worst_questions(figures: Figures) -> None:
    by_language, worst = tables(figures)
    assert [row[0] for row in by_language.rows] == ["all", "ar", "de", "en", "es", "fr", "ha", "pt", "ru", "sw"]
    assert [row[1] for row in worst.rows] == sorted(row[1] for row in worst.rows)


def test_the_questions_name_articles_of_the_newsroom_and_none_twice() -> None:
    articles = {f"{article.site}/{article.slug}": article for site in load_articles().values() for article in site}
    judged = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))["questions"]
    assert len({one["ask"] for one in judged}) == len(judged) == 40
    for one in judged:
        named = [*one["about"], *one.get("touches", ())]
        assert one["about"] and len(set(named)) == len(named)
        assert not [name for name in named if articles[name].same_as], "copies are judged with their original"


def test_what_the_measures_say_of_a_list() -> None:
    grades = {"a": 2, "b": 1}
    assert scores(["a", "b", "c"], grades) == (1, 1, 1)
    assert scores([], grades) == scores(["c"], grades) == (0, 0, 0)
    # One of two relevant articles, at the second place; then the other, which counts once.
    assert scores(["c", "a"], grades)[::2] == (0.25, 0)
    assert scores(["c", "a", "a", "b"], grades)[0] == (1 / 2 + 2 / 4) / 2
    # What the question is about belongs before what touches it.
    assert scores(["b", "a"], grades)[1] < 1 == scores(["b", "a"], grades)[0]

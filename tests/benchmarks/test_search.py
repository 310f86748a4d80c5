"""The made-up articles of the benchmark of searches, and what it asks."""

from __future__ import annotations

from statistics import mean, median

import pytest
from elasticsearch import Elasticsearch

from benchmarks import search
from benchmarks.articles import MEDIAN_WORDS, Desk
from search.index import init
from search.query import search_kql
from wirewatch.records import EnrichedArticle

SIZE = 300


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def articles(desk: Desk) -> list[EnrichedArticle]:
    return list(desk.articles(SIZE))


def test_they_are_as_long_and_about_as_much_as_real_ones(articles: list[EnrichedArticle]) -> None:
    assert len({article.id for article in articles}) == SIZE
    assert MEDIAN_WORDS / 1.5 < median(len(article.body.split()) for article in articles) < MEDIAN_WORDS * 1.5
    assert 1 < mean(len(article.countries) for article in articles) < 3
    assert 1 < mean(len(article.people) for article in articles) < 4
    assert len({article.language for article in articles}) > 8
    assert all(article.labels["ar"] for article in articles if article.countries)
    assert [article.published for article in articles] == sorted(a.published for a in articles if a.published)


def test_some_are_copies_and_several_tell_one_story(articles: list[EnrichedArticle]) -> None:
    copies = SIZE - len({article.title for article in articles})
    assert SIZE / 20 < copies < SIZE / 6
    assert SIZE / 10 < len({article.story_id for article in articles}) < SIZE / 2


def test_the_same_seed_makes_the_same_articles() -> None:
    first, second = ([article.title for article in Desk(3).articles(3)] for _ in range(2))
    assert first == second


def test_every_query_that_is_timed_can_be_asked(es: Elasticsearch, desk: Desk) -> None:
    init(es)
    for kql in search._kql(desk):
        search_kql(kql, client=es)
    for number in range(4):
        assert len(search._dashboard(es, "war", number)) > 5
    assert len(list(search._questions(desk))) == search.QUESTIONS

"""The alerts of the benchmark, and a tiny round of it."""

from __future__ import annotations

from itertools import islice

import pytest
from elasticsearch import Elasticsearch

from benchmarks import alerts
from benchmarks.articles import Desk
from search.alerts.matching import matches
from search.index import ALIAS
from search.node import Node
from wirewatch.settings import Settings

ARTICLES = 200


def test_every_alert_that_is_timed_can_be_asked_and_some_tell(es: Elasticsearch, node: Settings) -> None:
    desk = Desk()
    assert alerts._fill(es, desk, ARTICLES) == 2
    assert es.count(index=ALIAS)["count"] == ARTICLES
    assert es.count(index=ALIAS, query={"term": {"run": alerts.RUN}})["count"] == 2
    made = [alerts._kept(number, kql) for number, kql in enumerate(islice(alerts.kqls(desk), 100))]
    assert len({kept.alert.kql for kept in made}) > 90
    made.append(alerts._kept(100, "*"))
    found = [hits for _, hits in matches(es, made, alerts.RUN)]
    assert not any(isinstance(hits, str) for hits in found)
    assert len(found[-1]) == 2
    assert 0 < sum(map(bool, found)) < 50
    figures = {f"alerts.100.{name}": figure for name, figure in alerts._asked(Node(node), es, made)}
    assert figures["alerts.100.telling"] == sum(map(bool, found))
    assert figures["alerts.100.node_cpu_s"] > 0
    assert 200 < figures["alerts.100.clauses"] < 260
    (table,) = alerts.tables({"alerts.articles": ARTICLES, "alerts.new": 2, **figures})
    assert [row[:2] for row in table.rows] == [["Wirewatch", 100]]


def test_words_that_analysts_ask_for_are_not_those_of_every_text() -> None:
    desk = Desk()
    words = desk.telling_words("fr", 1000)
    assert len(words) == 1000
    common = max(desk.words("fr", 2000), key=desk.words("fr", 2000).count)
    assert common not in words


@pytest.mark.parametrize("size", alerts.RULES)
def test_elastalert_is_given_numbers_of_rules_that_we_are_asked_too(size: int) -> None:
    assert size in alerts.SIZES

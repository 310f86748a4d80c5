"""Alerts that are answered from their clauses, beside the same asked as a whole, of the real node."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from search.alerts import clauses, copy
from search.alerts.clauses import EVERY
from search.alerts.matching import matches
from search.index import index
from search.query.kql import parted
from tests.search.alerts.test_ask import kept
from wirewatch.batches import Batch
from wirewatch.records import EnrichedArticle

Desk = dict[str, EnrichedArticle]
Enriched = Callable[..., Batch]
MADE = 400

LEAVES = (
    *(
        "Russia",
        "military",
        "wheat",
        "cooperation",
        "coop*",
        "*",
        '"military cooperation"',
        "notaword",
        "football match",
    ),
    *("countries: DZ", "countries: (DZ or MA)", "not_a_field: x", "title: (wheat or bread and Russia)", "text.fr: *"),
    *('title: "joint military"', "published >= 2026-11-20", "published < 2025", "first_seen: 2026-11-20", "topics: f*"),
    *("events: { type: consult and countries: RU }", "events: { not type: visit }", "language: (fr or sw)", "(coop*)"),
    *(r"rock\and roll", r"a\:b", r"a\(b", "concepts.en: Africa", "source.name: *", "*: Russia", "sources.*: x"),
    *("Alger\u00a0and\u00a0Moscou", "the", "land", "or-else", '""', "tit*: Russia", "version: x", "duplicate_of: *"),
    *(
        '"rock or roll"',
        "-1",
        "a,b",
        "re: x",
        "Россия",
        '"الجزائر"',
        "_",
        "true",
        "null",
        '"the"',
        '"Military\u3000cooperation"',
    ),
)
ODD = (
    *("and", "Russia and", "or wheat", "not", "Russia not wheat", "Russia and and wheat", "countries: and", "x: not y"),
    *("(Russia", "Russia)", "(Russia) wheat", "Russia (wheat)", 'Russia and "wheat', r"Russia and wheat\ ", "()"),
    *(r'"a\" and Russia or "b"', r'"a\\" and Russia', "title: (Russia and (wheat or bread)", "published: soon"),
    *("Russia or countries:", "a: { b: c", "not not Russia", "NOT Russia AND NOT wheat", "title: (not wheat)"),
    *("Russia and published: soon", "nothing and published: (soon or late)", "events: { wheat }", "'Russia' and wheat"),
    *("{ type: x }", "published >", "Russia and wheat\\"),
    *("Or", "NOT", "(AND)"),  # a word, where it joins nothing
)


def text(chance: Random) -> str:
    """What analysts may write, and some that nobody would."""
    if chance.random() < 0.5:
        return chance.choice(ODD) if chance.random() < 0.05 else chance.choice(LEAVES)
    kind = chance.choice(("and", "or", "AND", "Or", "not", "()", "()"))
    if kind == "not":
        return f"not {text(chance)}"
    if kind == "()":
        return f"({text(chance)})"
    space = chance.choice((" ", "  ", "\n", "\u3000"))
    return space.join((text(chance), kind, text(chance)))


def in_both_ways(client: Elasticsearch, alerts: list[Any], run: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What alerts find by their clauses, having checked that each finds the same as a whole."""
    monkeypatch.setattr(copy, "FEW", len(alerts) + 1)
    wholes = [found for _, found in matches(client, alerts, run)]
    monkeypatch.setattr(copy, "FEW", 1)
    monkeypatch.setattr(copy, "WORTH", 0)
    found = [found for _, found in matches(client, alerts, run)]
    assert [(alert.alert, answer) for alert, answer in zip(alerts, found, strict=True)] == [
        (alert.alert, answer) for alert, answer in zip(alerts, wholes, strict=True)
    ]
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The clauses that were asked for, as they were."""
    seen: list[str] = []
    ask = clauses._asked

    def noted(client: Elasticsearch, lot: list[str], *rest: Any) -> Any:
        seen.extend(lot)
        return ask(client, lot, *rest)

    monkeypatch.setattr(clauses, "_asked", noted)
    return seen


def test_whatever_is_written_clauses_find_what_the_whole_finds(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(enriched([desk["drills"], desk["history"]], "20261119T130000Z-a"), client=clean)
    run = index(enriched(list(desk.values())), client=clean)
    chance = Random(8)
    written = [*LEAVES, *ODD, *(text(chance) for _ in range(400))]
    found = in_both_ways(clean, [kept(str(n), kql=kql) for n, kql in enumerate(written)], run.name, monkeypatch)
    assert sum(isinstance(answer, str) for answer in found) > 20
    assert len({str(answer) for answer in found}) > 50
    assert sum(not isinstance(parted(kql), str) for kql in written) > 150


def test_a_clause_is_asked_once_and_filters_are_clauses_too(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    run = index(enriched(list(desk.values())), client=clean)
    english: dict[str, Any] = {"where": {"languages": ["en"]}}
    alerts = [
        kept("a", kql="Russia and not wheat"),
        kept("b", kql="(wheat or Russia) and military", **english),
        kept("c", lucene="title:(bread OR wheat)", **english),
        kept("d", clauses=[{"term": {"countries": "DZ"}}], **english),
        kept("e", clauses=[{"term": {"countries": "DZ"}}]),
    ]
    found = in_both_ways(clean, alerts, run.name, monkeypatch)
    assert [bool(answer) for answer in found] == [True, True, True, False, True]
    assert len(asked) == len(set(asked)) == 1 + len(("Russia", "wheat", "military", "en", "bread", "DZ"))


def test_words_are_asked_for_until_it_is_clear_what_an_alert_finds(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    run = index(enriched(list(desk.values())), client=clean)
    alerts = [
        *(kept(str(n), kql="notaword") for n in range(2)),
        kept("c", kql="notaword and rare and countries: DZ"),
        kept("d", kql="not (notaword and other) or never"),
        kept("e", kql="Russia and military and notaword"),
    ]
    found = in_both_ways(clean, alerts, run.name, monkeypatch)
    assert [len(answer) for answer in found] == [0, 0, 0, len(desk), 0]
    assert sorted(asked) == [EVERY, "countries: DZ", "never", "notaword"]


def test_a_refused_clause_is_the_fault_of_those_who_have_it_alone(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    run = index(enriched(list(desk.values())), client=clean)
    alerts = [kept(str(n), kql=f"word{n} or Russia and not wheat") for n in range(20)]
    alerts[3] = kept("broken", kql="Russia or published: soonish")
    alerts[7] = kept("too", kql="nothing and published: soonish")
    alerts[9] = kept("not asked", lucene="(" * 4900)
    found = in_both_ways(clean, alerts, run.name, monkeypatch)
    assert [n for n, answer in enumerate(found) if isinstance(answer, str)] == [3, 7, 9]
    assert "failed to parse date field" in found[3]
    asked.clear()
    alerts = [
        alert.model_copy(update={"error": "it was broken"}) if n in (3, 7) else alert for n, alert in enumerate(alerts)
    ]
    assert in_both_ways(clean, alerts, run.name, monkeypatch) == found
    assert len(asked) == len(set(asked)) and not any("soonish" in clause for clause in asked)


def test_clauses_that_find_too_much_for_one_answer_are_asked_in_several(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    run = index(enriched(list(desk.values())), client=clean)
    alerts = [kept(str(n), kql=f"not countries: (RU or X{n}) or topics: (football or x{n})") for n in range(20)]
    clean.cluster.put_settings(persistent={"search.max_buckets": 60})
    try:
        found = in_both_ways(clean, alerts, run.name, monkeypatch)
    finally:
        clean.cluster.put_settings(persistent={"search.max_buckets": None})
    assert len(asked) > 2 * len(set(asked))
    assert all(0 < len(answer) < len(desk) for answer in found)

"""What scores stand for relevance is taken from past articles, and decides what an alert finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from elasticsearch import Elasticsearch, helpers

from search.alerts import ask, calibrate, store
from search.alerts.alert import Alert
from search.alerts.apply import add
from search.alerts.calibrate import refreshed, scale
from search.alerts.match import alert
from search.alerts.store import Kept
from search.index import index
from tests.search.conftest import NOON
from wirewatch.batches import Batch
from wirewatch.records import EnrichedArticle, Meaning

SENTENCE = np.eye(384)[0]


def kept(**fields: Any) -> Kept:
    alert = Alert.model_validate({"name": "A", **fields})
    meaning = Meaning(text=alert.about, language="en", embedding=tuple(SENTENCE)) if alert.about else None
    return Kept(alert=alert, origin="command", created=NOON, changed=NOON, meaning=meaning)


@pytest.fixture
def fill(clean: Elasticsearch) -> Callable[..., None]:
    """Fill the index with articles that are so near to the sentence (cosines)."""
    [home] = clean.indices.get_alias(name="articles")

    def filled(cosines: Sequence[float], ago: timedelta = timedelta(days=1), **fields: Any) -> None:
        numbers = range(clean.count(index=home)["count"], 10_000)
        articles = [
            {"id": f"{number % 16:x}{number:05d}", "first_seen": (NOON - ago).isoformat(), **fields,
             "embedding": (cosine * SENTENCE + np.sqrt(1 - cosine**2) * np.eye(384)[1]).tolist()}
            for number, cosine in zip(numbers, cosines, strict=False)
        ]  # fmt: skip
        helpers.bulk(clean, ({"_index": home, "_id": one["id"], "_source": one} for one in articles), refresh=True)

    return filled


NORMAL = [float(cosine) for cosine in np.random.default_rng(1).normal(0.8, 0.01, 1000)]


def found(client: Elasticsearch, alert: Kept) -> int:
    number: int = client.count(index="articles", query=ask.query(alert))["count"]
    return number


def test_a_sentence_is_near_from_four_spreads_above_the_typical_article(
    clean: Elasticsearch, fill: Callable[..., None]
) -> None:
    fill(NORMAL)
    about = kept(about="Bread gets dearer")
    measured = scale(clean, about, NOON)
    assert measured["calibrated"] == NOON
    assert measured["background"] == pytest.approx((1 + 0.8) / 2, abs=5e-4)
    calibrated = about.model_copy(update=measured)
    assert ask.threshold(calibrated) == pytest.approx((1 + 0.84) / 2, abs=1e-3)
    assert found(clean, calibrated) == 0
    fill([0.86, 0.85])
    assert found(clean, calibrated) == 2
    wide = calibrated.model_copy(update={"alert": about.alert.model_copy(update={"relevance": 0.25})})
    assert 2 < found(clean, wide) < 50


def test_articles_that_are_about_it_hardly_move_the_scale(clean: Elasticsearch, fill: Callable[..., None]) -> None:
    fill(NORMAL)
    before = scale(clean, kept(about="Bread gets dearer"), NOON)
    fill([0.88] * 30)
    after = scale(clean, kept(about="Bread gets dearer"), NOON)
    for name in ("background", "reference"):
        assert after[name] == pytest.approx(before[name], abs=2e-3)
    assert after == scale(clean, kept(about="Bread gets dearer"), NOON)


def test_conditions_besides_do_not_change_what_is_typical_but_languages_do(
    clean: Elasticsearch, fill: Callable[..., None]
) -> None:
    fill(NORMAL, language="en")
    fill([cosine - 0.05 for cosine in NORMAL], language="sw")
    middles = [
        scale(clean, kept(about="Bread gets dearer", **conditions), NOON)["background"]
        for conditions in ({}, {"kql": "title: bread", "where": {"countries": ["EG"]}},
                           {"where": {"languages": ["en"]}}, {"where": {"languages": ["sw"]}})
    ]  # fmt: skip
    both, narrowed, english, swahili = middles
    assert both == narrowed
    assert swahili < both < english


def test_the_past_month_counts_unless_it_has_few_articles(clean: Elasticsearch, fill: Callable[..., None]) -> None:
    fill([0.7] * 300, timedelta(days=40))
    fill([0.8] * 100)
    assert scale(clean, kept(about="Bread"), NOON)["background"] == pytest.approx(0.85, abs=1e-4)
    fill([0.8] * 100)
    assert scale(clean, kept(about="Bread"), NOON)["background"] == pytest.approx(0.9, abs=1e-4)


def test_of_too_few_articles_nothing_is_typical_until_there_are_more(
    clean: Elasticsearch, fill: Callable[..., None]
) -> None:
    about = store.create(clean, Alert(name="about", about="Bread"), "command", meaning=kept(about="Bread").meaning)
    fill([0.8] * 20)
    [early] = refreshed(clean, [about], NOON)
    assert (early.background, early.reference, early.calibrated) == (None, None, NOON)
    assert found(clean, early) == 0
    fill([0.8] * 20)
    [later] = refreshed(clean, [early], NOON + timedelta(minutes=10))
    assert later.background == pytest.approx(0.9, abs=1e-4)


def test_a_text_gets_its_scale_with_the_first_articles_that_it_finds(
    clean: Elasticsearch, fill: Callable[..., None]
) -> None:
    wheat = add(clean, Alert(name="wheat", kql="title: wheat", relevance=0.9), "command")
    assert (wheat.reference, wheat.calibrated is None) == (None, False)
    fill([0.8] * 5, title="Wheat")
    fill([0.8] * 40, title="Wheat and many other words that make it a little less about that one thing")
    assert found(clean, wheat) == 45
    [calibrated] = refreshed(clean, [wheat], NOON)
    assert found(clean, calibrated) == 5


def test_alerts_without_a_scale_take_turns(clean: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "AGAIN", 2)
    alerts = [
        store.create(clean, Alert(name=name, kql="wheat", relevance=0.5), "command", calibrated=NOON - ago)
        for name, ago in zip("ABCDE", map(timedelta, range(5)), strict=True)
    ]
    for minutes, turn in enumerate((["D", "E"], ["B", "C"], ["A", "D"], ["B", "E"]), 1):
        moment = NOON + timedelta(minutes=minutes)
        alerts = list(refreshed(clean, alerts, moment))
        assert [kept.name for kept in alerts if kept.calibrated == moment] == turn
    assert list(store.all_alerts(clean)) == alerts


def test_of_very_many_articles_some_are_looked_at(
    clean: Elasticsearch, fill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(NORMAL)
    whole = scale(clean, kept(about="Bread"), NOON)
    monkeypatch.setattr(calibrate, "MANY", 100)
    some = scale(clean, kept(about="Bread"), NOON)
    assert some["background"] == pytest.approx(whole["background"], abs=2e-3)
    assert some != whole


def test_relevance_of_a_text_is_a_share_of_the_best_scores(clean: Elasticsearch, fill: Callable[..., None]) -> None:
    fill([0.8] * 5, title="Wheat")
    fill([0.8] * 40, title="Wheat and many other words that make it a little less about that one thing")
    wheat = kept(kql="title: wheat", relevance=0.9)
    calibrated = wheat.model_copy(update=scale(clean, wheat, NOON))
    assert (found(clean, wheat), found(clean, calibrated)) == (45, 5)
    assert calibrated.reference == pytest.approx(scale(clean, wheat, NOON + timedelta(days=60))["reference"])
    broken = kept(kql="title: (a and", relevance=0.9)
    assert scale(clean, broken, NOON) == {"background": None, "reference": None, "calibrated": NOON}


def test_a_scale_is_taken_anew_after_a_week_and_by_those_who_need_one(
    clean: Elasticsearch, fill: Callable[..., None]
) -> None:
    fill([0.8] * 300)
    plain = store.create(clean, Alert(name="plain", kql="x"), "command")
    about = store.create(clean, Alert(name="about", about="Bread"), "command", meaning=kept(about="Bread").meaning)
    first = list(refreshed(clean, [plain, about], NOON))
    assert first[0] is plain
    assert first[1].calibrated == NOON
    assert list(store.all_alerts(clean)) == [first[1], plain]
    assert list(refreshed(clean, first, NOON + timedelta(days=7))) == first
    [again] = refreshed(clean, first[1:], NOON + timedelta(days=8))
    assert again.calibrated == NOON + timedelta(days=8)
    store.delete(clean, again)
    assert [one.calibrated for one in refreshed(clean, [again], NOON + timedelta(days=16))] == [
        NOON + timedelta(days=16)
    ]
    paused = again.model_copy(update={"paused": True, "calibrated": None})
    assert list(refreshed(clean, [paused], NOON)) == [paused]


def test_what_others_change_meanwhile_stays(clean: Elasticsearch, fill: Callable[..., None]) -> None:
    fill([0.8] * 300)
    about = store.create(clean, Alert(name="about", about="Bread"), "command", meaning=kept(about="Bread").meaning)
    store.change(clean, about, paused=True)
    [calibrated] = refreshed(clean, [about], NOON)
    assert store.find(clean, "about").paused
    assert store.find(clean, "about").reference == calibrated.reference


def test_the_stage_takes_scales_anew(
    clean: Elasticsearch, desk: dict[str, EnrichedArticle], enriched: Callable[..., Batch]
) -> None:
    store.create(clean, Alert(name="about", about="Bread"), "command", meaning=kept(about="Bread").meaning)
    alert(index(enriched(list(desk.values())), client=clean), client=clean)
    assert store.find(clean, "about").calibrated is not None

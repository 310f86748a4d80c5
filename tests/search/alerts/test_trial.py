"""What an alert would have told in the last month, before it is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from elasticsearch import Elasticsearch, helpers

from search.alerts import trial
from search.alerts.alert import Alert
from search.alerts.store import Kept
from search.alerts.trial import try_out
from search.query.question import Unreadable
from tests.search.conftest import NOON
from wirewatch.records import Meaning


def draft(meaning: Meaning | None = None, **fields: Any) -> Kept:
    alert = Alert.model_validate({"name": "A", **fields})
    return Kept(alert=alert, origin="command", created=NOON, changed=NOON, meaning=meaning)


@pytest.fixture
def fill(clean: Elasticsearch) -> Callable[..., None]:
    """Index articles: title, story, outlet, and how many days ago each was first seen."""
    [home] = clean.indices.get_alias(name="articles")

    def filled(*articles: tuple[str, str | None, str, int], **fields: Any) -> None:
        begin = clean.count(index=home)["count"]
        documents = [
            {"id": f"{number:05x}", "title": title, "url": f"https://{outlet}/{number}",
             "source": {"id": outlet, "name": outlet, "country": "FR"}, "language": "en",
             "first_seen": (NOON - timedelta(days=ago)).isoformat(), **({"story_id": story} if story else {}), **fields}
            for number, (title, story, outlet, ago) in enumerate(articles, begin)
        ]  # fmt: skip
        helpers.bulk(clean, ({"_index": home, "_id": one["id"], "_source": one} for one in documents), refresh=True)

    return filled


def by_day(tried: trial.Trial) -> dict[str, int]:
    return {day.isoformat(): count for day, count in tried.notices.items() if count}


def test_a_story_is_one_notice_on_the_day_it_was_first_found(clean: Elasticsearch, fill: Callable[..., None]) -> None:
    fill(
        ("Wheat ships", "s1", "a.example", 3), ("More on wheat ships", "s1", "b.example", 2),
        ("Wheat alone", None, "a.example", 2), ("Football", "s2", "a.example", 1), ("Old wheat", "s3", "a.example", 31),
    )  # fmt: skip
    tried = try_out(clean, draft(kql="wheat"), NOON)
    assert by_day(tried) == {"2026-11-17": 1, "2026-11-18": 1}
    assert (min(tried.notices), max(tried.notices), len(tried.notices)) == (date(2026, 10, 22), date(2026, 11, 20), 30)
    assert (tried.articles, tried.total, tried.warning) == (3, 2, "")
    assert tried.a_day == pytest.approx(2 / 30)
    assert [one.title for one in tried.examples] == ["More on wheat ships", "Wheat alone"]


def test_conditions_on_outlets_and_growth_are_counted(clean: Elasticsearch, fill: Callable[..., None]) -> None:
    fill(*[("Wheat", "s1", f"{number}.example", 1) for number in range(5)], ("Wheat", "s2", "a.example", 1))
    assert try_out(clean, draft(kql="wheat"), NOON).total == 2
    assert try_out(clean, draft(kql="wheat", sources=2), NOON).total == 1
    assert try_out(clean, draft(kql="wheat", sources=2, developing=5), NOON).total == 2
    nothing = try_out(clean, draft(kql="wheat", sources=9), NOON)
    assert "told nothing in 30 days, though 6 articles match" in nothing.warning


def test_an_alert_that_is_too_wide_and_one_that_finds_nothing_are_warned_of(
    clean: Elasticsearch, fill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "PAGE", 1000)
    fill(*[("Wheat", None, "a.example", number % 30) for number in range(1530)])
    wide = try_out(clean, draft(kql="wheat"), NOON)
    assert wide.total == 1530, "all pages are counted"
    assert "It is wide: 51 notices a day" in wide.warning
    assert len(wide.examples) == trial.EXAMPLES
    assert "told nothing in 30 days:" in try_out(clean, draft(kql="maize"), NOON).warning


def test_a_query_that_cannot_be_read_says_why(clean: Elasticsearch) -> None:
    with pytest.raises(Unreadable, match=r"line 1:"):
        try_out(clean, draft(kql="title: (a and"), NOON)


def test_a_sentence_is_calibrated_before_it_is_tried(clean: Elasticsearch, fill: Callable[..., None]) -> None:
    for number in range(5):
        others = [("Elsewhere", None, "a.example", 1)] * 10
        fill(*others, embedding=[0.8 + number / 1000, 0.6, *[0.0] * 382])
    fill(("Near", None, "a.example", 1), embedding=[1.0, 0.1, *[0.0] * 382])
    sentence = Meaning(text="Bread", language="en", embedding=(1.0, *[0.0] * 383))
    tried = try_out(clean, draft(sentence, about="Bread"), NOON)
    assert [one.title for one in tried.examples] == ["Near"]


def test_an_alert_on_volume_is_tried_day_by_day(clean: Elasticsearch, fill: Callable[..., None]) -> None:
    usual = [("Wheat", None, "a.example", ago) for ago in range(60) for _ in range(5)]
    fill(*usual, *[("Wheat", None, "a.example", 10)] * 40)
    tried = try_out(clean, draft(kql="wheat", volume="spike"), NOON)
    assert by_day(tried) == {"2026-11-10": 1}

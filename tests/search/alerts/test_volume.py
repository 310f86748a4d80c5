"""Alerts on how much comes, against what is usual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from elasticsearch import Elasticsearch, helpers

from search.alerts.alert import Alert
from search.alerts.store import Kept
from search.alerts.volume import history, volume
from search.query.question import Unreadable
from tests.search.conftest import NOON
from wirewatch.records import notice_id


def kept(**fields: object) -> Kept:
    alert = Alert.model_validate({"name": "Strikes", "kql": "title: strike", **fields})
    return Kept(alert=alert, origin="command", created=NOON, changed=NOON)


@pytest.fixture
def seen(clean: Elasticsearch) -> Callable[[Mapping[int, int]], None]:
    """Fill the index: so many articles on a strike so many days ago, and another one on each of forty days."""

    def filled(strikes: Mapping[int, int], days: int = 40) -> None:
        actions = [
            {"_index": "articles", "_id": f"{ago}-{n}", "id": f"{ago}-{n}", "title": "On strike" if n else "Weather",
             "first_seen": (NOON - timedelta(days=ago, hours=1)).isoformat()}
            for ago in range(days)
            for n in range(strikes.get(ago, 0) + 1)
        ]  # fmt: skip
        [home] = clean.indices.get_alias(name="articles")
        helpers.bulk(clean, ({**action, "_index": home} for action in actions), refresh=True)

    return filled


USUAL = {ago: 4 + ago % 3 for ago in range(1, 40)}


def test_far_more_than_usual_is_a_spike_and_is_told_once_a_day(clean: Elasticsearch, seen: Callable[..., None]) -> None:
    seen(USUAL | {0: 40})
    told = volume(clean, kept(volume="spike"), NOON)
    assert told is not None
    assert (told.id, told.kind, told.story, told.size) == (
        notice_id("Strikes", "2026-11-20", "spike"), "spike", "2026-11-20", 40
    )  # fmt: skip
    assert told.title == "Far more than usual: 40 new in 24 h, usually 5.0 ± 2.2 a day"
    later = volume(clean, kept(volume="spike"), NOON + timedelta(hours=2))
    assert later is not None
    assert later.id == told.id
    assert volume(clean, kept(volume="silence"), NOON) is None
    assert volume(clean, kept(), NOON) is None


def test_an_ordinary_day_is_no_news(clean: Elasticsearch, seen: Callable[..., None]) -> None:
    seen(USUAL | {0: 7})
    assert volume(clean, kept(volume="spike"), NOON) is None
    assert volume(clean, kept(volume="silence"), NOON) is None


def test_nothing_where_there_usually_is_something_is_a_silence(clean: Elasticsearch, seen: Callable[..., None]) -> None:
    seen({ago: number for ago, number in USUAL.items() if ago > 2})
    told = volume(clean, kept(volume="silence"), NOON)
    assert told is not None
    assert told.title == "Nothing comes: 0 new in 3 days, usually 5.0 ± 2.2 a day"
    assert told.id == notice_id("Strikes", "2026-11-20", "silence")
    assert volume(clean, kept(volume="spike"), NOON) is None


def test_what_never_came_is_not_silent(clean: Elasticsearch, seen: Callable[..., None]) -> None:
    seen({})
    assert volume(clean, kept(volume="silence"), NOON) is None


def test_days_on_which_nothing_at_all_was_seen_are_no_days(clean: Elasticsearch, seen: Callable[..., None]) -> None:
    seen({ago: 5 for ago in range(5)}, days=5)
    days = history(clean, kept(), NOON)
    assert [day and day.new for day in days[:7]] == [5, 5, 5, 5, 5, None, None]
    assert volume(clean, kept(volume="spike"), NOON + timedelta(days=10)) is None


def test_a_query_that_cannot_be_read_says_why(clean: Elasticsearch) -> None:
    with pytest.raises(Unreadable, match="line 1:"):
        volume(clean, kept(kql="title: (a and", volume="spike"), NOON)

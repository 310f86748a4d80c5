"""What is wrong with the alerts is seen, and what is well is not shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from elasticsearch import Elasticsearch, helpers

from search.alerts import store, watch
from search.alerts.alert import Alert
from search.alerts.watch import history, troubles
from search.indices import DELIVERIES, NOTICES
from tests.search.alerts.telling import spoil
from wirewatch.records import Delivery, Notice, now


def keep(client: Elasticsearch, name: str = "A", **known: Any) -> store.Kept:
    kept = store.create(client, Alert(name=name, kql="x", tell=["stdout"]), "command")
    return store.change(client, kept, **known)


def tell(
    client: Elasticsearch, count: int, ago: timedelta = timedelta(), alert: str = "A", state: str = "told"
) -> None:
    fields: Any = {"alert": alert, "title": "t", "created": now() - ago, "state": state, "run": "r"}
    made = (Notice(id=f"{alert}{n}{state}{fields['created']}", story=str(n), **fields) for n in range(count))
    actions = ({"_index": NOTICES, "_id": n.id, "_source": n.model_dump(mode="json", exclude_none=True)} for n in made)
    helpers.bulk(client, actions)


def deliver(client: Elasticsearch, id: str, state: str, ago: timedelta = timedelta(), error: str | None = None) -> None:
    fields: Any = {"state": state, "at": now() - ago, "error": error}
    one = Delivery(id=id, alert="A", channel="desk", notices=(f"n{id}",), **fields)
    client.create(index=DELIVERIES, id=id, document=one.model_dump(mode="json", exclude_none=True))


def test_a_fresh_alert_and_one_that_tells_are_well(clean: Elasticsearch) -> None:
    keep(clean)
    keep(clean, "B", changed=now() - timedelta(days=90))
    tell(clean, 2, timedelta(days=29), "B")
    deliver(clean, "1", "sent")
    assert troubles(clean) == []


def test_a_query_that_no_longer_parses_is_seen(clean: Elasticsearch) -> None:
    keep(clean, error="line 1:3: no viable alternative", warnings=("a filter on a map",))
    assert troubles(clean) == [
        "the alert A: cannot be asked: line 1:3: no viable alternative",
        "the alert A: of the saved search: a filter on a map",
    ]


def test_a_channel_that_fails_is_seen_for_a_week(clean: Elasticsearch) -> None:
    keep(clean)
    deliver(clean, "1", "failed", timedelta(hours=2), "HTTP 502")
    deliver(clean, "2", "failed", timedelta(hours=1), "HTTP 503")
    deliver(clean, "3", "dead", timedelta(days=1), "HTTP 404")
    deliver(clean, "4", "unsure", timedelta(days=6))
    deliver(clean, "5", "dead", timedelta(days=8), "HTTP 404")
    assert troubles(clean) == [
        "the alert A: desk did not take 1 message: given up (HTTP 404)",
        "the alert A: desk did not take 2 messages: sent again later (HTTP 503)",
        "the alert A: desk may or may not have got 1 message: sending was interrupted twice",
    ]


def test_an_alert_silent_for_a_month_is_seen_unless_it_is_paused_or_new_or_on_volume(clean: Elasticsearch) -> None:
    long_ago = now() - timedelta(days=31)
    keep(clean, changed=long_ago)
    tell(clean, 3, timedelta(days=40))
    keep(clean, "paused", changed=long_ago, paused=True)
    volume = store.create(clean, Alert(name="volume", kql="x", volume="spike"), "command")
    store.change(clean, volume, changed=long_ago)
    [line] = troubles(clean)
    assert line.startswith("the alert A: found nothing in 30 days")


def test_an_alert_that_tells_too_much_is_seen(clean: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "PAGE", 1)
    for name in "ABC":
        keep(clean, name)
        tell(clean, 100, alert=name)
    assert troubles(clean) == []
    for state in ("waiting", "muted", "dropped"):
        tell(clean, 50, alert="A", state=state)
    assert troubles(clean) == [], "nobody hears of these"
    tell(clean, 1, timedelta(hours=1), "C", "due")
    [line] = troubles(clean)
    assert line.startswith("the alert C: 101 notices in 24 h")


def test_an_alert_that_finds_what_nobody_hears_of_is_not_silent(clean: Elasticsearch) -> None:
    keep(clean, changed=now() - timedelta(days=90))
    tell(clean, 1, state="waiting")
    assert troubles(clean) == []


def test_an_alert_that_cannot_be_read_is_seen_with_the_way_out(clean: Elasticsearch) -> None:
    spoil(clean, keep(clean))
    deliver(clean, "1", "dead")
    why, failed = troubles(clean)
    assert why.startswith("the alert A: cannot be read (zone: `Mars` is no time zone")
    assert why.endswith("made anew (`wirewatch alerts add` or `apply`) or forgotten (`wirewatch alerts delete`).")
    assert failed == "the alert A: desk did not take 1 message: given up"


def test_the_history_has_the_newest_notices_with_their_messages(clean: Elasticsearch) -> None:
    keep(clean)
    tell(clean, 3, timedelta(days=2))
    tell(clean, 1)
    [(newest, _)] = history(clean, "A", 1)
    assert newest.created == max(notice.created for notice, _ in history(clean, "A"))
    assert len(history(clean, "A")) == 4
    one = Delivery(id="d", alert="A", channel="desk", notices=(newest.id,), state="sent", at=now())
    clean.create(index=DELIVERIES, id="d", document=one.model_dump(mode="json", exclude_none=True))
    assert [sent for _, sent in history(clean, "A")] == [[one], [], [], []]

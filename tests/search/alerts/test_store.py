"""Keeping alerts."""

from __future__ import annotations

import logging

import pytest
from elasticsearch import Elasticsearch

from search.alerts import store
from search.alerts.alert import Alert, alert_id
from search.indices import ALERTS
from tests.search.alerts.telling import spoil, watch
from wirewatch.errors import UserError
from wirewatch.records import now


def test_who_changes_one_thing_undoes_nothing_that_others_change_meanwhile(clean: Elasticsearch) -> None:
    stale = watch(clean)
    edited = stale.alert.model_copy(update={"kql": "mutiny", "owner": "Awa"})
    store.change(clean, stale, alert=edited)
    store.change(clean, stale, muted=now())
    kept = store.find(clean, stale.alert.name)
    assert (kept.alert, kept.muted is not None) == (edited, True)
    assert clean.get(index=ALERTS, id=kept.id)["_source"]["query"] == "mutiny"


def test_an_alert_that_cannot_be_read_is_shown_with_its_error_and_hides_no_other(
    clean: Elasticsearch, caplog: pytest.LogCaptureFixture
) -> None:
    well, broken = watch(clean, name="A"), spoil(clean, watch(clean, name="B"))
    with caplog.at_level(logging.ERROR):
        assert [kept.id for kept in store.all_alerts(clean)] == [well.id]
    assert "The alert B cannot be read (zone: `Mars` is no time zone" in caplog.text
    assert [one.name for one in store.everything(clean)] == ["A", "B"]
    error = clean.get(index=ALERTS, id=broken.id)["_source"]["error"]
    assert "`wirewatch alerts delete`" in error
    with pytest.raises(UserError, match="The alert B cannot be read"):
        store.find(clean, "B")
    assert store.look_up(clean, "B") == store.Illegible(broken.id, "B", "command", error)


def test_one_without_a_definition_cannot_be_read(clean: Elasticsearch) -> None:
    clean.create(index=ALERTS, id=alert_id("B"), document={"name": "B"})
    assert [one.name for one in store.everything(clean)] == ["B"]
    assert list(store.all_alerts(clean)) == []


def test_one_that_cannot_be_read_is_made_anew_and_stays_as_people_have_muted_it(clean: Elasticsearch) -> None:
    kept = store.change(clean, watch(clean), muted=now(), unsubscribed=("mail:ann@example.org",))
    spoil(clean, kept)
    list(store.all_alerts(clean))
    anew = store.create(clean, Alert(name=kept.name, kql="mutiny"), "file")
    assert (anew.alert.kql, anew.origin, anew.error) == ("mutiny", "file", None)
    assert (anew.muted, anew.unsubscribed) == (kept.muted, kept.unsubscribed)
    assert store.find(clean, kept.name) == anew
    with pytest.raises(UserError, match="There is an alert named Coups already"):
        store.create(clean, Alert(name=kept.name, kql="coup"), "file")

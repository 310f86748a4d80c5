"""Keeping alerts."""

from __future__ import annotations

import logging

import pytest
from elasticsearch import Elasticsearch

from search.alerts import store
from search.indices import ALERTS
from tests.search.alerts.telling import watch
from wirewatch.records import now


def test_who_changes_one_thing_undoes_nothing_that_others_change_meanwhile(clean: Elasticsearch) -> None:
    stale = watch(clean)
    edited = stale.alert.model_copy(update={"kql": "mutiny", "owner": "Awa"})
    store.change(clean, stale, alert=edited)
    store.change(clean, stale, muted=now())
    kept = store.find(clean, stale.alert.name)
    assert (kept.alert, kept.muted is not None) == (edited, True)
    assert clean.get(index=ALERTS, id=kept.id)["_source"]["query"] == "mutiny"


def test_an_alert_that_cannot_be_read_is_logged_and_hides_no_other(
    clean: Elasticsearch, caplog: pytest.LogCaptureFixture
) -> None:
    well, broken = watch(clean, name="A"), watch(clean, name="B")
    clean.update(index=ALERTS, id=broken.id, doc={"definition": '{"name": "B", "zone": "Mars"}'})
    with caplog.at_level(logging.ERROR):
        assert [kept.id for kept in store.all_alerts(clean)] == [well.id]
    assert "The alert B" in caplog.text

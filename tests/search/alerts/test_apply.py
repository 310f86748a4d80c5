"""A file of alerts, and what is made of it in the index."""

from __future__ import annotations

import pytest
from elasticsearch import Elasticsearch

from search.alerts import store
from search.alerts.alert import Alert
from search.alerts.apply import add, apply, diff, edit
from tests.search.alerts.telling import spoil
from wirewatch.errors import UserError
from wirewatch.records import Meaning, now

SAHEL = Alert(name="Sahel", kql="regions: Sahel", tell=["stdout"])
WHEAT = Alert(name="Wheat", kql="wheat", where={"countries": ["EG"]}, sources=2)


def understand(sentence: str) -> Meaning:
    return Meaning(text=sentence, language="en", embedding=(float(len(sentence)), *[1.0] * 383))


def names(client: Elasticsearch) -> list[str]:
    return [kept.alert.name for kept in store.all_alerts(client)]


def test_a_file_is_applied_once_and_then_changes_nothing(clean: Elasticsearch) -> None:
    done = apply(clean, [SAHEL, WHEAT])
    assert done.added == (SAHEL, WHEAT)
    assert [store.find(clean, alert.name).alert for alert in (SAHEL, WHEAT)] == [SAHEL, WHEAT]
    assert not apply(clean, [SAHEL, WHEAT])


def test_what_the_file_no_longer_has_is_removed_and_what_others_made_stays(clean: Elasticsearch) -> None:
    add(clean, Alert(name="By hand", kql="x"), "command")
    add(clean, Alert(name="In Kibana", kql="x"), "kibana")
    apply(clean, [SAHEL, WHEAT])
    done = apply(clean, [WHEAT])
    assert [kept.alert for kept in done.removed] == [SAHEL]
    assert names(clean) == ["By hand", "In Kibana", "Wheat"]


def test_a_changed_alert_is_shown_field_by_field_and_keeps_what_people_did_to_it(clean: Elasticsearch) -> None:
    apply(clean, [WHEAT])
    kept = store.change(clean, store.find(clean, "Wheat"), paused=True, muted=now(), unsubscribed=("mail:a@b.example",))
    other = Alert(name="Wheat", kql="wheat or maize", where={"countries": ["EG", "DZ"], "languages": ["fr"]}, tell=[])
    [change] = diff(clean, [other]).changed
    assert [tuple(field) for field in change.fields] == [
        ("kql", "wheat", "wheat or maize"),
        ("sources", "2", ""),
        ("where.countries", "EG", "EG, DZ"),
        ("where.languages", "", "fr"),
    ]
    assert store.find(clean, "Wheat").alert == WHEAT, "a diff changes nothing"
    apply(clean, [other])
    now_kept = store.find(clean, "Wheat")
    assert now_kept.alert == other
    assert (now_kept.paused, now_kept.muted, now_kept.unsubscribed) == (True, kept.muted, kept.unsubscribed)


def test_an_alert_made_by_hand_is_taken_over_by_the_file_and_one_of_kibana_is_not(clean: Elasticsearch) -> None:
    add(clean, SAHEL, "command")
    [change] = diff(clean, [SAHEL]).changed
    assert [tuple(field) for field in change.fields] == [("origin", "command", "file")]
    apply(clean, [SAHEL])
    assert store.find(clean, "Sahel").origin == "file"
    add(clean, WHEAT, "kibana")
    with pytest.raises(UserError, match="The alert Wheat is a saved search in Kibana"):
        apply(clean, [WHEAT])


def test_an_alert_that_cannot_be_read_is_made_anew_by_the_file_and_removed_with_it(clean: Elasticsearch) -> None:
    apply(clean, [SAHEL, WHEAT])
    for alert in (SAHEL, WHEAT):
        spoil(clean, store.find(clean, alert.name))
    done = apply(clean, [SAHEL])
    assert (done.added, [kept.name for kept in done.removed]) == ((SAHEL,), ["Wheat"])
    assert [kept.alert for kept in store.everything(clean) if isinstance(kept, store.Kept)] == [SAHEL]
    assert not apply(clean, [SAHEL])


def test_the_file_wins_over_the_hand(clean: Elasticsearch) -> None:
    apply(clean, [SAHEL])
    with pytest.raises(UserError, match=r"The alert Sahel is written in a file: change it there"):
        edit(clean, store.find(clean, "Sahel"), SAHEL)


def test_a_sentence_is_understood_once_and_another_one_anew(clean: Elasticsearch) -> None:
    about = Alert(name="Wheat", about="Bread gets dearer", where={"languages": ["fr"]})
    with pytest.raises(UserError, match="is about a sentence"):
        apply(clean, [about])
    apply(clean, [about], understand=understand)
    measured = store.change(clean, store.find(clean, "Wheat"), reference=0.8, calibrated=now(), error="broken")
    assert measured.meaning == understand("Bread gets dearer")

    told = about.model_copy(update={"tell": ("stdout",)})
    apply(clean, [told], understand=pytest.fail)
    kept = store.find(clean, "Wheat")
    assert (kept.meaning, kept.reference, kept.error) == (measured.meaning, 0.8, "broken")

    apply(clean, [told.model_copy(update={"about": "Bread gets cheaper"})], understand=understand)
    kept = store.find(clean, "Wheat")
    assert kept.meaning == understand("Bread gets cheaper")
    assert (kept.reference, kept.error) == (None, None), "no article is known, by which it could be measured"
    assert kept.calibrated is not None


def test_two_alerts_of_one_name_are_refused(clean: Elasticsearch) -> None:
    add(clean, SAHEL, "command")
    with pytest.raises(UserError, match="There is an alert named Sahel already"):
        add(clean, SAHEL, "api")

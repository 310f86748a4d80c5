"""Keeping the alerts that come from Kibana as the saved searches there are now."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from elasticsearch import Elasticsearch

from search.alerts import apply, store
from search.alerts.alert import alert_id
from search.alerts.apply import Understand
from search.alerts.channels import check
from search.alerts.kibana.tagged import Saved, Tagged, tagged
from search.alerts.kibana.translate import Taken, taken, unreadable
from search.alerts.notices import change
from search.alerts.store import Kept
from search.client import connect, every, plain_errors
from search.indices import NOTICES
from wirewatch.database import in_turn
from wirewatch.errors import UserError
from wirewatch.settings import get_settings

log = logging.getLogger(__name__)


def take_over(understand: Understand | None = None, *, client: Elasticsearch | None = None) -> Counter[str]:
    """Make the alerts from Kibana those that its saved searches with the tag ``alert`` are, and say how many were
    ``added``, ``changed``, ``renamed`` and ``removed``. Doing it again changes nothing. It waits while another process
    asks the alerts.

    What people did to an alert besides (muted, paused, unsubscribed a channel) stays, and so does, under another
    title, what it has told. Where Kibana does not answer the alerts stay as they are, and that is logged. Where no
    setting names it, it is not asked: a password goes to no address that nobody has written.

    Args:
        understand: says what the sentence of an alert means that is about one.
        client: instead of the one that the settings name.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    client = store.ready(client or connect())
    with in_turn(get_settings().state, "kibana"):  # what was read from Kibana later is done later
        return _take_over(client, understand)


def is_known() -> bool:
    """Whether a setting says where Kibana is."""
    return "kibana_url" in get_settings().model_fields_set and bool(get_settings().kibana_url)


def _take_over(client: Elasticsearch, understand: Understand | None) -> Counter[str]:
    if not is_known() and not _any_from_kibana(client):
        return Counter()
    try:
        _check_default()
        kibana = tagged()
    except UserError as error:
        log.warning("The alerts from Kibana stay as they are: %s", error)
        return Counter()
    found = [_taken(saved, kibana, understand) for saved in kibana.searches]
    # Not while :func:`search.alerts.match.alert` asks them: it writes notices under the names that it has read.
    with in_turn(get_settings().state, "alerts"), plain_errors():
        alerts = {kept.alert.name: kept for kept in store.all_alerts(client)}
        return _Round(client, alerts, understand).go(list(_named(found, alerts)))


def _any_from_kibana(client: Elasticsearch) -> bool:
    with plain_errors():
        return any(kept.origin == "kibana" for kept in store.all_alerts(client))


def _check_default() -> None:
    for channel in get_settings().kibana_tell:
        try:
            check(channel)
        except ValueError:  # which quotes what may be a secret
            raise UserError(
                "WIREWATCH_KIBANA_TELL names something that is no channel: write mail:ann@example.org, or the name of "
                "an entry of the file of channels."
            ) from None


def _taken(saved: Saved, kibana: Tagged, understand: Understand | None) -> Taken:
    try:
        return taken(saved, kibana, can_understand=understand is not None)
    except Exception as error:  # whatever somebody has saved stops no other alert
        return unreadable(saved, error)


def _named(found: Sequence[Taken], alerts: Mapping[str, Kept]) -> Iterator[Taken]:
    """The saved searches, with another name each whose title is the name of another alert."""
    names = {name for name, kept in alerts.items() if kept.origin != "kibana"}
    # Who has a name keeps it.
    for one in sorted(found, key=lambda one: (not _is_of(alerts.get(one.alert.name), one), one.id)):
        name = one.alert.name
        if name in names:
            why = f"there is another alert named {name}: give the saved search another title"
            alert = one.alert.model_copy(update={"name": f"{name} ({alert_id(one.id)[:6]})"})
            one = Taken(one.id, alert, (why, *one.warnings))
        names.add(one.alert.name)
        yield one


def _is_of(kept: Kept | None, one: Taken) -> bool:
    return kept is not None and kept.origin == "kibana" and kept.origin_id == one.id


class _Round:
    def __init__(self, client: Elasticsearch, alerts: Mapping[str, Kept], understand: Understand | None) -> None:
        self.client, self.alerts, self.understand = client, alerts, understand
        self.counts: Counter[str] = Counter()

    def go(self, found: Sequence[Taken]) -> Counter[str]:
        ours = {name: kept for name, kept in self.alerts.items() if kept.origin == "kibana"}
        before = {kept.origin_id: kept for kept in ours.values()}
        names = {one.id: one.alert.name for one in found}
        unmade: set[str | None] = set()
        for one in found:
            kept = ours.get(one.alert.name)
            try:
                if kept:
                    self._change(kept, one)
                else:
                    self._add(one, before.get(one.id))
            except UserError as error:
                log.warning("The saved search %s stays as it was: %s", one.alert.name, error)
                if not _is_of(kept, one):
                    unmade.add(one.id)  # under another title it stays the alert that it was
        for name, kept in ours.items():
            if name not in names.values() and kept.origin_id not in unmade:
                self._remove(kept, names.get(kept.origin_id or ""))
        return self.counts

    def _change(self, kept: Kept, one: Taken) -> None:
        what = {"origin_id": one.id, "warnings": one.warnings}
        if kept.alert != one.alert:
            apply.rewrite(self.client, kept, one.alert, "kibana", self.understand, **what)
        elif (kept.origin_id, kept.warnings) != (one.id, one.warnings):
            store.change(self.client, kept, **what)
        else:
            return
        self.counts["changed"] += 1

    def _add(self, one: Taken, renamed: Kept | None) -> None:
        known: dict[str, Any] = {"origin_id": one.id, "warnings": one.warnings}
        if renamed:
            known |= {"paused": renamed.paused, "muted": renamed.muted, "unsubscribed": renamed.unsubscribed}
        apply.add(self.client, one.alert, "kibana", self.understand, **known)
        self.counts["renamed" if renamed else "added"] += 1

    def _remove(self, kept: Kept, name: str | None) -> None:
        """Forget an alert. Where its saved search has another title, what it has told is the other one's."""
        if not name:
            store.delete(self.client, kept)
            self.counts["removed"] += 1
            return
        self._give(kept.alert.name, name)  # before it is deleted: a delivery drops what has no alert
        store.delete(self.client, kept)
        self._give(kept.alert.name, name)  # what a delivery has written in between

    def _give(self, old: str, new: str) -> None:
        self.client.indices.refresh(index=NOTICES)
        # What a rule or the operator is told may bear the same name.
        theirs = {"filter": {"term": {"alert": old}}, "must_not": {"terms": {"kind": ["rule", "operator"]}}}
        ids = [hit["_id"] for hit in every(self.client, NOTICES, {"bool": theirs}, ["id"])]
        change(self.client, ids, lambda _, before: [before.model_copy(update={"alert": new})] if before else [])

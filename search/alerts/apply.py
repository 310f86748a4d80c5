"""Alerts as people write them, brought into the index: one by one, or a whole file, which then says which there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from elasticsearch import Elasticsearch

from search.alerts import calibrate, store
from search.alerts.alert import Alert
from search.alerts.store import Illegible, Kept, Origin
from search.client import plain_errors
from wirewatch.errors import UserError
from wirewatch.records import Meaning, now

Understand = Callable[[str], Meaning]
"""Says what a sentence means: :func:`enrichment.query.understand`, which this folder does not import."""
_QUESTION = ("kql", "lucene", "clauses", "about", "where", "relevance")
"""Fields of which another value makes what was measured of an alert worthless."""
_ELSEWHERE = {
    "file": "is written in a file: change it there, and `wirewatch alerts apply` brings it here",
    "kibana": "is a saved search in Kibana: change it there, or take its tag `alert` away",
}


class Difference(NamedTuple):
    """A field with another value than before, both as text; empty where it has none."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Changed:
    """An alert that is to be another one."""

    kept: Kept
    alert: Alert
    fields: tuple[Difference, ...]


@dataclass(frozen=True)
class Changes:
    """What makes the alerts in the index those that somebody has written."""

    added: tuple[Alert, ...] = ()
    changed: tuple[Changed, ...] = ()
    removed: tuple[Kept | Illegible, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def add(
    client: Elasticsearch, alert: Alert, origin: Origin, understand: Understand | None = None, **known: Any
) -> Kept:
    """Keep a new alert.

    Args:
        client: of the cluster.
        alert: what somebody wrote.
        origin: where.
        understand: of an alert that is about a sentence, says what that means.
        known: what else is kept with it.

    Raises:
        UserError: there is one of that name that can be read, or Elasticsearch does not answer or refuses.
    """
    new = draft(alert, origin, understand)
    with plain_errors():
        return store.create(client, alert, origin, meaning=new.meaning, **_scale(client, new), **known)


def draft(alert: Alert, origin: Origin, understand: Understand | None = None) -> Kept:
    """An alert as it would be kept, to be tried before."""
    return Kept(alert=alert, origin=origin, created=now(), changed=now(), meaning=_meaning(alert, understand))


def edit(client: Elasticsearch, kept: Kept, alert: Alert, understand: Understand | None = None) -> Kept:
    """Keep an alert as somebody has rewritten it.

    Raises:
        UserError: it is looked after elsewhere or was deleted, or Elasticsearch does not answer or refuses.
    """
    refuse_elsewhere(kept)
    return rewrite(client, kept, alert, kept.origin, understand)


def refuse_elsewhere(kept: Kept | Illegible) -> None:
    """Raise a :class:`UserError` where an alert is looked after in a file or in Kibana, which would win in the end. One
    that cannot be read is nobody's: what is written there makes it anew."""
    if isinstance(kept, Kept) and kept.origin in _ELSEWHERE:
        raise UserError(f"The alert {kept.alert.name} {_ELSEWHERE[kept.origin]}.")


def diff(client: Elasticsearch, alerts: Sequence[Alert]) -> Changes:
    """What is to be done so that those of the alerts that come from a file are these, in the order given.

    One of the same name that comes from elsewhere counts as changed, and one that cannot be read as added. Those from
    elsewhere that have other names stay.

    Raises:
        UserError: one of that name comes from Kibana, or Elasticsearch does not answer or refuses.
    """
    with plain_errors():
        found = list(store.everything(client))
    there = {kept.name: kept for kept in found if isinstance(kept, Kept)}
    changed = []
    for alert in alerts:
        if kept := there.get(alert.name):
            if kept.origin == "kibana":
                raise UserError(f"The alert {alert.name} {_ELSEWHERE['kibana']}, or give this one another name.")
            if fields := differences(kept, alert, "file"):
                changed.append(Changed(kept, alert, fields))
    wanted = {alert.name for alert in alerts}
    return Changes(
        tuple(alert for alert in alerts if alert.name not in there),
        tuple(changed),
        tuple(kept for kept in found if kept.origin == "file" and kept.name not in wanted),
    )


def differences(kept: Kept, alert: Alert, origin: Origin) -> tuple[Difference, ...]:
    """The fields in which an alert differs from the one that is kept."""
    before, after = _fields(kept.alert, kept.origin), _fields(alert, origin)
    pairs = ((name, before.get(name, ""), after.get(name, "")) for name in dict.fromkeys([*before, *after]))
    return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])


def apply(client: Elasticsearch, alerts: Sequence[Alert], *, understand: Understand | None = None) -> Changes:
    """Make the alerts that come from a file these, and say what that changed. Doing it again changes nothing.

    What people did to an alert besides (muted, paused, unsubscribed a channel) stays as it is.

    Raises:
        UserError: one of that name comes from Kibana, or Elasticsearch does not answer or refuses.
    """
    changes = diff(client, alerts)
    for alert in changes.added:
        add(client, alert, "file", understand)
    for change in changes.changed:
        rewrite(client, change.kept, change.alert, "file", understand)
    with plain_errors():
        for kept in changes.removed:
            store.delete(client, kept)
    return changes


def rewrite(
    client: Elasticsearch, kept: Kept, alert: Alert, origin: Origin, understand: Understand | None, **known: Any
) -> Kept:
    """Keep an alert as it is written now where it is looked after; ``known`` is what else changes of it.

    Raises:
        UserError: it was deleted, or Elasticsearch does not answer or refuses.
    """
    what: dict[str, Any] = {"alert": alert, "origin": origin, "changed": now(), **known}
    if alert.about != kept.alert.about:
        what["meaning"] = _meaning(alert, understand)
    if any(getattr(alert, name) != getattr(kept.alert, name) for name in _QUESTION):
        what |= {"error": None} | _scale(client, kept.model_copy(update=what))
    with plain_errors():
        return store.change(client, kept, **what)


def _scale(client: Elasticsearch, kept: Kept) -> dict[str, Any]:
    if calibrate.needs_scale(kept):
        return calibrate.scale(client, kept, now())
    return {"background": None, "reference": None, "calibrated": None}


def _meaning(alert: Alert, understand: Understand | None) -> Meaning | None:
    if not alert.about:
        return None
    if understand is None:
        raise UserError(f"The alert {alert.name} is about a sentence: `wirewatch alerts` or the API must make it.")
    return understand(alert.about)


def _fields(alert: Alert, origin: Origin) -> dict[str, str]:
    """The fields that say something, each as text."""
    written = alert.model_dump(mode="json", exclude_defaults=True)
    where = written.pop("where", {})
    named = {**written, **{f"where.{name}": value for name, value in where.items()}, "origin": origin}
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in named.items()
    }

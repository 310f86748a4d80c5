"""Alerts made over HTTP: with channels that have a name, or by mail. Files and standard output are the operator's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from api.desk import Missing
from api.questions import Desk, understand
from search.alerts import apply, channels, store
from search.alerts.alert import Alert
from search.alerts.store import Illegible, Kept
from search.client import plain_errors
from search.query import Unreadable
from wirewatch.catalogue import wording
from wirewatch.errors import UserError

T = TypeVar("T")


class Conflict(UserError):
    """What cannot be done to the alerts as they are."""


def alert_of(fields: Mapping[str, Any]) -> Alert:
    """The alert with these fields.

    Raises:
        Unreadable: one of them has a wrong value.
    """
    try:
        return Alert.model_validate(fields)
    except ValidationError as error:
        raise Unreadable(f"This cannot be an alert: {wording(error, Alert)}.") from None


def everything(desk: Desk) -> list[Kept | Illegible]:
    """All alerts, by name, also those that cannot be read."""
    with plain_errors():
        return list(store.everything(store.ready(desk.client)))


def look_up(desk: Desk, name: str) -> Kept | Illegible:
    """The alert of that name, also if it cannot be read.

    Raises:
        Missing: there is none.
    """
    with plain_errors():
        return _as(Missing, store.look_up, store.ready(desk.client), name)


def find(desk: Desk, name: str) -> Kept:
    """The alert of that name.

    Raises:
        Missing: there is none.
        Conflict: it cannot be read.
    """
    return _as(Conflict, store.legible, look_up(desk, name))


def make(desk: Desk, alert: Alert) -> Kept:
    """Keep a new alert.

    Raises:
        Unreadable: it is to tell where nobody may over HTTP, or a channel that does not exist.
        Conflict: there is one of that name that can be read.
    """
    _check_channels(alert.tell)
    check_clauses(alert)
    if any(isinstance(kept, Kept) and kept.name == alert.name for kept in everything(desk)):
        raise Conflict(f"There is an alert named {alert.name} already: give another name, or change that one.")
    return apply.add(desk.client, alert, "api", understand)


def change(desk: Desk, kept: Kept, fields: Mapping[str, Any], known: Mapping[str, Any]) -> Kept:
    """Keep an alert with other values of some fields (None: as if it were not given), and of what is known of it.

    Raises:
        Unreadable: as in :func:`make`, or a field has a wrong value.
        Conflict: it is looked after in a file or in Kibana, and more than what is known of it is to change.
    """
    if fields:
        _as(Conflict, apply.refuse_elsewhere, kept)
        written = {**kept.alert.model_dump(exclude_defaults=True), **fields}
        alert = alert_of({name: value for name, value in written.items() if value is not None})
        _check_channels(channel for channel in alert.tell if channel not in kept.alert.tell)
        check_clauses(alert)
        kept = apply.edit(desk.client, kept, alert, understand)
    with plain_errors():
        return store.change(desk.client, kept, **known) if known else kept


def delete(desk: Desk, kept: Kept | Illegible) -> None:
    """Forget an alert.

    Raises:
        Conflict: it is looked after in a file or in Kibana.
    """
    _as(Conflict, apply.refuse_elsewhere, kept)
    with plain_errors():
        store.delete(desk.client, kept)


def _check_channels(tell: Iterable[str]) -> None:
    for channel in tell:
        if channels.is_operators(channel):
            raise Unreadable(f"`{channel}` is the operator's: name a channel, or write `mail:somebody@example.org`.")
        _as(Unreadable, channels.ready, channel)


def check_clauses(alert: Alert) -> None:
    """Refuse those of an alert: they would be asked with the pipeline's rights.

    Raises:
        Unreadable: it has some.
    """
    if alert.clauses:
        raise Unreadable("`clauses` are what Kibana's filter pills stand for: ask with `kql` and `where`.")


def _as(kind: type[UserError], do: Callable[..., T], *what: Any) -> T:
    try:
        return do(*what)
    except UserError as error:
        raise kind(str(error)) from None

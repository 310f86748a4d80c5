"""The alerts that are kept in Elasticsearch, and what is known of each."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from elasticsearch import ConflictError, Elasticsearch, NotFoundError, helpers
from pydantic import BaseModel, ConfigDict, ValidationError

from search.alerts.alert import Alert, alert_id
from search.client import every, plain_errors
from search.indices import ALERTS, init
from wirewatch.catalogue import wording
from wirewatch.errors import UserError
from wirewatch.records import Meaning, Time, now

log = logging.getLogger(__name__)

Origin = Literal["command", "file", "api", "kibana"]
_BY_PEOPLE = ("paused", "muted", "unsubscribed")
"""What people do to an alert, whatever it is."""


class Kept(BaseModel):
    """An alert as it is kept: what somebody wrote, and what is known of it. Analysts can read all of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    alert: Alert
    origin: Origin
    """Where it is looked after: one from a file or from Kibana is changed there."""
    origin_id: str | None = None
    """Id of the saved search in Kibana."""
    created: Time
    changed: Time
    paused: bool = False
    """Not asked at all until it is resumed."""
    muted: Time | None = None
    """Until then what it finds is kept and shown, and never sent."""
    unsubscribed: tuple[str, ...] = ()
    """Channels that asked by a link not to be told any more."""
    error: str | None = None
    """Why it could not be asked when it was asked last, in Elasticsearch's words."""
    unusual: str | None = None
    """That it was silent for long or told too much when alerts were asked last, as the dashboard shows it; see
    :func:`search.alerts.watch.unusual`."""
    warnings: tuple[str, ...] = ()
    """What of a saved search in Kibana could not be taken over."""
    meaning: Meaning | None = None
    """What ``enrichment`` understands of its sentence (:attr:`Alert.about`). Whoever creates or changes an alert with
    one gives it: nothing in ``search`` can."""
    background: float | None = None
    """Score of the typical article, which stands for relevance 0; None for 0."""
    reference: float | None = None
    """Score that stands for relevance 1. Both are taken from the articles of the past month, see ``calibrated`` and
    :func:`search.alerts.ask.scored`."""
    calibrated: Time | None = None
    """When they were, or were looked for in vain: see :mod:`search.alerts.calibrate`."""

    @property
    def id(self) -> str:
        """Its id in the index."""
        return self.alert.id

    @property
    def name(self) -> str:
        """Its name."""
        return self.alert.name

    def is_muted(self, moment: datetime) -> bool:
        """Whether it is muted then."""
        return self.muted is not None and moment < self.muted


@dataclass(frozen=True)
class Illegible:
    """An alert that is kept, and that this Wirewatch cannot read. It is not asked, and what it has to tell waits."""

    id: str
    name: str
    origin: str
    why: str
    """What is wrong with it, and the way out."""


def ready(client: Elasticsearch) -> Elasticsearch:
    """The client, with the index of alerts there, made if this is the first time.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    with plain_errors():
        if not client.indices.exists(index=ALERTS):
            init(client)
    return client


def all_alerts(client: Elasticsearch) -> Iterator[Kept]:
    """All alerts that can be read, by name, as they are now. Of the others is logged, and kept as their error, which
    Kibana shows, what is wrong with them."""
    errors = {}
    for one in everything(client):
        if isinstance(one, Kept):
            yield one
        else:
            log.error("The alert %s %s", one.name, one.why)
            errors[one.id] = one.why
    note(client, "error", errors)


def everything(client: Elasticsearch) -> Iterator[Kept | Illegible]:
    """All alerts, by name, as they are now, also those that cannot be read."""
    client.indices.refresh(index=ALERTS)
    return map(_read, every(client, ALERTS, {"match_all": {}}, [{"name": "asc"}]))


def find(client: Elasticsearch, name: str) -> Kept:
    """The alert of that name.

    Raises:
        UserError: there is none, or it cannot be read.
    """
    return legible(look_up(client, name))


def look_up(client: Elasticsearch, name: str) -> Kept | Illegible:
    """The alert of that name, also if it cannot be read.

    Raises:
        UserError: there is none.
    """
    try:
        return _read(client.get(index=ALERTS, id=alert_id(name)).body)
    except NotFoundError:
        raise UserError(f"There is no alert named {name}: `wirewatch alerts list` names all.") from None


def legible(kept: Kept | Illegible) -> Kept:
    """An alert that can be read.

    Raises:
        UserError: it cannot; the message says why, and the way out.
    """
    if isinstance(kept, Illegible):
        raise UserError(f"The alert {kept.name} {kept.why}")
    return kept


def create(client: Elasticsearch, alert: Alert, origin: Origin, **known: Any) -> Kept:
    """Keep a new alert. What was published before is no news to it.

    One of that name that cannot be read is made anew. Who has muted it, or does not want to be told any more, stays
    heard.

    Raises:
        UserError: there is one of that name.
    """
    kept = Kept(alert=alert, origin=origin, created=now(), changed=now(), **known)
    written = _written(kept)
    try:
        client.create(index=ALERTS, id=kept.id, document=written)
    except ConflictError:
        if isinstance(look_up(client, alert.name), Kept):
            raise UserError(
                f"There is an alert named {alert.name} already: give another name, or edit that one."
            ) from None
        anew = {name: value for name, value in written.items() if name in known or name not in _BY_PEOPLE}
        client.update(index=ALERTS, id=kept.id, doc=anew)
        return find(client, alert.name)
    return kept


def change(client: Elasticsearch, kept: Kept, **what: Any) -> Kept:
    """Keep an alert with something changed. What others change of it meanwhile stays.

    Raises:
        UserError: it was deleted meanwhile.
    """
    changed = Kept.model_validate({**{name: getattr(kept, name) for name in Kept.model_fields}, **what})
    kept_apart = what.keys() & Kept.model_fields.keys() - {"alert"}
    written = {
        name: value
        for name, value in _written(changed).items()
        if name in kept_apart or ("alert" in what and name not in Kept.model_fields)
    }
    try:
        client.update(index=ALERTS, id=kept.id, doc=written, retry_on_conflict=5)
    except NotFoundError:
        raise UserError(f"The alert {kept.alert.name} was deleted meanwhile.") from None
    return changed


def note(client: Elasticsearch, field: Literal["error", "unusual"], values: Mapping[str, str | None]) -> None:
    """Keep what a run found out about alerts, by their ids; nothing else of them is touched."""
    actions = ({"_op_type": "update", "_index": ALERTS, "_id": id, "doc": {field: why}} for id, why in values.items())
    for _ in helpers.streaming_bulk(client, actions, raise_on_error=False):  # one that was deleted has none
        pass


def delete(client: Elasticsearch, kept: Kept | Illegible) -> None:
    """Forget an alert; its notices stay, and those that wait are sent to nobody."""
    client.options(ignore_status=404).delete(index=ALERTS, id=kept.id)


def _written(kept: Kept) -> dict[str, Any]:
    # What is unusual only runs say, by :func:`note`: an index that is older lacks the field until one has begun.
    fields = kept.model_dump(mode="json", exclude={"alert", "meaning", "unusual"})
    alert = kept.alert
    shown = {"id": kept.id, "name": alert.name, "owner": alert.owner, "query": alert.kql or alert.lucene or ""}
    # Definition and meaning are texts: of a dictionary, an update would keep what was taken away.
    meaning = kept.meaning and kept.meaning.model_dump_json(exclude_defaults=True)
    definition = alert.model_dump_json(exclude_defaults=True)
    return {**shown, "about": alert.about, **fields, "meaning": meaning, "definition": definition}


def _read(hit: Any) -> Kept | Illegible:
    source = hit["_source"]
    try:
        alert = Alert.model_validate_json(source.get("definition") or "")
        known = {name: source[name] for name in Kept.model_fields.keys() - {"alert"} if name in source}
        if known.get("meaning"):
            known["meaning"] = Meaning.model_validate_json(known["meaning"])
        return Kept(alert=alert, **known)
    except ValidationError as error:
        why = (
            f"cannot be read ({wording(error, Alert)}): was it written by a newer Wirewatch, or by hand? It is not "
            "asked, and its notices wait, until it is made anew (`wirewatch alerts add` or `apply`) or forgotten "
            "(`wirewatch alerts delete`)."
        )
        return Illegible(hit["_id"], source.get("name", hit["_id"]), source.get("origin", ""), why)

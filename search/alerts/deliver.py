"""Delivery: what alerts have to tell goes to their channels, each message once.

A message is a document with an id made of alert, slot and channel. It is written as ``sending`` before it is sent and
marked after. One that is found as ``sending`` was under way when its process was killed: it is sent once more, and says
so in its ids (:data:`wirewatch.records.AGAIN`); killed there again, it is given up as ``unsure``. One that its channel
did not take is sent again, after pauses that double. The operator is told of all that was given up.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby, islice
from typing import Any

from elasticsearch import ConflictError, Elasticsearch

from search.alerts import store
from search.alerts.alert import alert_id
from search.alerts.channels import Down, Message, Refused, Unknown, check, ready, send, server
from search.alerts.kibana.rules import channels_of, note_rules
from search.alerts.notices import announce, change, developing, notice_of
from search.alerts.reasons import Reasons
from search.alerts.schedule import quiet_until
from search.alerts.store import Kept
from search.client import connect, every, plain_errors
from search.indices import ALERTS, DELIVERIES, KIBANA_ALERTS, NOTICES
from wirewatch.database import in_turn
from wirewatch.errors import UserError
from wirewatch.records import AGAIN, Delivery, Notice, delivery_id, notice_id, now
from wirewatch.settings import get_settings

log = logging.getLogger(__name__)

OPERATOR = "operator"
"""Stands in the operator's notices where another has the name of its alert."""
ATTEMPTS = 12
"""How often a message is sent that its channel does not take."""
PAUSE = timedelta(minutes=1)
"""After the first of these; the pauses double: twelve attempts are made in 34 hours."""
PATIENCE = 3
"""How often a channel, or the server behind several, may fail before it is left alone until the next delivery: it may
take a minute each time."""
MOST = 500
"""Notices of a message; where there are more, others follow."""
OVER = ("sent", "dead", "unsure")
"""States of a message that is not sent any more."""


def deliver(*, client: Elasticsearch | None = None) -> Counter[str]:
    """Send all that is due, once, and say how many messages are in which state now: ``sent``, ``failed`` (sent again
    later), ``dead`` and ``unsure`` (given up). One process at a time does it, on all machines that share the crawl
    state; the others wait for it.

    A channel that does not take a message stops no other. Doing it again sends only what is due by then.

    Args:
        client: instead of the one that the settings name.

    Raises:
        UserError: Elasticsearch does not answer or refuses, or ``WIREWATCH_OPERATOR`` names no channel.
    """
    client = client or connect()
    with plain_errors(), in_turn(get_settings().state, "deliveries"):
        if not client.indices.exists(index=[ALERTS, NOTICES, DELIVERIES]):
            return Counter()  # nothing was ever indexed
        if client.indices.exists(index=KIBANA_ALERTS):
            note_rules(client)
        return _Round(client).go()


def operator_channels() -> list[str]:
    """Where the operator is told.

    Raises:
        UserError: ``WIREWATCH_OPERATOR`` names no channel, or one that lacks something.
    """
    channels = get_settings().operator
    try:
        for channel in channels:
            ready(check(channel))
    except (ValueError, UserError) as error:
        raise UserError(f"WIREWATCH_OPERATOR: {str(error).rstrip('.')}.") from None
    return list(channels)


def tell_operator(client: Elasticsearch, what: str, title: str) -> Notice | None:
    """Write down that the operator is to be told something; the next delivery does. None where it was before.

    Args:
        client: of the cluster.
        what: what is told only once.
        title: what there is to say.
    """
    return announce(client, operator_notice(what, title))


def operator_notice(what: str, title: str) -> Notice:
    """What the operator is to be told: see :func:`tell_operator`."""
    fresh = {"alert": OPERATOR, "story": what, "slot": what, "title": title, "size": 0, "run": OPERATOR}
    return Notice(id=notice_id(OPERATOR, what, "operator"), kind="operator", created=now(), due=now(), **fresh)


@dataclass(frozen=True)
class _Group:
    """Notices that are sent together."""

    alert: Kept | None
    """None where they are for the operator, or of a rule of Kibana."""
    name: str
    slot: str
    channels: Sequence[str]
    notices: Sequence[Notice]


class _Round:
    def __init__(self, client: Elasticsearch) -> None:
        self.client = client
        self.moment = now()
        self.counts: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        """Of each channel, and of each server."""
        self.reasons = Reasons(client)

    def go(self) -> Counter[str]:
        """Send what is due to analysts, then what is due to the operator, who may hear how that went."""
        for of_operator in (False, True):
            due = self._due(of_operator)
            for (name, slot), some in groupby(due, key=lambda notice: (notice.alert, notice.slot)):
                notices = list(some)
                if notices[0].kind == "rule":
                    self._tell_rule(name, slot, notices)
                elif of_operator:
                    self._send_all(_Group(None, name, slot, operator_channels(), notices))
                else:
                    self._tell(name, slot, notices)
        return self.counts

    def _due(self, of_operator: bool) -> list[Notice]:
        self.client.indices.refresh(index=NOTICES)
        self.moment = now()
        past = [{"term": {"state": "due"}}, {"range": {"due": {"lte": self.moment.isoformat()}}}]
        operators = {"term": {"kind": "operator"}}
        query = {"filter": [*past, operators]} if of_operator else {"filter": past, "must_not": operators}
        order = ["alert", "slot", {"created": "asc"}, "id"]
        return [notice_of(hit["_source"]) for hit in every(self.client, NOTICES, {"bool": query}, order)]

    def _tell(self, name: str, slot: str, notices: Sequence[Notice]) -> None:
        if not self.client.exists(index=ALERTS, id=alert_id(name)):
            self._mark(notices, "dropped")  # it was deleted: nobody wants to hear
            return
        try:
            kept = store.find(self.client, name)
        except UserError as error:
            log.error("Its notices wait: %s", error)
            return
        if kept.is_muted(self.moment):
            self._mark(notices, "muted")
        elif quiet_until(kept.alert, self.moment) is None:
            channels = [channel for channel in kept.alert.tell if channel not in kept.unsubscribed]
            self._send_all(_Group(kept, name, slot, channels, notices))

    def _tell_rule(self, name: str, slot: str, notices: Sequence[Notice]) -> None:
        """Send what a rule of Kibana wrote: a document is a slot, and names its channels."""
        channels, troubles = channels_of(self.client, notices[0])
        for trouble in troubles:
            title = f"The rule {name} of Kibana cannot tell a channel: {trouble.rstrip('.')}. Its action names it."
            tell_operator(self.client, f"rule {name} {trouble} {self.moment.date()}", title)
        self._send_all(_Group(None, name, slot, channels, notices))

    def _send_all(self, group: _Group) -> None:
        over = [self._send_to(channel, group) for channel in group.channels]
        told = [notice for notice in group.notices if all(notice.id in sizes for sizes in over)]
        if group.alert:
            self.reasons.look_up(group.alert, told)  # unless that was done for a message
        # The first of its messages told of the fewest articles.
        sizes = {notice.id: min((sizes[notice.id] for sizes in over), default=notice.size) for notice in told}
        self._mark(told, "told", group.alert, sizes)

    def _send_to(self, channel: str, group: _Group) -> dict[str, int]:
        """Send a group's notices to a channel; returns those that are over, for that channel: of how many articles each
        told, by its id.
        """
        left = {notice.id: notice for notice in group.notices}
        over: dict[str, int] = {}
        part = 0
        while left:
            # A notice that comes after the message of its slot was written goes into another one.
            id = delivery_id(f"{group.slot} {part}" if part else group.slot, channel)
            message, seen = self._read(id) or (_first(id, channel, group, left), {"op_type": "create"})
            notices = [left.pop(id) for id in message.notices if id in left]
            message = self._attempt(message, seen, group, notices)
            if message.state in OVER:
                over.update((id, message.sizes.get(id, 0)) for id in message.notices)
            part += 1
        return over

    def _read(self, id: str) -> tuple[Delivery, dict[str, Any]] | None:
        """A message, and by what is known that it is still as it was read."""
        found = self.client.options(ignore_status=404).get(index=DELIVERIES, id=id)
        if not found.get("found"):
            return None
        seen = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
        return Delivery.model_validate(found["_source"]), seen

    def _attempt(self, message: Delivery, seen: Any, group: _Group, notices: Sequence[Notice]) -> Delivery:
        """Send a message if it is due, and say what has become of it."""
        if not notices or message.state in OVER or (message.next and message.next > self.moment):
            return message
        if message.state == "sending":  # somebody was killed in the middle of it
            if message.repeated:
                return self._save(message, state="unsure", error="Wirewatch was killed twice while it was sending it")
            message = message.model_copy(update={"repeated": True})
        if max(self.failures[message.channel], self.failures[server(message.channel)]) >= PATIENCE:
            return message
        begun = {"state": "sending", "attempts": message.attempts + 1, "at": now(), "next": None, "error": None}
        sizes = message.sizes | {notice.id: notice.size for notice in notices}
        message = message.model_copy(update=begun | {"sizes": sizes})
        try:
            self.client.index(index=DELIVERIES, id=message.id, document=_written(message), **seen)
        except ConflictError:
            return message  # another process is sending it
        try:
            send(self._message(message, group, notices), message.channel)
        except Refused as error:
            self.failures[server(message.channel) if isinstance(error, Down) else message.channel] += 1
            return self._failed(message, str(error))
        except Unknown as error:
            self.failures[server(message.channel)] += 1
            return self._failed(message.model_copy(update={"repeated": True}), str(error))
        return self._save(message, state="sent")

    def _failed(self, message: Delivery, error: str) -> Delivery:
        if message.attempts >= ATTEMPTS:
            return self._save(message, state="dead", error=error)
        again = message.at + PAUSE * 2 ** (message.attempts - 1)
        return self._save(message, state="failed", error=error, next=again)

    def _save(self, message: Delivery, **what: Any) -> Delivery:
        """Write down what has become of a message, and tell the operator if it was given up."""
        message = message.model_copy(update=what)
        if message.state in ("dead", "unsure"):
            self._report(message)
        self.client.index(index=DELIVERIES, id=message.id, document=_written(message))
        self.counts[message.state] += 1
        if message.error:
            log.warning("A message of the alert %s to %s: %s", message.alert, message.channel, message.error)
        return message

    def _report(self, message: Delivery) -> None:
        if message.alert == OPERATOR:
            return  # it was logged: there is nobody else to tell
        what = {
            "dead": f"did not take a message {message.attempts} times, and it was given up",
            "unsure": "may or may not have had a message",
        }[message.state]
        title = (
            f"The channel {message.channel} {what}: {message.error}. It was of the alert {message.alert}; "
            "`wirewatch alerts history` lists what it was to tell, and what became of today's other messages."
        )
        tell_operator(self.client, f"{message.state} {message.channel} {self.moment.date()}", title)

    def _message(self, message: Delivery, group: _Group, notices: Sequence[Notice]) -> Message:
        if group.alert:
            self.reasons.look_up(group.alert, notices)
        again = AGAIN if message.repeated else ""
        sent = tuple(
            notice.model_copy(update={"id": notice.id + again, "articles": self.reasons.explained(notice)})
            for notice in notices
        )
        return Message(message.id + again, group.alert.alert if group.alert else None, sent, repeated=message.repeated)

    def _mark(
        self, notices: Iterable[Notice], state: str, alert: Kept | None = None, sizes: Mapping[str, int] | None = None
    ) -> None:
        """Write down what has become of notices, and why their articles matched; of those that were told, of how many
        articles. A story that grew meanwhile may have to be told once more.
        """

        def marked(id: str, before: Notice | None) -> list[Notice]:
            if not before:
                return []
            what = {"state": state, "articles": self.reasons.explained(before), "told_size": (sizes or {}).get(id)}
            after = before.model_copy(update=what)
            return [*(developing(after, alert, self.moment, after.run) if alert else ()), after]

        change(self.client, [notice.id for notice in notices], marked)


def _first(id: str, channel: str, group: _Group, notices: Iterable[str]) -> Delivery:
    """A message that was not sent yet."""
    return Delivery(
        id=id,
        alert=group.name,
        channel=channel,
        notices=tuple(islice(notices, MOST)),
        state="failed",
        attempts=0,
        at=now(),
    )


def _written(message: Delivery) -> dict[str, Any]:
    return message.model_dump(mode="json", exclude_none=True)

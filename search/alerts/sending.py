"""Messages on their way: each is sent once, and what has become of it is written down.

A message is a document with an id made of alert, slot and channel. It is written as ``sending`` before it is sent and
marked after. One that is found as ``sending`` was under way when its process was killed: it is sent once more, and says
so in its ids (:data:`wirewatch.records.AGAIN`); killed there again, it is given up as ``unsure``. One that its channel
did not take is sent again, after pauses that double; so is one that it did not answer, with the same marked ids each
time. The operator is told of all that was given up.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from elasticsearch import ConflictError, Elasticsearch

from search.alerts.channels import Down, Message, Refused, Unknown, send, server
from search.alerts.message import HEADLINES
from search.alerts.operator_notices import tell_operator
from search.alerts.reasons import Reasons
from search.alerts.store import Kept
from search.indices import DELIVERIES
from wirewatch.records import AGAIN, Delivery, Notice, delivery_id, now

log = logging.getLogger(__name__)

ATTEMPTS = 12
"""How often a message is sent that its channel does not take, or does not answer."""
PAUSE = timedelta(minutes=1)
"""After the first of these; the pauses double: twelve attempts are made in 34 hours."""
PATIENCE = 3
"""How often a channel, or the server behind several, may fail before it is left alone until the next delivery: it may
take a minute each time."""
MOST = HEADLINES
"""Notices of a message, as many as a mail shows; where there are more, others follow."""
OVER = ("sent", "dead", "unsure")
"""States of a message that is not sent any more."""


@dataclass(frozen=True)
class Group:
    """Notices that are sent together."""

    alert: Kept | None
    """None where they are for the operator, or of a rule of Kibana."""
    name: str
    slot: str
    channels: Sequence[str]
    notices: Sequence[Notice]
    moment: datetime
    """By which they are due, as is a message of theirs that is sent again."""

    @property
    def is_operators(self) -> bool:
        """Whether they are the operator's own. The name says nothing: an alert or a rule may have the same."""
        return self.notices[0].kind == "operator"


class Sender:
    """Sends the messages of a delivery.

    Args:
        client: of the cluster.
        reasons: what is known of why articles matched.
    """

    def __init__(self, client: Elasticsearch, reasons: Reasons) -> None:
        self.client, self.reasons = client, reasons
        self.counts: Counter[str] = Counter()
        """Of the messages that were tried, by the state they are in now."""
        self.failures: Counter[str] = Counter()
        """Of each channel, and of each server."""

    def send(self, channel: str, group: Group) -> dict[str, int]:
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

    def _attempt(self, message: Delivery, seen: Any, group: Group, notices: Sequence[Notice]) -> Delivery:
        """Send a message if it is due, and say what has become of it."""
        if not notices or message.state in OVER or (message.next and message.next > group.moment):
            return message
        if message.state == "sending":  # somebody was killed in the middle of it
            if message.repeated:
                error = "Wirewatch was killed while it was sending it once more"
                return self._save(message, group, state="unsure", error=error)
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
            return self._failed(message, group, str(error))
        except Unknown as error:
            self.failures[server(message.channel)] += 1
            return self._failed(message.model_copy(update={"repeated": True}), group, str(error))
        return self._save(message, group, state="sent")

    def _failed(self, message: Delivery, group: Group, error: str) -> Delivery:
        if message.attempts >= ATTEMPTS:
            return self._save(message, group, state="dead", error=error)
        again = message.at + PAUSE * 2 ** (message.attempts - 1)
        return self._save(message, group, state="failed", error=error, next=again)

    def _save(self, message: Delivery, group: Group, **what: Any) -> Delivery:
        """Write down what has become of a message, and tell the operator if it was given up."""
        message = message.model_copy(update=what)
        if message.state in ("dead", "unsure") and not group.is_operators:  # whom there is nobody else to tell
            self._report(message)
        self.client.index(index=DELIVERIES, id=message.id, document=_written(message))
        self.counts[message.state] += 1
        if message.error:
            log.warning("A message of the alert %s to %s: %s", message.alert, message.channel, message.error)
        return message

    def _report(self, message: Delivery) -> None:
        what = {
            "dead": f"did not {'confirm' if message.repeated else 'take'} a message {message.attempts} times, and it "
            "was given up",
            "unsure": "may or may not have had a message",
        }[message.state]
        title = (
            f"The channel {message.channel} {what}: {message.error}. It was of the alert {message.alert}; "
            "`wirewatch alerts history` lists what it was to tell, and what became of today's other messages."
        )
        tell_operator(self.client, f"{message.state} {message.channel} {now().date()}", title)

    def _message(self, message: Delivery, group: Group, notices: Sequence[Notice]) -> Message:
        if group.alert:
            self.reasons.look_up(group.alert, notices)
        again = AGAIN if message.repeated else ""
        sent = tuple(
            notice.model_copy(update={"id": notice.id + again, "articles": self.reasons.explained(notice)})
            for notice in notices
        )
        return Message(message.id + again, group.alert.alert if group.alert else None, sent, repeated=message.repeated)


def _first(id: str, channel: str, group: Group, notices: Iterable[str]) -> Delivery:
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

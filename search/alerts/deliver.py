"""Delivery: what alerts have to tell goes to their channels, each message once.

Here is chosen which notices are due, and who is to be told; :mod:`search.alerts.sending` has what becomes of a message.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from elasticsearch import Elasticsearch

from search.alerts import store
from search.alerts.alert import alert_id
from search.alerts.kibana.rules import channels_of, note_rules
from search.alerts.notices import change, developing, notice_of
from search.alerts.operator_notices import operator_channels, tell_operator
from search.alerts.reasons import Reasons
from search.alerts.schedule import quiet_until
from search.alerts.sending import Group, Sender
from search.alerts.store import Kept
from search.client import connect, every, plain_errors
from search.indices import ALERTS, DELIVERIES, KIBANA_ALERTS, NOTICES
from wirewatch.database import in_turn
from wirewatch.errors import UserError
from wirewatch.records import Notice, now
from wirewatch.settings import get_settings

log = logging.getLogger(__name__)


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


class _Round:
    def __init__(self, client: Elasticsearch) -> None:
        self.client = client
        self.moment = now()
        self.reasons = Reasons(client)
        self.sender = Sender(client, self.reasons)

    def go(self) -> Counter[str]:
        """Send what is due to analysts, then what is due to the operator, who may hear how that went."""
        for of_operator in (False, True):
            due = self._due(of_operator)
            for (name, slot), some in groupby(due, key=lambda notice: (notice.alert, notice.slot)):
                notices = list(some)
                if notices[0].kind == "rule":
                    self._tell_rule(name, slot, notices)
                elif of_operator:
                    self._send_all(Group(None, name, slot, operator_channels(), notices, self.moment))
                else:
                    self._tell(name, slot, notices)
        return self.sender.counts

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
            self._send_all(Group(kept, name, slot, channels, notices, self.moment))

    def _tell_rule(self, name: str, slot: str, notices: Sequence[Notice]) -> None:
        """Send what a rule of Kibana wrote: a document is a slot, and names its channels."""
        channels, troubles = channels_of(self.client, notices[0])
        for trouble in troubles:
            title = f"The rule {name} of Kibana cannot tell a channel: {trouble.rstrip('.')}. Its action names it."
            tell_operator(self.client, f"rule {name} {trouble} {self.moment.date()}", title)
        self._send_all(Group(None, name, slot, channels, notices, self.moment))

    def _send_all(self, group: Group) -> None:
        over = [self.sender.send(channel, group) for channel in group.channels]
        told = [notice for notice in group.notices if all(notice.id in sizes for sizes in over)]
        if group.alert:
            self.reasons.look_up(group.alert, told)  # unless that was done for a message
        # The first of its messages told of the fewest articles.
        sizes = {notice.id: min((sizes[notice.id] for sizes in over), default=notice.size) for notice in told}
        self._mark(told, "told", group.alert, sizes)

    def _mark(
        self, notices: Iterable[Notice], state: str, alert: Kept | None = None, sizes: Mapping[str, int] | None = None
    ) -> None:
        """Write down what has become of notices, and why their articles matched; of those that were told, of how many
        articles. A story that grew meanwhile may have to be told once more. An alert that was renamed meanwhile has its
        notices under the other name: none is dropped.
        """
        names = {notice.id: notice.alert for notice in notices}

        def marked(id: str, before: Notice | None) -> list[Notice]:
            if not before or (state == "dropped" and before.alert != names[id]):
                return []
            articles = self.reasons.explained(before.model_copy(update={"alert": names[id]}))
            after = before.model_copy(update={"state": state, "articles": articles, "told_size": (sizes or {}).get(id)})
            return [*(developing(after, alert, self.moment, after.run) if alert else ()), after]

        change(self.client, names, marked)

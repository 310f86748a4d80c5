"""What the operator is to hear at once, even where Elasticsearch, through which messages usually go, is what is ill."""

from __future__ import annotations

import logging

from search.alerts.channels import Message, Refused, Unknown, send
from search.alerts.deliver import deliver
from search.alerts.operator_notices import operator_channels, operator_notice, tell_operator
from search.client import connect, plain_errors
from search.indices import init
from wirewatch.errors import UserError
from wirewatch.records import Notice, delivery_id, now
from wirewatch.settings import get_settings

log = logging.getLogger(__name__)

PATIENCE = 5
"""Seconds that Elasticsearch has for an answer. Airflow ends what it does when a run failed after 50."""
TOLD = "tmp/told-%Y-%m-%d"
"""Folder in Wirewatch's home with an empty file for each message that went out directly on a day (UTC). The upkeep
removes it (:func:`wirewatch.retention.tidy`)."""


def tell_at_once(what: str, title: str) -> None:
    """Tell the operator's channels something, once: written down and delivered as every notice is or, where
    Elasticsearch cannot be used, straight away. Then each machine may tell it once a day.

    Args:
        what: what is told only once.
        title: what there is to say.

    Raises:
        UserError: ``WIREWATCH_OPERATOR`` names no channel, or one that lacks something.
    """
    channels = operator_channels()
    try:
        client = connect(patience=PATIENCE)
        init(client)  # it may be the first run that failed
        with plain_errors():
            tell_operator(client, what, title)
        deliver(client=client)
    except UserError as error:
        log.warning("The operator is told directly: %s", error)
        for channel in channels:
            _tell_directly(operator_notice(what, title), channel)


def _tell_directly(notice: Notice, channel: str) -> None:
    told = get_settings().home / f"{now():{TOLD}}" / delivery_id(notice.slot, channel)
    if told.exists():
        return
    try:
        send(Message(notice.id, None, (notice,)), channel)
    except (Refused, Unknown) as problem:
        log.error("The operator's channel %s did not take “%s”: %s", channel, notice.title, problem)
    else:
        told.parent.mkdir(parents=True, exist_ok=True)
        told.touch()

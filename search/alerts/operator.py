"""What the operator is to hear at once, even where Elasticsearch, through which messages usually go, is what is ill."""

from __future__ import annotations

import logging

from search.alerts.channels import Message, Refused, Unknown, send
from search.alerts.deliver import deliver, operator_channels, operator_notice, tell_operator
from search.client import connect, plain_errors
from search.indices import init
from wirewatch.errors import UserError

log = logging.getLogger(__name__)


def tell_at_once(what: str, title: str) -> None:
    """Tell the operator's channels something, once: written down and delivered as every notice is or, where
    Elasticsearch cannot be used, straight away, and written down nowhere.

    Args:
        what: what is told only once.
        title: what there is to say.

    Raises:
        UserError: ``WIREWATCH_OPERATOR`` names no channel, or one that lacks something.
    """
    channels = operator_channels()
    try:
        client = connect()
        init(client)  # it may be the first run that failed
        with plain_errors():
            tell_operator(client, what, title)
        deliver(client=client)
    except UserError as error:
        log.warning("The operator is told directly: %s", error)
        notice = operator_notice(what, title)
        for channel in channels:
            try:
                send(Message(notice.id, None, (notice,)), channel)
            except (Refused, Unknown) as problem:
                log.error("The operator's channel %s did not take “%s”: %s", channel, title, problem)

"""What the operator is told: notices like those of alerts, which the deliveries send to the operator's channels."""

from __future__ import annotations

from elasticsearch import Elasticsearch

from search.alerts.channels import check, ready
from search.alerts.notices import announce
from wirewatch.errors import UserError
from wirewatch.records import Notice, notice_id, now
from wirewatch.settings import get_settings

OPERATOR = "operator"
"""Stands in the operator's notices where another has the name of its alert."""


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

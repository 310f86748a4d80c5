"""The operator's digest: once a day, and only when a source is not well."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from elasticsearch import ConflictError, Elasticsearch

from search import index
from search.alerts.channels import check
from search.alerts.match import tell_once
from search.client import connect, plain_errors
from search.health.history import State, examine
from wirewatch.errors import UserError
from wirewatch.records import Notice, notice_id, now
from wirewatch.settings import get_settings
from wirewatch.sources import Source, load_sources

OPERATOR = "operator"
"""Stands in the digest's notice where another has the name of its alert."""


def tell_operator(*, sources: Collection[Source] | None = None, client: Elasticsearch | None = None) -> Notice | None:
    """Tell the operator's channels which sources are not well, unless they were told today (UTC) or all are well.

    The digest is a notice with an id made of the day. It is written before it is told and marked after, as every notice
    is: a process that is killed in between makes it be told once more, to the channels that had not had it.

    Args:
        sources: instead of the catalogue that the settings name.
        client: instead of the one that the settings name.

    Returns:
        Today's digest, told now or before; None where there is none.

    Raises:
        UserError: ``WIREWATCH_OPERATOR`` names no channel, a channel does not take the digest, or Elasticsearch does
            not answer or refuses. Another run tells what was not told.
    """
    settings = get_settings()
    try:
        channels = [check(channel) for channel in settings.operator]
    except ValueError as error:
        raise UserError(f"WIREWATCH_OPERATOR: {error}.") from None
    client = client or connect()
    day = now().date().isoformat()
    id = notice_id(OPERATOR, day)
    with plain_errors():
        if not client.exists(index=index.NOTICES, id=id):
            sick = [state for state in examine(client, sources or load_sources(settings.sources)) if state.verdicts]
            if not sick:
                return None
            notice = Notice(id=id, alert=OPERATOR, article=day, title=digest(sick), url="", created=now())
            with suppress(ConflictError):  # another process was first
                client.create(index=index.NOTICES, id=id, document={**notice.model_dump(mode="json"), "run": OPERATOR})
        return tell_once(client, client.get(index=index.NOTICES, id=id)["_source"], channels)


def digest(sick: Sequence[State]) -> str:
    """How many sources are not well, and a line for each thing that is wrong."""
    many = f"{len(sick)} sources are" if len(sick) > 1 else "1 source is"
    found = [f"  {state.source.domain}: {verdict}" for state in sick for verdict in state.verdicts]
    return "\n".join([f"{many} not well:", *found, "`wirewatch sources health` says what to do."])

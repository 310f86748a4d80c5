"""The operator's digest: once a day, and only when a source or an alert is not well."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from elasticsearch import Elasticsearch

from search.alerts.deliver import deliver
from search.alerts.operator_notices import OPERATOR, operator_channels, tell_operator
from search.alerts.watch import troubles
from search.client import connect, plain_errors
from search.health.history import State, examine
from search.indices import NOTICES
from wirewatch.records import Notice, notice_id, now
from wirewatch.settings import get_settings
from wirewatch.sources import Source, load_sources
from wirewatch.words import how_many


def send_digest(*, sources: Collection[Source] | None = None, client: Elasticsearch | None = None) -> Notice | None:
    """Tell the operator's channels which sources and alerts are not well, unless they were told today (UTC) or all are.

    The digest is a notice with an id made of the day, and delivered as every notice is: see
    :mod:`search.alerts.deliver`.

    Args:
        sources: instead of the catalogue that the settings name.
        client: instead of the one that the settings name.

    Returns:
        The digest, if it was written now.

    Raises:
        UserError: ``WIREWATCH_OPERATOR`` names no channel, or Elasticsearch does not answer or refuses. Another run
            tells what was not told.
    """
    operator_channels()
    client = client or connect()
    day = now().date().isoformat()
    notice = None
    with plain_errors():
        if not client.exists(index=NOTICES, id=notice_id(OPERATOR, day, "operator")):
            sick = [
                state for state in examine(client, sources or load_sources(get_settings().sources)) if state.verdicts
            ]
            wrong = troubles(client)
            notice = tell_operator(client, day, digest(sick, wrong)) if sick or wrong else None
    deliver(client=client)
    return notice


def digest(sick: Sequence[State], wrong: Sequence[str] = ()) -> str:
    """How many sources are not well, and what is wrong with alerts: a line for each thing."""
    lines = []
    if sick:
        many = how_many(len(sick), "source is", "sources are")
        found = [f"  {state.source.domain}: {verdict}" for state in sick for verdict in state.verdicts]
        lines += [f"{many} not well:", *found, "`wirewatch sources health` says what to do."]
    if wrong:
        lines += ["Of the alerts:", *(f"  {line}" for line in wrong), "`wirewatch alerts list` shows them."]
    return "\n".join(lines)

"""Alerts in words on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wirewatch.records import now
from wirewatch.words import how_many

if TYPE_CHECKING:
    from search.alerts.alert import Alert
    from search.alerts.store import Kept
    from wirewatch.records import Delivery


def question(alert: Alert) -> str:
    """What an alert asks, a line for each way."""
    where = alert.where.model_dump(mode="json", exclude_defaults=True)
    filters = [f"{name}: {', '.join(value) if isinstance(value, list) else value}" for name, value in where.items()]
    clauses = [f"{how_many(len(alert.clauses), 'filter')} of Kibana"] if alert.clauses else []
    about = [f"about: {alert.about}"] if alert.about else []
    lucene = [f"Lucene: {alert.lucene}"] if alert.lucene else []
    return "\n".join([*([alert.kql] if alert.kql else []), *lucene, *about, *filters, *clauses])


def when(alert: Alert) -> str:
    """When it tells."""
    at = f"{alert.at:%H:%M} {alert.zone}"
    times = {"run": "after each run", "hour": "once an hour", "day": f"daily at {at}", "week": f"{alert.on} at {at}"}
    return times[alert.every] + (f", not {alert.quiet}" if alert.quiet else "")


def state(kept: Kept) -> list[str]:
    """What is to be known of an alert, a line each."""
    lines = ["paused"] if kept.paused else []
    if kept.muted and kept.is_muted(now()):
        lines.append(f"muted until {kept.muted:%Y-%m-%d %H:%M} UTC")
    return lines or ["on"]


def sent(delivery: Delivery) -> str:
    """What became of a message."""
    again = ", marked as sent again" if delivery.repeated else ""
    tries = f" after {delivery.attempts} attempts" if delivery.attempts > 1 else ""
    why = f": {delivery.error}" if delivery.error else ""
    return f"{delivery.channel}: {delivery.state} {delivery.at:%d %b %H:%M}{tries}{again}{why}"

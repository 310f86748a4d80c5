"""Alerts in words on the command line, and times as people type them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from wirewatch.errors import UserError
from wirewatch.records import now

if TYPE_CHECKING:
    from search.alerts.alert import Alert
    from search.alerts.store import Kept
    from wirewatch.records import Delivery

_LENGTHS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def question(alert: Alert) -> str:
    """What an alert asks, a line for each way."""
    where = alert.where.model_dump(mode="json", exclude_defaults=True)
    filters = [f"{name}: {', '.join(value) if isinstance(value, list) else value}" for name, value in where.items()]
    clauses = [f"{len(alert.clauses)} filters of Kibana"] if alert.clauses else []
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


def length(text: str) -> timedelta:
    """A length of time, as ``--for`` takes it: 90m, 12h, 3d, 2w.

    Raises:
        UserError: it is none.
    """
    found = re.fullmatch(r"(\d{1,5})([mhdw])", text)
    if not found:
        raise UserError(f"--for {text} is no length of time: write 90m, 12h, 3d or 2w.")
    return timedelta(**{_LENGTHS[found[2]]: int(found[1])})


def moment(text: str, zone: str) -> datetime:
    """A moment, as ``--until`` takes it, in a time zone.

    Raises:
        UserError: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"--until {text} is no time: write 2026-12-01 or 2026-12-01T08:00.") from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))

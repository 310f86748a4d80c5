"""When a notice is sent: an alert's cadence and its quiet hours, in its time zone.

An alert's day has the hours that its zone's clocks show. A time that they skip in spring is reckoned as if they did not
(02:30 is an hour later then), one that they show twice in autumn counts the first time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from search.alerts.alert import Alert, Day

_DAY = timedelta(days=1)


def when(alert: Alert, moment: datetime, run: str) -> tuple[datetime, str]:
    """When what a run finds at a moment is to be sent, and the slot of all that is sent together with it."""
    gathered = _gathered(alert, moment)
    due = quiet_until(alert, gathered) or gathered
    return due, run if due == moment else due.isoformat()


def quiet_until(alert: Alert, moment: datetime) -> datetime | None:
    """The end of the quiet hours that the moment lies in; None where it lies in none."""
    if alert.quiet is None:
        return None
    first, last = map(time.fromisoformat, alert.quiet.split("-"))
    zone = ZoneInfo(alert.zone)
    today = moment.astimezone(zone).date()
    for day in (today - _DAY, today):
        begin = _at(day, first, zone)
        end = _at(day if first < last else day + _DAY, last, zone)
        if begin <= moment < end:
            return end
    return None


def _gathered(alert: Alert, moment: datetime) -> datetime:
    """The first moment at which the alert's notices are sent: this one, or the next hour, day or week begins."""
    if alert.every == "run":
        return moment
    zone = ZoneInfo(alert.zone)
    local = moment.astimezone(zone)
    if alert.every == "hour":
        return moment - timedelta(minutes=local.minute, seconds=local.second) + timedelta(hours=1)
    return next(at for day in _days(alert, local.date()) if (at := _at(day, alert.at, zone)) > moment)


def _days(alert: Alert, today: date) -> Iterator[date]:
    """The days from today on which the alert's notices are sent."""
    weekdays = get_args(Day)
    for later in range(9):
        day = today + later * _DAY
        if alert.every == "day" or weekdays[day.weekday()] == alert.on:
            yield day


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)

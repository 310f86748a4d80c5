"""When notices are sent, on the clocks of the alert's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from search.alerts.alert import Alert
from search.alerts.schedule import quiet_until, when


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def due(found_at: str, /, **fields: Any) -> tuple[str, str]:
    """When it is sent, in UTC, and its slot."""
    alert = Alert(name="a", kql="x", **fields)
    found, slot = when(alert, moment(found_at), "the run")
    assert found.tzinfo is UTC
    return f"{found:%Y-%m-%dT%H:%M}", slot


@pytest.mark.parametrize(
    ("at", "fields", "expected"),
    [
        ("2026-11-20T12:34:56Z", {}, "2026-11-20T12:34"),
        ("2026-11-20T12:34:56Z", {"every": "hour"}, "2026-11-20T13:00"),
        ("2026-11-20T13:00:00Z", {"every": "hour"}, "2026-11-20T14:00"),
        ("2026-11-20T12:34:56Z", {"every": "hour", "zone": "Asia/Kolkata"}, "2026-11-20T13:30"),
        ("2026-11-20T07:59:59Z", {"every": "day"}, "2026-11-20T08:00"),
        ("2026-11-20T08:00:00Z", {"every": "day"}, "2026-11-21T08:00"),
        ("2026-11-20T12:00:00Z", {"every": "day", "at": time(7, 30), "zone": "Africa/Algiers"}, "2026-11-21T06:30"),
        # In Auckland it is the next day already.
        ("2026-11-20T12:00:00Z", {"every": "day", "at": time(7), "zone": "Pacific/Auckland"}, "2026-11-20T18:00"),
        # 20 November 2026 is a Friday.
        ("2026-11-20T12:00:00Z", {"every": "week"}, "2026-11-23T08:00"),
        ("2026-11-20T12:00:00Z", {"every": "week", "on": "fri", "at": time(12)}, "2026-11-27T12:00"),
        ("2026-11-20T12:00:00Z", {"every": "week", "on": "fri", "at": time(12, 1)}, "2026-11-20T12:01"),
        ("2026-11-22T23:30:00Z", {"every": "week", "at": time(0, 15), "zone": "Asia/Tokyo"}, "2026-11-29T15:15"),
        # The clocks of Paris go from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25 October.
        ("2026-03-28T12:00:00Z", {"every": "day", "zone": "Europe/Paris"}, "2026-03-29T06:00"),
        ("2026-03-28T12:00:00Z", {"every": "day", "at": time(2, 30), "zone": "Europe/Paris"}, "2026-03-29T01:30"),
        ("2026-03-29T01:30:00Z", {"every": "day", "at": time(2, 30), "zone": "Europe/Paris"}, "2026-03-30T00:30"),
        ("2026-10-24T12:00:00Z", {"every": "day", "at": time(2, 30), "zone": "Europe/Paris"}, "2026-10-25T00:30"),
        ("2026-10-25T00:30:00Z", {"every": "day", "at": time(2, 30), "zone": "Europe/Paris"}, "2026-10-26T01:30"),
        ("2026-10-25T00:45:00Z", {"every": "hour", "zone": "Europe/Paris"}, "2026-10-25T01:00"),
    ],
)
def test_it_is_sent_when_the_alert_says(at: str, fields: dict[str, Any], expected: str) -> None:
    assert due(at, **fields)[0] == expected


NIGHT = {"quiet": "22:00-07:00", "zone": "Europe/Paris"}


@pytest.mark.parametrize(
    ("at", "fields", "expected"),
    [
        ("2026-11-20T20:59:59Z", NIGHT, "2026-11-20T20:59"),
        ("2026-11-20T21:00:00Z", NIGHT, "2026-11-21T06:00"),
        ("2026-11-21T05:59:59Z", NIGHT, "2026-11-21T06:00"),
        ("2026-11-21T06:00:00Z", NIGHT, "2026-11-21T06:00"),
        ("2026-11-20T12:00:00Z", {"quiet": "12:00-14:00"}, "2026-11-20T14:00"),
        ("2026-11-20T14:00:00Z", {"quiet": "12:00-14:00"}, "2026-11-20T14:00"),
        # What is gathered for a moment in the quiet hours waits for their end too.
        ("2026-11-20T21:30:00Z", {**NIGHT, "every": "hour"}, "2026-11-21T06:00"),
        ("2026-11-20T12:00:00Z", {**NIGHT, "every": "day", "at": time(6)}, "2026-11-21T06:00"),
        # The night in which the clocks change is an hour shorter, or longer.
        ("2026-03-28T22:00:00Z", NIGHT, "2026-03-29T05:00"),
        ("2026-10-24T22:00:00Z", NIGHT, "2026-10-25T06:00"),
        # The end is an hour that clocks skip, or show twice: the first time counts.
        ("2026-03-28T23:00:00Z", {"quiet": "23:00-02:30", "zone": "Europe/Paris"}, "2026-03-29T01:30"),
        ("2026-10-24T23:00:00Z", {"quiet": "23:00-02:30", "zone": "Europe/Paris"}, "2026-10-25T00:30"),
        ("2026-10-25T01:10:00Z", {"quiet": "23:00-02:30", "zone": "Europe/Paris"}, "2026-10-25T01:10"),
    ],
)
def test_nothing_is_sent_in_quiet_hours(at: str, fields: dict[str, Any], expected: str) -> None:
    found, _ = due(at, **fields)
    assert found == expected
    assert quiet_until(Alert(name="a", kql="x", **fields), moment(f"{found}Z").replace(second=59)) is None


def test_what_is_due_together_has_one_slot() -> None:
    assert due("2026-11-20T12:00:00Z")[1] == "the run"
    assert due("2026-11-20T21:00:00Z", **NIGHT) == due("2026-11-21T01:00:00Z", **NIGHT)
    assert due("2026-11-20T12:01:00Z", every="hour") == due("2026-11-20T12:59:00Z", every="hour")
    assert due("2026-11-20T12:01:00Z", every="hour")[1] != due("2026-11-20T13:01:00Z", every="hour")[1]

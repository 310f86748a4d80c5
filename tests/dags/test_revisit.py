"""How long the DAG that looks at articles again may crawl."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dags.revisit import minutes_left
from wirewatch.settings import Settings, get_settings


@pytest.mark.parametrize(
    ("timezone", "begun", "minutes"),
    [
        ("UTC", "01:15:20", 25),
        ("UTC", "01:33:00", 25),
        ("UTC", "01:45:30", 12.5),
        ("UTC", "01:59:00", -1),
        ("UTC", "02:00:00", 25),
        ("Asia/Kolkata", "20:20:00", 8),
    ],
)
def test_a_crawl_that_begins_late_ends_before_the_next_ones_begin(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, timezone: str, begun: str, minutes: float
) -> None:
    monkeypatch.setenv("WIREWATCH_TIMEZONE", timezone)
    get_settings.cache_clear()
    moment = datetime.fromisoformat(f"2026-11-24T{begun}").replace(tzinfo=UTC)
    assert minutes_left(moment) == minutes

"""The check-up of the catalogue: what the operator reads, and when there is nothing to be read from it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawlers.checkup import MOST_LINES, Checkup, checkup
from crawlers.surveyor import Finding
from wirewatch.errors import Unavailable
from wirewatch.settings import Settings, get_settings
from wirewatch.sources import Source


def finding(number: int) -> Finding:
    url = f"https://{number}.example/feed"
    return Finding(source=f"{number}.example", url=url, kind="feed", state="moved", moved=f"{url}/", reason="moved")


def test_those_that_failed_for_weeks_come_first_and_not_too_many_are_named() -> None:
    ailing = tuple(map(finding, range(MOST_LINES + 4)))
    since = {ailing[3].url: datetime(2026, 3, 1, tzinfo=UTC), ailing[2].url: datetime(2026, 2, 1, tzinfo=UTC)}
    lines = Checkup("today", 1000, ailing, since).report().splitlines()
    assert lines[:4] == [
        f"Listings in the catalogue that do not work: {len(ailing)} of 1000.",
        "Without an answer for weeks:",
        "  2.example: https://2.example/feed moved moved to https://2.example/feed/, since 2026-02-01",
        "  3.example: https://3.example/feed moved moved to https://3.example/feed/, since 2026-03-01",
    ]
    assert lines[4:6] == ["Others:", "  0.example: https://0.example/feed moved moved to https://0.example/feed/"]
    assert lines[-2] == "  and 2 more: `wirewatch sources check` lists them."
    assert Checkup("today", 7, (), {}).report() == "Every listing in the catalogue works (7)."


def test_a_machine_without_a_network_has_no_catalogue_that_fails(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREWATCH_CRAWL__ALLOW_PRIVATE", "true")
    get_settings.cache_clear()
    sources = [
        Source(
            name="X",
            domain=f"x{at}.localhost",
            country="FR",
            languages=("fr",),
            feeds=(f"http://x{at}.localhost:9/feed",),
        )
        for at in range(11)
    ]
    with pytest.raises(Unavailable, match=r"11 of 11 listings could not be reached.*network"):
        checkup(sources)

"""What an answer says of itself: how long a site is to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from scrapy.http import Response

from crawlers.answers import patience

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "wait", "expected"),
    [
        (429, "7200", 2 * HOUR),
        (503, "60", HOUR / 60),
        (429, None, HOUR),
        (429, "soon", HOUR),
        (503, "9999999", 24 * HOUR),
        (503, "9" * 5000, 24 * HOUR),
        (503, format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True), timedelta()),
        (503, format_datetime(datetime(2999, 1, 1, tzinfo=UTC), usegmt=True), 24 * HOUR),
        (503, None, None),
        (200, "7200", None),
        (500, "7200", None),
    ],
)
def test_a_site_says_in_several_ways_how_long_it_wants_to_be_left_alone(
    status: int, wait: str | None, expected: timedelta | None
) -> None:
    headers = {"Retry-After": wait} if wait else {}
    assert patience(Response("https://example.com/", status=status, headers=headers)) == expected

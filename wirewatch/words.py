"""How numbers and lengths of time are said to people, everywhere the same."""

from __future__ import annotations

from datetime import timedelta


def how_many(count: int, one: str, many: str = "") -> str:
    """A number and what is counted: ``1 page``, ``2,000 pages``; where an s does not make it many, with both words."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def span(time: timedelta) -> str:
    """A length of time, in a unit of which there are two or more."""
    seconds = max(0, int(time.total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"

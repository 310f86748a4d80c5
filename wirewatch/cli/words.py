"""How sizes and times are said to the operator, and how well that is."""

from __future__ import annotations

from datetime import UTC, datetime

from wirewatch.batches import Batch
from wirewatch.cli.console import Verdict
from wirewatch.records import now
from wirewatch.words import span

SCARCE, FULL = 10 * 10**9, 2 * 10**9
"""Bytes of free disk below which it is worth a look, and below which nothing works any more before long."""
NEVER = datetime.min.replace(tzinfo=UTC)


def size(number: int) -> str:
    """Bytes: ``12 MB``, ``1.4 GB``."""
    return f"{number / 10**9:,.1f} GB" if number >= 10**9 else f"{number / 10**6:.0f} MB"


def room(free: int) -> Verdict:
    """How it is to have so many bytes of free disk."""
    return "wrong" if free < FULL else "look" if free < SCARCE else "well"


def ago(moment: datetime) -> str:
    """A moment in the past: ``3 h ago``."""
    return "never" if moment == NEVER else f"{span(now() - moment)} ago"


def ahead(moment: datetime) -> str:
    """A moment to come: ``in 5 h``; one that has passed is ``now``."""
    return f"in {span(moment - now())}" if moment > now() else "now"


def created(batch: Batch) -> datetime:
    """When a batch was finished. Its name has the time that its run was planned for."""
    return datetime.fromisoformat(batch.manifest().created)

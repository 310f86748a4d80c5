"""The check-up of the catalogue: which of its listings do not work, and since when, in words for the operator."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawlers.survey import check
from crawlers.surveyor import UNREACHABLE, Finding
from wirewatch.errors import Unavailable
from wirewatch.records import now
from wirewatch.settings import get_settings
from wirewatch.sources import Source, load_sources
from wirewatch.state import State
from wirewatch.state_tables import Visit

MOST_LINES = 100
"""Listings of each kind that a report names, the first."""
FEW = 10
"""Of so few listings most may well be down."""
WEEKS = timedelta(days=14)
"""Time without an answer after which a listing has failed for weeks."""


@dataclass(frozen=True)
class Checkup:
    """What was found of the listings of some sources."""

    name: str
    """Of this check-up: of several on one day the operator is told once."""
    listings: int
    """How many were visited."""
    ailing: tuple[Finding, ...]
    """Those that do not work."""
    failed_since: dict[str, datetime]
    """When it was that those of them last answered, or were first asked, which have not answered for weeks."""

    def report(self) -> str:
        """A line for each listing that does not work, those first that have failed for weeks."""
        if not self.ailing:
            return f"Every listing in the catalogue works ({self.listings})."
        since = self.failed_since
        lines = [f"Listings in the catalogue that do not work: {len(self.ailing)} of {self.listings}."]
        for_weeks = sorted((found for found in self.ailing if found.url in since), key=lambda found: since[found.url])
        others = [found for found in self.ailing if found.url not in since]
        for what, some in (("Without an answer for weeks:", for_weeks), ("Others:", others)):
            if some:
                lines += [what, *(f"  {self._line(found)}" for found in some[:MOST_LINES])]
                if len(some) > MOST_LINES:
                    lines.append(f"  and {len(some) - MOST_LINES} more: `wirewatch sources check` lists them.")
        return "\n".join([*lines, "Correct them in the catalogue, or take them out: docs/add-a-source.md."])

    def _line(self, found: Finding) -> str:
        moved = f"to {found.moved}" if found.moved else None
        why = " ".join(filter(None, (found.state, found.reason, moved)))
        since = self.failed_since.get(found.url)
        return f"{found.source}: {found.url} {why}" + (f", since {since:%Y-%m-%d}" if since else "")


def checkup(
    sources: Collection[Source] | None = None, *, progress: Callable[[int, int | None], None] | None = None
) -> Checkup:
    """Visit the listings of sources, all of the catalogue unless given, and compare with what crawls know of them.

    Raises:
        UserError: the catalogue is wrong, or the state cannot be read.
        Unavailable: the surveying process broke down, or most sites cannot be reached: it is this machine's network.
    """
    settings = get_settings()
    findings = check(load_sources(settings.sources) if sources is None else sources, progress=progress)
    unreachable = sum(found.reason in UNREACHABLE for found in findings)
    if unreachable > max(len(findings) / 2, FEW):
        raise Unavailable(
            f"{unreachable} of {len(findings)} listings could not be reached. Has this machine a network, and names of "
            "hosts (DNS)?"
        )
    ailing = tuple(found for found in findings if found.state != "works")
    state = State(settings.state)
    state.catch_up(settings.batches)
    visits = state.look_up(found.url for found in ailing)
    since = {url: _answered(visit) for url, visit in visits.items() if visit.failures}
    return Checkup(
        f"catalogue {now():%Y-%m-%d}",
        len(findings),
        ailing,
        {url: at for url, at in since.items() if now() - at >= WEEKS},
    )


def _answered(visit: Visit) -> datetime:
    return visit.fetched or visit.first_seen

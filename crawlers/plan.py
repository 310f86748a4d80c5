"""Which sources are crawled together: groups sharded by site, so that politeness to a site is one process's matter."""

from __future__ import annotations

from collections import defaultdict

from crawlers.discovery import site_of
from wirewatch.records import Record, now
from wirewatch.settings import get_settings
from wirewatch.sources import Source
from wirewatch.state import State


class Group(Record):
    """Sources that one crawl visits."""

    name: str
    """``g00``, ``g01`` …"""
    sources: tuple[Source, ...]


def plan(sources: list[Source], groups: int) -> list[Group]:
    """Spread sources over at most so many groups of about the same size, each site in one group only.

    The same sources always give the same groups. Groups that would be empty are left out.
    """
    sites: dict[str, list[Source]] = defaultdict(list)
    for source in sorted(sources, key=lambda source: source.domain):
        sites[site_of(source.domain)].append(source)
    shards: list[list[Source]] = [[] for _ in range(max(groups, 1))]
    for site in sorted(sites, key=lambda site: (-len(sites[site]), site)):
        min(shards, key=len).extend(sites[site])
    width = max(2, len(str(len(shards) - 1)))
    return [Group(name=f"g{n:0{width}}", sources=tuple(shard)) for n, shard in enumerate(shards) if shard]


def due(sources: list[Source], *, revisits: bool = False) -> list[Source]:
    """Of sources those for which a crawl that takes what is due has something to do now: a listing whose time has come,
    or articles to look at again.

    Args:
        sources: in any order, which is kept.
        revisits: whether only the latter count.
    """
    from crawlers.harvest import TIERS, listing_is_due  # which needs Scrapy

    settings = get_settings()
    state = State(settings.state)
    state.catch_up(settings.batches)
    again = state.revisited(now())
    visits = {} if revisits else state.look_up(url for source in sources for url in source.listings)
    return [
        source
        for source in sources
        if source.domain in again
        or (not revisits and any(listing_is_due(visits.get(url), TIERS[source.tier]) for url in source.listings))
    ]

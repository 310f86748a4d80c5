"""What one source has given so far in a crawl, and what of it is still to be asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from crawlers.answers import http_time
from crawlers.listing import Entry, Listing
from crawlers.site import Site
from wirewatch.records import Hint, Page, PageKind, Postponed, now
from wirewatch.sources import Source
from wirewatch.state import State
from wirewatch.state_tables import Visit

MOST_WAITING = 5
"""Times the articles of one run: so many of those that are left over are noted, and asked for though they may no longer
be listed. The rest of a long sitemap is found in it again."""
MOST_FAILURES = 5
"""Failures in a row after which an address is left alone, unless its site says that it has changed."""
AGAIN = timedelta(hours=1)
"""Time after which a scheduled crawl asks again for an article that failed once; four times as long with each failure:
1 h, 4 h, 16 h, 64 h."""
TIERS = {"hot": timedelta(minutes=10), "hourly": timedelta(hours=1), "nightly": timedelta(hours=24)}
"""The shortest time between two visits to a listing, by the source's tier."""
SLACK = 0.9
"""Share of its interval after which a listing is due: a run that begins a minute earlier than yesterday's takes it."""
NO_HINT = Hint()
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, eq=False)
class Asked:
    """An address and what it is asked for."""

    url: str
    kind: PageKind
    hint: Hint = NO_HINT
    visit: Visit | None = None
    """What is known of it."""
    listing: str = ""
    """Of a listing: what it is, a key of :data:`crawlers.pages.LISTINGS`."""
    depth: int = 0
    """Of a listing: indexes, or pages of a section, that led to it."""
    above: Listed | None = None
    """Of a sitemap: the index that lists it."""
    part_of: str | None = None
    """Of a further page of an article: the address of its first page."""
    bytes: int = 0
    seconds: float = 0.0


@dataclass(slots=True, eq=False)
class Listed:
    """A listing that was read. Its record is finished when the source is: only then it is known what was new in it, and
    whether all of it was asked for."""

    page: Page
    above: Listed | None = None
    urls: list[str] = field(default_factory=list)
    entries: int = 0
    new: int = 0


@dataclass(eq=False)
class Harvest:
    """What is known of one source during a crawl."""

    source: Source
    site: Site
    due: bool
    """Whether only what is due is asked for."""
    revisits: bool = False
    """Whether only articles are asked for that are to be looked at again."""
    entries: dict[str, Entry] = field(default_factory=dict)
    listings: list[Listed] = field(default_factory=list)
    wanted: deque[Asked] = field(default_factory=deque)
    """Articles yet to be asked for."""
    open: set[Asked] = field(default_factory=set)
    """What was asked for and is not settled."""
    left: list[Entry] = field(default_factory=list)
    """New articles that are left over."""
    postponed: int = 0
    revisited: int = 0

    def listings_due(self, state: State) -> list[Asked]:
        """The source's listings that are to be visited."""
        if self.revisits:
            return []
        visits = state.look_up(self.source.listings)
        shortest = TIERS[self.source.tier]
        return [
            Asked(url, PageKind.LISTING, visit=visits.get(url), listing=kind)
            for url, kind in self.source.listings.items()
            if not self.due or listing_is_due(visits.get(url), shortest)
        ]

    def add(self, listed: Listed, listing: Listing, kind: str) -> list[str]:
        """Keep what a listing lists; returns the addresses that no other has listed before.

        Of two entries for one address the parts of the first win, but a feed is noted before other listings, because it
        may carry the article's text.
        """
        url, fresh = listed.page.url, []
        for entry in listing.entries:
            first = self.entries.get(entry.url)
            given = entry.hint.model_dump(exclude_none=True) | {"listing": url}
            if first:
                given |= first.hint.model_dump(exclude_none=True)
                if kind == "feed":
                    given["listing"] = url
            else:
                fresh.append(entry.url)
            self.entries[entry.url] = Entry(url=entry.url, hint=Hint.model_construct(**given))
            listed.urls.append(entry.url)
        self.listings.append(listed)
        return fresh

    def choose(self, state: State, most: int) -> None:
        """Choose the articles to ask for: those that are new, changed or failed before, the newest first and not too
        many at once; then those that are to be looked at again."""
        visits = state.look_up(self.entries)
        for listed in self.listings:
            new = sum(url not in visits for url in listed.urls)
            over: Listed | None = listed
            while over:  # what a sitemap lists is also what its index leads to
                over.entries, over.new = over.entries + len(listed.urls), over.new + new
                over = over.above
        if not self.revisits:
            visits |= self._add_left_over(state, most)
        wanted = [entry for url, entry in self.entries.items() if article_is_due(entry, visits.get(url), self.due)]
        wanted.sort(key=lambda entry: entry.hint.modified or entry.hint.published or NEVER, reverse=True)
        self.postponed += max(len(wanted) - most, 0)
        self.left += [entry for entry in wanted[most : (1 + MOST_WAITING) * most] if entry.url not in visits]
        # Looking again costs little: mostly nothing has changed.
        again = state.revisits(self.source.domain, now(), 2 * most)
        chosen = {entry.url for entry in wanted}
        self._want((entry.url, entry.hint, visits.get(entry.url)) for entry in wanted[:most])
        before = len(self.wanted)
        self._want((visit.url, NO_HINT, visit) for visit in again if visit.url not in chosen)
        self.revisited = len(self.wanted) - before
        self.entries.clear()

    def _add_left_over(self, state: State, most: int) -> dict[str, Visit]:
        """Take in the articles that failed before, or were never asked for; returns what is known of the former."""
        failing = {visit.url: visit for visit in state.failing(self.source.domain, PageKind.ARTICLE, MOST_FAILURES)}
        for url in failing:
            self.entries.setdefault(url, Entry(url=url))
        for waiting in state.waiting(self.source.domain, MOST_WAITING * most):
            if waiting.url not in self.entries:
                self.entries[waiting.url] = Entry(url=waiting.url, hint=Hint.model_validate_json(waiting.hint))
        return failing

    def _want(self, articles: Iterable[tuple[str, Hint, Visit | None]]) -> None:
        self.wanted += (
            Asked(url, PageKind.ARTICLE, hint, visit) for url, hint, visit in articles if self.site.is_new(url)
        )

    def postpone(self, asked: Asked) -> None:
        """Leave to the next run what was to be asked for."""
        self.postponed += 1
        if asked.kind is PageKind.ARTICLE and asked.visit is None:
            self.left.append(Entry(url=asked.url, hint=asked.hint))

    def left_over(self) -> list[Postponed]:
        """The new articles that are left over."""
        # The listing's response is not in the batch of a later run.
        return [
            Postponed(
                url=entry.url,
                source=self.source.domain,
                at=now(),
                hint=entry.hint.model_copy(update={"listing": None}),
            )
            for entry in self.left
        ]

    def records(self) -> list[Page]:
        """The records of the listings that were read."""
        # Without validators the next run gets a listing in full, and with it what is left over now.
        forgotten = {"etag": None, "last_modified": None} if self.postponed else {}
        return [
            listed.page.model_copy(update={"entries": listed.entries, "new": listed.new} | forgotten)
            for listed in self.listings
        ]


def listing_is_due(visit: Visit | None, shortest: timedelta) -> bool:
    """Whether a listing was not asked for as long as it brings something new, nor for as long as its tier allows."""
    if visit is None:
        return True
    return visit.asked + SLACK * max(timedelta(seconds=visit.interval), shortest) <= now()


def article_is_due(entry: Entry, visit: Visit | None, scheduled: bool) -> bool:
    """Whether an article is to be asked for: it never was, its last request failed, or its listing says it changed.

    Args:
        entry: what its listing says.
        visit: what is known of it.
        scheduled: whether one that failed has to wait for a while (:data:`AGAIN`).
    """
    if visit is None:
        return True
    if visit.kind == PageKind.LISTING:
        return False
    if 0 < visit.failures < MOST_FAILURES:
        return not scheduled or visit.asked + SLACK * AGAIN * 4 ** (visit.failures - 1) <= now()
    if visit.fetched is None or entry.hint.modified is None:
        return False
    # A site whose dates lie in the future would have its articles asked for every night.
    return (http_time(visit.last_modified) or visit.fetched) < entry.hint.modified <= now()

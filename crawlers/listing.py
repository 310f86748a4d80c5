"""What a listing gives: the records that page objects make and the spider takes. Light to import, unlike those."""

from __future__ import annotations

from wirewatch.records import Hint, Record, Time

DEEPEST_SITEMAP = 2
"""Indexes on the way to a sitemap that are followed."""


class Entry(Record):
    """An article that a listing lists."""

    url: str
    hint: Hint = Hint()


class Child(Record):
    """A sitemap that a sitemap index lists, or a further page of an article."""

    url: str
    modified: Time | None = None


class Listing(Record):
    """What a feed, a sitemap or a section page lists."""

    entries: tuple[Entry, ...] = ()
    children: tuple[Child, ...] = ()
    """Of a sitemap index, the newest first. Of an article that goes on over several pages, the further ones, by their
    numbers."""
    feeds: tuple[str, ...] = ()
    """Only of a section page: the feeds that it advertises."""
    next: str | None = None
    """Only of a section page: the page that goes on where it ends."""
    malformed: int = 0
    """Entries that had no usable address."""


class NotAListing(Exception):
    """The response is not what it should be; :attr:`reason` becomes the reason of the failed page."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

"""Page objects of listings: feeds, sitemaps and section pages, each giving a :class:`Listing`.

A site whose listing is different gets its own, in a file of its own in this folder::

    @handle_urls("example.org", instead_of=SectionPage)
    class ExampleSection(SectionPage):
        ...
"""

from __future__ import annotations

import calendar
import io
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import dateparser
import feedparser
from lxml import etree  # type: ignore[import-untyped]
from web_poet import WebPage

from crawlers.discovery import clean_url, is_within, looks_like_article, site_of
from crawlers.pages.metadata import clean, parse_time
from wirewatch.records import Hint, Record, Time

MOST_LINKS = 10_000
"""Links of one section page that are looked at; more is not a section page."""
MOST_ODD_DATES = 100
"""Dates of one feed that dateparser is asked for: it knows any language, but takes up to 30 ms, and the crawl waits."""
LONGEST_TEXT = 20_000
"""Characters of a title or summary that are read: some feeds carry whole articles."""
MOST_UNPACKED = 50 * 2**20
"""Bytes of a gzipped sitemap after unpacking: the limit of sitemaps.org."""


class Entry(Record):
    """An article that a listing lists."""

    url: str
    hint: Hint = Hint()


class Child(Record):
    """A sitemap that a sitemap index lists."""

    url: str
    modified: Time | None = None


class Listing(Record):
    """What a feed, a sitemap or a section page lists."""

    entries: tuple[Entry, ...] = ()
    children: tuple[Child, ...] = ()
    """Only of a sitemap index."""
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


class FeedPage(WebPage[Listing]):
    """RSS (0.9x, 1.0, 2.0) and Atom."""

    async def to_item(self) -> Listing:
        """Read the feed; an entry that is broken costs that entry."""
        feed = feedparser.parse(
            # A file object: feedparser takes bytes for an address or a file name first.
            io.BytesIO(bytes(self.response.body)),
            response_headers={
                "content-type": self.response.headers.get("Content-Type", ""),
                "content-location": str(self.response.url),
            },
            sanitize_html=False,  # only plain text is kept
        )
        if not feed.get("version") and not feed.entries:
            raise NotAListing("not-a-feed")
        odd = iter(range(MOST_ODD_DATES))
        entries = [self._entry(entry, odd) for entry in feed.entries]
        found = tuple(entry for entry in entries if entry)
        return Listing(entries=found, malformed=len(entries) - len(found))

    def _entry(self, entry: Any, odd: Iterator[int]) -> Entry | None:
        # FeedBurner replaces links with its own and keeps the site's beside them.
        link = entry.get("feedburner_origlink") or entry.get("link") or ""
        url = clean_url(link, str(self.response.url)) if link else None
        if url is None:
            return None
        hint = Hint(
            title=_text(entry.get("title")),
            summary=_text(entry.get("summary")),
            published=_feed_time(entry, "published", odd),
            modified=_feed_time(entry, "updated", odd),
        )
        return Entry(url=url, hint=hint)


class SitemapPage(WebPage[Listing]):
    """Sitemaps, Google News sitemaps and sitemap indexes, gzipped or not."""

    async def to_item(self) -> Listing:
        """Read the sitemap; an entry that is broken costs that entry."""
        body = bytes(self.response.body)
        if body[:2] == b"\x1f\x8b":
            try:
                body = zlib.decompressobj(wbits=31).decompress(body, MOST_UNPACKED)
            except zlib.error:
                raise NotAListing("not-a-sitemap") from None
        # Without DTDs, entities and network; what is broken is read as far as it goes.
        parser = etree.XMLParser(
            recover=True, resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True
        )
        try:
            root = etree.fromstring(body, parser)
        except (etree.XMLSyntaxError, ValueError):
            root = None
        if root is None or _name(root) not in ("urlset", "sitemapindex"):
            raise NotAListing("not-a-sitemap")
        rows = [_row(row) for row in root if _name(row)]
        if _name(root) == "sitemapindex":
            children = [
                Child(url=url, modified=parse_time(row.get("lastmod"))) if (url := self._url(row)) else None
                for row in rows
            ]
            return Listing(children=tuple(filter(None, children)), malformed=children.count(None))
        entries = [
            Entry(
                url=url,
                hint=Hint(
                    title=_text(row.get("title")),
                    published=parse_time(row.get("publication_date")),
                    modified=parse_time(row.get("lastmod")),
                ),
            )
            if (url := self._url(row))
            else None
            for row in rows
        ]
        # A general sitemap lists every page of a site; a news sitemap marks its articles.
        articles = tuple(
            entry
            for entry, row in zip(entries, rows, strict=True)
            if entry and ("news" in row or looks_like_article(entry.url))
        )
        return Listing(entries=articles, malformed=entries.count(None))

    def _url(self, row: dict[str, str]) -> str | None:
        return clean_url(row["loc"], str(self.response.url)) if row.get("loc") else None


class SectionPage(WebPage[Listing]):
    """A page of a site that links to its articles."""

    async def to_item(self) -> Listing:
        """The links on the same site that look like articles, in the order of the page."""
        if b"<" not in self.response.body[:4096]:
            raise NotAListing("not-a-page")
        site = site_of(urlsplit(str(self.response.url)).hostname or "")
        base, here = self._base(), clean_url(str(self.response.url))
        links: dict[str, str] = {}
        for link in self.response.xpath(f"(//a[@href])[position() <= {MOST_LINKS}]"):
            url = clean_url(link.attrib["href"], base)
            if url and url != here and is_within(url, [site]):
                text = " ".join(" ".join(link.css("::text").getall()).split())
                # A teaser's picture and headline link to the same article: the longest text is the headline.
                links[url] = max(links.get(url, ""), text, key=len)
        entries = [
            Entry(url=url, hint=Hint(title=text or None))
            for url, text in links.items()
            if looks_like_article(url, text)
        ]
        return Listing(entries=tuple(entries))

    def _base(self) -> str:
        try:
            return str(self.response.urljoin(""))
        except ValueError:  # a broken <base>
            return str(self.response.url)


def _name(element: Any) -> str:
    """The name of an XML element without its namespace, which sites often get wrong; empty for what is no element."""
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def _row(element: Any) -> dict[str, str]:
    """The parts of a sitemap's entry and of its news; those of its pictures and videos have the same names."""
    own = list(element)
    news = [part for outer in own if _name(outer) == "news" for part in outer]
    return {_name(part): (part.text or "").strip() for part in (*own, *news)}


def _text(markup: str | None) -> str | None:
    """Plain text of a piece of HTML."""
    return clean((markup or "")[:LONGEST_TEXT]) or None


def _feed_time(entry: Any, name: str, odd: Iterator[int]) -> datetime | None:
    """A date of a feed's entry; ``odd`` is used up by those that only dateparser may know."""
    # Not entry.get: feedparser would answer for a missing `updated` with `published`.
    parsed = dict.get(entry, f"{name}_parsed")
    if parsed is not None:
        try:
            return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
        except (ValueError, OverflowError, OSError):
            return None
    text = dict.get(entry, name) or ""
    moment = parse_time(text)
    if moment or not text or next(odd, None) is None:
        return moment
    try:
        found = dateparser.parse(text[:60], settings={"TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": True})
        return found.astimezone(UTC) if found else None
    except (ValueError, OverflowError, TypeError):
        return None

"""The news spider: from the listings of each source to its articles; every request ends in exactly one page record."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy import Spider
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Request, Response, TextResponse

from crawlers.archive import WarcFile
from crawlers.discovery import site_of
from crawlers.pages.listing import Entry, FeedPage, Listing, NotAListing, SectionPage, SitemapPage
from crawlers.politeness import Refused
from crawlers.resolver import REFUSED
from wirewatch.records import Hint, Page, PageKind, PageOutcome, now
from wirewatch.sources import Source
from wirewatch.state import State, Visit

logger = logging.getLogger(__name__)

MOST_FAILURES = 5
"""Failures in a row after which an address is left alone, unless its site says that it has changed."""
MOST_SITEMAPS = 10
"""Sitemaps taken from one index, the newest first."""
DEEPEST_SITEMAP = 2
"""Indexes on the way to a sitemap."""


@dataclass
class Harvest:
    """What the listings of one source have given so far. Articles are chosen when the last listing has come in."""

    source: Source
    waiting: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)
    listings: list[Page] = field(default_factory=list)
    """Fetched listings; recorded after the choice, which decides about their validators."""

    def add(self, entry: Entry) -> None:
        """Keep an entry; of two for one address the parts of the first win."""
        first = self.entries.get(entry.url)
        hint = entry.hint.model_dump() | first.hint.model_dump(exclude_none=True) if first else entry.hint
        self.entries[entry.url] = Entry(url=entry.url, hint=Hint.model_validate(hint))


@dataclass(eq=False)
class Asked:
    """What a request was made for."""

    harvest: Harvest
    url: str
    kind: PageKind
    hint: Hint = field(default_factory=Hint)
    depth: int = 0
    """Sitemap indexes that led to it."""


class NewsSpider(Spider):
    """Crawls sources.

    Args:
        sources: what to crawl.
        state: what was seen before.
        record: takes each page record as it is made, with the numbers of requests done and known so far.
        warc: where the exchanges are archived.
        max_articles: articles taken from one source.
    """

    name = "news"

    def __init__(
        self,
        sources: Iterable[Source] = (),
        state: State | None = None,
        record: Callable[[Page, int, int], None] = lambda page, done, total: None,
        warc: WarcFile | None = None,
        max_articles: int = 200,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sources, self.state, self.record, self.warc = tuple(sources), state, record, warc
        self.max_articles = max_articles
        self.harvests: list[Harvest] = []
        self.open: dict[Asked, None] = {}
        self.asked = 0
        self.counts: dict[str, int] = {}
        self.error: BaseException | None = None

    async def start(self) -> AsyncIterator[Request]:
        """The listings of every source."""
        try:
            for source in self.sources:
                for request in self.begin(source):
                    yield request
        except Exception as error:  # Scrapy would log it and go on with half of the sources
            self.error = error
            raise

    def begin(self, source: Source) -> Iterator[Request]:
        """Ask for the listings of a source."""
        harvest = Harvest(source)
        self.harvests.append(harvest)
        listings: dict[str, Callable[..., Any]] = {
            **dict.fromkeys(source.sections, self.section),
            **dict.fromkeys(source.sitemaps, self.sitemap),
            **dict.fromkeys(source.feeds, self.feed),
        }
        harvest.waiting = len(listings)
        visits = self.state.look_up(listings) if self.state else {}
        for url, callback in listings.items():
            yield self.ask(Asked(harvest, url, PageKind.LISTING), callback, visits.get(url))
        if not listings:
            yield from self.choose(harvest)

    async def feed(self, response: Response, page: FeedPage) -> AsyncIterator[Request]:
        """A feed has come in."""
        async for request in self.listed(response, page):
            yield request

    async def sitemap(self, response: Response, page: SitemapPage) -> AsyncIterator[Request]:
        """A sitemap or an index of sitemaps has come in."""
        async for request in self.listed(response, page):
            yield request

    async def section(self, response: Response, page: SectionPage) -> AsyncIterator[Request]:
        """A section page has come in."""
        async for request in self.listed(response, page):
            yield request

    async def listed(self, response: Response, page: FeedPage | SitemapPage | SectionPage) -> AsyncIterator[Request]:
        """Add what a listing lists to the harvest of its source."""
        asked: Asked = response.meta["asked"]
        if response.status != 200:
            self.settle_status(asked, response)
        else:
            try:
                listing: Listing = await page.to_item()
            except NotAListing as error:
                self.settle(asked, PageOutcome.FAILED, error.reason)
            except Exception:
                logger.exception("The page object for %s failed", asked.url)
                self.settle(asked, PageOutcome.FAILED, "listing-error")
            else:
                for request in self.harvested(asked, response, listing):
                    yield request
        for request in self.one_less(asked.harvest):
            yield request

    def harvested(self, asked: Asked, response: Response, listing: Listing) -> Iterator[Request]:
        """Keep the entries of a listing, and ask for the sitemaps it lists."""
        for entry in listing.entries:
            asked.harvest.add(entry)
        self.count("malformed-entries", listing.malformed)
        listed = self.page(asked, PageOutcome.FETCHED, response=response)
        if listing.children:
            # An unchanged index can list changed sitemaps, so it is always read again; they are asked conditionally.
            listed = listed.model_copy(update={"etag": None, "last_modified": None})
            children = sorted(
                listing.children, key=lambda c: c.modified or datetime.min.replace(tzinfo=UTC), reverse=True
            )
            taken = children[:MOST_SITEMAPS] if asked.depth < DEEPEST_SITEMAP else []
            self.count("skipped-sitemaps", len(children) - len(taken))
            visits = self.state.look_up(child.url for child in taken) if self.state else {}
            asked.harvest.waiting += len(taken)
            for child in taken:
                again = Asked(asked.harvest, child.url, PageKind.LISTING, depth=asked.depth + 1)
                yield self.ask(again, self.sitemap, visits.get(child.url))
        asked.harvest.listings.append(listed)
        del self.open[asked]

    def one_less(self, harvest: Harvest) -> Iterator[Request]:
        """Choose the articles once nothing is waited for."""
        harvest.waiting -= 1
        if harvest.waiting == 0:
            yield from self.choose(harvest)

    def choose(self, harvest: Harvest) -> Iterator[Request]:
        """Ask for the articles that are new, changed, or failed before; the newest first, and not too many at once."""
        source, entries = harvest.source, harvest.entries
        visits = {}
        if self.state:
            visits = self.state.look_up(entries)
            for visit in self.state.failing(source.domain, PageKind.ARTICLE, MOST_FAILURES):
                visits[visit.url] = visit
                entries.setdefault(visit.url, Entry(url=visit.url))
        wanted = [entry for entry in entries.values() if is_due(entry, visits.get(entry.url))]
        wanted.sort(key=lambda entry: entry.hint.modified or entry.hint.published or NEVER, reverse=True)
        taken, postponed = wanted[: self.max_articles], wanted[self.max_articles :]
        self.count("postponed", len(postponed))
        for page in harvest.listings:
            # Without validators the next run gets the listing in full, and with it what is left over now.
            forgotten = {"etag": None, "last_modified": None} if postponed else {}
            self.done(page.model_copy(update=forgotten))
        harvest.listings = []
        for entry in taken:
            asked = Asked(harvest, entry.url, PageKind.ARTICLE, entry.hint)
            yield self.ask(asked, self.article, visits.get(entry.url))
        entries.clear()

    def article(self, response: Response) -> None:
        """An article's page has come in."""
        asked: Asked = response.meta["asked"]
        if response.status != 200:
            self.settle_status(asked, response)
        elif not response.body.strip():
            self.settle(asked, PageOutcome.FAILED, "empty")
        elif not isinstance(response, TextResponse):
            self.settle(asked, PageOutcome.FAILED, "not-text")
        else:
            self.settle(asked, PageOutcome.FETCHED, response=response)

    def failed(self, failure: Any) -> Iterable[Request]:
        """No response has come in."""
        asked: Asked = failure.request.meta["asked"]
        self.settle(asked, PageOutcome.FAILED, reason_of(failure.value, failure.request))
        return self.one_less(asked.harvest) if asked.kind is PageKind.LISTING else ()

    def ask(self, asked: Asked, callback: Callable[..., Any], visit: Visit | None) -> Request:
        """The request for a page; conditional where it was fetched before."""
        self.open[asked] = None
        self.asked += 1
        source = asked.harvest.source
        headers = {"Accept-Language": ", ".join((*source.languages, "*;q=0.5"))}
        if visit and visit.fetched and visit.etag:
            headers["If-None-Match"] = visit.etag
        if visit and visit.fetched and visit.last_modified:
            headers["If-Modified-Since"] = visit.last_modified
        domains = [source.domain.partition(":")[0].lower()]
        if asked.kind is PageKind.LISTING:
            # The catalogue may name a feed elsewhere: outlets host them with feed services.
            domains.append(urlsplit(asked.url).hostname or "")
        return Request(
            asked.url,
            callback=callback,
            errback=self.failed,
            headers=headers,
            priority=10 if asked.kind is PageKind.LISTING else 0,
            meta={"asked": asked, "domains": domains, "download_slot": site_of(source.domain)},
        )

    def settle_status(self, asked: Asked, response: Response) -> None:
        """Record an answer that has no content for us."""
        if response.status == 304:
            self.settle(asked, PageOutcome.UNCHANGED)
        else:
            self.settle(asked, PageOutcome.FAILED, f"http-{response.status}")

    def settle(
        self, asked: Asked, outcome: PageOutcome, reason: str | None = None, response: Response | None = None
    ) -> None:
        """Record how a request ended."""
        del self.open[asked]
        self.done(self.page(asked, outcome, reason, response))

    def settle_rest(self) -> None:
        """Record what never came back, after the end. There is none unless a page object or the spider is broken."""
        for asked in list(self.open):
            self.settle(asked, PageOutcome.FAILED, "unfinished")
        for harvest in self.harvests:
            for page in harvest.listings:
                unfinished = {"outcome": PageOutcome.FAILED, "reason": "unfinished", "warc": None, "offset": None}
                self.done(page.model_copy(update=unfinished))

    def page(
        self, asked: Asked, outcome: PageOutcome, reason: str | None = None, response: Response | None = None
    ) -> Page:
        """The record of an answer."""
        warc, offset = response.meta.get("archived", (None, None)) if response else (None, None)
        return Page(
            url=asked.url,
            source=asked.harvest.source.ref,
            kind=asked.kind,
            outcome=outcome,
            reason=reason,
            fetched=now(),
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
            warc=warc,
            offset=offset,
            hint=asked.hint,
        )

    def done(self, page: Page) -> None:
        """Hand a finished record on."""
        self.record(page, self.asked - len(self.open), self.asked)

    def count(self, what: str, by: int) -> None:
        """Count what ends in no page record."""
        if by:
            self.counts[what] = self.counts.get(what, 0) + by


NEVER = datetime.min.replace(tzinfo=UTC)


def is_due(entry: Entry, visit: Visit | None) -> bool:
    """Whether an article is to be asked for: it never was, its last request failed, or its listing says it changed."""
    if visit is None:
        return True
    if visit.kind == PageKind.LISTING:
        return False
    if 0 < visit.failures < MOST_FAILURES:
        return True
    if visit.fetched is None or entry.hint.modified is None:
        return False
    # A site whose dates lie in the future would have its articles asked for every night.
    return (_http_time(visit.last_modified) or visit.fetched) < entry.hint.modified <= now()


def reason_of(error: BaseException, request: Request) -> str:
    """The reason by which the operator sees a request that brought no response."""
    if isinstance(error, Refused):
        return error.reason
    if isinstance(error, CannotResolveHostError):
        return "private-address" if urlsplit(request.url).hostname in REFUSED else "dns"
    for kind, reason in REASONS.items():
        if isinstance(error, kind):
            return reason
    if isinstance(error, IgnoreRequest):
        # Scrapy's own middlewares tell what they ignored only in words.
        for words, reason in WORDS.items():
            if words in str(error):
                return reason
    logger.error("%s failed: %r", request.url, error)
    return f"error-{type(error).__name__}"


REASONS: dict[type[BaseException], str] = {
    DownloadTimeoutError: "timeout",
    DownloadConnectionRefusedError: "connection",
    ResponseDataLossError: "cut-off",
    DownloadFailedError: "connection",
    DownloadCancelledError: "too-large",
}
"""Reasons by Scrapy's errors; a download is cancelled only for its size."""

WORDS = {
    "Forbidden by robots.txt": "robots",
    "max redirections reached": "redirects",
    "exceeded DOWNLOAD_MAXSIZE": "too-large",
}


def _header(response: Response | None, name: str) -> str | None:
    value = response.headers.get(name) if response else None
    return value.decode("latin-1") if value else None


def _http_time(text: str | None) -> datetime | None:
    """The time of an HTTP header."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""Who looks at what sites list: one request after the other, as politely as a crawl asks, and nothing is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from scrapy import Spider
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK

from crawlers import render
from crawlers.answers import header, headers_of, reason_of
from crawlers.discovery import clean_url, is_within, site_of
from crawlers.listing import DEEPEST_SITEMAP, Listing, NotAListing
from crawlers.reading import ListingReader
from crawlers.site import Site
from wirewatch.records import ROBOTS_UNAVAILABLE, Record, Time, now
from wirewatch.settings import CrawlSettings
from wirewatch.sources import Kind, Source

MOST_REDIRECTS = 5
UNREACHABLE = ("dns", "connection", "timeout", "private-address", ROBOTS_UNAVAILABLE)
"""Reasons for which it is of no use to ask a site for anything else."""


class Finding(Record):
    """What one listing was found to be."""

    source: str
    """The domain it belongs to."""
    url: str
    kind: Kind
    state: Literal["works", "moved", "empty", "dead", "forbidden"]
    """``moved``: all redirects from it are permanent, or they lead off the site; ``forbidden``: by robots.txt."""
    moved: str | None = None
    """The address to which it redirects."""
    reason: str | None = None
    """Why it is not as it should be, in the words of failed pages: ``http-404``, ``not-a-feed`` …"""
    entries: int = 0
    """Articles on the site that it lists; of an index of sitemaps, those that its newest sitemap lists."""
    newest: Time | None = None
    """The latest date that it gives of an article."""


@dataclass
class Answer:
    """How a request ended, after all redirects."""

    url: str
    """The last address that was asked for."""
    permanent: bool
    """Whether redirects led there, all of them permanent."""
    response: Response | None = None
    reason: str | None = None
    """Why there is nothing to read."""


@dataclass
class Look:
    """What a listing lists, and the finding about it."""

    finding: Finding
    answer: Answer
    listing: Listing

    @property
    def lasting_url(self) -> str:
        """The address to note: a permanent redirect is followed, another one may be another tomorrow."""
        return self.answer.url if self.answer.permanent else self.finding.url


class Surveyor(Spider):
    """Does some work that asks sites for pages, and leaves what comes of it in :attr:`result`.

    Args:
        limits: how politely and how far to go.
        work: what to do, of this surveyor; nothing else is asked for.
        say: told the listings that are done and those known so far.
    """

    name = "survey"

    def __init__(
        self,
        limits: CrawlSettings,
        work: Callable[[Surveyor], Coroutine[Any, Any, Record]],
        say: Callable[..., None],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.limits, self.work, self.say = limits, work, say
        self.sites: dict[str, Site] = {}
        self.done = self.total = 0
        self.result: Record | None = None
        self.error: BaseException | None = None

    async def start(self) -> AsyncIterator[Request]:
        """Do the work. Nothing is left to Scrapy's scheduler: each request is waited for where it is made."""
        try:
            with ListingReader() as self.reader:
                self.result = await self.work(self)
        except BaseException as error:  # Scrapy would log it and end as if all was well
            self.error = error
            raise
        for nothing in tuple[Request, ...]():
            yield nothing

    async def look(self, domain: str, url: str, kind: Kind, source: Source | None = None) -> Look:
        """Look at one listing of a site, and of a source if it is in the catalogue."""
        self.total += 1
        answer = await self.ask(url, [domain, urlsplit(url).hostname or ""], domain, source, page=kind == "section")
        listing = Listing()
        if answer.response:
            try:
                listing = await self.read(kind, answer.response)
                if listing.children:
                    listing = await self.newest_sitemap(domain, listing, DEEPEST_SITEMAP)
            except NotAListing as error:
                answer.reason = error.reason
        self.done += 1
        self.say(done=self.done, total=self.total)
        return Look(_finding(domain, url, kind, answer, listing), answer, listing)

    async def newest_sitemap(self, domain: str, index: Listing, depth: int) -> Listing:
        """What the newest sitemap of an index lists; of those for news, where some are.

        Raises:
            NotAListing: it cannot be read.
        """
        if not index.children or not depth:
            return index
        news = [child for child in index.children if "news" in child.url]
        child = max(news or index.children, key=lambda c: c.modified or datetime.min.replace(tzinfo=UTC))
        answer = await self.ask(child.url, [domain, urlsplit(child.url).hostname or ""], domain)
        if not answer.response:
            raise NotAListing(f"{answer.reason} at {child.url}")
        return await self.newest_sitemap(domain, await self.read("sitemap", answer.response), depth - 1)

    async def read(self, kind: Kind, response: Response) -> Listing:
        """Read a listing.

        Raises:
            NotAListing: the answer is none, or cannot be read.
        """
        return (await self.reader.read(kind, response.url, response.body, headers_of(response)))[0]

    async def ask(
        self,
        url: str,
        domains: list[str] | None,
        domain: str,
        source: Source | None = None,
        *,
        page: bool = False,
        robots: bool = True,
    ) -> Answer:
        """Ask for a page and follow its redirects, one by one, to know where they lead and which are permanent.

        Args:
            url: the page.
            domains: where it and its redirects may be; None for anywhere.
            domain: the site's, whose turn it is.
            source: says which languages are wanted, and whether pages are rendered.
            page: whether it is a page for readers.
            robots: whether robots.txt is obeyed.
        """
        answer = Answer(url, permanent=False)
        meta: dict[str, Any] = {"source": domain, "download_slot": site_of(domain), "dont_redirect": True}
        meta |= {"domains": domains} if domains else {}
        meta |= {} if robots else {"dont_obey_robotstxt": True}
        headers = {"Accept-Language": ", ".join((*(source.languages if source else ()), "*;q=0.5"))}
        for turn in range(MOST_REDIRECTS + 1):
            request = Request(answer.url, callback=NO_CALLBACK, meta=dict(meta), headers=headers)
            if source:
                render.prepare(request, source, page=page)
            response = await self.response(request, answer)
            if response is None:
                return answer
            target = header(response, "Location")
            if response.status not in (301, 302, 303, 307, 308) or not target:
                answer.reason = None if response.status == 200 else f"http-{response.status}"
                answer.response = response if response.status == 200 else None
                return answer
            answer.permanent = response.status in (301, 308) and (answer.permanent or turn == 0)
            answer.url = clean_url(target, answer.url) or answer.url
        answer.reason = "redirects"
        return answer

    async def response(self, request: Request, answer: Answer) -> Response | None:
        """The response to a request, made once more where the site is busy; None, and the reason, without one."""
        limits, site = self.limits, request.meta["download_slot"]
        turns = self.sites.setdefault(site, Site(site, limits.per_site, limits.daily_requests, float("inf")))
        engine = self.crawler.engine
        assert engine
        try:
            response, _ = await turns.ask(lambda: engine.download_async(request.copy()))
        except Exception as error:
            answer.reason = reason_of(error, request.url)
            return None
        if response is None:
            answer.reason = "retry-after"
        return response


def _finding(domain: str, url: str, kind: str, answer: Answer, listing: Listing) -> Finding:
    """The finding about a listing."""
    entries = [entry for entry in listing.entries if is_within(entry.url, [domain])]
    dates = [moment for e in entries for moment in (e.hint.published, e.hint.modified) if moment and moment <= now()]
    reason = answer.reason or (None if entries or not listing.entries else "off-site")
    if answer.reason == "robots":
        state = "forbidden"
    elif answer.reason:
        state = "moved" if answer.reason == "off-site" and answer.url != url else "dead"
    elif not entries:
        state = "empty"
    else:
        state = "moved" if answer.permanent and answer.url != url else "works"
    return Finding.model_validate(
        {
            "source": domain,
            "url": url,
            "kind": kind,
            "state": state,
            "moved": answer.url if answer.url != url else None,
            "reason": reason,
            "entries": len(entries),
            "newest": max(dates, default=None),
        }
    )

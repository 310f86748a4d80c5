"""A look at what sites list: whether the addresses of the catalogue still work, and what a new site has to offer.

It asks as politely as a crawl does, and leaves no trace: neither state nor batches. One page can be asked for alone.
"""

from __future__ import annotations

import asyncio
import base64
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from parsel import Selector
from scrapy import Spider
from scrapy.http import Request, Response, TextResponse
from scrapy.http.request import NO_CALLBACK

from crawlers import child, render
from crawlers.answers import header, headers_of, reason_of
from crawlers.discovery import clean_url, is_within, site_of
from crawlers.listing import DEEPEST_SITEMAP, Listing, NotAListing
from crawlers.pages.metadata import clean
from crawlers.reading import ListingReader
from crawlers.site import Site as Turns
from wirewatch.records import ROBOTS_UNAVAILABLE, Record, Time, now
from wirewatch.settings import CrawlSettings, get_settings
from wirewatch.sources import FEED_HOSTS, Kind, Source, domain_of

MOST_REDIRECTS = 5
MOST_CANDIDATES = 30
"""Addresses of one site that are looked at because they may be feeds; and again so many that may be sitemaps."""
MOST_LISTINGS = 10
"""Feeds, and sitemaps, of one site that go into its entry."""
FEWEST_LINKS = 3
"""Links to articles that a front page must have to serve as a listing."""
COMMON_FEEDS = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml")
COMMON_SITEMAPS = ("/news-sitemap.xml", "/sitemap-news.xml")
"""Paths that are tried where a site names neither feeds nor sitemaps."""

UNREACHABLE = ("dns", "connection", "timeout", "private-address", ROBOTS_UNAVAILABLE)
"""Reasons for which it is of no use to ask a site for anything else."""

_FEED_PATH = re.compile(r"(?:^|[/._-])(?:rss|feeds?|atom)(?:\d|[/._-]|$)|\.rdf$", re.IGNORECASE)
_COMMENTS = re.compile(r"comment|kommentar|comentario", re.IGNORECASE)
_FEED_LANGUAGE = re.compile(
    rb"""(?:<(?:dc:)?language>\s*|xml:lang=["']|"language":\s*")([a-z]{2})(?![a-z])""", re.IGNORECASE
)
_SITE_AND_MORE = re.compile(r"\s+[-–—|:·»]\s+|\s*[|│]\s*")


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


class Site(Record):
    """What a site has to offer."""

    url: str
    """Its front page."""
    domain: str
    name: str | None = None
    language: str | None = None
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    looked_at: tuple[Finding, ...] = ()
    """All addresses that were tried."""
    reason: str | None = None
    """Why its front page cannot be read."""


class FetchedPage(Record):
    """A single page that was asked for."""

    url: str
    """The address that answered, after redirects."""
    headers: tuple[tuple[str, str], ...] = ()
    base64: str = ""
    """The body, without the content encoding of the transfer."""
    reason: str | None = None
    """Why there is none, in the words of failed pages: ``robots``, ``http-404`` …"""

    @property
    def body(self) -> bytes:
        """The page as bytes."""
        return base64.b64decode(self.base64)


class Task(Record):
    """What the surveying process is told."""

    crawl: CrawlSettings
    sources: tuple[Source, ...] = ()
    """Their listings are to be checked."""
    site: str | None = None
    """The address of a site that is to be explored."""
    page: str | None = None
    """The address of a page that is to be fetched, as one of the first of the sources if there are any."""


class Survey(Record):
    """What it answers."""

    findings: tuple[Finding, ...] = ()
    """In the order of the sources and their listings."""
    site: Site | None = None
    page: FetchedPage | None = None


Progress = Callable[[int, int | None], None]


def check(sources: Iterable[Source], *, progress: Progress | None = None) -> list[Finding]:
    """Visit the listings of sources, and say of each what became of it, in their order.

    Raises:
        CrawlError: the surveying process broke down.
    """
    return list(_survey(Task(crawl=get_settings().crawl, sources=tuple(sources)), progress).findings)


def explore(address: str, *, progress: Progress | None = None) -> Site:
    """Find out what a site has to offer, from the address of its front page.

    Raises:
        CrawlError: the surveying process broke down.
    """
    site = _survey(Task(crawl=get_settings().crawl, site=address), progress).site
    assert site
    return site


def fetch(address: str, source: Source | None = None) -> FetchedPage:
    """Ask for one page, wherever its redirects lead.

    Args:
        address: the page.
        source: the source it is of, which says which languages are wanted, and whether pages are rendered.

    Raises:
        CrawlError: the surveying process broke down.
    """
    sources = (source,) if source else ()
    page = _survey(Task(crawl=get_settings().crawl, page=address, sources=sources), None).page
    assert page
    return page


def _survey(task: Task, progress: Progress | None) -> Survey:
    result = child.run("crawlers.survey", task, progress or (lambda done, total: None))
    return Survey.model_validate(result)


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
    """Does the task, and leaves its result in :attr:`survey`."""

    name = "survey"

    def __init__(self, task: Task, say: Callable[..., None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.task, self.say = task, say
        self.sites: dict[str, Turns] = {}
        self.done = self.total = 0
        self.survey: Survey | None = None
        self.error: BaseException | None = None

    async def start(self) -> AsyncIterator[Request]:
        """Do the task. Nothing is left to Scrapy's scheduler: each request is waited for where it is made."""
        try:
            with ListingReader() as self.reader:
                if self.task.site:
                    self.survey = Survey(site=await self.explore(self.task.site))
                elif self.task.page:
                    self.survey = Survey(page=await self.fetch(self.task.page))
                else:
                    looks = [
                        self.look(source.domain, url, kind, source)
                        for source in self.task.sources
                        for url, kind in source.listings.items()
                    ]
                    self.survey = Survey(findings=tuple(look.finding for look in await asyncio.gather(*looks)))
        except BaseException as error:  # Scrapy would log it and end as if all was well
            self.error = error
            raise
        for nothing in tuple[Request, ...]():
            yield nothing

    async def fetch(self, address: str) -> FetchedPage:
        """Ask for one page."""
        source = next(iter(self.task.sources), None)
        answer = await self.ask(address, None, domain_of(address), source, page=True)
        if answer.response is None:
            return FetchedPage(url=answer.url, reason=answer.reason)
        body = base64.b64encode(answer.response.body).decode()
        return FetchedPage(url=answer.url, headers=tuple(headers_of(answer.response)), base64=body)

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
        limits, site = self.task.crawl, request.meta["download_slot"]
        turns = self.sites.setdefault(site, Turns(site, limits.per_site, limits.daily_requests, float("inf")))
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

    async def explore(self, address: str) -> Site:
        """Find out what a site has to offer."""
        # Wherever the address leads to: whoever gave it reads the entry that comes of it.
        front = await self.ask(address, None, domain_of(address))
        domain = domain_of(front.url)
        if front.reason in UNREACHABLE:
            return Site(url=front.url, domain=domain, reason=front.reason)
        page, root, advertised = Listing(), Selector(text="<html></html>"), []
        if front.response:
            root = _parsed(front.response)
            try:
                page = await self.read("section", front.response)
            except NotAListing as error:
                front.reason = error.reason
            advertised = [*page.feeds, *_links_to_feeds(root, front.url)]
        looks = await self.look_at_feeds(domain, advertised)
        looks += await self.look_at_all(domain, await self.robots_sitemaps(front.url, domain), "sitemap")
        if not any(look.finding.entries for look in looks):
            looks += await self.look_at_all(domain, [urljoin(front.url, path) for path in COMMON_SITEMAPS], "sitemap")
            looks += await self.look_at_all(domain, [urljoin(front.url, path) for path in COMMON_FEEDS], "feed")
        feeds = _not_redundant([look for look in looks if look.finding.kind == "feed" and look.finding.entries])
        maps = [look for look in looks if look.finding.kind == "sitemap" and look.finding.entries]
        sitemaps = _not_redundant([look for look in maps if _is_for_news(look)])
        if not feeds and not sitemaps:
            sitemaps = maps[:1]
        links = sum(is_within(entry.url, [domain]) for entry in page.entries)
        alone = not feeds and not sitemaps and links >= FEWEST_LINKS
        return Site(
            url=front.url,
            domain=domain,
            name=_name_of(root),
            language=_language_of(root, feeds),
            feeds=tuple(dict.fromkeys(look.lasting_url for look in feeds)),
            sitemaps=tuple(dict.fromkeys(look.lasting_url for look in sitemaps)),
            sections=(front.url,) if alone else (),
            looked_at=tuple(look.finding for look in looks),
            reason=front.reason,
        )

    async def look_at_all(self, domain: str, urls: Iterable[str], kind: Kind) -> list[Look]:
        """Look at candidates, each once, and not at too many."""
        chosen = list(dict.fromkeys(urls))[:MOST_CANDIDATES]
        return list(await asyncio.gather(*(self.look(domain, url, kind) for url in chosen)))

    async def look_at_feeds(self, domain: str, urls: list[str]) -> list[Look]:
        """Look at what may be feeds, and at those named by a page about feeds that is among them."""
        allowed = [url for url in urls if is_within(url, [domain, site_of(domain), *FEED_HOSTS])]
        looks = await self.look_at_all(domain, allowed, "feed")
        pages = [look.answer.response for look in looks if look.finding.reason == "not-a-feed" and look.answer.response]
        more = [url for page in pages for url in _links_to_feeds(_parsed(page), page.url) if url not in allowed]
        found = [look for look in looks if look.finding.reason != "not-a-feed"]
        return found + await self.look_at_all(
            domain, [url for url in more if is_within(url, [domain, site_of(domain), *FEED_HOSTS])], "feed"
        )

    async def robots_sitemaps(self, url: str, domain: str) -> list[str]:
        """The sitemaps that robots.txt names, those for news first."""
        answer = await self.ask(urljoin(url, "/robots.txt"), [domain], domain, robots=False)
        if not isinstance(answer.response, TextResponse):
            return []
        named = re.findall(r"^\s*sitemap\s*:\s*(\S+)", answer.response.text[:500_000], re.IGNORECASE | re.MULTILINE)
        found = [clean for name in named if (clean := clean_url(name, answer.url)) and is_within(clean, [domain])]
        return sorted(found, key=lambda sitemap: "news" not in sitemap)


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


def _parsed(response: Response) -> Selector:
    return Selector(text=response.text if isinstance(response, TextResponse) else "<html></html>", type="html")


def _links_to_feeds(page: Selector, base: str) -> list[str]:
    """The links of a page whose address says that they lead to a feed, and not to one of comments."""
    urls = (clean_url(link.attrib["href"], base) for link in page.xpath("//a[@href]"))
    return [url for url in dict.fromkeys(urls) if url and _is_for_feed(url) and not _COMMENTS.search(url)]


def _is_for_feed(url: str) -> bool:
    parts = urlsplit(url)
    return bool(_FEED_PATH.search(parts.path)) or (parts.hostname or "").split(".")[0] in ("feeds", "rss")


def _not_redundant(looks: list[Look]) -> list[Look]:
    """The listings that list an article that none before them lists."""
    known: set[str] = set()
    kept: list[Look] = []
    for look in looks:
        entries = {entry.url for entry in look.listing.entries}
        if not entries <= known and len(kept) < MOST_LISTINGS:
            kept.append(look)
            known |= entries
    return kept


def _is_for_news(look: Look) -> bool:
    """Whether a sitemap is for news: it says so in its address, or gives headlines, which only those for news do."""
    return "news" in look.finding.url or any(entry.hint.title for entry in look.listing.entries)


def _name_of(page: Selector) -> str | None:
    """What a site calls itself on its front page."""
    declared = page.xpath("//meta[@property='og:site_name']/@content | //meta[@name='application-name']/@content")
    title = clean(page.xpath("string(//head/title)").get())
    return clean(declared.get()) or _SITE_AND_MORE.split(title)[0] or None


def _language_of(page: Selector, feeds: list[Look]) -> str | None:
    """The main language of a site, as its front page says, else its feeds."""
    declared = re.match(r"[a-z]{2}(?![a-z])", (page.xpath("/html/@lang").get() or "").strip().lower())
    if declared:
        return declared[0]
    for look in feeds:
        if look.answer.response and (found := _FEED_LANGUAGE.search(look.answer.response.body[:5000])):
            return found[1].decode().lower()
    return None


def _main(told: bytes, say: child.Say) -> dict[str, Any]:
    task = Task.model_validate_json(told)
    survey: Survey = child.run_spider(Surveyor, task.crawl, task.sources, say, task=task, say=say).survey
    return survey.model_dump(mode="json")


if __name__ == "__main__":
    sys.exit(child.main(_main))

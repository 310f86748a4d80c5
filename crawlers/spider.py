"""The news spider: from the listings of each source to its articles; every request ends in exactly one page record.

One coroutine follows each source: it asks for the listings, has them read in another process, chooses the articles,
and asks for them a few at a time, so that memory does not grow with what is waiting, and a site can be left alone in
between. What a source still wants is in :mod:`crawlers.harvest`, what its site allows in :mod:`crawlers.site`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from datetime import timedelta
from itertools import islice
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from scrapy import Spider, signals
from scrapy.http import Request, Response, TextResponse

from crawlers import render
from crawlers.answers import header, headers_of, reason_of
from crawlers.archive import WarcFile
from crawlers.discovery import is_within, site_of
from crawlers.harvest import Asked, Harvest, Listed
from crawlers.listing import DEEPEST_SITEMAP, Listing, NotAListing
from crawlers.optout import POLICY, OptOuts, Rule, is_reserved, policy
from crawlers.parts import MOST_PARTS, may_go_on, part_number
from crawlers.reading import ListingReader
from crawlers.site import Site
from wirewatch.errors import UserError
from wirewatch.records import Page, PageKind, PageOutcome, Postponed, Time, now
from wirewatch.settings import CrawlSettings
from wirewatch.sources import Source
from wirewatch.state import State

logger = logging.getLogger(__name__)

MOST_SITEMAPS = 10
"""Sitemaps taken from one index, the newest first."""
DEEPEST_SECTION = 2
"""Further pages of a section that are looked at while each brings something new."""
MOST_ADVERTISED = 5
"""Feeds that a section page advertises, and sitemaps that a robots.txt names, that are taken for one source."""
MOST_POLICY = 256 * 1024
"""Bytes of a host's file of reserved paths."""
TRUSTED = timedelta(hours=24)
"""Time for which a listing's validators are believed; then it is asked for in full once, to see whether they lie."""


class NewsSpider(Spider):
    """Crawls sources.

    Args:
        sources: what to crawl.
        state: what was seen before. Without one nothing is crawled.
        record: takes each page record as it is made, with the numbers of requests done and known so far.
        postpone: takes each new article that is left to the next run.
        warc: where the exchanges are archived.
        crawl: how politely and how far to go.
        due: whether only what is due is asked for: see :func:`crawlers.crawl.crawl`.
        revisits: whether only articles are asked for that are to be looked at again.
    """

    name = "news"

    def __init__(
        self,
        sources: Iterable[Source] = (),
        state: State | None = None,
        record: Callable[[Page, int, int], None] = lambda page, done, total: None,
        postpone: Callable[[Postponed], None] = lambda article: None,
        warc: WarcFile | None = None,
        crawl: CrawlSettings | None = None,
        due: bool = False,
        revisits: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sources, self.record, self.postpone = tuple(sources), record, postpone
        self.warc, self.due, self.revisits = warc, due, revisits
        self.limits = crawl or CrawlSettings()
        self.opt_outs = OptOuts(self.limits)
        if state:
            self.state = state
        self.policies: dict[str, asyncio.Future[list[Rule]]] = {}
        self.known = self.finished = 0
        self.counts: dict[str, int] = defaultdict(int)
        self.error: BaseException | None = None

    async def start(self) -> AsyncIterator[Request]:
        """The whole crawl. Nothing is given to Scrapy's scheduler: each source asks for its pages itself."""
        self.crawler.signals.connect(self.robots_parsed, signal=signals.robots_parsed)
        try:
            with ListingReader() as self.reader:
                async with asyncio.TaskGroup() as tasks:
                    for source, site in self.sites():
                        tasks.create_task(self.visit(Harvest(source, site, self.due, self.revisits)))
        except BaseException as error:  # Scrapy would log it and end as if all was well
            self.error = self.error or _first(error)
            raise
        return
        yield  # makes it the generator that Scrapy wants

    def sites(self) -> list[tuple[Source, Site]]:
        """Every source with its site."""
        ends = monotonic() + self.limits.max_minutes * 60
        asking = self.state.asking(source.domain for source in self.sources) if self.sources else {}
        of_site: dict[str, list[Source]] = defaultdict(list)
        for source in self.sources:
            of_site[site_of(source.domain)].append(source)
        found = []
        for name, sources in of_site.items():
            lately = [asking[source.domain] for source in sources if source.domain in asking]
            asked = sum(each.pages for each in lately if each.day == now().date())
            site = Site(name, self.limits.per_site, max(self.limits.daily_requests - asked, 0), ends)
            if any(each.closed_until and each.closed_until > now() for each in lately):
                site.close()
            found += [(source, site) for source in sources]
        return found

    # --- one source

    async def visit(self, harvest: Harvest) -> None:
        """Crawl one source. A fault in it costs no other source anything."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for asked in harvest.listings_due(self.state):
                    self.want_listing(tasks, harvest, asked)
            harvest.choose(self.state, self.limits.max_articles)
            self.known += len(harvest.wanted)
            async with asyncio.TaskGroup() as tasks:
                for _ in range(self.limits.per_site):
                    tasks.create_task(self.articles(harvest))
            for page in harvest.records():
                self.done(page)
        except Exception as error:
            if self.error or isinstance(_first(error), UserError):
                raise  # the archive or the state cannot be used: nothing is to be kept
            logger.exception("The crawl of %s broke down", harvest.source.domain)
            self.break_off(harvest)
        for article in harvest.left_over():
            self.postpone(article)
        self.counts["postponed"] += harvest.postponed
        self.counts["revisited"] += harvest.revisited

    def break_off(self, harvest: Harvest) -> None:
        """Record what a fault has left unfinished."""
        for asked in list(harvest.open):
            self.settle(harvest, asked, PageOutcome.FAILED, "unfinished")
        for listed in harvest.listings:
            unfinished = {"outcome": PageOutcome.FAILED, "reason": "unfinished", "warc": None, "offset": None}
            self.done(listed.page.model_copy(update=unfinished))
        for asked in harvest.wanted:
            harvest.postpone(asked)

    # --- listings

    def want_listing(self, tasks: asyncio.TaskGroup, harvest: Harvest, asked: Asked) -> None:
        """Ask for a listing, unless it was asked for already."""
        if harvest.site.is_new(asked.url):
            self.known += 1
            tasks.create_task(self.listing(tasks, harvest, asked))

    async def listing(self, tasks: asyncio.TaskGroup, harvest: Harvest, asked: Asked) -> None:
        """Get a listing, and keep what it lists."""
        response = await self.ask(harvest, asked)
        if response is None:
            return
        archived = self.archive(response)
        try:
            listing, digest = await self.reader.read(asked.listing, response.url, response.body, headers_of(response))
        except NotAListing as error:
            self.settle(harvest, asked, PageOutcome.FAILED, error.reason, response)
            return
        same = asked.visit is not None and asked.visit.digest == digest
        outcome = PageOutcome.UNCHANGED if same else PageOutcome.FETCHED
        page = self.page(harvest, asked, outcome, response=response, digest=digest, archived=archived)
        if listing.children:
            # An unchanged index can list changed sitemaps, so it is always read again; they are asked conditionally.
            page = page.model_copy(update={"etag": None, "last_modified": None})
        listed = Listed(page, asked.above)
        fresh = harvest.add(listed, listing, asked.listing)
        harvest.open.discard(asked)
        self.counts["malformed-entries"] += listing.malformed
        further = self.further(harvest, asked, listing, fresh)
        visits = self.state.look_up(url for url, _ in further)
        for url, kind in further:
            self.want_listing(
                tasks,
                harvest,
                Asked(
                    url,
                    PageKind.LISTING,
                    visit=visits.get(url),
                    listing=kind,
                    depth=asked.depth + 1,
                    above=listed if listing.children else None,
                ),
            )

    def further(
        self, harvest: Harvest, asked: Asked, listing: Listing, fresh: Collection[str]
    ) -> list[tuple[str, str]]:
        """The listings that a listing leads to, as addresses and kinds. ``fresh`` is what it listed first."""
        if listing.children:
            taken = listing.children[:MOST_SITEMAPS] if asked.depth < DEEPEST_SITEMAP else ()
            self.counts["skipped-sitemaps"] += len(listing.children) - len(taken)
            return [(child.url, "sitemap") for child in taken]
        if asked.listing != "section":
            return []
        further = self.advertised(harvest, listing)
        if listing.next and asked.depth < DEEPEST_SECTION and len(self.state.look_up(fresh)) < len(fresh):
            further.append((listing.next, "section"))
        return further

    def advertised(self, harvest: Harvest, listing: Listing) -> list[tuple[str, str]]:
        """Feeds that a section page advertises, and sitemaps of robots.txt, where the catalogue knows of none."""
        source = harvest.source
        feeds = [] if source.feeds else [(url, "feed") for url in listing.feeds]
        sitemaps = (
            [] if source.feeds or source.sitemaps else [(url, "sitemap") for url in sorted(harvest.site.sitemaps)]
        )
        return [
            found
            for kind in (feeds, sitemaps)
            for found in kind[:MOST_ADVERTISED]
            if is_within(found[0], [source.domain])
        ]

    def robots_parsed(self, robotparser: Any, request: Request) -> None:
        """Keep the sitemaps of news that a robots.txt names."""
        if site := request.meta.get("site"):
            named = (url for url in robotparser.rp.sitemaps if "news" in url.lower())
            site.sitemaps.update(islice(named, MOST_ADVERTISED))

    # --- articles

    async def articles(self, harvest: Harvest) -> None:
        """Ask for one article after the other. So many of these run at once as the site takes requests."""
        while harvest.wanted:
            await self.article(harvest, harvest.wanted.popleft())

    async def article(self, harvest: Harvest, asked: Asked) -> None:
        """Get the page of an article, and those on which it goes on."""
        response = await self.text(harvest, asked)
        if response is None:
            return
        digest, archived, outcome = hashlib.sha256(response.body).hexdigest(), None, PageOutcome.UNCHANGED
        # One that was gone counts as fetched, so that it is seen to be back.
        if not asked.visit or asked.visit.failures or asked.visit.digest != digest:
            outcome, archived = PageOutcome.FETCHED, self.archive(response)
        page = self.page(harvest, asked, outcome, response=response, digest=digest, archived=archived)
        if outcome is PageOutcome.FETCHED and not await self.parts(harvest, asked, response):
            # So the next visit takes it as changed, and asks for what is missing again.
            page = page.model_copy(update={"digest": None, "etag": None, "last_modified": None})
        harvest.open.discard(asked)
        self.done(page)

    async def parts(self, harvest: Harvest, first: Asked, response: Response) -> bool:
        """Get the further pages of an article, one after the other, up to the first that cannot be had; returns whether
        there is none such."""
        url, found, number = response.url, dict[int, str](), 2
        while number <= MOST_PARTS + 1:
            if number not in found and may_go_on(url, response.body, number):
                try:
                    found |= await self.numbered(url, response)
                except NotAListing as error:
                    logger.warning("The further pages of %s are not known: %s", url, error.reason)
                    return False
            if number not in found:
                return True
            asked = Asked(found[number], PageKind.PART, part_of=first.url)
            further = await self.part(harvest, asked, url) if harvest.site.is_new(asked.url) else None
            if further is None:
                return False
            response, number = further, number + 1
        self.counts["skipped-parts"] += sum(other >= number for other in found)
        return True

    async def numbered(self, url: str, response: Response) -> dict[int, str]:
        """The further pages of the article at ``url`` that one of its pages links to, by their numbers."""
        pages, _ = await self.reader.read("parts", url, response.body, headers_of(response))
        return {number: page.url for page in pages.children if (number := part_number(url, page.url))}

    async def part(self, harvest: Harvest, asked: Asked, first: str) -> Response | None:
        """Get and keep a further page of the article at ``first``; None where it cannot be had, which is recorded."""
        self.known += 1
        response = await self.text(harvest, asked)
        if response is None:
            return None
        if part_number(first, response.url) != part_number(first, asked.url):
            self.settle(harvest, asked, PageOutcome.FAILED, "moved", response)
            return None
        archived = self.archive(response)
        harvest.open.discard(asked)
        digest = hashlib.sha256(response.body).hexdigest()
        self.done(self.page(harvest, asked, PageOutcome.FETCHED, response=response, digest=digest, archived=archived))
        return response

    async def text(self, harvest: Harvest, asked: Asked) -> Response | None:
        """Get a page of an article; None where there is none that may be kept, which is recorded."""
        if self.opt_outs.tdm and harvest.site.is_open and is_reserved(await self.policy(harvest, asked.url), asked.url):
            self.settle(harvest, asked, PageOutcome.FAILED, "tdm-opt-out")
            return None
        response = await self.ask(harvest, asked)
        if response is not None and (problem := self.problem(response)):
            self.settle(harvest, asked, PageOutcome.FAILED, problem, response)
            return None
        return response

    def problem(self, response: Response) -> str | None:
        """Why a page cannot be an article's, or must not be kept."""
        if not response.body or response.body.isspace():
            return "empty"
        if not isinstance(response, TextResponse):
            return "not-text"
        return self.opt_outs.reason(response)

    async def policy(self, harvest: Harvest, url: str) -> list[Rule]:
        """Which paths the host of an address reserves; asked for once."""
        scheme, host = urlsplit(url)[:2]
        if host not in self.policies:
            self.policies[host] = asked = asyncio.get_running_loop().create_future()
            rules: list[Rule] = []
            try:
                rules = await self.ask_policy(harvest, f"{scheme}://{host}{POLICY}")
            finally:  # others wait for it
                asked.set_result(rules)
        return await self.policies[host]

    async def ask_policy(self, harvest: Harvest, url: str) -> list[Rule]:
        """The rules at an address; none where there is no such file."""
        meta = self.meta(harvest) | {
            "dont_obey_robotstxt": True,  # like robots.txt itself
            "dont_retry": True,
            "download_maxsize": MOST_POLICY,
        }
        async with harvest.site.turn() as may:
            if not may:
                return []
            try:
                response = await self.crawler.engine.download_async(Request(url, meta=meta))
            except Exception:
                if self.error:
                    raise
                return []  # the page itself tells what is wrong with the host
        return policy(response.body) if response.status == 200 else []

    # --- requests and their ends

    async def ask(self, harvest: Harvest, asked: Asked) -> Response | None:
        """Ask for a page; once more where the site says that it is busy.

        Returns:
            The answer, of status 200; None where there is nothing to read: that is recorded, or the page postponed.
        """
        harvest.open.add(asked)
        try:
            response, wait = await harvest.site.ask(
                lambda: self.crawler.engine.download_async(self.request(harvest, asked))
            )
        except Exception as error:
            if self.error:
                raise
            self.settle(harvest, asked, PageOutcome.FAILED, reason_of(error, asked.url))
            return None
        if response is None and asked.kind is PageKind.PART:
            self.settle(harvest, asked, PageOutcome.FAILED, "unfinished")  # the rest of an article that is kept
        elif response is None:
            harvest.open.discard(asked)
            harvest.postpone(asked)
            self.finished += 1
        elif response.status == 304:
            self.settle(harvest, asked, PageOutcome.UNCHANGED, response=response)
        elif response.status != 200:
            until = None if wait is None else now() + wait
            self.settle(harvest, asked, PageOutcome.FAILED, f"http-{response.status}", response, retry_after=until)
        else:
            return response
        return None

    def request(self, harvest: Harvest, asked: Asked) -> Request:
        """The request for a page; conditional where it was fetched before."""
        headers = {"Accept-Language": ", ".join((*harvest.source.languages, "*;q=0.5"))}
        visit = asked.visit
        if visit and visit.fetched and self.is_trusted(asked):
            if visit.etag:
                headers["If-None-Match"] = visit.etag
            if visit.last_modified:
                headers["If-Modified-Since"] = visit.last_modified
        meta = self.meta(harvest) | {"asked": asked, "via": asked.part_of or asked.hint.listing}
        if asked.kind is PageKind.LISTING:
            # The catalogue may name a feed elsewhere: outlets host them with feed services.
            meta["domains"] = [*meta["domains"], urlsplit(asked.url).hostname or ""]
        request = Request(asked.url, headers=headers, meta=meta)
        return render.prepare(
            request, harvest.source, page=asked.kind is not PageKind.LISTING or asked.listing == "section"
        )

    def is_trusted(self, asked: Asked) -> bool:
        """Whether "not modified" would be believed."""
        visit = asked.visit
        assert visit
        if asked.kind is PageKind.ARTICLE:
            return not visit.failures  # one that was gone is to be seen again in full
        return not visit.lies and visit.read is not None and now() - visit.read < TRUSTED

    def meta(self, harvest: Harvest) -> dict[str, Any]:
        """What each request of a source carries."""
        return {
            "site": harvest.site,
            "source": harvest.source.domain,
            "domains": [harvest.source.domain],
            "download_slot": harvest.site.name,
        }

    def settle(
        self,
        harvest: Harvest,
        asked: Asked,
        outcome: PageOutcome,
        reason: str | None = None,
        response: Response | None = None,
        retry_after: Time | None = None,
    ) -> None:
        """Record how a request ended."""
        harvest.open.discard(asked)
        self.done(self.page(harvest, asked, outcome, reason, response, retry_after=retry_after))

    def archive(self, response: Response) -> tuple[str, int] | None:
        """Archive the exchange that a response came from, as it was on the wire; returns where."""
        exchange = response.meta.pop("exchange", None)
        return self.write(*exchange) if exchange else None

    def write(self, request: Request, response: Response) -> tuple[str, int] | None:
        """Write an exchange to the archive, where there is one."""
        try:
            return self.warc.add(request, response) if self.warc else None
        except OSError as error:  # a full disk, say: not the fault of a page, so the whole crawl is to be repeated
            self.error = error
            raise

    def page(
        self,
        harvest: Harvest,
        asked: Asked,
        outcome: PageOutcome,
        reason: str | None = None,
        response: Response | None = None,
        digest: str | None = None,
        archived: tuple[str, int] | None = None,
        retry_after: Time | None = None,
    ) -> Page:
        """The record of an answer."""
        if response:
            response.meta.pop("exchange", None)  # a request that holds itself would be held for long
        warc, offset = archived or (None, None)
        return Page(
            url=asked.url,
            moved=response.url if response and response.url != asked.url else None,
            source=harvest.source.ref,
            kind=asked.kind,
            outcome=outcome,
            reason=reason,
            fetched=now(),
            bytes=asked.bytes,
            seconds=round(asked.seconds, 3),
            digest=digest,
            retry_after=retry_after,
            part_of=asked.part_of,
            etag=header(response, "ETag") if response else None,
            last_modified=header(response, "Last-Modified") if response else None,
            warc=warc,
            offset=offset,
            hint=asked.hint,
        )

    def done(self, page: Page) -> None:
        """Hand a finished record on."""
        self.finished += 1
        self.record(page, self.finished, self.known)


def _first(error: BaseException) -> BaseException:
    """The error behind groups of errors, the first of several."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error

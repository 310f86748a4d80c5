"""What a site has to offer that nobody knows yet: its feeds, its sitemaps, or else its front page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from parsel import Selector
from scrapy.http import Response, TextResponse

from crawlers.discovery import clean_url, is_within, site_of
from crawlers.listing import Listing, NotAListing
from crawlers.pages.metadata import clean
from crawlers.surveyor import UNREACHABLE, Finding, Look, Surveyor
from wirewatch.records import Record
from wirewatch.sources import FEED_HOSTS, Kind, domain_of

MOST_CANDIDATES = 30
"""Addresses of one site that are looked at because they may be feeds; and again so many that may be sitemaps."""
MOST_LISTINGS = 10
"""Feeds, and sitemaps, of one site that go into its entry."""
FEWEST_LINKS = 3
"""Links to articles that a front page must have to serve as a listing."""
COMMON_FEEDS = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml")
COMMON_SITEMAPS = ("/news-sitemap.xml", "/sitemap-news.xml")
"""Paths that are tried where a site names neither feeds nor sitemaps."""

_FEED_PATH = re.compile(r"(?:^|[/._-])(?:rss|feeds?|atom)(?:\d|[/._-]|$)|\.rdf$", re.IGNORECASE)
_COMMENTS = re.compile(r"comment|kommentar|comentario", re.IGNORECASE)
_FEED_LANGUAGE = re.compile(
    rb"""(?:<(?:dc:)?language>\s*|xml:lang=["']|"language":\s*")([a-z]{2})(?![a-z])""", re.IGNORECASE
)
_SITE_AND_MORE = re.compile(r"\s+[-–—|:·»]\s+|\s*[|│]\s*")


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


async def explore(surveyor: Surveyor, address: str) -> Site:
    """Find out what a site has to offer."""
    # Wherever the address leads to: whoever gave it reads the entry that comes of it.
    front = await surveyor.ask(address, None, domain_of(address))
    domain = domain_of(front.url)
    if front.reason in UNREACHABLE:
        return Site(url=front.url, domain=domain, reason=front.reason)
    page, root, advertised = Listing(), Selector(text="<html></html>"), []
    if front.response:
        root = _parsed(front.response)
        try:
            page = await surveyor.read("section", front.response)
        except NotAListing as error:
            front.reason = error.reason
        advertised = [*page.feeds, *_links_to_feeds(root, front.url)]
    looks = await _look_around(surveyor, domain, front.url, advertised)
    feeds, sitemaps = _of_use(looks)
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


async def _look_around(surveyor: Surveyor, domain: str, front: str, advertised: list[str]) -> list[Look]:
    """Look at what a site advertises, on its front page and in robots.txt; where nothing of that works, at what other
    sites have.
    """
    looks = await _look_at_feeds(surveyor, domain, advertised)
    looks += await _look_at_all(surveyor, domain, await _robots_sitemaps(surveyor, front, domain), "sitemap")
    if not any(look.finding.entries for look in looks):
        looks += await _look_at_all(surveyor, domain, [urljoin(front, path) for path in COMMON_SITEMAPS], "sitemap")
        looks += await _look_at_all(surveyor, domain, [urljoin(front, path) for path in COMMON_FEEDS], "feed")
    return looks


async def _look_at_all(surveyor: Surveyor, domain: str, urls: Iterable[str], kind: Kind) -> list[Look]:
    """Look at candidates, each once, and not at too many."""
    chosen = list(dict.fromkeys(urls))[:MOST_CANDIDATES]
    return list(await asyncio.gather(*(surveyor.look(domain, url, kind) for url in chosen)))


async def _look_at_feeds(surveyor: Surveyor, domain: str, urls: list[str]) -> list[Look]:
    """Look at what may be feeds, and at those named by a page about feeds that is among them."""
    allowed = [url for url in urls if is_within(url, [domain, site_of(domain), *FEED_HOSTS])]
    looks = await _look_at_all(surveyor, domain, allowed, "feed")
    pages = [look.answer.response for look in looks if look.finding.reason == "not-a-feed" and look.answer.response]
    more = [url for page in pages for url in _links_to_feeds(_parsed(page), page.url) if url not in allowed]
    found = [look for look in looks if look.finding.reason != "not-a-feed"]
    return found + await _look_at_all(
        surveyor, domain, [url for url in more if is_within(url, [domain, site_of(domain), *FEED_HOSTS])], "feed"
    )


async def _robots_sitemaps(surveyor: Surveyor, url: str, domain: str) -> list[str]:
    """The sitemaps that robots.txt names, those for news first."""
    answer = await surveyor.ask(urljoin(url, "/robots.txt"), [domain], domain, robots=False)
    if not isinstance(answer.response, TextResponse):
        return []
    named = re.findall(r"^\s*sitemap\s*:\s*(\S+)", answer.response.text[:500_000], re.IGNORECASE | re.MULTILINE)
    found = [at for name in named if (at := clean_url(name, answer.url)) and is_within(at, [domain])]
    return sorted(found, key=lambda sitemap: "news" not in sitemap)


def _of_use(looks: list[Look]) -> tuple[list[Look], list[Look]]:
    """The feeds, and the sitemaps, to visit from now on: those for news, or another one where there is nothing else."""
    feeds = _not_redundant([look for look in looks if look.finding.kind == "feed" and look.finding.entries])
    maps = [look for look in looks if look.finding.kind == "sitemap" and look.finding.entries]
    sitemaps = _not_redundant([look for look in maps if _is_for_news(look)])
    return feeds, sitemaps or ([] if feeds else maps[:1])


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

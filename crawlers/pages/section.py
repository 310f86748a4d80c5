"""Section pages: which of a page's links lead to articles, where its feeds are, and which page goes on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml.html import HtmlElement  # type: ignore[import-untyped]
from parsel import Selector
from web_poet import WebPage

from crawlers.discovery import clean_url, is_headline, is_within, leads_elsewhere, looks_like_article, site_of
from crawlers.listing import Entry, Listing, NotAListing
from crawlers.pages.metadata import names_of
from wirewatch.records import Hint

MOST_LINKS = 10_000
"""Links of one page that are looked at; more is not a section page."""
MOST_FEEDS = 20
"""Feeds that one page may advertise."""
_HIGHEST = 12
"""Elements above a link in which it is told whether it stands in a menu."""
_LONGEST_HEADLINE = 300

_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:nav|navi|navbar|navigation|menu|submenu|footer|breadcrumbs?|cookies?|legal|imprint|topbar|sitemap|"
    r"tags?|tag-?list|pagination|pager|lang(?:uage)?s?)(?=$|[\s_-])",
    re.IGNORECASE,
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_COMMENTS = re.compile(r"comment|kommentar|comentario|commentaire", re.IGNORECASE)


@dataclass
class Link:
    """An address that a page links to, by all the links that lead there."""

    url: str
    text: str = ""
    """Of the texts the heading, else the longest: the picture of a teaser links to the article too."""
    in_heading: bool = False
    in_furniture: bool = True
    """Whether it stands in a menu or a footer only."""

    @property
    def is_prominent(self) -> bool:
        """Whether it stands where headlines stand, or reads like one."""
        return not self.in_furniture and (self.in_heading or is_headline(self.text))

    def points(self, habits: set[str]) -> int:
        """How much speaks for an article: two are enough.

        Args:
            habits: the forms of address (:func:`form_of`) that this page's headlines have.
        """
        # What one page does all over says most: one site's articles have addresses of one form.
        by_page = 2 * (form_of(self.url) in habits)
        path = unquote(urlsplit(self.url).path)
        is_certain = _DATED_OR_NUMBERED.search(unquote(self.url)) or _LONG_SLUG.search(path)
        by_address = 2 * looks_like_article(self.url) + bool(is_certain) - bool(_ONE_WORD.fullmatch(path))
        by_text = is_headline(self.text) - (0 < len(self.text.split()) <= 3 and not self.in_heading)
        return by_page + by_address + by_text + self.in_heading - 3 * self.in_furniture


_LONG_SLUG = re.compile(r"/[^\W\d_]+(?:[-_]+[^\W_]+){5,}[^/]*/?$")
_ONE_WORD = re.compile(r"/[^\W\d_]+(?:[-_][^\W\d_]+)?/?")
_DATED_OR_NUMBERED = re.compile(r"(?<!\d)\d{5,}|/(?:19|20)\d\d[/-]?\d\d?[/-]")


class SectionPage(WebPage[Listing]):
    """A page of a site that links to its articles."""

    @cached_property
    def root(self) -> HtmlElement:
        """The parsed page."""
        return Selector(text=self.response.text, type="html").root

    async def to_item(self) -> Listing:
        """The links on the same site that lead to articles, in the order of the page."""
        if b"<" not in self.response.body[:4096]:
            raise NotAListing("not-a-page")
        links = self.links()
        habits = habits_of(links)
        entries = tuple(
            Entry(url=link.url, hint=Hint(title=link.text or None))
            for link in links
            if not leads_elsewhere(link.url) and link.points(habits) >= 2
        )
        return Listing(entries=entries, feeds=self.feeds(), next=self.next_page())

    def links(self) -> list[Link]:
        """Where the page's links lead on the same site, itself not among it."""
        site = site_of(urlsplit(str(self.response.url)).hostname or "")
        here = clean_url(str(self.response.url))
        found: dict[str, Link] = {}
        for element in islice(self.root.iter("a"), MOST_LINKS):
            url = clean_url(element.get("href") or "#", self._base)
            if not url or url == here or not is_within(url, [site]):
                continue
            link = found.setdefault(url, Link(url))
            text, in_heading = _text_of(element)
            if (in_heading, len(text)) > (link.in_heading, len(link.text)) and text:
                link.text, link.in_heading = text, in_heading
            link.in_furniture = link.in_furniture and _is_furniture(element)
        return list(found.values())

    def feeds(self) -> tuple[str, ...]:
        """The feeds that the page advertises, those of comments left out."""
        found = [
            clean_url(element.get("href"), self._base)
            for element in islice(self.root.iter("link"), MOST_LINKS)
            if element.get("href")
            and "alternate" in (element.get("rel") or "").lower().split()
            and (element.get("type") or "").partition(";")[0].strip().lower() in _FEED_TYPES
            and not _COMMENTS.search(f"{element.get('href')} {element.get('title')}")
        ]
        return tuple(dict.fromkeys(url for url in found if url))[:MOST_FEEDS]

    def next_page(self) -> str | None:
        """The page with the next number of the same list. What has no number (a calendar, say) may go on for ever."""
        here, number = _page_number(clean_url(str(self.response.url)) or "")
        for element in islice(self.root.iter("link", "a"), MOST_LINKS):
            url = clean_url(element.get("href") or "#", self._base)
            if url and _page_number(url) == (here, number + 1):
                return url
        return None

    @cached_property
    def _base(self) -> str:
        try:
            return str(self.response.urljoin(""))
        except ValueError:  # a broken <base>
            return str(self.response.url)


def habits_of(links: Iterable[Link]) -> set[str]:
    """The forms of address that at least three links have, and most of them are prominent."""
    alike: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        if not link.in_furniture and not leads_elsewhere(link.url):
            alike[form_of(link.url)].append(link)
    return {
        form
        for form, group in alike.items()
        if len(group) >= 3 and 2 * sum(link.is_prominent for link in group) > len(group)
    }


def form_of(url: str) -> str:
    """What is alike in the addresses of one site's articles: ``/world/2023/ferry-opens-on-lake`` is ``/w/n/s``."""
    parts = urlsplit(url)
    segments = [_form_of_segment(segment) for segment in unquote(parts.path).split("/") if segment]
    keys = sorted(name for name, _ in parse_qsl(parts.query))
    return f"{parts.hostname}/{'/'.join(segments)}?{'&'.join(keys)}"


def _form_of_segment(segment: str) -> str:
    name, dot, extension = segment.rpartition(".")
    if not dot or len(extension) > 5:
        name, dot, extension = segment, "", ""
    words = len(re.findall(r"[^\W\d_]+", name))
    form = "n" if not words else "s" if words >= 3 or len(name) > 25 else "d" if re.search(r"\d", name) else "w"
    return form + dot + extension


def _text_of(element: HtmlElement) -> tuple[str, bool]:
    """The text of a link and whether it is a heading: it stands in one, or has one in it."""
    heading = next(element.iter(*_HEADINGS), None)
    above = islice(element.iterancestors(), 3)
    in_heading = heading is not None or any(outer.tag in _HEADINGS for outer in above)
    whole = heading if heading is not None else element
    text = " ".join(" ".join(islice(whole.xpath("./descendant::text()"), 100)).split())
    return (text or element.get("title") or "")[:_LONGEST_HEADLINE], in_heading


def _is_furniture(element: HtmlElement) -> bool:
    """Whether a link stands in a menu or a footer of the page; articles have headers and footers of their own."""
    for outer in islice(element.iterancestors(), _HIGHEST):
        if outer.tag in ("article", "main", "body"):
            return False
        if outer.tag in ("nav", "footer") or outer.get("role") in ("navigation", "contentinfo", "menu"):
            return True
        if _FURNITURE.search(names_of(outer)):
            return True
    return False


_PAGE_QUERY = re.compile(r"(?<=[?&])(page|paged|pg|p|pagina|seite|sayfa)=(\d{1,4})(?=&|$)", re.IGNORECASE)
_PAGE_PATH = re.compile(r"/(?:page|seite|pagina|p)[/-]?(\d{1,4})/?$", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"(?<!/(?:19|20)\d\d)/(\d{1,2})/?$")


def _page_number(url: str) -> tuple[str, int]:
    """An address without its page number, and the number; 1 without one."""
    for pattern, group in ((_PAGE_QUERY, 2), (_PAGE_PATH, 1), (_PAGE_NUMBER, 1)):
        if found := pattern.search(url):
            return (url[: found.start()] + url[found.end() :]).rstrip("/?&"), int(found[group])
    return url.rstrip("/?&"), 1

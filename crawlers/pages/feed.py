"""Feeds: RSS (0.9x, 1.0, 2.0), Atom and JSON Feed, told apart by what they are and not by what they are called."""

from __future__ import annotations

import calendar
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import feedparser
from lxml.html import HtmlElement  # type: ignore[import-untyped]
from parsel import Selector
from web_poet import WebPage

from crawlers.discovery import clean_url
from crawlers.listing import Entry, Listing, NotAListing
from crawlers.pages.body import without_repeats
from crawlers.pages.listing import harmless_xml, plain, text_of_listing
from crawlers.pages.metadata import as_list, clean, parse_time, same, same_page, text_of
from crawlers.pages.noise import without_noise
from wirewatch.records import Hint, Record, Time

MOST_ODD_DATES = 100
"""Dates of one feed that dateparser is asked for: it knows any language, but takes up to 30 ms, and the crawl waits."""
LONGEST_FULL_TEXT = 500_000
"""Characters of an entry's HTML that are read."""
SHORTEST_CLOSING = 80
"""Characters beside its links under which a paragraph that links back to its own article is no part of the text."""


class FeedText(Record):
    """The text that a feed carries for one of its entries."""

    title: str | None = None
    lead: str | None = None
    """The summary, where the feed has one beside the text that is not only its beginning."""
    paragraphs: tuple[str, ...] = ()
    """Plain text; one paragraph where the feed carries a summary only."""
    authors: tuple[str, ...] = ()
    """As the feed writes them."""
    published: Time | None = None


class FeedPage(WebPage[Listing]):
    """Any feed."""

    async def to_item(self) -> Listing:
        """Read the feed; an entry that is broken costs that entry."""
        items = _read(str(self.response.url), bytes(self.response.body), list(self.response.headers.items()))
        entries = [
            Entry(
                url=item.url,
                hint=Hint(
                    title=plain(item.title),
                    summary=plain(item.summary),
                    published=item.published,
                    modified=item.modified,
                ),
            )
            for item in items
            if item
        ]
        return Listing(entries=tuple(entries), malformed=items.count(None))


def feed_texts(url: str, body: bytes, headers: list[tuple[str, str]] | None = None) -> dict[str, FeedText]:
    """The texts that a feed carries, by the addresses that :class:`FeedPage` gives its entries.

    Args:
        url: the feed's address.
        body: the feed as bytes, without a content encoding.
        headers: the response's headers.

    Raises:
        NotAListing: it is no feed.
    """
    return {item.url: _text_of_item(item) for item in _read(url, body, headers or []) if item}


@dataclass(frozen=True)
class _Item:
    """An entry of any kind of feed. Texts are HTML unless :attr:`is_plain`."""

    url: str
    title: str
    summary: str
    content: str
    is_plain: bool
    authors: tuple[str, ...]
    published: datetime | None
    modified: datetime | None


def _read(url: str, body: bytes, headers: list[tuple[str, str]]) -> list[_Item | None]:
    """The entries of a feed in its order; None for one that has no usable address."""
    text = text_of_listing(body, headers)
    odd = iter(range(MOST_ODD_DATES))
    if text.startswith("{"):
        return [_json_item(entry, url, odd) for entry in _json_entries(text)]
    feed = feedparser.parse(
        # A file object: feedparser takes bytes for an address or a file name first.
        io.BytesIO(harmless_xml(text, "rss", "feed", "rdf", "channel").encode()),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        sanitize_html=False,  # only plain text is kept
        resolve_relative_uris=False,
    )
    if not feed.get("version") and not feed.entries:
        raise NotAListing("not-a-feed")
    is_rss = str(feed.get("version")).startswith("rss")
    return [_xml_item(entry, url, odd, is_rss=is_rss) for entry in feed.entries]


# RSS and Atom ---------------------------------------------------------------------------------------


def _xml_item(entry: Any, base: str, odd: Iterator[int], *, is_rss: bool) -> _Item | None:
    links = [
        # FeedBurner replaces links with its own and keeps the site's beside them.
        entry.get("feedburner_origlink"),
        entry.get("link"),
        *(link.get("href") for link in entry.get("links", ()) if link.get("rel") == "alternate"),
        entry.get("id") if entry.get("guidislink") else None,
    ]
    url = next((found for link in links if link and (found := clean_url(link, base))), None)
    if url is None:
        return None
    contents = [c for c in entry.get("content", ()) if "html" in c.get("type", "") or c.get("type") == "text/plain"]
    content: dict[str, str] = max(contents, key=lambda c: len(c.get("value") or ""), default={})
    modified = _feed_time(entry, "updated", odd)
    return _Item(
        url=url,
        title=entry.get("title") or "",
        summary=entry.get("summary") or "",
        content=content.get("value") or entry.get("yandex_full-text") or "",
        is_plain=content.get("type") == "text/plain",
        authors=tuple(name for author in entry.get("authors", ()) if (name := clean(author.get("name")))),
        # dc:date, which is all that RSS 1.0 has, means either.
        published=_feed_time(entry, "published", odd) or (modified if is_rss else None),
        modified=modified,
    )


_DAY_FIRST = re.compile(r"(\d{1,2})[/.](0?[1-9]|1[0-2])[/.]((?:19|20)\d\d)\b")


def _feed_time(entry: Any, name: str, odd: Iterator[int]) -> datetime | None:
    """A date of a feed's entry; ``odd`` is used up by those that only dateparser may know."""
    # Not entry.get: feedparser would answer for a missing `updated` with `published`.
    text = clean(dict.get(entry, name))[:60]
    # 06/02/2023: who writes no standard date hardly writes the American one.
    if moment := parse_time(_DAY_FIRST.sub(r"\3-\2-\1", text)):
        return moment
    try:
        if parsed := dict.get(entry, f"{name}_parsed"):
            return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
        if not text or next(odd, None) is None:
            return None
        import dateparser  # takes long to import, and few feeds need it

        found = dateparser.parse(text, settings={"TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": True})
        return found.astimezone(UTC) if found else None
    except (ValueError, OverflowError, TypeError, OSError):
        return None


# JSON Feed ------------------------------------------------------------------------------------------


def _json_entries(text: str) -> Iterator[Any]:
    """The items one by one, so that a break costs the item it is in."""
    start = re.search(r'"items"\s*:\s*\[', text)
    if "//jsonfeed.org/version/" not in text.replace("\\/", "/") or not start:
        raise NotAListing("not-a-feed")
    decoder = json.JSONDecoder(strict=False)
    at = start.end()
    while (at := _BETWEEN.match(text, at).end()) < len(text) and text[at] != "]":  # type: ignore[union-attr]
        try:
            item, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            item, following = None, _NEXT_ITEM.search(text, at)
            at = following.end() - 1 if following else len(text)
        yield item


_BETWEEN = re.compile(r"[\s,]*")
_NEXT_ITEM = re.compile(r"\}\s*,\s*\{")


def _json_item(item: Any, base: str, odd: Iterator[int]) -> _Item | None:
    if not isinstance(item, dict):
        return None
    # An id is mostly the address (the standard recommends it).
    links = [item.get("url"), item.get("external_url"), item.get("id")]
    url = next((found for link in links[:2] if isinstance(link, str) and (found := clean_url(link, base))), None)
    if url is None and isinstance(links[2], str):
        url = clean_url(links[2])
    if url is None:
        return None
    texts = {name: value for name, value in item.items() if isinstance(value, str)}
    authors = [*as_list(item.get("authors")), *as_list(item.get("author"))]
    dates = {"published": texts.get("date_published"), "updated": texts.get("date_modified")}
    return _Item(
        url=url,
        title=texts.get("title", ""),
        summary=texts.get("summary", ""),
        content=texts.get("content_html") or texts.get("content_text", ""),
        is_plain=not texts.get("content_html"),
        authors=tuple(name for author in authors if isinstance(author, dict) and (name := clean(author.get("name")))),
        published=_feed_time(dates, "published", odd),
        modified=_feed_time(dates, "updated", odd),
    )


# The text of an entry -------------------------------------------------------------------------------


def _text_of_item(item: _Item) -> FeedText:
    title, lead = plain(item.title), plain(item.summary)
    texts = _paragraphs(item.content, item, is_plain=item.is_plain)
    if not texts:
        texts, lead = _paragraphs(item.summary, item, is_plain=False), None
    elif lead and same(" ".join(texts)).startswith(same(lead.rstrip("[]… ."))):
        lead = None  # the text's own beginning
    texts = without_repeats(texts, title=title or "", others=[lead or ""], names=item.authors)
    return FeedText(title=title, lead=lead, paragraphs=tuple(texts), authors=item.authors, published=item.published)


def _paragraphs(markup: str, item: _Item, *, is_plain: bool) -> list[str]:
    """The paragraphs of an entry's HTML, without what is only there because it stands in a feed."""
    markup = markup[:LONGEST_FULL_TEXT]
    if is_plain or not re.search(r"<[a-zA-Z/]", markup):
        return [text for part in re.split(r"\n\s*\n", markup) if (text := clean(part.replace("<", "&lt;")))]
    root = Selector(text=f"<html><body>{markup}</body></html>", type="html").root
    root = without_noise(root, item.url, title=clean(item.title))
    for block in list(root.iter("p", "li", "div", "td")):
        if block.find(".//p") is None and _only_points_back(block, item.url):
            block.drop_tree()
    for block in root.iter(*_BLOCKS):
        # Marks that no feed has, at which the text is cut.
        block.text = _CUT + (block.text or "")
        block.tail = _CUT + (block.tail or "")
    return [text for part in text_of(root).split(_CUT) if (text := part.strip())]


_BLOCKS = (
    *("p", "div", "br", "hr", "li", "ul", "ol", "dt", "dd", "tr", "table", "pre", "blockquote"),
    *("section", "article", "header", "h1", "h2", "h3", "h4", "h5", "h6"),
)
_CUT = "\ue000"


def _only_points_back(block: HtmlElement, url: str) -> bool:
    """Whether a block is there to lead to the site, as in "The post … appeared first on …" and "Read more"."""
    links = [link for link in block.iter("a") if link.get("href")]
    # Such a link is often the article's address with a mark of the feed: #more-17, ?utm_source=rss.
    if not any(same_page(clean_url(link.get("href"), url) or "", url) for link in links):
        return False
    return len(clean(block.text_content())) - sum(len(clean(link.text_content())) for link in links) < SHORTEST_CLOSING

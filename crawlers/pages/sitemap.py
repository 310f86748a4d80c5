"""Sitemaps: those of articles, those for Google News, indexes of them, and plain lists of addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree  # type: ignore[import-untyped]
from web_poet import WebPage

from crawlers.discovery import clean_url, is_within, looks_like_article, site_of
from crawlers.listing import Child, Entry, Listing, NotAListing
from crawlers.pages.listing import harmless_xml, plain, text_of_listing
from crawlers.pages.metadata import parse_time
from wirewatch.records import Hint

MOST_ENTRIES = 50_000
"""Entries of one sitemap that are read, which is the limit of sitemaps.org: some sitemaps never end."""
_CHUNK = 2**16
_NEVER = datetime.min.replace(tzinfo=UTC)


class SitemapPage(WebPage[Listing]):
    """Sitemaps, Google News sitemaps and sitemap indexes, in XML or as text, gzipped or not."""

    async def to_item(self) -> Listing:
        """Read the sitemap; an entry that is broken costs that entry."""
        text = text_of_listing(bytes(self.response.body), list(self.response.headers.items()))
        if not text.startswith("<"):
            return self._list(text)
        kind, rows = _read(harmless_xml(text, "urlset", "sitemapindex"))
        if kind == "sitemapindex":
            return self._index(rows)
        if kind == "urlset":
            return self._urlset(rows)
        raise NotAListing("not-a-sitemap")

    def _list(self, text: str) -> Listing:
        """A sitemap as text: one address a line."""
        lines = [line.strip() for line in text.splitlines()[:MOST_ENTRIES] if line.strip()]
        urls = [clean_url(line) if " " not in line else None for line in lines]
        if not urls or urls[0] is None:
            raise NotAListing("not-a-sitemap")
        entries = [Entry(url=url) for url in urls if url and looks_like_article(url)]
        return Listing(entries=tuple(entries), malformed=urls.count(None))

    def _index(self, rows: list[dict[str, str]]) -> Listing:
        site = site_of(urlsplit(str(self.response.url)).hostname or "")
        children = [
            Child(url=url, modified=parse_time(row.get("lastmod")))
            for row in rows
            # Of another site an index knows nothing.
            if (url := self._url(row)) and is_within(url, [site])
        ]
        newest_first = sorted(children, key=lambda child: child.modified or _NEVER, reverse=True)
        return Listing(children=tuple(newest_first), malformed=len(rows) - len(children))

    def _urlset(self, rows: list[dict[str, str]]) -> Listing:
        entries = []
        malformed = 0
        for row in rows:
            url = self._url(row)
            if url is None:
                malformed += 1
            # A general sitemap lists every page of a site; a news sitemap marks its articles.
            elif "news" in row or looks_like_article(url):
                hint = Hint(
                    title=plain(row.get("title")),
                    published=parse_time(row.get("publication_date")),
                    modified=parse_time(row.get("lastmod")),
                )
                entries.append(Entry(url=url, hint=hint))
        return Listing(entries=tuple(entries), malformed=malformed)

    def _url(self, row: dict[str, str]) -> str | None:
        return clean_url(row["loc"], str(self.response.url)) if row.get("loc") else None


def _read(text: str) -> tuple[str, list[dict[str, str]]]:
    """The name of a sitemap's root element and its entries; what is broken is read as far as it goes."""
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=("{*}urlset", "{*}sitemapindex", "{*}url", "{*}sitemap"),
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    root: Any = None
    rows: list[dict[str, str]] = []
    for start in range(0, len(text), _CHUNK):
        try:
            parser.feed(text[start : start + _CHUNK].encode())
        except etree.XMLSyntaxError:
            break
        for event, element in parser.read_events():
            if root is None:
                root = element
                if _name(root) not in ("urlset", "sitemapindex"):
                    return "", []
            elif event == "end" and element.getparent() is root:
                rows.append(_row(element))
                if len(rows) == MOST_ENTRIES:
                    return _name(root), rows
                # What was read goes at once: memory stays flat however long the sitemap is.
                element.clear(keep_tail=False)
                while element.getprevious() is not None:
                    del root[0]
    return (_name(root) if root is not None else ""), rows


def _name(element: Any) -> str:
    """The name of an XML element without its namespace, which sites often get wrong; empty for what is no element."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _row(element: Any) -> dict[str, str]:
    """The parts of a sitemap's entry and of its news; those of its pictures and videos have the same names."""
    own = list(element)
    news = [part for outer in own if _name(outer) == "news" for part in outer]
    return {_name(part): (part.text or "").strip() for part in (*own, *news)}

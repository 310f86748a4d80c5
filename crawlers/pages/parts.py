"""Articles that go on over several pages: where the further pages are, and one article of all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from lxml.html import HtmlElement  # type: ignore[import-untyped]
from parsel import Selector
from web_poet import WebPage

from crawlers.discovery import clean_url
from crawlers.listing import Child, Listing
from crawlers.pages.item import ArticleItem
from crawlers.pages.metadata import names_of, same, text_of
from crawlers.parts import part_number
from wirewatch.records import Access

MOST_LINKS = 10_000
"""Links of one page that are looked at."""
_GALLERY = 3
"""Numbered pages that pictures link to, from which on they are those of a gallery."""
# What pages of comments, reviews and pictures stand in.
_ELSEWHERE = re.compile(
    r"comment|kommentar|comentari|disqus|discussion|diskussion|forum|repl(?:y|ies)(?![a-z])|review|galler|galerie|slide|"
    r"carousel|bilder|related|recommend",
    re.IGNORECASE,
)


class FurtherPages(WebPage[Listing]):
    """The further pages that a page of an article links to: ``children``, by their numbers.

    The response's address is that of the article's first page, whichever of its pages this is.
    """

    async def to_item(self) -> Listing:
        """The addresses of a pager, or of the link to the next page."""
        root = Selector(text=self.response.text, type="html").root
        pages = self.pages(root)
        return Listing(children=tuple(Child(url=pages[number]) for number in sorted(pages)))

    def pages(self, root: HtmlElement) -> dict[int, str]:
        """The addresses by their numbers, from 2 on; none where they are pages of comments or of a gallery."""
        found: dict[int, str] = {}
        pictured: set[int] = set()
        before = 0
        for link in islice(root.iter("link", "a"), MOST_LINKS):
            href = link.get("href") or "#"
            url = clean_url(href, str(self.response.url))
            number = part_number(str(self.response.url), url) if url else None
            if not url or number is None:
                continue
            relation = (link.get("rel") or "").lower().split()
            if "prev" in relation:
                before = number
            elif ("next" in relation or _is_numbered(link, number)) and "#" not in href and not _is_elsewhere(link):
                found.setdefault(number, url)
            if link.tag == "a" and next(link.iter("img", "picture"), None) is not None:
                pictured.add(number)
        # A gallery goes round: what comes before its first picture is the last.
        goes_round = bool(found) and before > max(found)
        return {} if len(pictured) >= _GALLERY or goes_round else found


def _is_numbered(link: HtmlElement, number: int) -> bool:
    """Whether a link reads as the number of the page that it leads to: "2", "Page 2 of 5"."""
    texts = (text_of(link), link.get("aria-label"), link.get("title"))
    return any(re.search(rf"(?<!\d){number}(?!\d)", text) for text in texts if text and len(text) < 60)


def _is_elsewhere(link: HtmlElement) -> bool:
    boxes = (box for box in link.iterancestors() if box.tag not in ("html", "body", "main", "article"))
    return any(_ELSEWHERE.search(names_of(box)) for box in (link, *boxes))


class Joined(ArticleItem):
    """An article of several pages."""

    missing: tuple[str, ...] = ()
    """The addresses of those that could not be had or read."""


def joined(first: ArticleItem, further: Mapping[str, ArticleItem | None]) -> Joined:
    """The article with what its further pages add: paragraphs, pictures, entries of a live blog.

    What an earlier page had is not there again.

    Args:
        first: what its first page gives.
        further: what the others give, by their addresses in their order; None where one could not be had or read. One
            that is no part of a text (an error, a list) is missing too.
    """
    texts = [text for text in first.body.split("\n\n") if text]
    known = {same(text) for text in (first.title, first.lead or "", *texts)}
    images = {image.url: image for image in first.images}
    updates = {update.body: update for update in first.updates}
    access, missing = first.access, []
    for url, page in further.items():
        if page is None or page.problem not in (None, "no-text", "no-title") or not (page.body or page.images):
            missing.append(url)
            continue
        for text in (page.lead or "", *page.body.split("\n\n")):
            if text and same(text) not in known:
                known.add(same(text))
                texts.append(text)
        images |= {image.url: image for image in page.images if image.url not in images}
        updates |= {update.body: update for update in page.updates if update.body not in updates}
        access = Access.TEASER if page.access is Access.TEASER else access
    given = {"body": "\n\n".join(texts), "images": tuple(images.values()), "updates": tuple(updates.values())}
    return Joined(**{**dict(first), **given, "access": access, "missing": tuple(missing)})

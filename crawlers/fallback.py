"""The text that a feed carried for a page that was refused, or that shows readers only the beginning.

A feed often carries what the page keeps behind a wall. It is never preferred to a page that gave its text, and an
article made of it says so (``extracted_from``, and ``origins`` for each field). How far the page is open stays what the
page said.
"""

from __future__ import annotations

from lxml.html import fromstring  # type: ignore[import-untyped]

from crawlers.canonical import canonical_url
from crawlers.pages.feed import FeedText
from crawlers.pages.item import ArticleItem
from crawlers.pages.metadata import Metadata, same
from crawlers.pages.names import credits_of
from crawlers.pages.quality import MIN_TEXT
from wirewatch.language import detect
from wirewatch.records import Page, PageOutcome

REFUSED = ("http-401", "http-402", "http-403", "http-451")
"""Reasons that say that a page is there, and not for us."""
WITHOUT_TEXT = ("no-text", "other-text", "other-language")
"""Problems of a page that may stand before a text: a wall, a notice."""
REFUSING = ("consent-wall",)
"""Problems of a page that tells nothing of the article: it is as good as refused."""
MIN_SENTENCE = 40
"""Characters of a feed's text under which it says less than the title."""


def is_refused(page: Page) -> bool:
    """Whether a site refused the page, not only for now."""
    return page.outcome is PageOutcome.FAILED and page.reason in REFUSED


def item_from_feed(page: Page, text: FeedText | None, read: ArticleItem | None) -> ArticleItem | None:
    """The article that the feed's text makes; None where that is too little.

    A refused page needs a title and a sentence. What was fetched and has hardly any text may be no article at all, so
    there the feed must carry an article's text, and more than twice what the page shows.

    Args:
        page: the page, with its hint.
        text: what the feed carries for it; without it, the title and summary of the hint.
        read: what the page gave; None if it was refused.
    """
    hint = page.hint
    if text is None:
        text = FeedText(title=hint.title, paragraphs=(hint.summary,) if hint.summary else (), published=hint.published)
    title = (read.title if read else "") or text.title or hint.title or ""
    parts = [part for part in (text.lead, *text.paragraphs) if part]
    length = sum(map(len, parts))
    if not title or same(" ".join(parts)) == same(title):
        return None
    if length < (MIN_SENTENCE if read is None else max(MIN_TEXT, 2 * len(read.body) + 1)):
        return None
    item = read or _without_page(page, text)
    lead = text.lead if text.paragraphs else None
    body = "\n\n".join(text.paragraphs or parts)
    language = detect("\n\n".join(filter(None, [title, lead, body])), item.language)
    given = {"title": title, "lead": lead, "body": body, "language": language}
    own = read.origins if read else dict.fromkeys(("url", "authors", "agencies", "published", "modified"), "feed")
    origins = own | dict.fromkeys(given, "feed")
    item = item.model_copy(update={**given, "problem": None})
    return item.model_copy(update={"origins": {name: at for name, at in origins.items() if getattr(item, name)}})


def _without_page(page: Page, text: FeedText) -> ArticleItem:
    """What is known of a refused page's article beside its text."""
    modified, published = page.hint.modified, text.published or page.hint.published
    credited = credits_of(text.authors, Metadata(fromstring("<html></html>"), page.url))
    return ArticleItem(
        url=canonical_url(page.moved or page.url),
        authors=credited.people,
        agencies=credited.bodies,
        published=min(published, page.fetched) if published else None,
        modified=modified if modified and published and published < modified <= page.fetched else None,
    )

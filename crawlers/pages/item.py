"""What a page object gives: everything about an article that its page alone can tell."""

from __future__ import annotations

from pydantic import Field

from wirewatch.records import Image, Record, Time


class ArticleItem(Record):
    """An article as its page tells it.

    The extract stage adds what the page cannot know (source, times of the crawl, id, version) and makes a
    :class:`wirewatch.records.Article` of it. Every field of a page object has the name of a field here.
    """

    url: str
    """The canonical address: see :meth:`crawlers.pages.article.ArticlePage.url`."""
    title: str = ""
    """The headline as readers see it; empty where there is none."""
    lead: str | None = None
    """The standfirst; not repeated in :attr:`body`."""
    body: str = ""
    """Paragraphs separated by one blank line; empty where the page has no running text."""
    authors: tuple[str, ...] = ()
    """Names of people: neither the site nor an agency."""
    published: Time | None = None
    modified: Time | None = None
    language: str | None = None
    """ISO 639-1 code of what the page says its language is."""
    section: str | None = None
    tags: tuple[str, ...] = ()
    images: tuple[Image, ...] = Field(default=())
    """The cover first, each with its caption and credit."""
    problem: str | None = None
    """Why the page is no article (``no-title``, ``no-text``, ``list-page`` …); None for an article."""

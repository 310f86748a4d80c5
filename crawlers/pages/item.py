"""What a page object gives: everything about an article that its page alone can tell."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from wirewatch.records import Access, Image, Record, Update

LocalTime = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.replace(microsecond=0))]
"""A time to the second in the zone of the site, which tells the day that its readers see; records have it in UTC."""


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
    """The standfirst, which may have several lines; not repeated in :attr:`body`."""
    body: str = ""
    """Paragraphs separated by one blank line; empty where the page has no running text."""
    authors: tuple[str, ...] = ()
    """Names of people: neither the site nor an agency."""
    agencies: tuple[str, ...] = ()
    """Who else is credited with the text: news agencies, desks, the outlet itself where it names no writer."""
    published: LocalTime | None = None
    modified: LocalTime | None = None
    language: str | None = None
    """ISO 639-1 code of the language that the text is written in."""
    section: str | None = None
    tags: tuple[str, ...] = ()
    images: tuple[Image, ...] = Field(default=())
    """The cover first, each with its caption and credit."""
    access: Access = Access.OPEN
    """Whether readers may read all of it."""
    updates: tuple[Update, ...] = ()
    """The entries of a live blog; their texts stand in :attr:`body` too."""
    origins: dict[str, str] = Field(default_factory=dict)
    """Where each field that is not empty was found: see :attr:`crawlers.pages.choice.Candidate.origin`."""
    problem: str | None = None
    """Why the page is no article (``no-title``, ``no-text``, ``list-page`` …); None for an article."""

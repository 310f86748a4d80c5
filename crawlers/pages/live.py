"""Live blogs: the entries of an article that grows, each with its time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.choice import Choice
from crawlers.pages.metadata import Metadata
from wirewatch.records import Update


@dataclass(frozen=True)
class LiveBlog:
    """Finds the entries of a page's live blog."""

    root: HtmlElement
    metadata: Metadata

    @cached_property
    def entries(self) -> Choice[tuple[Update, ...]]:
        """The entries in the order of the page, newest first as a rule; none where the page is no live blog."""
        return Choice(())

"""Whether readers may read all of an article: its paywall."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata
from wirewatch.records import Access


@dataclass(frozen=True)
class Paywall:
    """Finds how far a page's article is open to readers."""

    root: HtmlElement
    metadata: Metadata
    body: str

    @cached_property
    def choice(self) -> Choice[Access]:
        """``teaser`` where the page says that its text is not free, else ``open``."""
        free = str(self.metadata.article.get("isAccessibleForFree", "")).rpartition("/")[-1].lower()
        candidates = (Candidate(free, "json-ld isAccessibleForFree"),) if free else ()
        if free == "false":
            return Choice(Access.TEASER, "json-ld isAccessibleForFree", "the page says so", candidates)
        return Choice(Access.OPEN, candidates=candidates)

"""Lesotho Times (WordPress, Penci Soledad), in the layout of its pages of 2025."""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage
from crawlers.pages.metadata import text_of


@handle_urls("lestimes.com")
class LesothoTimesPage(ArticlePage):
    """Articles of lestimes.com."""

    @field
    def lead(self) -> str | None:
        """The lines of the headline's second deck, which stand over the text and begin with three dots."""
        lines = map(
            text_of, self.root.xpath("//div[contains(@class, 'entry-content')]/p[position() < 5][em or strong]")
        )
        return "\n".join(line for line in lines if line.startswith("…")) or super().lead

"""Spektrum der Wissenschaft, in the layout of its pages of 2022."""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage
from crawlers.pages.metadata import text_of


@handle_urls("spektrum.de")
class SpektrumPage(ArticlePage):
    """Articles of spektrum.de."""

    @field
    def title(self) -> str:
        """The headline without its kicker, which the metadata put before it."""
        titles = self.root.xpath("//article//h2/span[@class='content__title']")
        return next(filter(None, map(text_of, titles)), None) or super().title

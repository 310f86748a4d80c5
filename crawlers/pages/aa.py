"""Anadolu Ajansı, in the layout of its pages of 2025."""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage
from crawlers.pages.metadata import text_of


@handle_urls("aa.com.tr")
class AaPage(ArticlePage):
    """Articles of aa.com.tr."""

    @field
    def authors(self) -> tuple[str, ...]:
        """The names before the date over the text, which no metadata give."""
        spans = self.root.xpath("//div[@class='detay-spot-category']//span[contains(., '|')]")
        return self.people(text_of(span).partition("|")[0] for span in spans) or super().authors

    @field
    def tags(self) -> tuple[str, ...]:
        """The labels under the text; the metadata add the agency itself."""
        labels = map(text_of, self.root.xpath("//div[@class='detay-paylas']//a[contains(@class, 'btn')]"))
        return tuple(filter(None, labels)) or super().tags

"""La Vanguardia, in the layout of its pages of 2026."""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage
from crawlers.pages.metadata import text_of


@handle_urls("lavanguardia.com")
class LaVanguardiaPage(ArticlePage):
    """Articles of lavanguardia.com."""

    @field
    def tags(self) -> tuple[str, ...]:
        """The labels under the text; the metadata have the words of the address instead."""
        return tuple(map(text_of, self.root.xpath("//a[contains(@class, 'tag-name')]"))) or super().tags

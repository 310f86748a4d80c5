"""Newspapers of Funke Medien, in the layout of their pages of 2025."""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage
from crawlers.pages.metadata import text_of


@handle_urls("abendblatt.de")
@handle_urls("braunschweiger-zeitung.de")
class FunkePage(ArticlePage):
    """Articles of Hamburger Abendblatt and Braunschweiger Zeitung."""

    @field
    def tags(self) -> tuple[str, ...]:
        """The topics under the article; what the dialogues for subscribers link is none."""
        topics = self.root.xpath("//main//section/ul/li/a[contains(@class, 'rounded')]")
        return tuple(dict.fromkeys(filter(None, map(text_of, topics)))) or super().tags

"""ZDF, in the layout of its pages of 2020."""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage
from crawlers.pages.metadata import text_of


@handle_urls("zdf.de")
class ZdfPage(ArticlePage):
    """Articles of zdf.de."""

    @field
    def authors(self) -> tuple[str, ...]:
        """Who stands over the headline after "von"."""
        names = self.root.xpath("//main//span[@class='teaser-cat'][starts-with(normalize-space(), 'von ')]")
        return self.people(map(text_of, names[:1])) or super().authors

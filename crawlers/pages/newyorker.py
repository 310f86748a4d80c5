"""The New Yorker, in the layout of its pages of 2016 to 2024."""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage
from crawlers.pages.metadata import text_of


@handle_urls("newyorker.com")
class NewYorkerPage(ArticlePage):
    """Articles of newyorker.com."""

    @field
    def authors(self) -> tuple[str, ...]:
        """The names of the byline under the headline; the metadata add the publisher."""
        names = self.root.xpath("//*[contains(@class, 'ContentHeaderBylines')]//*[contains(@class, 'byline__name')]")
        return self.people(dict.fromkeys(map(text_of, names))) or super().authors

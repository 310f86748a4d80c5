"""Deutsche Welle, in the layouts of its pages of 2013 to 2018 (a table of facts) and of 2023 (related topics)."""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage
from crawlers.pages.metadata import text_of


@handle_urls("dw.com")
class DwPage(ArticlePage):
    """Articles of dw.com, in any language."""

    @field
    def tags(self) -> tuple[str, ...]:
        """The related topics, which no metadata name."""
        topics = self.root.xpath("//*[@id='related-topics']//a[not(starts-with(@href, '#'))]")
        return tuple(dict.fromkeys(filter(None, map(text_of, topics)))) or super().tags

    @field
    def authors(self) -> tuple[str, ...]:
        """The people of the line "Author: …" where the text ends; the metadata name the house."""
        lines = self.root.xpath("//div[@class='longText']//p[starts-with(normalize-space(), 'Aut')][contains(., ':')]")
        written = (text_of(line).partition(":")[2] for line in lines if len(text_of(line)) < 80)
        return self.people(written) or super().authors

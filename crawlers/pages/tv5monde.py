"""TV5MONDE Information (Drupal): the example to copy for a site of your own. See ``docs/write-a-page-object.md``.

Written from a reader's copy of one article, which shows the picture's caption twice and its credit as loose lines of
text (not as ``<figcaption>``), and the standfirst above the picture. Everything else the generic page object knows.
"""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage
from crawlers.pages.metadata import text_of
from wirewatch.records import Image


@handle_urls("information.tv5monde.com")
class TV5MondePage(ArticlePage):
    """Articles of information.tv5monde.com."""

    @field
    def lead(self) -> str | None:
        """The chapô: the first text between the headline and the picture."""
        for element in self.root.xpath("//h1/following::*[not(*) or self::p][following::img]"):
            if len(text := text_of(element)) >= 40:
                return text
        lead: str | None = super().lead
        return lead

    @field
    def images(self) -> tuple[Image, ...]:
        """The cover takes the line that begins with © as its credit, and the line above that as its caption."""
        images: tuple[Image, ...] = super().images
        lines = [text for element in self.root.xpath("//img/following::*[not(*)]") if (text := text_of(element))]
        credit = next((number for number, line in enumerate(lines) if line.startswith("©")), 0)
        if not images or not credit:
            return images
        cover = images[0].model_copy(update={"caption": lines[credit - 1], "credit": lines[credit].lstrip("© ")})
        return (cover, *images[1:])

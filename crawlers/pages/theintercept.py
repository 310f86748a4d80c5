"""The Intercept, in the layout of its pages of 2023."""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage
from crawlers.pages.metadata import as_list, clean


@handle_urls("theintercept.com")
class TheInterceptPage(ArticlePage):
    """Articles of theintercept.com."""

    @field
    def tags(self) -> tuple[str, ...]:
        """The subjects among the keywords, which have all that the site knows of an article: "Subject: Justice"."""
        keywords = (keyword.partition("Subject: ") for keyword in map(clean, as_list(self.node.get("keywords"))))
        return tuple(subject for before, mark, subject in keywords if mark and not before) or super().tags

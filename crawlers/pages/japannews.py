"""The Japan News by Yomiuri Shimbun, in the layout of its pages of 2024."""

from __future__ import annotations

from web_poet import field, handle_urls

from crawlers.pages.article import ArticlePage


@handle_urls("japannews.yomiuri.co.jp")
class JapanNewsPage(ArticlePage):
    """Articles of japannews.yomiuri.co.jp."""

    @field
    def tags(self) -> tuple[str, ...]:
        """Without the number that they are sorted by: (1) …"""
        return tuple(tag.partition(") ")[2] if tag.startswith("(") else tag for tag in super().tags)

"""Pages made by hand, for tests of what finds the fields of an article."""

# ruff: noqa: E501 - sentences read better unbroken

from __future__ import annotations

import json
from typing import Any

from web_poet import HttpResponse

from crawlers.pages import page_object, read_article
from crawlers.pages.article import ArticlePage
from crawlers.pages.item import ArticleItem

URL = "https://www.example.org/news/ferry-opens"
TITLE = "Ferry opens on the lake"
LEAD = "After two years of delays, boats link both shores again, and the market traders are first on board."
TEXT = [
    "The new ferry between the two lake towns carried its first passengers on Monday morning, an hour later than planned.",
    "Traders who used to drive around the lake said that the crossing would save them half a day on every trip to market.",
    "The transport office hopes to add a second boat before the rains, if the council finds the money for a larger pier.",
]
PARAGRAPHS = "".join(f"<p>{text}</p>" for text in TEXT)


def document(body: str, head: str = "", *, title: str = TITLE, lang: str = "en") -> str:
    return f'<html lang="{lang}"><head><title>{title}</title>{head}</head><body>{body}</body></html>'


def ld(**fields: Any) -> str:
    """The JSON-LD of an article."""
    node = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": TITLE, **fields}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def page_of(html: str, url: str = URL, **more: Any) -> ArticlePage:
    """The page object for a page."""
    page = page_object(HttpResponse(url, html.encode(), encoding="utf-8"), **more)
    assert isinstance(page, ArticlePage)
    return page


def read(html: str, url: str = URL, **more: Any) -> ArticleItem:
    """What a page gives."""
    return read_article(url, html.encode(), [("Content-Type", "text/html; charset=utf-8")], **more)

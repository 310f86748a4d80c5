"""The generic page object against the demo newsroom: thirteen templates in ten languages, texts known word for word."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from crawlers.pages import read_article
from crawlers.pages.item import ArticleItem
from tests.newsroom import Article, Newsroom, load_articles

BROKEN = "broken-times"
"""Serves hardly any page as it should."""
NO_PEOPLE = {"Wire Desk"}
ARTICLES = load_articles()


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with Newsroom(port=0) as room:
        yield room


def fetch(room: Newsroom, article: Article) -> ArticleItem | None:
    """The article as it is cut out of the page served for it; None where the site does not serve it."""
    url = room.article_url(f"{article.site}/{article.slug}")
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=30)
    connection.request("GET", parts.path, headers={"Host": parts.netloc})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != 200:
        return None
    return read_article(url, body, response.getheaders(), fetched=datetime(2023, 6, 1, tzinfo=UTC))


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("site", sorted(ARTICLES.keys() - {BROKEN}))
def test_every_article_of_a_site_is_cut_out_word_for_word(room: Newsroom, site: str):
    read = 0
    for article in ARTICLES[site]:
        item = fetch(room, article)
        if item is None:
            assert article.edition == 2
            continue
        read += 1
        assert item.problem is None
        assert item.title == one_line(article.title)
        assert item.lead == (one_line(article.lead) if article.lead else None)
        assert item.authors == tuple(name for name in article.authors if name not in NO_PEOPLE)
        assert item.published == article.published
        if article.image:
            assert item.images[0].caption == one_line(article.image.caption)
            assert item.images[0].credit == one_line(article.image.credit).lstrip("© ")
        if not article.paywalled and len(article.pages) == 1:
            wanted = [one_line(paragraph.removeprefix("## ")) for paragraph in article.body.split("\n\n")]
            assert item.body.split("\n\n") == wanted
    assert read

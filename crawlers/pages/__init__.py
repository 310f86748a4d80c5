"""Page objects: how a page is read, one class a site, on top of one for all sites.

:func:`read_article` and :func:`read_listing` pick the class by address and run it. To write one, see
``docs/write-a-page-object.md``.
"""

from __future__ import annotations

import re
from collections.abc import Coroutine
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import andi
from web_poet import HttpResponse, ItemPage, PageParams, consume_modules, default_registry

from crawlers.listing import Listing
from crawlers.pages.article import ArticlePage
from crawlers.pages.charset import encoding_of
from crawlers.pages.feed import FeedPage
from crawlers.pages.item import ArticleItem as ArticleItem
from crawlers.pages.parts import FurtherPages
from crawlers.pages.section import SectionPage
from crawlers.pages.sitemap import SitemapPage
from wirewatch.records import Hint

LISTINGS: dict[str, type[ItemPage[Listing]]] = {
    "feed": FeedPage,
    "sitemap": SitemapPage,
    "section": SectionPage,
    "parts": FurtherPages,
}
"""The page objects of listings by what the catalogue calls them. ``parts`` is none of those: an article's page, which
lists the pages on which it goes on."""

_PORT = re.compile(r"^(\w+://[^/?#]*):\d+(?=[/?#]|$)")


@cache
def load_page_objects() -> None:
    """Import every module of this package, so that each ``@handle_urls`` in it is known."""
    consume_modules(__name__)


def _class_for(url: str) -> type[ItemPage[ArticleItem]]:
    """The class for an address: a pattern without a port is meant for any."""
    load_page_objects()
    found = default_registry.page_cls_for_item(url, ArticleItem)
    if found is ArticlePage and (at_host := _PORT.sub(r"\1", url)) != url:
        found = default_registry.page_cls_for_item(at_host, ArticleItem)
    assert found is not None  # ArticlePage handles every address
    return found


def page_object(
    response: HttpResponse, *, hint: Hint | None = None, fetched: datetime | None = None
) -> ItemPage[ArticleItem]:
    """The page object for a response: the class registered for its address, with what its constructor asks for.

    Args:
        response: the answer; its URL chooses the class.
        hint: what a listing said about the article.
        fetched: when the page was fetched; no date of the article is later.
    """
    page_class = _class_for(str(response.url))
    given: dict[Any, Any] = {
        HttpResponse: response,
        PageParams: PageParams({"hint": hint or Hint(), "fetched": fetched}),
    }
    plan = andi.plan(page_class, is_injectable=lambda cls: False, externally_provided=given)
    page: ItemPage[ArticleItem] = page_class(**plan.final_kwargs(given))
    return page


def http_response(
    url: str, body: bytes, headers: list[tuple[str, str]] | None = None, *, status: int = 200
) -> HttpResponse:
    """An answer as page objects take it, in the encoding that it is really in."""
    headers = headers or []
    return HttpResponse(url, body, status=status, headers=headers, encoding=encoding_of(body, headers))


def read_article(
    url: str,
    body: bytes,
    headers: list[tuple[str, str]] | None = None,
    *,
    status: int = 200,
    hint: Hint | None = None,
    fetched: datetime | None = None,
) -> ArticleItem:
    """Cut the article out of a page.

    Args:
        url: the address that answered.
        body: the page as bytes, without a content encoding.
        headers: the response's headers.
        status: the response's status.
        hint: what a listing said about the article: a fallback, never preferred to the page.
        fetched: when the page was fetched; now, if not given.
    """
    response = http_response(url, body, headers, status=status)
    return result_of(page_object(response, hint=hint, fetched=fetched).to_item())


def read_listing(kind: str, url: str, body: bytes, headers: list[tuple[str, str]] | None = None) -> Listing:
    """Read a listing. It may take long, or for ever: run it where it can be stopped.

    Args:
        kind: a key of :data:`LISTINGS`.
        url: the address that answered; a class that is registered for it ``instead_of`` the general one is used.
        body: the answer as bytes, without a content encoding.
        headers: the response's headers.

    Raises:
        NotAListing: the answer is no such listing.
    """
    load_page_objects()
    response = http_response(url, body, headers)
    of_host, of_port = (default_registry.overrides_for(at) for at in (_PORT.sub(r"\1", url), url))
    page_class = {**of_host, **of_port}.get(LISTINGS[kind], LISTINGS[kind])
    plan = andi.plan(page_class, is_injectable=lambda cls: False, externally_provided={HttpResponse})
    listing: Listing = result_of(page_class(**plan.final_kwargs({HttpResponse: response})).to_item())
    return listing


T = TypeVar("T")


def result_of(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a page object gives. web-poet makes ``to_item`` a coroutine so that it may wait; none here has what to wait
    for, so that an event loop for each page would be in vain.
    """
    try:
        coroutine.send(None)
    except StopIteration as finished:
        result: T = finished.value
        return result
    coroutine.close()
    raise RuntimeError("A page object may not wait: the archived response is all it gets.")

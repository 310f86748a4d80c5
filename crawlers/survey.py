"""A look at what sites list: whether the addresses of the catalogue still work, and what a new site has to offer.

It asks as politely as a crawl does, and leaves no trace: neither state nor batches. One page can be asked for alone.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from crawlers import child
from crawlers.answers import headers_of
from crawlers.exploring import Site
from crawlers.exploring import explore as explore_site
from crawlers.surveyor import Finding, Surveyor
from wirewatch.records import Record
from wirewatch.settings import CrawlSettings, get_settings
from wirewatch.sources import Source, domain_of


class FetchedPage(Record):
    """A single page that was asked for."""

    url: str
    """The address that answered, after redirects."""
    headers: tuple[tuple[str, str], ...] = ()
    base64: str = ""
    """The body, without the content encoding of the transfer."""
    reason: str | None = None
    """Why there is none, in the words of failed pages: ``robots``, ``http-404`` …"""

    @property
    def body(self) -> bytes:
        """The page as bytes."""
        return base64.b64decode(self.base64)


class Task(Record):
    """What the surveying process is told."""

    crawl: CrawlSettings
    sources: tuple[Source, ...] = ()
    """Their listings are to be checked."""
    site: str | None = None
    """The address of a site that is to be explored."""
    page: str | None = None
    """The address of a page that is to be fetched, as one of the first of the sources if there are any."""


class Survey(Record):
    """What it answers."""

    findings: tuple[Finding, ...] = ()
    """In the order of the sources and their listings."""
    site: Site | None = None
    page: FetchedPage | None = None


Progress = Callable[[int, int | None], None]


def check(sources: Iterable[Source], *, progress: Progress | None = None) -> list[Finding]:
    """Visit the listings of sources, and say of each what became of it, in their order.

    Raises:
        CrawlError: the surveying process broke down.
    """
    return list(_survey(Task(crawl=get_settings().crawl, sources=tuple(sources)), progress).findings)


def explore(address: str, *, progress: Progress | None = None) -> Site:
    """Find out what a site has to offer, from the address of its front page.

    Raises:
        CrawlError: the surveying process broke down.
    """
    site = _survey(Task(crawl=get_settings().crawl, site=address), progress).site
    assert site
    return site


def fetch(address: str, source: Source | None = None) -> FetchedPage:
    """Ask for one page, wherever its redirects lead.

    Args:
        address: the page.
        source: the source it is of, which says which languages are wanted, and whether pages are rendered.

    Raises:
        CrawlError: the surveying process broke down.
    """
    sources = (source,) if source else ()
    page = _survey(Task(crawl=get_settings().crawl, page=address, sources=sources), None).page
    assert page
    return page


def _survey(task: Task, progress: Progress | None) -> Survey:
    result = child.run("crawlers.survey", task, progress or (lambda done, total: None))
    return Survey.model_validate(result)


async def _do(task: Task, surveyor: Surveyor) -> Survey:
    """What the surveying process does."""
    if task.site:
        return Survey(site=await explore_site(surveyor, task.site))
    if task.page:
        return Survey(page=await _page(surveyor, task.page, next(iter(task.sources), None)))
    looks = [
        surveyor.look(source.domain, url, kind, source)
        for source in task.sources
        for url, kind in source.listings.items()
    ]
    return Survey(findings=tuple(look.finding for look in await asyncio.gather(*looks)))


async def _page(surveyor: Surveyor, address: str, source: Source | None) -> FetchedPage:
    answer = await surveyor.ask(address, None, domain_of(address), source, page=True)
    if answer.response is None:
        return FetchedPage(url=answer.url, reason=answer.reason)
    body = base64.b64encode(answer.response.body).decode()
    return FetchedPage(url=answer.url, headers=tuple(headers_of(answer.response)), base64=body)


def _main(told: bytes, say: child.Say) -> dict[str, Any]:
    task = Task.model_validate_json(told)
    surveyor = child.run_spider(
        Surveyor, task.crawl, task.sources, say, limits=task.crawl, work=partial(_do, task), say=say
    )
    survey: Survey = surveyor.result
    return survey.model_dump(mode="json")


if __name__ == "__main__":
    sys.exit(child.main(_main))

"""The crawler stays where it may go, and goes as slowly as a site asks for."""

import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from scrapy.core.downloader import Slot
from scrapy.http import Request, Response
from scrapy.robotstxt import ProtegoRobotParser

from crawlers.answers import Refused
from crawlers.politeness import Archive, AtMost, Boundary, CrawlDelay
from crawlers.spider import NewsSpider

DOMAINS = ["example.com"]


@pytest.mark.parametrize("url", ["https://example.com/", "http://www.example.com:8080/x", "https://EXAMPLE.com/"])
def test_a_source_may_be_asked_on_its_domain_and_subdomains(url: str) -> None:
    Boundary(False, None).process_request(Request(url, meta={"domains": DOMAINS}))


@pytest.mark.parametrize("url", ["https://example.org/", "https://badexample.com/", "https://example.com.evil.org/"])
def test_and_nowhere_else(url: str) -> None:
    with pytest.raises(Refused, match="off-site"):
        Boundary(False, None).process_request(Request(url, meta={"domains": DOMAINS}))


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/robots.txt"])
def test_private_addresses_are_refused_before_anything_else(url: str) -> None:
    with pytest.raises(Refused, match="private-address"):
        Boundary(False, None).process_request(Request(url))
    Boundary(True, None).process_request(Request(url))


def test_no_more_downloads_are_under_way_at_once_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.politeness.MOST_AT_ONCE", 3)
    under_way: list[int] = []

    class Download:
        def __init__(self, crawler: object) -> None:
            self.open = 0

        async def download_request(self, request: Request) -> Response:
            self.open += 1
            under_way.append(self.open)
            await asyncio.sleep(0)
            self.open -= 1
            return Response(request.url)

    class Bounded(AtMost, Download):
        pass

    async def ten() -> list[Response]:
        handler = Bounded(None)
        return await asyncio.gather(*(handler.download_request(Request(f"http://example.com/{n}")) for n in range(10)))

    assert len(asyncio.run(ten())) == 10 and (len(under_way), max(under_way)) == (10, 3)


def slowed(robots: bytes, slots: dict[str, Slot]) -> tuple[CrawlDelay, Any]:
    downloader = SimpleNamespace(per_slot_settings={}, slots=slots)
    settings = Mock(getfloat=lambda name: 1.0)
    settings.__getitem__ = Mock(return_value="Wirewatch/0.1")
    crawler = Mock(settings=settings, engine=Mock(downloader=downloader))
    middleware = CrawlDelay(crawler)
    request = Request("https://example.com/x", meta={"download_slot": "example.com"})
    middleware.robots_parsed(ProtegoRobotParser(robots, None), request)
    middleware.process_request(request)
    return middleware, (request, downloader)


def test_a_longer_crawl_delay_wins_also_over_autothrottle() -> None:
    slot = Slot(8, 1.0, 0.5)
    _, (request, downloader) = slowed(b"User-agent: *\nCrawl-delay: 7\n", {"example.com": slot})
    assert (slot.delay, slot.jitter, slot.concurrency) == (7, 0, 1)
    assert downloader.per_slot_settings["example.com"]["delay"] == 7
    assert request.meta["autothrottle_dont_adjust_delay"]


def test_a_crawl_delay_cannot_stop_the_crawl() -> None:
    _, (_, downloader) = slowed(b"User-agent: *\nCrawl-delay: 86400\n", {})
    assert downloader.per_slot_settings["example.com"]["delay"] == 60


@pytest.mark.parametrize("robots", [b"User-agent: *\nCrawl-delay: 0.5\n", b"User-agent: *\nDisallow:\n", b"\xff\xfe"])
def test_a_shorter_one_or_none_changes_nothing(robots: bytes) -> None:
    _, (request, downloader) = slowed(robots, {})
    assert downloader.per_slot_settings == {} and "autothrottle_dont_adjust_delay" not in request.meta


def test_an_archive_that_cannot_be_written_fails_the_crawl_and_not_the_page() -> None:
    spider = NewsSpider(warc=Mock(add=Mock(side_effect=OSError(28, "No space left on device"))))
    request = Request("https://example.com/robots.txt")
    with pytest.raises(OSError):
        Archive(Mock(spider=spider)).process_response(request, Response(request.url, body=b"User-agent: *"))
    assert isinstance(spider.error, OSError)

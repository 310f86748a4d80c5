"""Downloader middlewares: where the crawler may go, how fast, and that what it got is archived."""

from __future__ import annotations

import asyncio
import ipaddress
from time import monotonic
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.downloadermiddlewares.stats import get_header_size, get_status_size
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import Request, Response

from crawlers.answers import Refused
from crawlers.discovery import is_within
from crawlers.resolver import REFUSED, is_public

MOST_AT_ONCE = 100
"""Downloads under way at once, over all sites: each may hold an answer of the largest size in memory."""
LONGEST_DELAY = 60.0
"""Seconds. A robots.txt that asks for more would hold up its whole group for days."""


class AtMost:
    """Part of a download handler: lets it do so many downloads at once as :data:`MOST_AT_ONCE`."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)  # type: ignore[call-arg]
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def download_request(self, request: Request) -> Response:
        """The answer to a request, once there is a place."""
        async with self._places:
            response: Response = await super().download_request(request)  # type: ignore[misc]
            return response


class Downloads(AtMost, HTTP11DownloadHandler):
    """Scrapy's own way to download."""


class Boundary:
    """Keeps every request, redirected ones too, on the domains of its source and off private addresses, and sends it
    through the proxy where there is one."""

    def __init__(self, allow_private: bool, proxy: str | None) -> None:
        self.allow_private, self.proxy = allow_private, proxy

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Scrapy's constructor."""
        return cls(crawler.settings.getbool("WIREWATCH_ALLOW_PRIVATE"), crawler.settings.get("WIREWATCH_PROXY"))

    def process_request(self, request: Request) -> None:
        """Refuse what is out of bounds."""
        host = urlsplit(request.url).hostname or ""
        try:
            public = is_public(ipaddress.ip_address(host).compressed)
        except ValueError:
            public = True  # a name: the resolver decides
        if not (public or self.allow_private):
            raise Refused("private-address")
        # Only robots.txt is asked for without domains, from the host of a request that was allowed.
        if "domains" in request.meta and not is_within(request.url, request.meta["domains"]):
            raise Refused("off-site")
        if self.proxy:
            request.meta["proxy"] = self.proxy

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Tell a name that leads to a private address from one that leads nowhere."""
        if isinstance(exception, CannotResolveHostError) and urlsplit(request.url).hostname in REFUSED:
            raise Refused("private-address")


class CrawlDelay:
    """Lets the crawl-delay of a robots.txt win over a shorter delay of ours."""

    def __init__(self, crawler: Any) -> None:
        self.crawler = crawler
        self.slots: set[str] = set()
        crawler.signals.connect(self.robots_parsed, signal=signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def robots_parsed(self, robotparser: Any, request: Request) -> None:
        """Slow down the site's slot."""
        delay = min(robotparser.crawl_delay(self.crawler.settings["USER_AGENT"]) or 0, LONGEST_DELAY)
        name = request.meta.get("download_slot")
        if name is None or delay <= self.crawler.settings.getfloat("DOWNLOAD_DELAY"):
            return
        self.slots.add(name)
        downloader = self.crawler.engine.downloader
        downloader.per_slot_settings[name] = {"delay": delay, "jitter": 0, "concurrency": 1}
        if slot := downloader.slots.get(name):
            slot.delay, slot.jitter, slot.concurrency = delay, 0, 1

    def process_request(self, request: Request) -> None:
        """Keep AutoThrottle from making it shorter again."""
        if request.meta.get("download_slot") in self.slots:
            request.meta["autothrottle_dont_adjust_delay"] = True


class Archive:
    """Hands each exchange to the archive as it came off the wire, and counts it; stands next to the downloader.

    A page that was asked for is archived by the spider, once that knows that it may be.
    """

    def __init__(self, crawler: Any) -> None:
        # A spider of another kind (``scrapy savefixture``) archives nothing.
        self.spider = crawler.spider if hasattr(crawler.spider, "write") else None
        crawler.signals.connect(self.headers_received, signal=signals.headers_received)

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def headers_received(self, request: Request) -> None:
        """Note when the body begins: Scrapy measures only until then."""
        request.meta["body_began"] = monotonic()

    def process_response(self, request: Request, response: Response) -> Response:
        """Archive, or leave it to the spider."""
        if self.spider is None:
            return response
        size = len(response.body) + get_header_size(response.headers) + get_status_size(response.status)
        self.spider.counts["requests"] += 1
        self.spider.counts["bytes"] += size
        if asked := request.meta.get("asked"):
            asked.bytes += size
            asked.seconds += request.meta.pop("download_latency", 0.0)
            if (began := request.meta.pop("body_began", None)) is not None:
                asked.seconds += monotonic() - began
        if asked and response.status == 200:
            # Scrapy takes Content-Encoding out of the headers when it unpacks the body.
            request.meta["exchange"] = (request, response.copy())
        elif response.status != 304:
            self.spider.write(request, response)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count a request that was not answered."""
        if self.spider and not isinstance(exception, IgnoreRequest):
            self.spider.counts["requests"] += 1

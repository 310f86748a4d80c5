"""robots.txt as RFC 9309 has it, obeyed by the very first requests to a host too."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser, RobotParser

from crawlers.answers import Refused
from wirewatch.records import ROBOTS_UNAVAILABLE

MOST_BYTES = 500 * 1024
"""Of a robots.txt that are read: those that the RFC asks for (2.5)."""


class Robots:
    """Asks each host once for its robots.txt, and keeps to it.

    A host that has none (4xx, or redirects without end) allows all. One that answers 429 or 5xx, or not at all, allows
    nothing (2.3.1.4). In the place of Scrapy's middleware, which takes the text of such an answer for rules, and of
    which only the first of the requests that wait for a file gets to know it.
    """

    def __init__(self, crawler: Any) -> None:
        self.crawler = crawler
        self.user_agent = crawler.settings["USER_AGENT"]
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._found: dict[str, RobotParser | Exception | None] = {}

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Refuse what the host's file forbids."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        host = urlsplit(request.url).netloc
        async with self._turns[host]:
            if host not in self._found:
                self._found[host] = await self._ask(request)
        found = self._found[host]
        if isinstance(found, Exception):
            raise found.with_traceback(None)  # which would grow with each
        if found and not found.allowed(request.url, self.user_agent):
            raise Refused("robots")

    async def _ask(self, request: Request) -> RobotParser | Exception | None:
        """The rules of the request's host; None where it has none; the error where it cannot be asked."""
        scheme, host = urlsplit(request.url)[:2]
        meta = {name: request.meta[name] for name in ("source", "download_slot") if name in request.meta}
        asked = Request(
            f"{scheme}://{host}/robots.txt", callback=NO_CALLBACK, meta=meta | {"dont_obey_robotstxt": True}
        )
        try:
            response = await self.crawler.engine.download_async(asked)
        except Exception as error:
            is_answered = isinstance(error, IgnoreRequest) and not isinstance(error, Refused)
            return None if is_answered else error  # too many redirects: no file
        if response.status == 429 or response.status >= 500:
            return Refused(ROBOTS_UNAVAILABLE)
        if response.status != 200:
            return None
        rules = ProtegoRobotParser.from_crawler(self.crawler, response.body[:MOST_BYTES])
        self.crawler.signals.send_catch_log(signal=signals.robots_parsed, robotparser=rules, request=request)
        return rules

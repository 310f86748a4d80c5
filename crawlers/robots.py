"""robots.txt, obeyed by the very first requests to a host too."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Request


class Robots(RobotsTxtMiddleware):
    """Scrapy's middleware, asked by one request of a host after the other.

    Scrapy 2.19 lets all requests that wait for a robots.txt await one Deferred, which gives its result to the first of
    them and None to the others: those would go ahead whatever the file forbids.
    """

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def robot_parser(self, request: Request) -> Any:
        """The rules of the request's host; None where it has none that can be read."""
        async with self._turns[request.url.split("/")[2]]:
            return await super().robot_parser(request)

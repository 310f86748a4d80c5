"""Scrapy fetching pages and doing nothing with them: as fast as anything built on Scrapy can be."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Request, Response


class Bare(Spider):
    """Asks for the addresses of a file."""

    name = "bare"

    async def start(self) -> AsyncIterator[Any]:
        """All at once."""
        for url in Path(sys.argv[1]).read_text().split():
            yield Request(url, dont_filter=True)

    def parse(self, response: Response) -> None:
        """Nothing."""


if __name__ == "__main__":
    process = AsyncCrawlerProcess(
        {
            "CONCURRENT_REQUESTS": 64,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": False,
            "LOG_LEVEL": "ERROR",
            "TELNETCONSOLE_ENABLED": False,
            "TWISTED_DNS_RESOLVER": "crawlers.resolver.PublicResolver",
            "WIREWATCH_ALLOW_PRIVATE": True,
        }
    )
    process.crawl(Bare)
    process.start()
    print(next(iter(process.crawlers), None))

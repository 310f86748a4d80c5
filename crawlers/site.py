"""One site during one crawl: how many requests it takes at once, how many more today, and when it wants no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic

from scrapy.http import Response

from crawlers.answers import LONGEST_WAIT, patience


class Site:
    """The turns in which a site is asked.

    Args:
        name: its registered domain.
        at_once: requests under way at once.
        left: requests that it may be asked yet.
        until: when asking ends, on the clock of :func:`time.monotonic`.
    """

    def __init__(self, name: str, at_once: int, left: int, until: float) -> None:
        self.name, self._left, self._until = name, left, until
        self._places = asyncio.Semaphore(at_once)
        self._resumes = 0.0
        self._seen: set[str] = set()
        self.sitemaps: set[str] = set()
        """Sitemaps of news that its robots.txt names."""

    @property
    def is_open(self) -> bool:
        """Whether it may still be asked."""
        return self._left > 0 and monotonic() < self._until

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """Wait for a turn, which lasts as long as the block. Gives whether a request may be made in it."""
        async with self._places:
            while self.is_open and (wait := self._resumes - monotonic()) > 0:
                await asyncio.sleep(wait)
            may = self.is_open
            self._left -= may
            yield may

    async def ask(self, download: Callable[[], Awaitable[Response]]) -> tuple[Response | None, timedelta | None]:
        """Make a request in a turn, and once more where the site says that it is busy.

        Returns:
            The answer, None where no request may be made any more; and, where the site asks for it, for how long it
            wants to be left alone. It is closed then.
        """
        for last in (False, True):
            async with self.turn() as may:
                if not may:
                    return None, None
                response = await download()
            wait = patience(response)
            if wait is not None and (last or wait > LONGEST_WAIT):
                self.close()
                return response, wait
            if wait is not None:
                self.pause(wait.total_seconds())
            elif response.status != 503:
                break
        return response, None

    def pause(self, seconds: float) -> None:
        """Make no request for so long."""
        self._resumes = max(self._resumes, monotonic() + seconds)

    def close(self) -> None:
        """Make no more requests."""
        self._left = 0

    def is_new(self, url: str) -> bool:
        """Whether an address comes up for the first time: of the sources on one site only the first asks for it."""
        if url in self._seen:
            return False
        self._seen.add(url)
        return True

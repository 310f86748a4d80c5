"""Listings are read in a process of their own: one that takes for ever, or crashes a parser, costs itself only."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import multiprocessing
import os
import resource
import threading
from concurrent.futures import TimeoutError as ReadTimeout
from typing import Self

from pebble import ProcessExpired, ProcessPool

from crawlers.listing import Listing, NotAListing

logger = logging.getLogger(__name__)

LISTING_SECONDS = 20.0
"""Wall-clock seconds that one listing may take; an ordinary one takes some milliseconds."""
WORKER_MEMORY = 4 * 2**30
"""Bytes of address space of the process: a decompression bomb ends there."""


class ListingReader:
    """Reads listings off the event loop, one after the other, as long as its ``with`` block lasts."""

    def __enter__(self) -> Self:
        # A fork server starts a fresh process in milliseconds, and without the threads and sockets of this one.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["crawlers.pages"])
        self._pool = ProcessPool(max_workers=1, max_tasks=500, initializer=_prepare, context=context)
        self._pool.schedule(_warm_up)  # while the first robots.txt is fetched
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.stop()
        self._pool.join()

    async def read(self, kind: str, url: str, body: bytes, headers: list[tuple[str, str]]) -> tuple[Listing, str]:
        """A listing, and a digest of what it lists. Arguments as of :func:`crawlers.pages.read_listing`.

        Raises:
            NotAListing: with the reason: what the page object said, ``listing-timeout``, ``listing-crash`` (it ended
                its process) or ``listing-error`` (the page object is broken).
        """
        reading = self._pool.schedule(_read, args=(kind, url, body, headers), timeout=LISTING_SECONDS)
        try:
            return await asyncio.wrap_future(reading)
        except NotAListing:
            raise
        except ReadTimeout:
            raise NotAListing("listing-timeout") from None
        except ProcessExpired as died:
            logger.warning("The process that read %s ended with status %s", url, died.exitcode)
            raise NotAListing("listing-crash") from None
        except Exception:
            logger.exception("The page object for %s failed", url)
            raise NotAListing("listing-error") from None


def _prepare() -> None:
    """In the new process, before its first listing."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (WORKER_MEMORY, hard))
    # Here and not above: the crawling process itself has no use for what page objects import.
    from crawlers.pages import load_page_objects

    load_page_objects()


def _end_with_parent() -> None:
    """Pebble's processes outlive a pool whose process was killed."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)


def _warm_up() -> None:
    pass


def _read(kind: str, url: str, body: bytes, headers: list[tuple[str, str]]) -> tuple[Listing, str]:
    from crawlers.pages import read_listing

    listing = read_listing(kind, url, body, headers)
    return listing, digest_of(listing)


def digest_of(listing: Listing) -> str:
    """A hash of what a listing lists: a new date of the listing itself, or other advertisements, do not change it."""
    listed = [f"{e.url}\x1f{e.hint.modified or ''}\x1f{e.hint.title or ''}" for e in listing.entries]
    listed += [f"{child.url}\x1f{child.modified or ''}" for child in listing.children]
    return hashlib.sha256("\x1e".join(listed).encode("utf-8", "replace")).hexdigest()

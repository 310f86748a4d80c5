"""Listings are read in a process of their own: one that takes for ever, or crashes a parser, costs itself only."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import multiprocessing
import os
import threading
import traceback
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any, Self

from crawlers.child import hidden_main, limit_memory
from crawlers.listing import Listing, NotAListing

logger = logging.getLogger(__name__)

LISTING_SECONDS = 20.0
"""Wall-clock seconds that one listing may take; an ordinary one takes some milliseconds."""
START_SECONDS = 120.0
"""Wall-clock seconds in which a process has to be ready for its first listing."""

# A fork server starts a fresh process in milliseconds, and without the threads and sockets of this one.
_context = multiprocessing.get_context("forkserver")


def warm_up() -> None:
    """Have the fork server import the page objects while this process does something else. It comes back at once."""
    _context.set_forkserver_preload(["crawlers.pages"])
    forkserver.ensure_running()


class ListingReader:
    """Reads listings off the event loop, one after the other, as long as its ``with`` block lasts.

    A process that ends, or has to be ended, is followed by another one.
    """

    _process: BaseProcess | None = None

    def __enter__(self) -> Self:
        warm_up()
        self._turn = asyncio.Lock()
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    async def read(self, kind: str, url: str, body: bytes, headers: list[tuple[str, str]]) -> tuple[Listing, str]:
        """A listing, and a digest of what it lists. Arguments as of :func:`crawlers.pages.read_listing`.

        Raises:
            NotAListing: with the reason: what the page object said, ``listing-timeout``, ``listing-crash`` (it ended
                its process, or none can be started) or ``listing-error`` (the page object is broken).
        """
        async with self._turn:
            try:
                given = await asyncio.to_thread(self._ask, kind, url, body, headers)
            except TimeoutError:
                raise NotAListing("listing-timeout") from None
            except (EOFError, OSError) as error:
                logger.warning("The process that was to read %s ended: %r", url, error)
                raise NotAListing("listing-crash") from None
        if isinstance(given, NotAListing):
            raise given
        if isinstance(given, str):
            logger.error("The page object for %s failed: %s", url, given)
            raise NotAListing("listing-error")
        listing: tuple[Listing, str] = given
        return listing

    def _start(self) -> None:
        self._is_ready = False
        self._pipe, far = _context.Pipe()
        with far, hidden_main():
            self._process = _context.Process(target=_work, args=(far,), daemon=True)
            self._process.start()

    def _end(self) -> None:
        if self._process and self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _ask(self, *listing: Any) -> Any:
        """What the process answers. Raises TimeoutError, or EOFError or OSError where it ended."""
        if not (self._process and self._process.is_alive()):
            self._start()
        if not self._is_ready:
            self._exchange(None, START_SECONDS)
            self._is_ready = True
        return self._exchange(listing, LISTING_SECONDS)

    def _exchange(self, sent: Any, seconds: float) -> Any:
        # Whatever it hangs in, be it taking what is sent: when it ends, so does this.
        assert self._process
        end = threading.Timer(seconds, self._process.kill)
        end.start()
        ends = monotonic() + seconds
        try:
            self._pipe.send(sent)
            return self._pipe.recv()
        except (EOFError, OSError):
            self._end()
            if monotonic() >= ends:
                raise TimeoutError from None
            raise
        finally:
            end.cancel()


def _work(pipe: Connection) -> None:
    """In the new process: answers each listing with what it lists and the digest of that, with the reason why it cannot
    be read, or with the traceback of a broken page object."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_memory()
    # Here and not above: the crawling process itself has no use for what page objects import.
    from crawlers.pages import load_page_objects, read_listing

    load_page_objects()
    with contextlib.suppress(EOFError):  # the end of the process that asks
        while True:
            listing = pipe.recv()
            answer: Any = None  # to None, by which it is seen to be ready
            try:
                if listing:
                    read = read_listing(*listing)
                    answer = (read, digest_of(read))
            except NotAListing as error:
                answer = error
            except Exception:
                answer = traceback.format_exc()
            pipe.send(answer)


def _end_with_parent() -> None:
    """The process would outlive one that is killed, while it reads a listing."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)


def digest_of(listing: Listing) -> str:
    """A hash of what a listing lists: a new date of the listing itself, or other advertisements, do not change it."""
    listed = [f"{e.url}\x1f{e.hint.modified or ''}\x1f{e.hint.title or ''}" for e in listing.entries]
    listed += [f"{child.url}\x1f{child.modified or ''}" for child in listing.children]
    return hashlib.sha256("\x1e".join(listed).encode("utf-8", "replace")).hexdigest()

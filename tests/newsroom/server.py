"""The server: one process and one port for all sites, told apart by the Host header."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
import threading
import time
from collections.abc import Collection
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.newsroom import mischief
from tests.newsroom.pages import Document, Press
from tests.newsroom.sites import load_sites, write_sources
from tests.newsroom.texts import MORE, load_articles
from wirewatch.errors import UserError

DEFAULT_PORT = 8781


class Newsroom:
    """The sites, served from a thread of this process while the ``with`` block lasts.

    Args:
        port: 0 takes a free one; None takes ``WIREWATCH_NEWSROOM_PORT``, else 8781.
        edition: 1 is the first state; 2 has the edited articles and the new ones. It can be changed while running.
        slow: seconds that the slow article takes.
        only: the sites to serve; those of the demo if None. ``sites.yml`` has some that are not in the demo.
        address: of this machine, to listen on.
        refuse: sites that answer everything with 403. It can be changed while running.

    Raises:
        UserError: the port is taken or is none.
    """

    def __init__(
        self,
        port: int | None = None,
        edition: int = 1,
        slow: float = 3.0,
        only: Collection[str] | None = None,
        address: str = "127.0.0.1",
        refuse: Collection[str] = (),
    ) -> None:
        self.port = _port_of_environment() if port is None else port
        self.address = address
        self.edition = edition
        self.slow = slow
        self.refuse = refuse
        self.requests: list[tuple[str, str, int]] = []
        """What was served: host, path with query, status."""
        self.sites, words = load_sites(only)
        articles = load_articles() if only is None else load_articles() | load_articles(MORE)
        self.articles = {site: articles[site] for site in self.sites if site in articles}
        self._words = words
        self._documents: dict[tuple[int, str, str], Document | None] = {}

    def __enter__(self) -> Self:
        self._socket = _listen(self.address, self.port)
        self.port = self._socket.getsockname()[1]
        self._press = Press(self.sites, self.articles, self._words, self.port)
        self._folder = tempfile.TemporaryDirectory(prefix="newsroom-")
        self.sources = self.write_sources(Path(self._folder.name))
        app = Starlette(
            routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])],
            middleware=[Middleware(_Gzip, minimum_size=500)],
        )
        config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="newsroom", daemon=True
        )
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self._folder.cleanup()

    def url(self, site: str, path: str = "/") -> str:
        """The address of a site, or of a path on it."""
        return f"http://{self.sites[site].host}:{self.port}{path}"

    def article_url(self, name: str) -> str:
        """The canonical address of an article, by its name ``<site>/<slug>``."""
        site, slug = name.split("/")
        article = next(a for a in self.articles[site] if a.slug == slug)
        return self.url(site, quote(self.sites[site].article_path(article)))

    def write_sources(self, folder: Path) -> Path:
        """Write the catalogue for this port into a folder, and return the folder."""
        sections = {site: self._press.sections(site) for site in self.sites}
        write_sources(folder, list(self.sites.values()), sections, self.port)
        return folder

    async def _answer(self, request: Request) -> Response:
        response = await self._respond(request)
        query = f"?{request.url.query}" if request.url.query else ""
        self.requests.append((request.url.hostname or "", request.url.path + query, response.status_code))
        return response

    async def _respond(self, request: Request) -> Response:
        site = self.sites.get((request.url.hostname or "").removesuffix(".localhost").rpartition(".")[2])
        if site is None:
            return PlainTextResponse(f"No such site. There are: {', '.join(self.sites)}.\n", 404)
        if site.id in self.refuse:
            return PlainTextResponse("Access denied\n", 403)
        if site.id == "mischief":
            return mischief.answer(request) or PlainTextResponse("Not found\n", 404)
        path = request.url.path
        for trouble in site.trouble:
            if path == trouble.path:
                if trouble.answer == "circle":
                    turn = int(request.query_params.get("turn", "0")) + 1
                    return RedirectResponse(f"{path}?turn={turn}", 302)
                if isinstance(trouble.answer, str):
                    return RedirectResponse(trouble.answer, 301)
                return PlainTextResponse(f"{trouble.answer}\n", trouble.answer)
        if path.rsplit("/", 1)[-1].removesuffix(".html") in site.slow:
            await asyncio.sleep(self.slow)
        page = request.query_params.get("page", "1")
        key = (self.edition, site.id, f"{path}?page={page}")
        if key not in self._documents:
            self._documents[key] = self._press.document(site, path, int(page) if page.isdecimal() else 1, self.edition)
        document = self._documents[key]
        if document is None:
            return PlainTextResponse("Not found\n", 404)
        headers = {"etag": document.etag, "last-modified": document.last_modified, "cache-control": "max-age=0"}
        if _unchanged(request, document):
            return Response(status_code=304, headers=headers)
        return Response(document.body, headers=headers | {"content-type": document.content_type})


def _unchanged(request: Request, document: Document) -> bool:
    """Whether the client's copy is current: RFC 9110, 13.2.2: If-None-Match decides alone where it is given."""
    if (tags := request.headers.get("if-none-match")) is not None:
        # The gzip middleware leaves the tag as it is, so a weak comparison is all that is needed.
        return tags.strip() == "*" or document.etag in {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except (TypeError, ValueError):
        return False
    return document.modified < since + timedelta(seconds=1)


class _Gzip(GZipMiddleware):
    """Compresses as usual, but never the Mischief: what that sends has to arrive as it is."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = dict(scope.get("headers", ())).get(b"host", b"")
        await (self.app if b"mischief.localhost" in host else super().__call__)(scope, receive, send)


def _listen(address: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        # Only listening fails where another socket with the same option is bound and listens.
        listener.listen(128)
    except (OSError, OverflowError):
        listener.close()
        raise UserError(
            f"The demo newsroom cannot use port {port}: it is taken or not allowed."
            " Set WIREWATCH_NEWSROOM_PORT to a free one."
        ) from None
    return listener


def _port_of_environment() -> int:
    value = os.environ.get("WIREWATCH_NEWSROOM_PORT", str(DEFAULT_PORT))
    if not value.isdecimal():
        raise UserError(f"WIREWATCH_NEWSROOM_PORT is {value!r}. Set it to a port number such as {DEFAULT_PORT}.")
    return int(value)

"""The way of the browser to the net: a small forward proxy that reaches public addresses only.

Chromium looks up names and connects by itself, out of reach of Scrapy's resolver. So it is given a proxy instead, one
for each page, and can reach nothing but that proxy: the proxy looks a name up once, checks the answer by the rules of
:mod:`crawlers.resolver`, and connects to the very address that it has checked.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import socket
from typing import Self
from urllib.parse import unquote, urlsplit

from crawlers.resolver import is_localhost, is_public

logger = logging.getLogger(__name__)

LONGEST_HEAD = 64 * 1024
"""Bytes of a request's line and headers."""
_PIECE = 64 * 1024
_HOP = (b"proxy-", b"connection:", b"keep-alive:")
"""Headers between browser and proxy, which do not go further."""


class Blocked(Exception):
    """The address is not public."""


class Proxy:
    """An HTTP proxy (also CONNECT) on a free port of this machine, as long as its ``async with`` block lasts.

    Args:
        allow_private: whether addresses that are not public may be reached.
        max_bytes: received in all; after that every connection is cut.
        upstream: the operator's own HTTP proxy, through which everything then goes. It looks up names itself, and so
            has to refuse itself; addresses in figures are checked here all the same.
    """

    def __init__(self, allow_private: bool, max_bytes: int, upstream: str | None = None) -> None:
        self.allow_private, self.max_bytes, self.upstream = allow_private, max_bytes, upstream
        self.received = 0
        self.blocked: list[str] = []
        """Hosts that were refused."""
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=LONGEST_HEAD)
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        self._cut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def _cut(self) -> None:
        for connection in self._connections:
            connection.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve_quietly(reader, writer))
        self._connections.add(connection)
        # Not in the task itself: one that is cancelled before its first step never runs.
        connection.add_done_callback(self._connections.discard)
        connection.add_done_callback(lambda _: writer.close())

    async def _serve_quietly(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            logger.debug("A connection of the browser ended: %r", error)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of the browser; a further one needs a connection of its own."""
        line, *headers = (await reader.readuntil(b"\r\n\r\n")).rstrip(b"\r\n").split(b"\r\n")
        method, target, _ = line.split(b" ")
        tunnel = method == b"CONNECT"
        parts = urlsplit(("//" if tunnel else "") + target.decode("ascii"))
        host, port = parts.hostname or "", parts.port or (443 if tunnel else 80)
        if not tunnel and parts.scheme != "http":
            raise ValueError(f"no request for a proxy: {line!r}")
        try:
            far, out = await self._connect(host, port)
        except Blocked:
            self.blocked.append(host)
            logger.info("A script asked for %s, which is not a public address", host)
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        try:
            length = 0
            kept = []
            for header in headers:
                name = header.lower()
                if name.startswith(b"content-length:"):
                    length = int(header.partition(b":")[2])
                if not name.startswith(_HOP):
                    kept.append(header)
            if self.upstream:
                kept += _credentials(self.upstream)
            elif not tunnel:
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                line = b" ".join((method, path.encode(), b"HTTP/1.1"))
            if tunnel and not self.upstream:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                out.write(b"\r\n".join((line, *kept, *(() if tunnel else (b"Connection: close",)), b"", b"")))
            sending = asyncio.create_task(_send(reader, out, None if tunnel else length))
            try:
                while piece := await far.read(_PIECE):
                    self.received += len(piece)
                    if self.received > self.max_bytes:
                        self._cut()
                        return
                    writer.write(piece)
                    await writer.drain()
            finally:
                sending.cancel()
        finally:
            out.close()

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a host, by an address that was checked."""
        if self.upstream:
            with contextlib.suppress(ValueError):
                if not (self.allow_private or is_public(host)):
                    raise Blocked(host)
            if is_localhost(host) and not self.allow_private:
                raise Blocked(host)
            proxy = urlsplit(self.upstream)
            return await asyncio.open_connection(proxy.hostname, proxy.port or 80)
        if is_localhost(host):
            addresses = ["127.0.0.1"]
        else:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [str(address[0]) for *_, address in found]
        public = [address for address in addresses if self.allow_private or is_public(address)]
        if not public:
            raise Blocked(host)
        return await asyncio.open_connection(public[0], port)


async def _send(reader: asyncio.StreamReader, out: asyncio.StreamWriter, length: int | None) -> None:
    """Pass on what the browser sends: a body of that length, or all there is (None)."""
    with contextlib.suppress(OSError):
        while (length is None or length > 0) and (piece := await reader.read(min(_PIECE, length or _PIECE))):
            length = None if length is None else length - len(piece)
            out.write(piece)
            await out.drain()


def _credentials(proxy: str) -> list[bytes]:
    """The header by which the operator's proxy knows us, where its address has a user."""
    parts = urlsplit(proxy)
    if parts.username is None:
        return []
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return [b"Proxy-Authorization: Basic " + base64.b64encode(secret)]

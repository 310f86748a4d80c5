"""A web of one's own: a proxy on loopback that answers for every host, over HTTP and HTTPS."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Answer:
    """What a site answers."""

    status: int
    content_type: str
    body: bytes


@contextmanager
def proxy(answer: Callable[[str], Answer]) -> Iterator[str]:
    """Serve while the block runs; yields the proxy's address.

    Plain HTTP is asked for by absolute address (RFC 9112, 3.2.2). HTTPS comes through ``CONNECT``: the proxy itself is
    the other end, with a self-signed certificate, so clients must not verify.

    Args:
        answer: what there is at an address.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    serving = asyncio.start_server(partial(_talk, answer=answer, tls=_tls()), "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(serving, loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _talk(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answer: Callable[[str], Answer],
    tls: ssl.SSLContext,
) -> None:
    """One connection, for as long as the client keeps it."""
    origin = ""
    # A client that leaves in the middle, or that speaks no HTTP, ends its connection and nothing else.
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await writer.start_tls(tls)
                origin = f"https://{target.removesuffix(':443')}"
                continue
            found = answer(origin + target)
            lines = (
                f"HTTP/1.1 {found.status} {HTTPStatus(found.status).phrase}",
                f"Content-Type: {found.content_type}",
                f"Content-Length: {len(found.body)}",
            )
            writer.write("\r\n".join((*lines, "", "")).encode() + found.body)
            await writer.drain()
    with suppress(OSError):
        writer.close()
        await writer.wait_closed()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _tls() -> ssl.SSLContext:
    """The server's side of TLS, with a certificate made now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wirewatch benchmark")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "certificate.pem"
        file.write_bytes(pem)
        context.load_cert_chain(file)
    return context

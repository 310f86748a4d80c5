"""A web server on loopback that answers as a test says, and ports for other servers."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Headers = Mapping[str, str]


@contextmanager
def serving(answer: Callable[[str, Headers], tuple[int, Headers, bytes]]) -> Iterator[int]:
    """Answer every GET request while the block lasts.

    Args:
        answer: gives status, headers and body for a path and the headers of the request. A Content-Length that it gives
            is sent as it is, right or wrong.

    Yields:
        The port.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = answer(self.path, self.headers)  # type: ignore[arg-type]
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | dict(headers)).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            if "Content-Length" in headers:
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *args: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def unused_ports(number: int = 1) -> int:
    """The first of so many ports in a row that nobody uses.

    They are below those that systems give to sockets without a port of their own, so that the tests that run at the
    same time do not take one of them before the server does for which they are meant.
    """
    while True:
        first = random.randrange(20_000, 30_000)
        if all(_is_unused(port) for port in range(first, first + number)):
            return first


def _is_unused(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True

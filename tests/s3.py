"""An object store of the tests' own: moto's server, which speaks S3, on loopback, in this process."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import s3fs
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

KEY = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


@dataclass
class S3:
    """A server, and what it was asked."""

    url: str = ""
    requests: Counter[str] = field(default_factory=Counter)
    """How often each method was used."""
    sent: int = 0
    """Bytes of its answers."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of who may use it."""
        return {"AWS_ENDPOINT_URL_S3": self.url} | KEY

    def bucket(self) -> str:
        """The URL of a folder in a new bucket."""
        name = f"test-{secrets.token_hex(6)}"
        login = {"key": KEY["AWS_ACCESS_KEY_ID"], "secret": KEY["AWS_SECRET_ACCESS_KEY"]}
        s3fs.S3FileSystem(endpoint_url=self.url, **login).mkdir(name)
        return f"s3://{name}/batches"

    def counted(self, application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """The application, with a count of what it is asked and what it answers."""

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
            self.requests[environ["REQUEST_METHOD"]] += 1
            for part in application(environ, start_response):
                self.sent += len(part)
                yield part

        return answer


@contextmanager
def s3() -> Iterator[S3]:
    """Run a server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = S3()
    application = store.counted(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    store.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()

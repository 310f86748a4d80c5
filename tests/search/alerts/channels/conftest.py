"""A message, settings of its own for each test, and servers on loopback that take messages."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from search.alerts.alert import Alert
from search.alerts.channels import Message, named
from wirewatch.records import Cited, Notice, SourceRef
from wirewatch.settings import get_settings

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Wirewatch's home, for a test that needs no index."""
    monkeypatch.setenv("WIREWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WIREWATCH_CHANNELS", str(tmp_path / "channels.yml"))
    monkeypatch.setenv("WIREWATCH_PUBLIC_URL", "https://watch.example.org/")
    get_settings.cache_clear()
    named._warn_if_others_can_read.cache_clear()
    yield tmp_path / "home"
    get_settings.cache_clear()


@pytest.fixture
def channels(home: Path) -> Callable[[str], Path]:
    """Write the file of channels."""

    def written(text: str, mode: int = 0o600) -> Path:
        file = get_settings().channels
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
        return file

    return written


@pytest.fixture
def alert() -> Alert:
    return Alert(
        name="Coups in the Sahel",
        kql='regions: "Western Africa" and topics: coup',
        tell=("mail:ann@example.org", "newsroom"),
        zone="Europe/Paris",
    )


@pytest.fixture
def message(alert: Alert) -> Message:
    return Message("0123456789abcdef0123", alert, (a_notice(alert.name, "1"), a_notice(alert.name, "2")))


def a_notice(alert: str, id: str, **facts: Any) -> Notice:
    """A notice of a story that two outlets tell, one in French and one in Arabic."""
    first = Cited(
        id=f"article{id}",
        title=f"Coup d'État au Niger ({id})",
        url=f"https://niamey.example/coup?n={id}&l=fr",
        source=SourceRef(id="niamey.example", name="Niamey Soir", country="NE"),
        language="fr",
        published=NOON,
        why=("Les putschistes ont annoncé le <em>coup</em> d'<em>État</em> à la télévision.",),
        concepts=("coup", "Niger", "Western Africa"),
    )
    other = first.model_copy(
        update={
            "id": f"other{id}",
            "title": "انقلاب في النيجر",
            "language": "ar",
            "url": f"https://cairo.example/{id}",
            "source": SourceRef(id="cairo.example", name="القاهرة اليوم", country="EG"),
        }
    )
    given: dict[str, Any] = {
        "id": f"notice{id}",
        "alert": alert,
        "story": f"story{id}",
        "title": first.title,
        "url": first.url,
        "articles": (first, other),
        "size": 2,
        "sources": ("niamey.example", "cairo.example"),
        "created": NOON,
        "run": "20261123T120000Z-a",
        **facts,
    }
    return Notice(**given)


@dataclass
class Received:
    """What a server was sent."""

    url: str
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.requests]


Receiving = Callable[..., AbstractContextManager[Received]]


@pytest.fixture
def receiving() -> Receiving:
    """A web server that takes POSTs and answers with a status and headers, or not at all."""

    @contextmanager
    def serving(
        status: int = 200, headers: dict[str, str] | None = None, *, hang_up: bool = False
    ) -> Iterator[Received]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                if hang_up:
                    return
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"the receiver's own words")

            def do_GET(self) -> None:
                received.requests.append((f"GET {self.path}", {}, b""))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            received = Received(f"127.0.0.1:{server.server_port}")
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield received
            server.shutdown()

    return serving

"""A message, settings of its own for each test, and servers on loopback that take messages."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from search.alerts.alert import Alert
from search.alerts.channels import Message, named
from search.node.certificates import make
from tests.loopback import unused_ports
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


USER, PASSWORD = "watch", "the password of the mail server"


class Office:
    """What the server was given, and what it says to the next mails."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.rcpt = self.data = "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: object, envelope: Envelope, address: str, options: object
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content or b"")  # type: ignore[arg-type]
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        if self.data == "hang up":
            server.transport.abort()
        return self.data


Serving = Callable[..., AbstractContextManager[Office]]


@pytest.fixture
def serving(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serving:
    """A mail server, and settings that name it."""

    @contextmanager
    def served(scheme: str = "smtp", *, tls: bool = True, **settings: str) -> Iterator[Office]:
        office = Office()
        made = make()
        for name, text in (("ca", made.authority), ("crt", made.node), ("key", made.key)):
            (tmp_path / f"smtp.{name}").write_text(text)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tmp_path / "smtp.crt", tmp_path / "smtp.key")

        def authenticate(*given: object) -> AuthResult:
            login = given[-1]
            assert isinstance(login, LoginPassword)
            right = (login.login, login.password) == (USER.encode(), PASSWORD.encode())
            return AuthResult(success=right, handled=False)

        how: dict[str, object] = {}
        if tls:
            how = {"authenticator": authenticate, "auth_required": True}
            how |= {"ssl_context": context} if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
            if scheme == "smtps":
                how["auth_require_tls"] = False  # it is, from the first byte
        controller = Controller(office, hostname="127.0.0.1", port=unused_ports(), **how)  # type: ignore[arg-type]
        controller.start()
        wanted = {
            "URL": f"{scheme}://127.0.0.1:{controller.port}",
            "SENDER": "Wirewatch <alerts@watch.example.org>",
            **({"USER": USER, "PASSWORD": PASSWORD, "CA": str(tmp_path / "smtp.ca")} if tls else {"TLS": "false"}),
            **settings,
        }
        for name, value in wanted.items():
            monkeypatch.setenv(f"WIREWATCH_SMTP__{name}", value)
        get_settings.cache_clear()
        try:
            yield office
        finally:
            controller.stop()

    return served

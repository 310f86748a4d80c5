"""Everything is put into Kibana through its HTTP API, and can be put again."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from search.kibana.setup import saved_objects, setup
from search.node import certificates
from wirewatch.cli import cli
from wirewatch.errors import UserError
from wirewatch.settings import get_settings


class FakeKibana(BaseHTTPRequestHandler):
    """Answers in Kibana's shapes; starting for the first two requests, as a real one does."""

    asked: list[tuple[str, dict[str, str], bytes]]
    has_space: bool

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers), b""))
        level = "available" if len(self.asked) > 2 else "unavailable"
        self._answer(200, {"status": {"overall": {"level": level}}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, dict(self.headers), body))
        if "kbn-xsrf" not in self.headers:
            self._answer(400, {"message": "Request must contain a kbn-xsrf header."})
        elif self.path == "/api/spaces/space":
            there = FakeKibana.has_space
            FakeKibana.has_space = True
            self._answer(409 if there else 200, {"message": "A space with the identifier wirewatch already exists."})
        elif not FakeKibana.has_space:
            self._answer(404, {"message": "Not Found"})
        elif self.path == "/s/wirewatch/api/data_views/default":
            self._answer(200, {"acknowledged": True})
        elif self.server.refuses:  # type: ignore[attr-defined]
            error = {"type": "search", "id": "wirewatch-x", "error": {"type": "missing_references"}}
            self._answer(200, {"success": False, "successCount": 0, "errors": [error]})
        else:
            lines = [line for line in body.splitlines() if line.startswith(b"{")]
            self._answer(200, {"success": True, "successCount": len(lines)})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def kibana(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    FakeKibana.asked, FakeKibana.has_space = [], False
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeKibana)
    server.refuses = False  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("KIBANA_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__USER", "elastic")
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__PASSWORD", "secret")
    get_settings.cache_clear()
    yield server
    server.shutdown()
    server.server_close()
    get_settings.cache_clear()


@pytest.fixture
def behind_tls(kibana: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The certificate of the authority that vouches for a Kibana that speaks HTTPS; no setting names it yet."""
    certificates.keep(tmp_path, ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "node.crt", tmp_path / "node.key")
    kibana.socket = context.wrap_socket(kibana.socket, server_side=True)
    monkeypatch.setenv("KIBANA_URL", f"https://127.0.0.1:{kibana.server_port}")
    get_settings.cache_clear()
    return tmp_path / "ca.crt"


def test_a_kibana_with_a_private_authority_is_believed_by_its_certificate(
    behind_tls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREWATCH_KIBANA_CA", str(behind_tls))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    get_settings.cache_clear()
    assert setup(wait=5) == len(saved_objects())


@pytest.mark.parametrize(
    ("ca", "why"),
    [
        ("", "is not known to be Kibana: WIREWATCH_KIBANA_CA names the file"),
        ("other.crt", "is not known to be Kibana"),
        ("missing.crt", "WIREWATCH_KIBANA_CA=.*missing.crt is no file"),
    ],
)
def test_a_kibana_that_nobody_vouches_for_is_told_nothing(
    ca: str, why: str, behind_tls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (behind_tls.parent / "other.crt").write_text(certificates.make().authority)
    if ca:
        monkeypatch.setenv("WIREWATCH_KIBANA_CA", str(behind_tls.parent / ca))
    get_settings.cache_clear()
    with pytest.raises(UserError, match=why):
        setup(wait=5)
    assert FakeKibana.asked == []


def test_setup_waits_for_kibana_and_imports_everything_into_our_space(kibana: ThreadingHTTPServer) -> None:
    assert setup(wait=5) == len(saved_objects())
    paths = [path for path, _, _ in FakeKibana.asked if path != "/api/status"]
    assert paths == [
        "/api/spaces/space",
        "/s/wirewatch/api/saved_objects/_import?overwrite=true",
        "/s/wirewatch/api/data_views/default",
    ]
    assert len(FakeKibana.asked) > len(paths) + 1, "it was asked until it was available"
    _, headers, body = FakeKibana.asked[-1]
    assert headers["Authorization"].startswith("Basic ")
    assert json.loads(body) == {"data_view_id": "wirewatch-articles", "force": True}


def test_setup_can_be_repeated(kibana: ThreadingHTTPServer) -> None:
    assert setup(wait=5) == setup(wait=5)
    imports = [body for path, _, body in FakeKibana.asked if "_import" in path]
    assert len(imports) == 2
    assert [line for line in imports[0].splitlines() if line.startswith(b"{")] == [
        line for line in imports[1].splitlines() if line.startswith(b"{")
    ]


def test_what_kibana_does_not_take_is_named(kibana: ThreadingHTTPServer) -> None:
    kibana.refuses = True  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="wirewatch-x: missing_references"):
        setup(wait=5)


def test_without_a_kibana_the_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIBANA_URL", "http://127.0.0.1:9")
    get_settings.cache_clear()
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9"):
        setup(wait=0.1)
    get_settings.cache_clear()


def test_the_command_exports_one_object_a_line(tmp_path: Path) -> None:
    file = tmp_path / "wirewatch.ndjson"
    said = CliRunner().invoke(cli, ["kibana", "setup", "--export", str(file)])
    assert said.exit_code == 0 and "Saved Objects" in said.output
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == saved_objects()


def test_the_command_says_where_the_dashboards_are(kibana: ThreadingHTTPServer) -> None:
    FakeKibana.asked = [("", {}, b"")] * 2  # it has started
    said = CliRunner().invoke(cli, ["kibana", "setup"])
    assert f"{kibana.server_port}/s/wirewatch/app/dashboards" in said.output

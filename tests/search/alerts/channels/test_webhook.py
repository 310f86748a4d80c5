from __future__ import annotations

import base64
import hmac
import socket

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from search.alerts.channels import Message, Refused, Unknown, ready, send, webhook
from tests.loopback import unused_ports
from tests.search.alerts.channels.conftest import Receiving
from wirewatch.errors import UserError

SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes that nobody knows").decode()


@pytest.fixture
def told(channels, message: Message):
    """Send a message to the webhook at an address."""

    def telling(url: str) -> None:
        channels(f"- name: newsroom\n  webhook: {url}\n  secret: {SECRET}\n")
        send(message, "newsroom")

    return telling


def test_a_receiver_can_prove_who_sent_it_and_drop_what_comes_twice(
    told, receiving: Receiving, message: Message
) -> None:
    with receiving() as server:
        told(f"http://{server.url}/hook")
        told(f"http://{server.url}/hook")
    (path, headers, body), (_, again, same_body) = server.requests
    assert path == "/hook"
    assert headers["webhook-id"] == again["webhook-id"] == message.id
    assert body == same_body
    data = Webhook(SECRET).verify(body, headers)
    assert data["alert"] == "Coups in the Sahel"
    assert [notice["id"] for notice in data["notices"]] == ["notice1", "notice2"]
    assert data["notices"][0]["articles"][0]["concepts"] == ["coup", "Niger", "Western Africa"]
    # As the scheme says: HMAC-SHA256 over id, time and body.
    signed = b".".join((message.id.encode(), headers["webhook-timestamp"].encode(), body))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"notice1", b"notice3"), headers)


@pytest.mark.parametrize(
    ("status", "failure"), [(400, Refused), (404, Refused), (500, Refused), (503, Refused), (504, Unknown)]
)
def test_an_answer_with_an_error_is_a_refusal_but_for_a_gateway_s(
    told, receiving: Receiving, status: int, failure
) -> None:
    with receiving(status) as server, pytest.raises(failure, match=str(status)):
        told(f"http://{server.url}/")
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed(told, receiving: Receiving) -> None:
    with (
        receiving() as other,
        receiving(307, {"Location": f"http://{other.url}/"}) as server,
        pytest.raises(Refused, match="redirect"),
    ):
        told(f"http://{server.url}/")
    assert other.requests == []


def test_where_nobody_answers_nothing_arrived(told) -> None:
    with pytest.raises(Refused):
        told(f"http://127.0.0.1:{unused_ports()}/")
    with pytest.raises(Refused):
        told("http://no-such-host.invalid/")


def test_without_an_answer_it_may_have_arrived(told, receiving: Receiving, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(hang_up=True) as server, pytest.raises(Unknown):
        told(f"http://{server.url}/")
    assert len(server.requests) == 1
    monkeypatch.setattr(webhook, "ANSWER", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unknown):
        told(f"http://127.0.0.1:{silent.getsockname()[1]}/")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (f"webhook: ftp://example.org/\n  secret: {SECRET}", "no address of the web"),
        ("webhook: https://example.org/\n  secret: short", "24 bytes or more in Base64"),
        (f"webhook: https://example.org/\n  secret: {SECRET}%", "24 bytes or more in Base64"),
        ("webhook: https://example.org/", "`webhook` and `secret`"),
    ],
)
def test_what_is_wrong_with_an_entry_shows_before_anything_is_sent(channels, entry: str, why: str) -> None:
    channels(f"- name: newsroom\n  {entry}\n")
    with pytest.raises(UserError, match=why):
        ready("newsroom")

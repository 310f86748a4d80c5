"""Webhooks signed as Standard Webhooks says (https://www.standardwebhooks.com): a POST of JSON with three headers.

``webhook-id`` is the message's id, by which a receiver drops what comes twice, ``webhook-timestamp`` the time of the
attempt, and ``webhook-signature`` proves with the shared secret that both and the body are ours.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests
from standardwebhooks import Webhook
from urllib3.exceptions import NewConnectionError, SSLError

from search.alerts.channels.failures import Refused, Unknown
from search.alerts.channels.silence import silence
from search.alerts.message import Message
from wirewatch.errors import UserError

CONNECT, ANSWER = 5, 20
"""Seconds."""


def ready(channel: str, url: str, secret: str) -> None:
    """It is when address and secret are right."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise UserError(f"The webhook {channel} has no address of the web: write one like https://example.org/hook")
    _check_key(channel, secret)


def send(message: Message, channel: str, url: str, secret: str) -> None:
    """Post it. A redirect is not followed: the secret's owner is who answers at the address itself.

    Raises:
        UserError: address or secret are not right.
        Refused: nobody answers at the address, or not with success.
        Unknown: it took the message and did not answer in time.
    """
    ready(channel, url, secret)
    body = json.dumps(message.data(), ensure_ascii=False)
    at = datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Wirewatch",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message.id, at, body),
    }
    try:
        # Of the answer only its status is read: it may be as long as it likes.
        with silence(), requests.post(
            url, body.encode(), headers=headers, timeout=(CONNECT, ANSWER), allow_redirects=False, stream=True
        ) as answer:  # fmt: skip
            status = answer.status_code
    except (requests.ConnectTimeout, requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader) as error:
        raise Refused(f"nobody can be asked there ({type(error).__name__})") from None
    except requests.ConnectionError as error:
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(reason, NewConnectionError | SSLError):
            raise Refused(f"nobody answers there ({type(reason).__name__})") from None
        raise Unknown("the connection broke before it answered") from None
    except requests.RequestException as error:
        raise Unknown(f"it did not answer ({type(error).__name__})") from None
    if 300 <= status < 400:
        raise Refused(f"it answers with a redirect ({status}), which is not followed: give the address where it ends")
    if status == 504:
        raise Unknown("its gateway did not wait for its answer (504)")
    if not 200 <= status < 300:
        raise Refused(f"it answers with status {status}")


def _check_key(channel: str, secret: str) -> None:
    try:
        # The library would leave out what is no Base64.
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < 24:
        raise UserError(
            f"The secret of the webhook {channel} is not 24 bytes or more in Base64: make one with `openssl rand "
            "-base64 32`, and give it to the receiver too."
        )

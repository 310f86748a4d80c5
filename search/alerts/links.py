"""Links in messages that act without a login, since nobody can guess them: a signed token says what they do.

The key lies in the home folder, readable by its user only, or is the setting ``link_secret``: every machine that
delivers or serves must have the same. With another key all links that were sent before end.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from itsdangerous import BadData, URLSafeSerializer

from wirewatch.errors import UserError
from wirewatch.settings import get_settings

Action = Literal["mute", "unmute", "unsubscribe", "subscribe", "feed"]


class Link(NamedTuple):
    """What a token says."""

    action: Action
    alert: str
    """Its name."""
    channel: str
    """Whom it was sent to; nothing where that makes no difference."""


def address(action: Action, alert: str, channel: str = "") -> str:
    """The address of a link: of :mod:`api.alerts.links`, where the setting ``public_url`` says."""
    made = token(Link(action, alert, channel))
    return f"{get_settings().public_url}/{f'feed/{made}.atom' if action == 'feed' else f'l/{made}'}"


def token(link: Link) -> str:
    """The token of a link, always the same one."""
    return _signer().dumps(list(link))


def read(token: str) -> Link | None:
    """What a token says; None where it is not one of ours."""
    try:
        link = Link(*_signer().loads(token))
    except (BadData, TypeError, ValueError):
        return None
    return link if link.action in get_args(Action) else None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(_key(), salt="wirewatch links")


def _key() -> str:
    given = get_settings().link_secret
    if given:
        return given.get_secret_value()
    file = get_settings().home / "links.key"
    if not file.exists():
        _make(file)
    key = file.read_text(encoding="ascii").strip()
    if len(key) < 32:
        raise UserError(f"{file}, the key of the links in messages, is damaged: remove it. Links sent before end then.")
    return key


def _make(file: Path) -> None:
    """Make a key, whole from the first moment that the file is there, and the same for all who make one at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")  # mode 0600
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(secrets.token_urlsafe(32))
    with suppress(FileExistsError):
        os.link(draft, file)
    Path(draft).unlink()

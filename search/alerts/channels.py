"""Where alerts are told: ``stdout``, a line a notice, and ``file:///path`` or ``file:path``, a line of JSON a notice.

A relative path lies in Wirewatch's home folder, so that it is the same file whoever runs the stage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from wirewatch.records import Notice
from wirewatch.settings import get_settings

if TYPE_CHECKING:
    from search.alerts.alert import Alert


@dataclass(frozen=True)
class Message:
    """What a channel is told at once."""

    id: str
    alert: Alert | None
    """None where it is for the operator."""
    notices: tuple[Notice, ...]
    repeated: bool = False
    """Whether it may have arrived before: its id and those of its notices end in ``-again`` then."""


class Refused(Exception):
    """The channel did not take the message: it certainly did not arrive."""


class Unknown(Exception):
    """Nobody knows whether the channel took the message."""


def check(channel: str) -> str:
    """The channel itself, where it is one; a :class:`ValueError` otherwise."""
    if re.fullmatch(r"stdout|file:(/|///)?[^/].*", channel):
        return channel
    raise ValueError(f"`{channel}` is no channel: write `stdout`, `file:///path/to/file` or `file:path`")


def send(message: Message, channel: str) -> None:
    """Tell a message to one channel.

    Raises:
        Refused: it certainly did not arrive.
        Unknown: it may have arrived.
    """
    if channel == "stdout":
        for notice in message.notices:
            print(f"Alert {notice.alert}: {notice.title} {notice.url}".rstrip(), flush=True)
        return
    path = get_settings().home / re.sub("^/+", "/", unquote(channel.removeprefix("file:")))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{notice.model_dump_json()}\n" for notice in message.notices))
    except OSError as error:
        raise Refused(f"it cannot be written: {error.strerror}") from None

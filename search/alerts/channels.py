"""Where alerts are told: ``stdout``, a line a notice, and ``file:///path`` or ``file:path``, a line of JSON a notice.

A relative path lies in Wirewatch's home folder, so that it is the same file whoever runs the stage.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from wirewatch.errors import UserError
from wirewatch.records import Notice
from wirewatch.settings import get_settings


def check(channel: str) -> str:
    """The channel itself, where it is one; a :class:`ValueError` otherwise."""
    if re.fullmatch(r"stdout|file:(/|///)?[^/].*", channel):
        return channel
    raise ValueError(f"`{channel}` is no channel: write `stdout`, `file:///path/to/file` or `file:path`")


def tell(notice: Notice, channel: str) -> None:
    """Tell one notice to one channel.

    Raises:
        UserError: the channel does not take it; the message names the channel.
    """
    if channel == "stdout":
        print(f"Alert {notice.alert}: {notice.title} {notice.url}".rstrip(), flush=True)
        return
    path = get_settings().home / re.sub("^/+", "/", unquote(channel.removeprefix("file:")))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(notice.model_dump_json() + "\n")
    except OSError as error:
        raise UserError(f"The alert channel {channel} cannot be written: {error.strerror}.") from None

"""The channel ``file:///path`` or ``file:path``: a line of JSON a notice.

A relative path lies in Wirewatch's home folder, so that it is the same file whoever delivers.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import unquote

from search.alerts.channels.failures import Unknown
from search.alerts.message import Message
from wirewatch.settings import get_settings

WRITTEN = r"file:(/|///)?[^/].*"


def ready(channel: str) -> None:
    """It is made when it is first needed."""


def send(message: Message, channel: str) -> None:
    """Append the notices, and return when they are on the disk.

    Raises:
        OSError: the file cannot be opened: nothing was written.
        Unknown: the disk failed or is full; some of the notices may have been written.
    """
    path = get_settings().home / re.sub("^/+", "/", unquote(channel.removeprefix("file:")))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as file:
        # A writer that was stopped within a line must not spoil the next one.
        torn = file.tell() and _last_byte(path) != b"\n"
        lines = "".join(json.dumps(notice, ensure_ascii=False) + "\n" for notice in message.written_notices())
        left = b"\n" * bool(torn) + lines.encode()
        try:
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError as error:
            raise Unknown(f"it cannot be written to the end: {error.strerror}") from None


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)

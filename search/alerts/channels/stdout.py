"""The channel ``stdout``: a line a notice, in the log of whatever delivers."""

from __future__ import annotations

from search.alerts.message import Message, plain

WRITTEN = "stdout"


def ready(channel: str) -> None:
    """It always is."""


def send(message: Message, channel: str) -> None:
    """Print the notices."""
    for notice in message.notices:
        # Lines are the operator's digest; other characters of control are none of a terminal's business.
        title = "\n".join(plain(line) for line in notice.title.splitlines())
        again = " (this may have been told before)" if message.repeated else ""
        print(f"Alert {notice.alert}: {title} {plain(notice.url)}".rstrip() + again, flush=True)

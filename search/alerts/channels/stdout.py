"""The channel ``stdout``: a line a notice, in the log of whatever delivers."""

from __future__ import annotations

from search.alerts.message import Message, headline, plain

WRITTEN = "stdout"


def ready(channel: str) -> None:
    """It always is."""


def send(message: Message, channel: str) -> None:
    """Print the notices."""
    for notice in message.notices:
        again = " (this may have been told before)" if message.repeated else ""
        print(f"Alert {notice.alert}: {headline(notice)} {plain(notice.url)}".rstrip() + again, flush=True)

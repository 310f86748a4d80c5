"""Where alerts are told. A kind of channel is a file here and a line of :data:`KINDS`:

- ``stdout``, a line a notice (:mod:`~search.alerts.channels.stdout`);
- ``file:///path`` or ``file:path``, a line of JSON a notice (:mod:`~search.alerts.channels.file`);
- ``mail:ann@example.org`` (:mod:`~search.alerts.channels.mail`);
- the name of an entry of the operator's file of channels (:mod:`~search.alerts.channels.named`): a signed webhook, or
  whatever Apprise knows.

What an alert says of a channel is no secret, and what is one stays in the file of channels and the settings: no error,
log or document has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from search.alerts.channels import file, mail, named, stdout
from search.alerts.channels.failures import Down, Refused, Unknown
from search.alerts.message import Message
from wirewatch.errors import UserError

__all__ = [
    "KINDS", "Down", "Message", "Refused", "Unknown", "check", "is_operators", "names", "ready", "send", "server",
]  # fmt: skip


class Kind(NamedTuple):
    """A kind of channel."""

    written: str
    """A regular expression that its whole spelling matches."""
    ready: Callable[[str], None]
    """Raises a :class:`UserError` where something is missing that it needs: a setting, an entry."""
    send: Callable[[Message, str], None]
    """Raises what :func:`send` does, or an :class:`OSError` or :class:`UserError` before anything was sent."""


KINDS = (
    Kind(stdout.WRITTEN, stdout.ready, stdout.send),
    Kind(file.WRITTEN, file.ready, file.send),
    Kind(mail.WRITTEN, mail.ready, mail.send),
    Kind(named.WRITTEN, named.ready, named.send),
)


def check(channel: str) -> str:
    """The channel itself, where it is spelt as one; a :class:`ValueError` otherwise."""
    _kind(channel)
    return channel


def is_operators(channel: str) -> bool:
    """Whether only who may log in on this machine can have it told: it writes there."""
    return channel == "stdout" or channel.startswith("file:")


def server(channel: str) -> str:
    """What stands behind a channel and fails for all that it stands behind: one server takes all mail. Of any other
    channel the channel itself.
    """
    return "mail:" if channel.startswith("mail:") else channel


def ready(channel: str) -> None:
    """See whether a channel could be told now, without telling it anything.

    Raises:
        UserError: it is named in no file of channels, or a setting is missing; the message says which.
    """
    if failure := _failure(_kind(channel).ready, channel):
        raise UserError(f"{failure}.")


def names() -> list[str]:
    """The names of the entries of the file of channels.

    Raises:
        UserError: it cannot be read, or an entry is wrong.
    """
    found: list[str] = []
    if failure := _failure(lambda: found.extend(named.names())):
        raise UserError(f"{failure}.")
    return found


def send(message: Message, channel: str) -> None:
    """Send a message to a channel, once.

    Raises:
        Refused: it did not arrive.
        Unknown: nobody knows whether it arrived.
    """
    if failure := _failure(_kind(channel).send, message, channel):
        raise failure


def _failure(do: Callable[..., None], *what: Any) -> Refused | Unknown | None:
    """Do something, and say how it failed: as an error that drags along none of a library, in whose words, or in the
    variables on the way to it, a password or an address with a token may stand.
    """
    try:
        do(*what)
    except (Refused, Unknown) as error:
        return type(error)(*error.args)
    except UserError as error:
        return Refused(str(error).rstrip("."))
    except OSError as error:
        return Refused(f"it cannot be written: {error.strerror or type(error).__name__}")
    except Exception as error:
        # What a library does not foresee must not keep the other channels from being told.
        return Unknown(f"it failed in a way that nobody foresaw ({type(error).__name__})")
    return None


def _kind(channel: str) -> Kind:
    for kind in KINDS:
        if re.fullmatch(kind.written, channel):
            return kind
    raise ValueError(
        f"`{channel}` is no channel: write `stdout`, `file:///path/to/file`, `file:path`, `mail:ann@example.org`, "
        "or the name of an entry of the file of channels"
    )

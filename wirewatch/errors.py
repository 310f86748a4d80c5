"""The one kind of error that users are meant to read, and what of it may pass."""

from __future__ import annotations

import re


class UserError(Exception):
    """Something the user can put right. The message names the thing and the way out, in one or two sentences.

    The command line prints it without a traceback and exits with status 1.
    """


class Unavailable(UserError):
    """What is needed is not there now: a server does not answer, or is too busy. It may pass by itself: Airflow tries
    again later, which it does not after any other :class:`UserError`.
    """


def last_error(said: str) -> str:
    """What a command of Python failed of, in a line, from the tracebacks that it printed."""
    found = re.findall(r"(?m)^[\w.]+(?:Error|Exception): (?:\([\w.]+\) )?(.+)$", said)
    return found[-1] if found else "it does not say why"

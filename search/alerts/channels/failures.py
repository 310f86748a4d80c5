"""The two ways in which a channel fails. Their words go into logs and the index: no secret of a channel is in them."""

from __future__ import annotations

from wirewatch.errors import UserError


class Refused(UserError):
    """The message did not arrive: the same one can be sent again."""


class Unknown(UserError):
    """It may have arrived: when it is sent again, it must say so."""

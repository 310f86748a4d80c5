"""The ways in which a channel fails. Their words, which go on where a sentence named the channel, stand in logs and
in the index: no secret of a channel is in them.
"""

from __future__ import annotations


class Refused(Exception):
    """The message did not arrive: the same one can be sent again."""


class Down(Refused):
    """It did not arrive, as the server did not answer through which other channels are told too."""


class Unknown(Exception):
    """It may have arrived: when it is sent again, it must say so."""

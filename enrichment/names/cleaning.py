"""Text as the recognisers of names expect it."""

from __future__ import annotations

import re
import unicodedata

_spaces = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_invisible = re.compile(r"[\u00ad\u061c\u180e\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """``text`` as recognisers expect it: composed letters (NFC), plain spaces and apostrophes, nothing invisible.

    Line breaks stay. A no-break space would split "Nicholaï\u00a0Patrouchev" into two names.
    """
    text = _invisible.sub("", unicodedata.normalize("NFC", text)).replace("’", "'").replace("ʼ", "'")
    return _spaces.sub(" ", text)

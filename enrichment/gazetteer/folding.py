"""Text without case and accents, of the same length."""

from __future__ import annotations

import unicodedata
from functools import cache

LETTER = r"[\w\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a4d\u0b01-\u0b4d\u0b82-\u0bcd]"
"""A letter or a sign that belongs to one, as a pattern."""


@cache
def _folding() -> dict[int, str]:
    """Maps letters to lower case without accents, one to one, so that offsets stay what they are."""
    table: dict[int, str] = {}
    for point in [*range(0x41, 0x590), *range(0x10A0, 0x1100), *range(0x1E00, 0x2000)]:
        low = chr(point).lower()[:1]
        if point < 0x370 or point >= 0x1E00:
            low = unicodedata.normalize("NFD", low)[0]
        elif point < 0x400:
            low = unicodedata.normalize("NFD", low)[0].replace("ς", "σ")
        table[point] = low
    table.update({ord(a): b for a, b in zip("ёЁıİøØłŁđĐɓƁɗƊƙƘƴƳ", "ееiioollddbbddkkyy", strict=True)})
    table.update({ord(a): b for a, b in zip("أإآٱىیکۀةھ", "ااااييكههه", strict=True)})
    table.update({ord(c): "'" for c in "’‘ʼʻ`´"})
    table.update({ord(c): "-" for c in "‐‑‒–"})
    table.update({ord(c): " " for c in "\u00a0\u202f\u2009\u2007\n\t"})
    table[0x200C] = " "  # Persian writes تل‌آویو and تل آویو
    for kept, same in (("ሀ", "ሐኀ"), ("ሰ", "ሠ"), ("አ", "ዐ"), ("ጸ", "ፀ")):  # spelled as one likes in Amharic
        for other in same:
            table.update({ord(other) + vowel: chr(ord(kept) + vowel) for vowel in range(7)})
    table.update({ord(a): b for a, b in zip("ሃሓኃኣዓጐኰ", "ሀሀሀአአጎኮ", strict=True)})
    return table


def fold(text: str) -> str:
    """``text`` in lower case without accents and with plain hyphens, apostrophes and spaces; its length is kept."""
    return text.translate(_folding())

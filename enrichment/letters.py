"""Letters as they are compared: without capitals and accents, character for character, so that offsets stay."""

from __future__ import annotations

import unicodedata
from typing import ClassVar

ACCENTED = 1 / 500
"""Share of letters with an accent below which a text counts as written without (an English one with foreign names)."""


def plain(text: str) -> str:
    """The text without combining marks (Arabic vowels, decomposed accents), so that :func:`fold` keeps offsets."""
    return unicodedata.normalize("NFC", text).translate(_MARKS)


def fold(text: str) -> str:
    """Lower case without accents, character for character; white space is a space."""
    return text.translate(_FOLDED)


def has_accents(text: str) -> bool:
    """Whether a text is written with accents, as far as its letters tell."""
    return accents(text).count("1") > ACCENTED * len(text)


def accents(text: str) -> str:
    """``1`` for each Latin letter with an accent that is never left out (î and û may be, in French), else ``0``."""
    return text.translate(_ACCENTS)


def words(text: str) -> str:
    """The text with a space for whatever is no letter or digit."""
    return text.translate(_WORDS)


def accents_fit(written: str, term: str, forgiving: bool) -> bool:
    """Whether letters have accents where those of ``term`` have; they may lack on capitals, or all if ``forgiving``."""
    return all(
        has == wants or (wants == "1" and (forgiving or letter.isupper()))
        for letter, has, wants in zip(written, accents(written), accents(term), strict=True)
    )


class _Table(dict[int, str]):
    """What becomes of each character, worked out when it is first met: :meth:`str.translate` does the rest in C."""

    def __missing__(self, code: int) -> str:
        self[code] = self.of(chr(code))
        return self[code]

    def of(self, character: str) -> str:
        """What becomes of one."""
        raise NotImplementedError


class _Marks(_Table):
    def of(self, character: str) -> str:
        return "" if unicodedata.category(character) == "Mn" or character == "ـ" else character


class _Folded(_Table):
    letters: ClassVar = {
        **dict.fromkeys("’ʼ‘", "'"),
        **{"ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ی": "ي", "ک": "ك"},
        **{"ı": "i", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y"},  # Hausa is written with and without the hooks
    }

    def of(self, character: str) -> str:
        if character.isspace():
            return " "
        if character in "йЙїЇўЎ":  # letters of their own
            return character.lower()
        base = unicodedata.normalize("NFKD", character.lower())[0]
        return self.letters.get(base, base)


class _Accents(_Table):
    def of(self, character: str) -> str:
        lower = character.lower()
        accented = "a" <= _FOLDED[ord(character)] <= "z" and lower not in "îûɓɗƙƴ" and _FOLDED[ord(character)] != lower
        return "1" if accented else "0"


class _Words(_Table):
    def of(self, character: str) -> str:
        return character if character.isalnum() or character == "_" else " "


_MARKS, _FOLDED, _ACCENTS, _WORDS = _Marks(), _Folded(), _Accents(), _Words()

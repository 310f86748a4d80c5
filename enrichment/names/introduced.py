"""Whether a text speaks of a name as of a person: after a title, or before a verb of saying."""

from __future__ import annotations

import re
from functools import lru_cache

from enrichment import gazetteer
from enrichment.gazetteer import fold
from enrichment.names.words import LINKS, NOT_FIRST, SAYS, TITLES


def is_introduced(text: str, start: int, end: int, language: str) -> bool:
    """Whether the text speaks of two or three words as of a person: after a title ("secrétaire du Conseil de sécurité
    russe X Y", not "maire de X Y") or before a verb of saying. Nothing that the gazetteer knows is meant so.
    """
    name = text[start:end]
    words = name.split()
    if not 1 < len(words) < 4 or not all(word[0].isupper() for word in words) or _kinds_in(name, language):
        return False
    return fold(words[0]) not in NOT_FIRST and (
        bool(SAYS.match(fold(text[end : end + 120]))) or _titled(text, start, language)
    )


def _titled(text: str, start: int, language: str) -> bool:
    """Whether a title, with what it is the title of, stands directly before ``start``."""
    before = re.split(r"[.,;:!?()\"«»\n]", text[max(0, start - 100) : start])[-1].replace("'", "' ").split()
    if not before or before[-1].lower() in LINKS:
        return False
    for i in range(len(before) - 1, -1, -1):
        word, left = before[i], before[i - 1] if i else ""
        if fold(word) in TITLES:
            return True
        belongs = word.lower() in LINKS or left.lower() in LINKS or word[0].isupper() or left[:1].isupper()
        if not belongs and not _is_people(word, language):
            return False
    return False


def _is_people(word: str, language: str) -> bool:
    return _kinds_in(word, language) == ("people",)


@lru_cache(maxsize=20_000)
def _kinds_in(text: str, language: str) -> tuple[str, ...]:
    """The kinds of places that a name has in it."""
    return tuple(mention.kind for mention in gazetteer.find(text, language))

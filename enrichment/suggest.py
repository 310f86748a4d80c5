"""Did you mean: names of which a word that somebody typed may be another spelling."""

from __future__ import annotations

import re
from difflib import SequenceMatcher, get_close_matches
from functools import cache

from enrichment import known, sound
from wirewatch.records import Meaning

ALIKE = 0.75
"""How alike the letters of two words must be (difflib's ratio)."""
SOUNDS_ALIKE = 0.5
"""The same of words that sound the same."""
LEAST = 4
"""Letters of a word: shorter ones are like too many others."""
MOST = 20
"""Known names that a word may be."""


def doubtful(meaning: Meaning) -> list[str]:
    """The words of a question that may be names, and nobody's that we know."""
    words = (word for asked in meaning.asked if not asked.concepts for word in asked.words)
    return [word.text for word in words if word.sounds and len(sound.latin(word.text)) >= LEAST]


def known_like(word: str) -> list[str]:
    """Ids of the known people and organisations of whose name a word may be another spelling."""
    names = _names()
    close = get_close_matches(sound.latin(word), names, MOST, ALIKE)
    alike = [name for name in _by_sound(word) if likeness(word, name)]
    return list(dict.fromkeys(id_ for name in (*close, *alike) for id_ in names[name]))


def _by_sound(word: str) -> list[str]:
    keys = known.keys(word)
    return [name for name in _names() if not keys.isdisjoint(known.keys(name))]


@cache
def _names() -> dict[str, tuple[str, ...]]:
    """The words of known names, in small Latin letters, and whose they are."""
    ids: dict[str, dict[str, None]] = {}
    for one in (*known.people().values(), *known.organizations().values()):
        for name in (one.name, *one.labels.values(), *one.spellings, *one.alone):
            for word in known.words(name):
                if len(latin := sound.latin(word.text)) >= LEAST:
                    ids.setdefault(latin, {})[one.id] = None
    return {word: tuple(of) for word, of in ids.items()}


def likeness(word: str, name: str) -> float:
    """How likely a word of a name is another spelling of the word: 0 where none is, or where one is the very word."""
    latin = sound.latin(word)
    parts = [part.text for part in known.words(name)]
    if latin in map(sound.latin, parts):
        return 0.0
    return max((_alike(latin, word, part) for part in parts), default=0.0)


def _alike(latin: str, word: str, part: str) -> float:
    same_sound = not known.keys(word).isdisjoint(known.keys(part))
    ratio = SequenceMatcher(None, latin, sound.latin(part), autojunk=False).ratio()
    if (len(part) < LEAST and not same_sound) or ratio < (SOUNDS_ALIKE if same_sound else ALIKE):
        return 0.0
    return ratio + same_sound


def corrected(text: str, word: str, name: str, *, quoted: bool = False) -> str:
    """A question with a name in the place of a word, and without what else of the name stands beside it; ``quoted``
    where it is to be a phrase, as in KQL.

    Example:
        >>> corrected("Nikolay Patrusev in Algiers", "Patrusev", "Nikolai Patrushev")
        'Nikolai Patrushev in Algiers'
    """
    parts = [part.text for part in known.words(name)]
    typed = known.words(text)
    at = next((i for i, one in enumerate(typed) if one.text == word), None)
    if at is None:
        return text
    first = last = at
    while first and _is_of(typed[first - 1].text, parts) and _beside(text, typed[first - 1].end, typed[first].start):
        first -= 1
    while (
        last + 1 < len(typed)
        and _is_of(typed[last + 1].text, parts)
        and _beside(text, typed[last].end, typed[last + 1].start)
    ):
        last += 1
    before, after = text[: typed[first].start], text[typed[last].end :]
    is_phrase = before.count('"') % 2 == 1
    return before + (f'"{name}"' if quoted and not is_phrase else name) + after


def _is_of(word: str, parts: list[str]) -> bool:
    return any(_alike(sound.latin(word), word, part) for part in parts)


def _beside(text: str, end: int, start: int) -> bool:
    return bool(re.fullmatch(r"[ .'-]{1,2}", text[end:start]))

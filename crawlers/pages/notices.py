"""What pages say that show something else than an article, or only its beginning.

The phrases are in ``crawlers/data/notices.yml``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

_phrases: dict[str, list[str]] = yaml.safe_load((Path(__file__).parents[1] / "data" / "notices.yml").read_text("utf-8"))

Kind = Literal["error", "challenge", "consent", "paywall"]


def found(kind: Kind, text: str) -> set[str]:
    """The different phrases of a kind that stand in a text, whatever their case and signs."""
    return set(_pattern(kind).findall(_plain(text)))


def is_error(heading: str) -> bool:
    """Whether all that a heading says is that there is no page, or none for us; ``404`` alone says it too."""
    words = re.sub(r"\b(?:error|http|status|code)?\s*[45]\d\d\b", "", _plain(heading)).strip()
    return words in _errors() or (not words and bool(re.search(r"\b[45]\d\d\b", heading)))


@cache
def _pattern(kind: Kind) -> re.Pattern[str]:
    phrases = sorted(map(_plain, _phrases[kind]), key=len, reverse=True)
    # Words end where they end, but scripts without spaces have no ends.
    return re.compile("|".join(re.escape(phrase) + (r"\b" if phrase[-1].isascii() else "") for phrase in phrases))


@cache
def _errors() -> frozenset[str]:
    return frozenset(map(_plain, _phrases["error"]))


def _plain(text: str) -> str:
    """Words in lower case with single spaces."""
    return " ".join(re.findall(r"[\w'’]+", text.casefold().replace("’", "'")))

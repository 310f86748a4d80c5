"""What a field was chosen from: every candidate with where it stands in the page, and why one won.

Each module that finds a field gives a :class:`Choice`. ``wirewatch extract --explain`` prints them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T", covariant=True)


@dataclass(frozen=True)
class Candidate(Generic[T]):
    """One answer that a page gives for a field."""

    value: T
    """As it was compared with the others."""
    origin: str
    """Where it stands, in the page's own words: ``json-ld headline``, ``meta og:title``, ``h1``, ``time datetime``; or
    what cut it out: ``trafilatura``; or ``hint``, for what the listing said."""


@dataclass(frozen=True)
class Choice(Generic[T]):
    """The answer that a field has, and the ones that it was chosen from."""

    value: T
    origin: str = ""
    """The origin of the candidate that won; empty where the page gives nothing."""
    why: str = ""
    """Why it won, as the end of the sentence "It was chosen because …"; empty where there was no choice."""
    candidates: tuple[Candidate[Any], ...] = ()
    """In the order in which they are asked."""

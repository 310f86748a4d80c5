"""What a search answers: hits, why each of them is one, and what there is of what."""

from __future__ import annotations

from datetime import date as Day
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from wirewatch.records import SourceRef

HIGHLIGHT = ("<em>", "</em>")
"""Stand around the matched words of a fragment. The rest is the article's text as it is: not HTML."""
Fold = Literal["none", "copies", "stories"]
"""What is shown as one hit: every article, the copies of one text, or the articles of one story."""
Sort = Literal["relevance", "newest"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Concept(_Value):
    """A concept by which an article was found."""

    id: str | None
    """None where KQL matched a label that we cannot name the concept of."""
    label: str


class Copies(_Value):
    """The other articles with nearly the same text, whether they answer the question or not."""

    count: int = 0
    sources: tuple[str, ...] = ()
    """Names of the outlets that have them, those with most first."""


class Told(_Value):
    """The story that an article belongs to, with all its articles, whether they answer the question or not."""

    id: str
    title: str
    size: int
    """Articles."""
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Ids of the outlets, those with most articles first."""
    first_seen: datetime | None = None
    last_seen: datetime | None = None


class Happened(_Value):
    """Who did what with whom: an event of an article by which KQL has found it."""

    type: str
    """PLOVER's event type in small letters: ``cooperate``, ``consult`` …"""
    mode: str | None = None
    """What kind of it: ``visit``, ``meet`` …"""
    contexts: tuple[str, ...] = ()
    """``military``, ``diplomatic`` …"""
    sources: tuple[str, ...] = ()
    """Names of those who did it."""
    targets: tuple[str, ...] = ()
    """Names of those with or to whom it was done."""
    date: Day | None = None
    """When, where the sentence says it."""
    sentence: str
    """That says so."""
    words: tuple[str, ...] = ()
    """Its words that told the type."""


class Hit(_Value):
    """An article that was found, and why."""

    id: str
    score: float
    """0 where the order is not by relevance."""
    title: str
    lead: str | None = None
    url: str
    source: SourceRef
    published: datetime | None = None
    language: str | None = None
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    concepts: tuple[Concept, ...] = ()
    """What was asked for and the article is about."""
    words: tuple[str, ...] = ()
    """Words of the question that the article's own text has, as they are or as its language says them, but for those
    of the concepts that it is about."""
    events: tuple[Happened, ...] = ()
    """What happened, where KQL asked for events."""
    facts: tuple[str, ...] = ()
    """What KQL has matched besides: ``countries: DZ``."""
    fragments: tuple[str, ...] = ()
    """Pieces of the text, in its own language, with what matched between :data:`HIGHLIGHT`."""
    extracted_from: str = "page"
    """``feed`` where the page was refused and the text is what the feed carried."""
    gone: datetime | None = None
    """When the site was first seen to have removed it."""
    changed: tuple[datetime, ...] = ()
    """When the site changed the text, the latest last."""
    duplicate_of: str | None = None
    """Id of the article indexed first with nearly the same text; None where this is the first."""
    copies: Copies = Copies()
    """Stand for this hit in an answer that is folded by copies; none are named in another one."""
    story_id: str | None = None
    story: Told | None = None
    """In an answer that is folded by stories: what this hit stands for; None where its story has no other article."""


class Count(_Value):
    """How many of the articles that were found have a value."""

    value: str
    """As the filter takes it; of days, the date."""
    label: str
    count: int


class Suggestion(_Value):
    """What may have been meant: a name that articles have, spelled otherwise than in the question."""

    word: str
    """What was typed."""
    name: str
    articles: int
    """That have the name."""
    question: str
    """The question with the name."""


class Results(_Value):
    """The answer to a search."""

    total: int
    """In a folded answer what is shown as one hit counts once; above 40,000 that number is near, not exact."""
    documents: int
    """With each article counted."""
    fold: Fold = "copies"
    """What is shown as one hit."""
    took_ms: int
    hits: tuple[Hit, ...]
    facets: dict[str, tuple[Count, ...]] = {}
    """By the names that were asked for: the most frequent values, those with most articles first; days in their
    order. Articles are counted, folded or not."""
    suggestions: tuple[Suggestion, ...] = ()
    """Where little was found, what may have been meant."""

"""Two texts side by side: whether they are versions of one article, and what the site has changed in it."""

from __future__ import annotations

import difflib
from itertools import islice

from wirewatch.records import Article, Change

AKIN = 1 / 3
"""Share of the shorter text that stands word for word in the other, from which on one page shows one article changed
and not two articles: under it, the address is one that shows whatever is newest."""
MOST_PARAGRAPHS = 2000
"""Paragraphs of a text that are compared one by one; what follows them is compared as one. It bounds the time."""


def change(old: Article, new: Article) -> Change:
    """How the text of an article changed."""
    return Change(
        version=old.version,
        at=new.fetched,
        title=_diff([old.title], [new.title]),
        lead=_diff([old.lead or ""], [new.lead or ""]),
        body=_diff(_paragraphs(old.body), _paragraphs(new.body)),
    )


def akin(one: Article, other: Article) -> bool:
    """Whether two texts found at one address are likely to be versions of one article."""
    if one.version == other.version:
        return True
    if one.published and (one.title, one.published) == (other.title, other.published):
        return True
    texts, others = ({a.lead or "", *_paragraphs(a.body)} for a in (one, other))
    shorter = min(sum(map(len, texts)), sum(map(len, others)))
    return sum(map(len, texts & others)) >= AKIN * shorter


def _diff(old: list[str], new: list[str]) -> str | None:
    lines = difflib.unified_diff(old, new, n=0, lineterm="")
    return "\n".join(islice(lines, 2, None)) or None  # the first two would name files


def _paragraphs(body: str) -> list[str]:
    return [" ".join(text.split()) for text in body.split("\n\n", MOST_PARAGRAPHS)]

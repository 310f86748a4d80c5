"""Who may do what to whom: what a sentence seems to tell of parties that cannot have done it is dropped.

A firm holds no talks, nobody attacks a person but in words, and no country visits itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from enrichment import known
from enrichment.entities import is_learned
from enrichment.event_words import Kind

WITHIN = ("protest", "vote")
"""Types that the people of a country do: a person named there speaks of it, or is its reason."""
ACROSS = ("consult", "assault", "agree", "cooperate")
"""Types that no country does with its own."""
PRIVATE = ("company", "party", "ngo")
"""Kinds of organisations that are no country's and hold no talks between states."""


def may_do(kind: Kind, doing: Sequence[str], done: Sequence[str], targets: Iterable[tuple[str, ...]]) -> bool:
    """Whether those who do it (concept ids) may do it to the others; ``targets`` are these with those who act for the
    country that does it.
    """
    if kind.type in ACROSS and are_countries(doing) and _act_for(targets, doing):
        return False
    if kind.alone:
        return any(map(_is_power, doing))
    if kind.type == "consult" and any(all(map(_is_private, side)) for side in (doing, done)):
        return False
    if kind.type == "assault" and not any(map(_may_be_attacked, done)):
        return False
    return _is_known(doing) and _is_known(done) and any(map(_is_power, (*doing, *done)))


def are_countries(ids: Iterable[str]) -> bool:
    """Whether countries alone are named."""
    return all(id_.startswith("country:") for id_ in ids)


def _act_for(members: Iterable[tuple[str, ...]], countries: Sequence[str]) -> bool:
    """Whether all whose country is known act for one of these."""
    acting = [id_ for member in members for id_ in member if id_.startswith("country:")]
    return bool(acting) and all(id_ in countries for id_ in acting)


def _is_known(ids: Sequence[str]) -> bool:
    """Whether one is a country, or somebody of our data files."""
    return not all(map(is_learned, ids))


def _is_private(id_: str) -> bool:
    one = known.get(id_)
    return one is not None and id_.startswith("organization:") and one.roles in PRIVATE


def _may_be_attacked(id_: str) -> bool:
    return not id_.startswith("person:") and not is_learned(id_) and not _is_private(id_)


def _is_power(id_: str) -> bool:
    """Whether it is a country, or an organisation of many countries."""
    one = known.get(id_)
    return id_.startswith("country:") or (one is not None and not one.country and id_.startswith("organization:"))

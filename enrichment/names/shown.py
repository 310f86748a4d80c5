"""Names for people to read, from what a text says: without articles and titles, one name's spellings and its surname
alone counted together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from enrichment.gazetteer import fold
from enrichment.names.kinds import PERSON, place_kind
from enrichment.names.words import JOB, NO_NAMES, PARTICLES, TITLES

_article = re.compile(
    r"^(?:[LlDd]'|qu'|(?:The|the|l[ea]s?|du|des?|de la|del|el|los|las|o|os|a|as|der|die|das|den|il|lo|gli|i)\s+)(?=\S)"
)
_capital_article = re.compile(r"^(?:L[ea]s?|Du|Des|El|Los|Las|Os?|As?|Der|Die|Das|Il|Lo)\s+(?=\S)")
_possessive = re.compile(r"(?:'s?|'s)$")
_edges = " \t\n\"'«»“”„()[]{}.,;:!?…–—-*|/"


def _trimmed(text: str, language: str) -> str:
    """The words without quotes, possessive and article. A capitalised article goes only where what it leaves is a known
    place ("La Russie") and it is no part of the name ("Le Caire").
    """
    text = text.strip().split("\n")[0].strip(_edges)
    if language == "tr":
        text = re.sub(r"(?<=\w)'\w+$", "", text)
    text = re.split('[“”„"«»]', text)[0]
    parts = [part for part in re.split(r"\s+[-–—]\s+", text) if part[:1].isupper()]
    text = _possessive.sub("", parts[0] if parts else text).strip(_edges)
    bare = _capital_article.sub("", text)
    if bare != text and place_kind(bare, language) and not place_kind(text, language):
        return bare
    return _article.sub("", text).strip()


def _person(text: str) -> str:
    """The name without the titles, adjectives and other words before it; empty when nothing is left."""
    words = text.split()
    while words and (
        fold(words[0]) in TITLES or (words[0][0].islower() and (fold(words[0]) not in PARTICLES or len(words) == 1))
    ):
        words = words[1:]
    while len(words) > 1 and words[-1][0].islower():
        words = words[:-1]
    return " ".join(words)


def as_shown(kind: str, surface: str, language: str) -> tuple[str, str] | None:
    """The kind and, for people to read, the name of what a text says; None where it is no name."""
    name = _trimmed(surface, language)
    if kind == PERSON:
        name = _person(name)
    if len(name) < 2 or fold(name) in NO_NAMES or not any(c.isalpha() for c in name):
        return None
    if kind == PERSON:
        return kind, name
    if JOB.match(fold(name)) or (name == name.lower() != name.upper()):
        return None
    return None if place_kind(name, language) == "people" else (kind, name)


def _by_frequency(names: Iterable[str]) -> tuple[str, ...]:
    """The distinct names in their most frequent spelling, the most frequent name first, then by first mention."""
    spellings: dict[str, Counter[str]] = {}
    for name in names:
        spellings.setdefault(fold(name), Counter())[name] += 1
    ranked = sorted(spellings.values(), key=lambda counted: -counted.total())
    return tuple(counted.most_common(1)[0][0] for counted in ranked)


def collect(
    found: Iterable[tuple[str, str]], is_place: Callable[[str], bool] = lambda name: True
) -> dict[str, tuple[str, ...]]:
    """Counts (kind, name) pairs together: one kind a name, surnames and unmistakable first names with their full names;
    most frequent first. ``is_place`` says whether what is marked as a place is known as one; if not, it may be a name.
    """
    found = list(found)
    votes: dict[str, Counter[str]] = {}
    for kind, name in found:
        votes.setdefault(fold(name), Counter())[kind] += 1
    full: dict[str, Counter[str]] = {}
    first: dict[str, set[str]] = {}
    spelled: dict[str, Counter[str]] = {}
    for kind, name in found:
        words = fold(name).split()
        if kind == "person" and len(words) > 1:
            full.setdefault(words[-1], Counter())[name] += 1
            first.setdefault(words[0], set()).add(fold(name))
            spelled.setdefault(fold(name), Counter())[name] += 1
    names: dict[str, list[str]] = {"person": [], "organization": [], "place": []}
    for _, name in found:
        key = fold(name)
        kind = votes[key].most_common(1)[0][0]
        if votes[key]["person"] and (" " in key or kind != "place"):
            kind = "person"
        named = kind != "place" or not is_place(name)
        if key in full and named:
            names["person"].append(full[key].most_common(1)[0][0])
        elif kind != "organization" and named and len(first.get(key, ())) == 1:
            names["person"].append(spelled[next(iter(first[key]))].most_common(1)[0][0])
        else:
            names[kind].append(name)
    return {kind: _by_frequency(listed) for kind, listed in names.items()}

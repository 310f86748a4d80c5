"""The words of ``data/name_kinds.yml``, that tell people, organisations and places apart."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

import yaml

from enrichment import gazetteer, known
from enrichment.gazetteer import fold, places
from enrichment.language import stop_words
from enrichment.names.words import LINKS, TITLES

PERSON, ORGANIZATION, PLACE = "person", "organization", "place"

UNCASED = frozenset("ar fa ur ps ckb am ti hi mr ne bn pa gu ta te kn ml si th my km lo ka he yi zh ja ko".split())  # noqa: SIM905
"""Languages whose script has no capitals."""

_kinds: dict[str, Any] = yaml.safe_load((gazetteer.DATA / "name_kinds.yml").read_text("utf-8"))


@cache
def _title_words(language: str) -> re.Pattern[str] | None:
    return re.compile(_kinds["title_endings"][language]) if language in _kinds["title_endings"] else None


def is_title(word: str, language: str) -> bool:
    """Whether a folded word stands before people's names and is no part of them."""
    pattern = _title_words(language)
    return (word in TITLES and word not in LINKS) or (pattern is not None and pattern.fullmatch(word) is not None)


class Words(NamedTuple):
    """The words of a language that tell kinds, folded."""

    nouns: dict[str, str]
    """Kind by noun beside a name."""
    heads: dict[str, str]
    """Kind by word inside a name; ``other`` is none."""
    stems: re.Pattern[str] | None
    """The same for words of many endings: its groups are called by kind."""
    places_before: frozenset[str]


@cache
def words_of(language: str) -> Words:
    """The lists of a language; empty ones where there are none. Acronyms such as FC are in those of English."""
    nouns = {fold(word): kind for kind, by in _kinds["nouns"].items() for word in by.get(language, "").split()}
    heads = {fold(word): kind for kind, by in _kinds["heads"].items() for word in by.get(language, "").split()}
    stems = [(kind, stem[:-1]) for stem, kind in heads.items() if stem.endswith("*")]
    by_kind = {kind: "|".join(stem for k, stem in stems if k == kind) for kind in dict.fromkeys(k for k, _ in stems)}
    pattern = "|".join(f"(?P<{kind}>{listed})" for kind, listed in by_kind.items())
    return Words(
        nouns,
        {word: kind for word, kind in heads.items() if not word.endswith("*")},
        re.compile(rf"(?:{pattern})\w{{0,5}}$") if pattern else None,
        frozenset(fold(_kinds["places_before"].get(language, "")).split()),
    )


@cache
def first_names() -> frozenset[str]:
    """Common first names, folded, and those of the people we know."""
    listed = set(fold(_kinds["first_names"]).split())
    for person in known.people().values():
        if not person.surname_first:
            listed.update(fold(word) for word in person.name.split()[:-1] if len(word) > 3 and word[0].isupper())
    return frozenset(listed) - TITLES


@cache
def well_known_places() -> frozenset[str]:
    """Seas, rivers, mountains, regions and states of the past, folded: what the gazetteer has not."""
    return frozenset(fold(name.strip()) for name in _kinds["places"].split(","))


@lru_cache(maxsize=20_000)
def place_kind(name: str, language: str) -> str | None:
    """The kind of mention that the whole name is, by the gazetteer; None where it is none. What is both a country and
    one of its people ("Suisse") is the country.
    """
    mentions = gazetteer.read(name, language).mentions
    if len(mentions) != 1 or mentions[0][:2] != (0, len(name)):
        return None
    kind, code = mentions[0].kind, mentions[0].code
    return "country" if kind == "people" and _is_country(name, code, language) else kind


_case_endings = "(?:[аыеуояиюй]|ой|ей|ом|ем|ии|ию|ия|ией)?"


def _is_country(name: str, code: str, language: str) -> bool:
    """Whether it is what the country itself is called, in Russian in any case: Украине."""
    folded, label = fold(name), fold(gazetteer.label(code, language) or "")
    if language == "ru" and label:
        return re.fullmatch(re.escape(label.rstrip("аяьи")) + _case_endings, folded) is not None
    return folded == label


@lru_cache(maxsize=20_000)
def is_place_name(name: str, language: str) -> bool:
    """Whether a city or subdivision somewhere is called so."""
    one = places.known(language).get(fold(name))
    return one is not None and bool(one.sure)


def is_stop(word: str, language: str) -> bool:
    """Whether a word is one of those that say nothing."""
    return word in stop_words(language) or word in LINKS

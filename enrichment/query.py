"""What an analyst means: the countries, regions and topics in a typed text, and its vector.

The concept ids are those that articles carry, so that ``Russia military cooperation Africa``, ``coopération militaire
Russie Afrique`` and ``военное сотрудничество России и Африки`` ask for the same.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from enrichment import geography, topics
from enrichment.embedding import embed_query
from enrichment.language import stop_words
from enrichment.names import clean
from wirewatch.language import detect
from wirewatch.records import Meaning


class _Found(NamedTuple):
    """A concept in the typed text."""

    concept: str
    start: int
    end: int


def understand(text: str) -> Meaning:
    """The meaning of a query in any language, in capitals or without.

    Its language is the one in which most of its words name something we know; the statistical guess, which is weak on a
    few words, decides between equals. A topic counts only by its longest term: "military cooperation" does not also
    ask for whatever "military" alone would mean.
    """
    text = topics.plain(clean(text)).strip()
    guess = detect(text)
    readings = {language: _concepts(text, language) for language in (guess, *_other_languages(guess))}
    language = max(readings, key=lambda code: (_covered(readings[code]), code == guess, code == "en"))
    found = readings[language]
    taken = [False] * len(text)
    for _, start, end in found:
        taken[start:end] = [True] * (end - start)
    rest = [
        word.group()
        for word in re.finditer(r"\w+(?:['-]\w+)*", text)
        if not any(taken[slice(*word.span())]) and word.group().lower() not in stop_words(language)
    ]
    return Meaning(
        text=text,
        language=language,
        concepts=tuple(dict.fromkeys(concept for concept, _, _ in found)),
        rest=tuple(rest),
        embedding=embed_query(text) if text else (),
    )


def _other_languages(guess: str) -> list[str]:
    return sorted(topics.languages() - {guess})


def _concepts(text: str, language: str) -> list[_Found]:
    """Where the text names countries, regions and topics, in its order."""
    places = _places(text, language)
    about = [_Found(f"topic:{m.topic}", m.start, m.end) for m in topics.matches(text, language)]
    longest = [
        one for one in about if not any(o.start <= one.start and one.end <= o.end and o[1:] != one[1:] for o in about)
    ]
    return sorted(places + longest, key=lambda found: (found.start, found.end))


def _places(text: str, language: str) -> list[_Found]:
    """Countries and regions, as written and, where nothing is found that way, without regard to capitals."""
    found: list[_Found] = []
    for written in (text, text.lower()):
        for kind, find in (("country", geography.countries_in), ("region", geography.regions_in)):
            for m in find(written, language):
                if not any(m.start < one.end and one.start < m.end for one in found):
                    found.append(_Found(f"{kind}:{m.code}", m.start, m.end))
    return found


def _covered(found: list[_Found]) -> int:
    """Characters of the text that belong to a concept."""
    return len({i for one in found for i in range(one.start, one.end)})

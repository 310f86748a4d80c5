"""What an analyst means: the places, topics, people and organisations in a typed text, and its vector.

The concept ids are those that articles carry, so that ``Russia military cooperation Africa``, ``coopération militaire
Russie Afrique`` and ``военное сотрудничество России и Африки`` ask for the same.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from enrichment import gazetteer, geography, known, lexicon, sound
from enrichment import words as dictionary
from enrichment.embedding import embed_query
from enrichment.language import stop_words
from enrichment.letters import plain
from enrichment.names import clean
from enrichment.sounds import LEAST
from wirewatch.language import detect
from wirewatch.records import Asked, Meaning, Word

MOST = 24
"""Things that are looked for one by one; what a longer text asks for besides counts by its words and meaning."""


class _Found(NamedTuple):
    """A concept in the typed text."""

    concept: str
    start: int
    end: int
    broad: bool = False
    """Said of other things too: it tells the language, and asks for nothing."""


def understand(text: str) -> Meaning:
    """The meaning of a query in any language, in capitals or without.

    Its language is the one in which we know most of it; the statistical guess, which is weak on a few words, decides
    between equals. A topic counts only by its longest term: "military cooperation" does not also
    ask for whatever "military" alone would mean.
    """
    text = plain(clean(text)).strip()
    guess = detect(text)
    readings = {language: _concepts(text, language) for language in (guess, *_other_languages(guess))}
    language = max(readings, key=lambda code: (_known(text, code, guess, readings[code]), code == guess, code == "en"))
    places = _cities(text, language, readings[language])
    named = _with_names([*readings[language], *places], text, language)
    found = sorted((one for one in named if not one.broad), key=lambda found: (found.start, found.end))
    return Meaning(
        text=text,
        language=language,
        asked=_asked(text, language, found),
        embedding=embed_query(text) if text else (),
    )


_word = re.compile(r"\w+(?:['-]\w+)*")


def _asked(text: str, language: str, found: list[_Found]) -> tuple[Asked, ...]:
    """What the text asks for, in its order and each once: concepts, and the other words but for stop words; of a long
    text the :data:`MOST` that tell most.
    """
    said = [word.span() for word in _word.finditer(text) if word.group().lower() not in stop_words(language)]
    named = _longest({(one.start, one.end) for one in found})
    rest = [span for span in said if not any(_overlap(span, name) for name in named)]
    asked: dict[object, Asked] = {}
    for start, end in sorted([*named, *rest]):
        concepts = tuple(dict.fromkeys(one.concept for one in found if (one.start, one.end) == (start, end)))
        words = [text[slice(*span)] for span in said if _overlap(span, (start, end))]
        asked.setdefault(concepts or text[start:end].casefold(), _one(text[start:end], concepts, words, language))
    most = sorted(asked.values(), key=lambda one: -one.weight)[:MOST]
    return tuple(one for one in asked.values() if one in most)


def _one(text: str, concepts: tuple[str, ...], words: list[str], language: str) -> Asked:
    return Asked(
        text=text,
        concepts=concepts,
        words=tuple(_word_of(word, language, _is_name(concepts)) for word in words),
        weight=max((dictionary.weight(word, language) for word in words), default=1.0),
    )


def _is_name(concepts: tuple[str, ...]) -> bool:
    """Whether what is asked for is nothing but somebody's or something's name, as far as we know."""
    return all(concept.partition(":")[0] in ("person", "organization", "place") for concept in concepts)


def _word_of(word: str, language: str, may_be_name: bool) -> Word:
    """A word with its translations or, where it has none and may be a name, with how it sounds."""
    forms = dictionary.translations(word, language)
    sounds = _sounds(word) if may_be_name and not forms else ()
    return Word(text=word, forms=forms, sounds=sounds)


def _sounds(word: str) -> tuple[str, ...]:
    keys = (key for part in known.words(word) for form in known.bare(part.text) for key in sound.asked(form))
    return tuple(dict.fromkeys(key for key in keys if len(key) > LEAST))


_Span = tuple[int, int]


def _overlap(one: _Span, other: _Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _longest(spans: set[_Span]) -> list[_Span]:
    """Of spans that overlap, the one that begins first, and of these the longest."""
    kept: list[_Span] = []
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _other_languages(guess: str) -> list[str]:
    return sorted(lexicon.languages() - {guess})


def _concepts(text: str, language: str) -> list[_Found]:
    """Where the text names countries, regions and topics, in its order."""
    places = _places(text, language)
    about = [
        _Found(f"topic:{m.topic}", m.start, m.end, lexicon.is_broad(m, language))
        for m in lexicon.matches(text, language)
    ]
    longest = [
        one for one in about if not any(o.start <= one.start and one.end <= o.end and o[1:3] != one[1:3] for o in about)
    ]
    return sorted(places + longest, key=lambda found: (found.start, found.end))


def _with_names(found: list[_Found], text: str, language: str) -> list[_Found]:
    """With the known people and organisations. Whoever only sounds like what a country or topic is called is not
    meant, nor is the topic in the name of an organisation.
    """
    names = [_Found(one.id, one.start, one.end) for one in known.find(text, language)]
    surnames = [one for one in names if one.concept.startswith("person:") and " " not in text[one.start : one.end]]
    namesakes = [one for one in surnames if any(_overlap(one[1:3], other[1:3]) for other in found)]
    names = [one for one in names if one not in namesakes]
    topics = [one for one in found if one.concept.startswith("topic:")]
    named = [one for one in topics if any(name.start <= one.start and one.end <= name.end for name in names)]
    return [*(one for one in found if one not in named), *names]


def _places(text: str, language: str) -> list[_Found]:
    """Countries and regions, as written and, where nothing is found that way, without regard to capitals."""
    found: list[_Found] = []
    for written in (text, text.lower()):
        for m in gazetteer.read(written, language, cities=False).mentions:
            kind = "country" if m.kind in gazetteer.COUNTRY else "region"
            if not any(_overlap(m[:2], one[1:3]) for one in found):
                found.append(_Found(f"{kind}:{m.code}", m.start, m.end))
    return found


def _cities(text: str, language: str, found: list[_Found]) -> list[_Found]:
    """Cities and provinces, in the language that the text is taken to be in; a capital is its country's besides."""
    cities = [_Found(one.id, one.start, one.end) for one in geography.places_in(text, language)]
    return [city for city in cities if all(city[1:3] == one[1:3] for one in found if _overlap(city[1:3], one[1:3]))]


def _known(text: str, language: str, guess: str, found: list[_Found]) -> int:
    """Characters of the text that belong to a concept, or to a word of a language that we know. Words count where the
    guess is a language of which we have many, or words in another language that look like them would, and where they
    are written small: names look like words of many languages.
    """
    spans = [(one.start, one.end) for one in found]
    if guess in dictionary.STEMMERS:
        words = (word for word in _word.finditer(text) if _is_word(word.group(), language))
        spans += [word.span() for word in words]
    return len({i for start, end in spans for i in range(start, end)})


def _is_word(word: str, language: str) -> bool:
    return word == word.lower() and (word in stop_words(language) or dictionary.knows(word, language))

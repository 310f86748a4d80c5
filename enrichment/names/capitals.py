"""What is written like a name in scripts with capitals: such words in a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from enrichment.gazetteer import fold
from enrichment.names.evidence import SUBJECT, Sight
from enrichment.names.kinds import ORGANIZATION, PERSON, PLACE, first_names, is_stop, is_title, words_of
from enrichment.names.spans import Candidate
from enrichment.names.words import ARTICLES, LINKS, NO_NAMES, PARTICLES, no_names_of
from enrichment.words import lines, stem

_INSIDE = {
    "pt": "de da do das dos e",
    "it": "di del della dei delle degli dell' d' de da",
    "es": "de del de la",
    "sw": "ya wa la cha za",
    "en": "of",
    "de": "von zu zur",
}
"""Small words inside names, where a capital follows; ``PARTICLES`` are so everywhere."""


def _is_capital(text: str) -> bool:
    return text[0].isupper() or (len(text) > 2 and any(c.isupper() for c in text[1:]) and text[0].isalpha())


def capitalised(sight: Sight) -> Iterator[Candidate]:
    """Words with capitals in a row. One that only begins a sentence is left out, unless the text has it elsewhere."""
    inside = frozenset(_INSIDE.get(sight.language, "").split())
    small = {text for text in sight.texts if text[0].islower()}
    middle = {text for i, text in enumerate(sight.texts) if not sight.begins[i] and text[0].isupper()}
    i = 0
    while i < len(sight.texts):
        if not _is_capital(sight.texts[i]) or _is_ordinary(sight, i, small):
            i += 1
            continue
        end = _end_of_run(sight, i, inside)
        yield from _bare(sight, i, end, middle)
        i = end


def _end_of_run(sight: Sight, start: int, inside: frozenset[str]) -> int:
    """Where the words with capitals end that begin at a token, small words between them included."""
    texts = sight.texts
    i = start + 1
    while i < len(texts):
        if sight.language == "tr" and "'" in texts[i - 1]:
            break  # "Londra'da": endings stand after an apostrophe
        after = i + 1 < len(texts) and _is_capital(texts[i + 1]) and not is_title(sight.folded[i + 1], sight.language)
        if _is_capital(texts[i]) and not sight.begins[i]:
            if _parts(sight, start, i):
                break
            i += 1
        elif after and (texts[i] == "-" or _joins(sight, start, i, inside)):
            i += 2
        else:
            break
    return i


def _parts(sight: Sight, start: int, i: int) -> bool:
    """Whether another name begins within capitals: at a title, a month or a day, a known name, or after a country ("wa
    Ufaransa Edouard Philippe")."""
    if not no_names_of(sight.language).isdisjoint(sight.folded[i - 1 : i + 1]):
        return True
    if is_title(sight.folded[i], sight.language):
        return not is_title(sight.folded[i - 1], sight.language)
    while start < i - 1 and is_title(sight.folded[start], sight.language):
        start += 1
    if sight.place_starts.get(i, i) <= start and (start, i + 1) not in sight.longer and not sight.head_of(i):
        return True
    given = sight.folded[start] in first_names()
    if given and i in sight.certain_starts:
        return (start, i + 1) not in sight.longer  # "Metin Soylu İzmir'e gitti"
    return not given and sight.folded[i] in first_names() and _is_of_something(sight, start)


def _is_of_something(sight: Sight, start: int) -> bool:
    """Whether a title or a noun before says that what starts there is no person yet: "ministro degli Esteri Antonio
    Tajani", "gwamnan jihar Kano Abba Kabir".
    """
    before = sight.folded[max(0, start - 2) : start]
    if before and sight.words.nouns.get(before[-1]) == PLACE:
        return True
    return len(before) == 2 and before[1] in LINKS | ARTICLES and is_title(before[0], sight.language)


def _joins(sight: Sight, start: int, i: int, inside: frozenset[str]) -> bool:
    """Whether a small word is part of the name that it stands in."""
    word, titled = sight.texts[i], is_title(sight.folded[start], sight.language)
    if sight.language == "de":  # where all nouns have capitals
        return word in inside | PARTICLES and sight.folded[start] in first_names()
    if word in inside:
        if sight.language in {"sw", "en"}:
            return any(sight.head_of(j) not in (None, "other") for j in range(start, i))
        return not titled and (word != "e" or sight.head_of(start) == ORGANIZATION)
    return not titled and word in PARTICLES and word not in {"e", "la", "le", "y", "da", "do"}


def _is_ordinary(sight: Sight, i: int, small: set[str]) -> bool:
    """Whether a word that begins a sentence is only so written for that."""
    text = sight.texts[i]
    if not sight.begins[i] or (len(text) > 1 and text.isupper()):
        return False
    return text.lower() in small or is_stop(text.lower(), sight.language)


def _bare(sight: Sight, start: int, end: int, middle: set[str]) -> Iterator[Candidate]:
    """The words without titles before them; nothing where they are but one that begins a sentence."""
    while start < end and (is_title(sight.folded[start], sight.language) or sight.texts[start] in LINKS):
        start += 1
    if start >= end:
        return
    text = sight.texts[start]
    if end - start == 1:
        if sight.folded[start] in NO_NAMES or len(text) < 2 or _roman.fullmatch(text):
            return
        if sight.begins[start] and text not in middle and not text.isupper() and not _acts(sight, end):
            return
    if sight.language != "de" or _is_german_name(sight, start, end):
        yield Candidate(start, end, *_guess(sight, start, end))


_roman = re.compile("[IVXLCDM]+")


def _acts(sight: Sight, end: int) -> bool:
    subject = SUBJECT.get(sight.language)
    return subject is not None and subject.match(" ".join(sight.folded[end : end + 2])) is not None


def _guess(sight: Sight, start: int, end: int) -> tuple[str | None, float]:
    """The kind that such words mostly have, and how far that is sure."""
    if end - start > 1 and not any(sight.head_of(i) for i in range(start, end)):
        if any(len(text) > 1 and text.isupper() for text in sight.texts[start:end]):
            return ORGANIZATION, 1.1
        return None if sight.language in {"de", "tr"} else PERSON, 1.1
    return (PLACE, 0.4) if end - start == 1 and not sight.begins[start] else (None, 0.0)


_german_ending = re.compile(
    "(?:ung|heit|keit|schaft|tion|ismus|tat|nis|ling|chen|lein|tum|ment|ungen|heiten|keiten|schaften|tionen|ern|eln)$"
)


def _is_german_name(sight: Sight, start: int, end: int) -> bool:
    """Whether capitals in German, which has them on all nouns, are those of a name: after a first name, a title or a
    noun that names things have, or where no word is an ordinary one by its ending or by our dictionary."""
    folded = sight.folded
    if folded[start] in first_names() or (start and is_title(folded[start - 1], sight.language)):
        return True
    if (start and sight.words.nouns.get(folded[start - 1])) or sight.texts[start].isupper():
        return True
    return not any(_is_german_word(text) for text in sight.texts[start:end])


@lru_cache(maxsize=20_000)
def _is_german_word(word: str) -> bool:
    """Whether a word, or the last part of a compound, is an ordinary one: "Polizeiangaben"."""
    stemmed = stem(word, "de")
    ends = (stemmed[i:] for i in (0, *range(3, len(stemmed) - 4)))
    return _german_ending.search(fold(word)) is not None or any(end in _german_stems() for end in ends)


@cache
def _german_stems() -> frozenset[str]:
    """Of ordinary words, without those that names of places end with."""
    dictionary = {stem(form, "de") for line in lines() for form in line.forms.get("de", ())}
    places = {stem(word, "de") for word, kind in words_of("de").heads.items() if kind == PLACE}
    return frozenset(dictionary - places | {stem(word, "de") for word in no_names_of("de")})

"""The people and organisations that we know by name: ``data/people.tsv`` and ``data/organizations.tsv``.

A person is found by the sound of surname and first name (:mod:`enrichment.sound`), so in any spelling, script and case
of a noun: "Nicholaï Patrouchev", "Николаем Патрушевым". Organisations and names that stand alone (Lula, 习近平) are
found as they are written there, with the endings and prefixes of their language.
"""

from __future__ import annotations

from enrichment.known.data import DATA, Known, get, label, name, organizations, people
from enrichment.known.full_names import by_surname, people_in, prefix
from enrichment.known.tokens import PARTICLES, Found, Word, bare, folded, is_cased, keys, words
from enrichment.known.written import longest, written_in
from enrichment.language import stop_words

__all__ = [
    "DATA", "PARTICLES", "Found", "Known", "Word", "bare", "by_surname", "find", "folded", "get", "is_cased", "keys",
    "label", "longest", "name", "named_in", "organizations", "people", "people_in", "prefix", "words",
]  # fmt: skip


def named_in(text: str, language: str) -> list[Found]:
    """Where a text names known people and organisations in full, in its order."""
    return longest([*people_in(text, language), *written_in(text, language)])


def find(text: str, language: str) -> list[Found]:
    """What a typed query names: full names, surnames that only one known person has, organisations; in any case."""
    found = written_in(text, language)
    stops = stop_words(language) | stop_words("en")
    # Acronyms typed small: "otan".
    capitals = (one for one in written_in(text.upper(), language) if len(text) == len(text.upper()))
    found += [one for one in capitals if _is_word(text, one) and text[one.start : one.end].lower() not in stops]
    for written in (text, text.title()):
        full = people_in(written, language)
        alone = [Found(word.start, word.end, person) for word in words(written) if (person := by_surname(word.text))]
        found = longest([*found, *full, *alone])
    return found


def _is_word(text: str, found: Found) -> bool:
    return found.end - found.start > 2 and " " not in text[found.start : found.end]

"""The languages of a document for spaCy (``doc._.language``, ``doc._.parts``), and the stop words of a language."""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from wirewatch.language import Part, by_language, detect, parts


@cache
def stop_words(language: str) -> frozenset[str]:
    """Words such as "and" and "of", by spaCy; none for a language it has no list of.

    Only the list is read: to import spaCy's French with its tokeniser takes longer than to understand a query.
    """
    folder = Path(spacy.__file__).parent / "lang" / ("nb" if language == "no" else language)
    path = folder / "stop_words.py"
    return frozenset(runpy.run_path(str(path))["STOP_WORDS"]) if path.is_file() else frozenset()


def _parts(doc: Doc) -> tuple[Part, ...]:
    """Found when a component first asks for them; none as long as the language is not known."""
    if "parts" not in doc.user_data and doc._.language:
        doc.user_data["parts"] = parts(doc.text, doc._.language)
    found: tuple[Part, ...] = doc.user_data.get("parts", ())
    return found


for extension in ("language", "language_hint"):
    if not Doc.has_extension(extension):
        Doc.set_extension(extension, default=None)
Doc.set_extension("parts", getter=_parts, force=True)


@Language.component("wirewatch_language", assigns=["doc._.language"])
def set_language(doc: Doc) -> Doc:
    """Sets ``doc._.language`` where it is not known, with ``doc._.language_hint`` (a code or None) as a hint. What is
    in another language stands in ``doc._.parts`` (:class:`~wirewatch.language.Part`).
    """
    doc._.language = doc._.language or detect(doc.text, doc._.language_hint)
    return doc


def texts(doc: Doc) -> dict[str, str]:
    """The document's text as each language in it reads it: the same offsets, and spaces for what is in another."""
    return by_language(doc.text, doc._.language or doc.lang_, doc._.parts)


def foreign(doc: Doc) -> dict[str, tuple[str, ...]]:
    """The document's paragraphs in other languages than its own, by language, the one with most of the text first."""
    told: dict[str, list[str]] = {}
    for start, end, language in doc._.parts:
        told.setdefault(language, []).extend(filter(None, doc.text[start:end].split("\n")))
    return {code: tuple(told[code]) for code in sorted(told, key=lambda code: -sum(map(len, told[code])))}

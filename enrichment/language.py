"""The language of a document for spaCy (``doc._.language``), and the stop words of a language."""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from wirewatch.language import detect


@cache
def stop_words(language: str) -> frozenset[str]:
    """Words such as "and" and "of", by spaCy; none for a language it has no list of.

    Only the list is read: to import spaCy's French with its tokeniser takes longer than to understand a query.
    """
    folder = Path(spacy.__file__).parent / "lang" / ("nb" if language == "no" else language)
    path = folder / "stop_words.py"
    return frozenset(runpy.run_path(str(path))["STOP_WORDS"]) if path.is_file() else frozenset()


for extension in ("language", "language_hint"):
    if not Doc.has_extension(extension):
        Doc.set_extension(extension, default=None)


@Language.component("wirewatch_language", assigns=["doc._.language"])
def set_language(doc: Doc) -> Doc:
    """Sets ``doc._.language`` where it is not known, with ``doc._.language_hint`` (a code or None) as a hint."""
    doc._.language = doc._.language or detect(doc.text, doc._.language_hint)
    return doc

"""Which language a text is written in: ``doc._.language``, by py3langid."""

from __future__ import annotations

import re
import runpy
from functools import cache
from pathlib import Path

import spacy
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from spacy.language import Language
from spacy.tokens import Doc

_LANGUAGES = """
af am ar as az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu ha he hi hr ht hu hy id ig is it ja ka kk km
kn ko ku ky lg ln lo lt lv mg mk ml mn mr ms mt my ne nl no om or pa pl ps pt ro ru rw si sk sl sn so sq sr st sv sw ta
te tg th tk tl tr tt ug uk ur uz vi xh yo zh zu nn ary arz yue wuu
"""
LANGUAGES = tuple(_LANGUAGES.split())
"""What the model may answer: it knows 140 languages, and the ones that no news is written in only cause mistakes."""

SAME = {"nn": "no", "ary": "ar", "arz": "ar", "yue": "zh", "wuu": "zh"}
"""The model's classes that an ISO 639-1 code covers."""

OLD_OR_OTHER = {"nb": "no", "fil": "tl", "iw": "he", "in": "id", "mo": "ro", "cmn": "zh"}
"""Codes that pages use, and those that stand for the same here."""

COMMON = ("en", "es", "fr", "ar", "ru", "pt", "de", "zh", "it", "sw", "fa", "tr", "hi", "uk")
"""Preferred, in a doubtful text, over rare languages that look like them (Galician for Spanish, Scots for English)."""

SURE = 0.9
"""A probability from which the model alone decides."""
POSSIBLE = 1e-3
"""A probability below which a hint is not believed: what says it is French is written in Arabic letters."""
LOOK_AT = 4000
"""Characters of the text that are enough to tell."""

_noise = re.compile(r"https?://\S+|\S+@\S+|[#@]\w+|[\d_|©•·*=<>{}\[\]/\\]+")


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    return identifier


def _known(code: str) -> str | None:
    """What we call the language of a code such as ``fr-CA`` or ``fil``; None for one we do not know."""
    code = code.replace("_", "-").split("-")[0].strip().lower()
    code = OLD_OR_OTHER.get(code, code)
    return SAME.get(code, code) if code in LANGUAGES else None


def detect(text: str, hint: str | None = None) -> str:
    """The ISO 639-1 code of the language that ``text`` is written in.

    ``hint`` (a code such as ``fr`` or ``fr-CA``, from the page or the source) decides where the text is too short to
    tell and could be in that language, or has no letters at all; without letters or hint the answer is ``en``. A hint
    that is none of :data:`LANGUAGES` is no hint.
    """
    hinted = _known(hint or "")
    prepared = " ".join(_noise.sub(" ", text[:LOOK_AT]).split())
    if not any(letter.isalpha() for letter in prepared):
        return hinted or "en"
    if prepared == prepared.upper():
        prepared = prepared.lower()
    probability: dict[str, float] = {}
    for label, chance in _identifier().rank(prepared):
        code = SAME.get(label, label)
        probability[code] = probability.get(code, 0.0) + float(chance)
    best = max(probability, key=probability.__getitem__)
    if probability[best] >= SURE:
        return best
    if hinted and probability.get(hinted, 0.0) >= POSSIBLE:
        return hinted
    likely = max(COMMON, key=probability.__getitem__)
    return likely if probability[likely] * 20 >= probability[best] else best


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
    """Sets ``doc._.language``, with ``doc._.language_hint`` (a code or None) as the hint of :func:`detect`."""
    doc._.language = detect(doc.text, doc._.language_hint)
    return doc

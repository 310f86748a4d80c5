"""Which language a text is written in, by py3langid: the one answer for extraction, enrichment and queries."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_LANGUAGES = """
af am ar as az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu ha he hi hr ht hu hy id ig is it ja ka kk km
kn ko ku ky lg ln lo lt lv mg mk ml mn mr ms mt my ne nl no om or pa pl ps pt ro ru rw si sk sl sn so sq sr st sv sw ta
te tg th tk tl tr tt ug uk ur uz vi xh yo zh zu nn ary arz yue wuu
"""
LANGUAGES = tuple(_LANGUAGES.split())
"""What the model may answer: it knows 140 languages, and the ones that no news is written in only cause mistakes."""

_UNTOLD = "ak bm bo br dv ee ff gd gn kg ki lb nd nr oc qu rn sg ss ti tn ts ve wo"
UNTOLD = tuple(_UNTOLD.split())
"""Languages that the model does not tell well or at all. A page that says it is in one of them is believed, unless its
text is surely in one of :data:`COMMON`."""

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
LOOK_AT = 2000
"""Characters of the text that are enough to tell: on 1,428 real articles 4,000 are right no more often."""

_noise = re.compile(r"https?://\S+|\S+@\S+|[#@]\w+|[\d_|©•·*=<>{}\[\]/\\]+")


@cache
def _identifier() -> LanguageIdentifier:
    # Its model takes half a second and 60 MB, and the processes that read no text have no use for it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    return identifier


def load() -> None:
    """Read the model now, and not with the first text."""
    _identifier()


def known(code: str | None) -> str | None:
    """What we call the language of a code such as ``fr-CA``, ``pt_BR`` or ``fil``; None for one we do not know."""
    code = (code or "").replace("_", "-").split("-")[0].strip().lower()
    code = OLD_OR_OTHER.get(code, code)
    return SAME.get(code, code) if code in LANGUAGES or code in UNTOLD else None


def detect(text: str, *hints: str | None) -> str:
    """The ISO 639-1 code of the language that ``text`` is written in.

    The first hint (a code such as ``fr`` or ``fr-CA``, from the page or the source) that the text could be in decides
    where it is too short to tell, or has no letters at all; without letters or hint the answer is ``en``. A hint that
    is none of :data:`LANGUAGES` or :data:`UNTOLD` is no hint.
    """
    hinted = [code for code in map(known, hints) if code]
    probability = probabilities(text)
    if not probability:
        return hinted[0] if hinted else "en"
    best = max(probability, key=probability.__getitem__)
    sure = probability[best] >= SURE
    if hinted and hinted[0] in UNTOLD and not (sure and best in COMMON):
        return hinted[0]
    if sure:
        return best
    for code in hinted:
        if probability.get(code, 0.0) >= POSSIBLE:
            return code
    likely = max(COMMON, key=probability.__getitem__)
    return likely if probability[likely] * 20 >= probability[best] else best


def probabilities(text: str) -> dict[str, float]:
    """How likely a text is in each language, by ISO 639-1 code; empty for one without letters."""
    prepared = " ".join(_noise.sub(" ", text[:LOOK_AT]).split())
    if not any(letter.isalpha() for letter in prepared):
        return {}
    if prepared == prepared.upper():
        prepared = prepared.lower()
    probability: dict[str, float] = {}
    for label, chance in _identifier().rank(prepared):
        code = SAME.get(label, label)
        probability[code] = probability.get(code, 0.0) + float(chance)
    return probability

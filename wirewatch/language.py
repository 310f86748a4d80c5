"""Which language a text and its parts are written in: the one answer for extraction, enrichment and queries.

py3langid tells; where it is in doubt, mostly in a headline or a query, CLD2 gives a second opinion.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pycld2

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
"""Languages that the model does not tell well or at all. CLD2 tells most of them from a sentence on: of 54,182 lines in
other languages it took two for one of them. A page that says it is in one of them is believed, unless its text is
surely in one of :data:`COMMON`."""

SAME = {"nn": "no", "ary": "ar", "arz": "ar", "yue": "zh", "wuu": "zh"}
"""The model's classes that an ISO 639-1 code covers."""

OLD_OR_OTHER = {"nb": "no", "fil": "tl", "iw": "he", "in": "id", "mo": "ro", "cmn": "zh"}
"""Codes that pages use, and those that stand for the same here."""

COMMON = ("en", "es", "fr", "ar", "ru", "pt", "de", "zh", "it", "sw", "fa", "tr", "hi", "uk")
"""Preferred, in a doubtful text, over rare languages that look like them (Galician for Spanish, Scots for English)."""

SURE = 0.9
"""A probability from which the model alone decides."""
BELIEVED = 5
"""How much likelier a language is for being CLD2's answer."""
PREFERRED = 5
"""How much likelier another language must be than one of :data:`COMMON`. Both numbers were chosen on headlines of the
evaluation data in 16 languages, and their first words."""
POSSIBLE = 1e-3
"""A probability below which a hint is not believed: what says it is French is written in Arabic letters."""
SENTENCE = 60
"""Bytes in UTF-8 from which the language of a line can be told: a Chinese sign tells as much as three letters."""
LEAST = 0.05
"""Share of a text that must be in another language for it to have a part in it: less is a slogan or a quoted name."""
LOOK_AT = 2000
"""Characters of the text that are enough to tell: on 1,428 real articles 4,000 are right no more often."""

# No characters, by Unicode; CLD2 refuses a text that has some, and one with control characters.
_none = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_noise = re.compile(rf"https?://\S+|\S+@\S+|[#@]\w+|[\d_|©•·*=<>{{}}\[\]/\\\x00-\x1f\x7f-\x9f\ufdd0-\ufdef{_none}]+")


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
    prepared = _prepared(text)
    probability = _probabilities(prepared)
    if not probability:
        return hinted[0] if hinted else "en"
    second, is_sure = _second_opinion(prepared)
    if second in UNTOLD and is_sure and len(prepared.encode()) >= SENTENCE:
        return second
    best = max(probability, key=probability.__getitem__)
    sure = probability[best] >= SURE
    if hinted and hinted[0] in UNTOLD and not (sure and best in COMMON):
        return hinted[0]
    if sure:
        return best
    for code in hinted:
        if probability.get(code, 0.0) >= POSSIBLE:
            return code
    if second in probability:
        probability[second] *= BELIEVED
        best = max(probability, key=probability.__getitem__)
    likely = max(COMMON, key=probability.__getitem__)
    return likely if probability[likely] * PREFERRED >= probability[best] else best


def probabilities(text: str) -> dict[str, float]:
    """How likely a text is in each language, by ISO 639-1 code; empty for one without letters."""
    return _probabilities(_prepared(text))


def _prepared(text: str) -> str:
    """The beginning of a text without what says nothing of its language; empty if there are no letters."""
    beginning = text[:LOOK_AT].encode(errors="replace").decode()
    prepared = " ".join(_noise.sub(" ", beginning).split())
    if not any(letter.isalpha() for letter in prepared):
        return ""
    return prepared.lower() if prepared == prepared.upper() else prepared


def _probabilities(prepared: str) -> dict[str, float]:
    probability: dict[str, float] = {}
    for label, chance in _identifier().rank(prepared) if prepared else ():
        code = SAME.get(label, label)
        probability[code] = probability.get(code, 0.0) + float(chance)
    return probability


def _second_opinion(prepared: str) -> tuple[str | None, bool]:
    """What CLD2 says most of a text is written in, None for a language that we do not know, and whether it is sure."""
    sure, _, ((_, code, _, _), *_) = pycld2.detect(prepared, isPlainText=True, bestEffort=True)
    return known(code), sure


class Part(NamedTuple):
    """Paragraphs of a text that are in another language than the rest: offsets in characters, ISO 639-1 code."""

    start: int
    end: int
    language: str


_line = re.compile(r"[^\n]+")


def parts(text: str, language: str) -> tuple[Part, ...]:
    """The paragraphs that are surely in another language than ``language``, in which the text is; those that follow
    each other as one part. Too short a line between them belongs to them.
    """
    found: list[Part] = []
    follows = False
    for line in _line.finditer(text):
        told = _surely(line.group(), language)
        if told == language:
            follows = False
        elif told:
            follows = follows and found[-1].language == told
            start = found.pop().start if follows else line.start()
            found.append(Part(start, line.end(), told))
            follows = True
    share: Counter[str] = Counter()
    for part in found:
        share[part.language] += part.end - part.start
    return tuple(part for part in found if share[part.language] >= LEAST * len(text))


def _surely(line: str, language: str) -> str | None:
    """The language of a paragraph of a text in ``language``, which it is in unless it is surely in another; None for
    one that is too short to tell."""
    if len(line.encode(errors="replace")) < SENTENCE:
        return None
    prepared = _prepared(line)
    told, _ = _second_opinion(prepared)
    # CLD2 is quick, and what it finds is rare enough for the slower model to look at.
    if told is None or told == language or (language in UNTOLD and told not in COMMON):
        return language
    return told if _probabilities(prepared).get(told, 0.0) >= SURE else language


def by_language(text: str, language: str, parts: Iterable[Part]) -> dict[str, str]:
    """The text once for each language in it, with spaces for what is in another, so that offsets stay the same; that of
    the text as a whole comes first.
    """
    pieces, at = [], 0
    for start, end, code in parts:
        pieces += [(text[at:start], language), (text[start:end], code)]
        at = end
    pieces.append((text[at:], language))
    return {
        code: "".join(piece if of == code else _blank(piece) for piece, of in pieces)
        for code in dict.fromkeys([language, *(of for _, of in pieces)])
    }


def _blank(text: str) -> str:
    return _line.sub(lambda line: " " * len(line.group()), text)

"""How a form of a name, as the data files write it, is looked for in a text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from enrichment.gazetteer.folding import LETTER, fold
from enrichment.gazetteer.labels import cased, is_adjective

UNSPACED = frozenset({"zh", "ja", "th", "lo", "km", "my", "bo", "dz"})
"""Languages written without spaces: a name may start and end inside a run of letters."""

GLUED = frozenset({"ko"})
"""Languages that hang particles on a name."""

_INFLECTED = "az be bg bs cs el et fi hr hu hy ka kk ky lt lv mk mn pl ro ru sk sl sq sr uk uz eu is"
INFLECTED = frozenset(_INFLECTED.split())
"""Languages whose names change their endings: CLDR's names are cut to a stem there."""

PREFIXES = {
    "ar": r"(?:و|ف)?(?:ب|ل|ك)?",
    "fa": "",
    "he": r"[וש]?[בלמהכ]?",
    "am": r"(?:የ|በ|ለ|ከ|እና|ስለ|ወደ|እንደ|ከየ|በየ)?",
    "ti": r"(?:ናይ|ብ|ን|ካብ)?",
}
"""What may be written as one word before a name."""

_BORROWING = "sw ha so yo ig rw ln lg zu xh st sn om mg ht tl am ti"
BORROWING = frozenset(_BORROWING.split())
"""Languages whose newspapers often write English names: those are looked for too."""

_ARABIC_ENDINGS = "(?:ة|ه|ا|ات|ين|ون|ان|تين|تان)?"

SUFFIXES = {"am": "(?:ን|ና|ም|ዊ|ያዊ|ዊት|ያዊት|ውያን|ያውያን|ው|ውን)?", "ti": r"\w{0,2}", "mn": r"\w{0,4}"}


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a name."""

    key: str
    """The folded literal that the automaton looks for."""
    rest: re.Pattern[str] | None
    """What must follow the literal; None for a whole word."""
    code: str
    kind: str
    """As in :class:`~enrichment.gazetteer.matching.Mention`; ``none`` for a phrase that is no country, ``place`` for a
    city or subdivision, whose code is its folded name."""
    case: str
    """``exact`` (acronyms), ``upper`` (first letter), or ``any``."""
    text: str
    before: re.Pattern[str] | None = None
    """What may stand between the start of the word and the literal."""


_indeclinable = re.compile(r"(?:[оую]|[^иы]е|[аеиоуыэюя]а)$")
"""How foreign names end that Russian, Ukrainian and Belarusian never decline: Самоа, Марокко, Перу."""

_vowel_end = re.compile(r"(?:ая|[aeiouyαάηήοόιίςаяьйыії])$", re.I)


def stem(name: str, language: str, shortest: int = 4) -> str:
    """The name with each long word cut before its ending, as a form: ``~`` is an ending in Cyrillic, ``&`` and ``=``
    those of Russian words in -а (Гаваны is Havana's, гавань is a harbour), ``¤`` at most two letters after a short
    stem. A word that is declined by adding to it keeps all its letters, as does one whose stem is under ``shortest``.
    """
    words = []
    for word in name.split(" "):
        fixed = language in {"ru", "uk", "be"} and _indeclinable.search(word)
        cut = word if fixed else _vowel_end.sub("", word)
        if fixed or len(cut) < shortest:
            words.append(word)
        elif language == "ru" and word.endswith("а"):
            words.append(cut + ("=" if cut[-1] in "гкхжчшщ" else "&"))
        elif "\u0400" <= cut[-1] <= "\u04ff":
            words.append(cut + ("~" if cut == word else "~~"))
        else:
            words.append(cut + ("¤" if len(cut) <= 4 else "*"))
    return " ".join(words)


_CYRILLIC_ENDING = "[аяуюеиыойьіїєё]{0,3}(?:м|х|в|ми|го|му)?"
_JOKERS = {
    r"\~\~": "[аяуюеиыойьіїєё]{1,3}(?:м|х|в|ми)?",
    r"\~": "[аяуюеиыойьіїєё]{0,3}(?:м|х|в|ми)?",
    r"\&": "(?:[аыеу]|ой|ою)",
    "=": "(?:[аиеу]|[ое]й|ою)",
    "¤": r"\w{0,2}",
    r"\*": r"\w{0,5}",
}
"""What the signs in a form stand for, escaped as they are in a pattern."""


def compiled(form: str, code: str, kind: str, endings: tuple[str, ...], language: str) -> list[Form]:
    """The form as it is looked for; two where Arabic's article melts with a preposition."""
    form = unicodedata.normalize("NFC", form)
    if form[0] in "=+":
        form = form[1:]
    if form.startswith("^"):
        form, kind = form[1:], "capital"
    letters = [c for c in form if c.isalpha()]
    plain = form.rstrip("*@¤~&=")
    if 1 < len(letters) <= 4 and plain == form and form.isupper() and letters[0].lower() != letters[0]:
        case = "exact"
    elif letters and letters[0] != letters[0].lower():
        case = "upper"
    else:
        case = "any"
    english = language == "en" and is_adjective(form, language)
    if kind == "own":  # of our files: CLDR has no demonyms
        demonym = english or (case == "any" if cased(letters) else form.endswith("*"))
        kind = "people" if demonym else "country"
    folded = fold(form)
    key = re.split(r"[*@¤~&=]", folded, maxsplit=1)[0]
    tail = folded[len(key) :]
    pattern = re.escape(tail)
    any_ending = _JOKERS[r"\*"]
    if language in {"ar", "fa"}:
        any_ending = _ARABIC_ENDINGS
    elif case == "upper" and "\u0400" <= letters[0] <= "\u04ff":
        any_ending = _CYRILLIC_ENDING  # of a name, not of a demonym: Катар* is not Катарина
    for sign, meaning in _JOKERS.items():
        pattern = pattern.replace(sign, any_ending if sign == r"\*" else meaning)
    if "@" in tail:
        options = "|".join(sorted((re.escape(fold(e)) for e in endings), key=len, reverse=True))
        pattern = pattern.replace("@", f"(?:{options})")
    free = language in UNSPACED or language in GLUED
    end = "" if free else f"(?!{LETTER})"
    if language in SUFFIXES and not tail:
        pattern += SUFFIXES[language]
    rest = re.compile(pattern + end) if pattern else None
    before = PREFIXES.get(language)
    made = []
    if language == "ar":
        if key.startswith("ال"):
            made.append(Form("لل" + key[2:], rest, code, kind, case, form, re.compile(r"[وف]?")))
            before = r"[وف]?[بك]?"
        elif tail:
            before = r"[وف]?(?:[بك]?ال|لل|[بلك])?"
    made.append(Form(key, rest, code, kind, case, form, re.compile(before) if before else None))
    return made


def demonyms(name: str, language: str) -> list[str]:
    """Forms of the people and the adjective of a country, where a language makes them by rule from its name."""
    if " " in name or len(name) < 3:
        return []
    if language == "tr":
        return [f"{name}l*"]  # Çadlı, Türkiyeli
    if language == "fa":
        return [f"{name}ی*"] if name[-1] not in "اهوی" else [f"{name}یی*"] if name[-1] == "ا" else []
    if language == "hi":
        return [f"{name}ई"] if name[-1] == "ा" else [f"{name}ी"] if "क" <= name[-1] <= "ह" else []
    if language == "sw":
        stems = [name.lower(), *([name[1:].lower()] if name[0] == "U" else [])]
        return [f"{before}{stem}" for stem in stems for before in ("Wa", "M", "Ki")]
    if language == "ha":
        return [f"{name.rstrip('aeiou')}awa"]
    if language == "am":
        # A last consonant gets the vowel a: ሱዳን, ሱዳናዊ. Of the eight forms of a letter in Unicode the sixth has none.
        last = ord(name[-1])
        base = name[:-1] if name[-1] == "ይ" else name[:-1] + chr(last - 2) if last % 8 == 5 else name
        return [f"{base}{ending}" for ending in ("ዊ", "ዊት", "ውያን")]
    return []

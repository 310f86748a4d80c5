"""Names of countries and regions in any language: one automaton per language, built when first asked for.

The names come from CLDR (through Babel) in some 80 languages, and from our own files in ``enrichment/data``:

- ``countries.tsv`` and ``regions.tsv``: the countries, their UN M49 regions and capitals;
- ``countries.LANGUAGE.tsv``: demonyms, adjectives, other names and seats of government in one language, by country
  code, or by M49 code for a region. A line with the code ``-`` lists phrases that look like a country and are none
  ("Guinea pig"). To add a language, add such a file; nothing else is needed;
- ``countries.senses.yml``: words with two senses ("Georgia", "Congo") and the words around them that tell which.

How a form is written in those files: forms are separated by ``, ``; ``algérien*`` stands for that stem and up to five
more letters; ``argelin@`` for that stem and any of the file's ``#endings``; ``^Alger`` for a capital or another seat
of government; ``=Name`` is a form and the label that people are shown instead of CLDR's, ``+Name`` is a form and one
more label to search by. The first demonym of a line is a label too. A form that starts with a capital letter matches
only words that do, an acronym only itself; a lower-case form matches both. Accents never matter.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import ahocorasick
import yaml
from babel import Locale
from babel.core import UnknownLocaleError, get_global

from wirewatch.errors import UserError

DATA = Path(__file__).parent / "data"

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

_BORROWING = "sw ha so yo ig rw ln lg zu xh st sn om mg ht tl"
BORROWING = frozenset(_BORROWING.split())
"""Languages whose newspapers often write English names: those are looked for too."""

_ARABIC_ENDINGS = "(?:ة|ه|ا|ات|ين|ون|ان|تين|تان)?"

SUFFIXES = {"am": "(?:ን|ና|ም|ዊ|ያዊ|ዊት|ያዊት|ውያን|ያውያን|ው|ውን)?", "ti": r"\w{0,2}", "mn": r"\w{0,4}"}

LETTER = r"[\w\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a4d\u0b01-\u0b4d\u0b82-\u0bcd]"


class Mention(NamedTuple):
    """One place in a text that names a country or a region."""

    start: int
    end: int
    code: str
    """ISO 3166-1 alpha-2 of a country, English M49 name of a region."""
    kind: str
    """``country``, ``people`` (a demonym or adjective of a country, as far as its form tells: in languages that write
    them small), ``capital`` (or another seat of government), or ``region``."""


@dataclass(frozen=True, slots=True)
class _Form:
    key: str
    """The folded literal that the automaton looks for."""
    rest: re.Pattern[str] | None
    """What must follow the literal; None for a whole word."""
    code: str
    kind: str
    """As in :class:`Mention`, or ``none`` for a phrase that is no country."""
    case: str
    """``exact`` (acronyms), ``upper`` (first letter), or ``any``."""
    text: str
    before: re.Pattern[str] | None = None
    """What may stand between the start of the word and the literal."""


@cache
def _folding() -> dict[int, str]:
    """Maps letters to lower case without accents, one to one, so that offsets stay what they are."""
    table: dict[int, str] = {}
    for point in [*range(0x41, 0x590), *range(0x10A0, 0x1100), *range(0x1E00, 0x2000)]:
        low = chr(point).lower()[:1]
        if point < 0x370 or point >= 0x1E00:
            low = unicodedata.normalize("NFD", low)[0]
        elif point < 0x400:
            low = unicodedata.normalize("NFD", low)[0].replace("ς", "σ")
        table[point] = low
    table.update({ord(a): b for a, b in zip("ёЁıİøØłŁđĐɓƁɗƊƙƘƴƳ", "ееiioollddbbddkkyy", strict=True)})
    table.update({ord(a): b for a, b in zip("أإآٱىیکۀةھ", "ااااييكههه", strict=True)})
    table.update({ord(c): "'" for c in "’‘ʼʻ`´"})
    table.update({ord(c): "-" for c in "‐‑‒–"})
    table.update({ord(c): " " for c in "\u00a0\u202f\u2009\u2007\n\t"})
    return table


def fold(text: str) -> str:
    """``text`` in lower case without accents and with plain hyphens, apostrophes and spaces; its length is kept."""
    return text.translate(_folding())


def _lines(name: str) -> list[list[str]]:
    path = DATA / name
    if not path.is_file():
        return []
    return [line.split("\t") for line in path.read_text("utf-8").splitlines() if line and not line.startswith("# ")]


class Country(NamedTuple):
    """A line of ``countries.tsv``."""

    code: str
    region: str
    capitals: tuple[str, ...]


class Region(NamedTuple):
    """A line of ``regions.tsv``."""

    code: str
    parent: str | None
    name: str


@cache
def countries() -> dict[str, Country]:
    """Every country we know, by ISO code."""
    table = {}
    for code, region, *capitals in _lines("countries.tsv"):
        table[code] = Country(code, region, tuple(capitals[0].split(", ")) if capitals else ())
    return table


@cache
def regions() -> dict[str, Region]:
    """The M49 regions by code."""
    return {code: Region(code, None if up == "-" else up, name) for code, up, name in _lines("regions.tsv")}


@cache
def region_codes() -> dict[str, str]:
    """M49 codes by English name."""
    return {region.name: region.code for region in regions().values()}


@cache
def locale(language: str) -> Locale | None:
    """CLDR's locale of a language; None where it has none with country names."""
    try:
        found = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None
    return found if "DZ" in found.territories else None


@cache
def _own_forms(language: str) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """The endings and the forms by code of ``countries.LANGUAGE.tsv``."""
    endings: tuple[str, ...] = ("",)
    forms: dict[str, list[str]] = {}
    for code, listed in _lines(f"countries.{language}.tsv"):
        if code == "#endings":
            endings = tuple(ending.strip() for ending in listed.split(","))
        elif code == "-" or code in countries() or code in regions():
            forms.setdefault(code, []).extend(form.strip() for form in listed.split(",") if form.strip())
        else:
            raise UserError(
                f"enrichment/data/countries.{language}.tsv: unknown code {code!r}; "
                "use one of countries.tsv, one of regions.tsv, or -"
            )
    return endings, forms


@cache
def names(code: str, language: str) -> tuple[str, ...]:
    """How a language calls the country (ISO code) or region (M49 code): the name that people are shown, other usual
    names, and the adjective; empty where nobody told us.
    """
    endings, own = _own_forms(language)
    forms = own.get(code, [])
    known = locale(language)
    shown = [form[1:] for form in forms if form.startswith("=")]
    if not shown and language == "en" and code in regions():
        shown = [regions()[code].name]
    if not shown and known and code in known.territories:
        shown = [known.territories[code].replace("’", "'")]
    others = [form[1:] for form in forms if form.startswith("+")]
    others += _elsewhere(code, language)
    adjectives = [_spelled(form, endings[0]) for form in forms if _is_adjective(form, language)]
    return tuple(dict.fromkeys([*shown, *others, *adjectives[:1]])) if shown else ()


def _elsewhere(code: str, language: str) -> list[str]:
    """The name in the language's other standard: CLDR's Portuguese is Brazil's (Irã), Portugal's differs (Irão)."""
    other = Locale("pt", "PT").territories.get(code) if language == "pt" else None
    return [other] if other else []


def _is_adjective(form: str, language: str) -> bool:
    """Whether a form is a demonym, as far as it tells: where they are written small by that, in English by its ending,
    and in a script without capitals by the sign for endings.
    """
    word = form.rstrip("*@")
    if form[0] in "=+^" or not word:
        return False
    if language == "en":
        return form.endswith("@") or _english_adjective.search(word) is not None
    return word == word.lower() if _cased(list(word)) else form.endswith("*")


_english_adjective = re.compile(r"(?:[a-z](?:ish|ese|ch|ss|ois|andic)|Thai|Lao|Kyrgyz|Middle Eastern)$")


def _spelled(form: str, ending: str) -> str:
    """A form as a word."""
    word = form.rstrip("*@")
    if word.endswith(("ск", "цк")):
        return word + "ий"
    return word + ending if form.endswith("@") else word


def label(code: str, language: str) -> str | None:
    """What people are shown for a country (ISO code) or region (M49 code); None where nobody told us."""
    called = names(code, language)
    return called[0] if called else None


@cache
def _zones() -> dict[str, str]:
    """CLDR's time zones by the folded English name of their city."""
    english = Locale("en").time_zones
    found = {}
    for zone in get_global("zone_territories"):
        city = english.get(zone, {}).get("city") or zone.rsplit("/", 1)[-1].replace("_", " ")
        found[fold(city)] = zone
    return found


def _cldr_names(code: str, known: Locale) -> list[str]:
    name = known.territories.get(code)
    if not name or re.search(r"\b(SAR|RAE|R\.A\.S)\b", name):
        return []
    if " - " in name or " – " in name:
        return [name, re.sub(r" [-–] ", "-", name)]
    if spelled := re.fullmatch(r"(.+?) \((.+)\)", name):
        return list(spelled.groups())
    return [name]


_indeclinable = re.compile(r"(?:[оую]|[^иы]е|[аеиоуыэюя]а)$")
"""How foreign names end that Russian, Ukrainian and Belarusian never decline: Самоа, Марокко, Перу."""

_vowel_end = re.compile(r"(?:ая|[aeiouyαάηήοόιίςаяьйыії])$", re.I)


def _stem(name: str, language: str) -> str:
    """The name with each long word cut before its ending, as a form: ``~`` is an ending in Cyrillic, ``&`` and ``=``
    those of Russian words in -а (Гаваны is Havana's, гавань is a harbour), ``+`` at most two letters after a short
    stem. A word that is declined by adding to it keeps all its letters.
    """
    words = []
    for word in name.split(" "):
        fixed = language in {"ru", "uk", "be"} and _indeclinable.search(word)
        cut = word if fixed else _vowel_end.sub("", word)
        if fixed or len(cut) < 4:
            words.append(word)
        elif language == "ru" and word.endswith("а"):
            words.append(cut + ("=" if cut[-1] in "гкхжчшщ" else "&"))
        elif "\u0400" <= cut[-1] <= "\u04ff":
            words.append(cut + ("~" if cut == word else "~~"))
        else:
            words.append(cut + ("+" if len(cut) == 4 else "*"))
    return " ".join(words)


_CYRILLIC_ENDING = "[аяуюеиыойьіїєё]{0,3}(?:м|х|в|ми|го|му)?"
_JOKERS = {
    r"\~\~": "[аяуюеиыойьіїєё]{1,3}(?:м|х|в|ми)?",
    r"\~": "[аяуюеиыойьіїєё]{0,3}(?:м|х|в|ми)?",
    r"\&": "(?:[аыеу]|ой|ою)",
    "=": "(?:[аиеу]|[ое]й|ою)",
    r"\+": r"\w{0,2}",
    r"\*": r"\w{0,5}",
}
"""What the signs in a form stand for, escaped as they are in a pattern."""


def _cased(letters: list[str]) -> bool:
    return any(letter.lower() != letter.upper() for letter in letters)


def _compile(form: str, code: str, kind: str, endings: tuple[str, ...], language: str) -> list[_Form]:
    form = unicodedata.normalize("NFC", form)
    if form[0] in "=+":
        form = form[1:]
    if form.startswith("^"):
        form, kind = form[1:], "capital"
    letters = [c for c in form if c.isalpha()]
    plain = form.rstrip("*@+~&=")
    if 1 < len(letters) <= 4 and plain == form and form.isupper() and letters[0].lower() != letters[0]:
        case = "exact"
    elif letters and letters[0] != letters[0].lower():
        case = "upper"
    else:
        case = "any"
    english = language == "en" and _is_adjective(form, language)
    if kind == "own":  # of our files: CLDR has no demonyms
        demonym = english or (case == "any" if _cased(letters) else form.endswith("*"))
        kind = "people" if demonym else "country"
    folded = fold(form)
    key = re.split(r"[*@+~&=]", folded, maxsplit=1)[0]
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
            made.append(_Form("لل" + key[2:], rest, code, kind, case, form, re.compile(r"[وف]?")))
            before = r"[وف]?[بك]?"
        elif tail:
            before = r"[وف]?(?:[بك]?ال|لل|[بلك])?"
    made.append(_Form(key, rest, code, kind, case, form, re.compile(before) if before else None))
    return made


@cache
def _automaton(language: str) -> ahocorasick.Automaton:
    """Every form of a language."""
    known = locale(language) or Locale("en")
    listed: dict[tuple[str, str], list[_Form]] = {}

    def add(form: str, code: str, kind: str, endings: tuple[str, ...] = ("",)) -> None:
        for made in _compile(form, code, kind, endings, language):
            same = listed.setdefault((made.key, made.rest.pattern if made.rest else ""), [])
            if not same:
                same.append(made)
            elif made.case == "any" and made.code == same[0].code:
                same[0] = made

    endings, own = _own_forms(language)
    for code, forms in own.items():
        kind = "none" if code == "-" else "region" if code in regions() else "own"
        for form in forms:
            add(form, code, kind, endings)
    for code in [*countries(), *regions()]:
        kind = "region" if code in regions() else "country"
        called = _cldr_names(code, known) + _elsewhere(code, language)
        if language == "zh":
            called += _cldr_names(code, Locale("zh", script="Hant"))
        for name in called:
            add(name, code, kind)
            if language in INFLECTED and _stem(name, language) != name:
                add(_stem(name, language), code, kind)
    for code, region in regions().items():
        if language == "en":
            add(region.name, code, "region")
    latin = re.fullmatch(r"[\x20-\u024f]+", known.territories["DZ"]) is not None
    for country in countries().values():
        for capital in country.capitals:
            # CLDR leaves a city out where its name is the English one.
            city = known.time_zones.get(_zones().get(fold(capital), ""), {}).get("city")
            if city is None and latin:
                city = capital
            if city is not None:
                add(city, country.code, "capital")
                if language in INFLECTED:
                    add(_stem(city, language), country.code, "capital")
    if language in BORROWING:
        for code, forms in _own_forms("en")[1].items():
            for form in forms:
                if code in countries() and form.isupper():
                    add(form, code, "country")
        for country in countries().values():
            add(label(country.code, "en") or country.code, country.code, "country")
            for capital in country.capitals:
                add(capital, country.code, "capital")
    automaton = ahocorasick.Automaton()
    by_key: dict[str, list[_Form]] = {}
    for forms_ in listed.values():
        for form_ in forms_:
            if len(form_.key) > 1 or language in UNSPACED:
                by_key.setdefault(form_.key, []).append(form_)
    for key, forms_ in by_key.items():
        automaton.add_word(key, tuple(forms_))
    automaton.make_automaton()
    return automaton


ORDINARY = frozenset({"us", "polish", "pole", "poles", "eau", "sin", "hollande"})
"""Ordinary words without their capitals: a typed "us" is not the United States."""

_letter = re.compile(LETTER)
_word_before = re.compile(rf"{LETTER}+$")


_katakana = re.compile(r"[\u30a1-\u30fa\u30fc]")


def _cuts_katakana(folded: str, start: int, end: int) -> bool:
    """Whether a name in Katakana is only part of a longer Katakana word: Mali in Maria."""
    return any(
        0 < at < len(folded) and _katakana.match(folded, at - 1) and _katakana.match(folded, at) for at in (start, end)
    )


def _starts_word(folded: str, start: int, form: _Form, language: str) -> bool:
    if language in UNSPACED or start == 0 or not _letter.match(folded, start - 1):
        return True
    if form.before is None:
        return language in GLUED and len(form.key) > 2
    before = _word_before.search(folded, max(0, start - 6), start)
    return before is not None and form.before.fullmatch(before.group()) is not None


def _case_fits(text: str, start: int, end: int, form: _Form, typed: bool) -> bool:
    if len(form.key) <= 3 and form.rest is None and text[start:end].lower() != form.text.lower():
        return False  # in so short a word the accents matter: Şam is Damascus, Sam is not
    if typed:
        return form.key not in ORDINARY
    if form.case == "any":
        return True
    if form.case == "exact":
        return fold(text[start:end]) == fold(form.text) and text[start:end].isupper() and text[end : end + 1] != "$"
    first = next((c for c in text[start:end] if c.isalpha()), "")
    return first != first.lower() or first == first.upper()


def find(text: str, language: str) -> list[Mention]:
    """The countries, capitals and regions that ``text`` names, in its order, none overlapping another.

    ``language`` is an ISO 639-1 code; a language without names in CLDR is read with the English ones. In a short text
    without any capital letter, as people type queries, case is ignored.
    """
    folded = fold(text)
    free = language in UNSPACED or language in GLUED
    typed = len(text) <= 200 and text == text.lower()
    shouted = not typed and text.isupper()
    found: list[tuple[int, int, int, _Form]] = []
    for last, forms in _automaton(language).iter(folded):
        for form in forms:
            start = last + 1 - len(form.key)
            end = last + 1
            if form.rest is not None:
                rest = form.rest.match(folded, end)
                if rest is None:
                    continue
                end = rest.end()
            elif not free and end < len(folded) and _letter.match(folded, end):
                continue
            if not _starts_word(folded, start, form, language) or not _case_fits(text, start, end, form, typed):
                continue
            if language == "ja" and _cuts_katakana(folded, start, end):
                continue
            if form.case == "exact" and len(form.key) == 2 and (shouted or _among_capitals(text, start, end)):
                continue
            if language == "ar" and _before_family.match(folded, end):
                continue
            found.append((start, -end, -len(form.key), form))
    found.sort(key=lambda hit: hit[:3])
    chosen = []
    reached = 0
    for start, minus_end, _, form in found:
        if start >= reached:
            reached = -minus_end
            if form.kind != "none":
                chosen.append((start, reached, form))
    mentions: list[Mention] = []
    doubtful = set()
    for start, end, form in chosen:
        code = _sense(form, start, end, text, folded, language)
        if code is not None:
            if (sense := _sense_of(folded[start:end], language)) and sense.support:
                doubtful.add(len(mentions))
            name = regions()[code].name if form.kind == "region" else code
            mentions.append(Mention(start, end, name, form.kind))
    sure = {mention.code for i, mention in enumerate(mentions) if i not in doubtful}
    return [mention for i, mention in enumerate(mentions) if i not in doubtful or mention.code in sure]


_before_family = re.compile(r" (?:ال|ا?بن|بنت) (?=\w)")
"""What follows an Arabic first name, "Al" (of the family) or "son of", folded: تركي آل …, مصري بن …"""

_capitals_before = re.compile(r"(?<!\w)[A-ZÀ-Þ]{4,} $")
_capitals_around = (re.compile(r"(?<!\w)[A-ZÀ-Þ]{2,} $"), re.compile(r" [A-ZÀ-Þ]{2,}(?!\w)"))


def _among_capitals(text: str, start: int, end: int) -> bool:
    """Whether an acronym of two letters may be a word of a phrase in capitals: FOLLOW US, CALL US NOW, not US NAVY."""
    before = text[max(0, start - 20) : start]
    left, right = _capitals_around
    return bool(_capitals_before.search(before)) or bool(left.search(before) and right.match(text, end))


@dataclass(frozen=True, slots=True)
class _Sense:
    languages: frozenset[str]
    codes: frozenset[str]
    other: str | None
    name: bool
    default: bool
    support: bool
    signs: re.Pattern[str] | None
    other_signs: re.Pattern[str] | None


def _any_of(words: list[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    return re.compile(rf"(?<!{LETTER})(?:{'|'.join(re.escape(fold(w)) for w in words)})")


@cache
def _senses() -> dict[str, _Sense]:
    """The ambiguous forms, folded."""
    table = {}
    for entry in yaml.safe_load((DATA / "countries.senses.yml").read_text("utf-8")):
        sense = _Sense(
            frozenset(entry.get("languages", ())),
            frozenset(entry["codes"]),
            entry.get("other"),
            bool(entry.get("name")),
            bool(entry.get("default", True)),
            bool(entry.get("support")),
            _any_of(entry.get("signs", [])),
            _any_of(entry.get("other_signs", [])),
        )
        for form in entry["forms"]:
            for language in sense.languages or ("",):
                table[f"{language}:{fold(form)}"] = sense
    return table


def _sense_of(written: str, language: str) -> _Sense | None:
    return _senses().get(f"{language}:{written}") or _senses().get(f":{written}")


def _sense(form: _Form, start: int, end: int, text: str, folded: str, language: str) -> str | None:
    """The country that an ambiguous form means here; None for no country at all."""
    written = folded[start:end]
    sense = _sense_of(written, language)
    if sense is None or form.code not in sense.codes:
        return form.code
    if sense.name and _is_person(text, start, end, language):
        return sense.other
    mine = len(sense.signs.findall(folded)) if sense.signs else 0
    others = len(sense.other_signs.findall(folded)) if sense.other_signs else 0
    if sense.name and sense.signs:
        # Who is named in full once is meant by the first name alone.
        places = (found.span() for found in re.finditer(rf"(?<!\w){re.escape(written)}(?!\w)", folded))
        others += sum(_is_person(text, *place, language) for place in places)
    if mine == others:
        return form.code if sense.default else sense.other
    return form.code if mine > others else sense.other


_OFFICES = """king queen prince princess president prime minister government parliament army police foreign crown sheikh
    general airlines times daily valley and in to on after says roi reine"""
OFFICES = frozenset(_OFFICES.split())
"""Capitalised words that follow a country's name and not a first name."""

_hyphenated_after = re.compile(r"-([A-ZÀ-Þ][a-zà-ÿ]+)(?!\w)")
_hyphenated_before = re.compile(r"(?<!\w)([A-ZÀ-Þ][a-zà-ÿ]+)-$")
_definite_before = re.compile(r"(?<!\w)ال\w+ $")
_definite_after = re.compile(r" ال\w+")
_next_word = re.compile(r" ([A-ZÀ-Þ][a-zà-ÿ]+)")
_last_word = re.compile(r"([A-ZÀ-Þ][a-zà-ÿ]+) $")


def _is_arabic_name(text: str, start: int, end: int) -> bool:
    """Whether an adjective without article is a first name: after a word with it (an adjective would agree), or before
    one where a line starts.
    """
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return bool(_definite_before.search(line)) or (not line.strip() and bool(_definite_after.match(text, end)))


def _in_double_name(text: str, start: int, end: int, language: str) -> bool:
    """Whether a hyphen joins the word to one that is no place: Holland-Kruse, not Israel-Lebanon. German hangs any
    noun on a country so (Holland-Reise): there the two must have a capitalised word before them somewhere.
    """
    before = _hyphenated_before.search(text, max(0, start - 30), start)
    after = _hyphenated_after.match(text, end)
    part = before or after
    if part is None or find(part.group(1), language):
        return False
    first = before.start() if before else start
    whole = text[first : after.end() if after else end]
    return language != "de" or any(_after_capital(text, one.start()) for one in re.finditer(re.escape(whole), text))


def _after_capital(text: str, start: int) -> bool:
    """Whether a capitalised word stands before, and not because it opens a sentence."""
    before = _last_word.search(text[max(0, start - 20) : start])
    if before is None:
        return False
    at = max(0, start - 20) + before.start()
    return not (at == 0 or text[at - 2 : at].strip()[-1:] in {".", "!", "?", ":", '"', "", "«", "“"})


def _is_person(text: str, start: int, end: int, language: str) -> bool:
    """Whether a word that is also a first or family name stands in a person's name: beside another capitalised word."""
    if language == "ar":
        return _is_arabic_name(text, start, end)
    if _in_double_name(text, start, end, language):
        return True
    line_end = text.find("\n", end)
    line = text[text.rfind("\n", 0, start) + 1 : line_end if line_end >= 0 else len(text)]
    words = [word for word in line.split() if word[0].isalpha()]
    if language != "de" and len(words) > 3 and sum(word[0].isupper() for word in words) > 0.6 * len(words):
        return False  # a headline with every word capitalised says nothing
    after = _next_word.match(text, end)
    if after and after.group(1).lower() not in OFFICES:
        return True
    return _after_capital(text, start)

"""How a name sounds, whatever script and spelling it is written in: Patrouchev, Patrushev, Патрушев and باتروشيف alike.

A word is written in Latin letters (anyascii), its graphemes are read as consonants (``ou``, ``w`` and ``y`` are none,
``tch``, ``sch`` and ``sh`` are one), and what remains is its *reading*: consonants in the classes ``b p d t k g f s x m
n l r h``, where ``x`` is any of sh, ch, zh, j, ``f`` is also v, ``s`` also z and ts, and a leading ``a`` any vowel. A
grapheme that languages read differently (``ch`` in Michel and Michael, ``j`` in Juan, Jan and Jean) gives a word
several readings.

Scripts write less than there is: Arabic has neither p nor v, Chinese no r. So a reading is *heard* through a script
(:data:`HEARD`): "Putin" is ``ptn``, heard in Arabic ``btn``. :func:`key` is what all but Chinese, Japanese and Korean
agree on; :func:`asked` are the keys by which a word may stand in articles, :func:`heard` those that a word of an
article has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, islice

from anyascii import anyascii

MOST = 12
"""Readings of one word at most."""

HEARD = {
    "a": str.maketrans("pg", "bk"),  # Arabic, Persian, Urdu, Hebrew
    "c": str.maketrans("", ""),  # Cyrillic, Greek, Indic, Ethiopic: nearly everything
    "h": str.maketrans("rxgdb", "lsktp"),  # Chinese
    "j": str.maketrans("pfgxdlh", "bbkstrb"),  # Japanese, Korean
}
"""What each kind of script keeps of a reading. The letter stands before its keys, so that no two kinds are mixed up."""

_SPELLED = str.maketrans(
    {
        "š": "sh",
        "ş": "sh",
        "ș": "sh",
        "ž": "zh",
        "č": "ch",
        "ć": "ch",
        "ğ": "gh",
        "ı": "i",
        "ñ": "n",
        "ř": "r",
        "ç": "sz",
        "đ": "dj",
    }
)
"""Latin letters that lose their sound with their accent."""

_LATIN: dict[str, tuple[str, ...]] = {
    "(?<=[aeo])w$": ("f", "_"),
    "^h": ("h", "a"),
    "^j": ("x", "a", "h"),
    "^w": ("a", "f"),
    "^s(?=[tp])|s(?=te[iy]n)": ("s", "x"),
    "^dj": ("x", "d"),
    "(?<=i)er$": ("r", "_"),
    "^x(?=[aeiouy])": ("s", "x"),
    "^ts(?!ch|h)": ("s",),
    "^(?:kn|gn)": ("n",),
    "^ch": ("x", "h", "k"),
    "^(?:eu|e|a|i|o|u|y)": ("a",),
    "tsch|dsch|dzh|tch|tsh|tj|dj|sch|zh|cz": ("x",),
    "sh": ("x", "s"),
    "sz|ssi(?=[ao])": ("s", "x"),
    "ch(?=[rlnmst])": ("k", "x"),
    "ck": ("k", "sk"),
    "qu?|cch": ("k",),
    "ch": ("x", "k", "h"),
    "kh": ("h", "k"),
    "gh": ("g", ""),
    "gu(?=[ei])": ("g",),
    "g(?=[eiy])": ("g", "x"),
    "gn": ("n", "gn"),
    "ng$": ("ng", "n"),
    "ph|v": ("f",),
    "cc(?=[eiy])": ("x", "ks"),
    "c(?=[eiy])": ("s", "x"),
    "c$": ("k", "x"),
    "c": ("k",),
    "ts": ("s", "ts"),
    "ds": ("s", "ds"),
    "tz|dz|zz": ("s",),
    "[sz]$": ("s", "_", "x"),
    "[sz]": ("s",),
    "x": ("ks", "s"),
    "(?<=.)t$": ("t", "_"),
    "(?<=.)d$": ("d", "_"),
    "th|dt|t": ("t",),
    "dh|d": ("d",),
    "ll": ("l", "_"),
    "bh|b": ("b",),
    "j": ("_", "x", "h"),
    "w": ("_", "f"),
    "h(?=[aeiouy])": ("h", ""),
    "h": ("", "h"),
    "[kgpfmnlr]": (),
    ".": ("_",),
}
"""How graphemes of Latin spellings are read, the likeliest reading first; no reading stands for the letter itself."""

_PHONETIC: dict[str, tuple[str, ...]] = {
    "^[aeiouyw]+": ("a",),
    "sh|zh|ch|dj|c": ("x",),
    "j": ("x", "s"),
    "m(?=[tdkgcsj])": ("n",),
    "m$": ("m", "n"),
    "tz|ts|dz|[sz]": ("s",),
    "kh": ("h",),
    "h(?=.)": ("h",),
    "ph|[fv]": ("f",),
    "q": ("k",),
    "x": ("ks",),
    "[bpdtkgmnlr]": (),
    ".": ("_",),
}
"""The same of what anyascii makes of other scripts, which are read as they are written."""

_CYRILLIC: dict[str, tuple[str, ...]] = {
    "^[аеёиоуыэюяіїєйўaeiouj]": ("a",),
    "дж|[жчшщҷћџђ]": ("x",),
    "тч": ("x", "tx"),
    "тс": ("s", "ts"),
    "дз|[цсз]": ("s",),
    "(?<=[тбдгк])х": ("_",),
    "[хһ]": ("h",),
    "[гґғ]": ("g",),
    "[вф]": ("f",),
    "[кқ]": ("k",),
    "п": ("p",), "б": ("b",), "д": ("d",), "т": ("t",), "м": ("m",), "[нң]": ("n",), "л": ("l",), "р": ("r",),
    ".": ("_",),
}  # fmt: skip

_ABJAD: dict[str, tuple[str, ...]] = {
    "^(?:[اأإآعءوی]|ي)+": ("a",),
    "^[אעוי]+": ("a",),
    "تش|دج|[شچژ]|ש": ("x",),
    "ج": ("x", "g"),
    "تس": ("s", "ts"),
    "ث": ("s", "t"),
    "[ذظ]": ("d", "s"),
    "[سزصץצזס]": ("s",),
    "[خحח]|[هה](?=.)": ("h",),
    "[غگג]": ("g",),
    "[قكکקךכ]": ("k",),
    "[فڤףפ]": ("f",),
    "پ": ("p",), "[بב]": ("b",), "[دضד]": ("d",), "[تطתט]": ("t",), "[مםמ]": ("m",), "[نןנ]": ("n",), "[لל]": ("l",),
    "[رר]": ("r",),
    ".": ("_",),
}  # fmt: skip

_CHINESE: dict[str, tuple[str, ...]] = {
    "^[AEOYW][a-z]*": ("a",),
    "Ji[aeou]*": ("x_", "k_", "t_"),
    "Xi[aou]*": ("x_", "h_"),
    "(?:Zh|Ch|Sh|[ZCSQXJ])[aeiou]*": ("x_",),
    "R(?=[aeiou]+n)": ("r_", "x_"),
    "Er": ("r_", "_"),
    "W[a-z]*n[g]?": ("f_n_", "_n_"),
    "W[a-z]*": ("f_", "_"),
    "[EAOY][a-z]*n[g]?": ("_n_",),
    "[EAOY][a-z]*": ("_",),
    "[BPDTKGFMNLRH][aeiou]+": (),
    "n[g]?": ("n_",),
    ".": ("_",),
}
"""Pinyin syllables, each with a capital."""


def _reader(table: dict[str, tuple[str, ...]]) -> tuple[re.Pattern[str], tuple[tuple[str, ...], ...]]:
    return re.compile("|".join(f"({pattern})" for pattern in table), re.DOTALL), tuple(table.values())


_READERS = {
    "latin": _reader(_LATIN),
    "cyrillic": _reader(_CYRILLIC),
    "abjad": _reader(_ABJAD),
    "chinese": _reader(_CHINESE),
    "korean": _reader(_PHONETIC),
    "other": _reader(_PHONETIC),
}
_doubled = re.compile(r"(.)\1+")


def script(word: str) -> str:
    """Which kind of script a word is in, by its first letter: ``latin``, ``cyrillic``, ``abjad``, ``chinese``,
    ``korean`` (and Japanese syllables), or ``other``.
    """
    point = ord(word[0]) if word else 0x41
    if point < 0x370 or 0x1E00 <= point < 0x1F00:
        return "latin"
    if 0x400 <= point < 0x530:
        return "cyrillic"
    if 0x590 <= point < 0x780 or 0xFB1D <= point < 0xFE00 or 0xFE70 <= point < 0xFF00:
        return "abjad"
    if 0x3040 <= point < 0x3100 or 0x1100 <= point < 0x1200 or 0xAC00 <= point < 0xD7B0:
        return "korean"
    return "chinese" if 0x3400 <= point < 0xA000 or 0x20000 <= point < 0x32000 else "other"


_SPACE = {"latin": "c", "cyrillic": "c", "abjad": "a", "chinese": "h", "korean": "j", "other": "c"}


def _choices(options: list[tuple[str, ...]]) -> Iterator[list[str]]:
    """The likeliest choice of all, then those that differ in one place, then those that differ in two."""
    first = [option[0] for option in options]
    yield first
    others = [(i, choice) for i, option in enumerate(options) for choice in option[1:]]
    for count in (1, 2):
        for changes in combinations(others, count):
            chosen = first.copy()
            for i, choice in changes:
                chosen[i] = choice
            yield chosen


@lru_cache(maxsize=50_000)
def readings(word: str) -> tuple[str, ...]:
    """How a word may be read, the likeliest first; at most :data:`MOST`, none for what has no letters."""
    kind = script(word)
    word = word.lower()
    if kind == "chinese":
        text = anyascii(word.replace("什", "史"))  # shí in names
    elif kind in ("cyrillic", "abjad"):
        text = word
    else:
        text = anyascii(word.translate(_SPELLED)).lower()
        if kind == "other":  # Indic: a dotted letter is a foreign sound, an aspirated one no other consonant
            text = re.sub("(?<=[bdgjtkpc])h", "", text.replace("j'", "z").replace("ph'", "f"))
        text = re.sub("[^a-z]", "", text)
    reader, answers = _READERS[kind]
    options = [
        answers[found.lastindex - 1] or (found[0][0].lower(),) for found in reader.finditer(text) if found.lastindex
    ]
    read = (_doubled.sub(r"\1", "".join(chosen)).replace("_", "") for chosen in islice(_choices(options), MOST))
    return tuple(dict.fromkeys(reading for reading in read if reading))


def latin(text: str) -> str:
    """Any text in small Latin letters without accents."""
    return anyascii(text).lower()


def key(word: str) -> str:
    """The key that a word shares with its spellings elsewhere, for names that no data file knows."""
    read = readings(word)
    return read[0].translate(HEARD["a"]) if read else ""


def keys(word: str) -> frozenset[str]:
    """The same of all its readings."""
    return frozenset(reading.translate(HEARD["a"]) for reading in readings(word))


def _in_chinese(reading: str) -> tuple[str, ...]:
    """What Chinese makes of a reading: no m before p, no ng within, and perhaps no r or l before a consonant."""
    return (
        reading,
        re.sub("m(?=[bpf])", "n", reading.replace("ng", "n")),
        re.sub("(?<=.)[rl](?=[^rl_a])|(?<=..)r$", "", reading),
    )


def asked(word: str) -> tuple[str, ...]:
    """The keys under which articles in other scripts may have a word that somebody types."""
    found: dict[str, None] = {}
    for reading in readings(word):
        for space, table in HEARD.items():
            for heard_as in _in_chinese(reading) if space == "h" else (reading,):
                found[space + _doubled.sub(r"\1", heard_as.translate(table))] = None
    return tuple(found)


def heard(word: str) -> tuple[str, ...]:
    """The keys of a word that an article has."""
    space = _SPACE[script(word)]
    return tuple(
        dict.fromkeys(space + _doubled.sub(r"\1", reading.translate(HEARD[space])) for reading in readings(word))
    )

"""The strings in which pages name authors, taken apart: people, and others that are credited with a text.

The words that this takes are in ``crawlers/data/names.yml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import yaml

from crawlers.discovery import site_of
from crawlers.pages.metadata import Metadata, clean, same

_words: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "data" / "names.yml").read_text("utf-8"))


def _any(*lists: str) -> str:
    """A pattern for one word of some lists of the file."""
    return "(?:" + "|".join(re.escape(word) for name in lists for word in _words[name]) + ")"


_AGENCIES = {same(name) for name in _words["agencies"]}
_NOBODY = {same(name) for name in _words["nobody"]}
_PARTICLES = frozenset(_words["particles"])
_NO_NAME = re.compile(rf"https?:|www\.|[@©:\d]|\b(?:{'|'.join(_words['no_name'])})\b", re.IGNORECASE)
_CREDITS_NOBODY = re.compile(r"[@©:]|\[at\]|\d{3}|https?|www\.")
_BY = re.compile(
    rf"^(?:(?:post |about the )?{_any('author')}|{_any('text')}(?: (?:{_any('and')}|&) \w+)?)\b\s*"
    r"(?:[:|–—-]|(?=by\b)|(?-i:(?=[A-ZÀ-Ý])))\s*"
    rf"|^(?:{_any('written')} )?(?:by(?-i:(?=[A-Z]))|{_any('by')}\b)[\s:]*"
    r"|^(?:автор|بقلم)\b[\s:]*"
    rf"|^{_any('a')} \w+ {_any('by')} (?=\w)"
    rf"|^(?:\S+ ){{1,3}}{_any('also_by')} (?=\w)",
    re.IGNORECASE,
)
_SAYS_BY = re.compile(rf"(?:{_any('a')} )?(?:\w+ )?{_any('by', 'author', 'text')}\s*:?", re.IGNORECASE)
_AND = re.compile(rf"\s*[;,|/&•·、，；]\s*|\s+{_any('and')}\s+|\s*\n\s*", re.IGNORECASE)
_FOR = re.compile(rf"\s+{_any('for')}\s+(?:the\s+)?(?-i:[A-Z]).*$", re.IGNORECASE)
_DATED = re.compile(
    rf"(?:\b{_any('dated', 'written')}\b[\s:,]*)*(?:\b{_any('months')}\w{{0,7}}\.? ?)?(?<!\w)\d.*$",
    re.IGNORECASE | re.DOTALL,
)
_FULL_NAME = re.compile(r"[^\W\d_][\w'’.-]+(?: [^\W\d_][\w'’.-]*){1,3}")
_LAST_FIRST = re.compile(r"^([^\W\d_]['’\w-]{2,}), ([^\W\d_]['’\w-]{2,}(?: [A-Z]\.?)?)$")
_DEGREE = re.compile(r"(?:[A-Z][A-Za-z]?\.?){1,5}|[A-Z-]{2,6}")
_DOMAIN = re.compile(r"\((?:www\.)?[\w-]+(?:\.[\w-]+)+\)")
_HANDLE = re.compile(r"\s@\w+")
_HAN = r"[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_HAN_NAME = re.compile(rf"{_HAN}{{2,}}")
_HAN_NAMES = rf"{_HAN}{{2,6}}(?:[、，\s]{_HAN}{{2,6}}){{0,3}}"
_before, _after = ("|".join(_words["reporters"][side]) for side in ("before", "after"))
_HAN_REPORTER = re.compile(
    rf"(?:(?:{_before})\s*[:：／/=＝|丨●・\s]\s*|(?:本[报報])?[记記]者)(?P<a>{_HAN_NAMES})|(?P<b>{_HAN_NAMES})\s?(?:{_after})"
)
_BRACKETED = re.compile(r"^[（(【\[]([^（(【\[]{3,30})[）)】\]]|[（(【\[]([^（(【\[]{3,30})[）)】\]]$")

LONGEST = 200
"""Characters that a string of authors has at most."""


class Credits(NamedTuple):
    """Whom some strings credit with a text."""

    people: tuple[str, ...]
    bodies: tuple[str, ...]
    """Agencies, desks, the outlet, and writers who only give a handle."""


def credits_of(names: Iterable[str], metadata: Metadata) -> Credits:
    """Author strings taken apart: split, without "By", job titles, dates and addresses."""
    site = site_keys(metadata)
    outlet = site_of(urlsplit(metadata.url).hostname or "").partition(".")[0]
    people: dict[str, str] = {}
    bodies: dict[str, str] = {}
    for name in names:
        if "://" in name or len(name) > LONGEST:
            continue
        whole = clean(name)
        is_body = bool(_DOMAIN.search(whole))
        whole = _HANDLE.sub("", re.sub(r"\([^)]*\)", "", whole))
        parts = split(_FOR.sub("", without_by(_LAST_FIRST.sub(r"\2 \1", undated(whole) or whole))))
        if same(parts[0]) in site:
            bodies.setdefault(same(parts[0]), parts[0].strip())
            continue  # what follows is where the site has its seat
        for part in parts:
            person = in_han(without_by(part).strip(" .:-–—*\"'"))
            key = same(person)
            if not key or key in _NOBODY:
                continue
            if not (3 <= len(person) <= 60 or _HAN_NAME.fullmatch(person)) or len(person.split()) > 6:
                if 2 <= len(key) <= 60 and person.isupper() and not people:
                    bodies.setdefault(key, person)
                continue
            if people and _DEGREE.fullmatch(person) and key not in _AGENCIES:
                continue  # "Anna Smith, PhD, RD"
            credited = is_body or key in site or key in _AGENCIES or not may_be_name(person)
            if credited or person.islower() or outlet in person.casefold().split():
                if not _CREDITS_NOBODY.search(person):
                    bodies.setdefault(key, person)
                continue
            if any(word.islower() and word not in _PARTICLES for word in person.split()):
                continue  # "See full bio", "Show all articles"
            people.setdefault(key, person.title() if person.isupper() and " " in person else person)
    if people:  # the site beside its writers says nothing
        bodies = {key: body for key, body in bodies.items() if key not in site | people.keys()}
    return Credits(tuple(people.values()), tuple(bodies.values()))


def people_among(names: Iterable[str], metadata: Metadata) -> tuple[str, ...]:
    """The people among author strings: neither agencies nor desks nor the site itself."""
    return credits_of(names, metadata).people


def site_keys(metadata: Metadata) -> set[str]:
    """What the site calls itself, as :func:`same` writes it."""
    return {same(text) for text in metadata.site_names} - {""}


def is_agency(name: str) -> bool:
    """Whether a name is a news agency's."""
    return same(name) in _AGENCIES


def may_be_name(text: str) -> bool:
    """Whether a text has no word or sign that no person's name has."""
    return not _NO_NAME.search(text)


def is_full_name(text: str) -> bool:
    """Whether a text reads like a person's first and last name: words with capitals, but for particles."""
    words = text.split()
    if not words or words[-1] in _PARTICLES:
        return False
    return bool(_FULL_NAME.fullmatch(text)) and all(word[0] != word[0].lower() or word in _PARTICLES for word in words)


def begins_in_han(text: str) -> bool:
    """Whether a text begins like a name in Chinese characters, Katakana or Hangul."""
    return bool(_HAN_NAME.match(text))


def in_han(text: str) -> str:
    """The name in a text such as ``記者 山田太郎`` or ``홍길동 기자``; any other text as it is."""
    found = _HAN_REPORTER.fullmatch(text)
    return (found["a"] or found["b"]) if found else text


def reporters_in_han(paragraph: str) -> list[str]:
    """The names in a paragraph that begins or ends with such a text in brackets, or is one."""
    texts = [paragraph, *(text for found in _BRACKETED.findall(paragraph) for text in found if text)]
    parts = [part for text in texts if len(text) <= 30 for part in re.split("[/／]", text)]
    return [name for part in parts if (name := in_han(part)) != part]


def without_by(text: str) -> str:
    """The text without a beginning such as "By", "Written by" or "Author:"."""
    return _BY.sub("", text)


def only_says_by(text: str) -> bool:
    """Whether a text is such a beginning, and the name stands elsewhere."""
    return bool(_SAYS_BY.fullmatch(text))


def undated(text: str) -> str:
    """The text up to where a date begins."""
    return _DATED.sub("", text).strip(" ,-–—|·•")


def without_handle(text: str) -> str:
    """The text without ``@anna``."""
    return _HANDLE.sub("", text)


def split(text: str) -> list[str]:
    """The names that a text joins by commas, signs and words such as "and"; at least one, which may be empty."""
    return _AND.split(text)

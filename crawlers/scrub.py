"""A real page without its text: for test data, since the shape of a page is free and its text is under copyright.

Each word becomes a made-up one of the same length and case, the same word always the same one, so that headline,
``og:title`` and JSON-LD agree as before. Dates, numbers, mark-up and the shape of addresses stay.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from random import Random
from typing import Any
from urllib.parse import quote, unquote

from babel import Locale, UnknownLocaleError
from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]
from parsel import Selector

from crawlers.pages.metadata import json_documents

_VOWELS, _CONSONANTS = "aeiou", "bcdfghjklmnprstvwz"
_NO_SPACES = {"CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR"}
"""Scripts in which a run of letters is no word: each letter is replaced for itself."""
# An address, an entity or a tag inside a text, or a word. Letters that touch a digit belong to a date or a number.
_PART = re.compile(
    r"(?P<address>(?:https?:)?//[^\s\"'<>()]+)|(?P<entity>&(?:#\w+|[a-zA-Z]{2,8});)|<(?P<tag>/?[a-zA-Z]\w*)[^<>]*>"
    r"|(?P<word>(?<![\d])[^\W\d_]+(?!\d))"
)
_SLUG = re.compile(r"[^\W\d_]{2,}(?:[-_+.,~\s]+[^\W_]+)*[-_+.,~\s]+[^\W\d_]{2,}|[^\x00-\x7f]")
_SENTENCE = re.compile(r"[^\W_]+(?:[-_]+[^\W_]+){3,}")
_ADDRESS = re.compile(r"(?:https?:)?//\S+|/\S*|#\S*|\?\S*|[\w./%-]+\.(?:html?|php|aspx?|jpe?g|png|webp|gif)\S*")
_PEOPLES = re.compile(r"(?:^|\.)(?:twitter|x|facebook|instagram|linkedin|youtube|tiktok|threads|bsky|t)\.[a-z]+$")
"""Hosts whose addresses name people, or accounts, in one word."""
_SPACE = re.compile(r"\s{2,}")
_KEPT_META = re.compile(
    r"(?:og:|twitter:)?(?:type|locale|card|language)|(?:dc\.|content-)?language|robots|googlebot|viewport|charset"
    r"|.*(?:tier|accessibleforfree|paywall)|.*:(?:width|height)|in_?language",
    re.IGNORECASE,
)
_KEPT_KEYS = {"inLanguage", "isAccessibleForFree", "cssSelector", "encodingFormat"}
_ADDRESSES = {"href", "src", "poster", "action", "cite", "itemid", "data-src", "data-url"}
_TEXTS = {"alt", "title", "content", "value", "placeholder", "label", "summary", "abbr"}
_KEPT = {
    "class", "id", "name", "property", "itemprop", "itemscope", "itemtype", "rel", "type", "datetime", "pubdate",
    "lang", "dir", "role", "width", "height", "hidden", "charset", "http-equiv", "hreflang", "sizes", "media",
    "colspan", "rowspan",
}  # fmt: skip
_DROPPED = {"style", "svg", "object", "embed", "canvas", "math"}
_LINKS = {"canonical", "alternate", "amphtml", "author", "image_src", "next", "prev"}


class _Words:
    """Makes words up. The same word becomes the same one, whatever its case and, in Latin script, its accents."""

    def __init__(self, page: str, language: str, keep: Iterable[str]) -> None:
        self._random = Random(0)
        self._made: dict[str, str] = {}
        self._kept = _calendar(language) | {word.lower() for word in keep}
        self._letters: defaultdict[str, set[str]] = defaultdict(set)
        for letter in set(page.lower()):
            if letter.isalpha():
                self._letters[_script(letter)].add(letter)

    def text(self, text: str) -> str:
        """The text with other words."""
        return _PART.sub(self._part, text)

    def address(self, address: str) -> str:
        """The address with other words where it has several in a row, as a slug or a shared headline is."""
        if address.startswith("data:"):
            return "data:,"
        if re.match(r"(?:javascript|mailto|tel|sms):", address, re.IGNORECASE):
            return "#"
        scheme, mark, rest = address.partition("//") if re.match(r"(?:https?:)?//", address) else ("", "", address)
        host, slash, path = rest.partition("/") if mark else ("", "", rest)
        if _PEOPLES.search(host):
            return scheme + mark + host + slash + self.text(unquote(path))
        return scheme + mark + host + slash + re.sub(r"[^/?&=#]+", lambda piece: self._piece(piece[0]), path)

    def _piece(self, piece: str) -> str:
        plain = unquote(piece)
        if "://" in plain:
            return quote(self.address(plain), safe="")
        name, dot, ending = plain.rpartition(".")
        if not (dot and re.fullmatch(r"[a-z0-9]{2,5}", ending)):
            name, dot, ending = plain, "", ""
        if not _SLUG.search(name):
            return piece
        words = re.sub(r"(?<!\d)[^\W\d_]+(?!\d)", lambda word: self._word(word[0]), name) + dot + ending
        return quote(words) if piece != plain else words

    def _part(self, found: re.Match[str]) -> str:
        if address := found["address"]:
            return self.address(address)
        if tag := found["tag"]:
            return f"<{tag}>"
        return self._word(found["word"]) if found["word"] else found[0]

    def _word(self, word: str) -> str:
        if word.lower() in self._kept:
            return word
        if any(_script(letter) in _NO_SPACES for letter in word):
            return "".join(map(self._make, word))
        made = self._make(word)
        return "".join(new.upper() if old.isupper() else new for old, new in zip(word, made, strict=True))

    def _make(self, word: str) -> str:
        """A word of the same length in lower case; letters of Latin script are plain ones."""
        plain = "".join(_plain(letter) for letter in word)
        if plain not in self._made:
            self._made[plain] = "".join(map(self._letter, plain))
        return self._made[plain]

    def _letter(self, letter: str) -> str:
        if _script(letter) == "LATIN":
            return self._random.choice(_CONSONANTS if letter.isascii() and letter not in _VOWELS else _VOWELS)
        return self._random.choice(sorted(self._letters[_script(letter)]) or [letter])


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]


@cache
def _plain(letter: str) -> str:
    """A letter in lower case, without its accent in Latin script; always one."""
    small = letter.lower() if len(letter.lower()) == 1 else letter
    return unicodedata.normalize("NFKD", small)[0] if _script(small) == "LATIN" else small


def _calendar(language: str) -> frozenset[str]:
    """The words of dates, which stay: months, days and zones, in a language and in English."""
    words = {"am", "pm", "utc", "gmt", "bst", "cet", "cest", "mez", "mesz", "est", "edt", "msk", "jst"}
    for name in ("en", language):
        try:
            locale = Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
        for names in (locale.months, locale.days):
            words |= {
                word.lower()
                for use in names.values()
                for width in ("wide", "abbreviated")
                for text in use.get(width, {}).values()
                for word in re.findall(r"[^\W\d_]{2,}", text)
            }
    return frozenset(words)


def scrub(url: str, html: str, keep: Iterable[str] = ()) -> tuple[str, str]:
    """The page's address and HTML, with other words.

    Left out are comments, style sheets, drawings, and scripts other than JSON-LD.

    Args:
        url: the address.
        html: the page.
        keep: words that stay, because a page object looks for them.
    """
    root = Selector(text=html or "<html></html>", type="html").root
    language = re.match(r"[a-z]{2}", (root.get("lang") or "").lower())
    words = _Words(html, language[0] if language else "en", keep)
    for element in list(root.iter()):
        if not isinstance(element.tag, str) or not _stays(element):
            element.drop_tree()
    for element in root.iter():
        if element.tag == "script":
            element.text = "\n".join(
                json.dumps(_data(value, words), ensure_ascii=False) for value in json_documents(element.text or "")
            )
        elif element.text:
            element.text = words.text(_SPACE.sub(_one, element.text))
        if element.tail:
            element.tail = words.text(_SPACE.sub(_one, element.tail))
        for name, value in list(element.attrib.items()):
            new = _attribute(element, name, value, words)
            if new is None:
                del element.attrib[name]
            else:
                element.set(name, new)
    text = etree.tostring(root, encoding="unicode", method="html")
    return words.address(url), f"<!DOCTYPE html>\n{text}\n"


def _one(space: re.Match[str]) -> str:
    """White space as one sign: the lines of a text stay lines."""
    return "\n" if "\n" in space[0] else " "


def _stays(element: HtmlElement) -> bool:
    if element.tag == "script":
        return "ld+json" in (element.get("type") or "").lower() and bool(json_documents(element.text or ""))
    if element.tag == "link":
        return bool(_LINKS & set((element.get("rel") or "").lower().split()))
    return element.tag not in _DROPPED


def _attribute(element: HtmlElement, name: str, value: str, words: _Words) -> str | None:
    """The attribute's value with other words; None to drop it."""
    if element.tag == "meta" and name == "content":
        of = (
            element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv") or ""
        )
        if _KEPT_META.fullmatch(of) or element.get("http-equiv"):
            return value
        return words.address(value) if _ADDRESS.fullmatch(value.strip()) else words.text(value)
    if name.endswith("srcset"):
        return re.sub(r"[^\s,]+", lambda one: words.address(one[0]), value)
    if name in _ADDRESSES:
        return words.address(value.strip())
    if name in _TEXTS:
        return words.address(value) if _ADDRESS.fullmatch(value.strip()) else words.text(value)
    if name == "id" and _SENTENCE.fullmatch(value):  # a heading's own, made of its words
        return words.address(value)
    if name in _KEPT:
        return value
    if name == "style":
        return value if re.fullmatch(r"[\s\w:;-]*(?:display|visibility)[\s\w:;-]*", value) else None
    if name.startswith("data-") and len(value) < 100 and re.fullmatch(r"[\w:.-]*", value, re.ASCII):
        return value
    return None


def _data(value: Any, words: _Words, key: str = "") -> Any:
    """A JSON-LD value with other words."""
    if isinstance(value, dict):
        return {name: _data(part, words, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_data(part, words, key) for part in value]
    if not isinstance(value, str) or key in _KEPT_KEYS:
        return value
    if _ADDRESS.fullmatch(value.strip()):
        return words.address(value)
    return value if key.startswith("@") else words.text(value)

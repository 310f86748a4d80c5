"""The article's text in the states of scripts: what a page that is built in the browser is built from.

A script carries the state as JSON, or as JavaScript that is nearly JSON; nothing of it is run. A state holds much
beside the article: other stories, menus, settings. The text is the longest run of paragraphs in it whose own title or
address, where it stands beside them, is the page's.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement, fragment_fromstring  # type: ignore[import-untyped]

from crawlers.pages.blocks import UNSPACED
from crawlers.pages.metadata import clean, encodable, same, same_page, text_of

LARGEST = 8_000_000
"""Characters of a script that are read; a state with more is left alone."""
LEAST = 150
"""Characters under which a run of paragraphs is no article's text."""
MOST_STEPS = 300_000
"""Values of a state that are looked at."""
_DEEPEST = 60

# `window.__STATE__ = {…}`, `Fusion.globalContent={…}`, `var state = JSON.parse("…")`, `window.X.push({…})`: where
# a value begins.
_ASSIGNED = re.compile(
    r"(?:(?<![=!<>])=(?!=)\s*(?:[\w$.\[\]\"']{1,60}\s*\|\|\s*)?|\.push\(\s*|(?=JSON\.parse\())"
    r"(?:JSON\.parse\(\s*)?(?=[{\[\"'`(])"
)
_NAMED = re.compile(r"(?:\b(?:var|let|const)\s+[\w$]+|(?<![\w$.])[\w$]+(?:\.[\w$]+|\[\s*[\"'][^\"']+[\"']\s*\])+)\s*$")
_FLIGHT = re.compile(r"\.push\(\s*(?=\[)")
_FLIGHT_ROW = re.compile(rb"([0-9a-f]+):(?:T([0-9a-f]+),)?")
_FUNCTION = re.compile(r"\s*\(?\s*function\s*\(([\w$,\s]*)\)\s*\{[^{]{0,20000}?\breturn\s*(?=\{)")

# The keys under which text stands, the plainest first, and those of what is none of it.
_TEXT_KEYS = (
    "text", "html", "markup", "contentHtml", "bodyHtml", "content_html", "body_html", "rendered", "processed", "__html",
    "innerHTML", "value", "content", "body", "articleBody", "story", "data", "attributes", "model", "paragraphs",
    "blocks", "elements", "content_elements", "components", "items", "children", "props",
    "dangerouslySetInnerHTML", "document", "json",
)  # fmt: skip
_OTHER_KEYS = re.compile(
    r"relat|recommend|teaser|promo|comment|caption|credit|author|byline|contributor|tag|nav|menu|footer|header(?!s)|image|"
    r"media|galler|video|audio|advert|meta|seo|most_?read|popular|trending|latest|sidebar|newsletter|subscri|cookie|"
    r"consent|translation|messages|i18n|locale|disclaimer|copyright|config|breadcrumb|photo|poll|quiz|legal|terms",
    re.IGNORECASE,
)
_KIND_KEYS = ("type", "_type", "nodeType", "kind", "__typename", "blockType", "name", "tag", "tagName", "component")
_PARAGRAPH = re.compile(
    r"(?:core[/-])?(?:p|paragraph\w*|text-?block|h[1-6]|heading\w*|sub-?head\w*|headline|header(?:-\w+)?|(?:block-?|pull-?)?quote|"
    r"li|list-?item|unstyled|block|crosshead)",
    re.IGNORECASE,
)
_OTHER_KINDS = re.compile(
    r"image|figure|photo|picture|video|audio|media|galler|embed|advert|\bad\b|^ads?$|related|promo|teaser|newsletter|caption|"
    r"interstitial|divider|script|style|iframe|raw_html|byline|author|poll|social|tweet|widget|recommend|^button$|^nav$|"
    r"^aside$|^footer$|^svg$|^form$",
    re.IGNORECASE,
)
_TITLE_KEYS = ("headline", "title", "headlines", "name", "articleTitle")
_ADDRESS_KEYS = (
    "url", "canonical_url", "canonicalUrl", "canonical", "website_url", "permalink", "href", "link", "slug", "path",
    "uri", "webUrl", "shareUrl",
)  # fmt: skip
_BLOCK_TAG = re.compile(r"<\s*(?:p|div|br|h[1-6]|li|ul|ol|blockquote|section|article)\b[^<>]*>", re.IGNORECASE)
_MARKDOWN = (
    (re.compile(r"!\[[^\]]*\]\([^)\s]*[^)]*\)"), ""),
    (re.compile(r"(?<!!)\[([^\]]+)\]\([^)\s]+[^)]*\)"), r"\1"),
    (re.compile(r"^(?:#{1,6}|>|[-*+]|\d+\.)\s+", re.MULTILINE), ""),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
)
_DROPPED = (
    "script", "style", "figure", "figcaption", "iframe", "aside", "noscript", "template", "form", "button", "svg",
)  # fmt: skip

_ENDING = re.compile(r"[.!?…。！？؟।](?:\W|$)")


def state_texts(root: HtmlElement, url: str = "") -> list[tuple[list[str], str]]:
    """The texts that the page's scripts may hold for its article, the best first: paragraphs, and where they stand.

    A text beside the title or the address of this page comes before one beside neither, and of two the longer. Texts
    beside another story's title and address are left out.

    Args:
        root: the page; it is not changed.
        url: its address; without it, the one that the page declares.
    """
    scripts = list(_scripts(root))
    if not scripts:
        return []
    page = _About(root, url)
    found = []
    for document, origin in (pair for script in scripts for pair in _documents(*script)):
        run = _Search(page).best(document)
        if run:
            found.append((run, origin))
    found.sort(key=lambda pair: (pair[0][0], pair[0][1]), reverse=True)
    return [(texts, origin) for (_, _, texts), origin in found]


# Scripts ------------------------------------------------------------------------------------------


def _scripts(root: HtmlElement) -> Iterator[tuple[str, str, str]]:
    """Type, id and text of the scripts that look as if they carry a state; those of Next.js's stream as one."""
    stream = []
    for script in root.iter("script"):
        text, kind = script.text, (script.get("type") or "").lower()
        if not text or "ld+json" in kind or script.get("src"):
            continue
        if "self.__next_f" in text[:200]:
            stream.append(text)
        elif LEAST < len(text) <= LARGEST and ("json" in kind or len(text) > 2 * LEAST):
            yield kind, script.get("id") or "", text
    if stream and sum(map(len, stream)) <= LARGEST:
        yield "", "self.__next_f", "\n".join(stream)


def _documents(kind: str, name: str, text: str) -> Iterator[tuple[Any, str]]:
    """The values in a script, and where they stand."""
    if name == "self.__next_f":
        yield _flight(text), "script self.__next_f"
    elif "json" in kind:
        document = _read(text.strip(), 0)[0]
        if name == "__NUXT_DATA__" or (isinstance(document, list) and document[:1] and _is_flat(document)):
            document = _unflattened(document)
        yield document, f"script {name or 'application/json'}"
    else:
        end = 0
        for found in _ASSIGNED.finditer(text):
            if found.start() < end:
                continue  # within the value before
            named = _NAMED.search(text, max(found.start() - 100, 0), found.start())
            if named or text.startswith("JSON", found.start()):
                document, end = _read(text, found.end())
                if document is not None:
                    yield document, f"script {named[0].split()[-1] if named else 'JSON.parse'}"


def _read(text: str, start: int) -> tuple[Any, int]:
    """The value that begins at a place of a script, and where it ends; None where there is none."""
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        value, end = _javascript(text, start)
    if isinstance(value, str):  # that holds the value
        value = _parsed(value) if value.lstrip()[:1] in ("{", "[") else None
    return (value, end) if isinstance(value, dict | list) else (None, start)


def _parsed(text: str) -> Any:
    try:
        return json.JSONDecoder(strict=False).raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return None


_TOKEN = re.compile(
    r"(?P<space>\s+|/\*.*?\*/|//[^\n]*)|(?P<double>\"(?:[^\"\\]|\\.)*\")|(?P<single>'(?:[^'\\]|\\.)*')|"
    r"(?P<template>`(?:[^`\\]|\\.)*`)|(?P<key>[A-Za-z_$][\w$]*|\d+)(?=\s*:)|(?P<true>!0)|(?P<false>!1)|"
    r"(?P<null>void 0|undefined|NaN|Infinity|(?:new\s+)?[A-Za-z_$][\w$.]*\([^(){}]{0,200}\))|"
    r"(?P<word>[A-Za-z_$][\w$.]*)(?!\s*[(\[=]|\s+\w)|"
    r"(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<open>[{\[])|(?P<close>[}\]])|[,:]",
    re.DOTALL,
)
_WRITTEN = {"true": "true", "false": "false", "null": "null"}


def _javascript(text: str, start: int) -> tuple[Any, int]:
    """A value written as a JavaScript literal, or as the result of a function whose arguments stand behind it."""
    if not (function := _FUNCTION.match(text, start)):
        written, end = _as_json(text, start, {})
        return _parsed(written), end
    names = [name.strip() for name in function[1].split(",")]
    _, end = _as_json(text, function.end(), {})
    called = _CALLED.match(text, end)
    given: Any = []
    if called:
        # Arguments end where a value in brackets would: with the first bracket that none has opened.
        written, end = _as_json(text, called.end(), {}, depth=1)
        given = _parsed("[" + written.rstrip(",") + "]")
    known = dict(zip(names, given or [], strict=False))
    return _parsed(_as_json(text, function.end(), known)[0]), end


def _as_json(text: str, start: int, known: dict[str, Any], *, depth: int = 0) -> tuple[str, int]:
    """A JavaScript literal as JSON, and where it ends: keys and strings in double quotes, names as what is known of
    them, or null, and so plain calls (``new Date(0)``). It ends before the first other code."""
    parts = []
    while token := _TOKEN.match(text, start):
        kind, given, start = token.lastgroup or "", token[0], token.end()
        if kind == "double":
            parts.append(_HEX.sub(r"\\u00\1", given))
        elif kind in ("single", "template"):
            inner = _HEX.sub(r"\\u00\1", given[1:-1])
            parts.append(f'"{_ESCAPED.sub(_escaped, inner)}"')
        elif kind == "key":
            parts.append(f'"{given}"')
        elif kind == "word":
            parts.append(given if given in ("true", "false", "null") else json.dumps(known.get(given)))
        elif kind == "number" and "." in given:
            parts.append(str(float(given)))
        elif kind != "space":
            if kind == "close" and parts[-1:] == [","]:
                parts.pop()
            parts.append(_WRITTEN.get(kind, given))
            depth += (kind == "open") - (kind == "close")
            if depth == 0 and kind == "close":
                break
    return "".join(parts), start


_CALLED = re.compile(r"\s*;?\s*\}\s*\)?\s*\(")
_HEX = re.compile(r"\\x([0-9a-fA-F]{2})")
_ESCAPED = re.compile(r"\\(.)|\"", re.DOTALL)


def _escaped(found: re.Match[str]) -> str:
    """What stands for a character within quotes of another kind, as JSON has it."""
    if found[0] == '"':
        return '\\"'
    return found[1] if found[1] in "'`$" else found[0]


def _flight(text: str) -> Any:
    """The rows of the stream that Next.js writes in pieces (``self.__next_f.push([1,"…"])``), by their number."""
    parts = []
    for found in _FLIGHT.finditer(text):
        try:
            piece = json.JSONDecoder(strict=False).raw_decode(text, found.end())[0]
        except (ValueError, RecursionError):
            continue
        if isinstance(piece, list) and len(piece) > 1 and isinstance(piece[1], str):
            parts.append(piece[1])
    stream = "".join(parts).encode("utf-8", "replace")
    rows: dict[str, Any] = {}
    place = 0
    while row := _FLIGHT_ROW.match(stream, place):
        length = row[2]
        end = row.end() + int(length, 16) if length else stream.find(b"\n", row.end()) % (len(stream) + 1)
        text = stream[row.end() : end].decode("utf-8", "replace")
        rows[row[1].decode()] = text if length else _parsed(text) if text[:1] in ("[", "{", '"') else None
        place = end if length else end + 1
    return {"rows": rows}


def _is_flat(document: list[Any]) -> bool:
    first = document[0]
    return isinstance(first, list) and len(first) == 2 and first[0] in ("Reactive", "ShallowReactive")


def _unflattened(flat: Any) -> Any:
    """The value that Nuxt writes as a list of values, which name their parts by their places in the list."""
    if not isinstance(flat, list):
        return flat
    made: dict[int, Any] = {}

    def value(place: Any, depth: int) -> Any:
        if not isinstance(place, int) or not 0 <= place < len(flat) or depth > _DEEPEST:
            return None
        if place not in made:
            raw = flat[place]
            made[place] = None  # of a value that holds itself
            if isinstance(raw, dict):
                made[place] = {key: value(part, depth + 1) for key, part in raw.items()}
            elif isinstance(raw, list) and len(raw) == 2 and isinstance(raw[0], str):
                made[place] = value(raw[1], depth + 1)  # ["Reactive", 1]
            elif isinstance(raw, list):
                made[place] = [value(part, depth + 1) for part in raw]
            else:
                made[place] = raw
        return made[place]

    return value(0, 0)


# Text in a state ----------------------------------------------------------------------------------


class _About:
    """What the page says its article is."""

    def __init__(self, root: HtmlElement, url: str) -> None:
        titles = [text_of(tag) for tag in root.iter("title", "h1")]
        addresses = [url]
        for tag in root.iter("meta", "link"):
            name = (tag.get("property") or tag.get("name") or tag.get("rel") or "").lower()
            if name in ("og:title", "twitter:title"):
                titles.append(clean(tag.get("content")))
            elif name in ("og:url", "canonical"):
                addresses.append(tag.get("content") or tag.get("href") or "")
        self.title = " ".join(map(same, titles))
        self._words = _words(" ".join(titles))
        self.addresses = [address for address in addresses if address]

    def is_its(self, story: dict[str, Any]) -> bool | None:
        """Whether a value with a title and an address is this page's article; None if it has not both."""
        title = next((text for key in _TITLE_KEYS if (text := _plain(story.get(key)))), "")
        places = [story[key] for key in _ADDRESS_KEYS if isinstance(story.get(key), str) and story[key].strip("/ ")]
        if title and len(same(title)) > 7 and same(title) in self.title:
            return True
        if any(self._is_here(place) for place in places):
            return True
        return False if title and places else None

    def is_about(self, texts: list[str]) -> bool:
        """Whether a text has words of the page's title: a notice about cookies has none."""
        return len(self._words & _words(" ".join(texts))) >= min(3, max(1, len(self._words) // 3))

    def _is_here(self, place: str) -> bool:
        for address in self.addresses:
            try:
                if same_page(urljoin(address, place), address) and urlsplit(address).path.strip("/"):
                    return True
                if len(place) > 10 and place.strip("/") in urlsplit(address).path:
                    return True
            except ValueError:
                continue
        return False


def _words(text: str) -> set[str]:
    """The beginnings of the longer words; pairs of characters where no spaces part words."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return {word[:5] for word in words if len(word) > 3 and not UNSPACED.match(word)} | {
        word[at : at + 2] for word in words if UNSPACED.match(word) for at in range(len(word) - 1)
    }


def _plain(value: Any) -> str:
    if isinstance(value, dict):  # {"basic": …}, {"rendered": …}
        value = value.get("basic") or value.get("rendered") or value.get("default")
    return clean(value)


Run = tuple[bool, int, list[str]]
"""Whether it stands beside this page's title or address, characters, paragraphs."""


@dataclass
class _Search:
    """Looks for the longest run of paragraphs in one document."""

    page: _About
    steps: int = 0
    rows: dict[str, Any] = field(default_factory=dict)
    """What other values name instead of holding it: rows of Next.js, entities of Apollo."""
    found: Run | None = None

    def best(self, document: Any) -> Run | None:
        """The best run; None if there is none of :data:`LEAST` characters."""
        if isinstance(document, dict):
            rows = document.get("rows")
            self.rows = rows if isinstance(rows, dict) else document
        self._walk(document, None, 0)
        return self.found

    def _walk(self, value: Any, its: bool | None, depth: int) -> None:
        """Look at a value and all in it; ``its`` tells whether it belongs to this page's story."""
        self.steps += 1
        if depth > _DEEPEST or self.steps > MOST_STEPS:
            return
        if isinstance(value, dict):
            told = self.page.is_its(value)
            its = its if told is None else told
            for key, part in value.items():
                if not _OTHER_KEYS.search(str(key)) and part:
                    self._walk(part, its, depth + 1)
        elif isinstance(value, list):
            if element := _element(value):
                self._walk(element, its, depth + 1)
                return
            self._try(self._blocks(value, 0), its)
            for part in value:
                if isinstance(part, dict | list):
                    self._walk(part, its, depth + 1)
        elif isinstance(value, str) and len(value) > LEAST:
            packed = _parsed(value) if value[:2] in ('{"', "[{") else None
            if packed:
                self._walk(packed, its, depth + 1)
            else:
                self._try(_texts(value), its)

    def _try(self, texts: list[str], its: bool | None) -> None:
        length = sum(map(len, texts))
        if its is False or length < LEAST or not (its or self.page.is_about(texts)):
            return
        run = (bool(its), length, texts)
        if self.found is None or run[:2] > self.found[:2]:
            self.found = run

    def _blocks(self, blocks: list[Any], depth: int) -> list[str]:
        """The paragraphs of a list of blocks, whatever their shape; none of what is a story of its own in it."""
        texts: list[str] = []
        for block in blocks:
            texts += self._block(block, depth + 1)
        return texts

    def _block(self, block: Any, depth: int) -> list[str]:
        self.steps += 1
        if depth > _DEEPEST or self.steps > MOST_STEPS:
            return []
        block = self._named(block)
        if isinstance(block, str):
            return _texts(block)
        if isinstance(block, list):
            element = _element(block)
            return self._block(element, depth) if element else self._blocks(block, depth)
        if not isinstance(block, dict):
            return []
        kinds = _kinds(block)
        if any(map(_OTHER_KINDS.search, kinds)) or self.page.is_its(block) is False or "author" in block:
            return []
        if any(map(_PARAGRAPH.fullmatch, kinds)) and not self._holds_paragraphs(block):
            text = clean(self._inline(block, depth))
            return [text] if text else []
        for key in _TEXT_KEYS:
            part = block.get(key)
            if part and (texts := self._block(part, depth + 1)):
                return texts
        return []

    def _holds_paragraphs(self, block: Any) -> bool:
        """Whether a paragraph is only a frame around others."""
        for key in _TEXT_KEYS:
            part = block.get(key)
            for inner in part if isinstance(part, list) else [part]:
                inner = _element(inner) or inner
                if isinstance(inner, dict) and any(map(_PARAGRAPH.fullmatch, _kinds(inner))):
                    return True
        return False

    def _inline(self, value: Any, depth: int) -> str:
        """The text of all that a paragraph holds, run together."""
        self.steps += 1
        if depth > _DEEPEST or self.steps > MOST_STEPS:
            return ""
        value = self._named(value)
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            element = _element(value)
            return self._inline(element, depth) if element else "".join(self._inline(v, depth + 1) for v in value)
        if isinstance(value, dict):
            parts = (self._inline(value[key], depth + 1) for key in _TEXT_KEYS if value.get(key))
            return next((text for text in parts if text), "")
        return ""

    def _named(self, value: Any) -> Any:
        """The value that stands elsewhere and is named here (``{"__ref": …}``, ``$1a``); others as they are."""
        if isinstance(value, dict) and (len(value) == 1 or value.get("type") == "id"):
            name = value.get("__ref") or value.get("id")
            return self.rows.get(name, value) if isinstance(name, str) else value
        if isinstance(value, str) and 1 < len(value) < 8 and value[0] == "$" and value[1:].lstrip("L@") in self.rows:
            return self.rows[value[1:].lstrip("L@")]
        return value


def _kinds(block: dict[str, Any]) -> list[str]:
    """What a block is called."""
    return [kind for key in _KIND_KEYS if isinstance(kind := block.get(key), str) and len(kind) < 40]


def _element(value: Any) -> dict[str, Any] | None:
    """An element as React's stream writes it (``["$", "p", null, {"children": …}]``) as a block; None of others."""
    if isinstance(value, list) and len(value) >= 4 and value[0] == "$" and isinstance(value[3], dict):
        return {**value[3], "tag": value[1] if isinstance(value[1], str) else ""}
    return None


def _texts(text: str) -> list[str]:
    """The paragraphs of a string: HTML, Markdown or plain; none of one that is no prose."""
    if "&lt;p" in text or "&lt;/p" in text:
        text = html.unescape(text)
    if _BLOCK_TAG.search(text):
        return _html_texts(text)
    if "\n" in text or "](" in text:
        for pattern, by in _MARKDOWN:
            text = pattern.sub(by, text)
    return _prose(text.split("\n"))


def _html_texts(markup: str) -> list[str]:
    markup = re.sub(r"[\s\x00-\x1f]+", " ", encodable(markup))
    try:
        tree = fragment_fromstring(markup, create_parent="div")
    except (etree.ParserError, ValueError):
        return []
    for element in list(tree.iter(*_DROPPED)):
        element.drop_tree()
    for element in tree.iter():
        if isinstance(element.tag, str) and _BLOCK_TAG.match(f"<{element.tag}>"):
            element.text = f"\n{element.text or ''}"
            element.tail = f"\n{element.tail or ''}"
    return _prose(tree.text_content().replace("<", "&lt;").split("\n"))


def _prose(lines: list[str]) -> list[str]:
    """The lines in plain text, if most of it is prose."""
    lines = [text for line in lines if (text := clean(line))]
    return lines if 2 * sum(len(line) for line in lines if _is_prose(line)) > sum(map(len, lines)) else []


def _is_prose(text: str) -> bool:
    """Whether a text is written for readers: no address, no code, no list of class names."""
    letters = sum(char.isalpha() or char.isspace() for char in text)
    if letters < 0.7 * len(text) or "{" in text or not _ENDING.search(text):
        return False
    if UNSPACED.search(text):
        return len(text) >= 15
    return len(text) >= 40 and text.count(" ") >= 5

"""A page's text as its readers see it parted: a block for each paragraph, heading, list item, quote or table row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that part words by no spaces, or say more in a character than others."""

_KINDS = HEADINGS | frozenset(["p", "li", "dt", "dd", "blockquote", "pre", "tr", "figcaption", "caption"])
_PARTING = _KINDS | frozenset(
    [
        "address",
        "article",
        "aside",
        "body",
        "center",
        "details",
        "dialog",
        "div",
        "dl",
        "fieldset",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "html",
        "main",
        "nav",
        "ol",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "ul",
        "option",
    ]
)
_UNREAD = frozenset(
    [
        "script",
        "style",
        "head",
        "noscript",
        "template",
        "svg",
        "math",
        "button",
        "select",
        "textarea",
        "iframe",
        "object",
        "canvas",
    ]
)
_TABLE = ("table", "tr", "caption")
_CELLS = ("td", "th")
# Characters from which a block can be a paragraph of running text, and the share of links up to which it can.
_PARAGRAPH = 60
_MOST_LINKED = 0.4


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading, list item, quote or table row."""

    text: str
    """In one line; invisible characters are left in."""
    kind: str
    """The tag that says what it is: ``p``, ``h1`` to ``h6``, ``li``, ``blockquote``, ``tr`` …; else ``div``."""
    element: HtmlElement
    """The innermost block element that holds it."""
    linked: float
    """The share of its characters that stand in links."""

    @property
    def is_heading(self) -> bool:
        """Whether it is a heading."""
        return self.kind in HEADINGS

    @property
    def running(self) -> float:
        """How much running text it is, in characters of an alphabet; 0 for headings, short lines and links."""
        length = len(self.text) * (2.5 if UNSPACED.search(self.text) else 1)
        if length < _PARAGRAPH or self.linked > _MOST_LINKED or self.is_heading or self.kind == "tr":
            return 0
        return length * (1 - self.linked) * (0.5 if self.kind == "li" else 1)


def blocks(root: HtmlElement) -> list[Block]:
    """The blocks under an element, in the order of the page."""
    found: list[Block] = []
    parts: list[str] = []
    # What is open: the innermost block element, what kind of block its text is, and how many links deep it stands.
    places: list[tuple[HtmlElement, str]] = [(root, "div")]
    links = linked = 0

    def add(text: str | None) -> None:
        nonlocal linked
        if text:
            parts.append(text)
            if links:
                linked += len(text.strip())

    def end() -> None:
        nonlocal linked
        text = " ".join("".join(parts).split()).strip("| ") if parts else ""
        if text:
            element, kind = places[-1]
            found.append(Block(text, kind, element, min(1.0, linked / len(text))))
        parts.clear()
        linked = 0

    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in _UNREAD:
                walk.skip_subtree()
                continue
            outer = places[-1][1]
            if tag in _PARTING and (outer != "tr" or tag in _TABLE):
                end()
                kind = outer if outer in ("li", "blockquote") and tag in ("p", *_PARTING - _KINDS) else tag
                places.append((element, kind if kind in _KINDS else "div"))
            elif tag == "a":
                links += 1
            elif tag in _CELLS and parts:
                parts.append(" | ")
            elif tag in _PARTING:
                parts.append(" ")
            elif tag == "br":
                following = element.getnext()
                if following is not None and following.tag == "br" and not (element.tail or "").strip():
                    end()
                else:
                    parts.append(" ")
            add(element.text)
            continue
        if event == "end" and tag not in _UNREAD:
            if places[-1][0] is element:
                if len(places) > 1:
                    end()
                    places.pop()
            elif tag == "a":
                links -= 1
        if element is not root:
            add(element.tail)
    end()
    return found


def running_text(found: Iterable[Block]) -> dict[HtmlElement, float]:
    """How much running text every element holds; elements without any are left out."""
    held: dict[HtmlElement, float] = defaultdict(float)
    for block in found:
        if amount := block.running:
            held[block.element] += amount
            for outer in block.element.iterancestors():
                held[outer] += amount
    return held

"""Live blogs: the entries of an article that grows, each with its time."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import (
    Metadata,
    Node,
    as_list,
    clean,
    names_of,
    parse_time,
    parted,
    same,
    text_of,
    types_of,
)
from crawlers.pages.noise import is_noise
from wirewatch.records import Update

MOST_ENTRIES = 1000
_TYPE = "LiveBlogPosting"
# What the blocks of a live blog, or what holds them, are called on pages that do not declare one.
_LIVE = re.compile(
    r"(?:^|[\s_-])(?:live-?_?(?:blog|ticker|stream|post|update|event|feed|entr(?:y|ies)|text|center|report)s?|"
    r"(?:news-?)?ticker-?_?(?:entr(?:y|ies)|post|event|item|text|message)s?|minuto-?a-?minuto|minute-?by-?minute|key-?event)"
    r"(?=$|[\s_-])",
    re.IGNORECASE,
)
# Blocks from which on they are a live blog's, where the page declares one and where it does not.
_FEW, _MANY = 2, 4
# Characters outside links that an entry has at least; a teaser's are in its link.
_LEAST = 40
# Ancestors of a time among which the entry is looked for.
_NEAR = 8
_UNREAD = (
    "figure", "figcaption", "picture", "aside", "nav", "footer", "form", "button", "iframe", "video", "audio", "script",
    "style", "template", "noscript", "svg", "time",
)  # fmt: skip
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_PARTS = ("p", "li", "blockquote", *_HEADINGS)


@dataclass(frozen=True)
class LiveBlog:
    """Finds the entries of a page's live blog."""

    root: HtmlElement
    metadata: Metadata

    @cached_property
    def entries(self) -> Choice[tuple[Update, ...]]:
        """The entries in the order of the page, newest first as a rule; none where the page is no live blog.

        Of those for machines and those for readers it is those with most text, because the ones for machines are cut
        short on many sites; entries without their times count for a tenth less.
        """
        declared = Candidate(tuple(self._declared()), "json-ld liveBlogUpdate")
        marked = Candidate(tuple(self._marked()), "microdata liveBlogUpdate")
        is_live = bool(declared.value or marked.value) or _TYPE in self.metadata.types or self._is_marked
        shown = Candidate(tuple(self._shown(is_live)), "time in blocks")
        candidates = tuple(candidate for candidate in (declared, marked, shown) if candidate.value)
        best = max(reversed(candidates), key=lambda candidate: _weight(candidate.value), default=None)
        if best is None:
            return Choice(())
        return Choice(best.value, best.origin, "it has most text" if len(candidates) > 1 else "", candidates)

    def _declared(self) -> Iterator[Update]:
        """The entries in JSON-LD."""
        blogs = [node for node, own in self.metadata.nodes if own and _TYPE in types_of(node)]
        article = self.metadata.article
        blog = article if article in blogs or len(blogs) != 1 else blogs[0]
        for entry in islice(as_list(blog.get("liveBlogUpdate")), MOST_ENTRIES):
            yield from self._of_node(self.metadata.resolve(entry))

    def _of_node(self, node: Node | Any) -> Iterator[Update]:
        if not isinstance(node, dict):
            return
        texts = next((found for key in ("articleBody", "text", "description") if (found := _lines(node.get(key)))), [])
        times = (parse_time(node.get(key)) for key in ("datePublished", "dateCreated", "dateModified"))
        title = clean(node.get("headline") or node.get("name"))
        yield from _update(next((time for time in times if time), None), title, texts)

    @property
    def _is_marked(self) -> bool:
        return bool(self.root.xpath(f".//*[contains(@itemtype, '{_TYPE}')]"))

    def _marked(self) -> Iterator[Update]:
        """The entries in microdata."""
        for entry in islice(self.metadata.itemprops("liveBlogUpdate"), MOST_ENTRIES):
            parts = {
                name: part for part in reversed(entry.xpath(".//*[@itemprop]")) for name in part.get("itemprop").split()
            }
            time, title, text = (parts.get(name) for name in ("datePublished", "headline", "articleBody"))
            moment = None if time is None else parse_time(time.get("content") or time.get("datetime") or text_of(time))
            heading = "" if title is None else clean(title.get("content")) or text_of(title)
            yield from _update(moment, heading, _paragraphs(entry if text is None else text, heading))

    def _shown(self, is_live: bool) -> Iterator[Update]:
        """The entries as readers see them: of the groups of like blocks that each have a time, the one with most."""
        groups: dict[tuple[HtmlElement, str, str], dict[HtmlElement, HtmlElement]] = {}
        for time in islice(self.root.iter("time"), MOST_ENTRIES):
            for block in islice((time, *time.iterancestors()), _NEAR):
                parent = block.getparent()
                if parent is None or block.tag in ("body", "main"):
                    break
                kind = (parent, block.tag, (block.get("class") or "").split(" ")[0])
                groups.setdefault(kind, {}).setdefault(block, time)
        fewest = _FEW if is_live else _MANY
        best: list[Update] = []
        for (parent, _, _), blocks in groups.items():
            if len(blocks) < max(fewest, len(best)) or not (is_live or _is_called_live(parent, *islice(blocks, 1))):
                continue
            if any(is_noise(element) for element in (*islice(blocks, 1), parent, *islice(parent.iterancestors(), 4))):
                continue
            found = [update for block, time in blocks.items() for update in _of_block(block, time)]
            if len(found) >= fewest and (len(found), _length(found)) > (len(best), _length(best)):
                best = found
        yield from best


def with_entries(texts: list[str], entries: Sequence[Update]) -> list[str]:
    """The paragraphs of a live blog's page with all its entries: what stands above the first of them, then each with
    its title. As they are, where they have nearly all of that.

    Args:
        texts: the paragraphs as they were cut out.
        entries: the page's entries.
    """
    if not entries:
        return texts
    lines = [line for entry in entries for line in (entry.title, *entry.body.split("\n\n")) if line]
    known, titles = {_key(line) for line in lines}, {_key(entry.title) for entry in entries if entry.title}
    there = {_key(text) for text in texts}
    if sum(map(len, known & there)) >= 0.8 * sum(map(len, known)) and 2 * len(titles & there) >= len(titles):
        return texts
    everything = "\n".join(map(_key, lines))
    first = next((n for n, text in enumerate(texts) if len(text) > _LEAST and _key(text) in everything), len(texts))
    intro = [text for text in texts[:first] if _key(text) not in known]
    return intro + lines


def _key(text: str) -> str:
    """What is compared of a line, without the time that many titles begin with."""
    return re.sub(r"^\d{1,4}(?:[ap]m|uhr|h)?", "", same(text)) or same(text)


def _update(at: Any, title: str, texts: list[str]) -> Iterator[Update]:
    """An entry; one that has only a title has that as its text, and one without both is none."""
    if texts and same(texts[0]) == same(title):
        texts = texts[1:]
    body = "\n\n".join(texts) or title
    if body:
        yield Update(at=at, title=title if texts and title else None, body=body)


def _of_block(block: HtmlElement, time: HtmlElement) -> Iterator[Update]:
    inside = sum(len(text_of(link)) for link in block.iter("a"))
    if len(text_of(block)) - inside < _LEAST:
        return
    title = next((text for heading in block.iter(*_HEADINGS) if (text := text_of(heading))), "")
    if texts := _paragraphs(block, title):
        yield from _update(parse_time(time.get("datetime")), title, texts)


def _paragraphs(element: HtmlElement, title: str) -> list[str]:
    """The text of an entry's element without its time, its title, pictures and bars."""
    tree = copy.deepcopy(element)
    tree.tail = None
    for part in list(tree.iterdescendants()):
        if part.getparent() is not None and (part.tag in _UNREAD or (isinstance(part.tag, str) and is_noise(part))):
            part.drop_tree()
    parts = [part for part in tree.iter(*_PARTS) if not any(True for _ in part.iterancestors(*_PARTS))]
    texts = [text for part in parts if (text := text_of(part)) and same(text) != same(title)]
    rest = text_of(tree)
    return texts if 2 * sum(map(len, texts)) > len(rest) - len(title) or not rest else [rest]


def _lines(text: object) -> list[str]:
    """The paragraphs of a text in JSON-LD, which may be HTML."""
    if not isinstance(text, str):
        return []
    text = re.sub(r"(?i)</?(?:p|br|div|h\d|li|blockquote)\b[^<>]*>", "\n", text)
    return [line for line in map(clean, text.split("\n")) if line]


def _is_called_live(*elements: HtmlElement) -> bool:
    return any(_LIVE.search(parted(names_of(element))) for element in elements)


def _weight(entries: Sequence[Update]) -> float:
    return _length(entries) * (1 if all(entry.at for entry in entries) else 0.9)


def _length(entries: Iterable[Update]) -> int:
    return sum(len(entry.body) for entry in entries)

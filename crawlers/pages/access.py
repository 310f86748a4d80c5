"""Whether readers may read all of an article: its paywall."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from cssselect import SelectorError
from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages import notices
from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, Node, as_list, clean, names_of, same, text_of
from wirewatch.records import Access

LONG = 1500
"""Characters of a text from which it is taken for all of an article that is not free, where nothing else tells."""

_TIERS = {"free": Access.OPEN, "metered": Access.METERED, "locked": Access.TEASER}
_TIER_NAMES = ("article:content_tier", "og:article:content_tier", "content_tier")
_BOX = re.compile(r"(?:^|[\s_-])(?:pay-?walls?|paid-?barrier|reg-?walls?|registration-?wall|subscriber-?wall)", re.I)
_BOXES = etree.XPath("//*[contains(@class, 'wall') or contains(@class, 'arrier') or contains(@id, 'wall')]")
_HIDDEN = re.compile(r"(?:^|[\s_-])(?:hidden|hide|modal|template|invisible)(?=$|[\s_-])|display:\s*none", re.I)


@dataclass(frozen=True)
class Paywall:
    """Finds how far a page's article is open to readers."""

    root: HtmlElement
    metadata: Metadata
    body: str

    @cached_property
    def choice(self) -> Choice[Access]:
        """What the page declares, corrected by what is there of the text.

        Of an article that is declared to be not free, the text may be in the page all the same: all of it, for readers
        who have read less than they may (``metered``), or its beginning (``teaser``).
        """
        candidates = tuple(self._candidates())
        declared = candidates[0] if candidates else Candidate(Access.OPEN, "")
        shown = "" if declared.value is Access.OPEN else self._text_that_is_not_free()
        if shown == "there":
            access, why = Access.METERED, "the part that is not free is in the page"
        elif shown == "missing":
            access, why = Access.TEASER, "the part that is not free is not in the page"
        elif len(self.body) >= LONG:
            access = Access.METERED if declared.value is Access.TEASER else declared.value
            why = "the page says so" if access is declared.value else "the page calls it not free, and its text is long"
        elif not (candidates and declared.value is Access.OPEN) and (box := self._wall()):
            candidates = (*candidates, Candidate(Access.TEASER, box))
            return Choice(Access.TEASER, box, "it stands by a short text", candidates)
        else:
            access, why = declared.value, "the page says so"
        return Choice(access, declared.origin, why if candidates else "", candidates)

    def _candidates(self) -> Iterator[Candidate[Access]]:
        """What the page declares. Not free is a teaser, until its text is looked at."""
        tiers = [(_TIERS.get(self.metadata.first_meta(name).lower()), f"meta {name}") for name in _TIER_NAMES]
        for value, origin in (
            (self.metadata.article.get("isAccessibleForFree"), "json-ld isAccessibleForFree"),
            (self.metadata.first_meta("isaccessibleforfree"), "itemprop isAccessibleForFree"),
        ):
            if (free := _truth(value)) is not None:
                metered = not free and any(tier is Access.METERED for tier, _ in tiers)
                access = Access.OPEN if free else Access.METERED if metered else Access.TEASER
                yield Candidate(access, origin)
        for tier, origin in tiers:
            if tier:
                yield Candidate(tier, origin)

    def _text_that_is_not_free(self) -> str:
        """Whether the parts that JSON-LD calls not free are ``there`` or ``missing``; empty where it does not tell.

        Missing is a part in whose place, where the text ends, stands something else. What stands above the text (its
        headline, a list of what it says) is in place of nothing.
        """
        text = same(self.body)
        elements = [
            element
            for part in as_list(self.metadata.article.get("hasPart"))
            if isinstance(part, dict) and _truth(part.get("isAccessibleForFree")) is False
            for element in self._selected(part)
        ]
        shares = [_share(element.itertext(), text) for element in elements]
        if any(share > 1 / 3 for share in shares):
            return "there"
        walls = [element for element in elements if len(text_of(element)) > 40]
        if not walls or any(shares) or _share(walls[0].xpath("following::text()"), text) > 0.5:
            return ""
        return "missing"

    def _selected(self, part: Node) -> Iterator[HtmlElement]:
        for selector in as_list(part.get("cssSelector")):
            if isinstance(selector, str) and selector.strip():
                try:
                    yield from self.root.cssselect(selector)
                except (SelectorError, etree.XPathError, ValueError):
                    continue  # what sites write there is not always a selector

    def _wall(self) -> str:
        """What in the page says that there is more to read; empty if nothing does."""
        for element in _BOXES(self.root):
            marks = names_of(element)
            hidden = _HIDDEN.search(f"{marks} {element.get('style') or ''}")
            if _BOX.search(marks) and not hidden and element.tag not in ("html", "body", "script", "style"):
                words = text_of(element)
                if 40 < len(words) < LONG and notices.found("paywall", words):
                    return "wall"
        return "text" if notices.found("paywall", f"{self.body[-200:]} {self._below()}") else ""

    def _below(self) -> str:
        """What readers see right below the text."""
        whole = clean(text_of(self.root))
        end = self.body[-60:].rsplit("\n", 1)[-1]
        at = whole.rfind(end) if len(end) > 15 else -1
        return whole[at + len(end) :][:400] if at >= 0 else ""


def _share(lines: Iterable[object], text: str) -> float:
    """How much of a text some lines of the page are, given as :func:`same` writes it."""
    return sum(len(words) for line in lines if len(words := same(str(line))) > 40 and words in text) / (len(text) or 1)


def _truth(value: object) -> bool | None:
    """A truth value of JSON-LD or a tag (``true``, ``"False"``, ``https://schema.org/False``); None for any other."""
    if isinstance(value, list):
        value = value[0] if value else None
    word = str(value).rpartition("/")[-1].strip().lower()
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(word)

"""Why a page is no article, where it is none: a list, a notice, a wall, an error page that calls itself a success."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.discovery import site_of
from crawlers.pages import notices
from crawlers.pages.body import stems
from crawlers.pages.metadata import Metadata, same, same_page, text_of
from wirewatch.language import SURE, probabilities

MIN_TEXT = 200
"""Characters of lead and body under which a page is no article, unless it declares that it is one."""
MIN_DECLARED_TEXT = 60
"""The same for a page that declares it: a news flash."""
MOST_NOTICE = 1000
"""Characters that a notice in place of the text ("please enable", "your download") may have at most."""
MOST_WALL = 3000
"""The same for the walls that ask for consent, which list their purposes."""
MIN_TEASERS = 5
"""Teasers of other pages that make a list."""

MOST_TEASER = 600
"""Characters of a teaser with its heading."""

_HEADED = etree.XPath("//*[self::h2 or self::h3 or self::h4]//a[@href] | //a[@href][.//h2 or .//h3 or .//h4]")
_TITLE_PARTS = re.compile(r"\s+[-–—|·»:]+\s+")


@dataclass(frozen=True)
class Quality:
    """Looks for what is wrong with a page that was read."""

    root: HtmlElement
    metadata: Metadata
    title: str
    lead: str
    body: str
    is_dated: bool
    """Whether the page or a listing says when it was published, or a feed at least what is in it."""

    @cached_property
    def problem(self) -> str | None:
        """Why this is no article; None if it is one.

        ``list-page``: a front page, a section, search results; ``error-page``: it says that there is no page, or none
        for us; ``consent-wall``; ``no-title``; ``not-article``: a video, a profile; ``no-text``: too little of it;
        ``other-text``: a notice in place of the text, which shares no word with title and description;
        ``other-language``: one that is surely written in another language than they are; ``no-date``: a page about
        something, and no news. One that declares itself to be an article needs no date.
        """
        if self.metadata.is_declared_list or self._is_front_page():
            return "list-page"
        if self._is_error():
            return "error-page"
        if self._is_consent():
            return "consent-wall"
        if not self.title:
            return "no-title"
        kind = self.metadata.first_meta("og:type")
        if not self._is_declared and kind.startswith(("video", "music", "profile")):
            return "not-article"
        if self._is_list():
            return "list-page"
        # `article` in og:type alone means little: content systems write it onto every page, networks onto every post.
        if not self.body or len(self._text) < (MIN_DECLARED_TEXT if self._is_declared else MIN_TEXT):
            return "no-text"
        if self._is_other_text():
            return "other-text"
        if self._is_in_other_language():
            return "other-language"
        if not self.is_dated and not self._is_declared and kind != "article":
            return "no-date"
        return None

    @cached_property
    def _text(self) -> str:
        return "\n\n".join(filter(None, [self.lead, self.body]))

    @cached_property
    def _about(self) -> str:
        """What the page says of itself beside its text."""
        return " ".join([self.title, self.metadata.first_meta("og:description", "description")])

    @property
    def _is_declared(self) -> bool:
        """Whether the page says in JSON-LD that it is an article."""
        return bool(self.metadata.article)

    def _is_front_page(self) -> bool:
        parts = urlsplit(self.metadata.url)
        at_top = parts.path in ("", "/") and not parts.query
        return at_top and not self._is_declared and len(self._teasers) >= MIN_TEASERS

    def _is_error(self) -> bool:
        if self._is_declared or len(self._text) > MOST_NOTICE:
            return False
        if any(map(notices.is_error, self._headings())):
            return True
        shown = " ".join([*self._headings(), self._text or text_of(self.root)[:MOST_NOTICE]])
        return bool(notices.found("challenge", shown))

    def _headings(self) -> Iterator[str]:
        """What the page is called, and the parts of that, one of which may be the site's name."""
        for text in (self.title, *(text_of(element) for element in self.root.iter("title", "h1"))):
            yield text
            yield from _TITLE_PARTS.split(text)

    def _is_consent(self) -> bool:
        """Whether all of the text asks for consent. Beside an article a box does that, which is no part of its text."""
        if len(self._text) > MOST_WALL:
            return False
        # Without a text, all that readers see.
        shown = self._text if len(self._text) > MIN_DECLARED_TEXT else text_of(self.root)
        if len(shown) > MOST_WALL or len(notices.found("consent", shown)) < 2:
            return False
        return not self._is_declared or not stems(self._about) & stems(self._text)

    def _is_other_text(self) -> bool:
        about = stems(self._about)
        return len(self._text) < MOST_NOTICE and len(about) > 4 and not about & stems(self._text)

    def _is_in_other_language(self) -> bool:
        """Only for texts as short as notices: many an article has an English name for its headline."""
        if len(self._text) >= MOST_NOTICE:
            return False
        of_title, of_text = _script(self._about), _script(self._text)
        if of_title and of_text and of_title != of_text:
            return True
        if len(self._about) < MIN_DECLARED_TEXT:
            return False
        one, other = probabilities(self._about), probabilities(self._text)
        language = max(other, key=other.__getitem__, default="")
        sure = max(one.values(), default=0) > SURE and other.get(language, 0) > SURE
        return sure and one[language] < _NEVER

    def _is_list(self) -> bool:
        """Whether the text is made of teasers of other pages: a section, or the stories of a tag."""
        dated = self._is_declared or self.metadata.first_meta("article:published_time")
        # Without any text it may be an article that scripts write, with other stories beside it.
        if dated or len(self._teasers) < (MIN_TEASERS if self._text else 2 * MIN_TEASERS):
            return False
        told = same(" ".join(self._teasers))
        paragraphs = [paragraph for paragraph in self._text.split("\n\n") if same(paragraph)[:80] not in told]
        own = sum(map(len, paragraphs))
        return own < MIN_TEXT and 2 * own <= len(self._text)

    @cached_property
    def _teasers(self) -> list[str]:
        """The texts of the boxes around headings that lead to other pages of the site."""
        site = site_of(urlsplit(self.metadata.url).hostname or "")
        links = {
            link: address
            for link in _HEADED(self.root)
            if (address := self.metadata.absolute(link.get("href")))
            and site_of(urlsplit(address).hostname or "") == site
            and not same_page(address, self.metadata.url)
        }
        within = Counter(above for link in links for above in link.iterancestors())
        return [text_of(_box(link, within)) for link in links]


def _box(link: HtmlElement, within: Counter[HtmlElement]) -> HtmlElement:
    """The widest element that has no other teaser than this link's in it, no more text than a teaser has, and not the
    page's own headline."""
    box = link
    for above in link.iterancestors():
        if within[above] > 1 or above.tag in ("body", "main") or len(above.text_content()) > MOST_TEASER:
            break
        if above.find(".//h1") is not None:
            break
        box = above
    return box


_NEVER = 1e-6
"""A probability from which on a text is not written in a language."""

_SCRIPTS = {
    "latin": r"[A-Za-zÀ-ɏḀ-ỿ]",
    "cyrillic": r"[Ѐ-ԯ]",
    "greek": r"[Ͱ-Ͽ]",
    "arabic": r"[؀-ۿݐ-ݿ]",
    "hebrew": r"[֐-׿]",
    "east-asian": r"[぀-ヿ㐀-鿿가-힯]",
    "devanagari": r"[ऀ-ॿ]",
    "thai": r"[฀-๿]",
    "ethiopic": r"[ሀ-፿]",
}


def _script(text: str) -> str:
    """The script that nearly all letters of a text are of; empty for a mixture, and for few letters."""
    letters = [letter for letter in text[:MOST_NOTICE] if letter.isalpha()]
    if len(letters) < 12:
        return ""
    found = {name: len(re.findall(pattern, "".join(letters))) for name, pattern in _SCRIPTS.items()}
    name = max(found, key=found.__getitem__)
    return name if found[name] > 0.95 * len(letters) else ""

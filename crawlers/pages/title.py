"""The headline of an article, chosen from what readers see and what the page says for machines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.body import stems
from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, clean, same, text_of
from wirewatch.records import Hint

_SEPARATOR = re.compile(r"\s+[-|–—:»·•/]\s+|\s*[|│｜ㅣ]\s*")
_CUT = re.compile(r"\s*[-|–—:»·•/│｜ㅣ«]\s+")
_KICKER = re.compile(
    r"(?:^|[\s_-])(?:kicker|over-?line|top-?line|roof-?line|eyebrow|dachzeile|spitzmarke|pre-?title|super-?title|sur-?title|"
    r"surtitre|volanta|antetitulo|cintillo|occhiello|chapeu|headline-?prefix)(?=$|[\s_-])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Title:
    """Chooses the headline of a page."""

    root: HtmlElement
    metadata: Metadata
    hint: Hint

    @cached_property
    def choice(self) -> Choice[str]:
        """The headline as readers see it, unless the page's titles for machines agree on another; empty without any."""
        best = self.best() or self.hint.title or self.first_heading()
        found = [
            (clean(self.metadata.article.get("headline")), "json-ld headline"),
            (self.metadata.first_meta("og:title"), "meta og:title"),
            (self.metadata.first_meta("twitter:title"), "meta twitter:title"),
            *((text_of(e), "itemprop headline") for e in self.metadata.itemprops("headline")),
            (self._title_tag(), "title"),
            *((text, tag) for tag, text in self._headings),
            (self.hint.title or "", "hint"),
        ]
        candidates = tuple(Candidate(text, origin) for text, origin in found if text)
        origin = next((c.origin for c in reversed(candidates) if same(c.value) == same(best)), "")
        return Choice(best, origin, candidates=candidates)

    def best(self) -> str:
        """The headline as readers see it, unless the page's titles for machines agree on another; empty without any."""
        headline = self._without_site(
            clean(self.metadata.article.get("headline")) or clean(self.metadata.article.get("name"))
        )
        og = self._without_site(self.metadata.first_meta("og:title"))
        card = self._without_site(self.metadata.first_meta("twitter:title"))
        micro = next((text_of(e) for e in self.metadata.itemprops("headline")), "")
        tag = self._without_site(self._title_tag())
        shown = self._heading
        declared = [text for text in (headline, og, card, micro, tag) if text]
        votes = [sum(same(other) == same(text) for other in declared) for text in declared]
        agreed = declared[votes.index(max(votes))] if max(votes, default=0) > 1 else ""
        if shown and same(shown) not in map(same, declared):
            if len(same(agreed)) > 8 and same(shown).endswith(same(agreed)):
                return agreed  # a kicker that carries no mark stands before it
            if headline and same(agreed) == same(headline):
                return agreed
        if shown:
            return next((text for text in (og, headline) if _is_better_set(text, shown)), shown)
        claimed = agreed or next(iter(declared), "")
        return self._shown_part(claimed) or claimed

    def _title_tag(self) -> str:
        return next((text_of(title) for title in self.root.iterfind(".//head/title")), "")

    @cached_property
    def _headings(self) -> list[tuple[str, str]]:
        """The headings that may be the headline, with their tags: none of a breadcrumb, of a link to the front page."""
        found = []
        site = {same(name) for name in self.metadata.site_names if name} | self._beside_headline
        for heading in self.root.iter("h1", "h2"):
            text = _headline_of(heading)
            if text and same(text) not in site and not _leads_elsewhere(heading):
                found.append((heading.tag, text))
        return found

    @cached_property
    def _beside_headline(self) -> set[str]:
        """What the title tag has beside the text of og:title: the name of the site or of a section."""
        headline = same(self.metadata.first_meta("og:title"))
        tag = self._title_tag()
        halves = [(tag[: cut.start()], tag[cut.end() :]) for cut in _CUT.finditer(tag)]
        return {
            same(other)
            for before, behind in halves
            for one, other in ((before, behind), (behind, before))
            if len(headline) > 10 and same(one) == headline
        }

    @cached_property
    def _heading(self) -> str:
        """The headline as readers see it: the h1 that the title tag and its like know, else an h2 that they know.

        A heading that none of them knows is believed only if it is the only h1: it may be a ticker or another story's.
        """
        claimed = [
            self._without_site(self._title_tag()),
            self._without_site(self.metadata.first_meta("og:title")),
            clean(self.metadata.article.get("headline")),
            clean(self.metadata.article.get("alternativeHeadline")),
            *(text_of(e) for e in self.metadata.itemprops("headline")),
        ]
        claims = [same(text) for text in claimed if text]
        parts = {*claims, *(same(part) for text in claimed for part in _SEPARATOR.split(text))}
        headings = list(dict.fromkeys(self._headings))
        h1s, h2s = ([text for name, text in headings if name == tag] for tag in ("h1", "h2"))
        for likely in (h1s, h2s):
            if exact := [text for text in likely if same(text) in parts and same(text) in claims]:
                return max(exact, key=lambda text: (claims.count(same(text)), len(text)))
        only = h1s[0] if len(h1s) == 1 else ""
        about = [stems(text) for text in claimed]
        for likely in (h1s, h2s):
            if known := [
                text for text in likely if len(same(text)) > 3 and any(_stands_in(text, claim) for claim in claimed)
            ]:
                return max(known, key=len)
            if len(stems(only)) > 2 and any(len(stems(only) & words) * 2 > len(stems(only)) for words in about):
                return only  # in other words
        return only

    def _shown_part(self, claim: str) -> str:
        """The part of a claimed title that readers see, where no heading is: without the site's name."""
        key = same(claim)
        shown = [
            text
            for element in self.root.iter("h3", "h4", "h5", "div", "p", "strong", "b", "span", "td")
            if len(element) < 3 and max(10, len(claim) / 2) < len(text := clean(element.text)) < len(claim)
            if key.startswith(same(text)) and re.match(r"\s*[^\w\s]", claim[len(text) :])
        ]
        return max(shown, key=len, default="")

    def first_heading(self) -> str:
        """The first heading of the page with a text, whatever it may be; empty without one."""
        return next((text for heading in self.root.iter("h1", "h2") if (text := text_of(heading))), "")

    def _without_site(self, title: str) -> str:
        """The title without what sites put at its ends: their name, their sections."""
        shown = {same(text) for _, text in self._headings}
        cuts = list(_SEPARATOR.finditer(title))
        for cut in cuts:  # a part that is a heading of the page is the headline
            for rest in (title[: cut.start()], title[cut.end() :]):
                if len(same(rest)) > 10 and same(rest) in shown:
                    return rest.strip()
        site = {same(name) for name in self.metadata.site_names if name}

        def is_site(part: str) -> bool:
            key = same(part)
            return key in site or any(len(n) > 3 and key and (n in key or key in n) for n in site)

        while len(parts := _split_last(title)) == 2 and is_site(parts[1]):
            title = parts[0]
        first = _SEPARATOR.search(title)
        if first and same(title[: first.start()]) in site:
            title = title[first.end() :]
        return title


def _stands_in(text: str, claim: str) -> bool:
    """Whether a claim contains a text, and not only as a piece of a word."""
    where = same(claim).find(same(text))
    if where < 0 or len(same(text)) > 10:
        return where >= 0
    return bool(re.search(rf"(?<!\w){re.escape(text)}(?!\w)", claim, re.IGNORECASE)) or not text.isascii()


def _is_better_set(text: str, shown: str) -> bool:
    """Whether a text says the same as the heading, of which only looks set the parts apart: ``DemoThe ninth``."""
    return same(text) == same(shown) and _signs(text) > _signs(shown) and len(text.split()) >= len(shown.split())


def _signs(text: str) -> int:
    return len(re.findall(r"\w\s?[:/|–—-]\s", text))


def _headline_of(heading: HtmlElement) -> str:
    """The text of a heading without the kicker that some sites set into it."""
    inner = heading
    while len(inner) == 1 and not (inner.text or "").strip() and not (inner[0].tail or "").strip():
        inner = inner[0]
    whole = text_of(heading)
    for part in inner:
        if _KICKER.search(part.get("class") or "") and not (inner.text or "").strip():
            rest = whole.removeprefix(text_of(part)).strip(" -–—:|/•·")
            return rest or whole
        break
    return whole


def _leads_elsewhere(heading: HtmlElement) -> bool:
    """Whether a heading says where the page stands, or links to another: in a breadcrumb, a menu, a link, a list."""
    if any("breadcrumb" in name for name in heading.keys()):  # noqa: SIM118 - an element iterates over its children
        return True
    for element in (heading, *heading.iterancestors()):
        if element.tag in ("nav", "li", "aside", "footer", "a"):
            return True
        if "breadcrumb" in f"{element.get('class') or ''} {element.get('id') or ''}".lower():
            return element.tag not in ("body", "html", "main", "article")
    return False


def _split_last(title: str) -> list[str]:
    *_, last = [None, *_SEPARATOR.finditer(title)]
    return [title[: last.start()].strip(), title[last.end() :].strip()] if last else [title]

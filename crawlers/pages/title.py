"""The headline of an article, chosen from what readers see and what the page says for machines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.body import stems
from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, clean, names_of, same, text_of
from wirewatch.records import Hint

_WEIGHTS = {
    "h1": 50,
    "json-ld headline": 40,
    "meta og:title": 30,
    "h2": 20,
    "itemprop headline": 1,
    "meta headline": 1,
    "meta twitter:title": 1,
    "title": 1,
}
"""How much each place of a page says about its headline.

An order, not a fit: two of h1, headline and og:title outdo the third, where all three differ the h1 wins, an h2 alone
gives way to either of the others, and the last four only break ties. Any numbers of which that is true choose the same
titles on the evaluation sets.
"""
_METAS = tuple(place.removeprefix("meta ") for place in _WEIGHTS if place.startswith("meta "))
# Before and behind the name of a site, where a title is known without it (_SUFFIX) and where not.
_SEPARATOR = re.compile(r"\s+[-|–—:»·•/*]\s+|\s*[|│｜ㅣ]\s*")
_SUFFIX = re.compile(r"\s*[-|–—»·•/*│｜ㅣ：]\s*")
_ENDS = " -–—|:·•/│｜ㅣ"
_KICKER = re.compile(
    r"(?:^|[\s_-])(?:kicker|(?:over|top|roof)-?line|(?:pre|super|sur|top)-?title|eyebrow|dachzeile|spitzmarke|surtitre|"
    r"volanta|antetitulo|cintillo|occhiello|chapeu|headline-?prefix)(?=$|[\s_-])",
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
        """The title on which the weightiest places of the page agree; the listing's, or any heading, without one."""
        candidates = tuple(self._candidates())
        if not candidates:
            return self._fallback()
        agreeing: dict[str, list[Candidate[str]]] = defaultdict(list)
        for candidate in candidates:
            agreeing[same(candidate.value)].append(candidate)
        winners = max(agreeing.values(), key=_points)
        best = _best_spelt(winners)
        return Choice(best.value, best.origin, _reason(winners, list(agreeing.values())), candidates)

    @property
    def shown(self) -> str:
        """The headline as the page shows it, by which its place is found; empty without one. The title may differ."""
        return self._heading[1] if self._heading else ""

    def _candidates(self) -> Iterator[Candidate[str]]:
        """What each place says without the site's name, the weightiest first."""
        found = dict(self._claimed)
        heading = self._heading
        if heading:
            found[heading[0]] = heading[1]
        for origin in _WEIGHTS:
            if text := found.get(origin, ""):
                shown = "" if heading else self._shown_part(text)
                yield Candidate(shown or text, origin)

    def _fallback(self) -> Choice[str]:
        """What the listing says, else the first heading of the page, whatever it may be."""
        if self.hint.title:
            return Choice(self.hint.title, "hint", "the page gives none", (Candidate(self.hint.title, "hint"),))
        for heading in self.root.iter("h1", "h2"):
            if text := text_of(heading):
                found = Candidate(text, heading.tag)
                return Choice(text, heading.tag, "no place for titles has one, and it is the first heading", (found,))
        return Choice("")

    @cached_property
    def _claims(self) -> dict[str, str]:
        """What the page says for machines, as it stands there, by its place."""
        node = self.metadata.article
        micro = (text_of(e) or clean(e.get("content")) for e in self.metadata.itemprops("headline"))
        claims = {
            "json-ld headline": clean(node.get("headline")) or clean(node.get("name")),
            "itemprop headline": next(filter(None, micro), ""),
            "title": self._title_tag,
            **{f"meta {name}": self.metadata.first_meta(name) for name in _METAS},
        }
        return {origin: text.rstrip(_ENDS) for origin, text in claims.items() if text}

    @cached_property
    def _claimed(self) -> dict[str, str]:
        """The claims without the site's name."""
        return {origin: self._without_site(text) for origin, text in self._claims.items()}

    @cached_property
    def _title_tag(self) -> str:
        titles = (text_of(title) for title in self.root.iter("title") if title.getparent().tag != "svg")
        return next(filter(None, titles), "")

    # The heading that readers see ----------------------------------------------------------------

    @cached_property
    def _heading(self) -> tuple[str, str] | None:
        """The headline as readers see it: the h1 that the title tag and its like know, else an h2 that they know.

        A heading that none of them knows is believed only if it is the only h1: it may be a ticker or another story's.
        """
        claimed = list(self._claimed.values())
        claims = [same(text) for text in claimed]
        by_tag: dict[str, list[str]] = {"h1": [], "h2": []}
        for tag, text in dict.fromkeys(self._headings):
            by_tag[tag].append(text)
        for tag, texts in by_tag.items():
            if exact := [text for text in texts if same(text) in claims]:
                return tag, max(exact, key=lambda text: (claims.count(same(text)), len(text)))
        about = [stems(text) for text in claimed]
        for tag, texts in by_tag.items():
            # Of several that nothing knows, one may be the site's and one another story's.
            alone = texts if len(texts) == 1 or not by_tag["h1"] else []
            if known := [
                text for text in texts if len(same(text)) > 3 and any(same(text) in claim for claim in claims)
            ]:
                return tag, max(known, key=len)
            if retold := [text for text in alone if any(_meet(stems(text), words) for words in about)]:
                return tag, retold[0]
        only = by_tag["h1"][0] if len(by_tag["h1"]) == 1 else ""
        return ("h1", only) if only and (len(stems(only)) > 2 or stems(only) & set().union(*about)) else None

    @cached_property
    def _headings(self) -> list[tuple[str, str]]:
        """The headings that may be the headline, with their tags: none of a breadcrumb, of a link to the front page."""
        site = {same(name) for name in self.metadata.site_names if name}
        # What is marked as the headline may be the heading itself.
        others = [text for origin, text in self._claims.items() if origin != "itemprop headline"]
        claims = {same(part) for text in others for part in [text, *_SEPARATOR.split(text)]}
        found = []
        for heading in self.root.iter("h1", "h2"):
            text = _headline_of(heading, claims)
            if text and same(text) not in site and not self._leads_elsewhere(heading):
                found.append((heading.tag, text))
        return found

    def _leads_elsewhere(self, heading: HtmlElement) -> bool:
        """Whether a heading names another page, or where this one stands: in a breadcrumb, a menu, a list, a link."""
        for element in (heading, *heading.iterancestors()):
            if element.tag in ("nav", "li", "aside", "footer", "a"):
                return True
            if "breadcrumb" in names_of(element).lower():
                return element.tag not in ("body", "html", "main", "article")
        links = (self.metadata.absolute(link.get("href") or "") for link in heading.iter("a"))
        return any(link and link != self.metadata.url and self.metadata.url.startswith(link) for link in links)

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

    # Without the site ----------------------------------------------------------------------------

    def _without_site(self, title: str) -> str:
        """The title without what sites put at its ends: their name, their sections."""
        shown = {same(text) for _, text in self._headings}
        bare = {same(self._claims.get(place, "")) for place in ("json-ld headline", "meta headline")}
        # What another place has without the end is the headline.
        for cuts, known in ((_SEPARATOR, shown), (_SUFFIX, bare)):
            for cut in cuts.finditer(title):
                rest = title[: cut.start()]
                if len(same(rest)) > 10 and same(rest) in known and same(title[cut.end() :]):
                    return rest.strip()
        while len(parts := _split_last(title)) == 2 and self._is_site(parts[1]):
            title = parts[0]
        first = _SEPARATOR.search(title)
        return title[first.end() :] if first and self._is_site(title[: first.start()]) else title

    def _is_site(self, part: str) -> bool:
        key = same(part)
        site = {same(name) for name in self.metadata.site_names if name}
        return key in site or any(len(name) > 3 and key and (name in key or key in name) for name in site)


def _points(candidates: list[Candidate[str]]) -> int:
    return sum(_WEIGHTS[candidate.origin] for candidate in candidates)


def _best_spelt(candidates: list[Candidate[str]]) -> Candidate[str]:
    """Of one text in several spellings that of og:title, which is written to be read outside the page, where no looks
    set its parts apart; else the one with most spaces."""
    return next(
        (candidate for candidate in candidates if candidate.origin == "meta og:title"),
        max(candidates, key=lambda candidate: len(candidate.value.split())),
    )


def _reason(winners: list[Candidate[str]], groups: list[list[Candidate[str]]]) -> str:
    said = [f"{' and '.join(c.origin for c in group)} {_points(group)}" for group in groups]
    if len(groups) == 1:
        return "all places that give one agree"
    return f"it has most weight: {'; '.join(said)}"


def _meet(one: set[str], other: set[str]) -> bool:
    """Whether two titles, given as stems, say the same in other words."""
    return len(one) > 2 and len(one & other) * 2 > min(len(one), len(other))


def _headline_of(heading: HtmlElement, claims: set[str]) -> str:
    """The text of a heading without the kicker or the sub-title that some sites set into it."""
    inner = heading
    while len(inner) == 1 and not (inner.text or "").strip() and not (inner[0].tail or "").strip():
        inner = inner[0]
    whole = text_of(heading)
    parts = [(part, text_of(part)) for part in inner]
    if parts and not (inner.text or "").strip() and _KICKER.search(parts[0][0].get("class") or ""):
        whole = whole.removeprefix(parts[0][1]).strip(_ENDS) or whole
    if same(whole) in claims:
        return whole
    texts = [*(text for _, text in parts), *(clean(part.tail) for part, _ in parts), clean(inner.text)]
    return max((text for text in texts if len(same(text)) > 10 and same(text) in claims), key=len, default=whole)


def _split_last(title: str) -> list[str]:
    *_, last = [None, *_SEPARATOR.finditer(title)]
    return [title[: last.start()].strip(), title[last.end() :].strip()] if last else [title]

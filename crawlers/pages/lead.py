"""The lead (standfirst) of an article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.body import is_noise, stems
from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, clean, same, text_of

_STANDFIRST = re.compile(
    r"(?:^|[\s_-])(?:standfirst|chapo|chapeau|lead|lede|intro|introduction|sub-?(?:title|head|heading|headline)|deck|dek|"
    r"abstract|excerpt|summary|sapo|bajada|entradilla|copete|vorspann|ingress|sommario|linha-?fina)(?=$|[\s_-])",
    re.IGNORECASE,
)
_ASIDE = "ancestor::nav or ancestor::aside or ancestor::figure"


@dataclass(frozen=True)
class Lead:
    """Finds the standfirst of a page's article."""

    root: HtmlElement
    metadata: Metadata
    title: str
    texts: list[str]
    """The paragraphs of the article."""

    @cached_property
    def choice(self) -> Choice[str | None]:
        """The description if readers see it apart from the text, else the element marked as standfirst."""
        candidates = tuple(Candidate(text, origin) for text, origin in self._descriptions() if text)
        for candidate in candidates:
            if len(candidate.value) >= 40 and (seen := self._standfirst_like(candidate.value)):
                return Choice(seen, candidate.origin, "readers see it apart from the text", candidates)
        marked = self._marked_standfirst()
        return Choice(marked, "marked element" if marked else "", candidates=candidates)

    def _descriptions(self) -> Iterator[tuple[str, str]]:
        yield clean(self.metadata.article.get("description")), "json-ld description"
        for name in ("og:description", "description", "twitter:description"):
            yield self.metadata.first_meta(name), f"meta {name}"

    @cached_property
    def _seen(self) -> list[tuple[HtmlElement, str, str]]:
        """The elements that may hold a standfirst, with their text and how it compares."""
        seen = []
        for element in self.root.iter("p", "h2", "h3", "div", "section", "header", "span", "strong", "em"):
            # The plain text first: it takes a fiftieth of the time.
            if len(element) > 8 or not 40 <= len(element.text_content()) <= 1500 or element.find(".//img") is not None:
                continue
            text = text_of(element)
            seen.append((element, text, same(text)))
        return seen

    def _standfirst_like(self, description: str) -> str | None:
        """The text of the element that shows this description (or its beginning) apart from the running text."""
        whole = same(description)
        start = same(description.rstrip("…. "))
        shown: list[tuple[int, HtmlElement, str]] = []
        for element, text, key in self._seen:
            alike = key == whole or (len(start) > 60 and key.startswith(start) and len(key) < 2 * len(start))
            if alike and not element.xpath(f"ancestor::head or ancestor::a or {_ASIDE} or ancestor::form"):
                shown.append((len(key), element, text))
        # What is longer than the description may have a date or buttons run into it.
        _, element, text = min(shown, key=lambda found: found[0], default=(0, None, ""))
        return text if element is not None and not _is_ordinary(element) else None

    def _marked_standfirst(self) -> str | None:
        """The text of an element that is marked as standfirst, stands near the headline and is about this article."""
        place = {element: number for number, element in enumerate(self.root.iter())}
        headline = next((place[h] for h in self.root.iter("h1", "h2") if same(self.title) in same(text_of(h))), 0)
        for element, text, key in self._seen:
            itemprop = element.get("itemprop") or ""
            if not (_STANDFIRST.search(f"{element.get('class') or ''} {itemprop}") or "description" in itemprop):
                continue
            if element.xpath(
                f"ancestor::a or {_ASIDE} or ancestor::footer or ancestor::form or .//button or .//a[h2 or h3]"
            ):
                continue
            if "©" in text or len(text) > 800 or key == same(self.title) or len(element.findall(".//p")) > 2:
                continue
            if place[element] < headline or self._is_in_a_box(element):
                continue
            if self._is_about_this(text):
                return text
        return None

    def _is_in_a_box(self, element: HtmlElement) -> bool:
        """Whether an element belongs to a box (newsletter, teaser, sidebar) that does not hold the headline."""
        title = same(self.title)
        for outer in (element, *element.iterancestors()):
            if outer.tag in ("main", "body", "html") or any(title in same(text_of(h)) for h in outer.iter("h1", "h2")):
                return False
            if outer.tag == "article":  # of another story, whose headline links to it
                return outer.find(".//h2/a") is not None or outer.find(".//h3/a") is not None
            if is_noise(outer):
                return True
        return False

    def _is_about_this(self, text: str) -> bool:
        """Whether a text shares words with the headline and the running text, as a standfirst does."""
        return len(stems(text) & stems(" ".join([self.title, *self.texts]))) > 1


def _is_ordinary(element: HtmlElement) -> bool:
    """Whether the element is one of several alike in a row: then it is the first paragraph and no standfirst."""
    if element.tag != "p":
        element = next((a for a in element.iterancestors("p")), element)
    kind = (element.tag, element.get("class"))
    parent = element.getparent()
    alike = [
        s for s in (parent if parent is not None else []) if (s.tag, s.get("class")) == kind and len(text_of(s)) > 60
    ]
    return len(alike) > 2

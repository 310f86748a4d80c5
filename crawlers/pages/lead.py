"""The lead (standfirst) of an article: what stands between headline and text and is set apart from both.

Three things give it away, asked in this order: it is the description that the page has for machines, its class says so,
or it is written otherwise than the paragraphs after it (a heading, bold, a list, a paragraph of its own class).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.body import stems
from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, clean, same, text_of
from crawlers.pages.noise import is_noise

_STANDFIRST = re.compile(
    r"(?:^|[\s_-])(?:standfirst|chapo|chapeau|lead|lede|intro|introduction|sub-?(?:title|head|heading|headline)|deck|dek|"
    r"abstract|excerpt|summary|sapo|bajada|entradilla|copete|vorspann|ingress|sommario|linha-?fina|strapline)"
    r"(?=$|[\s_-])",
    re.IGNORECASE,
)
_HEADINGS = ("h2", "h3", "h4", "h5")
_BLOCKS = ("p", "ul", *_HEADINGS, "div", "section", "header")
_OUTSIDE = "ancestor::a or ancestor::nav or ancestor::aside or ancestor::figure or ancestor::form or ancestor::footer"
_SENTENCE = re.compile(r"[.!?…»”\"“。！？।؟’']$")
_SURE, _MOST = 40, 800
"""Characters that a standfirst has, if it is not known to be one by the description too."""
_SUBHEADING = 60
"""Characters that a heading may have which only heads the text below it."""
_LINES, _LINE = 5, 250
"""How many lines a standfirst of several has at most, and characters in each of those after the first."""


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
        """The description if readers see it apart from the text, else the element marked or set apart as standfirst."""
        described = tuple(Candidate(text, origin) for text, origin in self._descriptions() if text)
        for element, origin, why in self._answers(described):
            if element is not None:
                found = Candidate(self._whole(element), origin)
                return Choice(found.value, origin, why, (*described, found))
        return Choice(None, candidates=described)

    def _answers(self, described: Iterable[Candidate[str]]) -> Iterator[tuple[HtmlElement | None, str, str]]:
        """Elements that may be the standfirst, the surest first, with their origin and what speaks for each."""
        if self._marked is not None and self._marked.tag in _HEADINGS:
            yield self._marked, f"{self._marked.tag} {self._marked.get('class')}", "its class says so"
        shown = [(self._shown(candidate.value), candidate) for candidate in described]
        for element, candidate in shown:
            if _is_long_enough(candidate.value):
                yield element, candidate.origin, "readers see it apart from the text"
        if self._marked is not None:
            yield self._marked, f"{self._marked.tag} {self._marked.get('class')}", "its class says so"
        for element, candidate in shown:
            if len(candidate.value.split()) > 2:  # and is not just a name
                yield element, candidate.origin, "readers see it apart from the text"
        if self._set_apart is not None:
            yield self._set_apart, f"{self._set_apart.tag} above the text", "it is written unlike the text after it"

    def _descriptions(self) -> Iterator[tuple[str, str]]:
        yield clean(clean(self.metadata.article.get("description"))), "json-ld description"
        for name in ("og:description", "description", "twitter:description"):
            yield self.metadata.first_meta(name), f"meta {name}"

    # What stands where --------------------------------------------------------------------------

    @cached_property
    def _order(self) -> list[HtmlElement]:
        return list(self.root.iter())

    @cached_property
    def _place(self) -> dict[HtmlElement, int]:
        """Where in the page each element stands."""
        return {element: number for number, element in enumerate(self._order)}

    @cached_property
    def _blocks(self) -> list[tuple[HtmlElement, str]]:
        """The elements that may hold a standfirst or a paragraph, with the form in which their texts are compared."""
        texts = ((e, e.text_content()) for e in self.root.iter(*_BLOCKS, "span", "strong", "em") if len(e) <= 8)
        return [(e, same(text)) for e, text in texts if 15 <= len(text) <= 1500 and e.find(".//img") is None]

    @cached_property
    def _headline(self) -> int:
        """Where the first headline stands; 0 without one."""
        title = same(self.title)
        return next((self._place[h] for h in self.root.iter("h1", "h2") if title and title in same(text_of(h))), 0)

    @cached_property
    def _keys(self) -> set[str]:
        """The paragraphs of the text in the form in which they are compared."""
        return {same(text) for text in self.texts if len(text) > 60}

    @cached_property
    def _paragraphs(self) -> list[HtmlElement]:
        """The paragraphs of the text that are written as most of it is, in page order."""
        shown = [
            e for e, key in self._blocks if key in self._keys and self._place[e] > self._headline and _is_innermost(e)
        ]
        written: Counter[tuple[str, str, bool]] = Counter()
        for e in shown:
            written[_kind(e)] += len(e.text_content())
        return [e for e in shown if [_kind(e)] == [kind for kind, _ in written.most_common(1)]]

    @cached_property
    def _start(self) -> int:
        """Where the text begins; after all else where that is not known."""
        return self._place[self._paragraphs[0]] if self._paragraphs else len(self._place)

    # The three ways -----------------------------------------------------------------------------

    def _shown(self, description: str) -> HtmlElement | None:
        """The element that shows this description, or its beginning, apart from the running text."""
        whole = same(description)
        # Some sites write their name after it.
        keys = {whole, same(re.sub(r"\s[-–|]\s[^-–|]{2,40}$", "", description))}
        start = same(description.rstrip("…. "))
        shown: list[tuple[int, HtmlElement]] = []
        for element, key in self._blocks:
            alike = key in keys or (len(start) > 60 and key.startswith(start) and len(key) < 2 * len(start))
            if alike and not element.xpath(_OUTSIDE):
                shown.append((len(key), element))
        # What is longer than the description may have a date or buttons run into it.
        shortest, found = min(shown, key=lambda one: one[0], default=(0, None))
        for length, element in shown:  # the paragraph itself and not the boxes that hold nothing else
            if length == shortest and found in element.iterancestors("div", "section", "header"):
                found = element
        return None if found is None or _is_ordinary(found) or self._is_all(found) else found

    def _is_all(self, element: HtmlElement) -> bool:
        """Whether an element that no class calls a standfirst is all of the text: a flash, and its description too."""
        key = same(text_of(element))
        return (
            bool(self.texts)
            and not _STANDFIRST.search(element.get("class") or "")
            and all(same(text) in key for text in self.texts)
        )

    @cached_property
    def _marked(self) -> HtmlElement | None:
        """The element that is marked as standfirst, stands near the headline and is about this article."""
        for element, key in self._blocks:
            itemprop = element.get("itemprop") or ""
            if not (_STANDFIRST.search(f"{element.get('class') or ''} {itemprop}") or "description" in itemprop):
                continue
            text = text_of(element)
            if not _is_long_enough(text) or "©" in text or key == same(self.title):
                continue
            if element.xpath(f"{_OUTSIDE} or .//button or .//a[h2 or h3]") or len(element.findall(".//p")) > 2:
                continue
            if not self._headline <= self._place[element] <= self._start or self._is_in_a_box(element):
                continue
            if self._is_about_this(text):
                return element
        return None

    @cached_property
    def _set_apart(self) -> HtmlElement | None:
        """The first element between headline and text that reads like a standfirst and is written unlike the text."""
        if not self._headline or not self._paragraphs:
            return None
        usual = _kind(self._paragraphs[0])
        subheadings = {_kind(e) for e, _ in self._blocks if e.tag in _HEADINGS and self._place[e] > self._start}
        for element, key in self._blocks:
            if not self._headline < self._place[element] < self._start or key == same(self.title):
                continue
            if not _is_innermost(element):
                continue
            if _kind(element) not in {usual, *subheadings} and self._reads_like_one(element):
                return element
            if key in self._keys:
                return None  # the text has begun
        return None

    def _reads_like_one(self, element: HtmlElement) -> bool:
        """Whether an element above the text is a sentence about the subject and belongs to nothing else."""
        text = text_of(element)
        if not _is_long_enough(text) or "©" in text:
            return False
        if not (_SENTENCE.search(text) or (element.tag in _HEADINGS and len(text) > _SUBHEADING)):
            return False
        if element.xpath(
            f"{_OUTSIDE} or .//button or .//time or (self::h2 or self::h3 or self::h4 or self::h5) and .//a"
        ):
            return False
        for box in self._own_box(element):
            caption = box.find(".//img") is not None and len(box.text_content()) < 2 * len(text)
            if caption or is_noise(box):
                return False
        return self._is_about_this(self._whole(element), share=0.3)

    def _own_box(self, element: HtmlElement) -> Iterator[HtmlElement]:
        """The element and what is around it alone, with neither the headline nor the text."""
        around = {a for e in (self._paragraphs[0], self._order[self._headline]) for a in e.iterancestors()}
        yield element
        yield from takewhile(lambda a: a not in around, element.iterancestors())

    def _whole(self, element: HtmlElement) -> str:
        """The text of a standfirst, with the elements after it that are written the same: it may be several lines."""
        lines = element.findall("li") or [element]
        kind = _kind(element)
        for other in element.itersiblings():
            if not (self._paragraphs and other.tag == element.tag and _kind(other) == kind):
                break
            if self._place[other] >= self._start or len(lines) >= _LINES or not 15 < len(text_of(other)) < _LINE:
                break
            if other.find(".//a") is not None:  # to another story
                break
            lines.append(other)
        return "\n".join(map(text_of, lines))

    # What is none -------------------------------------------------------------------------------

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

    def _is_about_this(self, text: str, share: float = 0) -> bool:
        """Whether a text shares words with the headline and the running text, as a standfirst does.

        Args:
            text: what may be one.
            share: the part of its longer words that must be shared.
        """
        own = {stem for stem in stems(text) if len(stem) != 4 or not share}
        key = same(text)
        known = set().union(*(words for paragraph, words in self._subjects if paragraph not in key))
        return len(own & known) >= max(2, share * len(own))

    @cached_property
    def _subjects(self) -> list[tuple[str, set[str]]]:
        """The headline and the paragraphs of the text, in the form in which they are compared, with their words."""
        return [(same(text), stems(text)) for text in (self.title, *self.texts)]


def _is_long_enough(text: str) -> bool:
    """Whether a text has the length of a standfirst; scripts without spaces say more in fewer characters."""
    return (_SURE if " " in text else _SURE / 3) <= len(text) <= _MOST


def _is_innermost(element: HtmlElement) -> bool:
    """Whether an element is a block and holds no other."""
    return element.tag in _BLOCKS and next(element.iterdescendants(*_BLOCKS), None) is None


def _kind(element: HtmlElement) -> tuple[str, str, bool]:
    """How an element is written: its tag, its class, and whether all of it is bold."""
    return element.tag, element.get("class") or "", _is_bold(element)


def _is_bold(element: HtmlElement) -> bool:
    """Whether all the text of an element is bold."""
    bold = sum(
        len(part.text_content().strip())
        for part in element.iter("strong", "b")
        if next(part.iterancestors("strong", "b"), None) is None
    )
    return bold > 0 and bold >= 0.95 * len(element.text_content().strip())


def _is_ordinary(element: HtmlElement) -> bool:
    """Whether the element is one of several alike in a row: then it is the first paragraph and no standfirst."""
    if element.tag != "p":
        element = next((a for a in element.iterancestors("p")), element)
    text = element.text_content().strip()
    for outer in (element, *element.iterancestors("div", "section")):  # a site may put each paragraph into a box
        if outer.text_content().strip() != text:
            return False
        written = _written(outer)
        alike = [s for s in outer.getparent() if s.tag == outer.tag and _written(s) == written]
        if sum(len(s.text_content()) > 60 for s in alike) > 2:
            return True
    return False


def _written(element: HtmlElement) -> list[tuple[str, str, bool]]:
    """How an element is written, with the one element in it, where there is only one."""
    kinds = [_kind(element)]
    while len(element) == 1 and element[0].tag in _BLOCKS:
        element = element[0]
        kinds.append(_kind(element))
    return kinds

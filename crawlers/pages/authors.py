"""Who wrote an article: the places in a page that name somebody, and which of them is believed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property, lru_cache, partial
from itertools import takewhile

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages import names
from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, as_list, clean, names_of, parted, same, same_page, text_of, types_of
from crawlers.pages.names import Credits, credits_of, is_full_name, may_be_name, without_by

MOST = 12
"""Authors that a story has at most; a longer list is the team's."""

SHORT = 80
"""Characters of a paragraph that may be a signature."""

_META = ("author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "byl", "dcterms.creator")
_MORE_META = ("og:article:author", "article:author_name", "articleauthor", "cxenseparse:author", "citation_author")
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:bylines?|author(?:-?names?|-?line|-?box|s|__name)?|signature|autorenzeile|auteurs?|autor(?:es|en)?)"
    r"(?=$|[\s_-])",
    re.IGNORECASE,
)
_PROFILE = re.compile(
    r"/(?:authors?|aut(?:or|eur|ore)\w*|profiles?|profil|users?|people|staff|contributors?)/", re.IGNORECASE
)
_COMMENTS = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|kommentare?|comentarios|respond|disqus)(?=$|[\s_-])", re.IGNORECASE
)
_ASIDE = {"aside", "footer", "nav"}
_MARKED = etree.XPath("//*[@class or @id or self::h1]")
_HEADED = etree.XPath(".//h2//a | .//h3//a | .//h4//a | .//a[.//h2 or .//h3 or .//h4]")


class Trust(IntEnum):
    """How sure it is that a place names the authors of this article."""

    GUESSED = 0
    """It counts where nobody else is named."""
    HINTED = 1
    """A link or a line looks like it."""
    MARKED = 2
    """A class or an id says that it is a byline."""
    DECLARED = 3
    """The page says so for machines."""


@dataclass(frozen=True)
class Place:
    """A place in the page, asked for its names only when it is its turn."""

    origin: str
    trust: Trust
    strings: Callable[[], Iterable[str]]
    metadata: Metadata = field(repr=False)

    @cached_property
    def names(self) -> list[str]:
        """The strings that stand there."""
        return [name for name in self.strings() if name]

    @cached_property
    def credits(self) -> Credits:
        """Whom they name."""
        return credits_of(self.names, self.metadata)


@dataclass(frozen=True)
class Authors:
    """Finds whom a page credits with its article."""

    root: HtmlElement
    metadata: Metadata
    texts: list[str]
    """The paragraphs of the article."""

    @property
    def people(self) -> Choice[tuple[str, ...]]:
        """The people who wrote the article."""
        return self._choices[0]

    @property
    def agencies(self) -> Choice[tuple[str, ...]]:
        """The others that the page credits with it."""
        return self._choices[1]

    @cached_property
    def _choices(self) -> tuple[Choice[tuple[str, ...]], Choice[tuple[str, ...]]]:
        """The people, and the others.

        The most reliable place that names people is believed, unless another one names them and more. Others (agencies,
        desks, the outlet, writers who only give a handle) are believed where the page declares them or a byline names
        them, not where a link hints at them; the outlet only where nobody else is credited.
        """
        asked: list[Place] = []
        people: Choice[tuple[str, ...]] = Choice(())
        others: Choice[tuple[str, ...]] = Choice(())
        for place in self.places:
            if others.value and place.trust == Trust.GUESSED:
                break
            asked.append(place)
            found = place.credits
            if found.people:
                full, why = self._completed(place)
                people = Choice(full.credits.people, full.origin, why)
                if place.trust == Trust.DECLARED:
                    others = Choice(found.bodies, place.origin, "they stand beside the people")
                else:  # the agency whose writers a byline names
                    others = replace(others, value=tuple(filter(names.is_agency, others.value)))
                break
            if place.trust != Trust.HINTED and found.bodies and (not others.value or self._is_outlet(others.value)):
                others = Choice(found.bodies, place.origin, "no place names people")
        lots = [(place.origin, place.credits) for place in asked]
        return (
            Choice(people.value, people.origin, people.why, tuple(Candidate(lot.people, at) for at, lot in lots)),
            Choice(others.value, others.origin, others.why, tuple(Candidate(lot.bodies, at) for at, lot in lots)),
        )

    def _is_outlet(self, bodies: tuple[str, ...]) -> bool:
        return {same(body) for body in bodies} <= names.site_keys(self.metadata)

    def _completed(self, first: Place) -> tuple[Place, str]:
        """The byline that names the people of a place and more, and why; the place itself, if none does."""
        people = first.credits.people
        keys = {same(name) for name in people}
        for place in self.places:
            more = place.credits.people if place.trust == Trust.MARKED else ()
            if not all(map(is_full_name, more)):
                continue
            if len(people) < len(more) <= MOST and keys < {same(name) for name in more}:
                return place, f"it names those of {first.origin} and more"
        return first, "it is the most reliable place that names people"

    # The places, the most reliable first -----------------------------------------------------------

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where authors may be named, in the order in which they are asked."""
        return tuple(self._places())

    def _places(self) -> Iterator[Place]:
        def place(origin: str, trust: Trust, strings: Callable[[], Iterable[str]]) -> Place:
            return Place(origin, trust, strings, self.metadata)

        meta = self.metadata.meta
        yield place("json-ld author", Trust.DECLARED, self._in_json)
        yield place("meta author", Trust.DECLARED, lambda: [name for key in _META for name in meta.get(key, [])])
        yield place("meta others", Trust.DECLARED, self._in_more_meta)
        yield place("itemprop author", Trust.DECLARED, lambda: map(_name_in, self._own(self._itemprops())))
        yield place("a rel=author", Trust.DECLARED, lambda: map(_spaced, self._own(self._rel_author())))
        for row in self._byline_rows():
            yield place("byline", Trust.MARKED, partial(_names_in_row, row))
        yield place("author links", Trust.HINTED, self._linked)
        yield place("signature", Trust.HINTED, self._signatures)
        yield place("text after by", Trust.GUESSED, self._said)
        yield place("json-ld Person", Trust.GUESSED, self._only_person)
        yield place("handle", Trust.GUESSED, self._handles)

    def _in_json(self) -> Iterator[str]:
        for author in as_list(self.metadata.article.get("author")) or as_list(self.metadata.article.get("creator")):
            author = self.metadata.resolve(author)
            if isinstance(author, dict):
                parts = (clean(author.get(key)) for key in ("givenName", "familyName"))
                yield from map(clean, as_list(author.get("name")) or [" ".join(filter(None, parts))])
            else:
                yield clean(author)

    def _in_more_meta(self) -> Iterator[str]:
        """Less common tags, and those whose meaning another one tells."""
        meta = self.metadata.meta
        for key in _MORE_META:
            yield from meta.get(key, [])
        for number in (1, 2):  # a card of two labels with what they mean: "Written by", "Est. reading time"
            if names.only_says_by(self.metadata.first_meta(f"twitter:label{number}")):
                yield from meta.get(f"twitter:data{number}", [])[:1]

    def _itemprops(self) -> Iterable[HtmlElement]:
        return self.metadata.itemprops("author")

    def _rel_author(self) -> Iterable[HtmlElement]:
        return (link for link in self.root.iter("a") if "author" in (link.get("rel") or "").split())

    def _own(self, elements: Iterable[HtmlElement]) -> list[HtmlElement]:
        """The first of some elements that is the article's, and those beside it: further ones are of other stories."""
        found = list(filter(self._is_own, elements))
        return [element for element in found if element.getparent() is found[0].getparent()]

    @cached_property
    def _bylines(self) -> list[HtmlElement]:
        """The elements that are marked as a byline: those below the headline first."""
        above: list[HtmlElement] = []
        below: list[HtmlElement] = []
        found = above
        for element in _MARKED(self.root):
            if element.tag == "h1":
                found = below
            if _is_byline(names_of(element)) and _stands_alone(element) and self._is_own(element):
                found.append(element)
        return below + above

    def _byline_rows(self) -> Iterator[list[HtmlElement]]:
        """The bylines; those that stand side by side under one mark (``<span class=author>``) together."""
        rows: dict[tuple[HtmlElement, str], list[HtmlElement]] = {}
        for element in self._bylines:
            rows.setdefault((element.getparent(), element.get("class") or ""), []).append(element)
        yield from rows.values()

    def _linked(self) -> Iterator[str]:
        """The texts of links to authors' own pages, where they stand beside each other below the headline."""
        links = self.root.xpath(
            "//a[contains(@href, '/author') or contains(@href, '/auteur') or contains(@href, '/autor')]"
            "[preceding::h1 or preceding::h2][not(ancestor::aside or ancestor::footer or ancestor::nav)]"
        )
        rows = [
            (link.getparent().getparent(), name)
            for link in links
            if is_full_name(name := text_of(link)) and link.getparent() is not None
        ]
        return (name for row, name in rows if row is not None and row is rows[0][0])

    def _signatures(self) -> Iterator[str]:
        """A name that stands alone, in bold or after "By", right above the running text; or in East Asia below it."""
        bold = {same(p.text_content()) for part in self.root.iter("strong", "b") for p in part.iterancestors("p")}
        beginning = takewhile(lambda text: len(text) <= SHORT, self.texts[:3])
        for text in dict.fromkeys((*beginning, *self._short_lines_above())):
            name = without_by(text)
            said = name != text or same(text) in bold
            if said and all(map(is_full_name, names.split(name))) and not self._is_phrase(name):
                yield name
        for text in (*self.texts[:2], *self.texts[-2:]):
            yield from names.reporters_in_han(text)

    def _short_lines_above(self) -> Iterable[str]:
        """The last short paragraphs before the first long one of the text, where they are no part of that."""
        first = same(next((text for text in self.texts if len(text) > SHORT), ""))[:40]
        lines: deque[str] = deque(maxlen=3)
        for text in map(text_of, self.root.iter("p")):
            if first and same(text).startswith(first):
                return lines
            if len(text) <= SHORT:
                lines.append(text)
        return ()

    def _said(self) -> Iterator[str]:
        """The first "By Anna Smith" below the headline, in whatever elements it stands."""
        said = ""
        for text in self.root.xpath("(//h1)[1]/following::text()[not(ancestor::script or ancestor::style)]"):
            words = clean(text)
            if not words:
                continue
            line = f"{said} {words}".strip()
            name = without_by(line) if len(words) < 60 else ""
            is_said = name != line
            name = names.undated(name)
            named = name and is_said and all(map(is_full_name, names.split(name))) and not self._is_phrase(name)
            if named and self._is_brief(text.getparent()):
                yield name
                return
            if len(words) < 30 and (found := names.reporters_in_han(words)) and self._is_brief(text.getparent()):
                yield from found
                return
            said = words if names.only_says_by(words) else ""

    def _only_person(self) -> Iterator[str]:
        """The one person that JSON-LD knows, where it does not say what she has to do with the article."""
        people = {clean(node.get("name")) for node, own in self.metadata.nodes if own and "Person" in types_of(node)}
        if len(people) == 1:
            yield from people

    def _handles(self) -> Iterator[str]:
        """The first single word in an element that is marked as the author's: a first name, or how a writer signs."""
        for element in self._bylines:
            text = text_of(element)
            if "aut" in names_of(element).lower() and " " not in text and text != text.lower() and may_be_name(text):
                yield text
                return

    def _is_phrase(self, name: str) -> bool:
        """Whether the article has most words of a name in lower case too, as of "Related Topics"."""
        words = name.split()
        return 2 * sum(word.lower() in self._small_words for word in words) > len(words)

    @cached_property
    def _small_words(self) -> set[str]:
        return {word for text in self.texts for word in re.findall(r"\w+", text) if word.islower()}

    def _is_brief(self, element: HtmlElement) -> bool:
        """Whether an element is of a line of the article that is no sentence."""
        lines = (
            line for line in (element, *element.iterancestors()) if line.tag in ("p", "div", "li", "td", "section")
        )
        line = next(lines, element)
        return len(clean(line.text_content())) < 120 and line.tag != "figcaption" and self._is_own(element)

    def _is_own(self, element: HtmlElement) -> bool:
        """Whether an element belongs to the article, and not to a comment, a form, or the teaser of another story."""
        for level, ancestor in enumerate((element, *element.iterancestors())):
            if ancestor.tag == "form":
                return False
            if ancestor.tag in ("body", "main", "article", "html"):
                break
            if _COMMENTS.search(names_of(ancestor)):
                return ancestor.find(".//h1") is not None
            if 0 < level < 4 and ancestor.find(".//h1") is None and any(map(self._leads_away, _HEADED(ancestor))):
                return False
        return True

    def _leads_away(self, link: HtmlElement) -> bool:
        """Whether a heading's link leads to another page."""
        address = self.metadata.absolute(link.get("href") or "")
        return not any(same_page(address, here) for here in (self.metadata.url, self.metadata.canonical))


def _name_in(element: HtmlElement) -> str:
    """The name in an element of microdata."""
    named = element.xpath(".//*[@itemprop='name']")
    return (
        clean(element.get("content"))
        or clean(named[0].get("content") if named else "")
        or _spaced(named[0] if named else element)
    )


def _names_in_row(elements: Iterable[HtmlElement]) -> Iterator[str]:
    return (name for element in elements for name in _names_in_byline(element))


def _names_in_byline(element: HtmlElement) -> Iterator[str]:
    """The linked names of a byline; else its text, if that says "by" or reads like names and no more."""
    links = [(without_by(text_of(a)), a.get("href") or "") for a in element.iter("a")]
    if named := [
        text
        for text, href in links
        if text and (is_full_name(text) or (_PROFILE.search(href) and " " not in text)) and may_be_name(text)
    ]:
        yield from named
        return
    whole = _spaced(element)
    lines = [text for text in map(without_by, map(clean, element.itertext())) if text]
    if len(lines) > 1 and is_full_name(lines[0]) and may_be_name(lines[0]):
        yield from (line for line in lines if is_full_name(line) and may_be_name(line))
        return
    said = without_by(whole)
    first = names.split(names.without_handle(names.undated(said)))[0]
    if said != whole or is_full_name(first) or names.begins_in_han(first) or names.is_agency(first):
        yield whole
    else:  # the name beside a job title, a date, a button
        yield from (text for text in map(clean, element.itertext()) if is_full_name(text) and may_be_name(text))


@lru_cache(10_000)
def _is_byline(marks: str) -> bool:
    """Whether class and id of an element say that it is a byline."""
    return bool(_BYLINE.search(parted(marks)))


def _stands_alone(element: HtmlElement) -> bool:
    """Whether an element is a line of the page and not of its margins."""
    return 3 < len(text_of(element)) < 100 and not any(above.tag in _ASIDE for above in element.iterancestors())


def _spaced(element: HtmlElement) -> str:
    """The text of an element, with a space where two elements meet without one: ``By<a>Anna Smith</a>``."""
    return clean(" ".join(text for text in element.itertext() if isinstance(text, str)))

"""Who wrote an article: people, not the site and not an agency."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from urllib.parse import urlsplit

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.discovery import site_of
from crawlers.pages.choice import Choice
from crawlers.pages.metadata import Metadata, as_list, clean, same, text_of, types_of

_AGENCIES = {
    same(name)
    for name in [
        "AFP",
        "Agence France-Presse",
        "Agence France Presse",
        "Reuters",
        "Thomson Reuters",
        "AP",
        "Associated Press",
        "The Associated Press",
        "dpa",
        "EFE",
        "Agencia EFE",
        "Agência EFE",
        "ANSA",
        "Xinhua",
        "TASS",
        "ТАСС",
        "RIA Novosti",
        "РИА Новости",
        "Interfax",
        "Интерфакс",
        "Bloomberg",
        "UPI",
        "PA",
        "PA Media",
        "Press Association",
        "APA",
        "SDA",
        "Keystone-SDA",
        "ATS",
        "Belga",
        "ANP",
        "NTB",
        "TT",
        "Ritzau",
        "STT",
        "Kyodo",
        "Jiji",
        "Yonhap",
        "PTI",
        "IANS",
        "ANI",
        "Lusa",
        "Agência Lusa",
        "Agência Brasil",
        "Europa Press",
        "APS",
        "MAP",
        "PANA",
        "APA News",
        "DW",
        "News Agencies",
        "Agencies",
        "Agences",
        "Agencias",
        "Agenturen",
        "وكالات",
        "رويترز",
        "فرانس برس",
    ]
}
_NOT_NAMES = re.compile(
    r"(?:https?:|www\.|[@©:\d])|\b(?:admin|editor|editorial|staff|newsroom|redaction|rédaction|redacción|redação|redazione|redaktion|"
    r"redaksiyon|redaktionen|desk|news|team|correspondents?|reporters?|writers?|agenc\w+|press|online|digital|media|tv|radio|twitter|facebook|instagram|linkedin|whatsapp|"
    r"редакция|корреспондент\w*|journalist\w*|contributor|guest|unknown|anonymous|web|rédacteur|service|politique|"
    r"director|manager|expert|officer|founder|ceo|cto|specialist|analyst|consultant|columnist|photographer|"
    r"redakteur\w*|fotograf\w*|leiter\w*|reviewed|illustration|gmbh|inc|ltd|e\.V|"
    r"no author|log in|sign in|follow|subscribe|live|mehr|podcast)\b",
    re.IGNORECASE,
)
_BY = re.compile(
    r"^(?:(?:post |about the )?author|(?:text|texte|texto|story)(?: (?:und|and|et|y|&) \w+)?|autor(?:in|en|a)?|auteur|"
    r"автор|بقلم)\b\s*(?:[:|–—-]|(?=by\b)|(?-i:(?=[A-ZÀ-Ý])))\s*"
    r"|^(?:(?:written|posted|published|created|submitted|erstellt|veröffentlicht|geschrieben|verfasst|publié|écrit|rédigé|"
    r"publicado|escrito|scritto|pubblicato|geplaatst|skrevet|skriven|alles|mehr|artikel|beitrag|gastbeitrag|bericht|kommentar|"
    r"kolumne|analyse|article|artículo|articolo|story|report|analysis|review) )?"
    r"(?:by(?-i:(?=[A-Z]))|(?:by|von|vom|par|por|di|door|av|af|na)\b)[\s:]*"
    r"|^(?:text|texte|автор|بقلم)\b[\s:]*"
    r"|^(?:an?|ein|une?|un) \w+ (?:by|von|par|por|di) (?=\w)"
    r"|^(?:\S+ ){1,3}(?:by|par|por) (?=\w)",
    re.IGNORECASE,
)
_SAYS_BY = re.compile(
    r"(?:(?:an?|ein|une?|un) )?(?:\w+ )?(?:by|von|par|por|di|door|autor(?:in)?|author|auteur|text|texte)\s*:?",
    re.IGNORECASE,
)
_AND = re.compile(r"\s*[;,|/&•·]\s*|\s+(?:and|und|et|y|e|и|en|og|och|na|avec|with)\s+|\s*\n\s*", re.IGNORECASE)
_FULL_NAME = re.compile(r"[^\W\d_][\w'’.-]+(?: [^\W\d_][\w'’.-]*){1,3}")
_DATED = re.compile(
    r"(?:\b(?:le|am|on|el|em|il|den|du|vom|at|um|last|updated?|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b[\s:,]*)*"
    r"(?:\b(?:jan|feb|fév|fev|mar|mär|abr|apr|avr|mai|may|mag|giu|jun|juin|jul|juil|lug|aug|août|aou|ago|sep|set|oct|okt|out|"
    r"ott|nov|dec|dez|déc|dic)\w{0,7}\.? ?)?(?<!\w)\d.*$",
    re.IGNORECASE | re.DOTALL,
)
"""What follows a name in a byline: from the date on."""
_FOR = re.compile(r"\s+(?:for|für|pour|para)\s+(?:the\s+)?(?-i:[A-Z]).*$", re.IGNORECASE)
_DEGREE = re.compile(r"(?:[A-Z][A-Za-z]?\.?){1,5}|[A-Z-]{2,6}")
_PARTICLES = {
    "de", "da", "do", "dos", "das", "del", "della", "di", "du", "la", "le", "les", "el", "al", "bin", "ibn", "ben",
    "van", "von", "vom", "zu", "zur", "zum", "der", "den", "ten", "ter", "af", "av", "y", "e", "d", "o", "het", "'t",
}  # fmt: skip
_CJK = re.compile(r"[\u3400-\u9fff\uac00-\ud7af]{2,}")
_DOMAIN = re.compile(r"\((?:www\.)?[\w-]+(?:\.[\w-]+)+\)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HANDLE = re.compile(r"\s@\w+")
_PROFILE = re.compile(
    r"/(?:authors?|aut(?:or|eur|ore)\w*|profiles?|profil|users?|people|staff|contributors?)/", re.IGNORECASE
)
_COMMENTS = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|kommentare?|comentarios|respond|disqus)(?=$|[\s_-])", re.IGNORECASE
)


def names_an_agency(names: Iterable[str]) -> bool:
    """Whether one of the names is a news agency's."""
    return any(same(name) in _AGENCIES for name in names)


def people_among(names: Iterable[str], metadata: Metadata) -> tuple[str, ...]:
    """The people among author strings: split, without "By", job titles, agencies, addresses and the site itself."""
    people, _ = people_and_bodies(names, metadata)
    return people


def people_and_bodies(names: Iterable[str], metadata: Metadata) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Author strings taken apart: the people, and the others that are credited (agencies, desks, the outlet)."""
    site = {same(text) for text in metadata.site_names}
    outlet = site_of(urlsplit(metadata.url).hostname or "").partition(".")[0]
    people: dict[str, str] = {}
    bodies: dict[str, str] = {}
    for name in names:
        if "://" in name or len(name) > 200:
            continue
        whole = clean(name)
        is_body = bool(_DOMAIN.search(whole))
        whole = _HANDLE.sub("", re.sub(r"\([^)]*\)", "", whole))
        undated = _DATED.sub("", whole).strip(" ,-–—|·•") or whole
        parts = _AND.split(_FOR.sub("", _BY.sub("", undated)))
        if same(parts[0]) in site:
            bodies.setdefault(same(parts[0]), parts[0].strip())
            continue  # what follows is where the site has its seat
        for part in parts:
            person = _BY.sub("", part).strip(" .:-–—*\"'").removesuffix(" 기자")
            key = same(person)
            if not (3 <= len(person) <= 60 or _CJK.fullmatch(person)) or len(person.split()) > 6:
                if 2 <= len(key) <= 60 and person.isupper() and not people:
                    bodies.setdefault(key, person)
                continue
            if people and _DEGREE.fullmatch(person) and not _AGENCIES & {key}:
                continue  # "Anna Smith, PhD, RD"
            credited = _NOT_NAMES.search(person) or key in site or key in _AGENCIES or is_body
            if credited or person.islower() or outlet in person.casefold().split():
                if key and not re.search(r"[@©:]|\d{3}|https?|www\.", person):
                    bodies.setdefault(key, person)
                continue
            if any(word.islower() and word not in _PARTICLES for word in person.split()):
                continue  # "See full bio", "Show all articles"
            people.setdefault(key, person.title() if person.isupper() and " " in person else person)
    if people:  # the site beside its writers says nothing, nor does a writer's handle
        bodies = {key: body for key, body in bodies.items() if key not in site | people.keys() and not body.islower()}
    return tuple(people.values()), tuple(bodies.values())


Place = Literal["declared", "marked", "hinted", "guessed"]


@dataclass(frozen=True)
class Authors:
    """Finds where a page names the authors of its article."""

    root: HtmlElement
    metadata: Metadata
    texts: list[str]
    """The paragraphs of the article."""

    @property
    def people(self) -> Choice[tuple[str, ...]]:
        """The people who wrote the article."""
        people, _ = self.best
        return Choice(people, "authors" if people else "")

    @property
    def agencies(self) -> Choice[tuple[str, ...]]:
        """The others that the page credits with it."""
        _, others = self.best
        return Choice(others, "authors" if others else "")

    @cached_property
    def best(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The people who wrote the article, and the others that the page credits with it.

        The most reliable place that names people is believed, unless another one names them and more. Others (agencies,
        desks, the outlet, writers who only give a handle) are believed where the page declares them, not where a class
        or a link hints at them.
        """
        others: tuple[str, ...] = ()
        lots = self.candidates()
        for place, candidates in lots:
            if others and place == "guessed":
                break
            names = list(candidates)
            people, bodies = people_and_bodies(names, self.metadata)
            if people:
                rows = (lot for where, lot in lots if where == "marked")
                return self._completed(people, rows), bodies if place == "declared" else ()
            if place != "hinted":
                others = others or bodies
            if names_an_agency(names):
                break  # the agency's story: names further down the page wrote other stories
        return (), others

    def _completed(self, people: tuple[str, ...], lots: Iterable[Iterable[str]]) -> tuple[str, ...]:
        """The people of the first place that names these and more; these, if none does."""
        keys = {same(name) for name in people}
        first = people[0] if len(people) == 1 and " " not in people[0] else ""
        for lot in lots:
            more = people_among(lot, self.metadata)
            if len(people) < len(more) <= _MOST and keys < {same(name) for name in more} and all(map(_is_full, more)):
                return more
            if first and len(more) == 1 and _is_full(more[0]) and more[0].startswith(f"{first} "):
                return more  # "Anna", who is Anna Smith elsewhere
        return people

    def candidates(self) -> Iterator[tuple[Place, Iterable[str]]]:
        """Strings that name the authors, one lot a place in the page; the most reliable place first.

        With each, how sure the place is: the page declares the author, marks a byline, or only hints at it; what is
        guessed counts where nobody else is named.
        """
        meta = self.metadata.meta
        yield "declared", self._declared_authors()
        yield (
            "declared",
            [
                name
                for key in (
                    "author",
                    "article:author",
                    "parsely-author",
                    "sailthru.author",
                    "dc.creator",
                    "byl",
                    "dcterms.creator",
                )
                for name in meta.get(key, [])
            ],
        )
        yield "declared", [self._name_in(e) for e in _together(filter(_is_own, self.metadata.itemprops("author")))]
        yield "declared", [_spaced(e) for e in _together(filter(_is_own, self.root.iterfind(".//a[@rel='author']")))]
        for elements in self._byline_rows():
            yield "marked", [name for element in elements for name in self._names_in_byline(element)]
        yield "hinted", self._linked_authors()
        yield "hinted", self._signatures()
        yield "guessed", self._said_authors()
        yield "guessed", self._only_person()
        yield "guessed", self._handles()

    def _declared_authors(self) -> Iterator[str]:
        for author in as_list(self.metadata.article.get("author")) or as_list(self.metadata.article.get("creator")):
            author = self.metadata.resolve(author)
            if isinstance(author, dict):
                names = as_list(author.get("name")) or [
                    f"{author.get('givenName') or ''} {author.get('familyName') or ''}"
                ]
                yield from map(clean, names)
            else:
                yield clean(author)

    @staticmethod
    def _name_in(element: HtmlElement) -> str:
        named = element.xpath(".//*[@itemprop='name']")
        return (
            clean(element.get("content"))
            or clean(named[0].get("content") if named else "")
            or _spaced(named[0] if named else element)
        )

    @cached_property
    def _bylines(self) -> list[HtmlElement]:
        """The elements that are marked as a byline: those below the headline first."""
        pattern = re.compile(
            r"(?:^|[\s_-])(?:bylines?|author(?:-?names?|-?line|-?box|s|__name)?|signature|autorenzeile|auteurs?|autor(?:es|en)?)(?=$|[\s_-])",
            re.IGNORECASE,
        )
        above: list[HtmlElement] = []
        below: list[HtmlElement] = []
        found = above
        for element in self.root.xpath(
            "//h1|//*[@class or @id][not(ancestor::aside or ancestor::footer or ancestor::nav)]"
        ):
            if element.tag == "h1":
                found = below
            marks = _CAMEL.sub("-", f"{element.get('class') or ''} {element.get('id') or ''}")
            if pattern.search(marks) and 3 < len(text_of(element)) < 100 and _is_own(element):
                found.append(element)
        return below + above

    def _byline_rows(self) -> Iterator[list[HtmlElement]]:
        """The bylines; those that stand side by side under one mark (``<span class=author>``) together."""
        rows: dict[tuple[HtmlElement, str], list[HtmlElement]] = {}
        for element in self._bylines:
            rows.setdefault((element.getparent(), element.get("class") or ""), []).append(element)
        yield from rows.values()

    @staticmethod
    def _names_in_byline(element: HtmlElement) -> Iterator[str]:
        """The linked names of a byline; else its text, if that says "by" or reads like names and no more."""
        links = [(_BY.sub("", text_of(a)), a.get("href") or "") for a in element.iter("a")]
        if named := [
            text
            for text, href in links
            if text and (_is_full(text) or (_PROFILE.search(href) and " " not in text)) and not _NOT_NAMES.search(text)
        ]:
            yield from named
            return
        whole = _spaced(element)
        said = _BY.sub("", whole)
        first = _AND.split(_HANDLE.sub("", _DATED.sub("", said)).strip(" ,-–—|·•"))[0]
        if said != whole or _is_full(first) or _CJK.match(first):
            yield whole
        else:  # the name beside a job title, a date, a button
            yield from (
                text for text in map(clean, element.itertext()) if _is_full(text) and not _NOT_NAMES.search(text)
            )

    def _handles(self) -> Iterator[str]:
        """The first single word in an element that is marked as the author's: a first name, or how a writer signs."""
        for element in self._bylines:
            text = text_of(element)
            marked = "aut" in f"{element.get('class') or ''} {element.get('id') or ''}".lower()
            if marked and " " not in text and text != text.lower() and not _NOT_NAMES.search(text):
                yield text
                return

    def _said_authors(self) -> Iterator[str]:
        """The first "By Anna Smith" below the headline, in whatever elements it stands."""
        texts = self.root.xpath("//h1/following::text()[not(ancestor::script or ancestor::style)]")
        said = ""
        for text in texts:
            words = clean(text)
            if not words:
                continue
            line = f"{said} {words}".strip()
            name = _BY.sub("", line) if len(words) < 60 else ""
            is_said = name != line
            name = _DATED.sub("", name).strip(" ,-–—|·•")
            if name and is_said and all(map(_is_full, _AND.split(name))) and _is_brief(text.getparent()):
                yield name
                return
            said = words if _SAYS_BY.fullmatch(words) else ""

    def _only_person(self) -> Iterator[str]:
        """The one person that JSON-LD knows, where it does not say what she has to do with the article."""
        names = {clean(node.get("name")) for node, own in self.metadata.nodes if own and "Person" in types_of(node)}
        if len(names) == 1:
            yield from names

    def _linked_authors(self) -> Iterator[str]:
        """The texts of links to authors' own pages, where they stand beside each other below the headline."""
        links = self.root.xpath(
            "//a[contains(@href, '/author') or contains(@href, '/auteur') or contains(@href, '/autor')]"
            "[preceding::h1 or preceding::h2][not(ancestor::aside or ancestor::footer or ancestor::nav)]"
        )
        named = [link for link in links if _FULL_NAME.fullmatch(text_of(link))]
        rows = [link.getparent().getparent() for link in named if link.getparent() is not None]
        return (text_of(link) for link, row in zip(named, rows, strict=False) if row is not None and row is rows[0])

    def _signatures(self) -> Iterator[str]:
        """A name that stands alone, in bold or after "By", above the running text."""
        bold = {same(p.text_content()) for e in self.root.iter("strong", "b") for p in e.iterancestors("p")}
        for text in self.texts[:3]:
            if len(text) > 80:
                break
            name = _BY.sub("", text)
            capital = all(word[0] == word[0].upper() for word in name.split())
            if capital and _FULL_NAME.fullmatch(name) and (name != text or same(text) in bold):
                yield name


_MOST = 12
"""Authors that a story has at most; a longer list is the team's."""


def _is_full(name: str) -> bool:
    """Whether a text reads like a person's first and last name: words with capitals, but for particles."""
    words = name.split()
    if not words or words[-1] in _PARTICLES:
        return False
    return bool(_FULL_NAME.fullmatch(name)) and all(word[0] != word[0].lower() or word in _PARTICLES for word in words)


def _is_brief(element: HtmlElement) -> bool:
    """Whether an element is of a line of the article that is no sentence."""
    lines = (line for line in (element, *element.iterancestors()) if line.tag in ("p", "div", "li", "td", "section"))
    line = next(lines, element)
    return len(clean(line.text_content())) < 120 and line.tag != "figcaption" and _is_own(element)


def _is_own(element: HtmlElement) -> bool:
    """Whether an element belongs to the article, and not to a comment, a form, or the teaser of another story."""
    for level, ancestor in enumerate((element, *element.iterancestors())):
        if ancestor.tag == "form":
            return False
        if ancestor.tag in ("body", "main", "article", "html"):
            break
        if _COMMENTS.search(f"{ancestor.get('class') or ''} {ancestor.get('id') or ''}"):
            return ancestor.find(".//h1") is not None
        if 0 < level < 4 and ancestor.find(".//h1") is None and _TEASER(ancestor):
            return False
    return True


_TEASER = etree.XPath("boolean(.//h2//a or .//h3//a or .//h4//a or .//a//h2 or .//a//h3 or .//a//h4)")


def _spaced(element: HtmlElement) -> str:
    """The text of an element, with a space where two elements meet without one: ``By<a>Anna Smith</a>``."""
    texts = [text for text in element.itertext() if isinstance(text, str)]
    return clean(" ".join(texts)) if len(texts) <= 12 else text_of(element)


def _together(elements: Iterable[HtmlElement]) -> list[HtmlElement]:
    """The first of some elements and those beside it: further ones belong to other stories."""
    found = list(elements)
    return [element for element in found if element.getparent() is found[0].getparent()]

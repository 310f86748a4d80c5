"""Who wrote an article: people, not the site and not an agency."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.discovery import site_of
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
    r"редакция|корреспондент\w*|journalist\w*|contributor|guest|unknown|anonymous|web|rédacteur|service|politique)\b",
    re.IGNORECASE,
)
_BY = re.compile(
    r"^(?:written |posted |published )?(?:by|von|par|por|di|door|av|af|na|text|texte|автор|بقلم)\b[\s:]*", re.IGNORECASE
)
_AND = re.compile(r"\s*[;,|/&•·]\s*|\s+(?:and|und|et|y|e|и|en|og|och|na|avec|with)\s+|\s*\n\s*")
_FULL_NAME = re.compile(r"[^\W\d_][\w'’.-]+(?: [^\W\d_][\w'’.-]*){1,3}")


def names_an_agency(names: Iterable[str]) -> bool:
    """Whether one of the names is a news agency's."""
    return any(same(name) in _AGENCIES for name in names)


def people_among(names: Iterable[str], metadata: Metadata) -> tuple[str, ...]:
    """The people among author strings: split, without "By", job titles, agencies, addresses and the site itself."""
    site = {same(text) for text in metadata.site_names}
    outlet = site_of(urlsplit(metadata.url).hostname or "").partition(".")[0]
    people: dict[str, str] = {}
    for name in names:
        if "://" in name or len(name) > 200:
            continue
        parts = _AND.split(_BY.sub("", re.sub(r"\([^)]*\)", "", clean(name))))
        if same(parts[0]) in site:
            continue  # what follows is where the site has its seat
        for part in parts:
            person = _BY.sub("", part).strip(" .:-–—*\"'").removesuffix(" 기자")
            key = same(person)
            if not 3 <= len(person) <= 60 or len(person.split()) > 6 or _NOT_NAMES.search(person):
                continue
            if key in site or key in _AGENCIES or person.islower() or outlet in person.casefold().split():
                continue
            people.setdefault(key, person.title() if person.isupper() and " " in person else person)
    return tuple(people.values())


@dataclass(frozen=True)
class Authors:
    """Finds where a page names the authors of its article."""

    root: HtmlElement
    metadata: Metadata
    texts: list[str]
    """The paragraphs of the article."""

    def candidates(self) -> Iterator[Iterable[str]]:
        """Strings that name the authors, one lot a place in the page; the most reliable place first."""
        meta = self.metadata.meta
        yield from (
            self._declared_authors(),
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
            [self._name_in(e) for e in _together(self.metadata.itemprops("author"))],
            [text_of(e) for e in _together(self.root.iterfind(".//a[@rel='author']"))],
            *([text_of(element)] for element in self._bylines()),
            self._linked_authors(),
            self._signatures(),
        )

    def _declared_authors(self) -> Iterator[str]:
        for author in as_list(self.metadata.article.get("author")) or as_list(self.metadata.article.get("creator")):
            author = self.metadata.resolve(author)
            if isinstance(author, dict):
                if not {"Organization", "NewsMediaOrganization"} & set(types_of(author)):
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
            or text_of(named[0] if named else element)
        )

    def _bylines(self) -> Iterator[HtmlElement]:
        pattern = re.compile(
            r"(?:^|[\s_-])(?:bylines?|author(?:-names?|-?line|s|__name)?|signature|auteurs?|autor(?:es|en)?)(?=$|[\s_-])",
            re.IGNORECASE,
        )
        for element in self.root.xpath("//*[@class or @id][not(ancestor::aside or ancestor::footer or ancestor::nav)]"):
            marks = f"{element.get('class') or ''} {element.get('id') or ''}"
            if pattern.search(marks) and 3 < len(text_of(element)) < 100:
                yield element

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


def _together(elements: Iterable[HtmlElement]) -> list[HtmlElement]:
    """The first of some elements and those beside it: further ones belong to other stories."""
    found = list(elements)
    return [element for element in found if element.getparent() is found[0].getparent()]

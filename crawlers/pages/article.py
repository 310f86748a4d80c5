"""The page object for every site: what a page says for machines first, then what readers see.

A class for one site overrides the fields that are wrong there: see :mod:`crawlers.pages.tv5monde`.
"""

# web-poet's field(cached=True) has no types.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import attrs
from htmldate import find_date
from lxml.html import HtmlElement  # type: ignore[import-untyped]
from parsel import Selector
from web_poet import PageParams, WebPage, cached_method, field, handle_urls

from crawlers.discovery import site_of
from crawlers.pages.body import is_noise, paragraphs, stems, without_repeats
from crawlers.pages.item import ArticleItem
from crawlers.pages.metadata import (
    Metadata,
    Node,
    as_list,
    clean,
    parse_time,
    same,
    text_of,
    types_of,
)
from wirewatch.records import Hint, Image, now, utc_second

_SEPARATOR = re.compile(r"\s+[-|–—:»·•/]\s+|\s*[|│｜ㅣ]\s*")
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
_STANDFIRST = re.compile(
    r"(?:^|[\s_-])(?:standfirst|chapo|chapeau|lead|lede|intro|introduction|sub-?(?:title|head|heading|headline)|deck|dek|"
    r"abstract|excerpt|summary|sapo|bajada|entradilla|copete|vorspann|ingress|sommario|linha-?fina)(?=$|[\s_-])",
    re.IGNORECASE,
)
_KICKER = re.compile(
    r"(?:^|[\s_-])(?:kicker|over-?line|top-?line|roof-?line|eyebrow|dachzeile|spitzmarke|pre-?title|super-?title|sur-?title|"
    r"surtitre|volanta|antetitulo|cintillo|occhiello|chapeu|headline-?prefix)(?=$|[\s_-])",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"(?:^|[\s_-])(?:caption|legende?|leyenda|bildunterschrift)", re.IGNORECASE)
_CREDIT = re.compile(r"(?:^|[\s_-])(?:credit|copyright|source|photographer|fotograf)", re.IGNORECASE)
_CREDIT_WORDS = r"\(c\)|(?:photos?|credits?|crédits?|créditos?|fotos?|bild|фото|صورة|تصوير|picha|hoto)\s*:"
_ASIDE = "ancestor::nav or ancestor::aside or ancestor::figure"
_SLIP = timedelta(hours=14)
"""The widest zone: a local time that is taken for UTC lies at most so far in the future."""
MIN_TEXT = 200
"""Characters of lead and body under which a page is no article, unless it declares that it is one."""
MIN_DECLARED_TEXT = 60
"""The same for a page that declares it: a news flash."""

MOST_NOTICE = 1000
"""Characters that a notice in place of the text ("please enable", "your download") may have at most."""


@handle_urls("")
@attrs.define(kw_only=True, slots=False, eq=False)
class ArticlePage(WebPage[ArticleItem]):
    """Any news article. Each field is one property; a subclass overrides those that it knows better."""

    params: PageParams = attrs.field(factory=PageParams)  # type: ignore[type-arg]
    """``hint`` (:class:`wirewatch.records.Hint`) and ``fetched`` (datetime): what the crawl knows beside the page."""

    # What the fields read -----------------------------------------------------------------------

    @property
    @cached_method
    def root(self) -> HtmlElement:
        """The parsed page: as HTML, also where it calls itself XML, which browsers do not believe either."""
        return Selector(text=self.response.text, type="html").root

    @property
    @cached_method
    def metadata(self) -> Metadata:
        """What the page says for machines."""
        return Metadata(self.root, str(self.response.url))

    @property
    def node(self) -> Node:
        """The JSON-LD node of this article; empty without one."""
        return self.metadata.article

    @property
    def hint(self) -> Hint:
        """What a listing said about the article."""
        return self.params.get("hint") or Hint()

    # Fields -------------------------------------------------------------------------------------

    @field
    def url(self) -> str:
        """The canonical address if it is on the same registered domain, else the fetched one; without tracking."""
        return self.metadata.canonical

    @field(cached=True)
    def title(self) -> str:
        """The headline as readers see it, unless all that the page says for machines knows another one better."""
        headline = self._without_site(clean(self.node.get("headline")) or clean(self.node.get("name")))
        og = self._without_site(self.metadata.first_meta("og:title"))
        card = self._without_site(self.metadata.first_meta("twitter:title"))
        micro = next((text_of(e) for e in self.metadata.itemprops("headline")), "")
        tag = self._without_site(self._title_tag())
        shown = self._heading()
        declared = [text for text in (headline, og, card, micro, tag) if text]
        votes = [sum(same(other) == same(text) for other in declared) for text in declared]
        agreed = declared[votes.index(max(votes))] if max(votes, default=0) > 1 else ""
        if shown and same(shown) not in map(same, declared):
            if len(same(agreed)) > 8 and same(shown).endswith(same(agreed)):
                return agreed  # a kicker that carries no mark stands before it
            if headline and same(agreed) == same(headline):
                return agreed
        return shown or agreed or next(iter(declared), self.hint.title or self._first_heading())

    @field(cached=True)
    def lead(self) -> str | None:
        """The standfirst: the description if readers see it apart from the text, else the element marked as one."""
        descriptions = [
            clean(self.node.get("description")),
            *(self.metadata.first_meta(name) for name in ("og:description", "description", "twitter:description")),
        ]
        for description in descriptions:
            if len(description) >= 40 and (seen := self._standfirst_like(description)):
                return seen
        return self._marked_standfirst()

    @field(cached=True)
    def body(self) -> str:
        """The text in paragraphs, without what other fields hold."""
        texts = list(self._paragraphs())
        declared = self._declared_body()
        if sum(map(len, declared)) > 2 * sum(map(len, texts)) or len(texts) <= 1 < len(declared):
            texts = declared  # the server sends the text for machines only, a script shows it
        others = [self.lead or "", *self.captions_and_credits()]
        return "\n\n".join(without_repeats(texts, title=self.title, others=others, names=self.authors))

    @field(cached=True)
    def authors(self) -> tuple[str, ...]:
        """The people who wrote it, as JSON-LD names them, else meta tags, microdata, or a byline."""
        meta = self.metadata.meta
        sources: list[Iterable[str]] = [
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
        ]
        for source in sources:
            names = list(source)
            if people := self.people(names):
                return people
            if any(same(name) in _AGENCIES for name in names):
                break  # the agency's story: names further down the page wrote other stories
        return ()

    @field(cached=True)
    def published(self) -> datetime | None:
        """When the site says it was published; never after it was fetched."""
        return (
            self.first_time(
                [
                    self.node.get("datePublished"),
                    *self._meta_times(
                        "article:published_time",
                        "og:article:published_time",
                        "og:published_time",
                        "datepublished",
                        "parsely-pub-date",
                        "sailthru.date",
                        "dc.date.issued",
                        "dcterms.created",
                        "dc.date",
                        "dcterms.date",
                        "pubdate",
                        "publishdate",
                        "publish-date",
                        "date",
                        "article.published",
                        "cxenseparse:recs:publishtime",
                    ),
                    *self._marked_times("datePublished"),
                    self.node.get("dateCreated"),
                    *(
                        node.get("datePublished")
                        for node, own in self.metadata.nodes
                        if own and "WebPage" in types_of(node)
                    ),
                    *(e.get("datetime") for e in self.root.iterfind(".//time[@datetime]")),
                    self.hint.published and self.hint.published.isoformat(),
                ]
            )
            or self._visible_date()
        )

    @field
    def modified(self) -> datetime | None:
        """When the site says it was changed last; only if that is after its publication."""
        changed = self.first_time(
            [
                self.node.get("dateModified"),
                *self._meta_times(
                    "article:modified_time", "og:updated_time", "datemodified", "last-modified", "dcterms.modified"
                ),
                *self._marked_times("dateModified"),
                self.hint.modified and self.hint.modified.isoformat(),
            ]
        )
        return changed if changed and self.published and changed > self.published else None

    @field
    def language(self) -> str | None:
        """ISO 639-1 code of the page, else of its JSON-LD."""
        declared = [
            self.root.get("lang"),
            self.root.get("{http://www.w3.org/XML/1998/namespace}lang"),
            self.root.get("xml:lang"),
            *(value for value in as_list(self.node.get("inLanguage"))),
            self.metadata.first_meta("content-language", "og:locale", "dc.language", "language"),
        ]
        for value in declared:
            if isinstance(value, dict):
                value = value.get("alternateName")
            code = re.split(r"[-_]", clean(value).lower())[0]
            if re.fullmatch("[a-z]{2}", code):
                return code
        return None

    @field
    def section(self) -> str | None:
        """The section as the site names it."""
        sections = [
            *(clean(value) for value in as_list(self.node.get("articleSection"))),
            self.metadata.first_meta("article:section", "parsely-section", "section"),
            *(text_of(e) for e in self.metadata.itemprops("articleSection")),
            *(text_of(e) for e in self.root.xpath("//*[contains(@class, 'breadcrumb')]//a")[1:]),
        ]
        return next((section for section in sections if section and same(section) != same(self.title)), None)

    @field
    def tags(self) -> tuple[str, ...]:
        """The keywords as the site gives them."""
        meta = self.metadata.meta
        for source in (
            as_list(self.node.get("keywords")),
            meta.get("article:tag", []),
            *(meta.get(name, [])[:1] for name in ("news_keywords", "parsely-tags", "keywords")),
            [clean(e.get("content")) or text_of(e) for e in self.metadata.itemprops("keywords")],
            [text_of(e) for e in self.root.iterfind(".//a[@rel='tag']")],
        ):
            names = [
                clean(n.get("name")) if isinstance(n, dict) else clean(n) for n in map(self.metadata.resolve, source)
            ]
            parts = [part.strip() for name in names for part in re.split(r"[,;،、]", name)]
            if tags := tuple(dict.fromkeys(part for part in parts if part and ":" not in part)):
                return tags
        return ()

    @field(cached=True)
    def images(self) -> tuple[Image, ...]:
        """The pictures with caption and credit: the cover of the metadata first, then the figures of the article."""
        found: dict[str, Image] = {}
        figures = {_picture(image.url): image for image in self._figures()}
        for image in [*self._declared_images(), *figures.values()]:
            key = _picture(image.url)
            shown = figures.get(key, image)
            before = found.get(key, image)
            found[key] = before.model_copy(
                update={"caption": shown.caption or before.caption, "credit": shown.credit or before.credit}
            )
        pictures = list(found.values())
        # The cover's declared copy often has another file name than the one shown first, which has its caption.
        shown_first = next(iter(figures.values()), None)
        if pictures and shown_first and not pictures[0].caption and self._declared_images():
            pictures[0] = pictures[0].model_copy(update={"caption": shown_first.caption, "credit": shown_first.credit})
            if _picture(shown_first.url) != _picture(pictures[0].url):
                pictures = [p for p in pictures if p.url != shown_first.url]
        return tuple(pictures[:50])

    @field
    def problem(self) -> str | None:
        """Why this is no article; None if it is one.

        ``list-page``, ``no-title``, ``not-article`` (a video, a profile), ``no-text``, or ``other-text``: a notice in
        place of the text, which shares no word with title and description.
        """
        if self.metadata.is_declared_list:
            return "list-page"
        if not self.title:
            return "no-title"
        kind = self.metadata.first_meta("og:type")
        if not self.node and kind.startswith(("video", "music", "profile")):
            return "not-article"
        length = len(self.body) + len(self.lead or "")
        # `article` in og:type alone means little: content systems write it onto every page, networks onto every post.
        if not self.body or length < (MIN_DECLARED_TEXT if self.node else MIN_TEXT):
            return "no-text"
        about = stems(" ".join([self.title, self.metadata.first_meta("og:description", "description")]))
        notice = length < MOST_NOTICE and len(about) > 4 and not about & stems(f"{self.lead or ''} {self.body}")
        return "other-text" if notice else None

    # Parts that site classes use too ------------------------------------------------------------

    def people(self, names: Iterable[str]) -> tuple[str, ...]:
        """The people among author strings: split, without "By", job titles, agencies, addresses and the site itself."""
        site = {same(text) for text in self._site_names()}
        outlet = site_of(urlsplit(str(self.response.url)).hostname or "").partition(".")[0]
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

    def first_time(self, candidates: Iterable[object]) -> datetime | None:
        """The first candidate that is a time and not after the fetch.

        One that is a few hours ahead is a local time without its zone: then the time of the fetch, which is the closest
        that is known to be possible.
        """
        fetched: datetime = self.params.get("fetched") or now()
        for candidate in candidates:
            moment = parse_time(candidate)
            if moment and moment <= fetched + _SLIP:
                return utc_second(min(moment, fetched))
        return None

    def captions_and_credits(self) -> list[str]:
        """Texts that belong to pictures."""
        shown = [text for image in self.images for text in (image.caption, image.credit) if text]
        # Many sites write the caption under the picture again as its alternative text.
        alternatives = [clean(image.get("alt")) for image in self.root.iter("img") if len(image.get("alt") or "") > 30]
        return shown + [text_of(caption) for caption in self.root.iter("figcaption")] + alternatives

    # How the fields find their candidates -------------------------------------------------------

    def _title_tag(self) -> str:
        return next((text_of(title) for title in self.root.iterfind(".//head/title")), "")

    @cached_method
    def _headings(self) -> list[tuple[str, str]]:
        """The headings that may be the headline, with their tags: none of a breadcrumb, of a link to the front page."""
        found = []
        site = {same(name) for name in self._site_names() if name}
        for heading in self.root.iter("h1", "h2"):
            text = _headline_of(heading)
            if text and same(text) not in site and not _leads_elsewhere(heading):
                found.append((heading.tag, text))
        return found

    @cached_method
    def _heading(self) -> str:
        """The headline as readers see it: the h1 that the title tag and its like know, else an h2 that they know.

        A heading that none of them knows is believed only if it is the only h1: it may be a ticker or another story's.
        """
        claimed = [
            self._without_site(self._title_tag()),
            self._without_site(self.metadata.first_meta("og:title")),
            clean(self.node.get("headline")),
            clean(self.node.get("alternativeHeadline")),
            *(text_of(e) for e in self.metadata.itemprops("headline")),
        ]
        claims = [same(text) for text in claimed if text]
        parts = {*claims, *(same(part) for text in claimed for part in _SEPARATOR.split(text))}
        headings = list(dict.fromkeys(self._headings()))
        h1s, h2s = ([text for name, text in headings if name == tag] for tag in ("h1", "h2"))
        for likely in (h1s, h2s):
            if exact := [text for text in likely if same(text) in parts and same(text) in claims]:
                return exact[0]
        for likely in (h1s, h2s):
            if known := [
                text for text in likely if len(same(text)) > 3 and any(same(text) in claim for claim in claims)
            ]:
                return max(known, key=len)
        return h1s[0] if len(h1s) == 1 else ""

    def _first_heading(self) -> str:
        return next((text for heading in self.root.iter("h1", "h2") if (text := text_of(heading))), "")

    def _site_names(self) -> Iterator[str]:
        yield self.metadata.first_meta("og:site_name")
        yield self.metadata.first_meta("application-name")
        publisher = self.metadata.resolve(next(iter(as_list(self.node.get("publisher"))), None))
        yield clean(publisher.get("name")) if isinstance(publisher, dict) else clean(publisher)
        host = (urlsplit(str(self.response.url)).hostname or "").removeprefix("www.")
        yield host
        yield host.rsplit(".", 1)[0]

    def _without_site(self, title: str) -> str:
        """The title without what sites put at its ends: their name, their sections."""
        shown = {same(text) for _, text in self._headings()}
        cuts = list(_SEPARATOR.finditer(title))
        for cut in cuts:  # a part that is a heading of the page is the headline
            for rest in (title[: cut.start()], title[cut.end() :]):
                if len(same(rest)) > 10 and same(rest) in shown:
                    return rest.strip()
        site = {same(name) for name in self._site_names() if name}

        def is_site(part: str) -> bool:
            key = same(part)
            return key in site or any(len(n) > 3 and key and (n in key or key in n) for n in site)

        while len(parts := _split_last(title)) == 2 and is_site(parts[1]):
            title = parts[0]
        first = _SEPARATOR.search(title)
        if first and same(title[: first.start()]) in site:
            title = title[first.end() :]
        return title

    @cached_method
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

    @cached_method
    def _paragraphs(self) -> list[str]:
        """What the page's main text is before repeats are taken off."""
        return paragraphs(self.root, str(self.response.url), title=self.title)

    def _standfirst_like(self, description: str) -> str | None:
        """The text of the element that shows this description (or its beginning) apart from the running text."""
        whole = same(description)
        start = same(description.rstrip("…. "))
        shown: list[tuple[int, HtmlElement, str]] = []
        for element, text, key in self._seen():
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
        for element, text, key in self._seen():
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
        return len(stems(text) & stems(" ".join([self.title, *self._paragraphs()]))) > 1

    def _declared_body(self) -> list[str]:
        text = self.node.get("articleBody")
        if not isinstance(text, str):
            return []
        text = re.sub(r"(?i)</?(?:p|br|div|h\d|li)\b[^>]*>", "\n", text)
        return [line for line in map(clean, re.split(r"\s*\n\s*", text)) if line]

    def _declared_authors(self) -> Iterator[str]:
        for author in as_list(self.node.get("author")) or as_list(self.node.get("creator")):
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
        for text in self._paragraphs()[:3]:
            if len(text) > 80:
                break
            name = _BY.sub("", text)
            capital = all(word[0] == word[0].upper() for word in name.split())
            if capital and _FULL_NAME.fullmatch(name) and (name != text or same(text) in bold):
                yield name

    def _meta_times(self, *names: str) -> Iterator[str]:
        return (value for name in names for value in self.metadata.meta.get(name, []))

    def _marked_times(self, name: str) -> Iterator[str]:
        return (e.get("content") or e.get("datetime") or text_of(e) for e in self.metadata.itemprops(name))

    def _visible_date(self) -> datetime | None:
        fetched: datetime = self.params.get("fetched") or now()
        found = find_date(
            self.root, url=str(self.response.url), original_date=True, max_date=fetched.date().isoformat()
        )
        return self.first_time([found])

    def _declared_images(self) -> list[Image]:
        images = []
        for value in as_list(self.node.get("image")):
            value = self.metadata.resolve(value)
            node: dict[str, Any] = value if isinstance(value, dict) else {"url": value}
            address = next((u for u in (node.get("url"), node.get("contentUrl")) if isinstance(u, str)), "")
            if url := self.metadata.absolute(address):
                caption, credit = _caption_and_credit(clean(node.get("caption")), _credit(node))
                images.append(
                    Image(
                        url=url,
                        caption=caption,
                        credit=credit,
                        width=_pixels(node.get("width")),
                        height=_pixels(node.get("height")),
                    )
                )
        # Several sizes of one picture are one picture: sites list them together.
        images = (
            images[:1] if len({_picture(i.url) for i in images}) > 1 and not any(i.caption for i in images) else images
        )
        if not images and (
            url := self.metadata.absolute(self.metadata.first_meta("og:image", "og:image:url", "twitter:image"))
        ):
            images.append(
                Image(
                    url=url,
                    width=_pixels(self.metadata.first_meta("og:image:width")),
                    height=_pixels(self.metadata.first_meta("og:image:height")),
                )
            )
        return images

    def _figures(self) -> Iterator[Image]:
        """The pictures of the article as readers see them: with what stands beside each."""
        for picture in self.root.xpath("//img[not(ancestor::aside or ancestor::nav or ancestor::footer)]"):
            frame = _frame(picture)
            url = self.metadata.absolute(_source(picture))
            if frame is None or not url:
                continue
            text = next((t for c in frame.iter("figcaption") if (t := text_of(c))), "") or _marked(frame, _CAPTION)
            if not text and not frame.xpath("ancestor::article or ancestor::main"):
                continue
            caption, credit = _caption_and_credit(text, _marked(frame, _CREDIT))
            yield Image(
                url=url,
                caption=caption,
                credit=credit,
                width=_pixels(picture.get("width")),
                height=_pixels(picture.get("height")),
            )


def _source(picture: HtmlElement) -> str:
    """The address of an ``<img>``, which may be loaded late by a script."""
    addresses = [(picture.get(name) or "").strip() for name in ("data-src", "data-original", "src")]
    return next((address for address in addresses if address and not address.startswith("data:")), "")


def _frame(picture: HtmlElement) -> HtmlElement | None:
    """The element that holds a picture and its caption: a figure, or a near ancestor with a part marked as caption."""
    figures = picture.xpath("ancestor::figure[1]")
    if figures:
        return None if figures[0].xpath("ancestor::a") else figures[0]
    for ancestor, _ in zip(picture.iterancestors("div", "section", "p"), range(3), strict=False):
        if len(ancestor.findall(".//img")) > 1 or ancestor.find(".//h1") is not None:
            return None
        if _marked(ancestor, _CAPTION):
            return ancestor
    return None


def _marked(frame: HtmlElement, pattern: re.Pattern[str]) -> str:
    """The text of the first part of a frame whose class or itemprop matches."""
    for part in frame.xpath(".//*[@class or @itemprop]"):
        if pattern.search(f"{part.get('class') or ''} {part.get('itemprop') or ''}") and (text := text_of(part)):
            return text
    return ""


def _together(elements: Iterable[HtmlElement]) -> list[HtmlElement]:
    """The first of some elements and those beside it: further ones belong to other stories."""
    found = list(elements)
    return [element for element in found if element.getparent() is found[0].getparent()]


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


def _picture(url: str) -> str:
    """What two sizes of one picture have in common: the file's name."""
    return re.sub(r"[?#].*", "", url).rstrip("/").rsplit("/", 1)[-1].casefold() or url


def _caption_and_credit(text: str, credit: str) -> tuple[str | None, str | None]:
    """Caption and credit apart, where the caption ends with its credit or with a copyright sign and a name."""
    if credit and text.endswith(credit):
        text = text[: -len(credit)]
    elif not credit and (mark := re.search(rf"\s*(?:©|{_CREDIT_WORDS})\s*(.{{2,100}})$", text, re.IGNORECASE)):
        text, credit = text[: mark.start()], mark[0]
    credit = re.sub(rf"^[\s|/(©]*(?:{_CREDIT_WORDS})?[\s©]*", "", credit, flags=re.IGNORECASE).strip(" )|")
    return text.strip(" |/(") or None, credit or None


def _credit(node: Node) -> str:
    for key in ("creditText", "copyrightNotice", "copyrightHolder", "author", "creator"):
        value = node.get(key)
        if name := clean(value.get("name") if isinstance(value, dict) else value):
            return name
    return ""


def _pixels(value: object) -> int | None:
    match = re.fullmatch(
        r"(\d{1,5})(?:\.0)?(?:px)?", str(value.get("value") if isinstance(value, dict) else value).strip()
    )
    return int(match[1]) if match and int(match[1]) > 0 else None

"""The page object for every site: what a page says for machines first, then what readers see.

A class for one site overrides the fields that are wrong there: see :mod:`crawlers.pages.tv5monde`.
"""

# web-poet's field(cached=True) has no types.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import attrs
from lxml.html import HtmlElement  # type: ignore[import-untyped]
from parsel import Selector
from web_poet import PageParams, WebPage, cached_method, field, handle_urls

from crawlers.pages.authors import Authors, people_among
from crawlers.pages.body import paragraphs, stems, without_repeats
from crawlers.pages.images import Images
from crawlers.pages.item import ArticleItem
from crawlers.pages.lead import Lead
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
from crawlers.pages.title import Title
from wirewatch.records import Hint, Image, now, utc_second

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
        titles = Title(self.root, self.metadata)
        return titles.best() or self.hint.title or titles.first_heading()

    @field(cached=True)
    def lead(self) -> str | None:
        """The standfirst: the description if readers see it apart from the text, else the element marked as one."""
        return Lead(self.root, self.metadata, self.title, self._paragraphs()).best()

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
        return self._authors[0]

    @property
    def credited(self) -> tuple[str, ...]:
        """Who else the page credits with the text: agencies, desks, the outlet, writers who only give a handle."""
        return self._authors[1]

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
        return Images(self.root, self.metadata).all()

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
        return people_among(names, self.metadata)

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

    @property
    @cached_method
    def _authors(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return Authors(self.root, self.metadata, self._paragraphs()).best

    @cached_method
    def _paragraphs(self) -> list[str]:
        """What the page's main text is before repeats are taken off."""
        return paragraphs(self.root, str(self.response.url), title=self.title)

    def _declared_body(self) -> list[str]:
        text = self.node.get("articleBody")
        if not isinstance(text, str):
            return []
        text = re.sub(r"(?i)</?(?:p|br|div|h\d|li)\b[^<>]*>", "\n", text)
        return [line for line in map(clean, text.split("\n")) if line]

    def _meta_times(self, *names: str) -> Iterator[str]:
        return (value for name in names for value in self.metadata.meta.get(name, []))

    def _marked_times(self, name: str) -> Iterator[str]:
        return (e.get("content") or e.get("datetime") or text_of(e) for e in self.metadata.itemprops(name))

    def _visible_date(self) -> datetime | None:
        from htmldate import find_date  # takes long to import, and the process that reads listings has no use for it

        fetched: datetime = self.params.get("fetched") or now()
        found = find_date(
            self.root, url=str(self.response.url), original_date=True, max_date=fetched.date().isoformat()
        )
        return self.first_time([found])

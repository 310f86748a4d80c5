"""The page object for every site: what a page says for machines first, then what readers see.

A class for one site overrides the fields that are wrong there: see :mod:`crawlers.pages.tv5monde`.
"""

# web-poet's field(cached=True) has no types.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import attrs
from lxml.html import HtmlElement  # type: ignore[import-untyped]
from parsel import Selector
from web_poet import PageParams, WebPage, cached_method, field, handle_urls

from crawlers.pages.access import Paywall
from crawlers.pages.authors import Authors
from crawlers.pages.body import Body, without_repeats
from crawlers.pages.choice import Choice
from crawlers.pages.dates import Dates
from crawlers.pages.images import Images
from crawlers.pages.item import ArticleItem
from crawlers.pages.labels import Labels
from crawlers.pages.language import Language
from crawlers.pages.lead import Lead
from crawlers.pages.live import LiveBlog, with_entries
from crawlers.pages.metadata import Metadata, Node, clean, text_of
from crawlers.pages.names import people_among
from crawlers.pages.quality import Quality
from crawlers.pages.title import Title
from wirewatch.records import Access, Hint, Image, Update, now


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
        """The headline on which two of heading, JSON-LD and og:title agree; the heading where all differ."""
        return self._titles.choice.value

    @field(cached=True)
    def lead(self) -> str | None:
        """The standfirst: the description if readers see it apart from the text, else what is set apart as one."""
        return self._leads.choice.value

    @field(cached=True)
    def body(self) -> str:
        """The text in paragraphs, without what other fields hold."""
        others = [*(self.lead or "").split("\n"), *self.captions_and_credits()]
        texts = with_entries(self._text.choice.value, self._live.entries.value)
        texts = without_repeats(texts, title=self.title, others=others, names=self.authors)
        return "\n\n".join(texts)

    @field(cached=True)
    def authors(self) -> tuple[str, ...]:
        """The people who wrote it, as JSON-LD names them, else meta tags, microdata, or a byline."""
        return self._authors.people.value

    @field
    def agencies(self) -> tuple[str, ...]:
        """Who else the page credits with the text: agencies, desks, the outlet, writers who only give a handle."""
        return self._authors.agencies.value

    @field(cached=True)
    def published(self) -> datetime | None:
        """When the site says it was published; never after it was fetched."""
        return self._dates.published.value

    @field
    def modified(self) -> datetime | None:
        """When the site says it was changed last; only if that is after its publication."""
        return self._dates.modified.value

    @field(cached=True)
    def language(self) -> str | None:
        """ISO 639-1 code of the language that the text is written in."""
        return self._language.choice.value

    @field
    def section(self) -> str | None:
        """The section as the site names it."""
        return self._labels.section.value

    @field
    def tags(self) -> tuple[str, ...]:
        """The keywords as the site gives them."""
        return self._labels.tags.value

    @field(cached=True)
    def images(self) -> tuple[Image, ...]:
        """The pictures with caption and credit: the cover first, in the copy that readers see if they see one."""
        return self._images.choice.value

    @field
    def access(self) -> Access:
        """Whether readers may read all of it."""
        return self._paywall.choice.value

    @field
    def updates(self) -> tuple[Update, ...]:
        """The entries of a live blog."""
        return self._live.entries.value

    @field
    def origins(self) -> dict[str, str]:
        """Where in the page each field was found that is not empty."""
        return {name: choice.origin for name, choice in self.choices().items() if choice.value and choice.origin}

    @field
    def problem(self) -> str | None:
        """Why this is no article; None if it is one: see :attr:`crawlers.pages.quality.Quality.problem`."""
        is_dated = bool(self.published or self.hint.published or self.hint.summary)
        return Quality(self.root, self.metadata, self.title, self.lead or "", self.body, is_dated).problem

    # Why the fields are as they are -------------------------------------------------------------

    def choices(self) -> dict[str, Choice[Any]]:
        """Each field with what it was chosen from. A field that a class for one site gives says so."""
        generic: dict[str, Choice[Any]] = {
            "url": Choice(self.metadata.canonical, "canonical"),
            "title": self._titles.choice,
            "lead": self._leads.choice,
            "body": self._text.choice,
            "authors": self._authors.people,
            "agencies": self._authors.agencies,
            "published": self._dates.published,
            "modified": self._dates.modified,
            "language": self._language.choice,
            "section": self._labels.section,
            "tags": self._labels.tags,
            "images": self._images.choice,
            "access": self._paywall.choice,
            "updates": self._live.entries,
        }
        return {name: self._own(name, choice) for name, choice in generic.items()}

    def _own(self, name: str, choice: Choice[Any]) -> Choice[Any]:
        """The choice with what the field has, which a class for one site may give otherwise."""
        giver = next(cls for cls in type(self).__mro__ if name in vars(cls))
        value = getattr(self, name)
        if giver is ArticlePage or value == choice.value:
            return replace(choice, value=value)
        return Choice(value, giver.__name__, "the page object of this site says so", choice.candidates)

    # Parts that site classes use too ------------------------------------------------------------

    def people(self, names: Iterable[str]) -> tuple[str, ...]:
        """The people among author strings: split, without "By", job titles, agencies, addresses and the site itself."""
        return people_among(names, self.metadata)

    def first_time(self, candidates: Iterable[object]) -> datetime | None:
        """The first candidate that is a time and not after the fetch: see :meth:`crawlers.pages.dates.Dates.moment`."""
        return next((moment for value in candidates if (moment := self._dates.moment(value))), None)

    def captions_and_credits(self) -> list[str]:
        """Texts that belong to pictures."""
        shown = [text for image in self.images for text in (image.caption, image.credit) if text]
        # Many sites write the caption under the picture again as its alternative text.
        alternatives = [clean(image.get("alt")) for image in self.root.iter("img") if len(image.get("alt") or "") > 30]
        return shown + [text_of(caption) for caption in self.root.iter("figcaption")] + alternatives

    # Who finds the fields -----------------------------------------------------------------------

    @property
    @cached_method
    def _titles(self) -> Title:
        return Title(self.root, self.metadata, self.hint)

    @property
    @cached_method
    def _text(self) -> Body:
        return Body(self.root, self.metadata, self.title)

    @property
    @cached_method
    def _leads(self) -> Lead:
        return Lead(self.root, self.metadata, self._titles.shown or self.title, self._text.choice.value)

    @property
    @cached_method
    def _authors(self) -> Authors:
        return Authors(self.root, self.metadata, self._text.choice.value)

    @property
    @cached_method
    def _dates(self) -> Dates:
        return Dates(self.root, self.metadata, self.hint, self.params.get("fetched") or now())

    @property
    @cached_method
    def _language(self) -> Language:
        return Language(self.root, self.metadata, "\n\n".join(filter(None, [self.title, self.lead, self.body])))

    @property
    @cached_method
    def _labels(self) -> Labels:
        return Labels(self.root, self.metadata, self.title)

    @property
    @cached_method
    def _images(self) -> Images:
        return Images(self.root, self.metadata)

    @property
    @cached_method
    def _paywall(self) -> Paywall:
        return Paywall(self.root, self.metadata, self.body)

    @property
    @cached_method
    def _live(self) -> LiveBlog:
        return LiveBlog(self.root, self.metadata)

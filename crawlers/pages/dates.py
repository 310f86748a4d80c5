"""When an article was published and when it was changed, from what the page says for machines, else for readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, parse_time, text_of, types_of
from wirewatch.records import Hint, utc_second

_SLIP = timedelta(hours=14)
"""The widest zone: a local time that is taken for UTC lies at most so far in the future."""
_PUBLISHED = (
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
)
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "last-modified", "dcterms.modified")


@dataclass(frozen=True)
class Dates:
    """Finds the times of a page's article."""

    root: HtmlElement
    metadata: Metadata
    hint: Hint
    fetched: datetime
    """No time of the article is later."""

    @cached_property
    def published(self) -> Choice[datetime | None]:
        """The first candidate that is a time; what a reader sees, where none is."""
        candidates = tuple(self._published())
        choice = self._first(candidates)
        if choice.value is None and (seen := self._visible()):
            return self._first((*candidates, seen))
        return choice

    @cached_property
    def modified(self) -> Choice[datetime | None]:
        """The first candidate that is a time, if it is after the publication."""
        choice = self._first(tuple(self._modified()))
        published = self.published.value
        if choice.value and published and choice.value > published:
            return choice
        return Choice(None, why="none is after the publication", candidates=choice.candidates)

    def moment(self, value: object) -> datetime | None:
        """The time that a text names, if the article can be of it.

        One that is a few hours ahead of the fetch is a local time without its zone: then the time of the fetch, which
        is the closest that is known to be possible.
        """
        moment = parse_time(value)
        return utc_second(min(moment, self.fetched)) if moment and moment <= self.fetched + _SLIP else None

    def _first(self, candidates: Iterable[Candidate[object]]) -> Choice[datetime | None]:
        given = tuple(candidate for candidate in candidates if candidate.value)
        for candidate in given:
            if moment := self.moment(candidate.value):
                return Choice(moment, candidate.origin, "it is the first that is a time", given)
        return Choice(None, candidates=given)

    def _published(self) -> Iterator[Candidate[object]]:
        yield Candidate(self.metadata.article.get("datePublished"), "json-ld datePublished")
        yield from self._meta(_PUBLISHED)
        yield from self._marked("datePublished")
        yield Candidate(self.metadata.article.get("dateCreated"), "json-ld dateCreated")
        for node, own in self.metadata.nodes:
            if own and "WebPage" in types_of(node):
                yield Candidate(node.get("datePublished"), "json-ld WebPage datePublished")
        for element in self.root.iterfind(".//time[@datetime]"):
            yield Candidate(element.get("datetime"), "time datetime")
        yield Candidate(self.hint.published and self.hint.published.isoformat(), "hint")

    def _modified(self) -> Iterator[Candidate[object]]:
        yield Candidate(self.metadata.article.get("dateModified"), "json-ld dateModified")
        yield from self._meta(_MODIFIED)
        yield from self._marked("dateModified")
        yield Candidate(self.hint.modified and self.hint.modified.isoformat(), "hint")

    def _meta(self, names: Iterable[str]) -> Iterator[Candidate[object]]:
        return (Candidate(value, f"meta {name}") for name in names for value in self.metadata.meta.get(name, []))

    def _marked(self, name: str) -> Iterator[Candidate[object]]:
        for element in self.metadata.itemprops(name):
            value = element.get("content") or element.get("datetime") or text_of(element)
            yield Candidate(value, f"itemprop {name}")

    def _visible(self) -> Candidate[object] | None:
        from htmldate import find_date  # takes long to import, and the process that reads listings has no use for it

        latest = self.fetched.date().isoformat()
        found = find_date(self.root, url=self.metadata.url, original_date=True, max_date=latest)
        return Candidate(found, "htmldate") if found else None

"""Under what a site files an article: its section and its tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, as_list, clean, same, text_of


@dataclass(frozen=True)
class Labels:
    """Finds the section and the tags of a page's article."""

    root: HtmlElement
    metadata: Metadata
    title: str

    @cached_property
    def section(self) -> Choice[str | None]:
        """The first candidate that is not the headline again."""
        candidates = tuple(Candidate(text, origin) for text, origin in self._sections() if text)
        for candidate in candidates:
            if same(candidate.value) != same(self.title):
                return Choice(candidate.value, candidate.origin, "it is the first and not the title", candidates)
        return Choice(None, candidates=candidates)

    @cached_property
    def tags(self) -> Choice[tuple[str, ...]]:
        """The keywords of the first place that has any."""
        candidates = []
        for source, origin in self._keywords():
            names = [
                clean(n.get("name")) if isinstance(n, dict) else clean(n) for n in map(self.metadata.resolve, source)
            ]
            parts = [part.strip() for name in names for part in re.split(r"[,;،、]", name)]
            if tags := tuple(dict.fromkeys(part for part in parts if part and ":" not in part)):
                candidates.append(Candidate(tags, origin))
        if not candidates:
            return Choice(())
        return Choice(candidates[0].value, candidates[0].origin, "it is the first place with tags", tuple(candidates))

    def _sections(self) -> Iterator[tuple[str, str]]:
        for value in as_list(self.metadata.article.get("articleSection")):
            yield clean(value), "json-ld articleSection"
        for name in ("article:section", "parsely-section", "section"):
            yield self.metadata.first_meta(name), f"meta {name}"
        for element in self.metadata.itemprops("articleSection"):
            yield text_of(element), "itemprop articleSection"
        for element in self.root.xpath("//*[contains(@class, 'breadcrumb')]//a")[1:]:
            yield text_of(element), "breadcrumb"

    def _keywords(self) -> Iterator[tuple[list[Any], str]]:
        meta = self.metadata.meta
        yield as_list(self.metadata.article.get("keywords")), "json-ld keywords"
        yield meta.get("article:tag", []), "meta article:tag"
        for name in ("news_keywords", "parsely-tags", "keywords"):
            yield meta.get(name, [])[:1], f"meta {name}"
        yield [clean(e.get("content")) or text_of(e) for e in self.metadata.itemprops("keywords")], "itemprop keywords"
        yield [text_of(e) for e in self.root.iterfind(".//a[@rel='tag']")], "a rel=tag"

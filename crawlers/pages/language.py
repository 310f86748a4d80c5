"""The language that an article is written in, which is not always what its template says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawlers.pages.choice import Candidate, Choice
from crawlers.pages.metadata import Metadata, as_list, clean
from wirewatch.language import detect, known


@dataclass(frozen=True)
class Language:
    """Finds the language of a page's article."""

    root: HtmlElement
    metadata: Metadata
    text: str
    """Title, lead and body."""

    @cached_property
    def choice(self) -> Choice[str | None]:
        """ISO 639-1 code of the language of the text; what the page declares decides where the text leaves doubt."""
        declared = tuple(self._declared())
        codes = [candidate.value for candidate in declared]
        if not any(letter.isalpha() for letter in self.text):
            code = next(filter(None, map(known, codes)), None)
            return Choice(code, next((c.origin for c in declared if known(c.value) == code), ""), "", declared)
        code = detect(self.text, *codes)
        why = "the text is written in it" + (", as the page says" if code in map(known, codes) else "")
        return Choice(code, "text", why, (*declared, Candidate(code, "text")))

    def _declared(self) -> Iterator[Candidate[str]]:
        for name in ("lang", "{http://www.w3.org/XML/1998/namespace}lang", "xml:lang"):
            yield from self._code(self.root.get(name), f"html {name[-8:]}")
        for link in self.root.iterfind(".//link[@hreflang]"):
            if self.metadata.absolute(link.get("href") or "") in (self.metadata.url, self.metadata.canonical):
                yield from self._code(link.get("hreflang"), "link hreflang")
        for value in as_list(self.metadata.article.get("inLanguage")):
            code = value.get("alternateName") if isinstance(value, dict) else value
            yield from self._code(code, "json-ld inLanguage")
        for name in ("content-language", "og:locale", "dc.language", "language"):
            yield from self._code(self.metadata.first_meta(name), f"meta {name}")

    @staticmethod
    def _code(value: object, origin: str) -> Iterator[Candidate[str]]:
        code = re.split(r"[-_]", clean(value).lower())[0]
        if re.fullmatch("[a-z]{2,3}", code):
            yield Candidate(code, origin)

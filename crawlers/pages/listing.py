"""What the page objects of feeds, sitemaps and section pages share.

A site whose listing is different gets its own, in a file of its own in this folder::

    @handle_urls("example.org", instead_of=SectionPage)
    class ExampleSection(SectionPage):
        ...
"""

from __future__ import annotations

import re
import zlib

from crawlers.pages.charset import encoding_of
from crawlers.pages.metadata import clean

LONGEST_TEXT = 20_000
"""Characters of a title or summary that are read: some feeds carry whole articles."""
MOST_UNPACKED = 50 * 2**20
"""Bytes of a gzipped listing after unpacking: the limit of sitemaps.org."""


def plain(markup: str | None) -> str | None:
    """Plain text of a piece of HTML, in one line; None if there is none."""
    return clean((markup or "")[:LONGEST_TEXT]) or None


def text_of_listing(body: bytes, headers: list[tuple[str, str]]) -> str:
    """The text of a feed or sitemap, whatever its packing and charset, without the control characters that XML forbids:
    a stray NUL byte does not cost the rest.

    What is packed and cannot be unpacked is empty.
    """
    if body[:2] == b"\x1f\x8b":
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, MOST_UNPACKED)
        except zlib.error:
            return ""
    return _FORBIDDEN.sub("", body.decode(encoding_of(body, headers), "replace")).lstrip("\ufeff \t\r\n")


_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def harmless_xml(text: str, *roots: str) -> str:
    """The document from its root element on, which has one of the names; empty if there is none.

    An XML document declares its entities, and the files it includes, before its root element and nowhere else. What is
    cut off so has none, however a parser is set up.
    """
    found = re.search(rf"<(?:[\w.-]+:)?(?:{'|'.join(roots)})[\s/>]", text, re.IGNORECASE)
    return text[found.start() :] if found else ""

"""Atom feeds (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from wirewatch.records import SourceRef

MEDIA_TYPE = "application/atom+xml; charset=utf-8"


@dataclass(frozen=True)
class Entry:
    """An entry of a feed; times as RFC 3339 writes them."""

    id: str
    title: str
    link: str
    updated: str
    published: str = ""
    authors: Sequence[str] = ()
    categories: Sequence[str] = ()
    summary: str = ""
    html: str = ""
    """What it says, instead of a summary."""
    language: str = ""
    source: SourceRef | None = None


def feed(entries: Iterable[Entry], id: str, title: str, updated: str, own: str = "") -> Iterator[str]:
    """A feed, piece by piece; ``own`` is its address."""
    yield (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{_xml(title)}</title>\n<id>{_xml(id)}</id>\n"
    )
    if own:
        yield f'<link rel="self" href={quoteattr(_valid(own))}/>\n'
    yield f"<updated>{updated}</updated>\n<generator>Wirewatch</generator>\n"
    for entry in entries:
        yield "".join(_pieces(entry))
    yield "</feed>\n"


def _pieces(entry: Entry) -> Iterator[str]:
    language = f" xml:lang={quoteattr(entry.language)}" if entry.language else ""
    yield f"<entry{language}>\n<title>{_xml(entry.title)}</title>\n<id>{_xml(entry.id)}</id>\n"
    if entry.link:
        yield f'<link rel="alternate" href={quoteattr(_valid(entry.link))}/>\n'
    yield f"<updated>{_xml(entry.updated)}</updated>\n"
    if entry.published:
        yield f"<published>{_xml(entry.published)}</published>\n"
    for author in entry.authors:
        yield f"<author><name>{_xml(author)}</name></author>\n"
    for term in entry.categories:
        yield f"<category term={quoteattr(_valid(term))}/>\n"
    if entry.summary:
        yield f"<summary>{_xml(entry.summary)}</summary>\n"
    if entry.html:
        yield f'<content type="html">{_xml(entry.html)}</content>\n'
    if entry.source:
        id, name = _xml(entry.source.id), _xml(entry.source.name)
        yield f"<source><id>https://{id}/</id><title>{name}</title></source>\n"
    yield "</entry>\n"


def _xml(text: str) -> str:
    return escape(_valid(text))


def _valid(text: str) -> str:
    """Without the characters that XML cannot have."""
    return re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)

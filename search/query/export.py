"""All hits of a search as a file: JSON lines, CSV for a spreadsheet, or an Atom feed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from search import atom
from search.query.answer import Hit
from wirewatch.records import now

Format = Literal["jsonl", "csv", "atom"]
MEDIA_TYPES: dict[Format, str] = {
    "jsonl": "application/jsonl; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
}
COLUMNS = (
    "id", "published", "title", "lead", "url", "source", "source_name", "source_country", "language", "countries",
    "regions", "topics", "people", "organizations", "story_id", "duplicate_of", "gone", "score", "concepts", "words",
)  # fmt: skip
"""Of the CSV; several values of one cell stand apart by "; "."""

_Hits = Iterable[tuple[Hit, dict[str, Any]]]


def written(hits: _Hits, format: Format, title: str) -> Iterator[str]:
    """A file, piece by piece.

    Args:
        hits: with their documents, as :func:`search.query.all_hits` gives them.
        format: ``jsonl`` has an object a line, a hit with the article's ``body``, ``authors``, ``modified`` and
            ``images`` besides; ``csv`` has the :data:`COLUMNS`, after a byte order mark, by which Excel knows UTF-8;
            ``atom`` has an entry for each hit, with its lead.
        title: of the feed.
    """
    return _WRITERS[format](hits, title)


_OF_DOCUMENT = ("body", "authors", "modified", "images")


def _jsonl(hits: _Hits, _: str) -> Iterator[str]:
    for hit, document in hits:
        line = hit.model_dump(mode="json", exclude={"fragments", "copies", "story"}, exclude_none=True)
        line |= {name: document[name] for name in _OF_DOCUMENT if name in document}
        yield json.dumps(line, ensure_ascii=False) + "\n"


def _csv(hits: _Hits, _: str) -> Iterator[str]:
    yield "\ufeff" + _row(COLUMNS)
    for hit, _document in hits:
        yield _row([_cell(value) for value in _values(hit)])


def _values(hit: Hit) -> Iterator[object]:
    shown: dict[str, object] = {
        "source": hit.source.id,
        "source_name": hit.source.name,
        "source_country": hit.source.country,
        "concepts": tuple(concept.label for concept in hit.concepts),
        "score": f"{hit.score:.3f}",
    }
    return (shown.get(column, getattr(hit, column, None)) for column in COLUMNS)


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        value = "; ".join(map(str, value))
    elif isinstance(value, datetime):
        value = value.isoformat()
    text = "" if value is None else str(value)
    # A spreadsheet would take it for a formula, and the text is a stranger's.
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _row(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _atom(hits: _Hits, title: str) -> Iterator[str]:
    entries = (_entry(hit, document) for hit, document in hits)
    return atom.feed(entries, f"urn:wirewatch:search:{quote(title)}", title, now().isoformat())


def _entry(hit: Hit, document: dict[str, Any]) -> atom.Entry:
    return atom.Entry(
        id=f"urn:wirewatch:article:{hit.id}",
        title=hit.title,
        link=hit.url,
        updated=document.get("modified") or document.get("published") or document["fetched"],
        published=hit.published.isoformat() if hit.published else "",
        authors=document.get("authors") or [hit.source.name],
        categories=(*hit.countries, *hit.topics),
        summary=hit.lead or "",
        language=hit.language or "",
        source=hit.source,
    )


_WRITERS: dict[Format, Callable[[_Hits, str], Iterator[str]]] = {"jsonl": _jsonl, "csv": _csv, "atom": _atom}

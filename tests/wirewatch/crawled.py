"""Batches of one site's crawls, written by hand, for tests of the crawl state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.records import (
    BLOCKS,
    EXTRACTIONS,
    HABITS,
    POSTPONED,
    Article,
    Blocks,
    Extraction,
    Habit,
    Page,
    PageKind,
    PageOutcome,
    Postponed,
    Record,
    SourceRef,
    article_id,
    content_version,
)
from wirewatch.state import State
from wirewatch.state_tables import StateTable
from wirewatch.storage import file_system

SOURCE = SourceRef(id="example.org", name="Example", country="FR")
NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
URL = "https://example.org/a"
FEED = "https://example.org/feed"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FILES: dict[str, dict[type[Record], str]] = {
    "pages": {Postponed: POSTPONED},
    "articles": {Extraction: EXTRACTIONS, Blocks: BLOCKS, Habit: HABITS},
}


def page(url: str = URL, after: timedelta = timedelta(0), **fields: Any) -> Page:
    """A page fetched so long after noon."""
    given = {"source": SOURCE, "kind": PageKind.ARTICLE, "outcome": PageOutcome.FETCHED, **fields}
    return Page(url=url, fetched=NOON + after, **given)


def unchanged(url: str = URL, after: timedelta = timedelta(0), **fields: Any) -> Page:
    return page(url, after, outcome=PageOutcome.UNCHANGED, **fields)


def failed(reason: str = "http-500", url: str = URL, after: timedelta = timedelta(0), **fields: Any) -> Page:
    return page(url, after, outcome=PageOutcome.FAILED, reason=reason, **fields)


def listing(after: timedelta = timedelta(0), **fields: Any) -> Page:
    return page(FEED, after, kind=PageKind.LISTING, **fields)


def article(body: str, url: str = URL, after: timedelta = timedelta(0), **fields: Any) -> Article:
    given = {"first_seen": NOON + after, "source": SOURCE, **fields}
    version = content_version("Title", None, body)
    moment = NOON + after
    return Article(id=article_id(url), url=url, title="Title", body=body, fetched=moment, version=version, **given)


def extraction(outcome: str, url: str = URL, of: str | None = None) -> Extraction:
    found = None if outcome == "failed" else article_id(of or url)
    return Extraction(url=url, source=SOURCE.id, outcome=outcome, article=found)  # type: ignore[arg-type]


def blocks(url: str = URL, after: timedelta = timedelta(0), *hashes: str) -> Blocks:
    return Blocks(
        article=article_id(url), source=SOURCE.id, first_seen=NOON + after, title=article_id(url)[:12], blocks=hashes
    )


def habit(block: str, after: timedelta = timedelta(0), text: str = "Follow us") -> Habit:
    return Habit(source=SOURCE.id, block=block, text=text, at=NOON + after)


def write(root: str, stage: str, name: str, *records: Record) -> None:
    with batches.write(Batch(root, stage, name)) as out:
        for record in records:
            if type(record) not in FILES[stage]:
                out.add(record)
        for kind, file in FILES[stage].items():
            lines = [record.model_dump_json() + "\n" for record in records if isinstance(record, kind)]
            with file_system(f"{root}/{stage}/{name}/{out.place(file)}") as (fs, path):
                fs.pipe_file(path, "".join(lines).encode())


def rows(state: State) -> dict[str, list[tuple[Any, ...]]]:
    """All that is in the database."""
    with state.engine.connect() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
            for name, table in StateTable.metadata.tables.items()
        }

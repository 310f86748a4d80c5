"""Invented runs of two sources, as the stages up to the alerts leave them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wirewatch.batches import Batch, write
from wirewatch.records import EXTRACTIONS, Extraction, Page, PageKind, PageOutcome
from wirewatch.sources import Source

POST = Source(name="Post", domain="post.example", country="NG", languages=("en",), feeds=("https://post.example/feed",))
WIRE = Source(name="Wire", domain="wire.example", country="KE", languages=("en",), feeds=("https://wire.example/feed",))
NIGHT = datetime(2026, 11, 1, 2, tzinfo=UTC)


def name_of(night: int, group: str = "g00") -> str:
    return f"{NIGHT + timedelta(days=night):%Y%m%dT%H%M%SZ}-3f9a01-{group}"


def listing(source: Source, new: int = 0, reason: str | None = None) -> Page:
    outcome = PageOutcome.FAILED if reason else PageOutcome.FETCHED
    return page(source, source.feeds[0], outcome, reason, PageKind.LISTING).model_copy(
        update={"entries": 20, "new": new}
    )


def page(
    source: Source,
    url: str,
    outcome: PageOutcome = PageOutcome.FETCHED,
    reason: str | None = None,
    kind: PageKind = PageKind.ARTICLE,
) -> Page:
    return Page(
        url=url,
        source=source.ref,
        kind=kind,
        outcome=outcome,
        reason=reason,
        fetched=NIGHT,
        bytes=1000,
        seconds=0.25,
    )


def made(source: Source, url: str, outcome: str = "new", **more: object) -> Extraction:
    told: dict[str, object] = {"url": url, "source": source.domain, "outcome": outcome, "article": "a"}
    if outcome not in ("failed", "gone"):
        told["fields"] = ("title", "body", "lead")
    return Extraction.model_validate(told | more)


def alerted(root: Path, name: str, pages: Iterable[Page], extractions: Iterable[Extraction] = ()) -> Batch:
    """The batches of a run up to the alerts."""
    run = Batch(root.as_uri(), "alerted", name)
    with write(run.next("pages")) as out:
        for found in pages:
            out.add(found)
    lines = root / "lines.jsonl"
    lines.write_text("".join(line.model_dump_json() + "\n" for line in extractions))
    with write(run.next("articles")) as out:
        out.add_file(EXTRACTIONS, lines)
    with write(run):
        pass
    return run


def an_ordinary_night(
    root: Path, night: int, new: int, sources: Iterable[Source] = (POST, WIRE), group: str = "g00"
) -> Batch:
    urls = [(source, f"https://{source.domain}/{night}/{number}") for source in sources for number in range(new)]
    return alerted(
        root,
        name_of(night, group),
        [*(listing(source, new) for source in sources), *(page(source, url) for source, url in urls)],
        [made(source, url) for source, url in urls],
    )

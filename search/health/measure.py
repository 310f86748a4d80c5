"""The health stage: what each source's part in a run came to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch, helpers

from search import index
from search.client import AGAIN, connect, failure, plain_errors
from search.health.history import INDEX, REFUSALS, examine
from wirewatch.batches import Batch, write
from wirewatch.errors import UserError
from wirewatch.records import (
    EXTRACTIONS,
    Extraction,
    ListingHealth,
    Page,
    PageKind,
    PageOutcome,
    SourceHealth,
    SourceRef,
)
from wirewatch.settings import get_settings
from wirewatch.sources import Source, load_sources


def health(
    batch: Batch,
    *,
    sources: Iterable[Source] | None = None,
    client: Elasticsearch | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Batch:
    """Measure the sources of a run: a batch of :class:`SourceHealth`, and a document of :data:`INDEX` for each.

    The manifest counts the sources that were ``measured``, and those of them that are ``not-well`` now. A source of
    which nothing was asked in this run has no record. A replay asked nobody, so its batch is empty.

    Args:
        batch: of the stage ``alerted``. What is measured are the pages and extractions of the same name.
        sources: instead of the catalogue that the settings name.
        client: instead of the one that the settings name.
        progress: told how many sources are measured, and of how many.

    Raises:
        UserError: Elasticsearch does not answer or refuses. Run it again then: nothing is counted twice.
    """
    written = batch.next("health")
    if written.exists():
        return written
    with plain_errors(), write(written) as out:
        records = measure(batch)
        for record in records:
            out.add(record)
            out.count("measured")
        if records:
            client = client or connect()
            _store(client, records)
            measured = {record.source.id for record in records}
            catalogue = load_sources(get_settings().sources) if sources is None else sources
            states = examine(client, [source for source in catalogue if source.domain in measured])
            if sick := sum(bool(state.verdicts) for state in states):
                out.count("not-well", sick)
        if progress:
            progress(len(records), len(records))
    return written


def measure(batch: Batch) -> list[SourceHealth]:
    """How each source did of which something was asked in the run of this name, by domain."""
    pages, articles = batch.next("pages"), batch.next("articles")
    if not pages.exists():  # a replay, or its archive was removed
        return []
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    removed = set()
    for extraction in articles.lines(Extraction, EXTRACTIONS):
        tallies[extraction.source].extracted(extraction)
        if extraction.outcome in ("gone", "duplicate") and not extraction.fields:
            removed.add(extraction.url)
    refs: dict[str, SourceRef] = {}
    for page in pages.read(Page):
        refs[page.source.id] = page.source
        tallies[page.source.id].asked(page, is_removed=page.url in removed)
    begun = datetime.strptime(batch.name[:16], "%Y%m%dT%H%M%S%z")  # see run_name
    return [tallies[id].record(batch.name, refs[id], begun) for id in sorted(refs)]


@dataclass
class _Tally:
    """Counts for one source, under the names that :class:`SourceHealth` gives them."""

    counts: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    listings: list[ListingHealth] = field(default_factory=list)

    def asked(self, page: Page, is_removed: bool) -> None:
        """Count a request."""
        self.counts["requests"] += 1
        self.counts["bytes"] += page.bytes
        self.seconds += page.seconds
        if page.kind is PageKind.LISTING:
            listed = {name: getattr(page, name) for name in ListingHealth.model_fields}
            self.listings.append(ListingHealth.model_validate(listed))
        elif page.kind is PageKind.ARTICLE and page.outcome is PageOutcome.FETCHED:
            self.counts["pages"] += 1
        if page.outcome is PageOutcome.UNCHANGED:
            self.counts["unchanged"] += 1
        elif page.outcome is PageOutcome.FAILED and not is_removed:
            self._failed(page.reason)

    def extracted(self, extraction: Extraction) -> None:
        """Count what became of a page."""
        outcome = "duplicates" if extraction.outcome == "duplicate" else extraction.outcome
        if outcome == "failed":
            self._failed(extraction.reason)
        elif outcome in ("new", "updated", "unchanged", "duplicates", "gone"):
            self.counts[outcome] += 1
        if extraction.extracted_from == "feed":
            self.counts["from_feed"] += 1
        elif extraction.fields:  # what is known to be gone or back without its page being read has none
            self.counts["articles"] += 1
            self.fields.update(extraction.fields)

    def _failed(self, reason: str | None) -> None:
        self.failed[reason or "unknown"] += 1
        self.counts["refused"] += reason in REFUSALS

    def record(self, run: str, source: SourceRef, at: datetime) -> SourceHealth:
        """What was counted."""
        return SourceHealth(
            id=f"{run}/{source.id}",
            run=run,
            source=source,
            at=at,
            failed=dict(sorted(self.failed.items())),
            fields=dict(sorted(self.fields.items())),
            seconds=round(self.seconds, 3),
            listings=tuple(self.listings),
            **self.counts,
        )


def document(record: SourceHealth) -> dict[str, Any]:
    """What the index holds: the record, and the shares that Kibana cannot compute from it."""
    shares = {name: number / record.articles for name, number in record.fields.items()} if record.articles else {}
    if record.pages:
        shares["extraction"] = record.articles / record.pages
    return {**record.model_dump(mode="json"), "yield": {name: round(share, 4) for name, share in shares.items()}}


def _store(client: Elasticsearch, records: Iterable[SourceHealth]) -> None:
    """Write the documents, over those that a killed try may have written."""
    index.init(client)
    actions: Iterator[dict[str, Any]] = (
        {"_op_type": "index", "_index": INDEX, "_id": record.id, "_source": document(record)} for record in records
    )
    for ok, item in helpers.streaming_bulk(client, actions, raise_on_error=False, max_retries=5):
        if not ok:
            why = failure(item["index"]["error"])
            raise UserError(f"Elasticsearch does not take the health of a source ({why}). {AGAIN}")
    client.indices.refresh(index=INDEX)

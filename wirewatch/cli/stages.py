"""The stages of an article's way, each as a command, and all of them at once: ``wirewatch run``."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from functools import partial
from typing import Annotated

import typer
from rich.table import Table

from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.cli.console import console, progress
from wirewatch.errors import UserError
from wirewatch.records import now
from wirewatch.settings import get_settings
from wirewatch.sources import choose, load_sources

Only = Annotated[list[str] | None, typer.Option("--source", help="Only this source (its domain); may be repeated.")]


def crawl(only: Only = None) -> list[Batch]:
    """Visit the sources and archive what is new: writes a batch of pages."""
    from crawlers.crawl import crawl as crawl_group
    from crawlers.plan import plan

    settings = get_settings()
    run = batches.run_name(now(), secrets.token_hex())
    written = []
    # One process follows all sites at once; more groups serve to spread them over machines (see dags/).
    for group in plan(choose(load_sources(settings.sources), only), groups=1):
        with progress("crawl") as move:
            written.append(crawl_group(group, run, progress=move))
    return written


def extract() -> list[Batch]:
    """Cut articles out of the archived pages that were not extracted yet."""
    from crawlers.extract import extract as stage

    return _each_pending("articles", "extract", stage)


def enrich() -> list[Batch]:
    """Find languages, names, countries and topics in the articles that were not enriched yet."""
    from enrichment.enrich import enrich as stage

    return _each_pending("enriched", "enrich", stage)


def index() -> list[Batch]:
    """Index the enriched articles that are not in Elasticsearch yet."""
    from search.index import index as stage

    return _each_pending("indexed", "index", stage)


def alert() -> list[Batch]:
    """Match the alerts against what was indexed since the last time, and tell."""
    from search.alerts.match import alert as stage

    return _each_pending("alerted", "alert", stage)


def _each_pending(stage: str, name: str, work: Callable[..., Batch]) -> list[Batch]:
    done = []
    for batch in batches.pending(get_settings().batches, stage):
        with progress(name) as move:
            done.append(work(batch, progress=move))
    return done


def run(only: Only = None) -> None:
    """Go the whole way once: crawl, extract, enrich, index, alert; then print what happened.

    Whatever an earlier run left undone, because it was stopped or failed, is done too.
    """
    written: list[Batch] = []
    try:
        go_the_whole_way(only, written)
    finally:
        if written:
            summarize(written)


def go_the_whole_way(only: Iterable[str] | None, written: list[Batch]) -> None:
    """Do all stages, and add the batches of each to ``written`` when the stage is done.

    Raises:
        UserError: a stage could not do its work; what was done until then is kept.
    """
    from search.alerts.alert import load_alerts
    from search.client import connect

    # What would stop the last stages is found before the first one begins.
    connect()
    load_alerts(get_settings().alerts)
    try:
        for stage in (partial(crawl, list(only or ())), extract, enrich, index, alert):
            written += stage()
    except UserError as error:
        raise UserError(f"{error}\nWhat was done until then is kept: `wirewatch run` goes on from there.") from None


def summarize(written: Iterable[Batch]) -> None:
    """Print the table of what a run did."""
    by_stage: dict[str, list[Batch]] = {stage: [] for stage in batches.STAGES}
    for batch in written:
        by_stage[batch.stage].append(batch)
    counts = {stage: batches.total(found) for stage, found in by_stage.items()}
    pages, articles, enriched, indexed, alerted = (counts[stage] for stage in batches.STAGES)
    table = Table(title="What this run did", title_justify="left", show_header=False)
    rows = [
        ("fetched", pages.get("fetched", 0), "article pages"),
        ("new", articles.get("new", 0), "articles"),
        ("updated", articles.get("updated", 0), "articles with another text than before"),
        ("duplicate", articles.get("duplicate", 0), "pages of an article that was there already"),
        ("unchanged", pages.get("unchanged", 0) + articles.get("unchanged", 0), "feeds and pages as they were"),
        *(
            (f"failed: {reason.removeprefix('failed:')}", number, f"in {stage}")
            for stage, found in counts.items()
            for reason, number in found.items()
            if reason.startswith("failed:")
        ),
        ("enriched", enriched.get("enriched", 0), "articles"),
        ("indexed", indexed.get("created", 0) + indexed.get("updated", 0), "articles"),
        ("alerted", alerted.get("told", 0), "notices"),
        *(
            (f"broken: {name.removeprefix('broken:')}", number, "the alert's query cannot be read")
            for name, number in alerted.items()
            if name.startswith("broken:")
        ),
    ]
    for row in rows:
        table.add_row(row[0], str(row[1]), row[2])
    console.print(table)


def show_batches() -> None:
    """List the batches of every stage, with their counts."""
    root = get_settings().batches
    table = Table("stage", "batch", "records", "what happened")
    for stage in batches.STAGES:
        for batch in batches.finished(root, stage):
            manifest = batch.manifest()
            table.add_row(
                stage, batch.name, str(manifest.records), ", ".join(f"{k} {v}" for k, v in manifest.counts.items())
            )
    console.print(table)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("run")(run)
    app.command("crawl")(crawl)
    app.command("extract")(extract)
    app.command("enrich")(enrich)
    app.command("batches")(show_batches)

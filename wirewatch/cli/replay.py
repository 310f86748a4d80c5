"""``wirewatch replay``: a stage's work, and that of those after it, done once more on some days."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import typer
from rich.table import Table

from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.cli.console import console, progress, say
from wirewatch.cli.options import Only
from wirewatch.cli.stages import summarize
from wirewatch.records import now
from wirewatch.replay import Stage, Taken, choose, rows, stopped
from wirewatch.work import each

DAY = ["%Y-%m-%d"]


def replay(
    first: Annotated[datetime, typer.Option("--from", formats=DAY, metavar="DATE", help="The first day (UTC).")],
    last: Annotated[datetime, typer.Option("--to", formats=DAY, metavar="DATE", help="The last day, included.")],
    only: Only = None,
    stage: Annotated[Stage, typer.Option(help="The first stage that is done once more; the later ones follow.")] = (
        Stage.EXTRACT
    ),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be done, and do nothing.")] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="From the beginning, though the same replay was stopped halfway.")
    ] = False,
) -> None:
    """Make the articles of some days once more from the archive, and bring them into the index: nobody is told.

    For after something was mended. From `extract` the archived pages are cut anew (a page object was mended), from
    `enrich` the articles are enriched anew (a topic was added), from `index` what was enriched is indexed again (the
    index has lost something). Nothing counts as changed by its site. One that was stopped goes on where it was.
    """
    taken = choose(first.date(), last.date(), stage, only or ())
    if dry_run:
        console.print(table(taken, stage))
        return
    key = f"{stage} {first:%Y%m%d} {last:%Y%m%d} {' '.join(sorted(only or ()))}"
    run = None if anew else stopped(key, taken)
    if run:
        say(f"The replay that was begun as {run} goes on; `--anew` begins it from the start.")
    summarize(go_through(taken, stage, only or (), run or batches.run_name(now(), key)))


def go_through(taken: Sequence[Taken], stage: Stage, only: Collection[str], run: str) -> list[Batch]:
    """Bring each batch through the stages before the next one is begun; returns those that were written. Where another
    run is at one, as `wirewatch run` may be, that is waited for.
    """
    written = []
    for one in taken:
        anew = one.batch.replayed(run)
        for at in stage.onwards:
            # What follows works on what was made anew.
            first = {"replay": run, "only": only} if at is stage else {}
            written += each(at.makes, partial(_work, at, one, first), [anew.next(at.reads)], wait=True)
    return written


def _work(stage: Stage, one: Taken, first: dict[str, Any], anew: Batch) -> Batch:
    with progress(f"{stage} {one.day}") as move:
        return work_of(stage)(one.batch if first else anew, progress=move, **first)


def work_of(stage: Stage) -> Callable[..., Batch]:
    """The function that does a stage's work on a batch."""
    if stage is Stage.EXTRACT:
        from crawlers.extract import extract

        return extract
    if stage is Stage.ENRICH:
        from enrichment.enrich import enrich

        return enrich
    from search.index import index

    return index


def table(taken: Sequence[Taken], stage: Stage) -> Table:
    """What a replay would take, batch by batch and in all."""
    what = "pages" if stage is Stage.EXTRACT else "articles"
    shown = Table("day", "batch", what, "sources", title=f"To be replayed from {stage}", title_justify="left")
    for row in rows(taken):
        shown.add_row(*row)
    return shown


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(replay)

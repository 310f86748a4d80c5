"""The stages of an article's way, each as a command, and all of them at once: ``wirewatch run``."""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Annotated, ParamSpec

import typer
from rich.markup import escape
from rich.table import Column, Table

from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.cli import pages
from wirewatch.cli.console import console, progress, say
from wirewatch.cli.options import Only, Tiers
from wirewatch.errors import Unavailable, UserError
from wirewatch.records import Meaning, now
from wirewatch.settings import get_settings
from wirewatch.sources import choose, load_sources
from wirewatch.work import each

P = ParamSpec("P")
Tell = Annotated[
    bool, typer.Option("--tell", help="Of what a replay brought into the index too: usually nobody hears.")
]
Due = Annotated[bool, typer.Option("--due", help="Only listings that are due, by their tier and by what they bring.")]


def crawl(only: Only = None, tier: Tiers = None, due: Due = False) -> list[Batch]:
    """Visit the sources and archive what is new: writes a batch of pages."""
    from crawlers.crawl import crawl as crawl_group
    from crawlers.plan import due as due_of
    from crawlers.plan import plan

    sources = [
        source for source in choose(load_sources(get_settings().sources), only) if not tier or source.tier in tier
    ]
    if due:
        sources = due_of(sources)
    run = batches.run_name(now(), secrets.token_hex())
    written = []
    # One process follows all sites at once; more groups serve to spread them over machines (see dags/).
    for group in plan(sources, groups=1):
        with progress("crawl") as move:
            written.append(crawl_group(group, run, due=due, progress=move))
    return written


def extract() -> list[Batch]:
    """Cut articles out of the archived pages that were not extracted yet."""
    from crawlers.extract import extract as stage

    return _each_pending("articles", "extract", stage)


def extract_or_explain(
    page: Annotated[str | None, typer.Argument(help="A page's address, or a file. Without one: the stage.")] = None,
    url: Annotated[str | None, typer.Option(help="The address that the file was saved from.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Each field's candidates, and why one won.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Cut articles out of the archived pages that were not extracted yet; or out of one page, and show it."""
    if page:
        pages.show(page, url, explain, as_json)
    elif url or explain or as_json:
        raise UserError("--url, --explain and --json want a page: wirewatch extract URL|FILE --explain")
    else:
        summarize(extract())


def enrich() -> list[Batch]:
    """Find languages, names, countries and topics in the articles that were not enriched yet."""
    from enrichment.enrich import enrich as stage

    return _each_pending("enriched", "enrich", stage)


def index() -> list[Batch]:
    """Index the enriched articles that are not in Elasticsearch yet."""
    from search.index import index as stage

    return _each_pending("indexed", "index", stage)


def alert(tell: Tell = False) -> list[Batch]:
    """Ask the alerts what they have to tell of what was indexed since the last time; `wirewatch deliver` sends it."""
    from search.alerts.match import alert as stage

    sync()
    return _each_pending("alerted", "alert", partial(stage, tell=tell))


def sync() -> Counter[str]:
    """Make the alerts from Kibana those that its saved searches are now; says how many were added, changed …"""
    from search.alerts.kibana.take_over import take_over

    def understand(sentence: str) -> Meaning:
        from enrichment.query import understand

        return understand(sentence)

    return take_over(understand)


def deliver() -> None:
    """Send the notices that are due, and those again that a channel did not take. Run it every few minutes."""
    from search.alerts.deliver import deliver as stage

    with console.status("Delivering"):
        counts = stage()
    for state, what in DELIVERED.items():
        if counts[state]:
            say(f"{what}: {counts[state]}")


def health() -> list[Batch]:
    """Measure how the sources did, and tell the operator, once a day, of those that are not well."""
    from search.health.digest import send_digest
    from search.health.measure import health as stage

    done = _each_pending("health", "health", stage)
    if not all(batch.is_replay for batch in done):  # a replay tells nobody
        send_digest()
    return done


def _each_pending(stage: str, name: str, work: Callable[..., Batch]) -> list[Batch]:
    def shown(batch: Batch) -> Batch:
        with progress(name) as move:
            return work(batch, progress=move)

    return each(stage, shown, batches.pending(get_settings().batches, stage))


def run(only: Only = None, tier: Tiers = None, due: Due = False) -> None:
    """Go the whole way once: crawl, extract, enrich, index, alert, deliver, health; then print what happened.

    Whatever an earlier run left undone, because it was stopped or failed, is done too.
    """
    written: list[Batch] = []
    try:
        go_the_whole_way(only, written, tier, due)
    finally:
        if written:
            summarize(written)


def go_the_whole_way(
    only: Iterable[str] | None, written: list[Batch], tier: Iterable[str] | None = None, due: bool = False
) -> None:
    """Do all stages, and add the batches of each to ``written`` when the stage is done. A batch that is damaged is left
    out, and the stages after go on with the others.

    Raises:
        UserError: a stage could not do its work, or not all of it; what was done is kept.
    """
    from search.alerts.operator_notices import operator_channels
    from search.client import connect

    # What would stop the last stages is found before the first one begins.
    connect()
    operator_channels()
    wrong: UserError | None = None
    try:
        written += crawl(list(only or ()), list(tier or ()), due)
        for stage in (extract, enrich, index, alert):
            try:
                written += stage()
            except Unavailable:
                raise
            except UserError as error:
                wrong = wrong or error
        deliver()
        written += health()
        if wrong:
            raise wrong
    except UserError as error:
        raise UserError(f"{error}\nWhat was done until then is kept: `wirewatch run` goes on from there.") from None


DELIVERED = {
    "sent": "Messages sent",
    "failed": "Messages that their channel did not take, and that are sent again (`wirewatch alerts list` says why)",
    "dead": "Messages given up, of which the operator is told",
    "unsure": "Messages of which nobody knows whether they arrived; the operator is told",
}
"""What is printed of a delivery: what the number of messages in each state means."""
Counted = tuple[tuple[str, str], ...]
TOLD: tuple[tuple[str, Counted, str], ...] = (
    ("fetched", (("pages", "fetched"),), "article pages"),
    ("postponed", (("pages", "postponed"),), "pages left to the next run"),
    ("busy", (("pages", "busy-sites"),), "sites that another crawl was at, left to the next run"),
    ("unchanged", (("pages", "unchanged"), ("articles", "unchanged")), "feeds and pages as they were"),
    ("new", (("articles", "new"),), "articles"),
    ("updated", (("articles", "updated"),), "articles with another text than before"),
    ("duplicate", (("articles", "duplicate"),), "pages of an article that was there already"),
    ("moved", (("articles", "moved"),), "articles at another address than before"),
    ("gone", (("articles", "gone"),), "articles that their sites removed; they stay in the index"),
    ("returned", (("articles", "returned"),), "articles that were gone"),
    ("from feeds", (("articles", "from-feed"),), "texts of pages that were refused or behind a wall"),
    ("blocks dropped", (("articles", "blocks-dropped"),), "boxes and slogans: see `wirewatch sources habits`"),
    ("enriched", (("enriched", "enriched"),), "articles"),
    ("indexed", (("indexed", "created"), ("indexed", "updated")), "articles"),
    ("alerted", (("alerted", "notices"),), "stories that alerts have to tell"),
    ("measured", (("health", "measured"),), "sources"),
    ("not well", (("health", "not-well"),), "sources: see `wirewatch sources health`"),
)
"""What a run is told to have done: a word, the stages' counts that it adds up, and of what."""


def summarize(written: Iterable[Batch]) -> None:
    """Print the table of what these batches' stages did."""
    by_stage: defaultdict[str, list[Batch]] = defaultdict(list)
    for batch in written:
        by_stage[batch.stage].append(batch)
    if not by_stage:
        say("There was nothing to do.")
        return
    counts = {stage: batches.total(found) for stage, found in by_stage.items()}
    table = Table(title="What this run did", title_justify="left", show_header=False)
    for word, counted, what in TOLD:
        if by_stage.keys() & {stage for stage, _ in counted}:
            number = sum(counts[stage].get(name, 0) for stage, name in counted if stage in counts)
            table.add_row(word, str(number), what)
    for stage, found in counts.items():
        for name, number in found.items():
            kind, _, what = name.partition(":")
            if kind == "failed" and what:
                table.add_row(f"failed: {what}", str(number), f"in {stage}")
            if kind == "broken":
                table.add_row(f"broken: {escape(what)}", str(number), "the alert's query cannot be read")
    console.print(table)


def shown(stage: Callable[P, list[Batch]]) -> Callable[P, None]:
    """The stage as a command of its own, which ends with the table of what it did."""

    @wraps(stage)
    def command(*args: P.args, **options: P.kwargs) -> None:
        summarize(stage(*args, **options))

    return command


def show_batches(
    first: Annotated[
        datetime | None,
        typer.Option(
            "--from", formats=["%Y-%m-%d"], metavar="DATE", help="The first day (UTC); a week ago if not said."
        ),
    ] = None,
) -> None:
    """List the batches of every stage, with their counts, and what each took: of processors, milliseconds a record."""
    root, first = get_settings().batches, first or now() - timedelta(days=7)
    table = Table(
        "stage",
        Column("batch", overflow="fold"),
        "records",
        "seconds",
        "CPU ms each",
        Column("what happened", overflow="fold"),
    )
    for stage in (*batches.STAGES, batches.REJECTED):
        for batch in batches.finished(root, stage, since=f"{first:%Y%m%d}"):
            if not any(batches.readable([batch])):
                table.add_row(stage, batch.name, "", "", "", "damaged")
                continue
            manifest = batch.manifest()
            happened = [f"{what} {number}" for what, number in manifest.counts.items()]
            if manifest.removed:
                happened.append(f"files removed on {max(manifest.removed.values())}: {len(manifest.removed)}")
            table.add_row(
                stage,
                batch.name,
                str(manifest.records),
                "" if manifest.seconds is None else f"{manifest.seconds:.1f}",
                f"{1000 * manifest.cpu_seconds / manifest.records:.1f}"
                if manifest.cpu_seconds and manifest.records
                else "",
                escape(", ".join(happened)),
            )
    console.print(table)
    say(f"Runs that began on {first:%Y-%m-%d} or later; `--from` shows those before.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("run")(run)
    for stage in (crawl, enrich, alert):
        app.command()(shown(stage))
    app.command()(deliver)
    app.command("extract")(extract_or_explain)
    app.command("batches")(show_batches)

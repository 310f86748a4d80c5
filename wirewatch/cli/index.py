"""``wirewatch index``: templates and articles in Elasticsearch."""

from __future__ import annotations

from typing import Annotated

import typer

from wirewatch.cli import stages
from wirewatch.cli.console import console, progress
from wirewatch.records import Rejected
from wirewatch.settings import get_settings
from wirewatch.words import how_many


def init() -> None:
    """Create or renew the index templates, and make the indices that are missing; safe to repeat."""
    from search.client import connect
    from search.indices import init as create
    from search.indices import older

    client = connect()
    create(client)
    console.print("The index templates are in place.")
    if old := older(client):
        console.print(f"Of an older schema: {', '.join(old)}. `wirewatch index migrate` builds new ones beside them.")


def migrate() -> None:
    """Bring the articles into indices of the present schema while searches go on; goes on where it was interrupted."""
    from search.migrate import migrate as bring_over

    with progress("migrate") as move:
        replaced = bring_over(progress=move)
    days = get_settings().elasticsearch.keep_replaced_days
    if replaced:
        console.print(
            f"Replaced: {', '.join(replaced)}. They are kept for {how_many(days, 'day')}, and removed by the next "
            "`wirewatch maintain` after that."
        )
    else:
        console.print("All articles are in indices of the present schema.")


def retry() -> None:
    """Index the articles that Elasticsearch refused once more, after what refused them was mended."""
    from search.index import rejected
    from search.index import retry as stage

    root = get_settings().batches
    with progress("retry") as move:
        written = stage(root, progress=move)
    stages.summarize(written)
    for batch in rejected(root):
        for letter in batch.read(Rejected):
            console.print(f"{letter.article.id}  {letter.article.url}\n  {letter.reason}", soft_wrap=True)


def snapshot(
    keep: Annotated[int | None, typer.Option(min=1, help="How many snapshots stay; all, unless said.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Show those that there are, and take none.")] = False,
) -> None:
    """Take a snapshot of all that is indexed, into the folder that WIREWATCH_ELASTICSEARCH__SNAPSHOTS names."""
    from search.snapshots import snapshot as take
    from search.snapshots import snapshots

    if show:
        for found in snapshots():
            kept = how_many(len(found.indices), "index", "indices")
            console.print(f"{found.name}  {kept}{'' if found.complete else ', not complete'}")
        return
    with console.status("Taking a snapshot"):
        made = take(keep=keep)
    console.print(f"Snapshot {made.name}: {how_many(len(made.indices), 'index', 'indices')}.")


def restore(
    name: Annotated[str | None, typer.Argument(help="Of the snapshot; the latest, unless said.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Delete what is indexed now.")] = False,
) -> None:
    """Put back what a snapshot holds. Searches find nothing until it is done."""
    from search.snapshots import restore as put_back

    with console.status("Restoring"):
        restored = put_back(name, replace=replace)
    console.print(f"The indices are as they were in the snapshot {restored.name}: {', '.join(restored.indices)}.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="The index of articles.", no_args_is_help=True)
    group.command("init")(init)
    group.command("migrate")(migrate)
    group.command("retry")(retry)
    group.command("run")(stages.shown(stages.index))
    app.command()(snapshot)
    app.command()(restore)
    app.add_typer(group, name="index")

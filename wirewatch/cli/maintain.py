"""``wirewatch maintain``: what keeps an installation from growing and going stale, a duty at a time.

The DAG ``maintain`` does the same every day, and looks after Airflow's own database and logs besides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import typer
from rich.markup import escape

from wirewatch.cli.console import console, problem, progress
from wirewatch.errors import UserError


def index(dry_run: bool) -> str:
    """Articles, stories, source health and notices that the index keeps no longer."""
    from search.retention import retain

    return retain(dry_run=dry_run)


def batches(dry_run: bool) -> str:
    """The archive and enriched articles that are kept no longer; and which days of batches are done with."""
    from wirewatch.retention import settle, shorten

    return f"{shorten(dry_run=dry_run)}; {settle(dry_run=dry_run)}"


def leftovers(dry_run: bool) -> str:
    """What killed tries have left behind."""
    from wirewatch.retention import tidy

    return tidy(dry_run=dry_run)


def state(dry_run: bool) -> str:
    """Addresses that were long not asked for."""
    from wirewatch.retention import forget

    return forget(dry_run=dry_run)


def snapshots(dry_run: bool) -> str:
    """The snapshot of the day, and those that are kept no longer."""
    from search.snapshots import daily

    return daily(dry_run=dry_run)


def catalogue(dry_run: bool) -> str:
    """Listings of the catalogue that do not work, which the operator is told."""
    from crawlers.checkup import checkup
    from search.alerts.operator import tell_at_once

    with progress("check") as move:
        found = checkup(progress=move)
    if found.ailing and not dry_run:
        tell_at_once(found.name, found.report())
    return found.report()


DUTIES: Mapping[str, Callable[[bool], str]] = {
    duty.__name__: duty for duty in (index, batches, leftovers, state, snapshots, catalogue)
}


def maintain(
    duties: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(DUTIES)}; all but the last, unless said.", metavar="[DUTY]…")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")] = False,
) -> None:
    """Remove what the settings WIREWATCH_KEEP__… say is kept no longer, and take the snapshot of the day.

    One that fails stops no other. `catalogue` visits the listings of all sources, and is done only if it is named.
    """
    if unknown := set(duties or ()) - DUTIES.keys():
        raise UserError(f"No such duty: {', '.join(sorted(unknown))}. There are {', '.join(DUTIES)}.")
    failed = []
    for name, duty in DUTIES.items():
        if name in (duties or DUTIES.keys() - {"catalogue"}):
            try:
                said = duty(dry_run)
                console.print(f"[bold]{name}[/]: {escape(said)}", soft_wrap=True, highlight=False)
            except UserError as error:
                failed.append(name)
                problem(f"{name}: {error}")
    if failed:
        raise UserError(f"Not done: {', '.join(failed)}. `wirewatch maintain {' '.join(failed)}` does them again.")


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(maintain)

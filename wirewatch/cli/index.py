"""``wirewatch index``: templates and articles in Elasticsearch."""

from __future__ import annotations

import typer

from wirewatch.cli import stages
from wirewatch.cli.console import console


def init() -> None:
    """Create or renew the index templates, and bring older indices up to date; safe to repeat."""
    from search.index import init as create

    create()
    console.print("The index templates are in place, and the indices up to date.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="The index of articles.", no_args_is_help=True)
    group.command("init")(init)
    group.command("run")(stages.shown(stages.index))
    app.add_typer(group, name="index")

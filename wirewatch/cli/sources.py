"""``wirewatch sources``: the catalogue."""

from __future__ import annotations

import typer
from rich.table import Table

from wirewatch.cli.console import console
from wirewatch.settings import get_settings
from wirewatch.sources import load_sources


def show() -> None:
    """List the sources of the catalogue."""
    table = Table("name", "domain", "country", "languages", "tier", "feeds", "sitemaps", "sections")
    for source in load_sources(get_settings().sources):
        table.add_row(
            source.name,
            source.domain,
            source.country,
            " ".join(source.languages),
            source.tier,
            *(str(len(found)) if found else "" for found in (source.feeds, source.sitemaps, source.sections)),
        )
    console.print(table)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="The catalogue of news sites.", no_args_is_help=True)
    group.command("list")(show)
    app.add_typer(group, name="sources")

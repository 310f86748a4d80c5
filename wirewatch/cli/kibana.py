"""``wirewatch kibana``: what analysts find in Kibana."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wirewatch.cli.console import console, say
from wirewatch.settings import get_settings, without_login


def setup(
    export: Annotated[Path | None, typer.Option(help="Write them to this .ndjson, to import by hand.")] = None,
) -> None:
    """Put space, data views, saved searches and dashboards into Kibana (KIBANA_URL); safe to repeat."""
    from search.kibana import setup as kibana
    from search.kibana.connection import SPACE

    if export:
        export.write_text(kibana.ndjson(), encoding="utf-8")
        say(f"Written: {export}. Import it in Kibana under Stack Management, Saved Objects.")
        return
    with console.status("Waiting for Kibana") as line:
        count = kibana.setup(tell=line.update)
    place = f"{without_login(get_settings().kibana_url).rstrip('/')}/s/{SPACE}/app/dashboards"
    say(f"Kibana has the {count} saved objects of Wirewatch: {place}")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="Kibana: data views, saved searches, dashboards.", no_args_is_help=True)
    group.callback()(lambda: None)  # without it Typer takes a group of one command for the command itself
    group.command()(setup)
    app.add_typer(group, name="kibana")

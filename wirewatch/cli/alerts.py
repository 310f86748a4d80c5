"""``wirewatch alerts``: who is told of what."""

from __future__ import annotations

import typer
from rich.table import Table

from wirewatch.cli import stages
from wirewatch.cli.console import console
from wirewatch.settings import get_settings


def show() -> None:
    """List the alerts."""
    from search.alerts.alert import load_alerts

    table = Table("alert", "query (KQL)", "tells")
    for found in load_alerts(get_settings().alerts):
        table.add_row(found.name, found.kql, ", ".join(found.tell))
    console.print(table)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="Alerts: a query and whom to tell.", no_args_is_help=True)
    group.command("list")(show)
    group.command("run")(stages.shown(stages.alert))
    app.add_typer(group, name="alerts")

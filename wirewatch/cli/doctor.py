"""``wirewatch doctor``: what is wrong, and what to do about it."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.markup import escape

from wirewatch.cli.checks import examine
from wirewatch.cli.console import MARKS, console
from wirewatch.settings import get_settings
from wirewatch.words import how_many


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False) -> None:
    """Find what is wrong, and say what to do about it. It changes nothing.

    The exit status is 1 where something is wrong (✗), not where something is only worth a look (!).
    """
    found = []
    for check, finding in examine(get_settings()):
        found.append((check, finding))
        if not as_json:
            mend = f"  → {finding.mend}" if finding.mend and finding.verdict != "well" else ""
            console.print(f"{MARKS[finding.verdict]} {escape(finding.what + mend)}", soft_wrap=True, highlight=False)
    wrong = sum(finding.verdict == "wrong" for _, finding in found)
    if as_json:
        told = [{"check": check, **vars(finding)} for check, finding in found]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        console.print(f"{how_many(wrong, 'thing is', 'things are')} wrong.")
    if wrong:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(doctor)

"""How the sources are: ``wirewatch sources health``, and ``wirewatch sources measure``, the stage behind it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from wirewatch.cli import stages
from wirewatch.cli.console import console
from wirewatch.cli.options import Only
from wirewatch.settings import get_settings
from wirewatch.sources import choose, load_sources
from wirewatch.words import how_many

if TYPE_CHECKING:
    from search.health.history import State


def health(
    only: Only = None,
    every: Annotated[bool, typer.Option("--all", help="Show the sources that are well, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Show which sources are not well, compared with what is usual for them, and what to do about it."""
    from search.client import connect
    from search.health.history import examine

    states = examine(connect(), choose(load_sources(get_settings().sources), only))
    shown = [state for state in states if every or only or state.verdicts]
    if as_json:
        typer.echo(json.dumps([_as_json(state) for state in shown], ensure_ascii=False, indent=1))
        return
    if not any(state.today or state.verdicts for state in states):
        console.print(
            "None of them was visited in the last 24 hours of runs: `wirewatch run` visits and measures them."
        )
        return
    if shown:
        console.print(_table(shown))
    sick = sum(bool(state.verdicts) for state in states)
    visited = sum(state.today is not None for state in states)
    new = sum(state.today is not None and state.usual is None for state in states)
    console.print(
        f"Not well: {sick} of {how_many(len(states), 'source')}; {visited} visited in the last 24 hours of runs."
    )
    if new:
        console.print(f"Known for too few days to say what is usual, which takes a week: {new}.")


def _table(states: list[State]) -> Table:
    from search.health.verdicts import ADVICE

    table = Table("source", "what is wrong", "what to do", show_lines=True)
    for state in states:
        advice = dict.fromkeys(ADVICE[verdict.kind] for verdict in state.verdicts)
        wrong = [str(verdict) for verdict in state.verdicts] or [f"well: {_figures(state)}"]
        table.add_row(*(escape(text) for text in (state.source.domain, "\n".join(wrong), "\n".join(advice))))
    return table


def _figures(state: State) -> str:
    if state.today is None:
        return "not visited in 24 h"
    return f"{state.today.new} new in 24 h, {state.usual or 'what is usual is not known yet'}"


def _as_json(state: State) -> dict[str, Any]:
    from search.health.verdicts import ADVICE

    usual = state.usual
    return {
        "source": state.source.domain,
        "new": state.today.new if state.today else None,
        "usual": {"days": usual.days, "mean": usual.mean, "deviation": usual.deviation} if usual else None,
        "verdicts": [
            {"kind": verdict.kind, "figures": verdict.figures, "advice": ADVICE[verdict.kind]}
            for verdict in state.verdicts
        ],
    }


def register(sources: typer.Typer) -> None:
    """Add these commands to the group ``sources``."""
    sources.command("health")(health)
    sources.command("measure")(stages.shown(stages.health))

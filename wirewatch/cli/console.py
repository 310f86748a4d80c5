"""How the command line speaks: one console, one way to show progress, one way to report a problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

console = Console()
errors = Console(stderr=True)

Verdict = Literal["well", "look", "wrong"]
"""How something is: as it should be, worth a look, or in need of the operator."""
MARKS: dict[Verdict, str] = {"well": "[green]✓[/]", "look": "[bold yellow]![/]", "wrong": "[bold red]✗[/]"}


def say(line: str) -> None:
    """Print a line as it is: nothing in it is markup, it is not broken, and no part of it is coloured."""
    console.print(line, soft_wrap=True, highlight=False, markup=False)


def problem(message: str) -> None:
    """Print what is wrong and the way out, in red on standard error."""
    errors.print(f"[bold red]Problem:[/] {escape(message)}", soft_wrap=True)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show a bar while the block runs; it yields the function that moves it: ``move(done, total)``."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        bar = bars.add_task(what, total=None)

        def move(done: int, total: int | None) -> None:
            bars.update(bar, completed=done, total=total)

        yield move
        # A stage may finish with less than it announced (a crawl cannot know); the bar ends full all the same.
        bars.update(bar, total=bars.tasks[0].completed)

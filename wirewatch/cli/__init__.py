"""The command line. It composes the stages, as the DAGs do, and holds no logic of its own.

One file a group of commands; heavy parts (Scrapy, spaCy, Elasticsearch) are imported when a command needs them, so
that ``wirewatch --help`` answers at once.
"""

from __future__ import annotations

import logging
import sys

import typer

from wirewatch import __version__
from wirewatch.cli.console import problem
from wirewatch.errors import UserError

cli = typer.Typer(
    name="wirewatch",
    help="Watches the world's news: crawl, extract, enrich, index, search across languages, alert.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@cli.callback(invoke_without_command=True)
def _main(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Show the log."),
) -> None:
    if version:
        typer.echo(f"wirewatch {__version__}")
        raise typer.Exit
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("wirewatch.work").setLevel(logging.INFO if verbose else logging.WARNING)  # what others are at


from wirewatch.cli import (  # noqa: E402 - they register on the app above
    alerts,
    briefing,
    doctor,
    explain,
    index,
    kibana,
    local,
    maintain,
    pages,
    replay,
    search,
    security,
    serve,
    sources,
    stages,
    status,
)  # fmt: skip

GROUPS = (
    *(stages, replay, index, search, explain, serve, alerts, briefing),
    *(sources, pages, kibana, security, local, maintain, status, doctor),
)
for group in GROUPS:
    group.register(cli)


def app() -> None:
    """The entry point ``wirewatch``: runs a command; what the user can put right is one sentence, not a traceback."""
    try:
        cli()
    except UserError as error:
        problem(str(error))
        sys.exit(1)
    except OSError as error:
        if error.filename is None:  # no file or folder that somebody named
            raise
        problem(f"{error.filename} cannot be used: {error.strerror}.")
        sys.exit(1)

"""What runs on this machine: the local Elasticsearch node, and with ``wirewatch up`` Airflow too."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from wirewatch.cli.airflow import DAGS, Airflow
from wirewatch.cli.console import console, say
from wirewatch.errors import UserError
from wirewatch.settings import get_settings


def install() -> None:
    """Assemble the local node's Elasticsearch, unless another is named; the first time this downloads 950 MB."""
    from search.node import Node

    if get_settings().elasticsearch.url is None:
        with _telling() as tell:
            Node(get_settings()).install(tell)


def start() -> None:
    """Start the local Elasticsearch node."""
    from search.node import Node

    node = Node(get_settings())
    with _telling() as tell:
        node.start(tell)
    say(f"Elasticsearch {node.status().version} answers at {node.status().url}")


def stop() -> None:
    """Stop the local Elasticsearch node."""
    from search.node import Node

    with console.status("Stopping Elasticsearch"):
        Node(get_settings()).stop()
    say("Elasticsearch is stopped.")


def status() -> None:
    """Show how the local Elasticsearch node is."""
    from search.node import Node

    found = Node(get_settings()).status()
    if found.ready:
        say(f"Elasticsearch {found.version} answers at {found.url} (process {found.pid}).")
    elif found.running:
        say(f"Elasticsearch is starting or busy (process {found.pid}); its log: {found.log}")
    else:
        say("Elasticsearch is not running. `wirewatch node start` starts it.")
    say(f"Data: {found.data}")


def logs(lines: Annotated[int, typer.Option("-n", help="How many lines.")] = 50) -> None:
    """Show the end of the local node's log."""
    from search.node import Node

    log = Node(get_settings()).log
    if not log.exists():
        raise UserError("The local node has no log: it was never started. Start it with `wirewatch node start`.")
    typer.echo("\n".join(log.read_text(errors="replace").splitlines()[-lines:]))


def up() -> None:
    """Run Wirewatch on this machine: the local node and Airflow with the DAGs, in the background."""
    airflow = _airflow()
    airflow.check()
    if get_settings().elasticsearch.url is None:
        start()
    with _telling() as tell:
        is_new = airflow.start(tell)
    if not is_new:
        say("Airflow runs already. What was changed since in settings or code takes `make down` first.")
    say(
        f"Airflow is at {airflow.url}: user admin, password {airflow.password()}\n"
        f"Unpause the DAG `crawl_nightly` there: it runs once at once, and then every night at 02:00 "
        f"({get_settings().timezone}).\n"
        f"Its logs: {airflow.folder}/*.log\n"
        "`wirewatch status` says how all is, `wirewatch doctor` what is wrong. `make down` stops everything; what was "
        "collected stays."
    )


def down() -> None:
    """Stop what ``wirewatch up`` started."""
    with console.status("Stopping Airflow"):
        _airflow().stop()
    say("Airflow is stopped.")
    if get_settings().elasticsearch.url is None:
        stop()


def airflow(context: typer.Context) -> None:
    """Airflow's own command line, of the Airflow that ``wirewatch up`` runs: wirewatch airflow dags list."""
    ours = _airflow()
    ours.check()
    os.execvpe(sys.executable, [sys.executable, "-m", "airflow", *context.args], ours.environment())


def _airflow() -> Airflow:
    if not DAGS.is_dir():
        raise UserError("`wirewatch up` needs a checkout of Wirewatch: the folder dags is not installed as a package.")
    return Airflow(get_settings())


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """A line that says what is being done while the block runs; where there is no terminal, a line for each thing."""
    said: set[str] = set()

    def tell(message: str) -> None:
        line.update(message)
        what = message.partition(":")[0]
        if not console.is_terminal and what not in said:
            said.add(what)
            say(f"{what} …")

    with console.status("…") as line:
        yield tell


def register(app: typer.Typer) -> None:
    """Add these commands."""
    node = typer.Typer(help="The local Elasticsearch node.", no_args_is_help=True)
    for command in (install, start, stop, status, logs):
        node.command()(command)
    app.add_typer(node, name="node")
    app.command()(up)
    app.command()(down)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})(
        airflow
    )

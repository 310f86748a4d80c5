"""``wirewatch security``: roles, and the API keys with which the others go to Elasticsearch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wirewatch.cli.console import console
from wirewatch.settings import get_settings, without_login

if TYPE_CHECKING:
    from search.security import Key


def setup(
    pipeline_key: Annotated[
        Path | None,
        typer.Option(help="Keep the pipeline's key in this file, for WIREWATCH_ELASTICSEARCH__API_KEY_FILE; no other."),
    ] = None,
) -> None:
    """Create or renew the roles, and a key for each that has none; safe to repeat."""
    from search import security

    if pipeline_key:
        for _ in security.setup(keys_for=()):
            pass
        made = "A new key" if security.keep("pipeline", pipeline_key) else "The key"
        console.print(f"The roles are in place. {made} of the pipeline is in {pipeline_key}.", soft_wrap=True)
    elif not _show(security.setup()):
        console.print("The roles are in place, and each has a key. `wirewatch security rotate` makes another.")


def rotate(
    role: Annotated[str, typer.Argument(help="pipeline, analyst or operator.")],
    hours: Annotated[float, typer.Option(min=0, help="How long the keys that it has still work.")] = 24,
) -> None:
    """Replace the key of a role."""
    from search import security

    _show(security.rotate(role, grace=timedelta(hours=hours)))
    console.print(f"Any older key of {role} works for {hours:g} h more.")


def certificates(
    folder: Annotated[Path, typer.Argument(help="Where they are kept: ca.crt, node.crt and node.key.")],
    hosts: Annotated[list[str], typer.Argument(help="Names and addresses under which the node is reached.")],
) -> None:
    """Make an authority and a certificate of it for an Elasticsearch node, unless they are there; safe to repeat."""
    from search.node.certificates import keep

    made = keep(folder, hosts)
    console.print(f"The certificates {'are' if made else 'were already'} in {folder}.", soft_wrap=True)


def _show(keys: Iterator[Key]) -> int:
    """Print keys the moment they exist, once and nowhere else; how many there were."""
    from search.client import whereabouts

    shown = 0
    for key in keys:
        if not shown:
            url, ca = whereabouts(get_settings())
            console.print("Shown once and kept nowhere. Whoever uses a key puts into the environment or .env:")
            typer.echo(f"ELASTICSEARCH_URL={without_login(url)}")
            if ca:
                typer.echo(f"WIREWATCH_ELASTICSEARCH__CA={ca}")
        typer.echo(f"\n# {key.role}\nWIREWATCH_ELASTICSEARCH__API_KEY={key.encoded}")
        shown += 1
    return shown


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="Roles and API keys of Elasticsearch.", no_args_is_help=True)
    group.command()(setup)
    group.command()(rotate)
    group.command()(certificates)
    app.add_typer(group, name="security")

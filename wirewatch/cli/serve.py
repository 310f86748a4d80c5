"""``wirewatch serve``: the search pages and the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from wirewatch.cli.console import say


def serve(
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 is all of this machine's.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 is any free one.")] = 8765,
    name: Annotated[
        list[str] | None,
        typer.Option(help="A name that this machine is asked by (news.example.org), * for any; may be repeated."),
    ] = None,
) -> None:
    """Serve the search over HTTP until Ctrl-C. It has no login: put a proxy with one before it to let others in."""
    import uvicorn

    from api.app import LOOPBACK, app

    place = f"http://{host}:{port}"
    say(
        f"Search at {place}/ in a browser. The API is at {place}/api/search?q=…, described at /api/openapi.json; "
        "metrics for Prometheus are at /metrics"
    )
    uvicorn.run(app([*LOOPBACK, host, *(name or ())]), host=host, port=port, log_level="warning")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(serve)

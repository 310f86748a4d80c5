"""``wirewatch search``: ask in plain words, or in KQL as in Kibana."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from wirewatch.cli.console import console

if TYPE_CHECKING:
    from search.query import Hit, Results

Many = list[str] | None


def search(
    query: Annotated[str, typer.Argument(help="What you want to know, in any language; with --kql a KQL query.")],
    kql: Annotated[bool, typer.Option("--kql", help="Do exactly what Kibana does with this text.")] = False,
    language: Annotated[Many, typer.Option(help="Language of the article (fr); may be repeated.")] = None,
    country: Annotated[Many, typer.Option(help="Country it is about (DZ); may be repeated.")] = None,
    topic: Annotated[Many, typer.Option(help="Topic (military-cooperation); may be repeated.")] = None,
    source: Annotated[Many, typer.Option(help="Outlet, by domain or name; may be repeated.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Published then or later.", formats=["%Y-%m-%d"])] = None,
    until: Annotated[datetime | None, typer.Option(help="Published then or earlier.", formats=["%Y-%m-%d"])] = None,
    size: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many hits.")] = 10,
    fold: Annotated[
        bool | None,
        typer.Option(help="Show the copies of one text as one hit; without --kql that is what happens by itself."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Search the articles."""
    results = answer(
        query,
        kql=kql,
        size=size,
        fold=fold,
        languages=tuple(language or ()),
        countries=tuple(code.upper() for code in country or ()),
        topics=tuple(topic or ()),
        sources=tuple(source or ()),
        since=since.date() if since else None,
        until=until.date() if until else None,
    )
    if as_json:
        typer.echo(results.model_dump_json(indent=2))
    else:
        show(results)


def answer(query: str, *, kql: bool = False, size: int = 10, fold: bool | None = None, **filters: object) -> Results:
    """The articles that answer a query; ``fold`` is on for plain words and off for KQL unless it is said."""
    from search.query import Filters, search_kql
    from search.query import search as search_meaning

    chosen = Filters.model_validate(filters)
    if kql:
        return search_kql(query, chosen, size, fold="copies" if fold else "none")
    from enrichment.query import understand

    return search_meaning(understand(query), chosen, size, fold="none" if fold is False else "copies")


def show(results: Results) -> None:
    """Print hits with why they matched."""
    if not results.hits:
        console.print("No article matches. Fewer words, or fewer filters, find more.")
        return
    copies = results.documents - results.total
    title = f"{results.total} articles" + (f" and {copies} copies of them" if copies > 0 else "")
    table = Table(title=title, title_justify="left", show_lines=True)
    for column in ("", "article", "why it matches"):
        table.add_column(column, overflow="fold")
    for number, hit in enumerate(results.hits, 1):
        table.add_row(str(number), _article(hit), _why(hit))
    console.print(table)


def _article(hit: Hit) -> str:
    published = f"{hit.published:%d %b %Y}" if hit.published else "no date"
    facts = ", ".join([published, hit.source.name, hit.source.country, *([hit.language] if hit.language else [])])
    return "\n".join([f"[bold]{escape(hit.title)}[/]", escape(facts), f"[dim]{escape(hit.url)}[/]", *_fate(hit)])


def _fate(hit: Hit) -> list[str]:
    """What became of the article since it appeared, and where else its text stands, a line each."""
    fate = []
    if hit.gone:
        fate.append(f"removed by the site on {hit.gone:%d %b %Y}")
    if hit.changed:
        times = "once" if len(hit.changed) == 1 else f"{len(hit.changed)} times"
        fate.append(f"changed {times}, last on {hit.changed[-1]:%d %b %Y}")
    if hit.extracted_from == "feed":
        fate.append("from the feed")
    if hit.copies.count:
        number = "1 copy" if hit.copies.count == 1 else f"{hit.copies.count} copies"
        named = ", ".join(hit.copies.sources[:5]) + (", …" if len(hit.copies.sources) > 5 else "")
        fate.append(f"{number}: {named}")
    elif hit.duplicate_of:
        fate.append("a copy of an article that was indexed before")
    return [f"[yellow]{escape(line)}[/]" for line in fate]


def _why(hit: Hit) -> str:
    """Concepts that were asked for, other words, and the sentences that matched."""
    lines = []
    if hit.concepts:
        lines.append("[green]" + escape(", ".join(concept.label for concept in hit.concepts)) + "[/]")
    if hit.words:
        lines.append("words: " + escape(", ".join(hit.words)))
    for fragment in hit.fragments[:2]:
        lines.append("… " + escape(fragment).replace("<em>", "[bold yellow]").replace("</em>", "[/]"))
    return "\n".join(lines) or "near in meaning"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(search)

"""``wirewatch search``: ask in plain words, in KQL as in Kibana, or for what is like an article."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer
from rich.markup import escape
from rich.table import Table

from wirewatch.cli.console import console
from wirewatch.errors import UserError
from wirewatch.words import how_many

if TYPE_CHECKING:
    from search.query import Count, Happened, Hit, Results

Many = list[str] | None


class Order(StrEnum):
    """How hits are sorted."""

    RELEVANCE = "relevance"
    NEWEST = "newest"


class Format(StrEnum):
    """Of a file of all hits."""

    JSONL = "jsonl"
    CSV = "csv"
    ATOM = "atom"


def search(
    query: Annotated[str, typer.Argument(help="What you want to know, in any language; with --kql a KQL query.")] = "",
    kql: Annotated[bool, typer.Option("--kql", help="Do exactly what Kibana does with this text.")] = False,
    similar: Annotated[
        str, typer.Option(metavar="ID|URL", help="Instead of a query: an article that the hits are to be like.")
    ] = "",
    language: Annotated[Many, typer.Option(help="Language of the article (fr); may be repeated.")] = None,
    country: Annotated[Many, typer.Option(help="Country it is about (DZ); may be repeated.")] = None,
    region: Annotated[Many, typer.Option(help="Region it is about (Sahel); may be repeated.")] = None,
    topic: Annotated[Many, typer.Option(help="Topic (military-cooperation); may be repeated.")] = None,
    person: Annotated[Many, typer.Option(help="Somebody it names (Patrushev); may be repeated.")] = None,
    organization: Annotated[Many, typer.Option(help="An organisation it names; may be repeated.")] = None,
    source: Annotated[Many, typer.Option(help="Outlet, by domain or name; may be repeated.")] = None,
    story: Annotated[Many, typer.Option(help="Story, by id; may be repeated.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Published then or later.", formats=["%Y-%m-%d"])] = None,
    until: Annotated[datetime | None, typer.Option(help="Published then or earlier.", formats=["%Y-%m-%d"])] = None,
    sort: Annotated[
        Order, typer.Option(help="The best first, or the newest: of plain words those with all that is asked for.")
    ] = Order.RELEVANCE,
    size: Annotated[int, typer.Option("-n", min=0, max=1000, help="How many hits.")] = 10,
    offset: Annotated[int, typer.Option("--from", min=0, help="Hits that are left out before them.")] = 0,
    fold: Annotated[
        bool | None,
        typer.Option(help="Show the copies of one text as one hit; without --kql that is what happens by itself."),
    ] = None,
    stories: Annotated[bool, typer.Option("--stories", help="Show the articles of one story as one hit.")] = False,
    facets: Annotated[
        bool, typer.Option("--facets", help="Count countries, topics, people, outlets, days … of all that is found.")
    ] = False,
    export: Annotated[
        Path | None, typer.Option(help="Write all hits, however many, into this file; - is standard output.")
    ] = None,
    format: Annotated[
        Format | None, typer.Option(help="Of that file; without a word what its name ends with, else jsonl.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Search the articles."""
    asked: dict[str, Any] = {
        "q": "" if kql else query,
        "kql": query if kql else "",
        "similar": similar,
        "fold": "stories" if stories else {True: "copies", False: "none", None: None}[fold],
        "sort": sort.value,
        "languages": tuple(language or ()),
        "countries": tuple(code.upper() for code in country or ()),
        "regions": tuple(region or ()),
        "topics": tuple(topic or ()),
        "people": tuple(person or ()),
        "organizations": tuple(organization or ()),
        "sources": tuple(source or ()),
        "stories": tuple(story or ()),
        "since": _day(since),
        "until": _day(until),
    }
    if export:
        write(export, format, asked)
        return
    results = answer(size=size, offset=offset, facets=facets, **asked)
    if as_json:
        typer.echo(results.model_dump_json(indent=2))
    else:
        show(results, offset, _BY_QUERY if kql else _BY_MEANING)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def answer(query: str = "", *, size: int = 10, offset: int = 0, facets: bool = False, **asked: Any) -> Results:
    """A page of the articles that answer a question: plain words, or what :class:`api.questions.Asked` takes."""
    from api.questions import Asked, Desk
    from search.query import FACETS

    question = Asked.of(**{"q": query, **asked})
    return Desk().answer(question, size, offset, FACETS if facets else ())


def write(file: Path, format: Format | None, asked: dict[str, Any]) -> None:
    """Write all articles that answer a question into a file."""
    from api.questions import Asked, Desk
    from search.query import written

    ending = {".csv": Format.CSV, ".atom": Format.ATOM, ".xml": Format.ATOM}.get(file.suffix, Format.JSONL)
    question = Asked.of(**asked)

    def write_to(out: TextIO) -> None:
        title = f"Wirewatch: {question.text}"
        out.writelines(written(Desk().all_hits(question), (format or ending).value, title))

    if str(file) == "-":
        write_to(sys.stdout)
        return
    # A file that is there is whole: what goes wrong in the middle leaves the one that was there before.
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as out:
            write_to(out)
        part.replace(file)
    except (UserError, KeyboardInterrupt):
        part.unlink(missing_ok=True)
        raise
    console.print(f"All hits are in {file}.", soft_wrap=True, highlight=False)


_BY_MEANING, _BY_QUERY = "near in meaning", "the query matches it"


def show(results: Results, offset: int = 0, otherwise: str = _BY_MEANING) -> None:
    """Print hits with why they matched, what there is of what, and what may have been meant.

    Args:
        results: the answer.
        offset: how many hits were left out before it.
        otherwise: why an article is a hit that has nothing to show for it.
    """
    if results.hits:
        _show_hits(results, offset, otherwise)
    elif results.total:
        console.print(how_many(results.total, "article"))
    else:
        console.print("No article matches. Fewer words, or fewer filters, find more.")
    for name, counts in results.facets.items():
        _show_facet(name, counts)
    for one in results.suggestions:
        articles = how_many(one.articles, "article")
        console.print(
            f"Did you mean [bold]{escape(one.name)}[/] ({articles}) by {escape(one.word)}? Ask: {escape(one.question)}",
            soft_wrap=True, highlight=False,
        )  # fmt: skip


def _show_hits(results: Results, offset: int, otherwise: str) -> None:
    others = results.documents - results.total
    title = how_many(results.total, "article")
    if results.fold == "stories":
        title = f"{how_many(results.total, 'story', 'stories')} in {how_many(results.documents, 'article')}"
    elif others > 0:
        title += f" and {how_many(others, 'copy', 'copies')} of them"
    table = Table(title=title, title_justify="left", show_lines=True)
    for column in ("", "article", "why it matches"):
        table.add_column(column, overflow="fold")
    for number, hit in enumerate(results.hits, offset + 1):
        table.add_row(str(number), _article(hit), _why(hit) or otherwise)
    console.print(table)


def _show_facet(name: str, counts: Sequence[Count]) -> None:
    if counts:
        shown = counts[-20:] if name == "days" else counts
        values = ", ".join(f"{escape(count.label)} [dim]{count.count}[/]" for count in shown)
        console.print(f"[bold]{name}[/]: {values}", highlight=False)


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
        copies = how_many(hit.copies.count, "copy", "copies")
        named = ", ".join(hit.copies.sources[:5]) + (", …" if len(hit.copies.sources) > 5 else "")
        fate.append(f"{copies}: {named}")
    elif hit.duplicate_of:
        fate.append("a copy of an article that was indexed before")
    if hit.story:
        named = ", ".join(hit.story.sources[:5]) + (", …" if len(hit.story.sources) > 5 else "")
        fate.append(f"a story of {how_many(hit.story.size, 'article')} in {', '.join(hit.story.languages)}: {named}")
    return [f"[yellow]{escape(line)}[/]" for line in fate]


def _why(hit: Hit) -> str:
    """Concepts that were asked for, other words, and the sentences that matched."""
    lines = []
    if hit.concepts:
        lines.append("[green]" + escape(", ".join(concept.label for concept in hit.concepts)) + "[/]")
    if hit.words:
        lines.append("words: " + escape(", ".join(hit.words)))
    lines += map(escape, hit.facts)
    lines += map(_event, hit.events)
    for fragment in hit.fragments[:2]:
        lines.append("… " + escape(fragment).replace("<em>", "[bold yellow]").replace("</em>", "[/]"))
    return "\n".join(lines)


def _event(event: Happened) -> str:
    """Who did what with whom, and the sentence that says so."""
    what = f"{event.type}: {event.mode}" if event.mode else event.type
    who = " → ".join(", ".join(names) for names in (event.sources, event.targets) if names)
    when = f" on {event.date:%d %b %Y}" if event.date else ""
    contexts = f" ({', '.join(event.contexts)})" if event.contexts else ""
    return f"[green]{escape(what)}[/] {escape(who + contexts + when)}\n… {escape(event.sentence)}"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(search)

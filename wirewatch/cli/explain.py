"""``wirewatch explain URL|ID``: all that an article is about, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from wirewatch.cli.console import console

if TYPE_CHECKING:
    from enrichment.explain import Belongs, Explanation, Near
    from wirewatch.records import Event


def explain(
    article: Annotated[str, typer.Argument(metavar="URL|ID", help="Its address, or the first digits of its id.")],
    language: Annotated[str, typer.Option(help="Language of the names: en, fr, es, pt, ar or ru.")] = "en",
    again: Annotated[bool, typer.Option("--again", help="Enrich it now, with the data files of today.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, without the vectors.")] = False,
) -> None:
    """Show every entity, country, topic, event and story of an article, and why; or why it is not there."""
    from crawlers.find import find
    from enrichment.explain import explain as reasons

    found = find(article)
    explanation = reasons(found.batch, found.id, language, again=again)
    if as_json:
        vectors = {"article": {"embedding", "passages"}}
        typer.echo(explanation.model_dump_json(indent=2, exclude=vectors, exclude_none=True))
    else:
        show(explanation, language)


def show(explanation: Explanation, language: str) -> None:
    """Print what an article is about."""
    console.print("\n".join(_head(explanation)), highlight=False)
    console.print(_reasons(explanation))
    for event in explanation.article.events:
        console.print("\n".join(_event(event, explanation.names)), highlight=False)
    if explanation.story:
        console.print("\n".join(_story(explanation.story)), highlight=False)
    if labels := explanation.article.labels.get(language):
        console.print(f"\n[bold]Found by[/] {escape('; '.join(labels))}", highlight=False)


def _head(explanation: Explanation) -> Iterator[str]:
    article, indexed = explanation.article, explanation.indexed
    published = f"{article.published:%d %b %Y %H:%M}" if article.published else "no date"
    yield f"[bold]{escape(article.title)}[/]"
    yield escape(f"{published}, {article.source.name}, {article.source.country}, in {explanation.language}")
    yield f"[dim]{escape(article.url)}[/]"
    if explanation.at:
        state = "not indexed yet: `wirewatch index run`"
        if indexed:
            state = f"not indexed: {indexed.reason}" if indexed.outcome == "failed" else f"indexed ({indexed.outcome})"
        yield escape(f"id {article.id}; {state}")
        yield escape(f"enriched {explanation.at:%d %b %Y %H:%M}, batch {explanation.batch}")
    else:
        yield escape(f"id {article.id}")
        yield f"[yellow]enriched now; what is stored of batch {escape(explanation.batch)} may differ[/]"
    if article.gone:
        yield f"[yellow]removed by the site on {article.gone:%d %b %Y}[/]"
    if not article.embedding:
        yield "[yellow]Enrichment failed: only its language is known. --again with -v shows the error.[/]"


def _reasons(explanation: Explanation) -> Table:
    table = Table()
    for column in ("", "what", "why", "in the text"):
        table.add_column(column, overflow="fold")
    for kind, reasons in (
        ("entity", explanation.entities),
        ("country", explanation.countries),
        ("region", explanation.regions),
        ("topic", explanation.topics),
    ):
        for number, reason in enumerate(reasons):
            what = f"{escape(reason.name)}\n[dim]{escape(reason.concept.partition(':')[2])}[/]"
            why, words = escape("\n".join(reason.why)), escape(", ".join(reason.words))
            table.add_row("" if number else kind, what, why, words, end_section=number + 1 == len(reasons))
        if not reasons:
            table.add_row(kind, "[dim]none[/]", end_section=True)
    return table


def _event(event: Event, names: dict[str, str]) -> Iterator[str]:
    """Who did what with whom, and the sentence with the words that say so lit."""
    kind = f"{event.type} ({event.mode})" if event.mode else event.type
    sources, targets = (", ".join(names.get(id, id) for id in ids) for ids in (event.sources, event.targets))
    facts = [f"{sources or 'somebody'} → {targets}" if targets else sources, *event.contexts]
    facts += [f"on {event.date:%d %b %Y}"] if event.date else []
    yield f"\n[bold]Event[/] [green]{escape(kind)}[/]: {escape(', '.join(filter(None, facts)))}"
    sentence = escape(event.sentence)
    for word in event.words:
        sentence = re.sub(f"({re.escape(escape(word))})", r"[bold yellow]\1[/]", sentence, count=1)
    yield f"  … {sentence}"


def _story(belongs: Belongs) -> Iterator[str]:
    story, size = belongs.story, belongs.story.size
    articles = "1 article" if size == 1 else f"{size} articles"
    yield f"\n[bold]Story[/] [green]{escape(story.title)}[/]"
    yield escape(
        f"  {story.id}, {articles} from {story.first_seen:%d %b %Y %H:%M} to {story.last_seen:%d %b %Y %H:%M}, "
        f"in {', '.join(story.languages)}, of {', '.join(story.sources[:5])}{', …' * (len(story.sources) > 5)}"
    )
    if belongs.was:
        yield f"  [yellow]It was told as story {belongs.was}, which became part of this one.[/]"
    if belongs.near:
        others = "the other article" if belongs.looked_at == 1 else f"{belongs.looked_at} others of it together"
        yield f"  near to {others}: {escape(_near(belongs.near))}"
    for one in belongs.neighbours:
        days = f", {one.days:+d} days" if one.days else ", same day"
        yield f"  · {escape(one.title)} [dim]{escape(f'({one.source.name}, {one.language}{days})')}[/]"
        yield f"    {escape(_near(one.near))}"
    if belongs.next:
        yield f"  the nearest other story, {belongs.next_nearness:.2f}: {escape(belongs.next.title)}"


def _near(near: Near) -> str:
    shared = [f"{near.nearness:.2f}, by meaning alone {near.meaning:.2f}"]
    shared += [f"both about {', '.join(near.countries)}"] if near.countries else []
    shared += [f"both name {', '.join(near.names)}"] if near.names else []
    return "; ".join(shared)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(explain)

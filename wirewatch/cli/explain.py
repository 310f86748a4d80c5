"""``wirewatch explain URL|ID``: all that an article is about, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from wirewatch.cli.console import console
from wirewatch.words import how_many

if TYPE_CHECKING:
    from enrichment.explain import Belongs, Explanation, Near, Reason
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
    console.print("\n".join(_head(explanation)), highlight=False, soft_wrap=True)
    console.print(_reasons(explanation))
    if explanation.article.events:
        console.print(_events(explanation.article.events, explanation.names))
    if explanation.story:
        console.print(_story(explanation.story))
    else:
        console.print("Story: none. It was enriched before stories were told, or failed to be.")
    if labels := explanation.article.labels.get(language):
        console.print(f"Labels that KQL finds it by: {escape('; '.join(labels))}", highlight=False)


def _head(explanation: Explanation) -> Iterator[str]:
    article, indexed = explanation.article, explanation.indexed
    published = f"{article.published:%d %b %Y %H:%M}" if article.published else "no date"
    yield f"[bold]{escape(article.title)}[/]"
    yield escape(
        f"{published}, {article.source.name}, {article.source.country}, in {explanation.language} ({article.language})"
    )
    yield f"[dim]{escape(article.url)}[/]"
    if explanation.at:
        state = "not indexed yet: `wirewatch index run`"
        if indexed:
            state = f"indexed ({indexed.outcome})"
            if indexed.outcome == "failed":
                state = f"not indexed: {indexed.reason} (`wirewatch index retry` tries again when that is mended)"
        yield escape(f"id {article.id}; {state}")
        yield escape(f"enriched {explanation.at:%d %b %Y %H:%M}, batch {explanation.batch}")
    else:
        yield escape(f"id {article.id}")
        yield f"[yellow]enriched now; what is stored of batch {escape(explanation.batch)} may differ[/]"
    if article.gone:
        yield f"[yellow]removed by the site on {article.gone:%d %b %Y}[/]"
    if not article.embedding:
        yield "[yellow]Enrichment failed: only its language is known. The log has the error, as has `--again`.[/]"


def _reasons(explanation: Explanation) -> Table:
    table = _table("", "what", "why", "in the text")
    for kind, reasons in (
        ("entity", explanation.entities),
        ("country", explanation.countries),
        ("region", explanation.regions),
        ("topic", explanation.topics),
    ):
        for number, reason in enumerate(reasons, 1):
            why, words = escape("\n".join(reason.why)), escape(", ".join(reason.words))
            table.add_row(kind if number == 1 else "", _what(reason), why, words, end_section=number == len(reasons))
        if not reasons:
            table.add_row(kind, "[dim]none[/]", end_section=True)
    if not explanation.article.events:
        table.add_row("event", "[dim]none[/]")
    return table


def _table(*columns: str, title: str | None = None, lines: bool = False) -> Table:
    table = Table(title=title, title_justify="left", show_lines=lines)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _what(reason: Reason) -> str:
    """The name, and the id that KQL finds it by unless the name says it already."""
    id = reason.concept.partition(":")[2]
    is_said = id in (reason.name, reason.name.lower().replace(" ", "-"))
    return escape(reason.name) + ("" if is_said else f" [dim]{escape(id)}[/]")


def _events(events: Iterable[Event], names: Mapping[str, str]) -> Table:
    """Who did what with whom, and the sentence with the words that say so lit."""
    table = _table("event", "who", "the sentence that says so", lines=True)
    for event in events:
        kind = f"{event.type}: {event.mode}" if event.mode else event.type
        when = [f"on {event.date:%d %b %Y}"] if event.date else []
        who, whom = (", ".join(names[id] for id in ids) for ids in (event.sources, event.targets))
        sentence = escape(event.sentence)
        for word in map(escape, event.words):
            sentence = sentence.replace(word, f"[bold yellow]{word}[/]", 1)
        facts = escape("\n".join([*event.contexts, *when]))
        table.add_row(f"[green]{escape(kind)}[/]\n{facts}", escape(f"{who} → {whom}" if whom else who), sentence)
    return table


def _story(belongs: Belongs) -> Table:
    """What binds the article to the others of its story."""
    story, articles = belongs.story, how_many(belongs.story.size, "article")
    sources = ", ".join(story.sources[:5]) + ", …" * (len(story.sources) > 5)
    seen = " to ".join(dict.fromkeys(f"{moment:%d %b %Y %H:%M}" for moment in (story.first_seen, story.last_seen)))
    title = f"Story: {story.title}\n{articles}, {seen}, in {', '.join(story.languages)}, of {sources}\nid {story.id}"
    if belongs.was:
        title += f"; the article was told as of {belongs.was}, which became part of it"
    title += f"\nFrom {belongs.enough:.2f} on an article is near enough to join."
    table = _table("near", "by meaning", "to", "both about", "both name", title=escape(title))
    if belongs.near and belongs.looked_at > 1:
        table.add_row(*_near(belongs.near, f"[dim]{belongs.looked_at} others of the story together[/]"))
    for one in belongs.neighbours:
        days = f"{one.days:+d} {'day' if abs(one.days) == 1 else 'days'}" if one.days else "same day"
        facts = escape(f"{one.source.name}, {one.language}, {days}")
        table.add_row(*_near(one.near, f"{escape(one.title)}\n[dim]{facts}[/]"))
    if belongs.next:
        table.add_section()
        table.add_row(
            f"{belongs.next_nearness:.2f}", "", f"[dim]the nearest other story:[/] {escape(belongs.next.title)}"
        )
    return table


def _near(near: Near, to: str) -> tuple[str, ...]:
    """A row of the table of the story."""
    common = (escape(", ".join(names)) for names in (near.countries, near.names))
    return f"{near.nearness:.2f}", f"{near.meaning:.2f}", to, *common


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(explain)

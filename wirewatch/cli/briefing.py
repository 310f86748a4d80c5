"""``wirewatch briefing``: what came in during some time, as one page to read, print or send."""

from __future__ import annotations

import sys
from datetime import UTC
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wirewatch.cli.console import console
from wirewatch.cli.options import language_of, length, moment
from wirewatch.errors import UserError
from wirewatch.records import now
from wirewatch.settings import get_settings
from wirewatch.sources import load_sources
from wirewatch.words import how_many

if TYPE_CHECKING:
    from search.briefing import Period


class By(StrEnum):
    """What says which articles are of a time."""

    ARRIVAL = "arrival"
    PUBLICATION = "publication"


def briefing(
    since: Annotated[
        str, typer.Option(help="A length of time before the end (24h, 7d, 2w), a day (2026-11-01) or a moment.")
    ] = "24h",
    until: Annotated[
        str | None, typer.Option(help="A day, with all of it, or a moment (2026-11-23T08:00, UTC); without it now.")
    ] = None,
    by: Annotated[
        By | None,
        typer.Option(
            help="Whether articles count by when they came in or by when they were published; without it, by when they "
            "came in where --since is a length of time, and else by when they were published."
        ),
    ] = None,
    desk: Annotated[
        list[str] | None, typer.Option(help="Only this desk (its title in Kibana); may be repeated.")
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(help="Show stories by articles in this language where there are any (en); may be repeated."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The file to write; - is standard output.")] = Path("briefing.html"),
) -> None:
    """Write what is new as one page of HTML: top stories, desks, alerts, charts, and sources that are not well."""
    from search.briefing import gather, page, save

    known = load_sources(get_settings().sources)
    read = [language_of(code) for code in language or ("en",)]
    told = gather(_period(since, until, by), _desks(desk), known, read)
    if str(out) == "-":
        sys.stdout.write(page(told))
        return
    save(told, out)
    console.print(
        f"The briefing is in {out}: {how_many(told.articles, 'article')}, "
        f"{how_many(told.stories, 'story', 'stories')}. A browser prints it as PDF.",
        soft_wrap=True, highlight=False,
    )  # fmt: skip


def _period(since: str, until: str | None, by: By | None) -> Period:
    from search.briefing import Period

    end = moment("--until", until, is_end=True).astimezone(UTC) if until else now()
    before = length(since)
    try:
        start = end - before if before else moment("--since", since, besides="24h, 7d, ").astimezone(UTC)
    except OverflowError:
        raise UserError(f"--since {since} is too long ago: give a shorter time.") from None
    if start >= end:
        raise UserError(f"--since {since} is not before the end, {end:%Y-%m-%d %H:%M} UTC: give an earlier one.")
    return Period(start, end, (by or (By.ARRIVAL if before else By.PUBLICATION)).value)


def _desks(titles: list[str] | None) -> dict[str, str]:
    from search.kibana.desks import DESKS

    known = {title.casefold(): title for title in DESKS}
    for title in titles or ():
        if title.casefold() not in known:
            raise UserError(f"There is no desk {title}. There are: {', '.join(DESKS)}.")
    return {title: DESKS[title] for title in (known[title.casefold()] for title in titles)} if titles else DESKS


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(briefing)

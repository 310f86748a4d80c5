"""``wirewatch sources``: the catalogue."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.table import Column, Table

from wirewatch.catalogue import Written, wording
from wirewatch.cli import health
from wirewatch.cli.console import console, errors, progress
from wirewatch.cli.options import Country, Language, Only, Tier
from wirewatch.errors import UserError
from wirewatch.records import now
from wirewatch.settings import get_settings
from wirewatch.sources import (
    SCHEMA,
    Source,
    add_source,
    as_yaml,
    choose,
    country_of,
    domain_of,
    json_schema,
    load_catalogue,
    load_sources,
)
from wirewatch.words import how_many

if TYPE_CHECKING:
    from crawlers.exploring import Site
    from crawlers.surveyor import Finding

COLOURS = {"works": "green", "moved": "yellow", "empty": "yellow", "dead": "red", "forbidden": "red"}


def list_sources(country: Country = None, tier: Tier = None, language: Language = None) -> None:
    """List the sources of the catalogue."""
    found = [
        source
        for source in load_sources(get_settings().sources)
        if country in (None, source.country)
        and tier in (None, source.tier)
        and (language or "") in ("", *source.languages)
    ]
    if not found:
        raise UserError("The catalogue has no such source. `wirewatch sources list` without options shows all.")
    # What is to be copied from a table is never cut off.
    table = Table(
        Column("name", min_width=14),
        Column("domain", no_wrap=True),
        "country",
        "languages",
        "tier",
        "feeds",
        "sitemaps",
        "sections",
    )
    for source in found:
        table.add_row(
            escape(source.name),
            source.domain,
            source.country,
            " ".join(source.languages),
            source.tier,
            *(str(len(found)) if found else "" for found in (source.feeds, source.sitemaps, source.sections)),
        )
    console.print(table)


def show(domain: Annotated[str, typer.Argument(help="The source's domain.")]) -> None:
    """Show the entry of a source, and what the crawls know of it."""
    from wirewatch.state import State

    settings = get_settings()
    written = _find(load_catalogue(settings.sources), domain)
    if written is None:
        choose([], [domain])  # says that there is none
        return
    source = written.entry
    console.print(f"{written.place}:", highlight=False, soft_wrap=True)
    _print_entry(source)
    state = State(settings.state)
    state.catch_up(settings.batches)
    visits = state.look_up(source.listings)
    table = Table(Column("listing", overflow="fold"), "asked", "fetched", "failures in a row", "interval")
    for url in source.listings:
        if visit := visits.get(url):
            interval = str(timedelta(seconds=visit.interval))
            table.add_row(url, _when(visit.asked), _when(visit.fetched), str(visit.failures or ""), interval)
        else:
            table.add_row(url, "never", "", "", "")
    console.print(table)
    if asking := state.asking([domain]).get(domain):
        closed = f"; it asked for patience until {_when(asking.closed_until)}" if asking.closed_until else ""
        console.print(f"Pages asked for on {asking.day}: {asking.pages}{closed}", highlight=False)
    console.print(f"Articles known: {state.articles(domain)}", highlight=False)


def habits(domain: Annotated[str, typer.Argument(help="The source's domain.")]) -> None:
    """Show what was learned of a site: the boxes and slogans on most of its pages, which are taken out of its texts."""
    from crawlers.habits import learn
    from wirewatch.state import State

    settings = get_settings()
    choose(load_sources(settings.sources), [domain])  # says where there is none
    state = State(settings.state)
    state.catch_up(settings.batches)
    learned = learn(state.recent(domain))
    table = Table(Column("block", overflow="fold"), "articles", "last taken out")
    for row in state.dropped(domain):
        table.add_row(escape(row.text), str(learned.times.get(row.block, "")), _when(row.at))
    if table.row_count:
        console.print(table)
    else:
        console.print("Nothing was taken out of its texts lately.")
    console.print(f"Learned from its last articles: {learned.articles}", highlight=False)


def add(
    url: Annotated[str, typer.Argument(help="The address of the site's front page.")],
    name: Annotated[str | None, typer.Option(help="As readers know it.")] = None,
    country: Country = None,
    language: Language = None,
    tier: Tier = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the entry, and write nothing.")] = False,
) -> None:
    """Find out where a site lists its articles, and write its entry into the catalogue."""
    from crawlers.survey import explore

    folder = get_settings().sources
    url = url if "://" in url else f"https://{url}"
    domain = domain_of(url)
    if not domain or not url.startswith(("http://", "https://")):
        raise UserError(f"{url} is no address of a site. Give one such as https://www.lemonde.fr/")
    catalogue = _catalogue(folder)
    _refuse_known(catalogue, domain)
    country = country or country_of(domain)
    if country is None:
        raise UserError(f"The ending of {domain} does not tell its country: say it with --country CODE.")
    with progress("explore") as move:
        site = explore(url, progress=move)
    _refuse_known(catalogue, site.domain)
    _say_what_was_looked_at(site.looked_at)
    source = _source_of(site, name, country, language, tier)
    if dry_run:
        console.print("Nothing is written; the entry would be:")
    else:
        console.print(f"{add_source(folder, source).place}:", highlight=False, soft_wrap=True)
    _print_entry(source)
    if not source.languages:
        errors.print("The site does not say in which language it is: write it into the entry.")


def check(
    only: Only = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Visit the listings of the sources, and report which work, moved, are empty or dead.

    Ends with status 1 where one does not work.
    """
    from crawlers.survey import check as visit

    sources = choose(load_sources(get_settings().sources), only)
    if as_json:
        findings = visit(sources)
        json.dump([finding.model_dump(mode="json") for finding in findings], sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        with progress("check") as move:
            findings = visit(sources, progress=move)
        _print_findings(findings)
    if any(finding.state != "works" for finding in findings):
        raise typer.Exit(1)


def export(
    opml: Annotated[str, typer.Option("--opml", help="The file to write; - for standard output.", metavar="FILE")],
) -> None:
    """Write the catalogue as OPML, for a feed reader."""
    from wirewatch.opml import export as as_opml

    text = as_opml(load_sources(get_settings().sources))
    if opml == "-":
        sys.stdout.buffer.write(text)
        return
    Path(opml).write_bytes(text)
    console.print(f"{opml} is written.", highlight=False, soft_wrap=True)


def import_opml(
    opml: Annotated[Path, typer.Option("--opml", help="The file to read.", metavar="FILE")],
    country: Country = None,
    language: Language = None,
) -> None:
    """Add the feeds of an OPML file of any feed reader to the catalogue.

    The options are for the sources of which the file does not tell country or language.
    """
    from wirewatch.opml import read

    folder = get_settings().sources
    known = {written.entry.domain: written for written in _catalogue(folder)}
    found = read(opml, country, language)
    if missing := [domain for domain in found.homeless if domain not in known]:
        raise UserError(
            f"The country of these is not known: {', '.join(missing)}. Say it with --country CODE; "
            "import them in several files if they are of several countries. Nothing was imported."
        )
    added = 0
    for source in found.sources:
        if source.domain in known:
            found.skipped.append(f"{source.name}: {source.domain} is there already, in {known[source.domain].place}.")
        else:
            add_source(folder, source)
            added += 1
    for why in found.skipped:
        errors.print(f"Skipped: {escape(why)}", soft_wrap=True, highlight=False)
    console.print(f"{how_many(added, 'source')} added, {len(found.skipped)} skipped.", highlight=False)


def schema() -> None:
    """Write the JSON schema of the catalogue's files into their folder, for editors."""
    file = get_settings().sources / SCHEMA
    file.write_text(json_schema(), encoding="utf-8")
    console.print(f"{file} is written.", highlight=False, soft_wrap=True)


def _catalogue(folder: Path) -> list[Written[Source]]:
    """The entries of the catalogue; none where there is no catalogue yet."""
    return load_catalogue(folder) if any(folder.glob("*.yml")) else []


def _find(catalogue: Iterable[Written[Source]], domain: str) -> Written[Source] | None:
    return next((written for written in catalogue if written.entry.domain == domain), None)


def _refuse_known(catalogue: Iterable[Written[Source]], domain: str) -> None:
    if written := _find(catalogue, domain):
        raise UserError(
            f"{domain} is in the catalogue already: {written.place} ({written.entry.name}). Change the entry there."
        )


def _source_of(site: Site, name: str | None, country: str, language: str | None, tier: str | None) -> Source:
    """The entry for a site; what was given wins over what was found."""
    if not (site.feeds or site.sitemaps or site.sections):
        why = f"its front page cannot be read ({site.reason})" if site.reason else "no page of it lists articles"
        raise UserError(
            f"Nothing to crawl was found at {site.url}: {why}. If you know a feed of it, write the entry by hand: "
            "docs/add-a-source.md."
        )
    try:
        return Source(
            name=name or site.name or site.domain,
            domain=site.domain,
            country=country,
            languages=tuple(filter(None, [language or site.language])),
            feeds=site.feeds,
            sitemaps=site.sitemaps,
            sections=site.sections,
            tier=tier or "nightly",
            checked=f"{now():%Y-%m-%d}, found on the site itself",
        )
    except ValidationError as error:
        raise UserError(
            f"The entry would be wrong: {wording(error, Source)}. Write it by hand: docs/add-a-source.md."
        ) from None


def _say_what_was_looked_at(findings: Iterable[Finding]) -> None:
    if findings := list(findings):
        console.print("Looked at:")
        _print_findings(findings)


def _print_findings(findings: Iterable[Finding]) -> None:
    table = Table("source", Column("listing", overflow="fold"), "", "articles", "newest", "why")
    for finding in findings:
        moved = f"to {finding.moved}" if finding.moved else ""
        table.add_row(
            finding.source,
            escape(finding.url),
            f"[{COLOURS[finding.state]}]{finding.state}[/]",
            str(finding.entries or ""),
            _when(finding.newest),
            escape(" ".join(filter(None, (finding.reason, moved)))),
        )
    console.print(table)


def _print_entry(source: Source) -> None:
    """As it is in the file: nothing folded, nothing coloured."""
    console.print(as_yaml(source), markup=False, highlight=False, soft_wrap=True, end="")


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="The catalogue of news sites.", no_args_is_help=True)
    group.command("list")(list_sources)
    group.command("show")(show)
    group.command("habits")(habits)
    group.command("add")(add)
    group.command("check")(check)
    group.command("export")(export)
    group.command("import")(import_opml)
    group.command("schema")(schema)
    health.register(group)
    app.add_typer(group, name="sources")

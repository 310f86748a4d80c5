"""``wirewatch extract URL|FILE`` and ``wirewatch pages``: one page looked at, and the classes that read pages."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from wirewatch.cli.console import console, say
from wirewatch.errors import UserError

if TYPE_CHECKING:
    from crawlers.explain import Explained, Reading, SavedPage
    from crawlers.generate import TestPage

SHOWN = 300
"""Characters of a candidate that are shown; all of it is in the JSON."""


def show(page: str, url: str | None, explain: bool, as_json: bool) -> None:
    """Print the article that a page gives."""
    from crawlers.explain import explain as read

    saved = _page(page, url)
    reading = read(saved)
    if as_json:
        json.dump(_as_json(saved, reading, explain), sys.stdout, ensure_ascii=False, indent=1)
        print()
        return
    say(f"{reading.url}\nfrom {saved.place}; read by {reading.page_object}")
    table = Table("field", Column("value", overflow="fold"), Column("origin", overflow="fold"))
    for field in reading.fields:
        if text := _text(field.value):
            table.add_row(field.name, escape(text), escape(field.origin))
    console.print(table)
    if explain:
        console.print(_explanation(reading))
    if reading.item.problem:
        console.print(f"[bold red]No article:[/] {reading.item.problem}")


def _page(page: str, url: str | None) -> SavedPage:
    from crawlers.explain import page_at, page_in

    return page_at(page) if "://" in page else page_in(Path(page), url)


def _as_json(saved: SavedPage, reading: Reading, explain: bool) -> dict[str, Any]:
    """The article; explained, also each field's origin, the reason and the candidates."""
    given: dict[str, Any] = {"page": reading.url, "from": saved.place, "page_object": reading.page_object}
    given |= {"article": reading.item.model_dump(mode="json")}
    return given | ({"fields": [field.model_dump(mode="json") for field in reading.fields]} if explain else {})


def _explanation(reading: Reading) -> Table:
    """Each field's candidates in the order in which they are asked, the one that won marked."""
    table = Table(
        "field", "", "origin", Column("candidate", overflow="fold"), Column("chosen because", overflow="fold")
    )
    for field in reading.fields:
        rows = list(field.candidates)
        won = _winner(field)
        if won is None and _text(field.value):  # nothing in the page was chosen: the site's class gives it, or code
            rows, won = [(field.origin, field.value), *rows], 0
        for number, (origin, value) in enumerate(rows):
            text = _text(value)
            table.add_row(
                "" if number else field.name,
                "✓" if number == won else "",
                escape(origin),
                escape(text[:SHOWN] + " …" * (len(text) > SHOWN)),
                escape(field.why) if number == won else "",
            )
    return table


def _winner(field: Explained) -> int | None:
    """The number of the candidate that won: that of the field's origin; of several, the one with its value."""
    there = [number for number, (origin, _) in enumerate(field.candidates) if origin == field.origin]
    same = (number for number in there if _text(field.candidates[number][1]) == _text(field.value))
    return next(same, next(iter(there), None))


def _text(value: Any) -> str:
    """A value as people read it; empty for nothing."""
    if isinstance(value, list):
        return "\n\n".join(filter(None, map(_text, value)))
    if isinstance(value, dict):
        return "\n".join(f"{name} {part}" for name, part in value.items() if part is not None)
    return "" if value is None else str(value)


Urls = Annotated[list[str] | None, typer.Option("--from-url", help="A page of the site; may be repeated.")]
Files = Annotated[list[Path] | None, typer.Option("--from-file", help="A saved page; may be repeated.")]
Url = Annotated[str | None, typer.Option("--url", help="The address that the one file was saved from.")]
KeepText = Annotated[bool, typer.Option("--keep-text", help="Leave the words of the pages: do not publish them then.")]

KeepWords = Annotated[
    list[str] | None, typer.Option("--keep-word", help="A word that stays, since the class looks for it; repeatable.")
]


def new(
    domain: Annotated[str, typer.Argument(help="The site: lemonde.fr")],
    from_url: Urls = None,
    from_file: Files = None,
    url: Url = None,
    name: Annotated[str | None, typer.Option(help="Of the module; by default, as the domain.")] = None,
    keep_text: KeepText = False,
    keep_word: KeepWords = None,
) -> None:
    """Write a page object for a site, and the pages that it is tested with, their words replaced by made-up ones."""
    from crawlers.generate import new_class, read_for_tests

    made = new_class(domain, name)
    pages = read_for_tests(domain, _pages(from_url, from_file, url), keep_text=keep_text, keep=keep_word or ())
    made.file.write_text(made.code, encoding="utf-8")
    say(f"{made.file} is written: override in it what is wrong.")
    _write_fixtures(made.name, pages)


def save(
    domain: Annotated[str, typer.Argument(help="The site: lemonde.fr")],
    from_url: Urls = None,
    from_file: Files = None,
    url: Url = None,
    keep_text: KeepText = False,
    keep_word: KeepWords = None,
) -> None:
    """Add pages to the tests of a site's page object, with what it gives of them now."""
    from crawlers.generate import class_for, read_for_tests

    found = class_for(domain)
    if found is None:
        raise UserError(f"{domain} has no page object: `wirewatch pages new` writes one.")
    pages = read_for_tests(domain, _pages(from_url, from_file, url), keep_text=keep_text, keep=keep_word or ())
    _write_fixtures(f"{found.module}.{found.name}", pages)


def list_classes() -> None:
    """List the classes that read articles, for which addresses, and which fields they give otherwise."""
    from crawlers.generate import page_classes

    table = Table(Column("class", overflow="fold"), "addresses", Column("fields", overflow="fold"))
    for found in page_classes():
        patterns = ", ".join(pattern or "all" for pattern in found.patterns)
        table.add_row(f"{found.module}.{found.name}", escape(patterns), ", ".join(found.fields))
    console.print(table)


def _pages(urls: list[str] | None, files: list[Path] | None, url: str | None) -> list[SavedPage]:
    from crawlers.explain import page_at, page_in

    if not urls and not files:
        raise UserError("Give a page of the site to test with: --from-url URL or --from-file FILE.")
    if url and len(files or ()) != 1:
        raise UserError("--url is the address of one file: give one --from-file with it.")
    return [*map(page_at, urls or ()), *(page_in(file, url) for file in files or ())]


def _write_fixtures(class_name: str, pages: list[TestPage]) -> None:
    from crawlers.generate import write_fixture

    for page in pages:
        folder = write_fixture(class_name, page)
        say(f"{folder}/ is written: correct its output.json.")
        if page.lost:
            say(f"  With the made-up words it gives no {', '.join(page.lost)}.")
    say("pytest tests/crawlers/pages/test_fixtures.py compares them with what the class gives.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(help="The classes that read the pages of sites.", no_args_is_help=True)
    group.command("new")(new)
    group.command("save")(save)
    group.command("list")(list_classes)
    app.add_typer(group, name="pages")

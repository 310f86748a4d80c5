"""The options that several commands have. What no catalogue can hold is refused before anything is done."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from wirewatch import sources
from wirewatch.errors import UserError


def _tier(name: str | None) -> str | None:
    if name is not None and name not in get_args(sources.Tier):
        raise UserError(f"No such tier: {name}. There are {', '.join(get_args(sources.Tier))}.")
    return name


def _tiers(names: list[str] | None) -> list[str] | None:
    for name in names or ():
        _tier(name)
    return names


def _country(code: str | None) -> str | None:
    try:
        return code and sources.country_code(code.upper())
    except ValueError as error:
        raise UserError(f"--country: {error}.") from None


def language_of(code: str) -> str:
    """The code of a language, where it is one."""
    try:
        return sources.language_code(code.lower())
    except ValueError as error:
        raise UserError(f"--language: {error}.") from None


def _language(code: str | None) -> str | None:
    return code and language_of(code)


Only = Annotated[list[str] | None, typer.Option("--source", help="Only this source (its domain); may be repeated.")]
Tiers = Annotated[
    list[str] | None,
    typer.Option("--tier", help="Only sources of this tier (hot, hourly, nightly); may be repeated.", callback=_tiers),
]
Tier = Annotated[str | None, typer.Option(help="hot, hourly or nightly.", metavar="TIER", callback=_tier)]
Country = Annotated[
    str | None, typer.Option(help="ISO 3166-1 alpha-2 code of its country: DZ.", metavar="CODE", callback=_country)
]
Language = Annotated[
    str | None, typer.Option(help="ISO 639-1 code of its language: fr.", metavar="CODE", callback=_language)
]

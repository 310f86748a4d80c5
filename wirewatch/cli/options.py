"""The options that several commands have. What no catalogue can hold is refused before anything is done."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
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


_LENGTHS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def length(text: str) -> timedelta | None:
    """A length of time: 90m, 12h, 3d, 2w. None where it is none."""
    found = re.fullmatch(r"(\d{1,5})([mhdw])", text)
    return timedelta(**{_LENGTHS[found[2]]: int(found[1])}) if found else None


def moment(option: str, text: str, zone: tzinfo = UTC, *, is_end: bool = False, besides: str = "") -> datetime:
    """A moment; of a day its beginning, or the end.

    Args:
        option: that it is given to.
        text: as somebody has written it.
        zone: of what names none.
        is_end: whether a day is given with all of it.
        besides: what else the option takes.

    Raises:
        UserError: it is none.
    """
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            found = datetime.combine(date.fromisoformat(text) + timedelta(days=int(is_end)), time())
        else:
            found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UserError(f"{option} {text} is no time: write {besides}2026-11-23 or 2026-11-23T08:00.") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


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

"""What the data files say: countries, regions, groups of countries, and the forms of their names."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from wirewatch.errors import UserError

DATA = Path(__file__).parent.parent / "data"


def lines(name: str) -> list[list[str]]:
    """The columns of each line of a data file; none where there is no such file."""
    path = DATA / name
    if not path.is_file():
        return []
    return [line.split("\t") for line in path.read_text("utf-8").splitlines() if line and not line.startswith("# ")]


class Country(NamedTuple):
    """A line of ``countries.tsv``."""

    code: str
    region: str
    capitals: tuple[str, ...]


class Region(NamedTuple):
    """A line of ``regions.tsv`` or an entry of ``groups.yml``."""

    code: str
    """M49 code; a group's name."""
    parent: str | None
    name: str
    members: tuple[str, ...] = ()
    """A group's countries."""
    kind: str = "region"
    """``organisation`` for a group that is no region."""
    brought: bool = True
    """Whether its countries bring it."""


@cache
def countries() -> dict[str, Country]:
    """Every country we know, by ISO code."""
    table = {}
    for code, region, *capitals in lines("countries.tsv"):
        table[code] = Country(code, region, tuple(capitals[0].split(", ")) if capitals else ())
    return table


@cache
def _groups() -> list[dict[str, Any]]:
    path = DATA / "groups.yml"
    listed: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8")) if path.is_file() else []
    for group in listed:
        unknown = [code for code in group["members"].split() if code not in countries()]
        if unknown or group["kind"] not in ("region", "organisation"):
            wrong = f"unknown members {', '.join(unknown)}" if unknown else f"unknown kind {group['kind']!r}"
            raise UserError(
                f"enrichment/data/groups.yml, {group['name']}: {wrong}; members are codes of countries.tsv, "
                "kinds are region and organisation"
            )
    return listed


@cache
def regions() -> dict[str, Region]:
    """The M49 regions by code, and the groups of countries by name."""
    table = {code: Region(code, None if up == "-" else up, name) for code, up, name in lines("regions.tsv")}
    for group in _groups():
        brought = group["kind"] == "region" and not group.get("only_named")
        members = tuple(group["members"].split())
        table[group["name"]] = Region(group["name"], None, group["name"], members, group["kind"], brought)
    return table


@cache
def region_codes() -> dict[str, str]:
    """The codes of regions and groups by English name."""
    return {region.name: region.code for region in regions().values()}


@cache
def members(region: str) -> frozenset[str]:
    """The countries of a region or group ("NATO", "Northern Africa"), by its English name; none of an unknown one."""
    code = region_codes().get(region)
    if code is None:
        return frozenset()
    inside = {country.code for country in countries().values() if country.region == code}
    inside.update(*(members(other.name) for other in regions().values() if other.parent == code))
    return frozenset(inside.union(regions()[code].members))


@cache
def own_forms(language: str) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """The endings of ``countries.LANGUAGE.tsv``, and its forms and those of the groups by code."""
    endings: tuple[str, ...] = ("",)
    forms: dict[str, list[str]] = {}
    for code, listed in lines(f"countries.{language}.tsv"):
        if code == "#endings":
            endings = tuple(ending.strip() for ending in listed.split(","))
        elif code == "-" or code in regions() or all(one in countries() for one in code.split("+")):
            forms.setdefault(code, []).extend(form.strip() for form in listed.split(",") if form.strip())
        else:
            raise UserError(
                f"enrichment/data/countries.{language}.tsv: unknown code {code!r}; "
                "use one of countries.tsv, one of regions.tsv, or -"
            )
    for group in _groups():
        if language in group["names"]:
            label, *others = (form.strip() for form in group["names"][language].split(","))
            forms.setdefault(group["name"], []).extend([f"={label}", *others])
    return endings, forms

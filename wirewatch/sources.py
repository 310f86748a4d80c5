"""The catalogue of sources: ``sources/*.yml``, one file a country, one entry an outlet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import yaml
from babel.core import get_global
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, WithJsonSchema, model_validator

from wirewatch.catalogue import Written, read_entries, read_text
from wirewatch.errors import UserError
from wirewatch.records import SourceRef

COUNTRIES = frozenset(get_global("territory_languages"))
"""The ISO 3166-1 alpha-2 codes of all countries, and the few more that CLDR has."""

FEED_HOSTS = ("feedburner.com", "feedblitz.com", "feedpress.me", "rss.app")
"""Services that carry the feeds of others: the address of a feed there does not tell whose it is."""

SCHEMA = "schema.json"
"""The file in the catalogue's folder by which editors check its entries."""


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{text!r} is no address: it must start with http:// or https://")
    return text


def _domain(text: str) -> str:
    labels = text.split(".")
    if not all(label and label.isascii() and label == label.lower() and _is_label(label) for label in labels):
        raise ValueError(f"{text!r} is no domain: it must be written like lemonde.fr, in small letters")
    return text


def _is_label(text: str) -> bool:
    return text.replace("-", "").isalnum()


def country_code(code: str) -> str:
    """The code, if it is a country's.

    Raises:
        ValueError: it is not; says so.
    """
    if code not in COUNTRIES:
        raise ValueError(f"{code!r} is no code of a country in ISO 3166-1 alpha-2, such as DZ")
    return code


def language_code(code: str) -> str:
    """The code, if it can be a language's.

    Raises:
        ValueError: it cannot; says so.
    """
    if len(code) != 2 or not code.isascii() or not code.islower():
        raise ValueError(f"{code!r} is no code of a language in ISO 639-1, such as fr")
    return code


def _text(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


Address = Annotated[str, AfterValidator(_address), _text("^https?://[^/]")]
Domain = Annotated[str, AfterValidator(_domain), _text(r"^[a-z0-9-]+(\.[a-z0-9-]+)*$")]
Country = Annotated[str, AfterValidator(country_code), WithJsonSchema({"type": "string", "enum": sorted(COUNTRIES)})]
Language = Annotated[str, AfterValidator(language_code), _text("^[a-z]{2}$")]
Tier = Literal["hot", "hourly", "nightly"]
Kind = Literal["feed", "sitemap", "section"]
"""What a listing is."""


class Source(BaseModel):
    """One outlet and where its articles are listed."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "anyOf": [
                {"required": [field], "properties": {field: {"minItems": 1}}}
                for field in ("feeds", "sitemaps", "sections")
            ]
        },
    )

    name: str = Field(min_length=1)
    """As readers know the outlet."""
    domain: Domain
    """Pages outside it (and its subdomains) are not crawled. Also the id of the source."""
    country: Country
    """ISO 3166-1 alpha-2."""
    languages: tuple[Language, ...]
    """ISO 639-1, the main one first."""
    feeds: tuple[Address, ...] = ()
    """RSS, Atom or JSON feeds."""
    sitemaps: tuple[Address, ...] = ()
    """News sitemaps, or indexes of sitemaps."""
    sections: tuple[Address, ...] = ()
    """Section pages, for sites with neither."""
    tier: Tier = "nightly"
    """How often it is visited at most: every 10 minutes, every hour, every night. A listing that brings little is
    visited less often than its tier allows."""
    render: bool = False
    """Whether its pages are empty without JavaScript: a browser renders them then (extra ``render``)."""
    checked: str = ""
    """From where and when the addresses are known."""

    @model_validator(mode="after")
    def _has_listings(self) -> Self:
        if not self.listings:
            raise ValueError("it needs feeds, sitemaps or sections: without one no article can be found")
        return self

    @property
    def listings(self) -> dict[str, Kind]:
        """Its listings: address and kind."""
        of_kind: dict[Kind, tuple[str, ...]] = {"feed": self.feeds, "sitemap": self.sitemaps, "section": self.sections}
        return {url: kind for kind, urls in of_kind.items() for url in urls}

    @property
    def ref(self) -> SourceRef:
        """What an article keeps of its source."""
        return SourceRef(id=self.domain, name=self.name, country=self.country)


def load_sources(folder: Path) -> list[Source]:
    """All sources of a catalogue folder, by file name and then in the order they are written.

    Raises:
        UserError: the folder has no catalogue, or entries are wrong; the message names file, line and field of each.
    """
    return [written.entry for written in load_catalogue(folder)]


def load_catalogue(folder: Path) -> list[Written[Source]]:
    """All sources of a catalogue folder with their places. Order and errors as of :func:`load_sources`."""
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise UserError(f"No catalogue files (*.yml) in {folder}. Set WIREWATCH_SOURCES to a folder that has some.")
    found: list[Written[Source]] = []
    wrong: list[str] = []
    for file in files:
        entries, problems = read_entries(file, read_text(file, "sources"), Source, "sources")
        found += entries
        wrong += problems
    first: dict[str, Written[Source]] = {}
    for written in found:
        before = first.setdefault(written.entry.domain, written)
        if before is not written:
            wrong.append(
                f"{written.place} ({written.entry.name}): domain: {written.entry.domain} is in the catalogue twice; "
                f"it is in {before.place}, too"
            )
    if wrong:
        raise UserError("\n".join(wrong))
    if not found:
        raise UserError(f"The catalogue in {folder} is empty: docs/add-a-source.md shows how to write an entry.")
    return found


def choose(sources: Iterable[Source], only: Iterable[str] | None) -> list[Source]:
    """The sources whose domains are in ``only``, or all of them.

    Raises:
        UserError: a domain that is not in the catalogue.
    """
    known, wanted = {source.domain: source for source in sources}, set(only or ())
    if unknown := wanted - known.keys():
        raise UserError(
            f"Not in the catalogue: {', '.join(sorted(unknown))}. `wirewatch sources list` shows what there is."
        )
    return [source for domain, source in known.items() if not wanted or domain in wanted]


def add_source(folder: Path, source: Source) -> Written[Source]:
    """Write an entry at the end of its country's file, which is made if it is not there; nothing else is changed.

    Raises:
        UserError: the file is wrong, or is not written in a way that an entry can be put after it.
    """
    file = folder / f"{source.country.lower()}.yml"
    before = f"# yaml-language-server: $schema={SCHEMA}\n" if (folder / SCHEMA).exists() else ""
    if file.exists():
        before = read_text(file, "sources").rstrip("\n") + "\n\n"
        if wrong := read_entries(file, before, Source, "sources")[1]:
            raise UserError("\n".join(wrong))
    text = before.lstrip("\n") + as_yaml(source)
    entries, wrong = read_entries(file, text, Source, "sources")
    if wrong or entries[-1].entry != source:
        raise UserError(f"{file} is not written as one `- name:` after the other. Put this into it:\n{as_yaml(source)}")
    folder.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".yml.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
    return entries[-1]


def as_yaml(source: Source) -> str:
    """An entry as the catalogue's files have it."""
    lines = []
    for field, value in source.model_dump(exclude_defaults=True).items():
        if field == "languages":
            lines.append(f"{field}: [{', '.join(map(_scalar, value))}]")
        elif isinstance(value, tuple):
            lines += [f"{field}:", *(f"  - {_scalar(item)}" for item in value)]
        else:
            lines.append(f"{field}: {_scalar(value)}")
    return "- " + "\n  ".join(lines) + "\n"


def _scalar(value: object) -> str:
    """A value as YAML has it on one line, in quotes where it would be read as something else."""
    text: str = yaml.safe_dump(value, allow_unicode=True, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...")


def json_schema() -> str:
    """The JSON schema of a file of the catalogue, as :data:`SCHEMA` holds it."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A file of Wirewatch's catalogue of sources",
        **TypeAdapter(list[Source]).json_schema(),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


_ANYONES = {"ac", "ag", "ai", "am", "cc", "co", "fm", "gg", "io", "la", "ly", "me", "nu", "sc", "sh", "tk", "to", "tv"}
"""Endings of countries that anyone takes for the sound of it."""


def country_of(domain: str) -> str | None:
    """The country that a domain's ending stands for; None where the ending is of no country, or taken by anyone."""
    *_, second, ending = ["", *domain.split(".")]
    code = "GB" if ending == "uk" else ending.upper()
    if code not in COUNTRIES or (ending in _ANYONES and second not in ("com", "net", "org", "gov")):
        return None
    return code


def domain_of(url: str) -> str:
    """The domain by which the catalogue would know the site of an address: its host without ``www.``; may be empty."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""

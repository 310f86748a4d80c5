"""The catalogue of sources: ``sources/*.yml``, one file a country, one entry an outlet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from wirewatch.catalogue import load_entries
from wirewatch.errors import UserError
from wirewatch.records import SourceRef


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{text!r} is no address: it must start with http:// or https://")
    return text


Address = Annotated[str, AfterValidator(_address)]


class Source(BaseModel):
    """One outlet and where its articles are listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    domain: str = Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$")
    """Registered domain; pages outside it (and its subdomains) are not crawled. Also the id of the source."""
    country: str = Field(pattern="^[A-Z]{2}$")
    """ISO 3166-1 alpha-2."""
    languages: tuple[str, ...]
    """ISO 639-1, the main one first."""
    feeds: tuple[Address, ...] = ()
    sitemaps: tuple[Address, ...] = ()
    """News sitemaps."""
    sections: tuple[Address, ...] = ()
    """Section pages, for sites with neither."""
    tier: Literal["hot", "hourly", "nightly"] = "nightly"
    """How often it is to be visited. Only noted so far: every run visits every source."""
    render: bool = False
    """Whether the pages are empty without JavaScript. Only noted so far: nothing is rendered."""
    checked: str = ""
    """From where and when the addresses are known."""

    @model_validator(mode="after")
    def _has_listings(self) -> Self:
        if not (self.feeds or self.sitemaps or self.sections):
            raise ValueError("it needs feeds, sitemaps or sections: without one no article can be found")
        return self

    @property
    def ref(self) -> SourceRef:
        """What an article keeps of its source."""
        return SourceRef(id=self.domain, name=self.name, country=self.country)


def load_sources(folder: Path) -> list[Source]:
    """All sources of a catalogue folder, by file name and then in the order they are written.

    Raises:
        UserError: the folder has no catalogue, or an entry is wrong; the message names file, entry and field.
    """
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise UserError(f"No catalogue files (*.yml) in {folder}. Set WIREWATCH_SOURCES to a folder that has some.")
    sources: dict[str, Source] = {}
    for file in files:
        for source in load_entries(file, Source, "sources"):
            if source.domain in sources:
                raise UserError(f"{file}: {source.domain} is in the catalogue twice.")
            sources[source.domain] = source
    if not sources:
        raise UserError(f"The catalogue in {folder} is empty: docs/add-a-source.md shows how to write an entry.")
    return list(sources.values())


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

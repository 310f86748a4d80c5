"""The catalogue of sources: ``sources/*.yml``, one file a country, one entry an outlet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wirewatch.errors import UserError
from wirewatch.records import SourceRef


class Source(BaseModel):
    """One outlet and where its articles are listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    domain: str
    """Registered domain; pages outside it (and its subdomains) are not crawled. Also the id of the source."""
    country: str = Field(pattern="^[A-Z]{2}$")
    """ISO 3166-1 alpha-2."""
    languages: tuple[str, ...]
    """ISO 639-1, the main one first."""
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    """News sitemaps."""
    sections: tuple[str, ...] = ()
    """Section pages, for sites with neither."""
    tier: Literal["hot", "hourly", "nightly"] = "nightly"
    render: bool = False
    """Whether the pages are empty without JavaScript."""
    checked: str = ""
    """From where and when the addresses are known."""

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
        try:
            entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
        except yaml.YAMLError as error:
            raise UserError(f"{file} is not valid YAML: {error}") from None
        if not isinstance(entries, list):
            raise UserError(f"{file} must be a list of sources, each starting with `- name:`.")
        for number, entry in enumerate(entries, 1):
            try:
                source = Source.model_validate(entry)
            except ValidationError as error:
                wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
                name = entry.get("name", "without a name") if isinstance(entry, dict) else entry
                raise UserError(f"{file}, entry {number} ({name}): {wrong}") from None
            if source.domain in sources:
                raise UserError(f"{file}, entry {number}: {source.domain} is in the catalogue twice.")
            sources[source.domain] = source
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

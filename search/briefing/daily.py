"""The briefing of each day, as a file in a folder."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from search.briefing.gather import Briefing, gather
from search.briefing.page import page
from search.briefing.period import Period
from search.kibana.desks import DESKS
from wirewatch.records import now
from wirewatch.settings import get_settings
from wirewatch.sources import load_sources
from wirewatch.storage import file_system, is_disk


def write_daily(folder: Path) -> Path:
    """Write what came in during the last 24 hours as ``<day>.html``, by the day of the settings' time zone; returns the
    file, which takes the place of an earlier one of that day. Where the batches are in an object store, a copy is put
    beside them: what the home of a worker holds may be lost.

    Raises:
        UserError: Elasticsearch does not answer or refuses, or the object store does.
    """
    settings, end = get_settings(), now()
    told = gather(Period(end - timedelta(days=1), end), DESKS, load_sources(settings.sources), ["en"])
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{end.astimezone(ZoneInfo(settings.timezone)):%Y-%m-%d}.html"
    save(told, file)
    with file_system(f"{settings.batches}/briefings/{file.name}") as (fs, path):
        if not is_disk(fs):
            fs.put_file(str(file), path)
    return file


def save(told: Briefing, file: Path) -> None:
    """Write a briefing. A file that is there is whole: who reads the page meanwhile has the one before."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(page(told), encoding="utf-8")
    part.replace(file)

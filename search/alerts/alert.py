"""What an alert is, and the file that alerts can be written in."""

from __future__ import annotations

import hashlib
import re
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from search.alerts.channels import check
from search.query.filters import Filters
from wirewatch.catalogue import load_entries
from wirewatch.errors import UserError
from wirewatch.settings import zone as time_zone

Every = Literal["run", "hour", "day", "week"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _hours(text: str) -> str:
    first, _, last = text.partition("-")
    if not re.fullmatch(r"\d\d:\d\d-\d\d:\d\d", text) or time.fromisoformat(first) == time.fromisoformat(last):
        raise ValueError(f"`{text}` are no hours: write 22:00-07:00")
    return text


class Alert(BaseModel):
    """A question that is asked of everything new, and how and where to tell what it finds."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = Field(min_length=1, max_length=200)
    """Says which alert it is, for ever: under another name it is another alert."""
    owner: str = Field("", max_length=200)
    """Whose it is: a name or an address, for those who look after alerts."""
    kql: str | None = Field(None, min_length=1, max_length=10_000)
    """The same text as in Kibana's search bar. One that cannot be read is kept, and shown with its error."""
    lucene: str | None = Field(None, min_length=1, max_length=10_000)
    """The same in Lucene's syntax, which Kibana's search bar speaks too."""
    clauses: tuple[dict[str, Any], ...] = ()
    """Queries of Elasticsearch that must match too: what Kibana's filter pills stand for."""
    about: str | None = Field(None, min_length=3, max_length=1_000)
    """What it is about, in a sentence of plain words in any language: articles near in meaning, whatever words and
    language they use."""
    where: Filters = Filters()
    """What every article must have besides."""
    tell: tuple[Annotated[str, AfterValidator(check)], ...] = ()
    """Channels: see :mod:`search.alerts.channels`. Without one, notices are kept and shown, and sent to nobody."""
    every: Every = "run"
    """When notices are sent: after each run, or gathered, once an hour, a day or a week."""
    at: time = time(8)
    """When on the day they are gathered for."""
    on: Day = "mon"
    """On which day of the week."""
    zone: Annotated[str, AfterValidator(time_zone)] = "UTC"
    """The time zone of ``at``, ``on`` and ``quiet``."""
    quiet: Annotated[str, AfterValidator(_hours)] | None = None
    """Hours in which nothing is sent (``22:00-07:00``): what is found then is sent when they are over."""
    relevance: float | None = Field(None, ge=0, le=1)
    """How relevant an article must be, beside the most relevant ones of the past month (1)."""
    sources: int = Field(1, ge=1)
    """A story is told once so many outlets report it."""
    developing: int | None = Field(None, ge=2)
    """A story that grows to so many articles after it was told is told once more."""
    volume: Literal["spike", "silence"] | None = None
    """Instead of stories, tell that there is far more than usual, or nothing where there usually is something."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not (self.kql or self.lucene or self.about or self.clauses or self.where != Filters()):
            raise ValueError("an alert needs a question: give `kql`, `about` or `where`")
        if self.kql and self.lucene:
            raise ValueError("ask in one language: `kql` or `lucene`")
        return self

    @property
    def id(self) -> str:
        """Its id in the index, made of its name."""
        return alert_id(self.name)


def alert_id(name: str) -> str:
    """The id of the alert of that name."""
    return hashlib.sha256(name.encode()).hexdigest()[:20]


def as_yaml(alert: Alert) -> str:
    """An alert as a file has it."""
    written = {"name": alert.name} | alert.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump([written], allow_unicode=True, sort_keys=False, width=10_000)


def load_alerts(file: Path) -> list[Alert]:
    """The alerts of a YAML file, in its order.

    Raises:
        UserError: the file is not there or not readable, or an entry is wrong; the message names file, line and field.
    """
    if not file.exists():
        raise UserError(
            f"There is no file of alerts {file}. Make one (`[]` for no alerts), or set WIREWATCH_ALERTS to yours."
        )
    alerts: dict[str, Alert] = {}
    for written in load_entries(file, Alert, "alerts"):
        if written.entry.name in alerts:
            raise UserError(f"{written.place}: there are two alerts named {written.entry.name}.")
        alerts[written.entry.name] = written.entry
    return list(alerts.values())

"""What an alert is, and the file that alerts are written in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from search.alerts.channels import check
from wirewatch.catalogue import load_entries
from wirewatch.errors import UserError


class Alert(BaseModel):
    """A query with a name and where to tell what it finds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    """Says which alert it is, for ever: under another name it is another alert, and tells everything again."""
    kql: str = Field(min_length=1)
    """The same text as in Kibana's search bar. One that cannot be read is kept, and reported whenever it is asked."""
    tell: tuple[Annotated[str, AfterValidator(check)], ...] = Field(min_length=1)
    """Channels: see :mod:`search.alerts.channels`."""


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

"""What an alert is, and the file that alerts are written in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from search.alerts.channels import check
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
        UserError: there is no such file, or an entry is wrong; the message names file, entry and field.
    """
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    except FileNotFoundError:
        raise UserError(
            f"There is no file of alerts {file}. Make one (`[]` for no alerts), or set WIREWATCH_ALERTS to yours."
        ) from None
    except yaml.YAMLError as error:
        raise UserError(f"{file} is not valid YAML: {error}") from None
    if not isinstance(entries, list):
        raise UserError(f"{file} must be a list of alerts, each starting with `- name:`.")
    alerts: dict[str, Alert] = {}
    for number, entry in enumerate(entries, 1):
        try:
            alert = Alert.model_validate(entry)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            name = entry.get("name", "without a name") if isinstance(entry, dict) else entry
            raise UserError(f"{file}, entry {number} ({name}): {wrong}") from None
        if alert.name in alerts:
            raise UserError(f"{file}, entry {number}: there are two alerts named {alert.name}.")
        alerts[alert.name] = alert
    return list(alerts.values())

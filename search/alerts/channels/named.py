"""Channels with a name: the entries of the operator's file of channels (setting ``channels``), which alerts name.

An entry has a ``name`` and either ``apprise``, an address of Apprise, or ``webhook``, an address of the web, with the
``secret`` that its messages are signed with. ``${NAME}`` in them stands for a variable of the environment. All three
are secrets: what is wrong with the file is said without anything that stands in it but names.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from search.alerts.channels import apprise, webhook
from search.alerts.message import Message
from wirewatch.catalogue import read_text
from wirewatch.errors import UserError
from wirewatch.settings import get_settings

log = logging.getLogger(__name__)

WRITTEN = r"(?!(stdout|file|mail)\Z)[^\W_][\w .+-]{0,98}(?<! )"


def _name(name: str) -> str:
    if not re.fullmatch(WRITTEN, name):
        raise ValueError("a name has letters, digits, spaces and . + - _, and is not `stdout`, `file` or `mail`")
    return name


_Secret = Annotated[SecretStr, Field(min_length=1)]


class Entry(BaseModel):
    """A channel with a name."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    name: Annotated[str, AfterValidator(_name)]
    """As alerts write it after ``tell``."""
    apprise: _Secret | None = None
    """An address of Apprise: ``slack://…``."""
    webhook: _Secret | None = None
    """Where a message is posted to."""
    secret: _Secret | None = None
    """What it is signed with: ``whsec_`` and 24 to 64 bytes in Base64, as Standard Webhooks writes it."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.apprise) == bool(self.webhook) or bool(self.webhook) != bool(self.secret):
            raise ValueError("give either `apprise`, or `webhook` and `secret`")
        return self


def ready(channel: str) -> None:
    """It is where the file has a right entry of that name."""
    entry = _entry(channel)
    if entry.apprise:
        apprise.ready(channel, _filled(entry.apprise, channel))
    if entry.webhook and entry.secret:
        webhook.ready(channel, _filled(entry.webhook, channel), _filled(entry.secret, channel))


def send(message: Message, channel: str) -> None:
    """Send it as the entry says.

    Raises:
        UserError: there is no such entry, or it is not right.
        Refused: it did not arrive.
        Unknown: nobody knows whether it arrived.
    """
    entry = _entry(channel)
    if entry.apprise:
        apprise.send(message, channel, _filled(entry.apprise, channel))
    if entry.webhook and entry.secret:
        webhook.send(message, channel, _filled(entry.webhook, channel), _filled(entry.secret, channel))


def names() -> list[str]:
    """The names of all entries, as the file has them.

    Raises:
        UserError: it cannot be read, or an entry is wrong.
    """
    return [entry.name for entry in _entries(get_settings().channels)]


def _entry(name: str) -> Entry:
    file = get_settings().channels
    found = [entry for entry in _entries(file) if entry.name == name]
    if not found:
        raise UserError(f"There is no channel {name} in {file}: write an entry for it, or correct `tell` of the alert.")
    return found[0]


def _entries(file: Path) -> list[Entry]:
    if not file.exists():
        return []
    try:
        written = yaml.safe_load(read_text(file, "channels")) or []
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{file}{place}: this is not valid YAML. Put text with special characters in quotes.") from None
    if not isinstance(written, list):
        raise UserError(f"{file} must be a list of channels, each starting with `- name:`.")
    if written:
        _warn_if_others_can_read(file)
    wrong, entries = [], []
    for number, given in enumerate(written, 1):
        try:
            entries.append(Entry.model_validate(given))
        except ValidationError as error:
            wrong += [f"{file}, entry {number}: {why}." for why in _wrong(error)]
    for at, entry in enumerate(entries):
        if entry.name in (other.name for other in entries[:at]):
            wrong.append(f"{file}: there are two channels named {entry.name}.")
    if wrong:
        raise UserError("\n".join(wrong))
    return entries


def _wrong(error: ValidationError) -> Iterator[str]:
    """What is wrong with an entry, in words that have nothing of it."""
    for one in error.errors(include_input=False, include_url=False):
        field = str(one["loc"][0]) if one["loc"] else ""
        if one["type"] == "value_error":
            yield f"{field}: {one['ctx']['error']}".removeprefix(": ")
        elif one["type"] == "extra_forbidden":
            yield f"it has a field that there is not; there are {', '.join(Entry.model_fields)}"
        elif field:
            yield f"{field}: must be text"
        else:
            yield "must have fields, such as `- name: …`"


def _filled(secret: SecretStr, channel: str) -> str:
    """A secret with the variables of the environment that it names."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise UserError(f"The channel {channel} needs the environment variable {found[1]}, which is not set.")
        return os.environ[found[1]]

    return re.sub(r"\$\{(\w+)\}", value, secret.get_secret_value())


@cache
def _warn_if_others_can_read(file: Path) -> None:
    if file.stat().st_mode & 0o077:
        log.warning("Other users of this machine can read %s, which has secrets: `chmod 600 %s`.", file, file)

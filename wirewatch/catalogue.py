"""Lists that people write: YAML files with one entry after the other, each checked, each error with its place."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from wirewatch.errors import UserError

M = TypeVar("M", bound=BaseModel)


def load_entries(file: Path, model: type[M], what: str) -> list[M]:
    """The entries of a YAML file, in its order; a file with nothing in it has none.

    Args:
        file: the file.
        model: what each entry must be.
        what: the word for the entries in messages: "sources".

    Raises:
        UserError: the file is not there, not readable or not a list, or an entry is wrong; the message names file,
            entry and field.
    """
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    except OSError as error:
        raise UserError(f"{file}, the file of {what}, cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UserError(f"{file} is not written in UTF-8. Save it in that encoding.") from None
    except yaml.YAMLError as error:
        raise UserError(f"{file} is not valid YAML: {error}") from None
    if not isinstance(entries, list):
        raise UserError(f"{file} must be a list of {what}, each starting with `- name:`.")
    return [_checked(file, number, entry, model) for number, entry in enumerate(entries, 1)]


def _checked(file: Path, number: int, entry: object, model: type[M]) -> M:
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        name = entry.get("name", "without a name") if isinstance(entry, dict) else entry
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}{_hint(e['input'])}" for e in error.errors())
        raise UserError(f"{file}, entry {number} ({name}): {wrong}") from None


def _hint(given: object) -> str:
    """YAML reads the code of Norway, unquoted, as a truth value."""
    return ' (write "NO" in quotes)' if given is False else ""

"""Which environment variables are settings of Wirewatch."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

from wirewatch.settings import Settings


def is_setting(variable: str) -> bool:
    """Whether a variable (``WIREWATCH_CRAWL__DELAY``) names a setting."""
    fields: Any = Settings.model_fields
    for part in variable.removeprefix("WIREWATCH_").lower().split("__"):
        if part not in fields:
            return False
        kind = fields[part].annotation
        models = [one for one in (kind, *get_args(kind)) if isinstance(one, type) and issubclass(one, BaseModel)]
        fields = models[0].model_fields if models else {}
    return True

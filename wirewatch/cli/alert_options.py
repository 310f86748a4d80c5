"""The fields of an alert as options of a command: each is named, explained and read in one place."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from wirewatch.catalogue import wording
from wirewatch.errors import UserError

if TYPE_CHECKING:
    from search.alerts.alert import Alert

Given = dict[str, Any]
"""Options that were given, by their names; an empty text takes the field's value away."""
_ONE = {
    "owner": "Whose it is: a name or an address.",
    "kql": "What to ask, as in Kibana's search bar.",
    "lucene": "What to ask, in Lucene's syntax.",
    "about": "What it is about, in a sentence of plain words: articles near in meaning, in any language.",
    "every": "When notices are sent: run (after each), hour, day or week.",
    "at": "When on the day they are gathered for: 08:00.",
    "on": "On which day of the week: mon to sun.",
    "zone": "Time zone of --at, --on and --quiet: Europe/Paris.",
    "quiet": "Hours in which nothing is sent: 22:00-07:00.",
    "relevance": "How relevant an article must be, beside the best of the past month: 0 to 1.",
    "sources": "Tell a story once so many outlets report it.",
    "developing": "Tell a story once more when so many of its articles match.",
    "volume": "Instead of stories, tell that there is far more than usual (spike) or nothing (silence).",
}
_MANY = {"tell": "Where to tell: stdout, file:PATH, mail:ADDRESS or a channel's name."}
_WHERE = {
    "language": ("languages", "Only articles in this language: fr."),
    "country": ("countries", "Only articles about this country: DZ."),
    "region": ("regions", "Only articles about this region: Sahel."),
    "topic": ("topics", "Only articles on this topic: military-cooperation."),
    "person": ("people", "Only articles that name this person."),
    "organization": ("organizations", "Only articles that name this organisation."),
    "source": ("sources", "Only articles of this outlet: lemonde.fr."),
    "story": ("stories", "Only articles of this story, by its id."),
}


def with_fields(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes an alert's fields as options: it has a parameter ``given``, which gets them."""

    @wraps(command)
    def wrapped(**options: Any) -> None:
        given = {name: options.pop(name) for name in (*_ONE, *_MANY, *_WHERE)}
        command(**options, given={name: value for name, value in given.items() if value is not None})

    signature = inspect.signature(command, eval_str=True)
    own = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in signature.parameters.values()]
    repeated = {**_MANY, **{name: text for name, (_, text) in _WHERE.items()}}
    fields = [
        *(_option(name, str | None, text) for name, text in _ONE.items()),
        *(_option(name, list[str] | None, f"{text} May be repeated.") for name, text in repeated.items()),
    ]
    own = [one for one in own if one.name != "given"]
    wrapped.__signature__ = signature.replace(parameters=[*own, *fields])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {}
    return wrapped


def _option(name: str, kind: Any, text: str) -> inspect.Parameter:
    annotation = Annotated[kind, typer.Option(f"--{name}", help=text, show_default=False, metavar="TEXT")]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def alert_of(name: str, given: Given, base: Alert | None = None) -> Alert:
    """The alert that the options describe, or what they make of another one.

    Raises:
        UserError: a value is not allowed; the message names the options.
    """
    from search.alerts.alert import Alert

    written = base.model_dump(exclude_defaults=True) if base else {}
    where = written.pop("where", {})
    for option, value in given.items():
        if option in _WHERE:
            _set(where, _WHERE[option][0], value)
        else:
            _set(written, option, value)
    try:
        return Alert.model_validate({**written, "name": name, "where": where})
    except ValidationError as error:
        raise UserError(f"This cannot be the alert {name}: {wording(error, Alert)}.") from None


def _set(fields: dict[str, Any], name: str, value: str | list[str]) -> None:
    value = [one for one in value if one] if isinstance(value, list) else value
    if value:
        fields[name] = value
    else:
        fields.pop(name, None)

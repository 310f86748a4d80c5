"""``/api/alerts``: make, see, change, try and delete alerts."""

from __future__ import annotations

from datetime import date
from typing import Any, Optional

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, create_model

from api.alerts import making
from api.alerts.making import Conflict
from api.alerts.ours import Foreign, check_json, check_ours
from api.desk import AtDesk, Missing, Problem
from api.questions import Desk, understand
from search.alerts import apply, trial, watch
from search.alerts.alert import Alert
from search.alerts.store import Illegible, Kept, Origin
from search.client import plain_errors
from wirewatch.records import Cited, Time, now

_KNOWN = ("paused", "muted")


class Shown(BaseModel):
    """An alert, and what is known of it."""

    alert: Alert
    origin: Origin
    created: Time
    changed: Time
    paused: bool
    muted: Time | None
    unsubscribed: tuple[str, ...]
    wrong: tuple[str, ...]
    """What is wrong with it: it cannot be asked, a channel fails, it is silent or tells too much."""


class Unread(BaseModel):
    """An alert that cannot be read, and so is not asked: make one of this name, or delete it."""

    name: str
    wrong: tuple[str, ...]


class Tried(BaseModel):
    """What an alert would have told in the last days."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    articles: int
    """That match."""
    notices: dict[date, int]
    """By day (UTC)."""
    a_day: float
    """Notices a day, on the mean."""
    warning: str
    """What is doubtful about it; empty where nothing is."""
    examples: tuple[Cited, ...]
    """Of the newest stories."""


_FIELDS: dict[str, Any] = {
    name: (Optional[field.annotation], None)  # noqa: UP045 - a value, not an annotation
    for name, field in Alert.model_fields.items()
    if name != "name"
}
Changes = create_model(
    "Changes",
    __config__=ConfigDict(extra="forbid"),
    __doc__="What of an alert is to change. `null` takes a field's value away.",
    paused=(bool, False),
    muted=(Time | None, None),
    **_FIELDS,
)

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The alert cannot be as it is described"},
    403: {"model": Problem, "description": "This is no JSON, or comes from a page of another site"},
    404: {"model": Problem, "description": "There is no such alert"},
    409: {"model": Problem, "description": "There is one of that name, it is looked after elsewhere or cannot be read"},
    503: {"model": Problem, "description": "Elasticsearch does not answer"},
}
alerts = APIRouter(prefix="/api/alerts", responses=_PROBLEMS, tags=["alerts"])
_OURS = [Depends(check_ours)]
_JSON = [*_OURS, Depends(check_json)]


@alerts.get("", summary="All alerts")
def every(desk: AtDesk) -> list[Shown | Unread]:
    """All alerts by name, with what is wrong with each."""
    return _all_shown(desk, making.everything(desk))


@alerts.post("", summary="Make an alert", status_code=201, dependencies=_JSON)
def make(alert: Alert, desk: AtDesk) -> Shown:
    """Keep a new alert. It tells channels that have a name, or by mail (`mail:somebody@example.org`)."""
    return _shown(desk, making.make(desk, alert))


@alerts.post("/test", summary="Try an alert", dependencies=_JSON)
def test(alert: Alert, desk: AtDesk) -> Tried:
    """What an alert would have told in the last 30 days. It is not kept."""
    making.check_clauses(alert)
    with plain_errors():
        tried = trial.try_out(desk.client, apply.draft(alert, "api", understand), now())
    return Tried.model_validate({name: getattr(tried, name) for name in Tried.model_fields})


@alerts.get("/{name:path}", summary="An alert")
def one(name: str, desk: AtDesk) -> Shown | Unread:
    """The alert of that name."""
    return _all_shown(desk, [making.look_up(desk, name)])[0]


@alerts.patch("/{name:path}", summary="Change an alert", dependencies=_JSON)
def change(name: str, changes: Changes, desk: AtDesk) -> Shown:
    """Change the fields that are given. A `paused` alert is not asked, a `muted` one sends nothing until then."""
    given = changes.model_dump(exclude_unset=True)
    known = {field: given.pop(field) for field in _KNOWN if field in given}
    return _shown(desk, making.change(desk, making.find(desk, name), given, known))


@alerts.delete("/{name:path}", summary="Delete an alert", status_code=204, dependencies=_OURS)
def delete(name: str, desk: AtDesk) -> None:
    """Forget an alert. Its notices stay, and those that wait are sent to nobody."""
    making.delete(desk, making.look_up(desk, name))


ERRORS = ((Foreign, 403), (Missing, 404), (Conflict, 409))
"""What is raised here, and the status that it is told with."""


def _all_shown(desk: Desk, alerts: list[Kept | Illegible]) -> list[Shown | Unread]:
    signs = watch.wrong(desk.client, alerts)
    return [
        _with(kept, signs[kept.name])
        if isinstance(kept, Kept)
        else Unread(name=kept.name, wrong=tuple(signs[kept.name]))
        for kept in alerts
    ]


def _shown(desk: Desk, kept: Kept) -> Shown:
    return _with(kept, watch.wrong(desk.client, [kept])[kept.name])


def _with(kept: Kept, wrong: list[str]) -> Shown:
    known = {name: getattr(kept, name) for name in Shown.model_fields if name != "wrong"}
    return Shown.model_validate({**known, "wrong": wrong})

"""The form that makes an alert of a search, and what it sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from api.alerts import making
from api.alerts.ours import check_ours
from api.desk import AtDesk
from api.pages import routes
from api.pages.address import Address
from search.alerts.links import address
from search.query import Unreadable

FIELDS = ("name", "kql", "every", "at", "zone")
MOST = 100_000
"""Bytes of a form."""

forms = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


async def _sent(request: Request) -> list[tuple[str, str]]:
    """The fields that a form has sent; those left empty are none."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST:
            raise Unreadable("This form is too large.")
    try:
        given = parse_qsl(body.decode(), max_num_fields=100)
    except ValueError:
        raise Unreadable("This is no form of ours.") from None
    return [(name, value.strip()) for name, value in given if value.strip()]


@forms.post("/alerts", dependencies=[Depends(check_ours)])
def make(given: Annotated[list[tuple[str, str]], Depends(_sent)], desk: AtDesk) -> str:
    """Make the alert, and say what it does."""
    kept = making.make(desk, making.alert_of(fields_of(given)))
    alert = kept.alert
    return routes.page("made", Address([]), alert=alert, feed=address("feed", alert.name))


def fields_of(given: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The fields of an alert that the form has sent.

    Raises:
        Unreadable: it has a field that is none of the form's.
    """
    fields: dict[str, Any] = {}
    tell: list[str] = []
    for name, value in given:
        if name == "channel":
            tell.append(value)
        elif name == "mail":
            tell += [f"mail:{one.strip()}" for one in value.split(",") if one.strip()]
        elif name in FIELDS:
            fields[name] = value
        else:
            raise Unreadable(f"The form of alerts has no field {name}.")
    return fields | {"tell": tell}

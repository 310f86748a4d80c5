"""Links in messages: mute an alert, unsubscribe from it, read it as a feed. Whoever has one may do what it says.

A link only shows a page with a button, which does it: mail programs and scanners open every link of a mail, and must
not silence an alert. The button of the mail program itself (RFC 8058) posts, and needs no page.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from api.desk import AtDesk, Missing
from api.pages import routes
from api.pages.address import Address
from api.questions import Desk
from search import atom
from search.alerts import feed as feeds
from search.alerts import store
from search.alerts.links import Link, read, token
from search.alerts.store import Kept
from search.client import plain_errors
from wirewatch.errors import UserError
from wirewatch.records import now

MUTED = timedelta(days=7)
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}

links = APIRouter(include_in_schema=False)
_one_at_a_time = Lock()
"""Two who unsubscribe at once must both be kept."""


@links.get("/l/{given}")
def ask(given: str, desk: AtDesk) -> HTMLResponse:
    """What a link does, and the button that does it."""
    link = _link(given)
    return _page(link, _find(desk, link), done=False)


@links.post("/l/{given}")
def act(given: str, desk: AtDesk) -> HTMLResponse:
    """Do it, and offer to undo it."""
    link = _link(given)
    with _one_at_a_time, plain_errors():
        kept = _find(desk, link)
        kept = store.change(desk.client, kept, **_change(link, kept))
    return _page(link, kept, done=True)


@links.get("/feed/{given}.atom")
def feed(given: str, desk: AtDesk, request: Request) -> Response:
    """The notices of an alert as an Atom feed."""
    link = read(given)
    if not link or link.action != "feed":
        raise _none()
    body = "".join(feeds.feed(desk.client, _find(desk, link)))
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=atom.MEDIA_TYPE, headers=headers)


def _link(given: str) -> Link:
    link = read(given)
    if not link or link.action == "feed":
        raise _none()
    return link


def _none() -> Missing:
    return Missing("This link is none of ours, or no more: newer messages of the alert have others.")


def _find(desk: Desk, link: Link) -> Kept:
    with plain_errors():
        try:
            return store.find(desk.client, link.alert)
        except UserError:
            raise Missing(f"There is no alert named {link.alert} any more: nothing of it is sent.") from None


def _change(link: Link, kept: Kept) -> dict[str, Any]:
    """What a link changes of an alert. Done twice it changes nothing more."""
    others = tuple(channel for channel in kept.unsubscribed if channel != link.channel)
    match link.action:
        case "mute":
            until: datetime = now() + MUTED
            return {"muted": max(kept.muted or until, until)}
        case "unmute":
            return {"muted": None}
        case "unsubscribe":
            return {"unsubscribed": (*others, link.channel)}
        case _:
            return {"unsubscribed": others}


_UNDO = {"mute": "unmute", "unmute": "mute", "unsubscribe": "subscribe", "subscribe": "unsubscribe"}


def _page(link: Link, kept: Kept, *, done: bool) -> HTMLResponse:
    undo = token(link._replace(action=_UNDO[link.action]))  # type: ignore[arg-type]
    html = routes.page(
        "link", Address([]), link=link, kept=kept, done=done, undo=undo, whom=link.channel.removeprefix("mail:")
    )
    return HTMLResponse(html, headers=_HEADERS)

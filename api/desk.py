"""What the API and the pages have in common: the service's desk, and an article that is not there."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from api.questions import Desk
from search.query import Unreadable
from wirewatch.errors import UserError


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]


class Missing(UserError):
    """There is no such article."""


def document(desk: Desk, article: str) -> dict[str, Any]:
    """The document of an article, by its address, its id or the first digits of that.

    Raises:
        Missing: the index has none, or more than one.
    """
    try:
        return desk.article(article)
    except Unreadable as error:
        raise Missing(str(error)) from None

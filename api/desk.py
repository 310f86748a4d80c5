"""What the API and the pages have in common: the service's desk, and what is wrong."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel

from api.questions import Desk
from search.query import Unreadable
from wirewatch.errors import UserError


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]


class Problem(BaseModel):
    """What is wrong and the way out."""

    detail: str


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

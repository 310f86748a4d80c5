"""The HTTP API (search, export, articles, alerts; described by OpenAPI at ``/api/openapi.json``) and the search pages.

It writes nothing but alerts. It has no login of its own and no page that loads anything from elsewhere: it listens on
this machine only unless told otherwise, and whoever lets others in puts a proxy with a login before it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from api.alerts.endpoints import ERRORS, alerts
from api.alerts.links import links
from api.desk import AtDesk, Problem, document
from api.metrics import Metrics
from api.metrics import router as metrics
from api.pages import alert_form, routes
from api.questions import Asked, Desk
from search.query import MEDIA_TYPES, Facet, Format, Results, Unreadable, written
from wirewatch import __version__
from wirewatch.errors import UserError
from wirewatch.settings import get_settings

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Sites are not told what was asked here.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every response: no script runs, nothing is loaded but our own style sheet, forms lead here, nobody frames it."""
LOOPBACK = ("localhost", "127.0.0.1")


class Page(Asked):
    """A question, and which part of its answer is wanted."""

    size: int = Field(10, ge=0, le=1_000)
    """Hits."""
    offset: int = Field(0, ge=0)
    """Hits that are left out before them; what lies deeper than 10,000 only the export has."""
    facets: tuple[Facet, ...] = ()
    """What is to be counted."""


class Export(Asked):
    """A question whose hits are all wanted."""

    format: Format = "jsonl"


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The question cannot be read"},
    503: {"model": Problem, "description": "Elasticsearch does not answer"},
}
api = APIRouter(prefix="/api", responses=_PROBLEMS)


@api.get("/search", summary="Search the articles")
def search(page: Annotated[Page, Query()], desk: AtDesk) -> Results:
    """A page of the articles that answer a question, each with why; facets, and what may have been meant."""
    return desk.answer(page, page.size, page.offset, page.facets)


@api.get("/export", summary="All hits as a file", response_class=StreamingResponse)
def export(asked: Annotated[Export, Query()], desk: AtDesk) -> StreamingResponse:
    """All articles that answer a question, however many, as JSON lines, CSV or an Atom feed."""
    hits = desk.all_hits(asked)
    # What is wrong shows with the first hit, and must be said before the file begins.
    first = next(hits, None)
    pieces = written(chain([first] if first else [], hits), asked.format, f"Wirewatch: {asked.text}")
    suffix = "xml" if asked.format == "atom" else asked.format
    headers = {} if asked.format == "atom" else {"Content-Disposition": f'attachment; filename="articles.{suffix}"'}
    return StreamingResponse(pieces, media_type=MEDIA_TYPES[asked.format], headers=headers)


@api.get("/articles/{article:path}", summary="An article", responses={404: {"model": Problem}})
def article(article: str, desk: AtDesk) -> dict[str, Any]:
    """All that the index holds of an article but its vectors, by its id, the first digits of that, or its address."""
    return document(desk, article)


def app(hosts: Sequence[str] = LOOPBACK) -> FastAPI:
    """The service.

    Args:
        hosts: the names under which it may be asked (``*`` is any): a page of another site, which has its own name lead
            here, is not answered.
    """
    made = FastAPI(
        title="Wirewatch",
        summary="News of the world, searched across languages.",
        version=__version__,
        openapi_url="/api/openapi.json",
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    made.state.desk = Desk()
    made.state.metrics = Metrics(made.state.desk)
    made.add_middleware(TrustedHostMiddleware, allowed_hosts=[*hosts, *_public_host()])
    made.middleware("http")(_strict)
    for kind, status in ((Unreadable, 400), *ERRORS, (UserError, 503)):
        made.add_exception_handler(kind, _told(status))
    made.include_router(api)
    made.include_router(alerts)
    made.include_router(links)
    made.include_router(alert_form.forms)
    made.include_router(metrics)
    made.include_router(routes.pages)
    return made


def _public_host() -> list[str]:
    """The name by which links in messages lead here."""
    host = urlsplit(get_settings().public_url).hostname
    return [host] if host else []


async def _strict(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Browsers take a response for what it says it is, and do nothing with it that our pages do not need."""
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _told(status: int) -> Callable[[Request, Exception], Response]:
    def told(request: Request, error: Exception) -> Response:
        if request.url.path.startswith(api.prefix):
            return JSONResponse({"detail": str(error)}, status)
        return routes.problem(request, status, str(error))

    return told

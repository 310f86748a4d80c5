"""Putting all that analysts find in Kibana into a running one, through its HTTP API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import requests

from search.kibana.connection import SPACE, session
from search.kibana.dashboards import DASHBOARDS
from search.kibana.desks import SEARCHES
from search.kibana.objects import Saved
from search.kibana.views import ARTICLES, TAGS, VIEWS
from wirewatch.errors import UserError
from wirewatch.settings import get_settings, without_login

_SPACE = {
    "id": SPACE,
    "name": "Wirewatch",
    "description": "The world's news: search, dashboards, alerts.",
    "color": "#0077CC",
    "initials": "WW",
}


def saved_objects() -> list[dict[str, Any]]:
    """All saved objects, what is referred to before what refers to it."""
    panels = [panel for dashboard in DASHBOARDS for panel in dashboard.panels]
    makers: tuple[Saved, ...] = (*TAGS, *VIEWS, *SEARCHES, *panels, *DASHBOARDS)
    return [maker.saved_object() for maker in makers]


def ndjson() -> str:
    """All saved objects as the file that Kibana's own import dialog takes."""
    return "".join(json.dumps(found, ensure_ascii=False) + "\n" for found in saved_objects())


def setup(*, wait: float = 300, tell: Callable[[str], None] = lambda message: None) -> int:
    """Wait until Kibana is available, make our space and put all saved objects into it; doing it again changes nothing
    but what was changed there in those of ours.

    Args:
        wait: seconds to wait for Kibana at most.
        tell: is told what is being done.

    Returns:
        How many objects Kibana took.

    Raises:
        UserError: Kibana is not there in time, its certificate is not believed, or it refuses us or an object; the
            message says which and why.
    """
    url = get_settings().kibana_url.rstrip("/")
    with session() as kibana:
        tell(f"Waiting for Kibana at {without_login(url)}")
        _wait_until_available(kibana, url, wait)
        _post(kibana, f"{url}/api/spaces/space", "the space", json=_SPACE, there_already=409)
        space = f"{url}/s/{SPACE}"
        file = ("wirewatch.ndjson", ndjson().encode(), "application/ndjson")
        told = _post(
            kibana, f"{space}/api/saved_objects/_import?overwrite=true", "the saved objects", files={"file": file}
        )
        if not told["success"]:
            wrong = "; ".join(f"{error['type']} {error['id']}: {error['error']['type']}" for error in told["errors"])
            raise UserError(f"Kibana at {without_login(url)} does not take these saved objects: {wrong}")
        first = {"data_view_id": ARTICLES.id, "force": True}
        _post(kibana, f"{space}/api/data_views/default", "the default data view", json=first)
    return int(told["successCount"])


def answers(seconds: float) -> None:
    """See whether Kibana is available, within some time.

    Raises:
        UserError: it is not, its certificate is not believed, or it refuses us.
    """
    with session() as kibana:
        _wait_until_available(kibana, get_settings().kibana_url.rstrip("/"), seconds)


def _post(
    kibana: requests.Session, url: str, what: str, *, there_already: int | None = None, **body: Any
) -> dict[str, Any]:
    try:
        answer = kibana.post(url, timeout=60, **body)
    except requests.RequestException as error:
        raise UserError(
            f"Kibana stopped answering at {without_login(url)} ({type(error).__name__}). It is safe to run this again."
        ) from None
    if not answer.ok and answer.status_code != there_already:
        raise UserError(f"Kibana refuses {what} at {without_login(url)}: {answer.status_code} {answer.text[:300]}")
    told: dict[str, Any] = answer.json()
    return told


def _wait_until_available(kibana: requests.Session, url: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = kibana.get(f"{url}/api/status", timeout=10)
            if answer.status_code in (401, 403):
                raise UserError(
                    f"Kibana at {without_login(url)} does not accept who asks: check WIREWATCH_ELASTICSEARCH__USER "
                    "and __PASSWORD, or __API_KEY."
                )
            if answer.ok and answer.json()["status"]["overall"]["level"] == "available":
                return
            state = f"it says {answer.status_code}"
        except requests.exceptions.SSLError:
            raise UserError(
                f"What answers at {without_login(url)} is not known to be Kibana: WIREWATCH_KIBANA_CA names the file "
                "(PEM) of the authority that signed its certificate, and KIBANA_URL the host as the certificate does."
            ) from None
        except (requests.RequestException, ValueError, KeyError) as error:
            state = type(error).__name__
        if time.monotonic() > deadline:
            raise UserError(
                f"Kibana is not available at {without_login(url)} after {seconds:.0f} seconds ({state}). "
                "Is it running, and KIBANA_URL right?"
            )
        time.sleep(min(2, seconds / 10))

"""Putting the saved objects into a running Kibana, through its HTTP API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import requests

from search.kibana.objects import saved_objects
from wirewatch.errors import UserError
from wirewatch.settings import get_settings


def ndjson() -> str:
    """All saved objects as the file that Kibana's own import dialog takes."""
    return "".join(json.dumps(found, ensure_ascii=False) + "\n" for found in saved_objects())


def setup(*, wait: float = 300, tell: Callable[[str], None] = lambda message: None) -> int:
    """Wait until Kibana is available and put all saved objects; doing it again changes nothing.

    Args:
        wait: seconds to wait for Kibana at most.
        tell: is told what is being done.

    Returns:
        How many objects Kibana took.

    Raises:
        UserError: Kibana is not there in time, or refuses us or an object; the message says which and why.
    """
    settings = get_settings()
    url = settings.kibana_url.rstrip("/")
    with requests.Session() as kibana:
        kibana.headers["kbn-xsrf"] = "true"
        given = settings.elasticsearch
        if given.api_key:
            kibana.headers["Authorization"] = f"ApiKey {given.api_key.get_secret_value()}"
        elif given.user and given.password:
            kibana.auth = (given.user, given.password.get_secret_value())
        tell(f"Waiting for Kibana at {url}")
        _wait_until_available(kibana, url, wait)
        answer = kibana.post(
            f"{url}/api/saved_objects/_import",
            params={"overwrite": "true"},
            files={"file": ("wirewatch.ndjson", ndjson().encode(), "application/ndjson")},
            timeout=60,
        )
    if not answer.ok:
        raise UserError(f"Kibana at {url} refuses the saved objects: {answer.status_code} {answer.text[:300]}")
    told = answer.json()
    if not told["success"]:
        wrong = "; ".join(f"{error['type']} {error['id']}: {error['error']['type']}" for error in told["errors"])
        raise UserError(f"Kibana at {url} does not take these saved objects: {wrong}")
    return int(told["successCount"])


def _wait_until_available(kibana: requests.Session, url: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = kibana.get(f"{url}/api/status", timeout=10)
            if answer.status_code in (401, 403):
                raise UserError(
                    f"Kibana at {url} does not accept the user that WIREWATCH_ELASTICSEARCH__USER and __PASSWORD name."
                )
            if answer.ok and answer.json()["status"]["overall"]["level"] == "available":
                return
            state = f"it says {answer.status_code}"
        except (requests.RequestException, ValueError, KeyError) as error:
            state = type(error).__name__
        if time.monotonic() > deadline:
            raise UserError(
                f"Kibana is not available at {url} after {seconds:.0f} seconds ({state}). "
                "Is it running, and KIBANA_URL right?"
            )
        time.sleep(min(2, seconds / 10))

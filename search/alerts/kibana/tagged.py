"""The saved searches in Kibana that have the tag ``alert``, read through its HTTP API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from search.kibana.connection import SPACE, session
from search.kibana.views import ALERT
from wirewatch.errors import UserError
from wirewatch.settings import get_settings, without_login

PATIENCE = 2
"""Seconds in which Kibana must take the connection."""
READING = 30
"""Seconds in which it must answer then."""
PAGE = 1000
"""Saved objects asked for at once."""

Saved = Mapping[str, Any]
"""A saved object, as Kibana gives it: ``id``, ``type``, ``attributes``, ``references``."""


@dataclass(frozen=True)
class Tagged:
    """What Kibana has."""

    searches: Sequence[Saved]
    """With the tag, by id."""
    views: Mapping[str, Saved]
    """All data views, by id."""


def tagged() -> Tagged:
    """The saved searches with the tag, and the data views that they may be about.

    Raises:
        UserError: Kibana is not there, refuses, or shows nothing of ours: of what somebody may not see, it says that
            there is none, and an alert must not be deleted for that.
    """
    place = f"{get_settings().kibana_url.rstrip('/')}/s/{SPACE}"
    try:
        with session() as kibana:
            tags = [
                tag["id"]
                for tag in _all(kibana, place, "tag")
                if tag["attributes"]["name"].strip().lower() == ALERT.name
            ]
            views = {view["id"]: view for view in _all(kibana, place, "index-pattern")}
            if not tags or not views:
                raise UserError(
                    f"Kibana shows no {'data views' if tags else f'tag `{ALERT.name}`'} in its space {SPACE}: "
                    "`wirewatch kibana setup` makes both, and who asks must be allowed to read them."
                )
            searches = {found["id"]: found for tag in tags for found in _all(kibana, place, "search", tag)}
            if not searches and not any(_all(kibana, place, "search")):
                raise UserError(
                    f"Kibana shows no saved searches at all in its space {SPACE}: `wirewatch kibana setup` makes some, "
                    "and who asks must be allowed to read them."
                )
    except requests.exceptions.SSLError:
        raise UserError(
            f"What answers at {without_login(place)} is not known to be Kibana: WIREWATCH_KIBANA_CA names the file "
            "(PEM) of the authority that signed its certificate."
        ) from None
    except requests.RequestException as error:
        raise UserError(f"Kibana does not answer at {without_login(place)} ({type(error).__name__}).") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"What answers at {without_login(place)} does not answer as Kibana does.") from None
    return Tagged([searches[id] for id in sorted(searches)], views)


def _all(kibana: requests.Session, place: str, type: str, tag: str = "") -> Iterator[Saved]:
    """All saved objects of a type; with a tag, if one is given."""
    seen, page = 0, 1
    while True:
        asked: dict[str, str | int] = {"type": type, "per_page": PAGE, "page": page}
        if tag:
            asked["has_reference"] = f'{{"type":"tag","id":"{tag}"}}'
        answer = kibana.get(f"{place}/api/saved_objects/_find", params=asked, timeout=(PATIENCE, READING))
        if not answer.ok:
            raise UserError(f"Kibana refuses to show saved objects at {without_login(place)}: {answer.status_code}.")
        told = answer.json()
        yield from told["saved_objects"]
        seen += len(told["saved_objects"])
        if seen >= told["total"]:
            return
        if not told["saved_objects"]:
            raise UserError(f"Saved objects at {without_login(place)} were changed while they were read.")
        page += 1

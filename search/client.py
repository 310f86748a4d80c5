"""The connection to Elasticsearch, and the two things that every user of it needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    Elasticsearch,
    SSLError,
    TransportError,
)

from search.node.node import Node
from wirewatch.errors import Unavailable, UserError
from wirewatch.settings import Settings, get_settings, without_login

Client = Elasticsearch
"""What :func:`connect` gives, for those who pass it on."""
PAGE = 1000
"""Hits asked for at once where all of them are wanted."""
AGAIN = "Put that right and run this again: it is safe."
PASSING = (429, 502, 503, 504)
"""Answers of a cluster, or of what stands before it, that is too busy or not whole for now."""


def connect(settings: Settings | None = None, *, patience: float = 60) -> Elasticsearch:
    """A client of the cluster that the settings name or, where they name none, of the local node. It waits for an
    answer for ``patience`` seconds, and asks again if that is as long as usual.

    Raises:
        UserError: nothing answers there, or it refuses us; the message says what to do.
    """
    settings = settings or get_settings()
    given = settings.elasticsearch
    url, ca = whereabouts(settings)
    options: dict[str, Any] = {"request_timeout": patience, "retry_on_timeout": patience >= 60, "max_retries": 3}
    if ca:
        options["ca_certs"] = str(ca)
    if given.url is None:
        options["basic_auth"] = Node(settings).connection()[1:]
    elif given.api_key:
        options["api_key"] = given.api_key.get_secret_value()
    elif given.user and given.password:
        options["basic_auth"] = (given.user, given.password.get_secret_value())
    try:
        client = Elasticsearch(url, **options)
    except (ValueError, OSError) as error:
        # The client's own words may quote the password.
        login = "user and password belong into WIREWATCH_ELASTICSEARCH__USER and __PASSWORD"
        why = f"{login}; what is left is written like https://localhost:9200." if "@" in url else error
        raise UserError(f"ELASTICSEARCH_URL={without_login(url)} is not usable: {why}") from None
    with plain_errors():
        try:
            client.info()
        except SSLError as error:
            raise UserError(
                f"What answers at {without_login(url)} is not known to be Elasticsearch ({_cause(error)}). "
                "WIREWATCH_ELASTICSEARCH__CA names the file (PEM) of the authority that signed its certificate, and "
                "ELASTICSEARCH_URL the host as the certificate does."
            ) from None
        except TransportError as error:
            way_out = (
                "Is it running, and ELASTICSEARCH_URL right?" if given.url else "`wirewatch node start` starts it."
            )
            place = without_login(url)
            raise Unavailable(f"Elasticsearch does not answer at {place} ({_cause(error)}). {way_out}") from None
    return client


def whereabouts(settings: Settings) -> tuple[str, Path | None]:
    """Where Elasticsearch is, and the certificate of the authority that vouches for it, if that is a private one.

    Raises:
        UserError: the local node was never started, or there is no such certificate.
    """
    given = settings.elasticsearch
    if given.url is None:
        node = Node(settings)
        return node.connection()[0], node.ca
    if given.ca and not given.ca.is_file():
        raise UserError(f"WIREWATCH_ELASTICSEARCH__CA={given.ca} is no file: name the authority's certificate (PEM).")
    return given.url, given.ca


def _cause(error: TransportError) -> str:
    return str(error.message).split("Caused by:")[0].strip().rstrip(".")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turns what goes wrong between us and the cluster into errors that say what to do."""
    try:
        yield
    except AuthenticationException:
        raise UserError(
            "Elasticsearch does not accept the API key or the password that it was given: check "
            "WIREWATCH_ELASTICSEARCH__API_KEY or WIREWATCH_ELASTICSEARCH__USER and __PASSWORD."
        ) from None
    except AuthorizationException as error:
        raise UserError(
            f"Elasticsearch refuses, because who asks has no right to it: {reason(error)}. Who asks is said by "
            "WIREWATCH_ELASTICSEARCH__API_KEY or __USER, and which role may by docs/security.md."
        ) from None
    except ApiError as error:
        if error.error == "index_not_found_exception":
            raise UserError(
                f"Elasticsearch has none of Wirewatch's articles yet ({reason(error)}): nothing was indexed. "
                "`wirewatch index init` makes the indices, `wirewatch run` fills them."
            ) from None
        kind = Unavailable if error.status_code in PASSING else UserError
        raise kind(f"Elasticsearch cannot do this ({error.status_code}: {reason(error)}). {AGAIN}") from error
    except TransportError as error:
        raise Unavailable(
            f"Elasticsearch stopped answering ({_cause(error)}). It is safe to run this again."
        ) from error


def reason(error: ApiError) -> str:
    """Why a request was refused, in Elasticsearch's words."""
    return failure(error.body.get("error", error.body)) if isinstance(error.body, dict) else str(error)


def failure(error: Any) -> str:
    """The innermost reason of an error object in a response."""
    why = str(error)
    while isinstance(error, dict):
        why = str(error.get("reason") or why)  # the innermost error may have none
        error = error.get("caused_by") or (error.get("root_cause") or [None])[0]
    return why


def every(
    client: Elasticsearch,
    index: str,
    query: dict[str, Any],
    sort: list[Any],
    *,
    size: int = PAGE,
    preference: str | None = None,
    **how: Any,
) -> Iterator[dict[str, Any]]:
    """All hits of a query in the state the index has now, however many, page by page, with their vectors: what is
    written back without them would have none. ``size`` is that of a page, ``preference`` says which shards are
    searched, ``how`` is what else the search is told (``version``, ``highlight`` …).
    """
    pit = client.open_point_in_time(index=index, keep_alive="5m", preference=preference)["id"]
    after: list[Any] | None = None
    try:
        while True:
            page = client.search(
                pit={"id": pit, "keep_alive": "5m"},
                query=query,
                sort=sort,
                size=size,
                search_after=after,
                source_exclude_vectors=False,
                track_total_hits=False,
                allow_partial_search_results=False,
                **how,
            )
            hits = page["hits"]["hits"]
            yield from hits
            if len(hits) < size:
                return
            pit, after = page["pit_id"], hits[-1]["sort"]
    finally:
        client.close_point_in_time(id=pit)

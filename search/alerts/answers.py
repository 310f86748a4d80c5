"""Many searches in one request: the answer to each, and whose fault it is where there is none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from search.client import AGAIN, failure, reason
from search.indices import ALIAS
from wirewatch.errors import Unavailable

TRIES = 6
"""How often what Elasticsearch cannot answer at the moment is asked again, after 1, 2, 4 … seconds."""
_ITS_OWN_FAULT = (400, 413, 500)
"""Answers that a search gets for what it asks."""
_LATER = (429, 502, 503, 504)
"""Answers of a cluster that is too busy, or not whole."""

Answer = dict[str, Any]
"""Of one search, as Elasticsearch answers it; with ``error`` where it is at fault itself."""


def answers(client: Elasticsearch, searches: Sequence[dict[str, Any]], run: str, parts: str) -> list[Answer]:
    """The answer to each search.

    Args:
        client: for Elasticsearch.
        searches: what is asked, with the ``index`` of which it is asked.
        run: whose articles are asked for.
        parts: of the answers, those that are wanted, as ``filter_path`` has them.

    Raises:
        UserError: Elasticsearch does not answer or refuses; nothing is wrong with the searches then.
    """
    answers: list[Any] = [None] * len(searches)
    waiting = list(range(len(searches)))
    for pause in (*(2**n for n in range(TRIES)), 0):
        for number, answer in zip(waiting, _ask(client, [searches[n] for n in waiting], parts), strict=True):
            answers[number] = answer
        waiting = [number for number in waiting if answers[number]["status"] in _LATER]
        if not waiting:
            break
        time.sleep(pause)
    refused = [answer["error"] for answer in answers if "error" in answer and not _is_its_own_fault(answer)]
    if refused:
        raise Unavailable(
            f"Elasticsearch cannot answer {len(refused)} searches of alerts now ({failure(refused[0])}). {AGAIN}"
        )
    if all("error" in answer for answer in answers):
        # Is it the searches' fault? If the run alone cannot be asked for either, this raises.
        client.search(index=ALIAS, query={"term": {"run": run}}, size=0, allow_partial_search_results=False)
    return answers


def _is_its_own_fault(answer: Answer) -> bool:
    causes = [cause.get("type") for cause in answer["error"].get("root_cause", ())]
    # A cluster that is too busy says so with the same status as one that has no memory for what is asked.
    return answer["status"] in _ITS_OWN_FAULT or "circuit_breaking_exception" in causes


def _ask(client: Elasticsearch, searches: Sequence[dict[str, Any]], parts: str) -> list[Answer]:
    """The answer to each search, or its error."""
    try:
        answer = client.options(request_timeout=600).msearch(
            searches=[line for search in searches for line in _lines(**search)],
            filter_path=f"responses.status,responses.error,responses.{parts}",
        )
    except ApiError as error:
        if error.status_code not in (400, 413):
            raise
        # One that cannot even be read, or all together are too much: the whole request is refused.
        if len(searches) == 1:
            return [{"status": error.status_code, "error": {"reason": reason(error)}}]
        half = len(searches) // 2
        return _ask(client, searches[:half], parts) + _ask(client, searches[half:], parts)
    found: list[Answer] = answer["responses"]
    return found


def _lines(index: str, **search: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"index": index, "allow_partial_search_results": False}, search

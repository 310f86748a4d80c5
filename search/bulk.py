"""Writing many documents: several requests at once, fewer of them while Elasticsearch says that it is too busy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, Elasticsearch, helpers

from search.client import AGAIN, failure, reason
from wirewatch.errors import Unavailable

AT_ONCE = 4
"""Requests under way at most."""
DOCUMENTS = 125
BYTES = 10 * 2**20
"""Of one request, at most; a greater document goes alone. For each request Elasticsearch waits until it is on disk."""
TOO_BUSY = 429
TRIES = 6
"""How often what Elasticsearch cannot take at the moment is sent again, after 1, 2, 4 … seconds."""


@dataclass(frozen=True)
class Answer:
    """What became of one document."""

    id: str
    status: int
    """As of HTTP: 200 and 201 where it was written, 404 for one to delete that was not there."""
    kind: str = ""
    """Elasticsearch's name of the error, where it was not written: ``document_parsing_exception``."""
    reason: str = ""


class Sender:
    """Sends documents, as many requests at once as Elasticsearch takes: half as many after it was too busy for one, one
    more after it had time for all.
    """

    def __init__(self, client: Elasticsearch) -> None:
        # The client's own way with a busy cluster is to ask again at once.
        self.client = client.options(retry_on_status=())
        self.at_once = AT_ONCE

    def send(self, actions: Iterable[dict[str, Any]]) -> Iterator[Answer]:
        """Send each action once, and say what became of it, in any order. What was refused is for the caller to try
        again, later: with ``TOO_BUSY`` nothing is wrong with it.
        """
        answers = helpers.parallel_bulk(
            self.client,
            actions,
            thread_count=self.at_once,
            queue_size=self.at_once,
            chunk_size=DOCUMENTS,
            max_chunk_bytes=BYTES,
            raise_on_error=False,
            raise_on_exception=False,
        )
        was_busy = False
        for _, item in answers:
            answer = next(iter(item.values()))
            error, refusal = answer.get("error"), answer.get("exception")
            if isinstance(refusal, ApiError):  # of the whole request
                kind, why = refusal.error, reason(refusal)
            else:
                kind, why = (error["type"], failure(error)) if isinstance(error, dict) else ("", str(error or ""))
            status = int(answer["status"])
            was_busy |= status == TOO_BUSY
            yield Answer(answer["_id"], status, kind, why)
        self.at_once = max(1, self.at_once // 2) if was_busy else min(AT_ONCE, self.at_once + 1)


def pauses() -> Iterator[Callable[[Answer], None]]:
    """For each try what is to be done when it was refused: wait, each time longer, and after the last one give up.

    A refusal can pass: Elasticsearch is too busy, has no room, or an index is being replaced by a newer one.
    """

    def give_up(answer: Answer) -> None:
        raise Unavailable(f"Elasticsearch takes no article now ({answer.kind}: {answer.reason}). {AGAIN}")

    def wait(seconds: float) -> Callable[[Answer], None]:
        return lambda answer: give_up(answer) if answer.kind == "security_exception" else time.sleep(seconds)

    yield from (wait(2**n) for n in range(TRIES))
    yield give_up


def put(index: str, id: str, version: int, source: dict[str, Any]) -> dict[str, Any]:
    """The action that writes a document, unless one of a later version is there."""
    return {"_op_type": "index", "_index": index, "_id": id, **_unless_later(version), "_source": source}


def remove(index: str, id: str, version: int) -> dict[str, Any]:
    """The action that deletes a document, unless one of a later version is there."""
    return {"_op_type": "delete", "_index": index, "_id": id, **_unless_later(version)}


def _unless_later(version: int) -> dict[str, Any]:
    return {"version": version, "version_type": "external_gte"}

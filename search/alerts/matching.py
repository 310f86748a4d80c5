"""Matching: which of the articles that a run brought each alert is about, and why."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from elasticsearch import Elasticsearch

from search.alerts import ask
from search.alerts.answers import answers
from search.alerts.clauses import found_by_clauses, whole
from search.alerts.copy import VECTORS, copied
from search.alerts.store import Kept
from search.client import failure, plain_errors
from search.indices import ALIAS
from search.query.answer import Hit
from search.query.hits import hits_of, marked, not_shown
from search.query.kql import Part
from search.query.question import Question, Unreadable, in_words

AT_ONCE = 500
"""Alerts asked in one request."""
REQUESTS = 2
"""Requests at once: one is answered while the next is written and the one before is read."""
PAGE = 1000
"""Hits of an alert in one answer; where there are more, it is asked again for those that follow."""
_CITED = ["title", "url", "source", "language", "published", "first_seen", "story_id"]

Found = dict[str, Any]
"""An article as Elasticsearch answers it: ``_id``, and ``_source`` with what notices tell of it. Alerts share them."""


def matches(client: Elasticsearch, alerts: Sequence[Kept], run: str) -> Iterator[tuple[Kept, list[Found] | str]]:
    """Each alert, in this order, with all articles that it finds among those whose text a run brought, by id; or with
    the reason why it cannot be asked, in Elasticsearch's words.

    Nothing else than the run is asked for, and pages are told by the articles' ids, not by the state of the index at
    some moment: what other runs write meanwhile neither adds nor hides a match. (An article of which another run
    has brought a newer text is that run's.)

    Raises:
        UserError: Elasticsearch does not answer or refuses; nothing is wrong with the alerts then.
    """
    articles = _Articles(client)
    with plain_errors(), copied(client, run, len(alerts)) as copy, ThreadPoolExecutor(REQUESTS) as pool:
        if copy is None:
            yield from ((kept, kept.error or []) for kept in alerts)  # none can be found broken, or to be well again
            return
        known = _known(client, pool, alerts, run, copy)
        waiting: deque[Future[list[tuple[Kept, list[Found] | str]]]] = deque()
        try:
            for start in range(0, len(alerts), AT_ONCE):
                lot = slice(start, start + AT_ONCE)
                waiting.append(pool.submit(_matches, client, articles, alerts[lot], known[lot], run, copy))
                if len(waiting) > REQUESTS:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class _Articles:
    """What notices tell of articles, each looked up once."""

    def __init__(self, client: Elasticsearch) -> None:
        self.client = client
        self.known: dict[str, Found] = {}

    def look_up(self, ids: Iterable[str]) -> None:
        """Get to know these."""
        new = sorted(set(ids) - self.known.keys())
        for start in range(0, len(new), PAGE):
            some = new[start : start + PAGE]
            answer = self.client.search(
                index=ALIAS,
                query={"terms": {"id": some}},
                size=len(some),
                source_includes=_CITED,
                track_total_hits=False,
                allow_partial_search_results=False,
            )
            for hit in answer["hits"]["hits"]:
                self.known[hit["_id"]] = {"_id": hit["_id"], "_source": hit["_source"]}


def _known(
    client: Elasticsearch, pool: ThreadPoolExecutor, alerts: Sequence[Kept], run: str, copy: str
) -> list[list[str] | None]:
    """For each alert the ids of what it finds, where the clauses that alerts share tell; else None."""
    known: list[list[str] | None] = [None] * len(alerts)
    if copy == ALIAS:
        return known
    wholes: dict[int, Part] = {}
    for number, kept in enumerate(alerts):
        # One that was broken before is likely to be so again, and one refused clause delays the hundreds asked with it.
        if not (kept.error or _needs_all(kept)):
            with suppress(Unreadable):
                wholes[number] = whole(kept)
    # To look through all alerts for garbage, again and again, is a sixth of what asking takes us. What was frozen
    # before is shared with the process that this one was forked from, and stays so; there is no thawing a part.
    frozen_before = gc.get_freeze_count()
    gc.freeze()
    try:
        found = found_by_clauses(client, pool, list(wholes.values()), run, copy)
    finally:
        if not frozen_before:
            gc.unfreeze()
    for number, ids in zip(wholes, found, strict=True):
        known[number] = ids
    return known


def _matches(
    client: Elasticsearch,
    articles: _Articles,
    alerts: Sequence[Kept],
    known: Sequence[list[str] | None],
    run: str,
    copy: str,
) -> list[tuple[Kept, list[Found] | str]]:
    ids = [found or [] for found in known]
    broken: dict[int, str] = {}
    searches: dict[int, dict[str, Any]] = {}
    for number, kept in enumerate(alerts):
        if known[number] is not None:
            continue
        try:
            searches[number] = _search(kept, run) | {"index": ALIAS if _needs_all(kept) else copy}
        except Unreadable as error:
            broken[number] = str(error)
    while searches:
        numbers = list(searches)
        more = {}
        answered = answers(client, list(searches.values()), run, "hits.hits.sort")
        for number, answer in zip(numbers, answered, strict=True):
            if "error" in answer:
                broken[number] = failure(answer["error"])
                continue
            page = [hit["sort"][0] for hit in answer.get("hits", {}).get("hits", ())]
            ids[number] += page
            if len(page) == PAGE:
                more[number] = searches[number] | {"search_after": page[-1:]}
        searches = more
    articles.look_up(id for found in ids for id in found)
    told = articles.known
    return [
        (kept, broken[number] if number in broken else [told[id] for id in ids[number] if id in told])
        for number, kept in enumerate(alerts)
    ]


def _search(kept: Kept, run: str) -> dict[str, Any]:
    """What is asked. The answer has ids alone: an article that a hundred alerts find is read once, not a hundred times.
    The run stands first: where nothing is of it, nothing else is looked for.
    """
    return {
        "query": {"bool": {"filter": [{"term": {"run": run}}, ask.query(kept)]}},
        "sort": ["id"],
        "size": PAGE,
        "stored_fields": "_none_",
        "track_total_hits": False,
    }


def _needs_all(kept: Kept) -> bool:
    """Whether a copy of some articles will not do: scores are made with all of them, and the copy has no vectors."""
    alert = kept.alert
    text = f"{alert.kql} {alert.lucene} {alert.clauses}"
    return ask.threshold(kept) is not None or any(field in text for field in VECTORS)


class Why(NamedTuple):
    """Why an article matched."""

    pieces: tuple[str, ...]
    """Of its text, with what matched between ``<em>`` and ``</em>``. The rest is the text as it is: not HTML."""
    concepts: tuple[str, ...]
    """What it is about and the alert asks for, in words (``Algeria``), and what else matched (``language: fr``)."""


def why(client: Elasticsearch, kept: Kept, ids: Sequence[str]) -> dict[str, Why]:
    """Why an alert found these articles, by id: asked for a few, since it is dear.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    question = _question(kept)
    with plain_errors():
        answer = client.search(
            index=ALIAS,
            query={"bool": {"filter": {"terms": {"id": list(ids)}}, "should": question.query}},
            size=len(ids),
            source_excludes=not_shown(question),
            highlight=marked(question),
        )
        found = hits_of(client, question, answer["hits"]["hits"])
    return {hit.id: _why(hit) for hit in found}


def _why(hit: Hit) -> Why:
    return Why(hit.fragments, (*(concept.label for concept in hit.concepts), *hit.facts))


def _question(kept: Kept) -> Question:
    """The question that an alert stands for; of one with a sentence, the words and concepts of that."""
    alert = kept.alert
    if not (alert.about and kept.meaning):
        return Question(ask.scored(kept), kql=alert.kql or "")
    told = in_words(kept.meaning.model_copy(update={"embedding": ()}))
    rest = [ask.scored(kept.model_copy(update={"alert": alert.model_copy(update={"about": None})}))]
    return replace(told, query={"bool": {"should": [told.query, *rest]}})

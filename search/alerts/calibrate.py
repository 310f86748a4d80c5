"""Calibration: what scores stand for relevance, taken from the articles of the past month.

Raw scores say little. Those of a text's match (BM25) have no upper bound, and those of nearness in meaning all lie
close together, elsewhere for every sentence. So each alert that needs it gets a scale of its own:

- of one with a sentence (``about``), relevance 0 is the score of the typical article, and the default, 0.5
  (:data:`search.alerts.ask.NEAR`), lies :data:`SPREADS` spreads above it. Both are taken from the lower half of the
  scores, so that it makes no difference whether the past month had articles that are about it.
- of another one with a least ``relevance``, 1 is the mean score of the :data:`BEST` best, and 0 is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch

from search.alerts import ask, store
from search.alerts.store import Kept
from search.client import plain_errors
from search.indices import ALIAS
from search.query.filters import Filters
from search.query.question import Unreadable
from wirewatch.errors import UserError

SPREADS = 4.0
"""Spreads above the typical article's score from which one is about a sentence: see ``benchmarks/about.py``."""
BEST = 10
"""Articles that stand for the most relevant ones."""
MONTH = timedelta(days=30)
WEEK = timedelta(days=7)
"""How long a scale is used."""
AGAIN = 100
"""Alerts without a scale for which a run looks for one once more: seconds' work at most, also where thousands wait for
the first article that they find."""
FEW = 200
"""Articles; where the past month has fewer, all of the index are taken."""
FEWEST = 30
"""Articles without which nothing is typical."""
MANY = 20_000
"""Articles of which each is looked at; of more, a sixteenth, or a sixteenth of that …: ids are evenly distributed."""
_PERCENTS = (16, 50)
"""The median, and what lies one standard deviation below it where scores are distributed normally."""


def refreshed(client: Elasticsearch, alerts: Iterable[Kept], moment: datetime) -> Iterator[Kept]:
    """The alerts, those that are asked with a new scale where theirs is older than a week; it is kept. For those that
    have none it is looked for again, in turns of :data:`AGAIN`.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    alerts = list(alerts)
    turn = {kept.id for kept in _whose_turn_it_is(alerts, moment)}
    for kept in alerts:
        if kept.id in turn:
            new = scale(client, kept, moment)
            with suppress(UserError):  # it was deleted meanwhile
                store.change(client, kept, **new)
            kept = kept.model_copy(update=new)
        yield kept


def _whose_turn_it_is(alerts: Iterable[Kept], moment: datetime) -> Iterator[Kept]:
    """The alerts for which a run takes a scale, or looks for one: for those first that have waited longest."""
    none = []
    for kept in alerts:
        if not needs_scale(kept) or kept.paused:
            continue
        if kept.reference is None:
            none.append(kept)
        elif kept.calibrated is None or moment - kept.calibrated > WEEK:
            yield kept
    yield from sorted(none, key=lambda kept: kept.calibrated or kept.created)[:AGAIN]


def needs_scale(kept: Kept) -> bool:
    """Whether scores decide what the alert finds."""
    return kept.alert.about is not None or kept.alert.relevance is not None


def scale(client: Elasticsearch, kept: Kept, moment: datetime) -> dict[str, Any]:
    """The values of ``background``, ``reference`` and ``calibrated`` that an alert should have at a moment.

    There is no scale where too few articles are known, or none that matches, and of an alert that cannot be asked.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    background = reference = None
    try:
        if kept.alert.about:
            background, reference = _typical(client, kept, moment)
        elif needs_scale(kept):
            reference = _best(client, kept, moment)
    except Unreadable:
        pass
    return {"background": background, "reference": reference, "calibrated": moment}


def _typical(client: Elasticsearch, kept: Kept, moment: datetime) -> tuple[float | None, float | None]:
    """The scores that stand for relevance 0 and 1 of a sentence."""
    # What is near in meaning is nearer in the same language: languages are part of what is typical, the rest is not.
    where = Filters(languages=kept.alert.where.languages)
    alone = kept.alert.model_copy(update={"kql": None, "lucene": None, "clauses": (), "where": where})
    query = ask.scored(kept.model_copy(update={"alert": alone}))
    past = _past(moment)
    if (number := _count(client, [query, past])) < FEW:
        past = {"match_all": {}}
        number = _count(client, [query])
    if number < FEWEST:
        return None, None
    digits = 0
    while number > MANY:
        number //= 16
        digits += 1
    some = [{"prefix": {"id": "0" * digits}}] if digits else []
    # A histogram, since other ways are not exact and depend on the order in which articles were indexed.
    percentiles = {"script": "_score", "percents": _PERCENTS, "hdr": {"number_of_significant_value_digits": 5}}
    answer = _search(
        client, {"bool": {"must": query, "filter": [past, *some]}}, aggs={"scores": {"percentiles": percentiles}}
    )
    below, middle = answer["aggregations"]["scores"]["values"].values()
    return middle, middle + SPREADS * (middle - below) / ask.NEAR


def _best(client: Elasticsearch, kept: Kept, moment: datetime) -> float | None:
    """The score that stands for relevance 1 of a text's match."""
    hits: list[Any] = []
    for past in ([_past(moment)], []):
        query = {"bool": {"must": ask.scored(kept), "filter": past}}
        hits = hits or _search(client, query, size=BEST, source=False)["hits"]["hits"]
    return sum(hit["_score"] for hit in hits) / len(hits) if hits else None


def _past(moment: datetime) -> dict[str, Any]:
    return {"range": {"first_seen": {"gte": (moment - MONTH).isoformat(), "lte": moment.isoformat()}}}


def _count(client: Elasticsearch, queries: list[dict[str, Any]]) -> int:
    answer = _search(client, {"bool": {"filter": queries}}, track_total_hits=True)
    number: int = answer["hits"]["total"]["value"]
    return number


def _search(client: Elasticsearch, query: dict[str, Any], size: int = 0, **how: Any) -> Any:
    with plain_errors():
        try:
            return client.search(index=ALIAS, query=query, size=size, allow_partial_search_results=False, **how)
        except BadRequestError as error:
            raise Unreadable(str(error)) from None

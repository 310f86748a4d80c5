"""The query of an alert: what an article must have and, where it is to be relevant, how relevant it must be.

A score says how relevant an article is: of an alert with a sentence (``about``) how near in meaning it is, of another
one how well it matches the text of the query. Scores say little by themselves, so relevance is told on a scale from the
score of the typical article (:attr:`Kept.background`, 0) to that of the best ones (:attr:`Kept.reference`, 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from search.alerts.store import Kept
from search.query.question import Unreadable, written_in_kql, written_in_lucene

NEAR = 0.5
"""How relevant an article must be to an alert with a sentence that does not say: every article is a little near."""
BEST = 0.7
"""Of how near an article is to a sentence, the part of its nearest piece; its opening has the rest."""
BACKGROUND, REFERENCE = (1 + 0.75) / 2, (1 + 0.9) / 2
"""What a sentence has before it is calibrated. An E5 cosine is hardly ever below 0.75 or above 0.9."""
_WRITTEN = {
    "kql": written_in_kql,
    "query_string": written_in_lucene,
    "simple_query_string": written_in_lucene,
}
"""Queries with a text that Elasticsearch has to read, and who looks at it before."""


def query(kept: Kept) -> dict[str, Any]:
    """What finds the articles that an alert is about; it scores nothing.

    Raises:
        Unreadable: it has a sentence, and nobody has understood it; or its text cannot be asked.
    """
    least = threshold(kept)
    if least is None:
        return {"bool": {"filter": [*text(kept), *besides(kept)]}}
    return {"function_score": {"query": scored(kept), "min_score": least}}


def threshold(kept: Kept) -> float | None:
    """The score that an article must have; None where any will do, or nobody knows yet what scores it can have."""
    relevance, background, reference = kept.alert.relevance, kept.background, kept.reference
    if kept.alert.about:
        relevance = NEAR if relevance is None else relevance
        if background is None or reference is None:
            background, reference = BACKGROUND, REFERENCE
    if relevance is None or reference is None:
        return None
    background = background or 0.0
    return background + relevance * (reference - background)


def scored(kept: Kept) -> dict[str, Any]:
    """The same query without a least relevance, and with scores: those that calibration looks at.

    A sentence scores ``(1 + cosine) / 2``, which is between 0 and 1: of the opening (title and lead) and of the
    nearest piece of the text, as a search by meaning weighs them. Text scores as in Kibana (BM25).

    Raises:
        Unreadable: it has a sentence, and nobody has understood it; or its text cannot be asked.
    """
    if not kept.alert.about:
        return {"bool": {"must": text(kept), "filter": besides(kept)}}
    return {"bool": {"must": _near(kept), "filter": [*text(kept), *besides(kept)]}}


def text(kept: Kept) -> list[dict[str, Any]]:
    """What an article must have by KQL or Lucene's syntax, where the alert has such a text.

    Raises:
        Unreadable: the text cannot be asked.
    """
    alert = kept.alert
    if alert.kql:
        return [written_in_kql(alert.kql)]
    return [written_in_lucene(alert.lucene)] if alert.lucene else []


def besides(kept: Kept) -> list[dict[str, Any]]:
    """What it must have besides.

    Raises:
        Unreadable: one of its clauses has a text that cannot be asked.
    """
    for clause in kept.alert.clauses:
        _check(clause)
    return [*kept.alert.clauses, *kept.alert.where.clauses()]


def _check(query: Any) -> None:
    """Raise :class:`Unreadable` where there is a text in a query, however deep, that cannot be asked."""
    if isinstance(query, dict):
        for kind, inner in query.items():
            text = inner.get("query") if isinstance(inner, dict) else None
            if kind in _WRITTEN and isinstance(text, str):
                _WRITTEN[kind](text)
            _check(inner)
    elif isinstance(query, list):
        for inner in query:
            _check(inner)


def _near(kept: Kept) -> dict[str, Any]:
    if not (kept.meaning and kept.meaning.embedding):
        raise Unreadable(f"The sentence of the alert {kept.alert.name} is not understood yet: save it once more.")
    vector = kept.meaning.embedding
    opening = _cosine("embedding", vector)
    passage = {"nested": {"path": "passages", "query": _cosine("passages.vector", vector), "score_mode": "max"}}
    # Exact, and not among the nearest hundred: a run may have brought more.
    nearest = {"dis_max": {"queries": [opening, passage], "boost": BEST}}
    return {"bool": {"must": [{"bool": {"must": opening, "boost": 1 - BEST}}, nearest]}}


def _cosine(field: str, vector: Sequence[float]) -> dict[str, Any]:
    script = {"source": f"(1 + cosineSimilarity(params.vector, '{field}')) / 2", "params": {"vector": list(vector)}}
    return {"script_score": {"query": {"exists": {"field": field}}, "script": script}}

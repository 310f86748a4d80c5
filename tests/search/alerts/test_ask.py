"""The query of an alert, asked of the real node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from search.alerts import ask
from search.alerts.alert import Alert
from search.alerts.store import Kept, create, find
from search.index import ALIAS, index
from search.query.question import Unreadable
from tests.search.conftest import NOON
from wirewatch.batches import Batch
from wirewatch.records import EnrichedArticle, Meaning

Desk = dict[str, EnrichedArticle]
Understand = Callable[..., Meaning]


@pytest.fixture
def newsroom(clean: Elasticsearch, desk: Desk, enriched: Callable[..., Batch]) -> Elasticsearch:
    index(enriched(list(desk.values())), client=clean)
    return clean


def kept(name: str = "watch", *, known: Any = None, **what: Any) -> Kept:
    return Kept(alert=Alert(name=name, **what), origin="command", created=NOON, changed=NOON, **(known or {}))


def found(client: Elasticsearch, desk: Desk, alert: Kept) -> set[str]:
    names = {article.id: name for name, article in desk.items()}
    hits = client.search(index=ALIAS, query=ask.query(alert), size=100)["hits"]["hits"]
    return {names[hit["_id"]] for hit in hits}


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ({"kql": 'countries: DZ or title: "wheat"'}, {"algiers", "wheat"}),
        ({"lucene": "countries:DZ OR title:whe*"}, {"algiers", "wheat"}),
        ({"where": {"languages": ["fr"], "topics": ["baking"]}}, {"bakery"}),
        ({"kql": "Russia", "where": {"languages": ["fr"]}}, {"algiers"}),
        ({"kql": "military", "clauses": [{"term": {"countries": "MA"}}]}, {"morocco"}),
        ({"clauses": [{"bool": {"must_not": {"exists": {"field": "concepts.ids"}}}}]}, {"swahili"}),
    ],
)
def test_an_alert_finds_what_has_all_that_it_asks_for(
    newsroom: Elasticsearch, desk: Desk, what: dict[str, Any], names: set[str]
) -> None:
    assert found(newsroom, desk, kept(**what)) == names


def test_a_least_relevance_leaves_out_what_scores_less(newsroom: Elasticsearch, desk: Desk) -> None:
    alert = kept(kql="Russia or wheat or bread", relevance=0.9)
    hits = newsroom.search(index=ALIAS, query=ask.scored(alert), size=100)["hits"]["hits"]
    best = hits[0]["_score"]
    assert hits[-1]["_score"] < 0.9 * best
    # As long as nobody knows what scores it can have, all are relevant enough.
    assert len(found(newsroom, desk, alert)) == len(hits)
    calibrated = alert.model_copy(update={"reference": best})
    names = {article.id: name for name, article in desk.items()}
    assert found(newsroom, desk, calibrated) == {names[h["_id"]] for h in hits if h["_score"] >= 0.9 * best}


def test_a_sentence_finds_what_is_near_in_meaning_in_any_language(
    newsroom: Elasticsearch, desk: Desk, ask: Understand
) -> None:
    sentence = "the price of bread"
    known = {"meaning": ask(sentence)}
    assert {"swahili"} <= found(newsroom, desk, kept(about=sentence, relevance=0.4, known=known)) < desk.keys()
    assert found(newsroom, desk, kept(about=sentence, relevance=0, known=known | _scale(-1, 1))) == desk.keys()
    assert found(newsroom, desk, kept(about=sentence, relevance=1, known=known | _scale(0, 0.99))) == set()
    french = kept(about=sentence, relevance=0, where={"languages": ["fr"]}, kql="pain", known=known | _scale(-1, 1))
    assert found(newsroom, desk, french) == {"bakery"}


def _scale(background: float, reference: float) -> dict[str, float]:
    return {"background": background, "reference": reference}


def test_the_nearest_piece_of_a_long_text_counts(
    clean: Elasticsearch, desk: Desk, enriched: Callable[..., Batch], ask: Understand, e5: Any
) -> None:
    piece = tuple(map(float, e5.passage(["Thousands march for cheaper rents."])[0]))
    long = desk["wheat"].model_copy(update={"passages": (desk["bakery"].embedding, piece)})
    index(enriched([long, desk["drills"]]), client=clean)
    sentence = "demonstrations against high rents"
    alert = kept(about=sentence, known={"meaning": ask(sentence)})
    scores = {h["_id"]: h["_score"] for h in clean.search(index=ALIAS, query=_scored(alert))["hits"]["hits"]}
    near = {name: _cosine(ask(sentence).embedding, vector) for name, vector in (("o", long.embedding), ("p", piece))}
    assert near["p"] > near["o"]
    assert scores[long.id] == pytest.approx((1 + 0.3 * near["o"] + 0.7 * near["p"]) / 2, abs=0.002)
    # One without pieces has its opening alone.
    opening = _cosine(ask(sentence).embedding, desk["drills"].embedding)
    assert scores[desk["drills"].id] == pytest.approx((1 + opening) / 2, abs=0.002)


_scored = ask.scored


def _cosine(one: Any, other: Any) -> float:
    return float(sum(a * b for a, b in zip(one, other, strict=True)))


def test_a_sentence_that_nobody_understood_cannot_be_asked(desk: Desk) -> None:
    with pytest.raises(Unreadable, match="The sentence of the alert bread is not understood yet"):
        ask.query(kept("bread", about="the price of bread"))


def test_what_a_sentence_means_is_kept_with_the_alert(clean: Elasticsearch, ask: Understand) -> None:
    meaning = ask("the price of bread", concepts=["topic:baking"])
    made = create(clean, Alert(name="bread", about=meaning.text), "api", meaning=meaning, background=0.9, reference=1.0)
    read = find(clean, "bread")
    assert read == made
    assert read.meaning == meaning

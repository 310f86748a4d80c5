"""What each alert finds in what a run brought, asked of the real node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from search.alerts import matching
from search.alerts.matching import Why, matches, why
from search.index import index
from tests.search.alerts.test_ask import kept
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle, Meaning

Desk = dict[str, EnrichedArticle]
Enriched = Callable[..., Batch]


def names(desk: Desk, found: list[dict[str, Any]] | str) -> set[str]:
    assert not isinstance(found, str), found
    known = {article.id: name for name, article in desk.items()}
    assert len({hit["_id"] for hit in found}) == len(found)
    return {known[hit["_id"]] for hit in found}


def test_exactly_what_the_run_brought_is_asked(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    index(enriched([desk["algiers"], desk["wheat"]], "first"), client=clean)
    run = index(enriched([desk["algiers"], desk["drills"], desk["bakery"]], "second"), client=clean)
    alerts = [kept("a", kql="Russia"), kept("b", kql="*"), kept("c", lucene="nothing"), kept("d", kql="not Russia")]
    found = list(matches(clean, alerts, run.name))
    assert [alert for alert, _ in found] == alerts
    assert [names(desk, hits) for _, hits in found] == [{"drills"}, {"drills", "bakery"}, set(), {"bakery"}]


def test_a_match_has_all_that_a_notice_tells_of_it(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    article = desk["algiers"].model_copy(update={"story_id": desk["wheat"].id})
    run = index(enriched([article]), client=clean)
    ((_, found),) = matches(clean, [kept(kql="Russia")], run.name)
    assert found == [
        {
            "_id": article.id,
            "_source": {
                **article.model_dump(mode="json", include={"title", "url", "source", "language"}),
                "published": "2024-02-24T12:00:00Z",
                "first_seen": "2026-11-20T12:00:00Z",
                "story_id": desk["wheat"].id,
            },
        }
    ]


def test_all_pages_of_all_alerts_come_whatever_others_write(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "PAGE", 3)
    monkeypatch.setattr(matching, "AT_ONCE", 2)
    run = index(enriched(list(desk.values())), client=clean)
    alerts = [kept(str(number), kql="*" if number % 2 else "Russia") for number in range(7)]
    found = matches(clean, alerts, run.name)
    first = next(found)
    index(enriched([desk["bakery"].model_copy(update={"id": "0" * 20, "version": "other"})], "another"), client=clean)
    all_found = [first, *found]
    assert [alert.alert.name for alert, _ in all_found] == list("0123456")
    russian = desk.keys() - {"bakery", "swahili"}
    assert [names(desk, hits) for _, hits in all_found] == [desk.keys() if n % 2 else russian for n in range(7)]


@pytest.mark.parametrize(
    ("broken", "why_not"),
    [
        ({"kql": "Russia and (military"}, "line 1:21: no viable alternative"),
        ({"kql": "published: yesterdayish"}, "failed to parse date field"),
        ({"lucene": "title:[a TO"}, "Cannot parse 'title:[a TO'"),
        ({"clauses": [{"no_such_query": {}}]}, r"unknown query \[no_such_query\]"),
        ({"clauses": [{"script_score": {"query": {"match_all": {}}, "script": "1 +"}}]}, "unexpected end of script"),
        ({"about": "what nobody understood"}, "is not understood yet"),
    ],
)
def test_a_query_that_cannot_be_asked_gives_its_reason_and_harms_no_other(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, broken: dict[str, Any], why_not: str
) -> None:
    run = index(enriched([desk["algiers"]]), client=clean)
    alerts = [kept("a", kql="Russia"), kept("broken", **broken), kept("b", kql="military")]
    (_, first), (_, reason), (_, last) = matches(clean, alerts, run.name)
    assert names(desk, first) == names(desk, last) == {"algiers"}
    assert isinstance(reason, str)
    assert pytest.raises is not None and why_not.replace("\\", "") in reason
    ((_, alone),) = matches(clean, [alerts[1]], run.name)
    assert alone == reason


def test_where_articles_cannot_be_asked_for_no_alert_is_to_blame(clean: Elasticsearch) -> None:
    clean.indices.delete(index="wirewatch-articles-*")
    with pytest.raises(UserError, match="has none of Wirewatch's articles yet"):
        list(matches(clean, [kept(kql="Russia"), kept(kql="*")], "run"))


def test_nothing_is_asked_for_no_alerts(clean: Elasticsearch) -> None:
    assert list(matches(clean, [], "run")) == []


def test_why_lights_up_words_concepts_and_facts(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    index(enriched(list(desk.values())), client=clean)
    alert = kept(kql='"Algeria" and language: fr or wheat')
    told = why(clean, alert, [desk["algiers"].id, desk["wheat"].id])
    assert told.keys() == {desk["algiers"].id, desk["wheat"].id}
    assert told[desk["algiers"].id].concepts == ("Algeria", "language: fr")
    assert any("more <em>wheat</em> to Africa" in piece for piece in told[desk["wheat"].id].pieces)


def test_of_a_sentence_the_words_and_concepts_are_told(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, ask: Callable[..., Meaning]
) -> None:
    index(enriched(list(desk.values())), client=clean)
    meaning = ask("Algeria cooperation", concepts=["country:DZ"], rest=["cooperation"])
    alert = kept(about=meaning.text, known={"meaning": meaning})
    told = why(clean, alert, [desk["algiers"].id, desk["swahili"].id])
    assert told[desk["swahili"].id] == Why((), ())
    assert told[desk["algiers"].id].concepts == ("Algeria",)
    assert any("<em>Algérie</em>" in piece for piece in told[desk["algiers"].id].pieces)

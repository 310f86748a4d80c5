"""What each alert finds in what a run brought, asked of the real node."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
from elastic_transport import Transport
from elasticsearch import ConnectionTimeout, Elasticsearch

from search.alerts import copy, matching
from search.alerts.copy import copied
from search.alerts.matching import Why, matches, why
from search.index import index
from search.retention import retain
from tests.search.alerts.test_ask import kept
from wirewatch.batches import Batch
from wirewatch.errors import Unavailable, UserError
from wirewatch.records import EnrichedArticle, Meaning

Desk = dict[str, EnrichedArticle]
Enriched = Callable[..., Batch]


def names(desk: Desk, found: list[dict[str, Any]] | str) -> set[str]:
    assert not isinstance(found, str), found
    known = {article.id: name for name, article in desk.items()}
    assert len({hit["_id"] for hit in found}) == len(found)
    return {known[hit["_id"]] for hit in found}


def copies(client: Elasticsearch) -> list[str]:
    return sorted(client.indices.get(index="wirewatch-matching-*"))


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


TOO_DEEP = f"{'(' * 4900}a{')' * 4900}"
"""Would end the node."""


@pytest.mark.parametrize(
    ("broken", "why_not"),
    [
        ({"kql": "Russia and (military"}, "line 1:21: no viable alternative"),
        ({"kql": "published: yesterdayish"}, "failed to parse date field"),
        ({"lucene": "title:[a TO"}, "Failed to parse query [title:[a TO]"),
        ({"lucene": TOO_DEEP}, "more than 500 brackets"),
        ({"clauses": [{"bool": {"must_not": [{"query_string": {"query": TOO_DEEP}}]}}]}, "more than 500 brackets"),
        ({"clauses": [{"kql": {"query": TOO_DEEP}}]}, "stand within one another"),
        ({"clauses": [{"no_such_query": {}}]}, "unknown field [no_such_query]"),
        ({"clauses": [{"script": {"script": {"source": "1 +"}}}]}, "unexpected end of script."),
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
    assert why_not in reason
    ((_, alone),) = matches(clean, [alerts[1]], run.name)
    assert alone == reason


KINDS: list[dict[str, Any]] = [
    *({"kql": kql} for kql in ("military", "Russia and cooperation", "Russia or pain", "not Russia", '"coopération"')),
    *({"kql": kql} for kql in ("coop*", "title: (wheat or bread)", "text.fr: russes", "text.ar: *", "not text.ar: x")),
    *({"kql": kql} for kql in ("countries: DZ", "published >= 2026-11-20", "concepts.en: Africa", "embedding: *")),
    *({"kql": kql} for kql in ("events: { type: consult }", "duplicate_of: *", "run: 2*", "the", "*", "nobody: x")),
    *({"lucene": text} for text in ("title:/wh.*/", "milittary~", '"military cooperation"~3', "_exists_:concepts.ru")),
    {"where": {"regions": ["africa"], "languages": ["en"]}},
    {"clauses": [{"match_phrase_prefix": {"title": "russia shi"}}]},
    {"clauses": [{"knn": {"field": "embedding", "query_vector": [1.0] * 384, "k": 3}}]},
]


def test_many_alerts_are_asked_of_a_copy_and_find_the_same(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch, ask: Callable[..., Meaning]
) -> None:
    monkeypatch.setattr(copy, "FEW", 2)
    index(enriched([desk["drills"], desk["history"]], "20261119T130000Z-a"), client=clean)
    run = index(enriched(list(desk.values())), client=clean)
    alerts = [kept(str(number), **what) for number, what in enumerate(KINDS)]
    alerts.append(kept("relevant", kql="Russia or military", relevance=0.8, known={"reference": 200.0}))
    alerts.append(kept("about", about="the price of bread", known={"meaning": ask("the price of bread")}))
    assert copy.WORTH * (len(desk) - 2) < len(alerts)
    few = [found for alert in alerts for _, found in matches(clean, [alert], run.name)]
    many = [found for _, found in matches(clean, alerts, run.name)]
    assert many == few
    assert sum(map(len, few)) > 50


@pytest.mark.parametrize("forked", [True, False])
def test_what_a_process_shares_with_the_one_it_was_forked_from_stays_frozen(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch, forked: bool
) -> None:
    monkeypatch.setattr(copy, "FEW", 1)
    run = index(enriched([desk["bakery"]]), client=clean)
    before = gc.get_freeze_count()
    gc.unfreeze()
    try:
        if forked:
            gc.freeze()
        (_, found), _ = matches(clean, [kept("a", kql="pain"), kept("b", kql="wheat")], run.name)
        assert names(desk, found) == {"bakery"}
        assert bool(gc.get_freeze_count()) is forked
    finally:
        gc.unfreeze()
        if before:
            gc.freeze()


def test_a_copy_has_what_the_run_brought_and_is_gone_afterwards(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "FEW", 2)
    index(enriched([desk["algiers"]], "first"), client=clean)
    run = index(enriched([desk["bakery"], desk["swahili"]], "second"), client=clean)
    with copied(clean, run.name, 3) as place:
        assert place == "articles"
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), copied(clean, run.name, 4) as place:
            assert place.startswith("wirewatch-matching-")
            hits = clean.search(index=place)["hits"]["hits"]
            assert {hit["_id"] for hit in hits} == {desk["bakery"].id, desk["swahili"].id}
            fields = clean.indices.get_settings(index=place)[place]["settings"]["index"]["query"]["default_field"]
            assert [field for field in fields if field.startswith("text.")] == ["text.fr", "text.sw"]
            raise KeyboardInterrupt
        assert not clean.indices.exists(index=place)


def test_who_matches_a_run_takes_no_copy_from_another_who_does(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "FEW", 1)
    run = index(enriched([desk["bakery"]]), client=clean).name
    with copied(clean, run, 2) as given_up:
        with copied(clean, run, 2) as tried_again:
            assert tried_again != given_up
        assert clean.count(index=given_up)["count"] == 1
        monkeypatch.setattr(copy, "LEFT", -copy.LEFT)  # as if hours had gone
        with copied(clean, run, 2) as later:
            assert copies(clean) == [later]


def test_a_copy_that_is_not_finished_before_the_node_stops_answering_goes(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "FEW", 1)
    run = index(enriched([desk["bakery"]]), client=clean).name

    def timed_out(*_: Any, **__: Any) -> None:
        assert copies(clean)
        raise ConnectionTimeout("timed out")

    monkeypatch.setattr(Elasticsearch, "reindex", timed_out)
    with pytest.raises(Unavailable, match="stopped answering"):
        list(matches(clean, [kept("a", kql="pain"), kept("b", kql="*")], run))
    assert copies(clean) == []


def test_upkeep_removes_copies_that_were_left_and_none_in_use(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "FEW", 1)
    run = index(enriched([desk["bakery"]]), client=clean).name
    with copied(clean, run, 2) as place:
        assert retain(client=clean) == "nothing to do"
        assert copies(clean) == [place]
        monkeypatch.setattr(copy, "LEFT", -copy.LEFT)  # as if hours had gone
        assert retain(client=clean) == "copies left by matchings 1"
        assert copies(clean) == []


def test_a_run_that_brought_nothing_asks_no_alert_and_leaves_what_is_known_of_each(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "FEW", 1)
    run = index(enriched([desk["bakery"]]), client=clean)
    asked, search = [], Transport.perform_request

    def noted(self: Any, method: str, target: str, **how: Any) -> Any:
        asked.append(target)
        return search(self, method, target, **how)

    monkeypatch.setattr(Transport, "perform_request", noted)
    alerts = [kept("a", kql="pain"), kept("b", kql="(pain", known={"error": "line 1:5"})]
    assert list(matches(clean, alerts, "nothing")) == [(alerts[0], []), (alerts[1], "line 1:5")]
    assert len(asked) == 1, "how much it brought"
    asked.clear()
    ((_, found),) = matches(clean, alerts[:1], run.name)
    assert names(desk, found) == {"bakery"}
    assert len(asked) == 3, "how much it brought, what the alert finds, and what is told of it"


def test_where_articles_cannot_be_asked_for_no_alert_is_to_blame(clean: Elasticsearch) -> None:
    for name in clean.indices.get(index="articles"):
        clean.indices.delete(index=name)
    with pytest.raises(UserError, match="has none of Wirewatch's articles yet"):
        list(matches(clean, [kept(kql="Russia"), kept(kql="*")], "run"))


def test_nothing_is_asked_for_no_alerts(clean: Elasticsearch) -> None:
    assert list(matches(clean, [], "run")) == []


def test_why_lights_up_words_concepts_and_facts(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    index(enriched(list(desk.values())), client=clean)
    alert = kept(kql='("Algeria" and language: fr) or wheat')
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
    assert any("<em>l'Algérie</em>. La <em>coopération</em>" in piece for piece in told[desk["algiers"].id].pieces)

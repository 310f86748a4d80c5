from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from search.health.history import INDEX as HEALTH
from search.index import index
from search.indices import DELIVERIES, NOTICES, STORIES, index_of, standing
from search.retention import retain
from tests.search.test_index import everything
from wirewatch.batches import Batch
from wirewatch.records import EnrichedArticle
from wirewatch.settings import KeepSettings, get_settings

Desk = dict[str, EnrichedArticle]
Enriched = Callable[..., Batch]


def test_articles_are_kept_as_many_days_as_the_setting_says(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = desk["wheat"].first_seen  # 2026-11-20

    def seen(name: str, days: int) -> EnrichedArticle:
        return desk[name].model_copy(update={"first_seen": noon - timedelta(days=days)})

    index(enriched([seen("wheat", 0), seen("drills", 29), seen("algiers", 31), seen("bakery", 700)]), client=clean)
    monkeypatch.setattr("search.retention.now", lambda: noon + timedelta(hours=5))
    retain(client=clean)
    assert len(everything(clean)) == 4  # for ever, unless said
    monkeypatch.setattr(get_settings().elasticsearch, "keep_days", 30)
    assert retain(dry_run=True, client=clean) == "articles 2"
    assert len(everything(clean)) == 4
    assert retain(client=clean) == "articles 2"
    assert {hit["_id"] for hit in everything(clean)} == {desk["wheat"].id, desk["drills"].id}
    assert not clean.indices.exists(index=index_of(2024))
    for module in ("retention", "indices"):
        monkeypatch.setattr(f"search.{module}.now", lambda: noon + timedelta(days=900))
    retain(client=clean)
    assert everything(clean) == []
    assert list(standing(clean)) == [index_of(2029)]


def test_copies_whose_original_is_removed_have_the_first_of_them_for_one(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = " ".join(f"word{at} of a long report" for at in range(60))
    noon = desk["wheat"].first_seen

    def telling(name: str, days: int) -> EnrichedArticle:
        return desk[name].model_copy(
            update={"body": text, "lead": None, "first_seen": noon - timedelta(days=days), "version": name}
        )

    # The original, two copies that stay, and one that goes with it; and another article, of which nobody has a copy.
    for at, (name, days) in enumerate((("wheat", 40), ("drills", 35), ("algiers", 5), ("bakery", 0))):
        index(enriched([telling(name, days)], str(at)), client=clean)
    index(enriched([desk["history"]], "other"), client=clean)
    first, gone, heir, last = (desk[name].id for name in ("wheat", "drills", "algiers", "bakery"))
    assert {hit["_id"] for hit in everything(clean) if hit["_source"].get("duplicate_of") == first} == {
        gone,
        heir,
        last,
    }

    monkeypatch.setattr("search.retention.now", lambda: noon + timedelta(hours=5))
    monkeypatch.setattr(get_settings().elasticsearch, "keep_days", 30)
    retain(client=clean)
    left = {hit["_id"]: hit["_source"] for hit in everything(clean)}
    assert set(left) == {heir, last, desk["history"].id}
    assert "duplicate_of" not in left[heir] and left[heir]["original"] == heir
    assert left[last]["duplicate_of"] == left[last]["original"] == heir
    assert left[desk["history"].id]["original"] == desk["history"].id
    assert _vector(clean, heir) == pytest.approx(desk["algiers"].embedding, abs=1e-6), "its vectors are kept"

    # And the next copy of the text is one of the heir.
    index(enriched([telling("friendly", 0)], "5"), client=clean)
    (newest,) = [hit["_source"] for hit in everything(clean) if hit["_id"] == desk["friendly"].id]
    assert newest["duplicate_of"] == heir


def _vector(es: Elasticsearch, id: str) -> list[float]:
    found = es.search(index="articles", query={"ids": {"values": [id]}}, source_exclude_vectors=False)["hits"]["hits"]
    vector: list[float] = found[0]["_source"]["embedding"]
    return vector


def test_stories_go_when_all_their_articles_have(clean: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    for id, days in (("old", 40), ("moving", 3)):
        clean.index(index=STORIES, id=id, document={"id": id, "last_seen": noon - timedelta(days=days)}, refresh=True)
    monkeypatch.setattr("search.retention.now", lambda: noon)
    monkeypatch.setattr(get_settings().elasticsearch, "keep_days", 30)
    retain(client=clean)
    clean.indices.refresh(index=STORIES)
    assert [hit["_id"] for hit in clean.search(index=STORIES)["hits"]["hits"]] == ["moving"]


def test_what_is_known_of_sources_and_alerts_goes_but_nothing_that_is_yet_to_be_told_or_would_be_told_again(
    clean: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    old, young = noon - timedelta(days=101), noon - timedelta(days=99)
    for id, at in (("old", old), ("young", young)):
        clean.index(index=HEALTH, id=id, document={"id": id, "at": at})
        for state in ("told", "due"):
            clean.index(index=NOTICES, id=f"{id} {state}", document={"created": at, "state": state, "story": "over"})
        for state in ("sent", "failed"):
            clean.index(index=DELIVERIES, id=f"{id} {state}", document={"at": at, "state": state})
    # Of stories that go on, under the id of the notice's story or as part of an older one.
    clean.index(index=STORIES, id="over", document={"id": "over", "last_seen": old})
    clean.index(index=STORIES, id="on", document={"id": "on", "last_seen": young})
    clean.index(index=index_of(2026), id="part", document={"id": "part", "story_id": "on"})
    for id, articles in (("on", ["gone"]), ("merged", ["gone", "part"])):
        notice = {"created": old, "state": "told", "story": id, "members": articles}
        clean.index(index=NOTICES, id=f"going {id}", document=notice)
    kept = (HEALTH, NOTICES, DELIVERIES)
    clean.indices.refresh(index=[STORIES, index_of(2026)])
    clean.indices.refresh(index=kept)
    monkeypatch.setattr("search.retention.now", lambda: noon)
    assert retain(client=clean) == "nothing to do", "the defaults keep this for longer"
    keep = KeepSettings(health_days=100, notices_days=100)
    monkeypatch.setattr(get_settings(), "keep", keep)
    would = "days of sources 1, notices 1, deliveries 1"
    assert retain(dry_run=True, client=clean) == would
    assert retain(client=clean) == would
    assert retain(client=clean) == "nothing to do"
    left = {hit["_id"] for hit in clean.search(index=kept, size=20)["hits"]["hits"]}
    assert left == {
        *("young", "young told", "young due", "old due", "going on", "going merged"),
        *("young sent", "young failed", "old failed"),
    }


def test_writing_makes_no_index_of_articles(clean: Elasticsearch) -> None:
    """It would be searched by nobody: it is made by us, with its alias."""
    with pytest.raises((NotFoundError, BadRequestError)):
        clean.index(index="wirewatch-articles-1999", document={"title": "…"})
    assert not clean.indices.exists(index="wirewatch-articles-1999")

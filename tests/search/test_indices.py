from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from search.index import index
from search.indices import STORIES, index_of, standing
from search.retention import retain
from tests.search.test_index import everything
from wirewatch.batches import Batch
from wirewatch.records import EnrichedArticle
from wirewatch.settings import get_settings

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
    retain(client=clean)
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


def test_writing_makes_no_index_of_articles(clean: Elasticsearch) -> None:
    """It would be searched by nobody: it is made by us, with its alias."""
    with pytest.raises((NotFoundError, BadRequestError)):
        clean.index(index="wirewatch-articles-1999", document={"title": "…"})
    assert not clean.indices.exists(index="wirewatch-articles-1999")

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from search.index import index, init
from search.indices import index_of, standing
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
    monkeypatch.setattr("search.indices.now", lambda: noon + timedelta(hours=5))
    init(clean)
    assert len(everything(clean)) == 4  # for ever, unless said
    monkeypatch.setattr(get_settings().elasticsearch, "keep_days", 30)
    init(clean)
    assert {hit["_id"] for hit in everything(clean)} == {desk["wheat"].id, desk["drills"].id}
    assert not clean.indices.exists(index=index_of(2024))
    monkeypatch.setattr("search.indices.now", lambda: noon + timedelta(days=900))
    init(clean)
    assert everything(clean) == []
    assert list(standing(clean)) == [index_of(2029)]


def test_writing_makes_no_index_of_articles(clean: Elasticsearch) -> None:
    """It would be searched by nobody: it is made by us, with its alias."""
    with pytest.raises((NotFoundError, BadRequestError)):
        clean.index(index="wirewatch-articles-1999", document={"title": "…"})
    assert not clean.indices.exists(index="wirewatch-articles-1999")

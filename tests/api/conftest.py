"""The desk of the tests of the index, with the names that its articles have, behind the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from elasticsearch import Elasticsearch

from search.index import index
from tests.search.conftest import clean, desk, e5, enriched, make
from wirewatch.batches import Batch
from wirewatch.records import EnrichedArticle

__all__ = ["clean", "desk", "e5", "enriched", "make"]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def room(
    clean: Elasticsearch, desk: dict[str, EnrichedArticle], enriched: Callable[..., Batch]
) -> dict[str, EnrichedArticle]:
    """The articles, by name, as they are in the index."""
    patrushev = "person:nikolai-patrushev"

    def of(name: str, **facts: object) -> EnrichedArticle:
        return desk[name].model_copy(update=facts)

    articles = desk | {
        "algiers": of(
            "algiers",
            people=("Nikolai Patrushev",),
            concepts=(*desk["algiers"].concepts, patrushev),
            labels={code: (*labels, "Nikolai Patrushev") for code, labels in desk["algiers"].labels.items()},
        ),
        "wheat": of(
            "wheat",
            people=("Amina Okonkwaro",),
            title='=HYPERLINK("http://evil.example")\x07 & <wheat>',
            lead=f"{desk['wheat'].lead} So says Amina Okonkwaro.",
        ),
    }
    # Somebody whom only articles make known has an id made of the sound.
    learned = "person:~mhmt-xrm~2"
    articles["history"] = of(
        "history", people=("Mahamat Tchouroumi",), concepts=(*desk["history"].concepts, learned), labels={}
    )
    index(enriched(list(articles.values())), client=clean)
    return articles

"""All stages at once, where something is wrong with one batch."""

from __future__ import annotations

from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from search.indices import init
from tests.search.health.runs import POST, alerted, listing, name_of
from wirewatch import batches
from wirewatch.cli import stages
from wirewatch.errors import UserError
from wirewatch.settings import Settings


def test_a_damaged_batch_is_named_and_the_others_go_their_way(
    es: Elasticsearch, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(es)
    monkeypatch.setattr(stages, "crawl", lambda *_: [])
    root = Path(settings.batches.removeprefix("file://"))
    root.mkdir(parents=True, exist_ok=True)
    broken, whole = (alerted(root, name_of(night), [listing(POST)]) for night in range(2))
    for batch in (broken, whole):
        for stage in ("enriched", "indexed"):
            with batches.write(batch.next(stage)):
                pass
    pages = broken.next("pages")
    (root / "pages" / pages.name / pages.manifest().files[batches.RECORDS]).write_bytes(b"")
    for stage in ("articles", "enriched", "indexed", "alerted"):
        (root / stage / broken.name / batches.MANIFEST).unlink()
    (root / "alerted" / whole.name / batches.MANIFEST).unlink()

    with pytest.raises(UserError, match=f"pages/{broken.name} is damaged"):
        stages.go_the_whole_way(None, [])
    assert whole.exists() and whole.next("health").exists()
    assert [batch.name for batch in batches.pending(settings.batches, "articles")] == [broken.name]

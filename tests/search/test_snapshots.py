from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from search.index import index
from search.indices import SCHEMA, index_of, standing
from search.query import search_kql
from search.security import ROLES
from search.snapshots import REPOSITORY, daily, restore, snapshot, snapshots
from tests.search.test_index import everything, rewritten
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle
from wirewatch.settings import KeepSettings, Settings, get_settings

Desk = dict[str, EnrichedArticle]
Enriched = Callable[..., Batch]


@pytest.fixture
def store(node: Settings, clean: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder, outside the node's own, that its settings name for snapshots; empty."""
    folder = Path(node.elasticsearch.snapshots)
    monkeypatch.setattr(get_settings().elasticsearch, "snapshots", str(folder))
    yield folder
    clean.options(ignore_status=404).snapshot.delete(repository=REPOSITORY, snapshot="*")
    clean.options(ignore_status=404).snapshot.delete_repository(name=REPOSITORY)


def test_a_restored_snapshot_brings_everything_back(
    clean: Elasticsearch, store: Path, desk: Desk, enriched: Enriched
) -> None:
    index(enriched(list(desk.values())), client=clean)
    before = everything(clean)
    made = snapshot(client=clean)
    assert index_of(2026) in made.indices
    assert any(store.iterdir())
    # The machine is lost, or the index is: the folder is all that is left.
    for name in clean.indices.get(index="wirewatch-*"):
        clean.indices.delete(index=name)
    clean.snapshot.delete_repository(name=REPOSITORY)
    assert restore(client=clean) == made
    assert everything(clean) == before
    assert standing(clean) == {index_of(2026): SCHEMA}
    assert search_kql("*", client=clean).total == len(desk)


def test_what_is_indexed_is_deleted_for_a_restore_only_when_told_to(
    clean: Elasticsearch, store: Path, desk: Desk, enriched: Enriched
) -> None:
    index(enriched([desk["wheat"]], "1"), client=clean)
    before = everything(clean)
    snapshot(client=clean)
    changed = rewritten(desk["wheat"], "The shipments have stopped.")
    old = desk["drills"].model_copy(update={"first_seen": desk["drills"].first_seen.replace(year=2024)})
    index(enriched([changed, old], "2"), client=clean)
    after = everything(clean)
    with pytest.raises(UserError, match=r"have something in them: wirewatch-articles-2024.*--replace"):
        restore(client=clean)
    assert everything(clean) == after
    restore(replace=True, client=clean)
    assert everything(clean) == before


def test_any_snapshot_can_be_chosen_and_the_oldest_go(
    clean: Elasticsearch, store: Path, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"no complete snapshot.*wirewatch snapshot"):
        restore(client=clean)
    taken = []
    for night, article in enumerate((desk["wheat"], desk["drills"], desk["algiers"])):
        monkeypatch.setattr(get_settings(), "time_shift", timedelta(days=night).total_seconds())
        index(enriched([article], str(night)), client=clean)
        taken.append(snapshot(keep=2, client=clean))
    assert snapshots(client=clean) == taken[1:]
    with pytest.raises(UserError, match=rf"no complete snapshot {taken[0].name}.*{taken[1].name}, {taken[2].name}"):
        restore(taken[0].name, client=clean)
    restore(taken[1].name, replace=True, client=clean)
    assert {hit["_id"] for hit in everything(clean)} == {desk["wheat"].id, desk["drills"].id}


def test_a_folder_that_elasticsearch_may_not_use_is_named(
    clean: Elasticsearch, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings().elasticsearch, "snapshots", str(tmp_path))
    with pytest.raises(UserError, match=rf"cannot keep snapshots in {tmp_path} .*path\.repo.*SNAPSHOTS"):
        snapshot(client=clean)


def test_a_damaged_snapshot_is_noticed_before_anything_is_deleted(
    clean: Elasticsearch, store: Path, desk: Desk, enriched: Enriched
) -> None:
    index(enriched([desk["wheat"]]), client=clean)
    before = everything(clean)
    snapshot(client=clean)
    (store / "indices").rename(store / "elsewhere")
    try:
        with pytest.raises(UserError, match=r"cannot be read.*Nothing was deleted"):
            restore(replace=True, client=clean)
    finally:
        shutil.rmtree(store / "indices", ignore_errors=True)  # Elasticsearch makes it when it looks there
        (store / "elsewhere").rename(store / "indices")
    assert everything(clean) == before


def test_one_is_taken_each_day_and_as_many_kept_as_the_setting_says(
    clean: Elasticsearch, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def day(number: int, keep: int) -> str:
        monkeypatch.setattr(get_settings(), "time_shift", timedelta(days=number).total_seconds())
        monkeypatch.setattr(get_settings(), "keep", KeepSettings(snapshots=keep))
        return daily(client=clean)

    assert day(0, 0) == "no snapshot: WIREWATCH_KEEP__SNAPSHOTS is 0"
    assert not snapshots(client=clean)
    assert "1 there" in day(0, 2) and "1 there" in day(0, 2)
    assert "0 to be taken, 1 there, 2 kept" in daily(dry_run=True, client=clean)
    assert "2 there" in day(-1, 2)
    (first, second) = snapshots(client=clean)
    assert re.search(rf"2 there, the last \S+; 1 removed, {first.name}", day(-2, 2))
    assert second in snapshots(client=clean)
    assert "1 removed" in day(-2, 1)
    assert len(snapshots(client=clean)) == 1


def test_who_has_no_right_to_a_snapshot_takes_none_and_says_so(
    clean: Elasticsearch, store: Path, settings: Settings
) -> None:
    rights = {"wirewatch-pipeline": ROLES["pipeline"]}
    key = clean.security.create_api_key(name="test-pipeline", role_descriptors=rights)
    given = settings.elasticsearch
    assert given.url
    try:
        with Elasticsearch(given.url, api_key=key["encoded"], ca_certs=str(given.ca)) as pipeline:
            assert "who asks has no right to take one" in daily(client=pipeline)
    finally:
        clean.security.invalidate_api_key(name="test-pipeline")

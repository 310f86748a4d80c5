from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from search import bulk, schema
from search import index as indexing
from search import migrate as migration
from search.client import every
from search.index import index, init
from search.indices import MIGRATIONS, SCHEMA, index_of, standing
from search.migrate import migrate, steps
from search.query import search_kql
from search.retention import retain
from tests.search.test_index import rewritten
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle, article_id
from wirewatch.settings import get_settings

Enriched = Callable[..., Batch]
OLD, NEW = "wirewatch-articles-2026", index_of(2026)
NEWER_FIELDS = ("history", "gone", "extracted_from", "bands", "original", "duplicate_of")
"""Fields that the first schema did not have."""


def make_old(es: Elasticsearch, version: int = 4, lacking: tuple[str, ...] = ("story_id",), **settings: Any) -> None:
    """An index as an older Wirewatch made it."""
    es.options(ignore_status=404).indices.delete_index_template(name="wirewatch-articles")
    component = deepcopy(schema.load("component")["wirewatch-articles-fields"]["template"])
    mappings = component["mappings"]
    mappings["_meta"]["schema_version"] = version
    for name in lacking:
        del mappings["properties"][name]
    mappings["dynamic"] = settings.pop("dynamic", "strict")
    es.indices.create(index=OLD, mappings=mappings, settings=component["settings"] | settings, aliases={"articles": {}})


def put(es: Elasticsearch, number: int, body: str, version: int = 1000) -> None:
    id = f"{number:04}"
    vector = [1.0, float(number)] + 382 * [0.0]
    es.index(
        index=OLD,
        id=id,
        version=version,
        version_type="external_gte",
        document={
            "id": id,
            "title": f"Title {number}",
            "body": body,
            "original": id,
            "embedding": vector,
            "passages": [{"vector": vector}],
            "first_seen": "2026-11-20T12:00:00Z",
        },
    )


@pytest.fixture
def old(es: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> Elasticsearch:
    """The node with an index of the schema before this one, and 60 articles in it."""
    monkeypatch.setattr(migration, "LOT", 10)
    make_old(es)
    for number in range(60):
        put(es, number, f"Body {number}")
    es.indices.refresh(index=OLD)
    return es


def held(es: Elasticsearch, index: str = "articles") -> dict[str, Any]:
    """All that an index holds, vectors and versions included."""
    es.indices.refresh(index=index)
    return {
        hit["_id"]: (hit["_version"], {"story_id": hit["_id"]} | hit["_source"])
        for hit in every(es, index, {"match_all": {}}, [{"id": "asc"}], version=True)
    }


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two indices hold the same, but for what is lost when vectors are scaled to a length of 1 and back."""

    def rounded(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: rounded(inner) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [rounded(inner) for inner in value]
        return round(value, 3) if isinstance(value, float) else value

    return bool(rounded(one) == rounded(other))


@contextmanager
def searched(es: Elasticsearch) -> Iterator[list[int]]:
    """Search again and again while the block runs; yields the numbers of articles that were found."""
    found: list[int] = []
    stop = threading.Event()
    errors: list[Exception] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                answer = es.search(index="articles", query={"match": {"body": "body"}}, size=100)
            except Exception as error:
                errors.append(error)
                return
            ids = [hit["_id"] for hit in answer["hits"]["hits"]]
            assert len(ids) == len(set(ids))
            found.append(len(ids))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield found
    finally:
        stop.set()
        asking.join()
    assert not errors, errors


MIGRATE_UNTIL_KILLED = """
import sys, time
from search import migrate
from search.client import connect
migrate.LOT = 10
for step in migrate.steps(connect()):
    if step == sys.argv[1]:
        print(step, flush=True)
        time.sleep(600)
"""


@pytest.mark.parametrize("point", ["made", "copied", "linked", "blocked", "caught up", "replaced"])
def test_killed_and_run_again_it_loses_and_duplicates_nothing_while_searches_go_on(
    old: Elasticsearch, point: str
) -> None:
    with searched(old) as found:
        with subprocess.Popen(
            [sys.executable, "-c", MIGRATE_UNTIL_KILLED, point], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout and child.stdout.readline() == f"{point}\n"
            if point in ("made", "copied", "linked"):
                put(old, 3, "Body, rewritten under the same version")
                put(old, 40, "Body of a later version", version=2000)
                put(old, 60, "Body of a new article")
            child.kill()
        if point in ("made", "copied", "linked"):
            put(old, 5, "Body, rewritten while nothing runs")
        expected = held(old, OLD)
        migrate(client=old)
    assert standing(old) == {NEW: SCHEMA}
    assert same(held(old), expected)
    assert found and set(found) <= {60, 61}
    # Older articles had no story; now each without one is a story of its own.
    assert old.count(index="articles", query={"exists": {"field": "story_id"}})["count"] == len(expected)
    # Everything of the new index is searched: words, and meaning.
    assert old.search(index="articles", knn={"field": "embedding", "query_vector": [1.0] + 383 * [0.0], "k": 5})[
        "hits"
    ]["hits"]
    assert old.indices.get_settings(index=NEW)[NEW]["settings"]["index"]["refresh_interval"] == "30s"


def test_what_was_copied_before_the_kill_is_not_copied_again(old: Elasticsearch) -> None:
    running = steps(old)
    while next(running) != "linked":
        pass
    running.close()
    told: list[tuple[int, int | None]] = []
    migrate(client=old, progress=lambda done, total: told.append((done, total)))
    assert told == []
    assert len(held(old)) == 60


def test_a_migration_that_ends_while_the_old_index_is_closed_opens_it_again(old: Elasticsearch) -> None:
    running = steps(old)
    while next(running) != "blocked":
        pass
    running.close()
    put(old, 60, "Body")
    migrate(client=old)
    assert len(held(old)) == 60 + 1


def test_articles_that_come_while_the_old_index_is_closed_wait_and_go_to_the_new_one(
    old: Elasticsearch, desk: dict[str, EnrichedArticle], enriched: Enriched
) -> None:
    first = index(enriched([desk["drills"]], "first"), client=old)
    assert first.manifest().counts == {"created": 1}
    assert old.exists(index=OLD, id=desk["drills"].id)
    running = steps(old)
    while next(running) != "blocked":
        pass
    refused = threading.Event()
    pausing, done = bulk.time.sleep, []

    def pause(seconds: float) -> None:
        refused.set()
        pausing(0.05)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk.time, "sleep", pause)
        patch.setattr(bulk, "TRIES", 200)
        changed = rewritten(desk["drills"], "Body: the drills are over.")
        batch = enriched([changed, desk["wheat"]], "second")
        indexing_now = threading.Thread(target=lambda: done.append(index(batch, client=old).manifest().counts))
        indexing_now.start()
        assert refused.wait(30)
        assert list(running)[-1] == "cleaned"
        indexing_now.join()
    assert done == [{"created": 1, "updated": 1}]
    found = held(old)
    assert len(found) == 62
    assert found[changed.id][1]["body"] == changed.body
    assert not old.exists(index=OLD, id=desk["wheat"].id)


def test_an_article_that_was_deleted_meanwhile_stays_deleted(old: Elasticsearch) -> None:
    running = steps(old)
    while next(running) != "linked":
        pass
    old.delete(index=OLD, id="0007")
    put(old, 60, "Body of another one")
    assert list(running)[-1] == "cleaned"
    assert held(old).keys() == {f"{n:04}" for n in range(61)} - {"0007"}


def test_an_index_of_several_shards_is_copied_whole(es: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "LOT", 10)
    make_old(es, number_of_shards=3)
    for number in range(50):
        put(es, number, "Body")
    running = steps(es)
    while next(running) != "copied":
        pass
    running.close()
    for number in range(0, 50, 7):
        put(es, number, "Body, rewritten")
    expected = held(es, OLD)
    migrate(client=es)
    assert same(held(es), expected)


def test_an_article_that_does_not_fit_stops_it_and_the_old_index_goes_on(
    es: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(es, dynamic="true")
    put(es, 1, "Body")
    es.index(index=OLD, id="odd", document={"id": "odd", "title": "Odd", "body": "Body", "shoe_size": 43})
    with pytest.raises(UserError, match=r"The article odd of .* does not fit .*shoe_size.*"):
        migrate(client=es)
    assert standing(es) == {OLD: 4}
    put(es, 2, "Body")
    es.delete(index=OLD, id="odd")
    migrate(client=es)
    assert held(es).keys() == {"0001", "0002"}


def test_of_two_migrations_at_once_one_gives_up(old: Elasticsearch) -> None:
    first = steps(old)
    while next(first) != "copied":
        pass
    migrate(client=old)
    with pytest.raises(UserError, match="Another migration"):
        list(first)
    assert len(held(old)) == 60
    assert standing(old) == {NEW: SCHEMA}


def test_one_that_is_overtaken_while_it_has_closed_the_old_index_leaves_it_closed(old: Elasticsearch) -> None:
    first, second = steps(old), steps(old)
    while next(first) != "blocked":
        pass
    while next(second) != "blocked":
        pass
    with pytest.raises(UserError, match="Another migration"):
        list(first)
    assert old.indices.get_settings(index=OLD)[OLD]["settings"]["index"]["blocks"] == {"write": "true"}
    list(second)
    assert standing(old) == {NEW: SCHEMA}


def test_the_old_index_is_kept_for_as_long_as_the_setting_says(
    old: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings().elasticsearch, "keep_replaced_days", 3)
    assert migrate(client=old) == [OLD]
    assert migrate(client=old) == []
    retain(client=old)
    assert old.indices.exists(index=OLD)
    monkeypatch.setattr(get_settings(), "time_shift", timedelta(days=3).total_seconds())
    retain(client=old)
    assert not old.indices.exists(index=OLD)
    assert len(held(old)) == 60
    old.indices.refresh(index=MIGRATIONS)
    assert old.count(index=MIGRATIONS)["count"] == 0


def test_what_was_begun_for_a_schema_that_has_a_successor_is_removed(old: Elasticsearch) -> None:
    migration.create(old, MIGRATIONS)
    old.indices.create(index=f"wirewatch-articles-2026-v{SCHEMA - 1}")
    begun = {"from": OLD, "between": ["x", "y"], "copied": [3]}
    old.index(index=MIGRATIONS, id=f"wirewatch-articles-2026-v{SCHEMA - 1}", document=begun)
    migrate(client=old)
    assert not old.indices.exists(index=f"wirewatch-articles-2026-v{SCHEMA - 1}")
    assert len(held(old)) == 60


def test_an_index_of_the_schema_before_takes_new_articles_until_it_is_migrated(
    old: Elasticsearch, desk: dict[str, EnrichedArticle], enriched: Enriched
) -> None:
    article = desk["wheat"].model_copy(update={"story_id": "s1"})
    assert index(enriched([article]), client=old).manifest().counts == {"created": 1}
    assert standing(old) == {OLD: 4}
    migrate(client=old)
    assert [hit.id for hit in search_kql("story_id: s1", client=old).hits] == [article.id]


def test_an_index_of_a_newer_schema_is_left_alone(es: Elasticsearch) -> None:
    make_old(es, SCHEMA + 1)
    with pytest.raises(UserError, match="made by a newer Wirewatch"):
        init(es)
    assert migrate(client=es) == []
    assert standing(es) == {OLD: SCHEMA + 1}


def test_articles_of_the_first_schema_are_linked_to_their_copies(
    es: Elasticsearch, desk: dict[str, EnrichedArticle], enriched: Enriched
) -> None:
    wire = " ".join(f"word{n}" for n in range(200))
    sites = [f"http://{name}.example/wire" for name in "cab"]
    articles = [
        rewritten(desk["swahili"], wire, hours=n).model_copy(update={"id": article_id(url), "url": url})
        for n, url in enumerate(sites)
    ]
    make_old(es, 1, NEWER_FIELDS)
    for n, article in enumerate(articles[:2]):
        source = indexing.document(article)
        del source["extracted_from"]
        es.index(
            index=OLD,
            id=article.id,
            version=int(article.fetched.timestamp()),
            version_type="external",
            document=source | {"revision": 1, "run": "old", "indexed": f"2026-11-20T00:00:0{n}Z"},
        )
    es.indices.refresh(index="articles")
    with pytest.raises(UserError, match=r"older Wirewatch.*wirewatch index migrate.*--no-fold"):
        search_kql("*", fold="copies", client=es)
    assert search_kql("*", client=es).total == 2
    batch = enriched(articles[1:])
    with pytest.raises(UserError, match=r"of schema 1, and this Wirewatch writes .*wirewatch index migrate"):
        index(batch, client=es)
    migrate(client=es)
    assert index(batch, client=es).manifest().counts == {"created": 1, "unchanged": 1}
    found = held(es)
    assert [found[article.id][1]["original"] for article in articles] == 3 * [articles[0].id]
    assert "duplicate_of" not in found[articles[0].id][1]
    assert found[articles[0].id][1]["run"] == "old"
    assert found[articles[0].id][0] == int(articles[0].fetched.timestamp())
    assert search_kql("*", fold="copies", client=es).total == 1

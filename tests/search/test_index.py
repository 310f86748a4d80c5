from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from pydantic import SecretStr

from search import index as indexing
from search import schema
from search.client import connect, plain_errors
from search.index import index, init
from search.query import search_kql
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle, IndexOutcome, content_version
from wirewatch.settings import Settings

Desk = dict[str, EnrichedArticle]
Enriched = Callable[..., Batch]
LATER = "20261121T130000Z-a"


def rewritten(article: EnrichedArticle, body: str, hours: int = 24) -> EnrichedArticle:
    return article.model_copy(
        update={
            "body": body,
            "fetched": article.fetched + timedelta(hours=hours),
            "version": content_version(article.title, article.lead, body),
        }
    )


def outcomes(receipt: Batch) -> dict[str, str]:
    return {outcome.id: outcome.outcome for outcome in receipt.read(IndexOutcome)}


def everything(es: Elasticsearch) -> list[dict[str, Any]]:
    """All that the article indices hold, but for when it was indexed."""
    es.indices.refresh(index="articles")
    found = es.search(index="articles", size=10_000, sort="id", version=True, source_excludes=["indexed"])
    return [{name: hit[name] for name in ("_index", "_id", "_version", "_source")} for hit in found["hits"]["hits"]]


def document(es: Elasticsearch, id: str) -> dict[str, Any]:
    es.indices.refresh(index="articles")
    return dict(es.search(index="articles", query={"ids": {"values": [id]}})["hits"]["hits"][0]["_source"])


def templates(es: Elasticsearch) -> Any:
    found = [es.cluster.get_component_template(name="wirewatch-*"), es.indices.get_index_template(name="wirewatch-*")]
    created = ("created_date", "created_date_millis", "modified_date", "modified_date_millis")
    return str(
        [
            sorted((t["name"], str({k: v for k, v in t[kind].items() if k not in created})) for t in answer[kind + "s"])
            for answer, kind in zip(found, ("component_template", "index_template"), strict=True)
        ]
    )


def test_init_twice_is_as_init_once(clean: Elasticsearch) -> None:
    before = templates(clean), clean.indices.get(index="wirewatch-*").body
    init(clean)
    assert (templates(clean), clean.indices.get(index="wirewatch-*").body) == before
    assert clean.indices.exists_alias(name="articles")


def test_every_field_of_the_schema_is_described(clean: Elasticsearch) -> None:
    for kind in ("component", "index"):
        for template in schema.load(kind).values():
            described = set(template["_meta"].get("fields", ()))
            assert {
                field
                for field in fields(template["template"].get("mappings", {}))
                if field not in described and field.rpartition(".")[0] + ".*" not in described
            } == set()


def fields(mappings: dict[str, Any], prefix: str = "") -> set[str]:
    found = set()
    for name, field in mappings.get("properties", {}).items():
        found |= fields(field, f"{prefix}{name}.") if "properties" in field else {prefix + name}
    return found


def test_articles_are_indexed_by_the_year_they_were_first_seen_in(
    clean: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    old = desk["wheat"].model_copy(update={"first_seen": desk["wheat"].first_seen.replace(year=2024)})
    receipt = index(enriched([desk["algiers"], old]), client=clean)
    assert receipt.manifest().counts == {"created": 2}
    assert clean.exists(index="wirewatch-articles-2026", id=desk["algiers"].id)
    assert clean.exists(index="wirewatch-articles-2024", id=old.id)
    assert clean.count(index="articles")["count"] == 2


def test_the_whole_article_is_in_the_index(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    batch = enriched([desk["algiers"]])
    index(batch, client=clean)
    found = document(clean, desk["algiers"].id)
    assert found["title"] == desk["algiers"].title
    assert found["source"] == {"id": "example.org", "name": "Example", "country": "FR"}
    assert found["text"]["fr"] == [desk["algiers"].title, desk["algiers"].lead, desk["algiers"].body]
    assert found["concepts"]["ids"] == list(desk["algiers"].concepts)
    assert "Algeria" in found["concepts"]["en"]
    assert (found["run"], found["revision"]) == (batch.name, 1)
    near = clean.search(
        index="articles", knn={"field": "embedding", "query_vector": list(desk["algiers"].embedding), "k": 1}
    )
    assert near["hits"]["hits"][0]["_score"] == pytest.approx(1, abs=0.01)


def test_the_same_batch_again_changes_nothing(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    batch = enriched(list(desk.values()))
    receipt = index(batch, client=clean)
    before = everything(clean)
    assert index(batch, client=clean) == receipt
    # As after a kill just before the receipt was finished.
    Path(receipt.url.removeprefix("file://"), "manifest.json").unlink()
    again = index(batch, client=clean)
    assert everything(clean) == before
    assert set(outcomes(again).values()) == {"created"}


def test_a_changed_text_is_an_update_and_the_same_text_is_unchanged(
    clean: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    index(enriched(list(desk.values()), "first"), client=clean)
    changed = rewritten(desk["wheat"], "The shipments have stopped.")
    receipt = index(enriched([changed, desk["drills"]], "second"), client=clean)
    assert outcomes(receipt) == {changed.id: "updated", desk["drills"].id: "unchanged"}
    assert (document(clean, changed.id)["run"], document(clean, changed.id)["revision"]) == ("second", 2)
    # What is new to readers is what alerts look at.
    assert document(clean, desk["drills"].id)["run"] == "first"
    assert search_kql("run: second", client=clean).total == 1


def test_an_older_version_never_replaces_a_newer_one(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    newer = rewritten(desk["wheat"], "The shipments have stopped.")
    index(enriched([newer], "first"), client=clean)
    receipt = index(enriched([desk["wheat"]], "second"), client=clean)
    assert next(receipt.read(IndexOutcome)).reason == "newer-indexed"
    assert receipt.manifest().counts == {"unchanged": 1}
    assert document(clean, newer.id)["body"] == newer.body


def test_two_versions_in_one_batch_are_one_document_of_the_newer(
    clean: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    newer = rewritten(desk["wheat"], "The shipments have stopped.", hours=1)
    receipt = index(enriched([desk["wheat"], desk["drills"], newer]), client=clean)
    assert receipt.manifest().counts == {"created": 2, "updated": 1}
    assert clean.count(index="articles")["count"] == 2
    assert document(clean, newer.id)["body"] == newer.body


def test_an_article_stays_in_its_index_when_its_first_sight_is_forgotten(
    clean: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    index(enriched([desk["wheat"]], "first"), client=clean)
    forgotten = rewritten(desk["wheat"], "New.").model_copy(
        update={"first_seen": desk["wheat"].first_seen.replace(year=2027)}
    )
    index(enriched([forgotten], "second"), client=clean)
    assert clean.count(index="articles")["count"] == 1


def test_an_article_that_elasticsearch_refuses_is_counted_and_stops_no_other(
    clean: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    wrong = desk["wheat"].model_copy(update={"embedding": (1.0, 2.0)})
    receipt = index(enriched([desk["algiers"], wrong, desk["drills"]]), client=clean)
    assert receipt.manifest().counts == {
        "created": 2,
        "failed": 1,
        "failed:document_parsing_exception": 1,
    }
    reasons = [o.reason or "" for o in receipt.read(IndexOutcome) if o.outcome == "failed"]
    assert "different number of dimensions [2]" in reasons[0]


@pytest.mark.parametrize("block", ["write", "read_only_allow_delete"])
def test_a_refusal_that_can_pass_leaves_no_receipt_and_a_second_try_indexes_all(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, monkeypatch: pytest.MonkeyPatch, block: str
) -> None:
    # The client's own tries, which wait longer and longer, are not the matter here.
    monkeypatch.setattr(indexing, "TRIES", 0)
    batch = enriched([desk["algiers"], desk["drills"]])
    # The second is what a full disk does.
    clean.indices.put_settings(index="wirewatch-articles-2026", settings={f"index.blocks.{block}": True})
    try:
        with pytest.raises(UserError, match=r"cluster_block_exception: .* run this again"):
            index(batch, client=clean)
    finally:
        clean.indices.put_settings(index="wirewatch-articles-2026", settings={f"index.blocks.{block}": None})
    assert not batch.next("indexed").exists()
    assert index(batch, client=clean).manifest().counts == {"created": 2}


INDEX_UNTIL_KILLED = """
import sys, time
from search import index as indexing
from wirewatch.batches import Batch
indexing.CHUNK = 3
def stop_in_the_middle(done, total):
    if done >= 6:
        print("in the middle", flush=True)
        time.sleep(600)
indexing.index(Batch(sys.argv[1], "enriched", sys.argv[2]), progress=stop_in_the_middle)
"""


def test_killed_in_the_middle_and_run_again_gives_the_same_index(
    clean: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    first = [desk["wheat"], desk["drills"]]
    second = [rewritten(desk["wheat"], "The shipments have stopped."), *list(desk.values())[:-1]]
    index(enriched(first, "first"), client=clean)
    undisturbed = index(enriched(second, "second"), client=clean)
    expected, expected_outcomes = everything(clean), outcomes(undisturbed)

    for found in clean.indices.get(index="wirewatch-articles-*"):
        clean.indices.delete(index=found)
    Path(undisturbed.url.removeprefix("file://"), "manifest.json").unlink()
    Path(undisturbed.url.removeprefix("file://").replace("second", "first"), "manifest.json").unlink()
    index(enriched(first, "first"), client=clean)
    batch = enriched(second, "second")
    command = [sys.executable, "-c", INDEX_UNTIL_KILLED, batch.root, batch.name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout and child.stdout.readline() == "in the middle\n"
        child.kill()
    assert not batch.next("indexed").exists()
    assert everything(clean) != expected

    again = index(batch, client=clean)
    assert everything(clean) == expected
    assert outcomes(again) == expected_outcomes


def test_connecting_to_nothing_says_what_to_do(settings: Settings) -> None:
    nowhere = settings.elasticsearch.model_copy(update={"url": "http://127.0.0.1:9"})
    with pytest.raises(UserError, match=r"does not answer at http://127\.0\.0\.1:9.*ELASTICSEARCH_URL right"):
        connect(settings.model_copy(update={"elasticsearch": nowhere}))


@pytest.mark.parametrize("url", ["http://elastic:S3cret@127.0.0.1:9", "elastic:S3cret@host", "http://e:S3cret/x@host"])
def test_a_password_in_the_address_is_never_printed(settings: Settings, url: str) -> None:
    given = settings.elasticsearch.model_copy(update={"url": url})
    with pytest.raises(UserError) as refused:
        connect(settings.model_copy(update={"elasticsearch": given}))
    assert "S3cret" not in str(refused.value)
    assert "host" in str(refused.value) or "127.0.0.1:9" in str(refused.value)


def test_a_search_before_anything_was_indexed_says_what_to_do(es: Elasticsearch) -> None:
    with pytest.raises(UserError, match=r"no such index \[articles\].*nothing was indexed.*wirewatch index init"):
        search_kql("Russia", client=es)


def test_what_elasticsearch_cannot_do_is_told_in_its_words(clean: Elasticsearch) -> None:
    with pytest.raises(UserError, match="400: Result window is too large"), plain_errors():
        clean.search(index="articles", size=100_000)


def test_a_wrong_password_is_named(settings: Settings) -> None:
    wrong = settings.elasticsearch.model_copy(update={"password": SecretStr("wrong")})
    with pytest.raises(UserError, match="does not accept the API key or the password"):
        connect(settings.model_copy(update={"elasticsearch": wrong}))


def test_without_a_url_and_without_a_node_the_way_out_is_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="wirewatch node start"):
        connect(Settings(home=tmp_path, elasticsearch={"url": None}, elasticsearch_url=None))

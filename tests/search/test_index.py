from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from pydantic import SecretStr

from search import bulk
from search.client import connect, plain_errors
from search.index import index, init
from search.indices import index_of
from search.query import search_kql
from wirewatch import batches
from wirewatch.batches import Batch, line_of, write
from wirewatch.database import in_turn
from wirewatch.errors import UserError
from wirewatch.records import (
    STORIES,
    Change,
    CountryFound,
    EnrichedArticle,
    Entity,
    Event,
    IndexOutcome,
    Story,
    content_version,
)
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


def test_articles_are_indexed_by_the_year_they_were_first_seen_in(
    clean: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    old = desk["wheat"].model_copy(update={"first_seen": desk["wheat"].first_seen.replace(year=2024)})
    receipt = index(enriched([desk["algiers"], old]), client=clean)
    assert receipt.manifest().counts == {"created": 2}
    assert clean.exists(index=index_of(2026), id=desk["algiers"].id)
    assert clean.exists(index=index_of(2024), id=old.id)
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
    monkeypatch.setattr(bulk, "TRIES", 0)
    batch = enriched([desk["algiers"], desk["drills"]])
    # The second is what a full disk does.
    clean.indices.put_settings(index=index_of(2026), settings={f"index.blocks.{block}": True})
    try:
        with pytest.raises(UserError, match=r"cluster_block_exception: .* run this again"):
            index(batch, client=clean)
    finally:
        clean.indices.put_settings(index=index_of(2026), settings={f"index.blocks.{block}": None})
    assert not batch.next("indexed").exists()
    assert index(batch, client=clean).manifest().counts == {"created": 2}


def test_a_removed_article_keeps_its_text_and_is_marked_until_it_returns(
    clean: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    wheat = desk["wheat"]
    index(enriched([wheat], "1"), client=clean)
    removed = wheat.model_copy(update={"gone": wheat.fetched + timedelta(days=1)})
    assert outcomes(index(enriched([removed], "2"), client=clean)) == {wheat.id: "unchanged"}
    found = document(clean, wheat.id)
    assert (found["body"], found["run"], found["revision"]) == (wheat.body, "1", 1)
    assert search_kql("gone: *", client=clean).hits[0].gone == removed.gone
    # What was fetched before it went does not bring it back, what was fetched after does.
    index(enriched([wheat], "3"), client=clean)
    assert "gone" in document(clean, wheat.id)
    index(enriched([wheat.model_copy(update={"fetched": wheat.fetched + timedelta(days=2)})], "4"), client=clean)
    found = document(clean, wheat.id)
    assert ("gone" in found, found["run"], found["revision"]) == (False, "1", 1)


def test_changes_can_be_read_and_their_times_searched(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    old = desk["wheat"]
    new = rewritten(old, "The shipments have stopped.")
    diff = f"-{old.body}\n+{new.body}" + 40_000 * "."  # longer than a keyword may be
    new = new.model_copy(update={"history": (Change(version=old.version, at=new.fetched, body=diff),)})
    index(enriched([new, desk["drills"].model_copy(update={"extracted_from": "feed"})]), client=clean)
    assert document(clean, new.id)["history"][0]["body"] == diff
    hit = search_kql(f'history.at >= "{new.fetched.isoformat()}"', client=clean).hits[0]
    assert (hit.id, hit.changed) == (new.id, (new.fetched,))
    assert [hit.id for hit in search_kql("extracted_from: feed", client=clean).hits] == [desk["drills"].id]
    assert [hit.id for hit in search_kql("extracted_from: page", client=clean).hits] == [new.id]
    # A diff is there to be read: no search finds the old text in it.
    assert search_kql("buyer", client=clean).total == 0


def test_a_replay_is_no_new_run_of_what_is_there(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    first = enriched([desk["wheat"]], "20261120T130000Z-abcdef-g00")
    index(first, client=clean)
    better = rewritten(desk["wheat"], "Extracted better.", hours=0)
    replay = enriched([better, desk["drills"]], first.replayed("20261201T000000Z-123456").name)
    assert outcomes(index(replay, client=clean)) == {better.id: "updated", desk["drills"].id: "created"}
    found = document(clean, better.id)
    assert (found["body"], found["run"], found["revision"]) == (better.body, first.name, 1)
    assert document(clean, desk["drills"].id)["run"] == replay.name


INDEX_UNTIL_KILLED = """
import sys, time
from search import bulk
from search import index as indexing
from wirewatch.batches import Batch
indexing.CHUNK = 3
def stop_in_the_middle(done, total):
    if done >= 6:
        print("in the middle", flush=True)
        time.sleep(600)
indexing.index(Batch(sys.argv[1], "enriched", sys.argv[2]), progress=stop_in_the_middle)
"""


def test_one_at_a_time_indexes_and_a_second_finds_what_the_first_has_done(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, settings: Settings
) -> None:
    """Copies and stories are looked for among what the others have written."""
    batch, done = enriched([desk["drills"]]), []
    other = threading.Thread(target=lambda: done.append(index(batch, client=clean).manifest().counts))
    with in_turn(settings.state, "index"):
        other.start()
        other.join(1)
        assert other.is_alive() and not batch.next("indexed").exists()
    other.join()
    with in_turn(settings.state, "index"):
        assert index(batch, client=clean).manifest().counts == done[0] == {"created": 1}


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
    nowhere = settings.elasticsearch.model_copy(update={"url": "https://127.0.0.1:9"})
    with pytest.raises(UserError, match=r"does not answer at https://127\.0\.0\.1:9.*ELASTICSEARCH_URL right"):
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


def test_who_did_what_with_whom_is_a_filter(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    def event(type: str, target: str) -> Event:
        codes = ("RU", target)
        regions = ("Africa",) if target == "DZ" else ("Europe",)
        concepts = {"sources": ("country:RU",), "targets": (f"country:{target}",)}
        return Event(type=type, contexts=("military",), countries=codes, regions=regions, sentence="…", **concepts)

    told = {
        "algiers": (event("cooperate", "DZ"), event("consult", "BY")),
        "drills": (event("cooperate", "BY"), event("consult", "DZ")),
    }
    articles = [desk[name].model_copy(update={"events": events}) for name, events in told.items()]
    index(enriched(articles), client=clean)

    def found(kql: str) -> set[str]:
        return {hit.id for hit in search_kql(kql, client=clean).hits}

    asked = "events: { type: cooperate and contexts: military and countries: RU and regions: Africa }"
    assert found(asked) == {desk["algiers"].id}
    assert found("events: { type: consult and countries: DZ }") == {desk["drills"].id}
    assert found('events: { sources: "country:RU" and targets: "country:BY" and type: cooperate }') == {
        desk["drills"].id
    }


def test_paragraphs_in_another_language_are_found_by_that_language_and_by_its_words(
    clean: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    said = "Les élections générales auront lieu dans les provinces minières."
    article = desk["algiers"].model_copy(update={"language": "am", "parts": {"fr": (said,), "xx": ("…",)}})
    index(enriched([article, desk["drills"]]), client=clean)
    found = document(clean, article.id)
    assert (found["languages"], found["text"]) == (["am", "fr", "xx"], {"fr": [said]})
    assert document(clean, desk["drills"].id)["languages"] == [desk["drills"].language]
    # By French rules: élection, province minière.
    for kql in ("languages: fr and language: am", 'text.fr: "élection générale"', "text.fr: minière"):
        assert [hit.id for hit in search_kql(kql, client=clean).hits] == [article.id], kql


def test_what_an_article_calls_people_and_merely_names_is_found(
    clean: Elasticsearch, desk: Desk, enriched: Enriched
) -> None:
    patrushev = Entity(id="person:nikolai-patrushev", name="Nikolai Patrushev", spellings=("Patrouchev",))
    named = CountryFound(code="FR", salience=0.1, about=False), CountryFound(code="DZ", salience=0.9, about=True)
    article = desk["algiers"].model_copy(
        update={"people": (patrushev.name,), "entities": (patrushev,), "countries_found": named, "story_id": "s1"}
    )
    index(enriched([article]), client=clean)
    for kql in ("people: Patrushev", "spellings: Patrouchev", "countries_named: fr", "story_id: s1"):
        assert search_kql(kql, client=clean).total == 1, kql
    assert search_kql("countries_named: DZ", client=clean).total == 0


def test_stories_are_indexed_and_the_articles_of_a_merged_one_get_the_older_id(
    clean: Elasticsearch, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batch(name: str, articles: list[EnrichedArticle], *stories: Story) -> Batch:
        monkeypatch.setattr(batches, "now", lambda: datetime.strptime(name[:16], "%Y%m%dT%H%M%S%z"))
        made = Batch(tmp_path.as_uri(), "enriched", name)
        lines = tmp_path / name
        lines.write_bytes(b"".join(map(line_of, stories)))
        with write(made) as out:
            for article in articles:
                out.add(article)
            out.add_file(STORIES, lines)
        return made

    def story(id: str, size: int, merged_into: str | None = None) -> Story:
        seen = {"first_seen": desk["algiers"].first_seen, "last_seen": desk["algiers"].first_seen}
        return Story(id=id, title=id, size=size, languages=("fr",), sources=("a",), merged_into=merged_into, **seen)

    # A story has the id of its first article.
    younger, older = desk["algiers"].id, desk["drills"].id
    algiers = desk["algiers"].model_copy(update={"story_id": younger})
    drills = desk["drills"].model_copy(update={"story_id": older})
    first = batch("20270131T020000Z-a", [algiers, drills], story(younger, 1), story(older, 1))
    index(first, client=clean)
    version = everything(clean)[0]["_version"]
    index(batch("20270201T020000Z-b", [], story(older, 2), story(younger, 1, older)), client=clean)
    assert {hit["_source"]["story_id"] for hit in everything(clean)} == {older}
    assert everything(clean)[0]["_version"] == version
    # What Elasticsearch leaves out of what it shows is still there.
    assert clean.count(index="articles", query={"exists": {"field": "embedding"}})["count"] == 2
    assert told(clean) == {older: 2}

    # What is indexed again says what was so before the two became one.
    found = everything(clean)
    shutil.rmtree(first.next("indexed").url.removeprefix("file://"))
    index(first, client=clean)
    assert everything(clean) == found
    assert told(clean) == {older: 2}

    # Of three that become one at once, one is perhaps merged into the second, and that into the third.
    names = ("wheat", "bakery", "history")
    a, b, c = (desk[name].id for name in names)
    three = [desk[name].model_copy(update={"story_id": desk[name].id}) for name in names]
    index(batch("20270202T020000Z-c", three, *(story(id, 1) for id in (a, b, c))), client=clean)
    index(batch("20270203T020000Z-d", [], story(a, 3), story(b, 1, c), story(c, 2, a)), client=clean)
    assert {hit["_source"]["story_id"] for hit in everything(clean)} == {older, a}
    assert told(clean) == {older: 2, a: 3}


def told(es: Elasticsearch) -> dict[str, int]:
    """The size of each story."""
    hits = es.search(index="wirewatch-stories")["hits"]["hits"]
    return {hit["_id"]: hit["_source"]["size"] for hit in hits}

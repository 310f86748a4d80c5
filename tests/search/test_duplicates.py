from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from search import duplicates
from search import index as indexing
from search.duplicates import bands, numbers, resemblance, shingles
from search.index import index
from search.indices import index_of
from search.query import Filters, search, search_kql
from tests.newsroom.texts import load_articles
from wirewatch.batches import Batch
from wirewatch.records import Asked, EnrichedArticle, Meaning, SourceRef, Word, article_id, content_version

Enriched = Callable[..., Batch]


def story(number: int, sentences: int = 24) -> str:
    """A text of invented words, the same for the same number, a sentence of twelve words a line."""
    words = random.Random(number)
    return "\n".join(
        " ".join("".join(words.choices("abdegiklmnorstu", k=words.randint(3, 8))) for _ in range(12)) + "."
        for _ in range(sentences)
    )


@pytest.fixture
def at(desk: dict[str, EnrichedArticle]) -> Callable[..., EnrichedArticle]:
    """An article of a site, with a text."""

    def made(site: str, body: str, slug: str = "one", title: str = "", hours: int = 0, **more: Any) -> EnrichedArticle:
        url, title = f"http://{site}/{slug}", title or f"{site} on {slug}"
        return desk["swahili"].model_copy(
            update={
                "id": article_id(url),
                "url": url,
                "source": SourceRef(id=site, name=site.partition(".")[0].title(), country="KE"),
                "title": title,
                "lead": None,
                "body": body,
                "version": content_version(title, None, body),
                "fetched": desk["swahili"].fetched + timedelta(hours=hours),
                **more,
            }
        )

    return made


At = Callable[..., EnrichedArticle]


def links(es: Elasticsearch) -> dict[str, str | None]:
    """Of which article each is a copy, by address."""
    es.indices.refresh(index="articles")
    hits = es.search(index="articles", size=1000)["hits"]["hits"]
    urls = {hit["_id"]: hit["_source"]["url"] for hit in hits}
    for hit in hits:
        assert hit["_source"]["original"] == hit["_source"].get("duplicate_of", hit["_id"])
    return {hit["_source"]["url"]: urls.get(hit["_source"].get("duplicate_of")) for hit in hits}


def edited(body: str, drop: int, insert: int, seed: int = 0) -> str:
    """Without some of its lines, and with some of another story's."""
    chance, lines = random.Random(seed), body.split("\n")
    gone = set(chance.sample(range(len(lines)), drop))
    kept = [line for number, line in enumerate(lines) if number not in gone]
    place = chance.randrange(len(kept))
    return "\n".join([*kept[:place], *story(99, insert).split("\n")[:insert], *kept[place:]])


def test_words_make_shingles_where_spaces_part_them_and_characters_where_not() -> None:
    assert shingles("«Der Zug», sagte er — fährt.") == {"der zug sagte", "zug sagte er", "sagte er fährt"}
    assert shingles("हिन्दी में समाचार") == {"हिन्दी में समाचार"}
    assert shingles("威尔士议会议员, 2020") == {
        "威尔士议会议",
        "尔士议会议员",
        "士议会议员2",
        "议会议员20",
        "会议员202",
        "议员2020",
    }
    assert all(len(found) == 6 for found in shingles("ประเทศไทยมีข่าว") | shingles("မြန်မာသတင်း") | shingles("ព័ត៌មានខ្មែរ"))
    assert shingles("") == shingles("two words") == frozenset()


def test_the_bands_of_a_text_never_change() -> None:
    # They lie in the index for years: another value here means that old articles have to be linked anew.
    assert bands(numbers(story(1)))[:2] == ["0:1d73b39375b2", "1:7e5e59d3fb4d"]


def test_an_edited_copy_of_a_newsroom_story_is_near_and_every_other_story_is_far() -> None:
    articles = {f"{site}/{a.slug}": a for site, found in load_articles().items() for a in found}
    texts = {name: numbers("\n".join([a.lead or "", *a.paragraphs])) for name, a in articles.items()}
    for name, article in articles.items():
        for other, text in texts.items():
            if article.same_as and other == article.same_as:
                assert resemblance(texts[name], text) >= duplicates.NEAR
                assert set(bands(texts[name])) & set(bands(text))
            elif (article.same_as or name) != (articles[other].same_as or other):
                assert resemblance(texts[name], text) < 0.1
        if len(texts[name]) >= 150:
            sentences = "\n".join([article.lead or "", *article.paragraphs]).replace(". ", ".\n")
            copy = numbers(edited(sentences, drop=len(sentences.split("\n")) // 4, insert=2))
            assert resemblance(copy, texts[name]) >= duplicates.NEAR
            assert set(bands(copy)) & set(bands(texts[name]))


def test_copies_are_linked_to_the_one_indexed_first_in_a_batch_and_across_batches(
    clean: Elasticsearch, at: At, enriched: Enriched
) -> None:
    wire = story(1)
    index(
        enriched([at("a.example", wire), at("b.example", edited(wire, 4, 2)), at("c.example", story(2))], "1"),
        client=clean,
    )
    index(
        enriched([at("d.example", edited(wire, 2, 3, seed=5)), at("e.example", edited(story(2), 6, 0))], "2"),
        client=clean,
    )
    assert links(clean) == {
        "http://a.example/one": None,
        "http://b.example/one": "http://a.example/one",
        "http://c.example/one": None,
        "http://d.example/one": "http://a.example/one",
        "http://e.example/one": "http://c.example/one",
    }
    assert search_kql("duplicate_of: *", client=clean).total == 3
    assert search_kql("not duplicate_of: *", client=clean).total == 2


def test_the_order_of_two_batches_decides_which_is_the_original_and_nothing_else(
    clean: Elasticsearch, at: At, enriched: Enriched
) -> None:
    batches = {
        "1": enriched([at("a.example", story(1)), at("b.example", story(2))], "1"),
        "2": enriched([at("c.example", edited(story(1), 3, 1)), at("d.example", edited(story(2), 3, 1))], "2"),
    }
    for order, originals in (("12", "ab"), ("21", "cd")):
        clean.indices.delete(index=index_of(2026))
        for name in order:
            receipt = batches[name].next("indexed").url.removeprefix("file://")
            Path(receipt, "manifest.json").unlink(missing_ok=True)
            index(batches[name], client=clean)
        copied = links(clean)
        first, second = (f"http://{site}.example/one" for site in originals)
        assert (copied[first], copied[second]) == (None, None)
        assert sorted(of for of in copied.values() if of) == [first, second]


def test_an_excerpt_and_a_short_notice_are_no_copies(clean: Elasticsearch, at: At, enriched: Enriched) -> None:
    wire, notice = story(1), story(2, sentences=5)
    index(
        enriched(
            [
                at("a.example", wire),
                at("b.example", "\n".join(wire.split("\n")[:7])),
                at("c.example", notice),
                at("d.example", notice),
            ]
        ),
        client=clean,
    )
    assert set(links(clean).values()) == {None}


@pytest.mark.parametrize("unseen", [1, 4, 1000])
def test_small_lots_link_as_one_large_lot_whether_the_index_shows_them_yet_or_not(
    clean: Elasticsearch, at: At, enriched: Enriched, monkeypatch: pytest.MonkeyPatch, unseen: int
) -> None:
    articles = [at(f"{n}.example", edited(story(n % 3), n // 3, 1, seed=n)) for n in range(12)]
    index(enriched(articles, "large"), client=clean)
    large = links(clean)
    clean.indices.delete(index=index_of(2026))
    monkeypatch.setattr(indexing, "CHUNK", 1)
    monkeypatch.setattr(indexing, "UNSEEN", unseen)
    index(enriched(articles, "small"), client=clean)
    assert links(clean) == large
    assert list(large.values()).count(None) == 3


def test_an_article_that_elasticsearch_refused_is_no_original(
    clean: Elasticsearch, at: At, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "CHUNK", 1)
    refused = at("a.example", story(1), embedding=(1.0, 2.0))
    index(enriched([refused, at("b.example", story(1)), at("c.example", story(1))]), client=clean)
    assert links(clean) == {"http://b.example/one": None, "http://c.example/one": "http://b.example/one"}


def test_a_text_that_changes_within_a_batch_is_compared_as_it_is_now(
    clean: Elasticsearch, at: At, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(enriched([at("a.example", story(1))], "1"), client=clean)
    monkeypatch.setattr(indexing, "CHUNK", 1)
    changed = at("a.example", story(2), hours=1)
    index(enriched([changed, at("b.example", story(1)), at("c.example", story(2))], "2"), client=clean)
    assert links(clean) == {
        "http://a.example/one": None,
        "http://b.example/one": None,
        "http://c.example/one": "http://a.example/one",
    }


def test_copies_of_copies_are_linked_to_the_original_or_stand_alone(
    clean: Elasticsearch, at: At, enriched: Enriched
) -> None:
    # A live text: each state is near to the one before, the last has little of the first.
    lines = story(1, sentences=60).split("\n")
    states = ["\n".join(lines[start : start + 24]) for start in (0, 7, 14, 21)]
    index(enriched([at("a.example", text, slug=str(n)) for n, text in enumerate(states)]), client=clean)
    assert list(links(clean).values()) == [None, "http://a.example/0", None, "http://a.example/2"]


def test_a_changed_text_is_linked_anew_unless_others_are_its_copies(
    clean: Elasticsearch, at: At, enriched: Enriched
) -> None:
    index(
        enriched([at("a.example", story(1)), at("b.example", story(1)), at("c.example", story(2))], "1"), client=clean
    )
    changed = [
        at("b.example", story(2), hours=1),
        at("a.example", story(2), hours=1),
        at("c.example", story(2), hours=1),
    ]
    index(enriched(changed[:1], "2"), client=clean)
    assert links(clean)["http://b.example/one"] == "http://c.example/one"
    # Nobody is its copy any more; c.example has one, and stays.
    index(enriched(changed[1:], "3"), client=clean)
    assert links(clean) == {
        "http://a.example/one": "http://c.example/one",
        "http://b.example/one": "http://c.example/one",
        "http://c.example/one": None,
    }
    index(enriched([at("c.example", story(3), hours=2)], "4"), client=clean)
    assert links(clean)["http://a.example/one"] == "http://c.example/one"


def test_one_source_may_tell_a_story_again_but_its_cookie_wall_is_no_story(
    clean: Elasticsearch, at: At, enriched: Enriched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "CHUNK", 7)
    again = [at("a.example", story(1), slug=f"slug-{n}", title="The same headline") for n in range(9)]
    wall = [at("b.example", story(2), slug=f"story-{n}") for n in range(20)]
    index(enriched([*again, *wall]), client=clean)
    copies = links(clean)
    assert [copies[a.url] for a in again] == [None] + 8 * ["http://a.example/slug-0"]
    assert max(sum(of == a.url for of in copies.values()) for a in wall) < duplicates.HEADLINES


def test_killed_before_the_receipt_and_run_again_the_links_stay(
    clean: Elasticsearch, at: At, enriched: Enriched
) -> None:
    batch = enriched([at("b.example", story(1)), at("a.example", edited(story(1), 3, 1)), at("c.example", story(1))])
    receipt = index(batch, client=clean)
    before = links(clean)
    Path(receipt.url.removeprefix("file://"), "manifest.json").unlink()
    # As if it had been killed before the last ones were written.
    version = int(at("c.example", "").fetched.timestamp())
    missing = article_id("http://c.example/one")
    clean.delete(index=index_of(2026), id=missing, version=version, version_type="external_gte")
    index(batch, client=clean)
    assert links(clean) == before
    assert before["http://a.example/one"] == before["http://c.example/one"] == "http://b.example/one"


def test_a_folded_search_shows_the_copies_of_a_text_once_and_counts_them(
    clean: Elasticsearch, at: At, enriched: Enriched
) -> None:
    wire = "The harbour pilots strike.\n" + story(1)
    index(
        enriched(
            [
                at("a.example", wire, published=None),
                at("e.example", edited(wire, 2, 2)),
                at("b.example", wire, slug="two"),
                at("c.example", "Of harbour pilots.\n" + story(2)),
                at("d.example", story(3)),
            ]
        ),
        client=clean,
    )
    words = tuple(Asked(text=word, words=(Word(text=word),)) for word in ("harbour", "pilots"))
    question = Meaning(text="harbour pilots", language="en", asked=words)
    folded = search(question, client=clean)
    assert (folded.total, folded.documents, len(folded.hits)) == (2, 4, 2)
    of_wire = next(hit for hit in folded.hits if hit.source.id != "c.example")
    assert of_wire.copies.count == 2
    assert {of_wire.source.name, *of_wire.copies.sources} == {"A", "B", "E"}
    assert next(hit for hit in folded.hits if hit.source.id == "c.example").copies.count == 0

    unfolded = search(question, fold="none", client=clean)
    assert (unfolded.total, unfolded.documents, len(unfolded.hits)) == (4, 4, 4)
    assert sum(hit.duplicate_of is not None for hit in unfolded.hits) == 2
    assert search_kql("harbour", client=clean).total == 4
    assert search_kql("harbour", fold="copies", client=clean).total == 2
    # Of the copies that pass the filters, one.
    assert [hit.source.id for hit in search(question, Filters(sources=("b.example",)), client=clean).hits] == [
        "b.example"
    ]
    assert search_kql("nothing has this word", fold="copies", client=clean).hits == ()

"""What an answer has besides the best hits: filters, facets, order, stories, all of it, and what is like an article."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch

from search import client as connection
from search.bulk import Sender
from search.index import _tell_stories, index
from search.query import Filters, Unreadable, all_hits, ask, get, in_kql, in_words, like_article
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle, Event, Meaning, Story

Ask = Callable[..., Meaning]
Desk = dict[str, EnrichedArticle]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUESTION = "Russia military cooperation Africa"
CONCEPTS = ("country:RU", "topic:military-cooperation", "region:Africa")


@pytest.fixture
def room(clean: Elasticsearch, desk: Desk, enriched: Callable[..., Batch]) -> Desk:
    """The desk with the names that its articles have, three of them one story."""

    def of(name: str, **facts: object) -> EnrichedArticle:
        return desk[name].model_copy(update=facts)

    story = desk["drills"].id
    articles = desk | {
        "algiers": of("algiers", people=("Nikolai Patrushev",), organizations=("African Union",), story_id=story),
        "drills": of("drills", people=("Sergei Shoigu",), story_id=story),
        "morocco": of("morocco", published=NOON - timedelta(days=1), story_id=story),
        "wheat": of("wheat", published=NOON + timedelta(days=1), story_id=desk["wheat"].id),
        "history": of("history", published=None),
    }
    index(enriched(list(articles.values())), client=clean)
    seen = {"first_seen": NOON, "last_seen": NOON + timedelta(days=1)}
    told = [
        Story(id=story, title="Arms", size=3, languages=("en", "fr"), sources=("b.example", "a.example"), **seen),
        Story(id=desk["wheat"].id, title="Wheat", size=1, languages=("en",), sources=("b.example",), **seen),
    ]
    _tell_stories(Sender(clean), told, 1)
    clean.indices.refresh()
    return articles


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(regions=("northern africa",)), {"algiers", "morocco", "wheat"}),
        (Filters(people=("patrushev",)), {"algiers"}),
        (Filters(people=("Patrushev", "Sergei Shoigu")), {"algiers", "drills"}),
        (Filters(people=("Shoigu Sergei",)), set()),
        (Filters(organizations=("african union",), countries=("DZ",)), {"algiers"}),
        (Filters(organizations=("Patrushev",)), set()),
        (Filters(topics=("football", "baking"), regions=("Africa",)), {"friendly"}),
    ],
)
def test_filters_of_names_take_some_words_of_them_in_any_case(
    room: Desk, clean: Elasticsearch, filters: Filters, expected: set[str]
) -> None:
    hits = ask(in_kql("*", filters), client=clean).hits
    assert {hit.id for hit in hits} == {room[name].id for name in expected}


def test_facets_count_the_articles_that_were_found(room: Desk, clean: Elasticsearch) -> None:
    facets = ("languages", "countries", "topics", "people", "organizations", "sources", "days")
    question = in_kql("countries: *", Filters(languages=("en", "fr")))
    found = ask(question, 0, facets=facets, fold="stories", client=clean)
    counts = {name: {count.value: count.count for count in found.facets[name]} for name in facets}
    assert found.documents == 7 and found.hits == ()
    assert counts["languages"] == {"en": 5, "fr": 2}
    assert counts["countries"] | {"RU": 5, "DZ": 1} == counts["countries"]
    assert counts["people"] == {"Nikolai Patrushev": 1, "Sergei Shoigu": 1}
    assert counts["organizations"] == {"African Union": 1}
    assert counts["sources"] == {"example.org": 6, "lyon.example": 1}
    assert counts["days"] == {"2024-02-24": 1, "2026-11-19": 1, "2026-11-20": 3, "2026-11-21": 1}
    labels = {count.value: count.label for name in facets for count in found.facets[name]}
    assert (labels["RU"], labels["military-cooperation"], labels["lyon.example"]) == (
        "Russia",
        "military cooperation",
        "Lyon",
    )
    with pytest.raises(Unreadable, match=r"no facet colours. There are languages, countries"):
        ask(question, facets=("colours",), client=clean)


def test_the_newest_come_first_and_of_free_words_those_with_everything_that_was_asked(
    room: Desk, clean: Elasticsearch, ask_for: Ask
) -> None:
    by_time = ["wheat", "drills", "friendly", "morocco", "algiers", "history"]
    found = ask(in_kql("Russia and military and cooperation and Africa"), sort="newest", client=clean)
    order = [name for hit in found.hits for name in room if room[name].id == hit.id]
    assert sorted(order[1:3]) == by_time[1:3] and order[:1] + order[3:] == by_time[:1] + by_time[3:]
    assert all(hit.score > 0 for hit in found.hits)
    words = in_words(ask_for("Russia Africa", concepts=("country:RU", "region:Africa"), rest=()))
    hits = ask(words, sort="newest", client=clean).hits
    assert [hit.id for hit in hits] == [room[name].id for name in ("wheat", "friendly", "algiers", "history")]
    assert {concept.label for concept in hits[0].concepts} == {"Russia", "Africa"}


@pytest.fixture
def ask_for(ask: Ask) -> Ask:
    """What an analyst asks; :func:`ask` is what answers it."""
    return ask


def test_a_story_is_one_hit_which_says_how_many_articles_tell_it_where(room: Desk, clean: Elasticsearch) -> None:
    question = in_kql("Russia and military and cooperation and Africa")
    found = ask(question, fold="stories", client=clean)
    assert (found.total, found.documents, len(found.hits)) == (4, 6, 4)
    best = found.hits[0]
    assert (best.id, best.story_id) == (room["algiers"].id, room["drills"].id)
    assert best.story and (best.story.title, best.story.size) == ("Arms", 3)
    assert (best.story.languages, best.story.sources) == (("en", "fr"), ("b.example", "a.example"))
    # A story of one article, and articles that no story was told of, stand for themselves.
    assert [hit.story for hit in found.hits[1:]] == [None, None, None]
    of_story = ask(in_kql("*", Filters(stories=(room["drills"].id,))), client=clean)
    assert {hit.id for hit in of_story.hits} == {room[name].id for name in ("algiers", "drills", "morocco")}


def test_pages_follow_each_other_up_to_a_depth_that_is_named(room: Desk, clean: Elasticsearch) -> None:
    question = in_kql("Russia and military and cooperation and Africa")
    whole = [hit.id for hit in ask(question, client=clean).hits]
    assert [hit.id for at in (0, 2, 4) for hit in ask(question, 2, offset=at, client=clean).hits] == whole
    with pytest.raises(Unreadable, match="first 10000 hits"):
        ask(question, 10, offset=9_995, client=clean)


@pytest.mark.parametrize("fold", ["none", "copies", "stories"])
@pytest.mark.parametrize("sort", ["relevance", "newest"])
def test_all_hits_are_those_of_the_pages_in_their_order(
    room: Desk, clean: Elasticsearch, ask_for: Ask, monkeypatch: pytest.MonkeyPatch, fold: str, sort: str
) -> None:
    monkeypatch.setattr(connection, "PAGE", 2)
    for question in (in_words(ask_for(QUESTION, concepts=CONCEPTS, rest=("generals",))), in_kql("Russia or mkate")):
        answered = ask(question, 100, fold=fold, sort=sort, client=clean).hits  # type: ignore[arg-type]
        exported = list(all_hits(question, fold=fold, sort=sort, client=clean))  # type: ignore[arg-type]
        assert [hit.id for hit, _ in exported] == [hit.id for hit in answered]
        assert [(hit.concepts, hit.words) for hit, _ in exported] == [(hit.concepts, hit.words) for hit in answered]
        assert all(document["body"] and "embedding" not in document for _, document in exported)


def test_what_kql_has_matched_besides_the_text_is_told(room: Desk, clean: Elasticsearch) -> None:
    question = in_kql("countries: DZ and people: patrushev and not language: en and moscou", Filters(languages=("fr",)))
    (hit,) = ask(question, client=clean).hits
    assert {"countries: DZ", "people: Nikolai Patrushev"} <= set(hit.facts)
    assert any("<em>Moscou</em>" in fragment for fragment in hit.fragments)
    assert ask(in_kql("Russia"), client=clean).hits[0].facts == ()


def test_a_query_that_cannot_be_read_is_said_so_before_the_first_hit(clean: Elasticsearch) -> None:
    with pytest.raises(Unreadable, match="line 1, character 3"):
        next(all_hits(in_kql("a ("), client=clean))


def test_what_is_like_an_article_is_near_in_meaning_and_shares_its_concepts(room: Desk, clean: Elasticsearch) -> None:
    algiers = room["algiers"]
    for name in (algiers.id, algiers.id[:8], algiers.url):
        found = ask(like_article(name, client=clean), client=clean).hits
        assert algiers.id not in {hit.id for hit in found}
        assert found[0].id in {room["drills"].id, room["morocco"].id}
        assert room["bakery"].id not in {hit.id for hit in found[:4]}
    shared = {concept.id for concept in found[0].concepts}
    assert "topic:military-cooperation" in shared and shared <= set(algiers.concepts)
    french = ask(like_article(algiers.id, Filters(languages=("fr",)), client=clean), client=clean).hits
    assert [hit.id for hit in french] in ([], [room["bakery"].id])


def test_an_article_without_a_vector_is_like_those_that_share_its_concepts(
    clean: Elasticsearch, desk: Desk, enriched: Callable[..., Batch]
) -> None:
    index(
        enriched([desk["algiers"].model_copy(update={"embedding": ()}), desk["drills"], desk["bakery"]]), client=clean
    )
    found = ask(like_article(desk["algiers"].id, client=clean), client=clean).hits
    assert [hit.id for hit in found][:1] == [desk["drills"].id]


def test_no_article_and_more_than_one_are_said_so(room: Desk, clean: Elasticsearch) -> None:
    with pytest.raises(UserError, match=r'"http://nowhere\.example/": no article of the index'):
        like_article("http://nowhere.example/", client=clean)
    with pytest.raises(UserError, match='"": more than one article'):
        get("", client=clean)


def test_what_is_written_back_keeps_its_vectors(room: Desk, clean: Elasticsearch) -> None:
    older = room["wheat"]
    seen = {"first_seen": NOON, "last_seen": NOON}
    merged = Story(id=room["drills"].id, title="", size=3, languages=(), sources=(), merged_into=older.id, **seen)
    _tell_stories(Sender(clean), [merged], 2)
    clean.indices.refresh()
    document = get(room["algiers"].id, vectors=True, client=clean)
    assert document["story_id"] == older.id
    assert len(document["embedding"]) == 384


def event(type: str, sentence: str, *words: str, **facts: object) -> Event:
    return Event(type=type, sentence=sentence, words=words, **facts)


@pytest.fixture
def visit(clean: Elasticsearch, desk: Desk, enriched: Callable[..., Batch]) -> EnrichedArticle:
    """An article in which one sentence tells of two events, and another of a third."""
    met = 'Patrushev met the "general" \\ in Algiers.'
    events = (
        event("consult", met, "met", mode="meet", contexts=("military",), sources=("person:nikolai-patrushev",),
              targets=("country:DZ",), countries=("RU", "DZ"), date=NOON.date()),
        event("cooperate", met, "in", countries=("RU", "DZ"), sources=("country:RU",)),
        event("consult", "Algiers votes.", "votes", countries=("DZ",), sources=("country:DZ",)),
    )  # fmt: skip
    article = desk["algiers"].model_copy(update={"events": events})
    index(enriched([article, desk["drills"]]), client=clean)
    return article


@pytest.mark.parametrize(
    ("kql", "which"),
    [
        ("events: { type: consult and countries: RU }", [0]),
        ("events: { type: consult }", [0, 2]),
        ("events:{type:(aid or cooperate)} and language: fr", [1]),
        ('events: { words: "met" } or events: { sentence: "a } b" or sentence: votes }', [0, 2]),
        ("events.mode: meet", [0]),
        ('events.date >= "2026-11-01" and countries: DZ', [0]),
        ("countries: DZ and not events: { type: aid }", []),
        ("countries: DZ", []),
    ],
)
def test_a_hit_of_kql_tells_which_events_were_asked_for(
    visit: EnrichedArticle, clean: Elasticsearch, kql: str, which: list[int]
) -> None:
    hit = ask(in_kql(kql), client=clean).hits[0]
    assert [(one.type, one.sentence) for one in hit.events] == [
        (visit.events[at].type, visit.events[at].sentence) for at in which
    ]


def test_an_event_of_a_hit_has_names_instead_of_ids(visit: EnrichedArticle, clean: Elasticsearch) -> None:
    told = ask(in_kql("events: { mode: meet }"), client=clean).hits[0].events[0]
    assert (told.sources, told.targets, told.contexts) == (("nikolai-patrushev",), ("Algeria",), ("military",))
    assert (told.mode, told.date, told.words) == ("meet", NOON.date(), ("met",))

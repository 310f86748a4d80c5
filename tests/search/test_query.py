from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch

from search.index import index
from search.query import Filters, label, search, search_kql
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import Asked, EnrichedArticle, Meaning, Word

Ask = Callable[..., Meaning]
Desk = dict[str, EnrichedArticle]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUESTION = "Russia military cooperation Africa"
CONCEPTS = ("country:RU", "topic:military-cooperation", "region:Africa")


@pytest.fixture
def desk_index(clean: Elasticsearch, desk: Desk, enriched: Callable[..., Batch]) -> Elasticsearch:
    index(enriched(list(desk.values())), client=clean)
    return clean


def test_the_question_finds_the_french_article_before_all_near_misses(
    desk_index: Elasticsearch, desk: Desk, ask: Ask
) -> None:
    found = search(ask(QUESTION, concepts=CONCEPTS, rest=()), client=desk_index)
    assert found.hits[0].id == desk["algiers"].id
    assert [concept.label for concept in found.hits[0].concepts] == ["Russia", "Africa", "military cooperation"]
    assert {concept.id for concept in found.hits[0].concepts} == set(CONCEPTS)
    assert found.hits[0].score > found.hits[1].score + 0.3
    assert desk["swahili"].id not in {hit.id for hit in found.hits}


def test_the_question_finds_it_too_when_no_concept_was_understood(
    desk_index: Elasticsearch, desk: Desk, ask: Ask
) -> None:
    hits = {hit.id: hit for hit in search(ask(QUESTION), client=desk_index).hits}
    algiers = hits[desk["algiers"].id]
    # Of the words its text has one, without regard to accents, but it is about what they name.
    assert algiers.score > 4 and algiers.words == ("cooperation",)
    assert {concept.id for concept in algiers.concepts} >= set(CONCEPTS)
    assert hits[desk["wheat"].id].words == ("Russia", "military", "cooperation", "Africa")


def test_kql_finds_the_french_article_before_all_near_misses(desk_index: Elasticsearch, desk: Desk) -> None:
    found = search_kql("Russia and military and cooperation and Africa", client=desk_index)
    # Each of the near misses has all four words, and so is found.
    assert found.total == 6
    assert found.hits[0].id == desk["algiers"].id
    assert {concept.id for concept in found.hits[0].concepts} >= set(CONCEPTS)
    assert found.hits[0].score > 1.1 * found.hits[1].score


def test_kql_finds_it_in_french_and_in_russian_too(desk_index: Elasticsearch, desk: Desk) -> None:
    for kql in ("Russie and coopération and militaire and Afrique", "Россия and военное and Африка"):
        assert search_kql(kql, client=desk_index).hits[0].id == desk["algiers"].id


def test_a_kql_field_query_asks_that_field_alone(desk_index: Elasticsearch, desk: Desk) -> None:
    def ids(kql: str) -> set[str]:
        return {hit.id for hit in search_kql(kql, client=desk_index).hits}

    assert ids("countries: DZ") == ids("countries: dz") == {desk["algiers"].id}
    assert ids("language: fr and not countries: DZ") == {desk["bakery"].id}
    assert ids("topics: military-cooperation and regions: Africa and countries: RU") == {desk["algiers"].id}
    assert ids('title: "joint military drills"') == {desk["drills"].id}


def test_a_hit_shows_fragments_of_its_text_in_its_own_language(desk_index: Elasticsearch, ask: Ask) -> None:
    hit = search(ask("boulangère pain", language="fr"), client=desk_index).hits[0]
    assert any("<em>boulangère</em>" in fragment for fragment in hit.fragments)
    # French analysis: another form of the word.
    assert any("<em>boulangerie</em>" in fragment or "<em>pain</em>" in fragment for fragment in hit.fragments)


def test_a_hit_in_another_language_shows_what_was_asked_for_in_its_own_words(
    desk_index: Elasticsearch, ask: Ask
) -> None:
    found = search(ask(QUESTION, concepts=CONCEPTS, rest=()), client=desk_index)
    assert any("<em>coopération</em> <em>militaire</em>" in fragment for fragment in found.hits[0].fragments)
    by_label = search_kql("Russia and Algeria", client=desk_index)
    assert any("<em>Russie</em>" in fragment for fragment in by_label.hits[0].fragments)


def test_of_two_articles_with_all_that_kql_asks_for_the_one_about_less_else_comes_first(
    clean: Elasticsearch, desk: Desk, enriched: Callable[..., Batch]
) -> None:
    algiers = desk["algiers"]
    wide = algiers.model_copy(
        update={
            "id": "wide",
            "labels": {"en": (*algiers.labels["en"], "football", "baking", "Eastern Africa", "France", "history")},
        }
    )
    index(enriched([wide, algiers]), client=clean)
    hits = search_kql("Russia and military and cooperation and Africa", client=clean).hits
    assert [hit.id for hit in hits] == [algiers.id, "wide"]
    assert hits[0].score > hits[1].score


def test_an_article_in_a_language_without_an_analyzer_is_found_and_shown(desk_index: Elasticsearch, desk: Desk) -> None:
    hit = search_kql("mkate and unga", client=desk_index).hits[0]
    assert hit.id == desk["swahili"].id
    assert any("<em>unga</em>" in fragment for fragment in hit.fragments)


def test_the_meaning_alone_finds_an_article_of_which_no_word_matches(
    desk_index: Elasticsearch, desk: Desk, ask: Ask
) -> None:
    hits = search(ask("prize-winning baker's shop in a Gallic city"), client=desk_index).hits
    assert hits[0].id == desk["bakery"].id


def test_a_hit_names_a_word_whether_its_letters_or_its_sound_matched(desk_index: Elasticsearch, desk: Desk) -> None:
    word = Word(text="baguettes", sounds=("cbgt",))
    found = search(Meaning(text="baguettes", language="fr", asked=(Asked(text="baguettes", words=(word,)),)),
                   client=desk_index)  # fmt: skip
    assert [(hit.id, hit.words) for hit in found.hits] == [(desk["bakery"].id, ("baguettes",))]


def test_the_words_of_a_hit_are_in_its_text_and_name_no_concept_that_it_is_about(
    desk_index: Elasticsearch, desk: Desk
) -> None:
    words = {text: Word(text=text, forms=forms) for text, forms in
             (("Russia", {}), ("military", {}), ("cooperation", {}), ("training", {"fr": ("formation",)}))}  # fmt: skip
    asked = (
        Asked(text="Russia", concepts=("country:RU",), words=(words["Russia"],)),
        Asked(text="military cooperation", concepts=(CONCEPTS[1],), words=(words["military"], words["cooperation"])),
        Asked(text="training", words=(words["training"],)),
    )
    found = search(Meaning(text="Russia military cooperation training", language="en", asked=asked), client=desk_index)
    said = {hit.id: ([concept.label for concept in hit.concepts], hit.words) for hit in found.hits}
    # In French, and as French says it; of the other concepts only those that an article merely names.
    assert said[desk["algiers"].id] == (["Russia", "military cooperation"], ("training",))
    assert said[desk["morocco"].id] == (["military cooperation"], ("Russia", "training"))
    assert said[desk["wheat"].id] == (["Russia"], ("military", "cooperation"))


def test_a_word_that_only_a_label_has_is_told_as_what_the_article_is_about(
    desk_index: Elasticsearch, desk: Desk
) -> None:
    asked = (Asked(text="Russia", concepts=("country:RU",)), Asked(text="Algeria", words=(Word(text="Algeria"),)))
    hit = search(Meaning(text="Russia Algeria", language="en", asked=asked), client=desk_index).hits[0]
    assert (hit.id, hit.words) == (desk["algiers"].id, ())
    assert [(concept.id, concept.label) for concept in hit.concepts] == [("country:RU", "Russia"), (None, "Algeria")]


def test_stop_words_of_the_question_count_against_no_article(desk_index: Elasticsearch, desk: Desk, ask: Ask) -> None:
    found = search(ask("military cooperation of Russia with the Algeria", concepts=[*CONCEPTS[:2], "country:DZ"],
                       rest=("of", "with", "the")), client=desk_index)  # fmt: skip
    assert found.hits[0].id == desk["algiers"].id
    assert found.hits[0].score > 4.2


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(languages=("fr",)), {"algiers", "bakery"}),
        (Filters(languages=("fr", "sw")), {"algiers", "bakery", "swahili"}),
        (Filters(countries=("DZ",)), {"algiers"}),
        (Filters(topics=("football", "baking")), {"friendly", "bakery"}),
        (Filters(sources=("lyon.example",)), {"bakery"}),
        (Filters(sources=("Lyon",)), {"bakery"}),
        (Filters(until=date(2026, 1, 1)), {"algiers"}),
        (Filters(since=NOON.date(), until=NOON.date(), languages=("fr",)), {"bakery"}),
        (Filters(since=NOON + timedelta(seconds=1)), set()),
    ],
)
def test_filters_keep_what_they_name(
    desk_index: Elasticsearch, desk: Desk, ask: Ask, filters: Filters, expected: set[str]
) -> None:
    ids = {desk[name].id for name in expected}
    assert {hit.id for hit in search_kql("*", filters, client=desk_index).hits} == ids
    assert {hit.id for hit in search(ask(QUESTION, concepts=CONCEPTS), filters, client=desk_index).hits} <= ids


def test_a_kql_query_that_cannot_be_read_says_where(desk_index: Elasticsearch) -> None:
    with pytest.raises(UserError, match=r"Russia and \(military.*line 1, character 21.*no viable alternative"):
        search_kql("Russia and (military", client=desk_index)


def test_an_empty_question_is_refused(desk_index: Elasticsearch, ask: Ask) -> None:
    with pytest.raises(UserError, match="nothing to search for"):
        search(Meaning(text=" ", language="en"), client=desk_index)


def test_a_search_of_an_empty_index_finds_nothing(clean: Elasticsearch, ask: Ask) -> None:
    assert search(ask(QUESTION), client=clean).total == 0


def test_a_concept_is_named_in_the_language_of_the_question() -> None:
    assert label("country:DZ", "fr") == "Algérie"
    assert label("country:DZ", "no such language") == "Algeria"
    assert label("region:Northern Africa") == "Northern Africa"
    assert label("topic:military-cooperation") == "military cooperation"


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [("Russie militaire", "fr", "Russie"), ("Rashia Afirika", "ig", "Russia"), ("Rusia", "es", "Russia")],
)
def test_concepts_are_named_in_an_analysts_language_of_which_the_question_has_more_than_a_word(
    desk_index: Elasticsearch, ask: Ask, text: str, language: str, shown: str
) -> None:
    found = search(ask(text, language, concepts=["country:RU"], rest=()), client=desk_index)
    assert [concept.label for concept in found.hits[0].concepts] == [shown]

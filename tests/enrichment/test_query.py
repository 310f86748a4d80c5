import pytest

from enrichment.query import understand

ASKED = {"country:RU", "topic:military-cooperation", "region:Africa"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Russia military cooperation Africa", "en"),
        ("russia military cooperation africa", "en"),
        ("Russia MILITARY cooperation africa", "en"),
        ("coopération militaire Russie Afrique", "fr"),
        ("русско-африканское военное сотрудничество", "ru"),
        ("военное сотрудничество России и Африки", "ru"),
        ("التعاون العسكري بين روسيا وأفريقيا", "ar"),
        ("ushirikiano wa kijeshi Urusi Afrika", "sw"),
    ],
)
def test_the_same_question_in_any_language_asks_for_the_same_concepts(text: str, language: str) -> None:
    meaning = understand(text)
    assert set(meaning.concepts) == ASKED
    assert meaning.language == language
    assert len(meaning.embedding) == 384


def test_words_that_name_nothing_known_are_the_rest() -> None:
    meaning = understand("Quillfeather and the earthquake in Turkey")
    assert [asked.text for asked in meaning.asked if not asked.concepts] == ["Quillfeather"]
    assert meaning.concepts == ("topic:earthquake", "country:TR")


def test_a_region_alone_is_a_concept() -> None:
    assert understand("coopération militaire Afrique").concepts == ("topic:military-cooperation", "region:Africa")


def test_an_empty_query_means_nothing() -> None:
    meaning = understand("  ")
    assert (meaning.asked, meaning.embedding) == ((), ())


@pytest.mark.parametrize(
    "text", ["Patrushev in Algiers", "Patrouchev à Alger", "Патрушев в Алжире", "patrushev algiers"]
)
def test_a_known_person_is_meant_by_surname_in_any_spelling(text: str) -> None:
    meaning = understand(text)
    assert "person:nikolai-patrushev" in meaning.concepts
    assert "country:DZ" in meaning.concepts


def test_an_organisation_is_more_than_the_region_and_topic_in_its_name() -> None:
    (asked,) = understand("African Union").asked
    assert set(asked.concepts) == {"organization:african-union", "region:African Union"}


def test_a_city_is_itself_and_a_capital_its_country_too() -> None:
    asked = understand("protests in Oran").asked[-1]
    assert [concept.partition("-")[0] for concept in asked.concepts] == ["place:geonames"]
    (asked,) = understand("Moscow").asked
    assert "country:RU" in asked.concepts


def test_a_word_that_no_dictionary_has_may_be_a_name_and_is_looked_for_by_its_sound() -> None:
    (asked,) = understand("Quillfeather").asked
    assert asked.words[0].sounds
    (asked,) = understand("harvest").asked
    assert asked.words[0].forms and not asked.words[0].sounds


def test_nobody_is_meant_who_only_sounds_like_a_continent() -> None:
    assert understand("أفريقيا").concepts == ("region:Africa",)


@pytest.mark.parametrize(
    ("text", "language", "topics"),
    [
        ("trade union strike Nigeria", "en", {"topic:strikes"}),
        ("President Ruto", "en", set()),
        ("ambassador senator professor", "en", set()),
        ("defender winger champion", "en", set()),
        ("drug trial ordered hospital", "en", set()),
        ("président sénateur ambassadeur", "fr", set()),
        ("le ministre condamné", "fr", set()),
        ("Côte d'Ivoire", "fr", set()),
        ("сенатор смог", "ru", set()),
        ("السفير أمام المحكمة العليا", "ar", {"topic:justice"}),
    ],
)
def test_a_word_said_of_other_things_too_asks_for_no_topic(text: str, language: str, topics: set[str]) -> None:
    meaning = understand(text)
    assert meaning.language == language
    assert {concept for concept in meaning.concepts if concept.startswith("topic:")} == topics


def test_a_broad_word_still_tells_the_language() -> None:
    assert understand("journalists complicity president").language == "en"

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
    meaning = understand("Patrushev and the earthquake in Turkey")
    assert [asked.text for asked in meaning.asked if not asked.concepts] == ["Patrushev"]
    assert meaning.concepts == ("topic:earthquake", "country:TR")


def test_a_region_alone_is_a_concept() -> None:
    assert understand("coopération militaire Afrique").concepts == ("topic:military-cooperation", "region:Africa")


def test_an_empty_query_means_nothing() -> None:
    meaning = understand("  ")
    assert (meaning.asked, meaning.embedding) == ((), ())

"""Which language a text is written in."""

from __future__ import annotations

import pytest

from wirewatch.language import detect, known


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The ministers met in the capital to discuss the new border agreement.", "en"),
        ("Les ministres se sont réunis dans la capitale pour parler de l'accord.", "fr"),
        ("Los ministros se reunieron en la capital para hablar del acuerdo.", "es"),
        ("Os ministros reuniram-se na capital para falar do acordo.", "pt"),
        ("Die Minister trafen sich in der Hauptstadt, um über das Abkommen zu sprechen.", "de"),
        ("I ministri si sono riuniti nella capitale per parlare dell'accordo.", "it"),
        ("Министры встретились в столице, чтобы обсудить соглашение.", "ru"),
        ("Міністри зустрілися у столиці, щоб обговорити угоду.", "uk"),
        ("اجتمع الوزراء في العاصمة لبحث الاتفاق الجديد.", "ar"),
        ("Mawaziri walikutana katika mji mkuu kujadili makubaliano mapya.", "sw"),
        ("Ministocin sun gana a babban birnin kasar domin tattauna sabuwar yarjejeniya.", "ha"),
        ("Bakanlar yeni anlaşmayı görüşmek için başkentte bir araya geldi.", "tr"),
        ("部长们在首都开会讨论新协议。", "zh"),
        ("मंत्रियों ने नए समझौते पर चर्चा करने के लिए राजधानी में मुलाकात की।", "hi"),
        ("ሚኒስትሮቹ አዲሱን ስምምነት ለመወያየት በዋና ከተማው ተገናኙ።", "am"),
        ("وزیران برای گفتگو درباره توافق تازه در پایتخت دیدار کردند.", "fa"),
        ("MINISTERS MEET IN THE CAPITAL TO DISCUSS A NEW AGREEMENT ON TRADE", "en"),
        ("Russia military cooperation Africa", "en"),
        ("cooperación militar", "es"),
    ],
)
def test_tells_the_language(text: str, language: str) -> None:
    assert detect(text) == language


def test_a_hint_decides_where_the_text_is_too_short_to_tell() -> None:
    assert detect("Moscow", "fr-FR") == "fr"
    assert detect("2024 / 2025", "pt_BR") == "pt"
    assert detect("2024 / 2025") == "en"


def test_a_hint_does_not_overrule_a_clear_text_or_another_script() -> None:
    assert detect("The ministers met in the capital to discuss the new border agreement.", "fr") == "en"
    assert detect("الجزائر وروسيا", "fr") == "ar"


def test_addresses_and_numbers_do_not_count() -> None:
    assert detect("https://example.org/the/news/of/the/day 12.34 Le ministre est arrivé hier soir @thenews") == "fr"


def test_of_several_hints_the_first_that_is_possible_decides() -> None:
    assert detect("acordo comercial", None, "ru", "es", "pt") == "es"


def test_a_language_that_cannot_be_told_is_believed_unless_the_text_is_surely_in_a_common_one() -> None:
    text = "Abashikiriji b'ibihugu bihuriye ku kiyaga barabonanye uno musi mu gisagara kuganira amasezerano mashasha."
    assert detect(text, "rn") == "rn"
    assert detect("The ministers met in the capital to discuss the new border agreement.", "rn") == "en"


@pytest.mark.parametrize(
    ("code", "expected"),
    [("fr-CA", "fr"), ("pt_BR", "pt"), ("nb", "no"), ("fil", "tl"), ("klingon", None), (None, None)],
)
def test_codes_of_pages_are_known_by_one_name(code: str | None, expected: str | None) -> None:
    assert known(code) == expected

"""Which language a text is written in."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from wirewatch.language import UNTOLD, Part, by_language, detect, known, parts

NEWS: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "languages.yml").read_text("utf-8"))
"""A paragraph and a headline in each language."""
PARAGRAPH = {language: paragraph for language, (paragraph, _) in NEWS.items()}


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


@pytest.mark.parametrize("language", NEWS)
def test_two_sentences_and_a_headline_are_enough_to_tell_a_language(language: str) -> None:
    paragraph, headline = NEWS[language]
    assert (detect(paragraph), detect(headline)) == (language, language)


def test_more_than_sixty_languages_are_told() -> None:
    assert len(NEWS) >= 60


@pytest.mark.parametrize(
    ("headline", "language"),
    [
        ("Karanta tarihi", "ha"),
        ("Me ya sa aka kulle kasuwa?", "ha"),
        ("Best coffee machines under $500", "en"),
        ("Mayor visits Lagos on March 3, 2021", "en"),
        ("O goberno promete máis", "gl"),
        ("Правителството обещава повече пари", "bg"),
        ("Nini maana ya demokrasia?", "sw"),
    ],
)
def test_a_few_words_are_told_by_two_opinions(headline: str, language: str) -> None:
    assert detect(headline) == language


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ti", "ናይ ኤርትራ መንግስቲ ንቤት ትምህርትታት ዝያዳ ገንዘብ ክህብ ምዃኑ ሚኒስተር ሰኑይ ተዛሪቡ።"),
        ("lb", "De Minister huet e Méindeg gesot, datt d'Regierung de Schoulen an de Spideeler méi Suen gëtt."),
        ("gd", "Thuirt am ministear Diluain gun toir an riaghaltas barrachd airgid do sgoiltean agus ospadalan."),
        ("wo", "Njiitu réew mi wax na altine ne nguur gi dina gëna jox xaalis daara yi ak kër doktoor yi."),
    ],
)
def test_the_second_opinion_knows_languages_that_the_first_does_not(language: str, text: str) -> None:
    assert detect(text) == language


def test_letters_by_chance_are_in_no_rare_language() -> None:
    letters = "rociw rmopjo gmeflug madiv dobu viknajuk tdd nuof izif zumodur ekpi vosul hugrat bem odrin falek "
    assert detect(letters * 5) not in UNTOLD


def joined(*languages: str) -> str:
    return "\n\n".join(PARAGRAPH[language] for language in languages)


@pytest.mark.parametrize("other", ["en", "fr", "pt", "ru", "ar", "zh", "am", "sw"])
@pytest.mark.parametrize("language", ["ha", "es", "uk", "fa"])
def test_a_paragraph_in_another_language_is_a_part(language: str, other: str) -> None:
    text = joined(language, other, language)
    start = text.index(PARAGRAPH[other])
    assert parts(text, language) == (Part(start, start + len(PARAGRAPH[other]), other),)


def test_a_text_in_one_language_has_no_parts() -> None:
    for language in NEWS:
        assert parts(joined(language, language), language) == (), language


def test_paragraphs_that_follow_each_other_are_one_part_with_the_short_lines_between() -> None:
    text = "\n\n".join([PARAGRAPH["ha"], PARAGRAPH["en"], "Yes.", PARAGRAPH["en"], "A'a.", PARAGRAPH["ha"]])
    ((start, end, language),) = parts(text, "ha")
    assert language == "en"
    assert text[start:end] == "\n\n".join([PARAGRAPH["en"], "Yes.", PARAGRAPH["en"]])


def test_a_paragraph_between_keeps_two_parts_apart() -> None:
    assert [part.language for part in parts(joined("en", "ha", "en", "fr"), "ha")] == ["en", "en", "fr"]


def test_a_name_a_slogan_and_a_line_in_a_long_text_are_no_part() -> None:
    english = "Read more about it in our weekly letter, it is free and you can leave at any time."
    assert parts(f"{PARAGRAPH['ha']}\n\nBritish Broadcasting Corporation", "ha") == ()
    assert [part.language for part in parts(f"{joined('ha', 'ha')}\n\n{english}", "ha")] == ["en"]
    assert parts(f"{joined(*['ha'] * 20)}\n\n{english}", "ha") == ()


def test_in_a_language_that_cannot_be_told_only_common_ones_are_parts() -> None:
    kikongo = "Mfumu a nsi wubiki bantu ya leta na kimvuka ya nene na mbanza ya nene na ntangu ya nsuka."
    text = "\n\n".join([kikongo, PARAGRAPH["fr"], kikongo, joined("rw", "fr")])
    assert [part.language for part in parts(text, "kg")] == ["fr", "fr"]


def test_each_language_reads_its_own_part_of_a_text_at_the_same_offsets() -> None:
    text = joined("ha", "en", "ha", "fr")
    read = by_language(text, "ha", parts(text, "ha"))
    assert list(read) == ["ha", "en", "fr"]
    for language, own in read.items():
        assert len(own) == len(text)
        assert own.split("\n\n")[text.split("\n\n").index(PARAGRAPH[language])] == PARAGRAPH[language]
        assert own.split() == " ".join([PARAGRAPH[language]] * (2 if language == "ha" else 1)).split()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "😀",
        "\n\n",
        "\x00\x1f",
        "\ud800 half a pair",
        "\uffff\ufdd0 \U0010ffff",
        "ab " * 300_000,
        "é\n\n" * 50_000,
    ],
)
def test_any_text_has_a_language_and_parts(text: str) -> None:
    assert parts(text, detect(text)) == ()

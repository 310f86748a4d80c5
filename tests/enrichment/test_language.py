import spacy

from enrichment.documents import document
from enrichment.enrich import enriched
from enrichment.language import foreign, texts
from tests.enrichment.articles import article
from wirewatch.records import Article

SWAHILI = "Waziri alisema Jumatatu kwamba serikali itatoa fedha zaidi kwa shule. Bunge bado halijapiga kura."
ENGLISH = "An outbreak of cholera in Finland has filled the hospitals, and doctors ask for vaccines against cholera."
RUSSIAN = "Делегация прибыла в Финляндию, чтобы обсудить военное сотрудничество. Стороны договорились об учениях."


def mixed(*paragraphs: str) -> Article:
    return article("Serikali yaahidi fedha zaidi kwa shule", "\n\n".join(paragraphs))


def test_the_component_fills_the_document_and_takes_the_hint() -> None:
    nlp = spacy.blank("xx")
    nlp.add_pipe("wirewatch_language")
    assert nlp("Le président est arrivé à Alger hier soir.")._.language == "fr"
    doc = nlp.make_doc("Moscow")
    doc._.language_hint = "fr"
    assert nlp(doc)._.language == "fr"


def test_a_language_that_extraction_found_in_the_text_is_not_looked_for_again() -> None:
    nlp = spacy.blank("xx")
    nlp.add_pipe("wirewatch_language")
    told = article("Ferry opens", "The ferry opened on Monday, an hour late.", language="fr")
    assert nlp(document(nlp, told))._.language == "en"
    found = told.model_copy(update={"origins": {"language": "text"}})
    assert nlp(document(nlp, found))._.language == "fr"


def test_paragraphs_in_other_languages_stand_beside_the_article_the_longest_first() -> None:
    ((found, _),) = enriched([mixed(*[SWAHILI] * 5, RUSSIAN, ENGLISH, SWAHILI, ENGLISH)])
    assert found.language == "sw"
    assert found.parts == {"en": (ENGLISH, ENGLISH), "ru": (RUSSIAN,)}
    ((plain, _),) = enriched([mixed(SWAHILI, SWAHILI)])
    assert plain.parts == {}


def test_countries_and_topics_are_read_in_the_language_of_each_paragraph() -> None:
    (in_english, _), (in_russian, _), (without, _) = enriched(
        [mixed(SWAHILI, ENGLISH), mixed(SWAHILI, RUSSIAN), mixed(SWAHILI, SWAHILI)]
    )
    assert [found.words for found in in_russian.countries_found if found.code == "FI"] == [("Финляндию",)]
    assert [found.words for found in in_english.countries_found if found.code == "FI"] == [("Finland",)]
    told = {found.id: found.words for found in in_russian.topics_found}
    assert told["military-cooperation"] == ("военное сотрудничество",)
    assert any("cholera" in found.words for found in in_english.topics_found)
    assert not without.countries_found


def test_a_document_is_read_once_for_each_of_its_languages() -> None:
    nlp = spacy.blank("xx")
    doc = nlp.make_doc(f"{SWAHILI}\n\n{ENGLISH}")
    assert doc._.parts == () and foreign(doc) == {}
    doc._.language = "sw"
    assert [text.strip() for text in texts(doc).values()] == [SWAHILI, ENGLISH]

import spacy

from enrichment.documents import document
from tests.enrichment.articles import article


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

"""Component ``wirewatch_concepts``: the ids of everything an article is about, and how analysts call them.

Concepts are ``country:DZ``, ``region:Africa`` and ``topic:military-cooperation``. A topic brings the topics above
it, as a country brings its regions: who asks for defence finds military cooperation. The labels are why a search in
English finds an article in Arabic.
"""

from __future__ import annotations

from collections.abc import Iterable

from spacy.language import Language
from spacy.tokens import Doc

from enrichment import geography, lexicon, topics
from enrichment.lexicon import ANALYST_LANGUAGES

Doc.set_extension("concepts", default=(), force=True)
Doc.set_extension("labels", default={}, force=True)


def concept_ids(countries: Iterable[str], regions: Iterable[str], topic_ids: Iterable[str]) -> tuple[str, ...]:
    """The concept ids: countries, regions, topics and the topics above these, each once."""
    topic_ids = tuple(topic_ids)
    above = (wider for topic in topic_ids for wider in lexicon.ancestors(topic))
    return (
        *(f"country:{code}" for code in countries),
        *(f"region:{name}" for name in regions),
        *(f"topic:{topic}" for topic in dict.fromkeys((*topic_ids, *above))),
    )


def label(concept: str, language: str) -> str | None:
    """What one of :data:`ANALYST_LANGUAGES` calls a concept: the name that people are shown and, after commas, other
    usual names and the adjective of a country or region; None where it has no name for it.
    """
    kind, _, name = concept.partition(":")
    return lexicon.label(name, language) if kind == "topic" else geography.labels(concept, language)


def labels_of(concepts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The labels of concepts, in their order and one for each that has any, by language."""
    concepts = tuple(concepts)
    named = {
        language: tuple(name for concept in concepts if (name := label(concept, language)))
        for language in ANALYST_LANGUAGES
    }
    return {language: names for language, names in named.items() if names}


@Language.component("wirewatch_concepts", assigns=["doc._.concepts", "doc._.labels"])
def set_concepts(doc: Doc) -> Doc:
    """Sets ``doc._.concepts`` and ``doc._.labels`` from the countries, regions and topics found before."""
    doc._.concepts = concept_ids(doc._.countries, doc._.regions, topics.best(doc._.topics))
    doc._.labels = labels_of(doc._.concepts)
    return doc

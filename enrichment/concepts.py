"""Component ``wirewatch_concepts``: the ids of everything an article is about, and how analysts call them.

Concepts are ``country:DZ``, ``region:Africa``, ``topic:military-cooperation``, ``person:nikolai-patrushev``,
``organization:african-union``, ``place:DZ-16`` and ``event:visit``. A topic brings the topics above it, as a country
brings its regions: who asks for defence finds military cooperation. The labels are why a search in English finds an
article in Arabic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spacy.language import Language
from spacy.tokens import Doc

from enrichment import event_words, geography, known, lexicon, sound, topics
from enrichment.entities import is_surname
from enrichment.lexicon import ANALYST_LANGUAGES
from wirewatch.records import Entity, Event

Doc.set_extension("concepts", default=(), force=True)
Doc.set_extension("labels", default={}, force=True)


def topics_and_above(topic_ids: Iterable[str]) -> tuple[str, ...]:
    """The topics, and after them those above, each once."""
    topic_ids = tuple(topic_ids)
    return tuple(dict.fromkeys((*topic_ids, *(wider for topic in topic_ids for wider in lexicon.ancestors(topic)))))


def concept_ids(
    countries: Iterable[str],
    regions: Iterable[str],
    topic_ids: Iterable[str],
    entities: Iterable[Entity],
    events: Iterable[Event],
) -> tuple[str, ...]:
    """The concept ids of all that was found in an article, each once, in this order."""
    ids = (
        *(f"country:{code}" for code in countries),
        *(f"region:{name}" for name in regions),
        *(f"topic:{topic}" for topic in topics_and_above(topic_ids)),
        *(entity.id for entity in entities if not is_surname(entity.id)),
        *(event_words.concept(event) for event in events),
    )
    return tuple(dict.fromkeys(ids))


def label(concept: str, language: str) -> str | None:
    """What one of :data:`ANALYST_LANGUAGES` calls a concept: the name that people are shown and, after commas, other
    usual names and the adjective of a country or region; None where it has no name for it.
    """
    kind, _, name = concept.partition(":")
    if kind == "topic":
        return lexicon.label(name, language)
    if kind == "event":
        return event_words.label(concept, language)
    return known.label(concept, language) or geography.labels(concept, language)


def labels_of(concepts: Iterable[str], names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The labels of concepts, in their order and one for each that has any, by language. One that a language has no
    word for is called as ``names`` says.
    """
    concepts = tuple(concepts)
    named = {
        language: tuple(
            called for concept in concepts if (called := label(concept, language) or _spelled(names.get(concept)))
        )
        for language in ANALYST_LANGUAGES
    }
    return {language: labels for language, labels in named.items() if labels}


def _spelled(name: str | None) -> str | None:
    """A name, with its Latin spelling if it is in Cyrillic letters: of those, that is near what people write."""
    return f"{name}, {sound.latin(name).title()}" if name and sound.script(name) == "cyrillic" else name


@Language.component("wirewatch_concepts", assigns=["doc._.concepts", "doc._.labels"])
def set_concepts(doc: Doc) -> Doc:
    """Sets ``doc._.concepts`` and ``doc._.labels`` from what the components before found."""
    found = doc._
    found.concepts = concept_ids(
        found.countries, found.regions, topics.best(found.topics), found.entities, found.events
    )
    found.labels = labels_of(found.concepts, {entity.id: entity.name for entity in found.entities})
    return doc

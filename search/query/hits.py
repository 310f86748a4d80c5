"""From what Elasticsearch answers to hits that say why they are hits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError
from elasticsearch import Elasticsearch

from search import schema
from search.client import plain_errors
from search.index import ALIAS
from search.query.answer import HIGHLIGHT, Concept, Happened, Hit
from search.query.events import matched as matched_events
from search.query.question import Question

TEXTS = ("title", "lead", "body")
_NOT_SHOWN = ["body", "text", "embedding", "passages", "bands", *(f"history.{part}" for part in TEXTS)]
_LIGHT = {
    "pre_tags": [HIGHLIGHT[0]],
    "post_tags": [HIGHLIGHT[1]],
    "number_of_fragments": 3,
    "fragment_size": 160,
    "order": "score",
    "max_analyzed_offset": 900_000,
}
_MARKED = re.compile("(?<={}).*?(?={})".format(*map(re.escape, HIGHLIGHT)), re.DOTALL)
_EVERY: dict[str, Any] = {"number_of_fragments": 50}
_FACTS = (
    "language", "languages", "countries", "countries_named", "regions", "people", "organizations", "places",
    "spellings", "topics", "tags.*", "tags", "authors", "agencies", "section", "source.*", "access", "story_id",
)  # fmt: skip


def marked(question: Question, *, text: bool = True) -> dict[str, Any]:
    """What a search request says to have marked: the labels that matched, by which :func:`raw` knows the concepts, and
    of KQL, or of a query that is no question of ours, with ``text`` all that it may have asked for. The text of other
    hits waits until their languages are known.
    """
    if question.kql or not (question.text or question.concepts):
        labels = {"concepts.*": _EVERY}
        return _LIGHT | {"fields": {key: {} for key in ("text.*", *TEXTS, *_FACTS)} | labels if text else labels}
    languages = sorted({question.language, "en"} & schema.label_languages())
    fields = [f"concepts.{language}" for language in languages]
    return _LIGHT | {"fields": {field: _EVERY | {"highlight_query": question.marks(field)} for field in fields}}


def not_shown(question: Question) -> list[str]:
    """The fields of documents that :func:`hits_of` has no use for."""
    return _NOT_SHOWN if question.events else [*_NOT_SHOWN, "events"]


def hits_of(client: Elasticsearch, question: Question, found: list[dict[str, Any]]) -> list[Hit]:
    """The hits of an answer, with the fragments of their texts and the events that KQL has matched."""
    hits = _lit(client, question, [raw(hit, question) for hit in found])
    events = matched_events(client, question.events, found)
    return [
        hit.model_copy(update={"events": tuple(happened(one["_source"], event) for event in events.get(hit.id, ()))})
        for hit, one in zip(hits, found, strict=True)
    ]


def happened(source: dict[str, Any], event: dict[str, Any]) -> Happened:
    """An event of an article, with the names of those that it has by their ids."""
    roles = ("sources", "targets")
    names = {role: tuple(called(source, id, "en") for id in event.get(role, ())) for role in roles}
    return Happened(**{field: event[field] for field in Happened.model_fields.keys() & event.keys()} | names)


class Raw(NamedTuple):
    """A hit, and the words by which its own language calls the concepts that it was found by."""

    hit: Hit
    labels: list[str]


def raw(hit: dict[str, Any], question: Question) -> Raw:
    """A hit, its concepts named as the question wants it, without its events."""
    source, light = hit["_source"], hit.get("highlight", {})
    ids = source.get("concepts", {}).get("ids", [])
    matched = {name.partition(" ")[::2] for name in hit.get("matched_queries", ())}
    about = [id for id in ids if id in question.concepts]
    concepts = [Concept(id=id, label=called(source, id, question.labels)) for id in about]
    if not concepts:
        concepts = _concepts_by_label(source, light, ids, question.labels)
    words = [word for word, of in question.words.items() if ("word", word) in matched and not of & set(about)]
    named = set(source.get("countries_named", ()))
    words += [
        text for text, of in sorted(question.countries.items()) if of & named and not set(text.split()) & set(words)
    ]
    said = " ".join([*words, *(concept.label for concept in concepts)]).casefold()
    for word, of in question.words.items():
        if ("label", word) in matched and not of and word.casefold() not in said:
            concepts.append(Concept(id=None, label=word))
    found = Hit(
        id=hit["_id"],
        score=hit["_score"] or 0.0,
        concepts=tuple(concepts),
        words=tuple(words),
        facts=tuple(dict.fromkeys(_facts(light))),
        fragments=_fragments(light),
        changed=tuple(change["at"] for change in source.get("history", ())),
        **{name: source[name] for name in Hit.model_fields.keys() & source.keys() - {"id", "concepts", "events"}},
    )
    return Raw(found, [called(source, c.id, found.language or "en") for c in concepts if c.id])


def _facts(light: dict[str, list[str]]) -> Iterator[str]:
    """What matched in other fields than text and concepts: ``countries: DZ``."""
    for field, texts in light.items():
        if field not in TEXTS and not field.startswith(("text.", "concepts.")):
            said = ", ".join(dict.fromkeys(text.replace(HIGHLIGHT[0], "").replace(HIGHLIGHT[1], "") for text in texts))
            yield f"{field.removesuffix('.keyword')}: {said}"


def called(source: dict[str, Any], concept: str, language: str) -> str:
    """What a language calls a concept of an article: as the article's labels say, where it has them all. Other names
    follow the one that is shown after commas.
    """
    ids, labels = source["concepts"].get("ids", []), source["concepts"].get(language, [])
    # The labels stand in the order of the ids. There are fewer where a concept has no name.
    if len(labels) != len(ids) or concept not in ids:
        return label(concept, language)
    return str(labels[ids.index(concept)]).partition(",")[0]


def _lit(client: Elasticsearch, question: Question, found: list[Raw]) -> list[Hit]:
    """The hits with the fragments in which what was asked for is marked; in one of another language than the question,
    its own names of that are marked too.
    """
    names: defaultdict[str, set[str]] = defaultdict(set)
    for one in found:
        if one.hit.language in schema.text_languages():
            names[f"text.{one.hit.language}"].update(one.labels if one.hit.language != question.language else ())
    fields = [field for field in sorted(names) if names[field]] if question.kql else [*sorted(names), *TEXTS]
    if not found or not fields:
        return [one.hit for one in found]
    with plain_errors():
        answer = client.search(
            index=ALIAS,
            query={"ids": {"values": [one.hit.id for one in found]}},
            size=len(found),
            source=False,
            highlight=_LIGHT
            | {"fields": {field: {"highlight_query": question.marks(field, sorted(names[field]))} for field in fields}},
        )
    lit = {hit["_id"]: _fragments(hit.get("highlight", {})) for hit in answer["hits"]["hits"]}
    return [one.hit.model_copy(update={"fragments": lit.get(one.hit.id) or one.hit.fragments}) for one in found]


def _fragments(light: dict[str, list[str]]) -> tuple[str, ...]:
    """Those of the text in its own language or, where that has none, of its parts; each word marked for itself."""
    fields = [field for field in light if field.startswith("text.")] or TEXTS
    between = " ".join(reversed(HIGHLIGHT))
    return tuple(
        _MARKED.sub(lambda marked: between.join(marked[0].split()), text)
        for field in fields
        for text in light.get(field, ())
    )


def _concepts_by_label(
    source: dict[str, Any], light: dict[str, list[str]], ids: list[str], language: str
) -> list[Concept]:
    """The concepts whose labels a query without concepts hit, in the one language that has most of them."""
    fields = [field for field in light if field.startswith("concepts.")]
    if not fields:
        return []
    best = max(fields, key=lambda field: (len(light[field]), field == f"concepts.{language}"))
    labels = [text.replace(HIGHLIGHT[0], "").replace(HIGHLIGHT[1], "").partition(",")[0] for text in light[best]]
    known = {called(source, id, best.removeprefix("concepts.")).casefold(): id for id in ids}
    return [Concept(id=known.get(found.casefold()), label=found) for found in dict.fromkeys(labels)]


def label(concept: str, language: str = "en") -> str:
    """A concept's id in words: countries in ``language`` where CLDR has it, everything else as the id says it.

    Example:
        >>> label("country:DZ", "fr"), label("topic:military-cooperation")
        ('Algérie', 'military cooperation')
    """
    kind, _, name = concept.partition(":")
    if kind == "country":
        try:
            return str(Locale.parse(language).territories.get(name, name))
        except (ValueError, UnknownLocaleError):
            return str(Locale("en").territories.get(name, name))
    return name.replace("-", " ") if kind == "topic" else name

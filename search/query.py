"""Search: what an analyst asks, in free words or in KQL, and why each article answers it."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError
from elasticsearch import BadRequestError, Elasticsearch
from pydantic import BaseModel, ConfigDict

from search import schema
from search.client import connect, plain_errors, reason
from search.index import ALIAS
from wirewatch.errors import UserError
from wirewatch.records import Asked, Meaning, SourceRef, Word

HIGHLIGHT = ("<em>", "</em>")
"""Stand around the matched words of a fragment. The rest is the article's text as it is: not HTML."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Filters(_Value):
    """What every hit must have; of the values of one filter, any."""

    languages: tuple[str, ...] = ()
    """ISO 639-1 codes."""
    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2 codes of countries that the article is about."""
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Ids (domains) or names of outlets."""
    since: date | datetime | None = None
    """Published then or later."""
    until: date | datetime | None = None
    """Published then or earlier; a date without a time is meant with its whole day."""

    def clauses(self) -> list[dict[str, Any]]:
        """The filters as Elasticsearch takes them."""
        clauses: list[dict[str, Any]] = [
            {"terms": {field: list(values)}}
            for field, values in (
                ("language", self.languages),
                ("countries", self.countries),
                ("topics", self.topics),
            )
            if values
        ]
        if self.sources:
            names = [{"terms": {field: list(self.sources)}} for field in ("source.id", "source.name.keyword")]
            clauses.append({"bool": {"should": names}})
        bounds = {"gte": self.since, "lte": self.until}
        if any(bounds.values()):
            published = {bound: moment.isoformat() for bound, moment in bounds.items() if moment}
            clauses.append({"range": {"published": published}})
        return clauses


class Concept(_Value):
    """A concept by which an article was found."""

    id: str | None
    """None where KQL matched a label that we cannot name the concept of."""
    label: str


class Copies(_Value):
    """The other articles with nearly the same text, whether they answer the question or not."""

    count: int = 0
    sources: tuple[str, ...] = ()
    """Names of the outlets that have them, those with most first."""


class Hit(_Value):
    """An article that was found, and why."""

    id: str
    score: float
    title: str
    lead: str | None = None
    url: str
    source: SourceRef
    published: datetime | None = None
    language: str | None = None
    countries: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    concepts: tuple[Concept, ...] = ()
    """What was asked for and the article is about."""
    words: tuple[str, ...] = ()
    """Words of the question that are no concepts and that the article has."""
    fragments: tuple[str, ...] = ()
    """Pieces of the text, in its own language, with what matched between :data:`HIGHLIGHT`."""
    extracted_from: str = "page"
    """``feed`` where the page was refused and the text is what the feed carried."""
    gone: datetime | None = None
    """When the site was first seen to have removed it."""
    changed: tuple[datetime, ...] = ()
    """When the site changed the text, the latest last."""
    duplicate_of: str | None = None
    """Id of the article indexed first with nearly the same text; None where this is the first."""
    copies: Copies = Copies()
    """Stand for this hit in a folded answer; none are named in another one."""


class Results(_Value):
    """The answer to a search."""

    total: int
    """In a folded answer the copies of one text count once; above 40,000 that number is near, not exact."""
    documents: int
    """With each copy counted."""
    took_ms: int
    hits: tuple[Hit, ...]


# How a hit's score comes about. Coverage counts most: COVERED for the share of the things asked for that the article
# has, by what each of them tells, and COMPLETE on top where it has them all. COMPLETE is more than text, meaning,
# recency and what the words of another article weigh more can be together, so an article with all the things asked for,
# in whatever language, comes before those without one of them. Chosen by hand with benchmarks/crosslingual.py.
COVERED = 3.0
COMPLETE = 4.5
TEXT = 0.3
MEANING = 2.0
BEST = 0.7
"""Of the meaning's worth, the part of an article's nearest piece; its opening has the rest."""
RECENCY = 0.1
MERELY_NAMED = 0.5
"""What the words of a concept are worth in an article that is not about it."""
TEXT_HALF = 10.0
WORD_HALF = 1.0
SOUND_HALF = 2.0
"""BM25 scores of the whole question, of a word, and of how a name sounds, that are worth one half."""
SOUND = 0.8
"""What a name that sounds like the one asked for is worth beside the same letters."""
# An E5 cosine is hardly ever below 0.75 or above 0.9, so that range is what is spread out from 0 to 1. The score of a
# knn query is (1 + cosine) / 2.
_SPREAD = "Math.min(1, Math.max(0, (2 * _score - 1 - 0.75) / 0.15))"
_NEAR = 0.78
"""Cosine below which the meaning alone makes no hit."""
_NEIGHBOURS = 100
_NAMES = ("person:", "organization:", "place:")
_TEXT_FIELDS = ["title^2", "lead^1.5", "body", "text.*"]


def search(
    meaning: Meaning,
    filters: Filters | None = None,
    size: int = 10,
    *,
    fold: bool = True,
    client: Elasticsearch | None = None,
) -> Results:
    """Articles in any language that answer a question in free words, the best first.

    One request puts together how much of what was asked an article covers (its concepts, and the words that are no
    concepts), how well its text matches, how near its meaning is, and a little how recent it is.

    Args:
        meaning: the question, as ``enrichment`` understands it.
        filters: what every hit must have.
        size: how many hits at most.
        fold: whether of the copies of one text only the best hit is shown, with the names of the others' sources.
        client: instead of the one that the settings name.

    Raises:
        UserError: the question is empty, or Elasticsearch does not answer or refuses.
    """
    if not meaning.text.strip():
        raise UserError("There is nothing to search for: give some words, or a query with --kql.")
    filters = filters or Filters()
    whole = sum(asked.weight for asked in meaning.asked)
    ways = [_has(asked, meaning.language, COVERED * asked.weight / whole) for asked in meaning.asked]
    if ways:
        everything = [_is_about(asked, meaning.language) for asked in meaning.asked]
        ways.append({"constant_score": {"filter": {"bool": {"filter": everything}}, "boost": COMPLETE}})
    text = {"multi_match": {"query": meaning.text, "fields": _TEXT_FIELDS, "tie_breaker": 0.1, "lenient": True}}
    ways.append(_saturated(text, TEXT_HALF, TEXT))
    if meaning.embedding:
        opening = _near("embedding", meaning, filters)
        passage = {
            "nested": {"path": "passages", "query": _near("passages.vector", meaning, filters), "score_mode": "max"}
        }
        ways.append(_spread(opening, MEANING * (1 - BEST)))
        ways.append({"dis_max": {"queries": [_spread(opening, MEANING * BEST), _spread(passage, MEANING * BEST)]}})
    query = {
        "bool": {
            "must": {"bool": {"should": ways}},
            "should": {"distance_feature": {"field": "published", "origin": "now", "pivot": "14d", "boost": RECENCY}},
            "filter": filters.clauses(),
        }
    }
    # Of a word, which may be a name that many languages share, the language is a guess.
    sure = len(meaning.text.split()) > 1 and meaning.language in schema.label_languages()
    labels = meaning.language if sure else "en"
    return _ask(client or connect(), query, size, meaning.language, labels=labels, fold=fold)


def search_kql(
    kql: str,
    filters: Filters | None = None,
    size: int = 10,
    *,
    fold: bool = False,
    client: Elasticsearch | None = None,
) -> Results:
    """Articles that match a KQL query, exactly as Kibana finds them with the same text, by relevance and then time;
    with ``fold``, of the copies of one text only the first.

    Raises:
        UserError: the query cannot be read (the message says where), or Elasticsearch does not answer or refuses.
    """
    filters = filters or Filters()
    query = {"bool": {"must": {"kql": {"query": kql}}, "filter": filters.clauses()}}
    return _ask(client or connect(), query, size, "en", kql=kql, fold=fold)


def _near(field: str, meaning: Meaning, filters: Filters) -> dict[str, Any]:
    """What is nearest in meaning."""
    return {
        "knn": {
            "field": field,
            "query_vector": list(meaning.embedding),
            "k": _NEIGHBOURS,
            "num_candidates": 2 * _NEIGHBOURS,
            "similarity": _NEAR,
            "filter": filters.clauses(),
        }
    }


def _spread(query: dict[str, Any], boost: float) -> dict[str, Any]:
    return {"script_score": {"query": query, "script": {"source": _SPREAD}, "boost": boost}}


def _has(asked: Asked, language: str, boost: float) -> dict[str, Any]:
    """Scores up to ``boost`` where an article is about what is asked for, and half of that where it has the words of a
    concept and is not about it.
    """
    ways = [_is_about(asked, language)]
    if asked.concepts and asked.words:
        ways.append(_has_words(asked, language, MERELY_NAMED))
    return {"dis_max": {"queries": ways, "boost": boost}}


def _is_about(asked: Asked, language: str) -> dict[str, Any]:
    """Scores up to 1 where an article has the concept, or the words that are none, in its own language."""
    ways = [_has_concept(concept) for concept in asked.concepts]
    if all(concept.startswith(_NAMES) for concept in asked.concepts):
        # Who is called by that name may be somebody whom the text does not make known.
        ways.append(_has_words(asked, language))
    return {"dis_max": {"queries": ways}}


def _has_words(asked: Asked, language: str, boost: float = 1.0) -> dict[str, Any]:
    parts = [_has_word(word, language) for word in asked.words]
    return {"bool": {"must": parts, "boost": boost / max(1, len(parts))}}


def _has_concept(concept: str) -> dict[str, Any]:
    return {"constant_score": {"filter": {"term": {"concepts.ids": concept}}, "_name": f"concept {concept}"}}


def _has_word(word: Word, language: str) -> dict[str, Any]:
    """A word as it is written, and as other languages say it: 1 at most, less where it is frequent in the index. A stop
    word of the question's language counts as present everywhere.
    """
    ways: list[dict[str, Any]] = [{"multi_match": {"query": word.text, "lenient": True}}]
    if language in schema.text_languages():
        ways.append({"match": {f"text.{language}": {"query": word.text, "zero_terms_query": "all"}}})
    for other in schema.text_languages() & word.forms.keys():
        ways += [{"match_phrase": {f"text.{other}": form}} for form in word.forms[other]]
    either = _saturated({"dis_max": {"queries": ways, "_name": f"word {word.text}"}}, WORD_HALF)
    if not word.sounds:
        return either
    keys = [{"term": {"sounds": key}} for key in word.sounds]
    alike = _saturated({"dis_max": {"queries": keys, "_name": f"word {word.text}"}}, SOUND_HALF, SOUND)
    return {"dis_max": {"queries": [either, alike]}}


def _saturated(query: dict[str, Any], half: float, boost: float = 1.0) -> dict[str, Any]:
    """BM25 has no upper bound; this brings it between 0 and ``boost``, with half of that at the score ``half``."""
    script = {"source": "_score / (_score + params.half)", "params": {"half": half}}
    return {"script_score": {"query": query, "script": script, "boost": boost}}


_TEXTS = ("title", "lead", "body")
_NOT_SHOWN = ["body", "text", "embedding", "passages", "events", "bands", *(f"history.{part}" for part in _TEXTS)]
_FOLDED: dict[str, Any] = {
    "collapse": {"field": "original"},
    "aggs": {"originals": {"cardinality": {"field": "original", "precision_threshold": 40_000}}},
}
_LIGHT = {
    "pre_tags": [HIGHLIGHT[0]],
    "post_tags": [HIGHLIGHT[1]],
    "number_of_fragments": 3,
    "fragment_size": 160,
    "max_analyzed_offset": 900_000,
}


def _ask(
    client: Elasticsearch,
    query: dict[str, Any],
    size: int,
    language: str,
    *,
    fold: bool,
    labels: str = "en",
    kql: str = "",
) -> Results:
    """The answer to a query in ``language``, with its concepts named in the language ``labels``."""
    with plain_errors():
        try:
            answer = client.search(
                index=ALIAS,
                query=query,
                size=size,
                sort=["_score", {"published": "desc"}],
                source_excludes=_NOT_SHOWN,
                **(_FOLDED if fold else {}),
                track_total_hits=True,
                allow_partial_search_results=False,
                highlight=_LIGHT
                | {
                    "fields": {field: {} for field in ("text.*", *_TEXTS)} | {"concepts.*": {"number_of_fragments": 50}}
                },
            )
        except BadRequestError as error:
            if "in order to collapse on" in reason(error):
                raise UserError(
                    "The index is of an older Wirewatch, which did not know copies: `wirewatch index init` brings it "
                    "up to date, `--no-fold` searches it as it is."
                ) from None
            raise UserError(_unreadable(kql, reason(error)) if kql else reason(error)) from None
    found = answer["hits"]["hits"]
    documents = answer["hits"]["total"]["value"]
    hits = _across_languages(client, query, language, [_hit(hit, labels) for hit in found])
    if fold:
        copies = _copies(client, {hit["_id"]: hit["_source"].get("original", hit["_id"]) for hit in found})
        hits = [hit.model_copy(update={"copies": copies[hit.id]}) for hit in hits]
    return Results(
        total=answer["aggregations"]["originals"]["value"] if fold else documents,
        documents=documents,
        took_ms=answer["took"],
        hits=tuple(hits),
    )


def _copies(client: Elasticsearch, originals: dict[str, str]) -> dict[str, Copies]:
    """The copies of articles, by id, of which the originals are given."""
    if not originals:
        return {}
    sources = {"terms": {"field": "source.name.keyword", "size": 100}}
    by_original = {"terms": {"field": "original", "size": len(originals)}, "aggs": {"sources": sources}}
    with plain_errors():
        answer = client.search(
            index=ALIAS,
            query={
                "bool": {
                    "filter": {"terms": {"original": list(originals.values())}},
                    "must_not": {"ids": {"values": list(originals)}},
                }
            },
            aggs={"originals": by_original},
            size=0,
            allow_partial_search_results=False,
        )
    copies = {
        bucket["key"]: Copies(
            count=bucket["doc_count"], sources=tuple(source["key"] for source in bucket["sources"]["buckets"])
        )
        for bucket in answer["aggregations"]["originals"]["buckets"]
    }
    return {id: copies.get(original, Copies()) for id, original in originals.items()}


def _unreadable(kql: str, why: str) -> str:
    at = re.match(r"line (\d+):(\d+): (.*)", why, re.DOTALL)
    place = f" at line {at[1]}, character {at[2]}" if at else ""
    return f"The KQL query `{kql}` cannot be read{place}: {at[3] if at else why}."


class _Raw(NamedTuple):
    """A hit, and the words by which its own language calls the concepts that it was found by."""

    hit: Hit
    labels: list[str]


def _hit(hit: dict[str, Any], language: str) -> _Raw:
    source, light = hit["_source"], hit.get("highlight", {})
    ids = source.get("concepts", {}).get("ids", [])
    matched = [name.partition(" ") for name in hit.get("matched_queries", ())]
    own = [field for field in light if field.startswith("text.")]
    concepts = [
        Concept(id=id, label=_called(source, id, language)) for id in ids if ("concept", " ", id) in matched
    ] or _concepts_by_label(source, light, ids, language)
    found = Hit(
        id=hit["_id"],
        score=hit["_score"] or 0.0,
        concepts=tuple(concepts),
        words=tuple(name for kind, _, name in matched if kind == "word"),
        fragments=tuple(text for field in own or _TEXTS for text in light.get(field, ())),
        changed=tuple(change["at"] for change in source.get("history", ())),
        **{name: source[name] for name in Hit.model_fields.keys() & source.keys() - {"id", "concepts"}},
    )
    return _Raw(found, [_called(source, c.id, found.language or "en") for c in concepts if c.id])


def _called(source: dict[str, Any], concept: str, language: str) -> str:
    """What a language calls a concept of an article: as the article's labels say, where it has them all. Other names
    follow the one that is shown after commas.
    """
    ids, labels = source["concepts"].get("ids", []), source["concepts"].get(language, [])
    # The labels stand in the order of the ids. There are fewer where a concept has no name.
    if len(labels) != len(ids):
        return label(concept, language)
    return str(labels[ids.index(concept)]).partition(",")[0]


def _across_languages(client: Elasticsearch, query: dict[str, Any], language: str, found: list[_Raw]) -> list[Hit]:
    """The hits; in one of another language than the question, its own names of what was asked for are lit up too."""
    foreign = [raw for raw in found if raw.labels and raw.hit.language not in (None, language)]
    if not foreign:
        return [raw.hit for raw in found]
    names = sorted({(f"text.{raw.hit.language}", name) for raw in foreign for name in raw.labels})
    phrases = [{"match_phrase": {field: name}} for field, name in names]
    with plain_errors():
        answer = client.search(
            index=ALIAS,
            query={"ids": {"values": [raw.hit.id for raw in foreign]}},
            size=len(foreign),
            source=False,
            highlight=_LIGHT
            | {
                "fields": {"text.*": {}},
                "highlight_query": {"bool": {"should": [query, *phrases]}},
            },
        )
    lit = {
        hit["_id"]: tuple(text for texts in hit.get("highlight", {}).values() for text in texts)
        for hit in answer["hits"]["hits"]
    }
    return [raw.hit.model_copy(update={"fragments": lit.get(raw.hit.id) or raw.hit.fragments}) for raw in found]


def _concepts_by_label(
    source: dict[str, Any], light: dict[str, list[str]], ids: list[str], language: str
) -> list[Concept]:
    """The concepts whose labels a query without concepts hit, in the one language that has most of them."""
    fields = [field for field in light if field.startswith("concepts.")]
    if not fields:
        return []
    best = max(fields, key=lambda field: (len(light[field]), field == f"concepts.{language}"))
    labels = [text.replace(HIGHLIGHT[0], "").replace(HIGHLIGHT[1], "").partition(",")[0] for text in light[best]]
    known = {_called(source, id, best.removeprefix("concepts.")).casefold(): id for id in ids}
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

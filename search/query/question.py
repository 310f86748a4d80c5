"""From what an analyst asks, in free words, in KQL or by an article, to the query that Elasticsearch is given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from search import schema
from search.query.events import asked_of_events
from search.query.filters import Filters
from search.query.kql import DEEPEST, MOST, is_too_complex, kql_query
from wirewatch.errors import UserError
from wirewatch.records import Asked, Meaning, Word, now

# How a hit's score comes about. Coverage counts most: COVERED for the share of the things asked for that the article
# has, by what each of them tells, and COMPLETE on top where it has them all. COMPLETE is more than text, meaning,
# recency and what the words of another article weigh more can be together, so an article with all the things asked for,
# in whatever language, comes before those without one of them. Chosen by hand with benchmarks/crosslingual.py.
COVERED = 3.0
COMPLETE = 5.1
TEXT = 0.3
MEANING = 2.0
SECOND = 0.3
"""What the farther one of an article's opening and its nearest piece counts beside the nearer one."""
RECENCY = 0.1
MERELY_NAMED = 0.5
"""What the words of a concept are worth in an article that is not about it, or a country that it only names."""
TEXT_HALF = 10.0
WORD_HALF = 1.0
SOUND_HALF = 2.0
"""BM25 scores of the whole question, of a word, and of how a name sounds, that are worth one half."""
SOUND = 0.8
"""What a name that sounds like the one asked for is worth beside the same letters."""
SHARED = 1.0
SHARED_HALF = 10.0
"""What the concepts are worth that an article shares with the one it is to be like, and the sum of what they tell
(BM25) that is worth half of that."""
# An E5 cosine is hardly ever below 0.75 or above 0.9, so that range is what is spread out from 0 to 1. The score of a
# knn query is (1 + cosine) / 2.
_SPREAD = "Math.min(1, Math.max(0, (2 * _score - 1 - 0.75) / 0.15))"
_NEAR = 0.78
"""Cosine below which the meaning alone makes no hit."""
_NEIGHBOURS = 50
_NAMES = ("person:", "organization:", "place:")
_TEXT_FIELDS = ["title^2", "lead^1.5", "body"]
_OWN = ["title^3", "lead^2", "body", "tags", "text.*"]
"""Where a word is looked for: what ``index.query.default_field`` lists, but for the labels, which stand apart."""
BRACKETS = 500
"""Brackets in a text in Lucene's syntax that are asked. 3,000 within one another end the process of a node that just
started (9.4.3), 2,000 do not."""


class Unreadable(UserError):
    """A question that cannot be answered as it is put."""


@dataclass(frozen=True)
class Question:
    """A query, and how its hits are to be shown."""

    query: dict[str, Any]
    language: str = "en"
    """Hits in another language show what was asked for in their own words."""
    labels: str = "en"
    """The language in which concepts are named."""
    text: str = ""
    """A question in free words as it was typed."""
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What texts in other languages say for its words, by language."""
    concepts: frozenset[str] = frozenset()
    """The ids of the concepts that are asked for."""
    countries: Mapping[str, Set[str]] = field(default_factory=dict)
    """The codes of the countries among them, by what was typed for them."""
    kql: str = ""
    """The text of a KQL query."""
    events: tuple[str, ...] = ()
    """What that asks of events."""
    words: Mapping[str, Set[str]] = field(default_factory=dict)
    """Its words, each with the ids of the concepts that it is said of."""
    everything: tuple[dict[str, Any], ...] = ()
    """What a hit must have where the most relevant do not come first: one that has only a part would be in the way."""

    def marks(self, field: str, more: Iterable[str] = ()) -> dict[str, Any]:
        """What is to be marked in a field of a hit: the words alone, and of free words none of another field, as the
        highlighter asks the whole of it once for each field and hit.

        Args:
            field: its name, with the language where it has one.
            more: phrases that are to be marked too.
        """
        words = kql_query(self.kql) if self.kql else {"match": {field: self.text}}
        phrases = [*self.forms.get(field.removeprefix("text."), ()), *more]
        return {"bool": {"should": [words, *({"match_phrase": {field: phrase}} for phrase in phrases)]}}


def in_words(meaning: Meaning, filters: Filters | None = None) -> Question:
    """A question in free words, as ``enrichment`` understands it.

    Its query puts together how much of what was asked an article covers (its concepts, and the words that are no
    concepts), how well its text matches, how near its meaning is, and a little how recent it is.

    Raises:
        Unreadable: the question is empty.
    """
    if not meaning.text.strip():
        raise Unreadable("There is nothing to search for: give some words, or a query with --kql.")
    filters = filters or Filters()
    whole = sum(asked.weight for asked in meaning.asked)
    ways = [_has(asked, meaning.language, COVERED * asked.weight / whole) for asked in meaning.asked]
    everything = [_unscored(_is_about(asked, meaning.language)) for asked in meaning.asked]
    if ways:
        ways.append({"constant_score": {"filter": {"bool": {"filter": everything}}, "boost": COMPLETE}})
    own = [f"text.{meaning.language}"] if meaning.language in schema.text_languages() else []
    fields = [*_TEXT_FIELDS, *own]
    text = {"multi_match": {"query": meaning.text, "fields": fields, "tie_breaker": 0.1, "lenient": True}}
    ways.append(_saturated(text, TEXT_HALF, TEXT))
    if meaning.embedding:
        ways += _is_near(meaning.embedding, filters.clauses())
    query = {
        "bool": {
            "must": {"bool": {"should": ways}},
            "should": _is_recent(),
            "filter": filters.clauses(),
        }
    }
    # Of a word, which may be a name that many languages share, the language is a guess.
    sure = len(meaning.text.split()) > 1 and meaning.language in schema.label_languages()
    words: defaultdict[str, set[str]] = defaultdict(set)
    for asked in meaning.asked:
        for word in asked.words:
            words[word.text].update(asked.concepts)
    labels = meaning.language if sure else "en"
    return Question(
        query,
        meaning.language,
        labels,
        text=meaning.text,
        forms=_forms(meaning),
        concepts=frozenset(meaning.concepts),
        countries={asked.text: set(_countries(asked)) for asked in meaning.asked},
        everything=tuple(everything),
        words=words,
    )


def in_kql(kql: str, filters: Filters | None = None) -> Question:
    """A question in KQL, exactly as Kibana asks it with the same text.

    Raises:
        Unreadable: see :func:`written_in_kql`.
    """
    filters = filters or Filters()
    query = {"bool": {"must": written_in_kql(kql), "filter": filters.clauses()}}
    return Question(query, kql=kql, events=asked_of_events(kql))


def written_in_kql(kql: str) -> dict[str, Any]:
    """The query for a text that somebody wrote.

    Raises:
        Unreadable: it would keep Elasticsearch busy for long, or end it.
    """
    if is_too_complex(kql):
        raise Unreadable(
            f"More than {DEEPEST} brackets or `not` stand within one another, or more than {MOST:,} `and` and `or` in "
            "all: ask with fewer."
        )
    return kql_query(kql)


def written_in_lucene(text: str) -> dict[str, Any]:
    """The query for a text in Lucene's syntax, as Kibana asks it unless its advanced settings say otherwise.

    Raises:
        Unreadable: it might end Elasticsearch.
    """
    if text.count("(") > BRACKETS:
        raise Unreadable(f"It has more than {BRACKETS} brackets: ask with fewer.")
    return {"query_string": {"query": text, "analyze_wildcard": True}}


def like(article: dict[str, Any], filters: Filters | None = None) -> Question:
    """What is nearest to an article of the index: by its meaning and by the concepts that both have, rare ones most.

    Args:
        article: its document, with ``embedding``. The article itself and the other copies of its text are no hits.
        filters: what every hit must have.
    """
    filters = filters or Filters()
    ids = article.get("concepts", {}).get("ids", ())
    other = {"bool": {"must_not": {"term": {"original": article.get("original", article["id"])}}}}
    wanted = [*filters.clauses(), other, {"bool": {"must_not": {"term": {"id": article["id"]}}}}]
    # A concept is worth what it tells: few articles have it.
    shared = {"bool": {"should": [{"term": {"concepts.ids": i}} for i in ids]}}
    concepts = [_saturated(shared, SHARED_HALF, SHARED)] if ids else []
    near = _is_near(article["embedding"], wanted) if article.get("embedding") else concepts
    must = {"bool": {"should": near or [{"match_none": {}}]}}
    query = {"bool": {"must": must, "should": concepts if near is not concepts else [], "filter": wanted}}
    return Question(query, article.get("language") or "en", concepts=frozenset(ids))


def _is_near(vector: tuple[float, ...] | list[float], wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Scores by how near in meaning an article's opening and its nearest piece are: the nearer of both up to
    :data:`MEANING`, the other one up to :data:`SECOND` of that. Each is asked for once: looking for the nearest is a
    third of what a search costs.
    """
    opening = _near("embedding", vector, wanted)
    passage = {"nested": {"path": "passages", "query": _near("passages.vector", vector, wanted), "score_mode": "max"}}
    pieces = [_spread(opening), _spread(passage)]
    return [{"dis_max": {"queries": pieces, "tie_breaker": SECOND, "boost": MEANING}}]


def _is_recent() -> dict[str, Any]:
    # A moment and not "now", so that the score is the same on every page of the answer.
    return {"distance_feature": {"field": "published", "origin": now().isoformat(), "pivot": "14d", "boost": RECENCY}}


def _near(field: str, vector: tuple[float, ...] | list[float], wanted: list[dict[str, Any]]) -> dict[str, Any]:
    """What is nearest in meaning."""
    return {
        "knn": {
            "field": field,
            "query_vector": list(vector),
            "k": _NEIGHBOURS,
            "num_candidates": 2 * _NEIGHBOURS,
            "similarity": _NEAR,
            "filter": wanted,
        }
    }


def _spread(query: dict[str, Any]) -> dict[str, Any]:
    return {"script_score": {"query": query, "script": {"source": _SPREAD}}}


def _has(asked: Asked, language: str, boost: float) -> dict[str, Any]:
    """Scores up to ``boost`` where an article is about what is asked for, and half of that where it has the words of a
    concept and is not about it.
    """
    ways = [_is_about(asked, language)]
    if asked.concepts and asked.words:
        ways.append(_has_words(asked, language, MERELY_NAMED))
    if countries := _countries(asked):
        named = {"terms": {"countries_named": countries}}
        ways.append({"constant_score": {"filter": named, "boost": MERELY_NAMED}})
    return {"dis_max": {"queries": ways, "boost": boost}}


def _is_about(asked: Asked, language: str) -> dict[str, Any]:
    """Scores up to 1 where an article has the concept, or the words that are none, in its own language."""
    ways = [_has_concept(concept) for concept in asked.concepts]
    if all(concept.startswith(_NAMES) for concept in asked.concepts):
        # Who is called by that name may be somebody whom the text does not make known.
        ways.append(_has_words(asked, language))
    return {"dis_max": {"queries": ways}}


def _countries(asked: Asked) -> list[str]:
    return [concept.removeprefix("country:") for concept in asked.concepts if concept.startswith("country:")]


def _has_words(asked: Asked, language: str, boost: float = 1.0) -> dict[str, Any]:
    parts = [_has_word(word, language) for word in asked.words]
    return {"bool": {"must": parts, "boost": boost / max(1, len(parts))}}


def _has_concept(concept: str) -> dict[str, Any]:
    return {"constant_score": {"filter": {"term": {"concepts.ids": concept}}}}


def _has_word(word: Word, language: str) -> dict[str, Any]:
    """A word as it is written, and as other languages say it: 1 at most, less where it is frequent in the index. A stop
    word of the question's language counts as present everywhere.
    """
    own: list[dict[str, Any]] = [{"multi_match": {"query": word.text, "fields": _OWN, "lenient": True}}]
    for other in schema.text_languages() & word.forms.keys():
        own += [{"match_phrase": {f"text.{other}": form}} for form in word.forms[other]]
    own = [_saturated({"dis_max": {"queries": own}}, WORD_HALF)]
    if word.sounds:
        keys = [{"term": {"sounds": key}} for key in word.sounds]
        own.append(_saturated({"dis_max": {"queries": keys}}, SOUND_HALF, SOUND))
    labels = {"multi_match": {"query": word.text, "fields": ["concepts.*"], "lenient": True}}
    # One query has a name, or the last of them alone is told of a hit.
    ways = [
        {"dis_max": {"queries": own, "_name": f"word {word.text}"}},
        {"constant_score": {"filter": labels, "_name": f"label {word.text}"}},
    ]
    if language in schema.text_languages():
        everywhere = {"match": {f"text.{language}": {"query": word.text, "zero_terms_query": "all"}}}
        ways.append(_saturated(everywhere, WORD_HALF))
    return {"dis_max": {"queries": ways}}


def _forms(meaning: Meaning) -> dict[str, tuple[str, ...]]:
    """What texts in other languages say for the words of a question, by language."""
    forms: defaultdict[str, set[str]] = defaultdict(set)
    for asked in meaning.asked:
        for word in asked.words:
            for language in schema.text_languages() & word.forms.keys():
                forms[language].update(word.forms[language])
    return {language: tuple(sorted(of)) for language, of in forms.items()}


def _unscored(query: Any) -> Any:
    """What matches the same, without scripts, which would score what nobody asks the score of, and names."""
    if isinstance(query, list):
        return [_unscored(one) for one in query]
    if not isinstance(query, dict):
        return query
    if "script_score" in query:
        return _unscored(query["script_score"]["query"])
    return {key: _unscored(value) for key, value in query.items() if key != "_name"}


def _saturated(query: dict[str, Any], half: float, boost: float = 1.0) -> dict[str, Any]:
    """BM25 has no upper bound; this brings it between 0 and ``boost``, with half of that at the score ``half``."""
    script = {"source": "_score / (_score + params.half)", "params": {"half": half}}
    return {"script_score": {"query": query, "script": script, "boost": boost}}

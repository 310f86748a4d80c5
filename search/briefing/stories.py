"""The stories of some articles: which are told most widely, how they are shown, and who tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from elasticsearch import Elasticsearch

from search.briefing.period import Period
from search.client import failure
from search.index import ALIAS
from search.marks import country_name
from search.query import label, told
from wirewatch.errors import UserError
from wirewatch.records import Cited, Notice

CANDIDATES = 200
"""Stories with most articles among which the most told are found."""
OUTLETS = 500
"""Of a story, at most, that are named and whose articles can be shown."""
ABOUT = 3
"""Countries and topics that are named of a story."""
_CITED = ("id", "title", "url", "source", "language", "published")


@dataclass(frozen=True)
class Tellers:
    """Who tells a story in a language: the first article of each outlet."""

    language: str | None
    articles: tuple[Cited, ...]


@dataclass(frozen=True)
class Story:
    """A story as it was told in the time."""

    notice: Notice
    """With the article that is shown; ``size`` and ``sources`` are those of the time."""
    countries: int
    """Of the outlets."""
    languages: int
    tellers: tuple[Tellers, ...]
    """The languages with most outlets first."""
    earlier: int
    """Articles of an earlier time."""
    about: tuple[str, ...]
    """The countries and topics of the article that is shown."""


class Ranked(NamedTuple):
    """A story's figures, in the order in which stories are compared."""

    spread: int
    """Outlets times countries times languages: eight outlets of one country are less than five of four."""
    relevance: float
    articles: int
    latest: float
    outlets: int
    countries: int
    languages: int
    id: str


def counting(query: dict[str, Any]) -> dict[str, Any]:
    """The request for the stories of a query that have most articles, and the number of all."""
    told_by = {
        # So few are counted exactly.
        "outlets": distinct("source.id", 100),
        "countries": distinct("source.country", 100),
        "languages": distinct("language", 100),
        "relevance": {"max": {"script": "_score"}},
        "latest": {"max": {"field": "first_seen"}},
    }
    by_size = {
        "field": "story_id",
        "size": CANDIDATES,
        "order": [{"_count": "desc"}, {"latest": "desc"}],
        "collect_mode": "breadth_first",
    }
    aggs = {"found": distinct("story_id"), "stories": {"terms": by_size, "aggs": told_by}}
    return {"size": 0, "query": query, "aggs": aggs}


def most_told(answer: dict[str, Any], size: int, fewest: int = 1) -> list[Ranked]:
    """The stories of an answer that are told most widely, by so many outlets at least."""
    ranked = []
    for bucket in answer["aggregations"]["stories"]["buckets"]:
        outlets, countries, languages = (bucket[name]["value"] for name in ("outlets", "countries", "languages"))
        spread = max(outlets, 1) * max(countries, 1) * max(languages, 1)
        order = (spread, bucket["relevance"]["value"] or 0, bucket["doc_count"], bucket["latest"]["value"] or 0)
        ranked.append(Ranked(*order, outlets, countries, languages, bucket["key"]))
    return sorted((one for one in ranked if one.outlets >= fewest), reverse=True)[:size]


def stories(
    client: Elasticsearch,
    period: Period,
    wanted: Iterable[tuple[dict[str, Any], Sequence[Ranked]]],
    languages: Sequence[str],
) -> list[tuple[Story, ...]]:
    """The stories of each query, in the given order, by articles in the first of the languages that has any."""
    wanted = list(wanted)
    ids = list(dict.fromkeys(one.id for _, chosen in wanted for one in chosen))
    requests = [
        {
            "query": {"bool": {"filter": [query, {"term": {"story_id": one.id}}]}},
            "collapse": {"field": "source.id"},
            "size": OUTLETS,
            "sort": [{"published": {"order": "asc", "missing": "_last"}}, {"first_seen": "asc"}, {"id": "asc"}],
            "_source": [*_CITED, "lead", "countries", "topics", "duplicate_of", "gone", "first_seen"],
        }
        for query, chosen in wanted
        for one in chosen
    ]
    earlier = {"bool": {"filter": [{"terms": {"story_id": ids}}, period.before()], "must_not": period.articles()}}
    by_story = {"by": {"terms": {"field": "story_id", "size": max(len(ids), 1)}}}
    *answers, before = ask(client, [*requests, {"size": 0, "query": earlier, "aggs": by_story}])
    counts = dict(buckets(before["aggregations"]["by"]))
    central = {id: story.title for id, story in told(client, ids).items()}
    found = ([hit["_source"] for hit in answer["hits"]["hits"]] for answer in answers)
    return [
        tuple(_story(one, next(found), central.get(one.id), counts.get(one.id, 0), languages) for one in chosen)
        for _, chosen in wanted
    ]


def _story(
    ranked: Ranked, articles: Sequence[dict[str, Any]], central: str | None, earlier: int, languages: Sequence[str]
) -> Story:
    def rank(article: dict[str, Any]) -> tuple[bool | int, ...]:
        language = article.get("language")
        return (
            languages.index(language) if language in languages else len(languages),
            "gone" in article,
            article["title"] != central,
            "duplicate_of" in article,
            not article.get("lead"),
        )

    best = min(articles, key=rank)  # of equals the earliest
    lead = (best["lead"],) if best.get("lead") else ()
    by_language: dict[str | None, list[Cited]] = {}
    for article in articles:
        by_language.setdefault(article.get("language"), []).append(_cited(article))
    tellers = sorted(by_language.items(), key=lambda one: -len(one[1]))
    countries, topics = (best.get(name, ())[:ABOUT] for name in ("countries", "topics"))
    return Story(
        notice=Notice(
            id=ranked.id,
            alert="",
            story=ranked.id,
            title=best["title"],
            url=best["url"],
            articles=(_cited(best).model_copy(update={"why": lead}),),
            size=ranked.articles,
            sources=tuple(article["source"]["id"] for article in articles),
            created=best["first_seen"],
            run="",
        ),
        countries=ranked.countries,
        languages=ranked.languages,
        tellers=tuple(Tellers(language, tuple(told_by)) for language, told_by in tellers),
        earlier=earlier,
        about=(*map(country_name, countries), *(label(f"topic:{topic}") for topic in topics)),
    )


def _cited(article: Mapping[str, Any]) -> Cited:
    return Cited.model_validate({name: article[name] for name in _CITED if name in article})


def ask(client: Elasticsearch, requests: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers to several requests, each by all of the index."""
    searches: list[dict[str, Any]] = []
    for request in requests:
        searches += [{"index": ALIAS, "allow_partial_search_results": False}, {"track_total_hits": True, **request}]
    answers: list[dict[str, Any]] = client.msearch(searches=searches)["responses"]
    for answer in answers:
        if "error" in answer:
            raise UserError(f"Elasticsearch cannot answer what the briefing asks: {failure(answer['error'])}")
    return answers


def buckets(aggregation: dict[str, Any]) -> list[tuple[str, int]]:
    """The values of an aggregation, each with its articles."""
    return [(bucket["key"], bucket["doc_count"]) for bucket in aggregation["buckets"]]


def distinct(field: str, exactly: int = 40_000) -> dict[str, Any]:
    """The aggregation that counts the values of a field; up to so many exactly."""
    return {"cardinality": {"field": field, "precision_threshold": exactly}}

"""What there is to say of some time: top stories, what is new at each desk and for each alert, what is broken."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from elasticsearch import Elasticsearch

from search.alerts.store import all_alerts
from search.briefing.period import Period
from search.client import connect, every, failure, plain_errors
from search.health.history import State, examine
from search.index import ALIAS, NOTICES
from search.marks import country_name, language_name
from search.query import label, told
from wirewatch.errors import UserError
from wirewatch.records import Cited, Notice, now
from wirewatch.sources import Source

TOP, OF_DESK, OF_ALERT = 10, 6, 10
"""Stories that are shown at the top, of each desk and of each alert."""
CANDIDATES = 200
"""Stories with most articles among which the most told are found."""
ARTICLES = 100
"""Of a story, among which the one that is shown is chosen, and whose outlets are named."""
ABOUT = 3
"""Countries and topics that are named of a story."""
BARS = 10
_DISTINCT = 100
"""Up to which outlets, countries and languages of a story are counted exactly."""


class Bar(NamedTuple):
    """A value, and the articles that have it."""

    label: str
    articles: int


class Step(NamedTuple):
    """A part of the time, and its articles."""

    at: datetime
    articles: int


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
    outlets: int
    countries: int
    """Of the outlets."""
    languages: int
    tellers: tuple[Tellers, ...]
    """The languages with most outlets first."""
    earlier: int
    """Articles of an earlier time."""
    about: tuple[str, ...]
    """The countries and topics of the article that is shown."""


@dataclass(frozen=True)
class Desk:
    """What is new at a desk."""

    title: str
    kql: str
    articles: int
    found: int
    """Stories."""
    stories: tuple[Story, ...]
    """The first of them."""


@dataclass(frozen=True)
class Told:
    """What an alert had to tell."""

    alert: str
    found: int
    notices: tuple[Notice, ...]
    """The first of them."""


@dataclass(frozen=True)
class Briefing:
    """All that a briefing says."""

    period: Period
    made: datetime
    articles: int
    outlets: int
    outlet_countries: int
    stories: int
    top: tuple[Story, ...]
    desks: tuple[Desk, ...]
    told: tuple[Told, ...]
    volume: tuple[Step, ...]
    countries: tuple[Bar, ...]
    topics: tuple[Bar, ...]
    languages: tuple[Bar, ...]
    all_languages: int
    sources: tuple[State, ...]
    """How the sources are now, those that are not well first."""
    broken: tuple[tuple[str, str], ...]
    """Alerts that cannot be asked, and why."""


def gather(
    period: Period,
    desks: Mapping[str, str],
    sources: Collection[Source],
    languages: Sequence[str] = (),
    client: Elasticsearch | None = None,
) -> Briefing:
    """What there is to say of some time.

    Args:
        period: the time.
        desks: KQL by title.
        sources: those of which is said whether they are well.
        languages: of stories, articles in the first of these that there is one in are shown.
        client: instead of the one that the settings name.

    Raises:
        UserError: Elasticsearch does not answer or refuses, or the KQL of a desk cannot be read.
    """
    client = client or connect()
    queries = [_of(period), *(_of(period, kql) for kql in desks.values())]
    with plain_errors():
        whole, *of_desks = _search(client, [_overview(queries[0], period), *map(_stories_of, queries[1:])])
        chosen = [_most_told(whole, TOP, fewest=2), *(_most_told(answer, OF_DESK) for answer in of_desks)]
        top, *told_at = _stories(client, period, list(zip(queries, chosen, strict=True)), languages)
        alerts = list(all_alerts(client))
        notices = list(_notices(client, period))
    counts = whole["aggregations"]
    return Briefing(
        period=period,
        made=now(),
        articles=_total(whole),
        outlets=counts["outlets"]["value"],
        outlet_countries=counts["outlet_countries"]["value"],
        stories=counts["found"]["value"],
        top=top,
        desks=tuple(
            Desk(title, kql, _total(answer), answer["aggregations"]["found"]["value"], stories)
            for (title, kql), answer, stories in zip(desks.items(), of_desks, told_at, strict=True)
        ),
        told=tuple(notices),
        volume=tuple(
            Step(datetime.fromisoformat(bucket["key_as_string"]), bucket["doc_count"])
            for bucket in counts["volume"]["buckets"]
        ),
        countries=tuple(Bar(country_name(key), count) for key, count in _buckets(counts["countries"])),
        topics=tuple(Bar(label(f"topic:{key}"), count) for key, count in _buckets(counts["topics"])),
        languages=tuple(Bar(language_name(key), count) for key, count in _buckets(counts["languages"])),
        all_languages=counts["all_languages"]["value"],
        sources=tuple(sorted(examine(client, sources), key=lambda state: not state.verdicts)),
        broken=tuple((kept.alert.name, kept.error) for kept in alerts if kept.error),
    )


def _of(period: Period, kql: str = "") -> dict[str, Any]:
    return {"bool": {"filter": period.articles(), "must": {"kql": {"query": kql}} if kql else {"match_all": {}}}}


def _search(client: Elasticsearch, bodies: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers to several requests, each by all of the index."""
    searches: list[dict[str, Any]] = []
    for body in bodies:
        searches += [{"index": ALIAS, "allow_partial_search_results": False}, {"track_total_hits": True, **body}]
    answers: list[dict[str, Any]] = client.msearch(searches=searches)["responses"] if searches else []
    for answer in answers:
        if "error" in answer:
            raise UserError(f"Elasticsearch cannot answer what the briefing asks: {failure(answer['error'])}")
    return answers


def _total(answer: dict[str, Any]) -> int:
    return int(answer["hits"]["total"]["value"])


def _buckets(aggregation: dict[str, Any]) -> list[tuple[str, int]]:
    return [(bucket["key"], bucket["doc_count"]) for bucket in aggregation["buckets"]]


def _distinct(field: str, exactly: int = 40_000) -> dict[str, Any]:
    return {"cardinality": {"field": field, "precision_threshold": exactly}}


def _stories_of(query: dict[str, Any]) -> dict[str, Any]:
    """The request for the stories of a query that have most articles, and the number of all."""
    told_by = {
        "outlets": _distinct("source.id", _DISTINCT),
        "countries": _distinct("source.country", _DISTINCT),
        "languages": _distinct("language", _DISTINCT),
        "relevance": {"max": {"script": "_score"}},
        "latest": {"max": {"field": "first_seen"}},
    }
    by_size = {
        "field": "story_id",
        "size": CANDIDATES,
        "order": [{"_count": "desc"}, {"latest": "desc"}],
        "collect_mode": "breadth_first",
    }
    aggs = {"found": _distinct("story_id"), "stories": {"terms": by_size, "aggs": told_by}}
    return {"size": 0, "query": query, "aggs": aggs}


def _overview(query: dict[str, Any], period: Period) -> dict[str, Any]:
    """The request for all figures of the time."""
    bounds = {"min": period.since.isoformat(), "max": period.until.isoformat()}
    volume = {"field": period.field, "calendar_interval": period.step, "min_doc_count": 0}
    request = _stories_of(query)
    request["aggs"] |= {
        "outlets": _distinct("source.id"),
        "outlet_countries": _distinct("source.country"),
        "all_languages": _distinct("language"),
        "volume": {"date_histogram": {**volume, "extended_bounds": bounds, "hard_bounds": bounds}},
        "countries": {"terms": {"field": "countries", "size": BARS}},
        "topics": {"terms": {"field": "topics", "size": BARS}},
        "languages": {"terms": {"field": "language", "size": BARS}},
    }
    return request


class _Ranked(NamedTuple):
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


def _most_told(answer: dict[str, Any], size: int, fewest: int = 1) -> list[_Ranked]:
    """The stories of an answer that are told most widely, by so many outlets at least."""
    ranked = []
    for bucket in answer["aggregations"]["stories"]["buckets"]:
        outlets, countries, languages = (bucket[name]["value"] for name in ("outlets", "countries", "languages"))
        spread = max(outlets, 1) * max(countries, 1) * max(languages, 1)
        order = (spread, bucket["relevance"]["value"] or 0, bucket["doc_count"], bucket["latest"]["value"] or 0)
        ranked.append(_Ranked(*order, outlets, countries, languages, bucket["key"]))
    return sorted((one for one in ranked if one.outlets >= fewest), reverse=True)[:size]


_SHOWN = [
    *("id", "title", "lead", "url", "source", "language", "published"),
    *("countries", "topics", "duplicate_of", "gone", "first_seen"),
]


def _stories(
    client: Elasticsearch,
    period: Period,
    wanted: Sequence[tuple[dict[str, Any], Sequence[_Ranked]]],
    languages: Sequence[str],
) -> list[tuple[Story, ...]]:
    """The stories of each query, in the given order."""
    ids = list(dict.fromkeys(one.id for _, chosen in wanted for one in chosen))
    requests = [
        {
            "query": {"bool": {"filter": [query, {"term": {"story_id": one.id}}]}},
            "size": ARTICLES,
            "sort": [{"published": {"order": "asc", "missing": "_last"}}, {"first_seen": "asc"}, {"id": "asc"}],
            "_source": _SHOWN,
        }
        for query, chosen in wanted
        for one in chosen
    ]
    earlier = {"bool": {"filter": [{"terms": {"story_id": ids}}, period.before()], "must_not": period.articles()}}
    by_story = {"by": {"terms": {"field": "story_id", "size": max(len(ids), 1)}}}
    *answers, before = _search(client, [*requests, {"size": 0, "query": earlier, "aggs": by_story}])
    counts = dict(_buckets(before["aggregations"]["by"]))
    central = {id: story.title for id, story in told(client, ids).items()}
    found = iter(answers)
    return [
        tuple(
            _story(one, [hit["_source"] for hit in next(found)["hits"]["hits"]], central, counts, languages)
            for one in chosen
        )
        for _, chosen in wanted
    ]


def _story(
    ranked: _Ranked,
    articles: Sequence[dict[str, Any]],
    central: Mapping[str, str],
    earlier: Mapping[str, int],
    languages: Sequence[str],
) -> Story:
    def merit(article: dict[str, Any]) -> tuple[bool | int, ...]:
        language = article.get("language")
        return (
            languages.index(language) if language in languages else len(languages),
            "gone" in article,
            article["title"] != central.get(ranked.id),
            "duplicate_of" in article,
            not article.get("lead"),
        )

    best = min(articles, key=merit)  # of equals the earliest
    shown = _cited(best).model_copy(update={"why": (best["lead"],) if best.get("lead") else ()})
    firsts = {article["source"]["id"]: article for article in reversed(articles)} | {best["source"]["id"]: best}
    by_language: dict[str | None, list[Cited]] = {}
    for article in articles:
        if firsts[article["source"]["id"]] is article:
            by_language.setdefault(article.get("language"), []).append(_cited(article))
    notice = Notice(
        id=ranked.id, alert="", story=ranked.id, title=best["title"], url=best["url"], articles=(shown,),
        size=ranked.articles, sources=tuple(firsts), created=best["first_seen"], run="",
    )  # fmt: skip
    tellers = sorted(by_language.items(), key=lambda one: -len(one[1]))
    return Story(
        notice=notice,
        outlets=ranked.outlets,
        countries=ranked.countries,
        languages=ranked.languages,
        tellers=tuple(Tellers(language, tuple(told_by)) for language, told_by in tellers),
        earlier=earlier.get(ranked.id, 0),
        about=(
            *map(country_name, best.get("countries", ())[:ABOUT]),
            *(label(f"topic:{topic}") for topic in best.get("topics", ())[:ABOUT]),
        ),
    )


def _cited(article: Mapping[str, Any]) -> Cited:
    return Cited.model_validate({name: article[name] for name in Cited.model_fields if name in article})


def _notices(client: Elasticsearch, period: Period) -> Iterable[Told]:
    """What alerts told or will tell, by alert; what most outlets report, first."""
    silent = [{"terms": {"state": ["waiting", "muted", "dropped"]}}, {"term": {"kind": "operator"}}]
    query = {"bool": {"filter": period.notices(), "must_not": silent}}
    found = [
        Notice.model_validate({name: hit["_source"][name] for name in Notice.model_fields if name in hit["_source"]})
        for hit in every(client, NOTICES, query, [{"alert": "asc"}, {"created": "desc"}, {"id": "asc"}])
    ]
    for alert, group in groupby(found, key=lambda notice: notice.alert):
        notices = sorted(group, key=lambda notice: -len(notice.sources))
        yield Told(alert, len(notices), tuple(notices[:OF_ALERT]))

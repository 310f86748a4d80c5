"""Trying an alert on the past: what it would have told in the last month, had it been there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch

from search.alerts import ask, calibrate, volume
from search.alerts.store import Kept
from search.client import PAGE, plain_errors, reason
from search.health.verdicts import HISTORY
from search.indices import ALIAS
from search.query.question import Unreadable
from wirewatch.records import Cited
from wirewatch.words import how_many

DAYS = 30
WIDE = 50
"""Notices a day above which nobody reads them."""
EXAMPLES = 10
_STORY = {
    "type": "keyword",
    "script": "emit(doc['story_id'].size() > 0 ? doc['story_id'].value : doc['id'].value)",
}


@dataclass(frozen=True)
class Trial:
    """What an alert would have told in the days before a moment."""

    articles: int
    """That it would have found; those of today's text, with what is known of them now."""
    notices: dict[date, int]
    """By day (UTC), the first one first; those without any are there too."""
    examples: tuple[Cited, ...] = ()
    """The newest stories, each by one of its articles."""

    @property
    def total(self) -> int:
        """All notices."""
        return sum(self.notices.values())

    @property
    def a_day(self) -> float:
        """Notices a day, on the mean of the days."""
        return self.total / len(self.notices)

    @property
    def warning(self) -> str:
        """What is doubtful about the alert; nothing where nothing is."""
        if not self.total:
            found = f", though {how_many(self.articles, 'article matches', 'articles match')}" if self.articles else ""
            return (
                f"It would have told nothing in {how_many(len(self.notices), 'day')}{found}: fewer words, or "
                "fewer conditions, find more."
            )
        if self.a_day > WIDE:
            return (
                f"It is wide: {self.a_day:.0f} notices a day. More words, a filter, `sources` or `relevance` narrow "
                "it down."
            )
        return ""


def try_out(client: Elasticsearch, kept: Kept, moment: datetime) -> Trial:
    """What an alert would have told in the :data:`DAYS` before a moment. It need not be kept in the index.

    Raises:
        Unreadable: it cannot be asked; the message says why, in Elasticsearch's words.
        UserError: Elasticsearch does not answer or refuses.
    """
    if calibrate.needs_scale(kept) and kept.calibrated is None:
        kept = kept.model_copy(update=calibrate.scale(client, kept, moment))
    first = moment - timedelta(days=DAYS - 1)
    told = {first.date() + timedelta(days=number): 0 for number in range(DAYS)}
    begin = datetime.combine(first.date(), datetime.min.time(), UTC)
    lately = {"range": {"first_seen": {"gte": begin.isoformat(), "lte": moment.isoformat()}}}
    query = {"bool": {"filter": [lately, ask.query(kept)]}}
    with plain_errors():
        try:
            found = client.search(
                index=ALIAS,
                query=query,
                size=10 * EXAMPLES,  # some tell the same story
                sort=[{"first_seen": "desc"}, {"id": "asc"}],
                source_includes=["title", "url", "source", "language", "published", "story_id"],
                track_total_hits=True,
                allow_partial_search_results=False,
            )
        except BadRequestError as error:
            raise Unreadable(reason(error)) from None
        if kept.alert.volume:
            counts = Counter(_unusual_days(client, kept, moment))
        else:
            counts = Counter(_stories(client, kept, query))
    newest: dict[str, Cited] = {}
    for hit in found["hits"]["hits"]:
        story = hit["_source"].pop("story_id", hit["_id"])
        newest.setdefault(story, Cited.model_validate({"id": hit["_id"], **hit["_source"]}))
    articles = found["hits"]["total"]["value"]
    return Trial(articles, {day: counts[day] for day in told}, tuple(newest.values())[:EXAMPLES])


def _stories(client: Elasticsearch, kept: Kept, query: dict[str, Any]) -> Iterator[date]:
    """The day of each notice: of a story the one on which it was first found, whatever it grew to later."""
    alert = kept.alert
    aggs = {"first": {"min": {"field": "first_seen"}}, "outlets": {"cardinality": {"field": "source.id"}}}
    stories: dict[str, Any] = {"size": PAGE, "sources": [{"story": {"terms": {"field": "notice"}}}]}
    while True:
        answer = client.search(
            index=ALIAS,
            query=query,
            size=0,
            runtime_mappings={"notice": _STORY},
            aggs={"stories": {"composite": stories, "aggs": aggs}},
            allow_partial_search_results=False,
        )["aggregations"]["stories"]
        for story in answer["buckets"]:
            if story["outlets"]["value"] >= alert.sources:
                day = datetime.fromtimestamp(story["first"]["value"] / 1000, UTC).date()
                yield day
                if alert.developing and story["doc_count"] >= alert.developing:
                    yield day
        if "after_key" not in answer:
            return
        stories["after"] = answer["after_key"]


def _unusual_days(client: Elasticsearch, kept: Kept, moment: datetime) -> Iterator[date]:
    """The days on which there was far more than usual, or nothing."""
    known = volume.history(client, kept, moment, HISTORY + DAYS)
    for ago in range(DAYS):
        if volume.verdict(kept, known[ago : ago + HISTORY]):
            yield (moment - timedelta(days=ago)).date()

"""What became of the alerts: what each has told and to whom, and what is wrong with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

from elasticsearch import Elasticsearch

from search.alerts.store import Illegible, Kept, everything
from search.client import PAGE, every, plain_errors
from search.indices import DELIVERIES, NOTICES
from wirewatch.records import Delivery, Notice, now
from wirewatch.words import how_many

SILENT = timedelta(days=30)
"""An alert that had nothing to tell for so long may ask for something that never comes."""
BUSY = 100
"""Notices in 24 hours above which nobody reads them."""
RECENT = timedelta(days=7)
"""How long what a channel did not take is shown."""
_TOLD = ("due", "told")
"""States of notices that somebody hears of: not those that wait for more sources, were muted or dropped."""
_FAILED = {
    "failed": "did not take {}: sent again later",
    "dead": "did not take {}: given up",
    "unsure": "may or may not have got {}: sending was interrupted twice",
}


def troubles(client: Elasticsearch) -> list[str]:
    """What is wrong with the alerts, a line each, for those who look after them.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    with plain_errors():
        alerts = list(everything(client))
        signs = wrong(client, alerts)
    return [f"the alert {kept.name}: {sign}" for kept in alerts for sign in signs[kept.name]]


def wrong(client: Elasticsearch, alerts: Collection[Kept | Illegible]) -> dict[str, list[str]]:
    """By its name, what is wrong with each alert: nobody can read or ask it, a channel fails, it is silent or tells too
    much.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    with plain_errors():
        client.indices.refresh(index=DELIVERIES)
        signs = unusual(client, [kept for kept in alerts if isinstance(kept, Kept)])
        failures = _failures(client)
    return {
        kept.name: [*_broken(kept), *failures[kept.name], *([signs[kept.name]] if kept.name in signs else [])]
        for kept in alerts
    }


def _broken(kept: Kept | Illegible) -> Iterator[str]:
    if isinstance(kept, Illegible):
        yield kept.why
    else:
        if kept.error:
            yield f"cannot be asked: {kept.error}"
        yield from (f"of the saved search: {warning}" for warning in kept.warnings)


def unusual(client: Elasticsearch, alerts: Collection[Kept]) -> dict[str, str]:
    """By their names, the alerts that are silent or tell too much, and that they do, in words.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    with plain_errors():
        client.indices.refresh(index=NOTICES)
        told = {bucket["key"]["alert"]: bucket for bucket in _told(client)}
    signs = ((kept.alert.name, _too_little_or_too_much(kept, told.get(kept.alert.name))) for kept in alerts)
    return {name: sign for name, sign in signs if sign}


def _told(client: Elasticsearch) -> Iterator[Any]:
    """For each alert that has notices, the latest, and how many of the last 24 hours were sent or are to be."""
    since = (now() - timedelta(days=1)).isoformat()
    today = [{"range": {"created": {"gte": since}}}, {"terms": {"state": list(_TOLD)}}]
    aggs = {"latest": {"max": {"field": "created"}}, "today": {"filter": {"bool": {"filter": today}}}}
    by_alert: dict[str, Any] = {"size": PAGE, "sources": [{"alert": {"terms": {"field": "alert"}}}]}
    while True:
        answer = client.search(
            index=NOTICES,
            size=0,
            aggs={"alerts": {"composite": by_alert, "aggs": aggs}},
            allow_partial_search_results=False,
        )["aggregations"]["alerts"]
        yield from answer["buckets"]
        if "after_key" not in answer:
            return
        by_alert["after"] = answer["after_key"]


def _too_little_or_too_much(kept: Kept, told: Any) -> str | None:
    if told and told["today"]["doc_count"] > BUSY:
        return f"{told['today']['doc_count']} notices in 24 h: narrow it down, or ask for more relevance or sources"
    latest = told["latest"]["value"] / 1000 if told else 0
    since = max(latest, kept.changed.timestamp())
    if not kept.paused and not kept.alert.volume and since < (now() - SILENT).timestamp():
        return f"found nothing in {SILENT.days} days: `wirewatch alerts test` shows what it would find"
    return None


def _failures(client: Elasticsearch) -> defaultdict[str, list[str]]:
    """By alert, what its channels did not take of late, a line for each channel and kind of failure."""
    lately = {"range": {"at": {"gte": (now() - RECENT).isoformat()}}}
    query = {"bool": {"filter": [lately, {"terms": {"state": list(_FAILED)}}]}}
    found: defaultdict[tuple[str, str, str], list[str | None]] = defaultdict(list)
    for hit in every(client, DELIVERIES, query, [{"at": "desc"}, {"id": "asc"}]):
        one = hit["_source"]
        found[one["alert"], one["channel"], one["state"]].append(one.get("error"))
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for (alert, channel, state), errors in sorted(found.items()):
        many = how_many(len(errors), "message")
        why = f" ({errors[0]})" if errors[0] else ""
        lines[alert].append(f"{channel} {_FAILED[state].format(many)}{why}")
    return lines


def history(client: Elasticsearch, name: str, size: int = 20) -> list[tuple[Notice, list[Delivery]]]:
    """The latest notices of an alert, each with its messages to channels.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    with plain_errors():
        client.indices.refresh(index=[NOTICES, DELIVERIES])
        hits = client.search(
            index=NOTICES,
            query={"term": {"alert": name}},
            sort=[{"created": "desc"}, {"id": "asc"}],
            size=size,
            allow_partial_search_results=False,
        )["hits"]["hits"]
        notices = [Notice.model_validate(hit["_source"]) for hit in hits]
        sent: defaultdict[str, list[Delivery]] = defaultdict(list)
        with_one = {"terms": {"notices": [notice.id for notice in notices]}}
        for hit in every(client, DELIVERIES, with_one, [{"channel": "asc"}, {"id": "asc"}]):
            delivery = Delivery.model_validate(hit["_source"])
            for notice in delivery.notices:
                sent[notice].append(delivery)
    return [(notice, sent[notice.id]) for notice in notices]

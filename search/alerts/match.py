"""Matching: every alert asked over exactly what a run brought, and each article told once to each alert."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from elasticsearch import Elasticsearch, helpers

from search.alerts.alert import Alert, load_alerts
from search.alerts.channels import tell
from search.client import PAGE, connect, every, failure, plain_errors
from search.index import ALIAS, NOTICES
from wirewatch.batches import Batch, write
from wirewatch.errors import UserError
from wirewatch.records import Notice, notice_id, now
from wirewatch.settings import get_settings

log = logging.getLogger(__name__)

AT_ONCE = 100
"""Alerts asked in one request."""


def alert(
    batch: Batch,
    *,
    alerts: Sequence[Alert] | None = None,
    client: Elasticsearch | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Batch:
    """Tell the alerts what the run of an indexed batch brought, and write the batch of all its :class:`Notice` records.

    A notice is a document with an id made of alert and article. It is created before it is told and marked after, for
    each channel, so a notice that exists is never created again, one that a killed try left unmarked is told once more,
    and a channel that had it does not hear it again because another one failed. An alert
    whose query cannot be read is counted (``broken:NAME``) and logged with its error; the others go on. A replay tells
    nobody.

    Args:
        batch: of the stage ``indexed``.
        alerts: instead of those in the file that the settings name.
        client: instead of the one that the settings name.
        progress: told how many alerts were asked, and of how many.

    Raises:
        UserError: Elasticsearch does not answer or refuses, or a channel does not take a notice. The other notices
            are told all the same, and a second run tells what is left.
    """
    told = batch.next("alerted")
    if told.exists():
        return told
    if batch.is_replay:
        with write(told):
            return told
    if alerts is None:
        alerts = load_alerts(get_settings().alerts)
    client = client or connect()
    with plain_errors(), write(told) as out:
        broken = _create_notices(client, alerts, batch.name, progress)
        for name, why in broken.items():
            log.warning("The alert %s cannot be asked: %s", name, why)
            out.count(f"broken:{name}")
        out.count("alerts", len(alerts) - len(broken))
        failures = []
        for notice in _tell_notices(client, {alert.name: alert for alert in alerts}, batch.name):
            if isinstance(notice, UserError):
                failures.append(str(notice))
            else:
                out.add(notice)
                out.count("told")
        if failures:
            raise UserError(f"{len(failures)} notices wait to be told: {failures[0]} Put it right and run this again.")
    return told


def _create_notices(
    client: Elasticsearch, alerts: Sequence[Alert], run: str, progress: Callable[[int, int | None], None] | None
) -> dict[str, str]:
    """Write a notice for each match that has none yet. The alerts that cannot be asked come back with the reason."""
    broken: dict[str, str] = {}
    pit = client.open_point_in_time(index=ALIAS, keep_alive="5m")["id"]
    try:
        for start in range(0, len(alerts), AT_ONCE):
            for name, found in _matches(client, pit, alerts[start : start + AT_ONCE], run):
                if isinstance(found, str):
                    broken[name] = found
                else:
                    _create(client, name, found, run)
            if progress:
                progress(min(start + AT_ONCE, len(alerts)), len(alerts))
    finally:
        client.close_point_in_time(id=pit)
    return broken


def _matches(
    client: Elasticsearch, pit: str, alerts: Sequence[Alert], run: str
) -> Iterator[tuple[str, list[dict[str, Any]] | str]]:
    """Pages of matches, each with its alert's name, until every alert has all of its own; or why it has none."""
    waiting: dict[str, tuple[str, Any]] = {alert.name: (alert.kql, None) for alert in alerts}
    while waiting:
        searches: list[dict[str, Any]] = []
        for kql, after in waiting.values():
            body = {
                "pit": {"id": pit, "keep_alive": "5m"},
                "query": {"bool": {"filter": [{"term": {"run": run}}, {"kql": {"query": kql}}]}},
                "sort": [{"published": "asc"}, {"_shard_doc": "asc"}],
                "size": PAGE,
                "_source": ["title", "url"],
                "track_total_hits": False,
            }
            searches += [{"allow_partial_search_results": False}, body | ({"search_after": after} if after else {})]
        answers = client.msearch(searches=searches)["responses"]
        asked, waiting = waiting, {}
        for (name, (kql, _)), answer in zip(asked.items(), answers, strict=True):
            if "error" in answer:
                if answer["status"] != 400:  # not the query's fault
                    raise UserError(f"Elasticsearch could not answer the alert {name}: {failure(answer['error'])}")
                yield name, failure(answer["error"])
                continue
            hits = answer["hits"]["hits"]
            if hits:
                yield name, hits
            if len(hits) == PAGE:
                waiting[name] = (kql, hits[-1]["sort"])


def _create(client: Elasticsearch, alert: str, hits: list[dict[str, Any]], run: str) -> None:
    notices = [
        Notice(
            id=notice_id(alert, hit["_id"]),
            alert=alert,
            article=hit["_id"],
            title=hit["_source"]["title"],
            url=hit["_source"]["url"],
            created=now(),
        )
        for hit in hits
    ]
    actions = (
        {
            "_op_type": "create",
            "_index": NOTICES,
            "_id": notice.id,
            "_source": {**notice.model_dump(mode="json"), "run": run},
        }
        for notice in notices
    )
    for ok, item in helpers.streaming_bulk(client, actions, raise_on_error=False, max_retries=5):
        if not ok and item["create"]["status"] != 409:  # 409: there is one already
            raise UserError(f"Elasticsearch does not take a notice: {failure(item['create']['error'])}")


def _tell_notices(client: Elasticsearch, alerts: dict[str, Alert], run: str) -> Iterator[Notice | UserError]:
    """Tell the notices of a run that wait for it; all of the run's notices that have been told come back."""
    client.indices.refresh(index=NOTICES)
    for hit in every(client, NOTICES, {"term": {"run": run}}, [{"created": "asc"}, {"id": "asc"}]):
        name = hit["_source"]["alert"]
        try:
            # Of an alert that was deleted in between nobody wants to hear.
            yield tell_once(client, hit["_source"], alerts[name].tell if name in alerts else ())
        except UserError as error:
            yield error


def tell_once(client: Elasticsearch, document: Mapping[str, Any], channels: Iterable[str]) -> Notice:
    """Tell a notice that the index holds to those channels that have not had it, and mark it, if it still waits for it.

    Raises:
        UserError: a channel does not take it; it waits then.
    """
    notice = Notice.model_validate({name: document[name] for name in Notice.model_fields})
    if "told" in document:
        return notice
    told_to: list[str] = list(document.get("told_to", ()))
    for channel in channels:
        if channel not in told_to:
            tell(notice, channel)
            told_to.append(channel)
            client.update(index=NOTICES, id=notice.id, doc={"told_to": told_to})
    client.update(index=NOTICES, id=notice.id, doc={"told": now().isoformat()})
    return notice

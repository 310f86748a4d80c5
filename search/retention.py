"""Retention: what is kept no longer in Elasticsearch, by the settings, is removed from it.

Articles go a number of days after they were first seen, and stories with their last article; an index that a migration
has replaced goes after a while; and so does what is known of sources and of alerts from long ago, and what matchings
that were killed have left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from elasticsearch import Elasticsearch

from search.alerts.copy import remove_left
from search.alerts.sending import OVER
from search.client import connect, every, plain_errors
from search.health.history import INDEX as HEALTH
from search.indices import ALIAS, DELIVERIES, MIGRATIONS, NOTICES, SCHEMA, STORIES, init, standing, year_of
from search.orphans import adopt
from wirewatch.database import lots
from wirewatch.records import now
from wirewatch.retention import words
from wirewatch.settings import get_settings

HOUR = 3600


def retain(*, dry_run: bool = False, client: Elasticsearch | None = None) -> str:
    """Remove what the settings say is kept no longer. Doing it again changes nothing.

    Args:
        dry_run: only count.
        client: instead of the one that the settings name.

    Returns:
        What was removed, or would be, in words.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    client = client or connect()
    counts: Counter[str] = Counter()
    with plain_errors():
        searched = standing(client)
        if not searched:
            return "nothing was ever indexed"
        if not dry_run:
            counts["replaced indices"] = len(remove_replaced(client, searched))
            counts["copies left by matchings"] = remove_left(client)
        counts.update(_forget_articles(client, searched, dry_run))
        counts.update(_forget_history(client, dry_run))
        if not dry_run:
            init(client)  # the last index may have gone
    return words(counts)


def remove_replaced(client: Elasticsearch, searched: Mapping[str, int]) -> list[str]:
    """Remove the indices that were replaced longer ago than ``keep_replaced_days``, and what was begun to be built for
    a schema that has a successor; returns their names."""
    client.indices.refresh(index=MIGRATIONS)
    kept = timedelta(days=get_settings().elasticsearch.keep_replaced_days)
    removed = []
    for hit in list(every(client, MIGRATIONS, {"match_all": {}}, ["_doc"])):
        new, state = hit["_id"], hit["_source"]
        if new in searched and "replaced" not in state:
            state["replaced"] = now().isoformat()
            client.index(index=MIGRATIONS, id=new, document=state)
        if "replaced" in state:
            done = state["from"] if now() - datetime.fromisoformat(state["replaced"]) >= kept else None
        else:
            done = new if int(new.rpartition("-v")[2]) < SCHEMA else None
        if done and done not in searched:
            client.options(ignore_status=404).indices.delete(index=done)
            client.delete(index=MIGRATIONS, id=new)
            removed.append(done)
    return removed


def _forget_articles(client: Elasticsearch, searched: Mapping[str, int], dry_run: bool) -> Counter[str]:
    """Remove the articles that were first seen longer ago than the setting ``keep_days`` says, and the stories that
    have had none since."""
    counts: Counter[str] = Counter()
    days = get_settings().elasticsearch.keep_days
    if days is None:
        return counts
    past = _before("first_seen", days)
    counts["articles"] = client.count(index=ALIAS, query=past)["count"]
    if counts["articles"] and not dry_run:
        adopt(client, ALIAS, past)
    counts["stories"] = _delete(client, STORIES, _before("last_seen", days), dry_run)
    for name in () if dry_run else searched:
        found = client.count(index=name, query=past)["count"]
        if found and found == client.count(index=name)["count"] and year_of(name) != now().year:
            client.indices.delete(index=name)
        elif found:
            _delete(client, name, past, dry_run)
    return counts


def _forget_history(client: Elasticsearch, dry_run: bool) -> Counter[str]:
    """Remove how sources did, and what alerts told, longer ago than ``keep`` says; nothing that is yet to be told, or
    of a story that goes on: it would be told again as new."""
    keep = get_settings().keep
    counts = Counter({"days of sources": _delete(client, HEALTH, _before("at", keep.health_days), dry_run)})
    if days := keep.notices_days:
        told = {"bool": {"filter": [_before("created", days)], "must_not": [{"term": {"state": "due"}}]}}
        told["bool"]["must_not"].append({"ids": {"values": _of_going_stories(client, told, days)}})
        sent = {"bool": {"filter": [_before("at", days), {"terms": {"state": list(OVER)}}]}}
        counts["notices"] = _delete(client, NOTICES, told, dry_run)
        counts["deliveries"] = _delete(client, DELIVERIES, sent, dry_run)
    return counts


def _of_going_stories(client: Elasticsearch, notices: dict[str, Any], days: int) -> list[str]:
    """The ids of those notices whose story, or the older one that it became part of, had an article in these days."""
    kept: list[str] = []
    for lot in lots(every(client, NOTICES, notices, ["_doc"], source_includes=["story", "members"])):
        # A story has the id of its first article.
        told = {hit["_id"]: {hit["_source"]["story"], *hit["_source"].get("members", ())} for hit in lot}
        articles = set().union(*told.values())
        story = {id: id for id in articles}
        for some in lots(articles):
            for hit in every(client, ALIAS, {"ids": {"values": some}}, ["id"], source_includes=["story_id"]):
                story[hit["_id"]] = hit["_source"].get("story_id", hit["_id"])
        going: set[str] = set()
        for some in lots(set(story.values())):
            lately = {"bool": {"filter": {"ids": {"values": some}}, "must_not": [_before("last_seen", days)]}}
            going.update(hit["_id"] for hit in every(client, STORIES, lately, ["_doc"], source=False))
        kept += [id for id, its in told.items() if any(story[article] in going for article in its)]
    return kept


def _before(field: str, days: int) -> dict[str, Any]:
    """What is older than so many days, whole ones (UTC)."""
    first = datetime.combine(now().date() - timedelta(days=days), datetime.min.time(), UTC)
    return {"range": {field: {"lt": first.isoformat()}}}


def _delete(client: Elasticsearch, index: str, query: dict[str, Any], dry_run: bool) -> int:
    """Delete documents, and say how many; what changes meanwhile stays until the next time."""
    if dry_run:
        return int(client.count(index=index, query=query, ignore_unavailable=True)["count"])
    patient = client.options(request_timeout=HOUR, max_retries=0)
    done = patient.delete_by_query(index=index, query=query, conflicts="proceed", refresh=True, ignore_unavailable=True)
    return int(done["deleted"])

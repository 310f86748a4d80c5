"""How Elasticsearch is, in a few quick questions: for `wirewatch status` and `wirewatch doctor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from elasticsearch import AuthorizationException, Elasticsearch, NotFoundError

from search.alerts.alert import Alert
from search.alerts.apply import diff
from search.alerts.store import all_alerts
from search.alerts.watch import RECENT, troubles
from search.client import plain_errors
from search.indices import ALERTS, ALIAS, DELIVERIES, NOTICES, OURS
from wirewatch.records import now

OVERDUE = timedelta(hours=1)
"""A notice that was due so long ago is not delivered by anybody, if no message was tried since or is to be later."""


@dataclass(frozen=True)
class Cluster:
    """How a cluster is. What the key of the pipeline may not know is None."""

    version: str
    articles: int
    health: str | None
    """``green``, ``yellow`` (a copy of a shard is missing) or ``red`` (a shard is)."""
    heap: tuple[int, int] | None
    """Bytes of Java's memory in use, and of what there is, of all nodes."""
    disk: tuple[int, int] | None
    """Bytes free on the nodes' disks, and of what there is."""
    closed: tuple[str, ...]
    """Indices of ours that take no writes because a disk is full."""


def cluster(client: Elasticsearch) -> Cluster:
    """How the cluster is.

    Raises:
        UserError: it does not answer or refuses.
    """
    with plain_errors():
        health, heap, disk = None, None, None
        try:
            health = client.cluster.health()["status"]
            nodes = client.nodes.stats(metric=["jvm", "fs"])["nodes"].values()
            memory = [node["jvm"]["mem"] for node in nodes]
            heap = sum(one["heap_used_in_bytes"] for one in memory), sum(one["heap_max_in_bytes"] for one in memory)
            disks = [node["fs"]["total"] for node in nodes]
            disk = sum(one["available_in_bytes"] for one in disks), sum(one["total_in_bytes"] for one in disks)
        except AuthorizationException:
            pass
        try:
            articles = client.count(index=ALIAS)["count"]
        except NotFoundError:
            articles = 0
        return Cluster(client.info()["version"]["number"], articles, health, heap, disk, _closed(client))


def _closed(client: Elasticsearch) -> tuple[str, ...]:
    found = client.indices.get_settings(index=OURS, name="index.blocks.read_only_allow_delete")
    return tuple(sorted(name for name, body in found.items() if body["settings"]))


def messages(client: Elasticsearch) -> Counter[str]:
    """What alerts have to tell, by what has become of it: notices that are ``waiting`` for more outlets, ``due`` and
    ``overdue``; messages that ``failed`` and are sent again, and those of late that were given up (``dead``,
    ``unsure``). A notice is due until all its channels have it or were given up, so those that wait for a channel are
    not overdue.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    late, lately = now() - OVERDUE, {"range": {"at": {"gte": (now() - RECENT).isoformat()}}}
    counted = {
        NOTICES: {
            "waiting": {"term": {"state": "waiting"}},
            "due": {"term": {"state": "due"}},
            "overdue": {"bool": {"filter": [{"term": {"state": "due"}}, {"range": {"due": {"lt": late.isoformat()}}}]}},
        },
        DELIVERIES: {
            "failed": {"term": {"state": "failed"}},
            **{state: {"bool": {"filter": [{"term": {"state": state}}, lately]}} for state in ("dead", "unsure")},
            "delivered": {
                "bool": {"should": [{"range": {when: {"gte": late.isoformat()}}} for when in ("at", "next")]}
            },
        },
    }
    found: Counter[str] = Counter()
    with plain_errors():
        for index, filters in counted.items():
            try:
                answer = client.search(index=index, size=0, aggs={"all": {"filters": {"filters": filters}}})
            except NotFoundError:
                continue  # nothing was ever indexed
            for name, bucket in answer["aggregations"]["all"]["buckets"].items():
                found[name] += bucket["doc_count"]
    if found.pop("delivered", 0):
        found["overdue"] = 0
    return found


def alerts(client: Elasticsearch) -> tuple[int, list[str]]:
    """How many alerts there are, and what is wrong with them, a line each.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    with plain_errors():
        if not client.indices.exists(index=[ALERTS, NOTICES, DELIVERIES]):
            return 0, []
        return sum(1 for _ in all_alerts(client)), troubles(client)


def not_applied(client: Elasticsearch, written: Sequence[Alert]) -> int:
    """In how many alerts those of a file differ from those that are applied.

    Raises:
        UserError: Elasticsearch does not answer or refuses, or one of them comes from Kibana.
    """
    with plain_errors():
        if not client.indices.exists(index=ALERTS):
            return len(written)
    changes = diff(client, written)
    return len(changes.added) + len(changes.changed) + len(changes.removed)

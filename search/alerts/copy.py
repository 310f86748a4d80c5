"""A copy of what a run brought, in an index of its own, of which many alerts are asked faster than of all articles.

A word without a field is looked for in some forty fields, and of all articles in every piece of the index (segment)
that has one of the run. The copy is one small piece, and a word is looked for only in those fields that its articles
have: the languages of the run. In a field without a word nothing can be found, so nothing is missed.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from search import schema
from search.client import reason
from search.indices import ALIAS

log = logging.getLogger(__name__)

FEW = 500
"""Fewer alerts are asked before an index is made."""
WORTH = 2
"""How many alerts save what it costs to copy an article: one or less on a warm node, two on one that just started."""
LEFT = timedelta(hours=6)
"""After which a copy is one that was left: no matching takes so long."""
_NAME = "wirewatch-matching-"
VECTORS = ("embedding", "passages")
"""Fields that the copy lacks: they are dear, and words are not looked for in them."""
_TEXTS = [f"text.{language}" for language in sorted(schema.text_languages())]
_UNHURRIED: dict[str, Any] = {
    "number_of_replicas": 0,
    "refresh_interval": -1,
    "translog.durability": "async",  # it is not kept
    "queries.cache.enabled": False,  # no question comes twice
    "requests.cache.enable": False,
}


@contextmanager
def copied(client: Elasticsearch, run: str, alerts: int) -> Iterator[str | None]:
    """Where to ask that many alerts: an index with a copy of the run's articles, or all articles where it is not worth
    while or cannot be made; nowhere if it brought none. The copy is removed afterwards.

    It is this process's own: two that match the same run, one of them perhaps given up and alive, take nothing from
    each other. One that is left nevertheless is removed after :data:`LEFT`: with the first copy that is made, or by
    :func:`search.retention.retain`.
    """
    articles, fields = _brought(client, run)
    if not articles or alerts < max(FEW, WORTH * articles):
        yield ALIAS if articles else None
        return
    name = f"{_NAME}{secrets.token_hex(10)}"
    try:
        yield name if _copy(client, run, fields, name) else ALIAS
    finally:
        _remove(client, name)


def remove_left(client: Elasticsearch) -> int:
    """Remove the copies of processes that were killed, or lost the node before they could; returns how many."""
    before = (time.time() - LEFT.total_seconds()) * 1000  # the node knows the real time
    there = client.indices.get_settings(index=f"{_NAME}*", name="index.creation_date")
    left = [name for name, about in there.items() if int(about["settings"]["index"]["creation_date"]) < before]
    return sum(_remove(client, name) for name in left)


def _copy(client: Elasticsearch, run: str, fields: list[str], name: str) -> bool:
    """Make the copy; whether Elasticsearch does."""
    template = schema.load("component")["wirewatch-articles-fields"]["template"]
    settings = {**template["settings"]["index"], **_UNHURRIED, "query.default_field": fields}
    _lighten(template["mappings"]["properties"])
    source = {"index": ALIAS, "query": _of(run), "_source": {"excludes": list(VECTORS)}}
    patient = client.options(request_timeout=3600, max_retries=0)
    try:
        remove_left(client)
        client.indices.create(index=name, settings=settings, mappings=template["mappings"])
        patient.reindex(source=source, dest={"index": name}, refresh=True)
        patient.indices.forcemerge(index=name, max_num_segments=1)
    except ApiError as error:
        log.warning("All articles are asked, as what %s brought cannot be copied: %s", run, reason(error))
        return False
    return True


def _lighten(fields: dict[str, Any]) -> None:
    """Leave out of texts what says how well or where they match: it is asked only whether."""
    for field in fields.values():
        if field.get("type") == "text":
            field["norms"] = False
            field.pop("index_options", None)
        for inner in ("properties", "fields"):
            _lighten(field.get(inner, {}))


def _of(run: str) -> dict[str, Any]:
    return {"term": {"run": run}}


def _remove(client: Elasticsearch, name: str) -> bool:
    """Remove a copy, or leave it for later where the node is not well; whether it is gone."""
    try:
        client.options(ignore_status=404).indices.delete(index=name)
    except (ApiError, TransportError) as error:
        log.warning("%s, which matching needs no more, stays for now: %s", name, error)
        return False
    return True


def _brought(client: Elasticsearch, run: str) -> tuple[int, list[str]]:
    """How many articles a run brought; and of the fields in which words without one are looked for, those they have."""
    template = schema.load("component")["wirewatch-articles-settings"]["template"]
    wanted: list[str] = template["settings"]["index"]["query"]["default_field"]
    wanted = [name for field in wanted for name in (_TEXTS if field == "text.*" else [field.partition("^")[0]])]
    answer = client.search(
        index=ALIAS,
        query=_of(run),
        size=0,
        track_total_hits=True,
        aggs={"has": {"filters": {"filters": {name: {"exists": {"field": name}} for name in wanted}}}},
        allow_partial_search_results=False,
    )
    has = answer["aggregations"]["has"]["buckets"]
    return answer["hits"]["total"]["value"], [name for name in wanted if has[name]["doc_count"]]

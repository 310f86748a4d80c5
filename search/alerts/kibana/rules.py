"""What rules of Kibana write into :data:`search.indices.KIBANA_ALERTS` becomes notices, each document one.

A document is written by hand, in the rule's action, so nothing is taken for granted of it. It is marked when there is a
notice of it; the notice's id is made of the document's, so that doing it again tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from elasticsearch import Elasticsearch

from search.alerts.channels import check, is_operators, ready
from search.alerts.notices import announce
from search.client import every
from search.indices import KIBANA_ALERTS
from wirewatch.errors import UserError
from wirewatch.records import Notice, notice_id, now
from wirewatch.settings import get_settings

RUN = "kibana"
"""Stands in these notices where others have the batch that brought them."""
LONGEST = 1000
"""Characters of what a rule has to say."""


def note_rules(client: Elasticsearch) -> int:
    """Make a notice, which is due, of each document that is new; returns how many there were."""
    client.indices.refresh(index=KIBANA_ALERTS)
    number = 0
    for hit in every(client, KIBANA_ALERTS, {"bool": {"must_not": {"term": {"taken": True}}}}, ["_doc"]):
        announce(client, _notice(hit))
        client.options(ignore_status=404).update(index=KIBANA_ALERTS, id=hit["_id"], doc={"taken": True})
        number += 1
    return number


def channels_of(client: Elasticsearch, notice: Notice) -> tuple[list[str], list[str]]:
    """Where a rule's notice is to be told, and what hinders that, a line each.

    A channel that is written well and is not there is told all the same: the message is sent once it is there, or given
    up after 34 hours like any that a channel does not take.
    """
    found = client.options(ignore_status=404).get(index=KIBANA_ALERTS, id=notice.story)
    channels: list[str] = []
    troubles: list[str] = []
    for channel in _named(found.get("_source", {}).get("tell")):
        try:
            if is_operators(check(channel)):
                raise ValueError(f"`{channel}` is the operator's")
        except ValueError as error:
            troubles.append(str(error))
            continue
        channels.append(channel)
        try:
            ready(channel)
        except UserError as error:
            troubles.append(f"{channel}: {error}")
    return channels or ([] if troubles else list(get_settings().kibana_tell)), troubles


def _notice(hit: Mapping[str, Any]) -> Notice:
    source = hit["_source"]
    rule = _text(source.get("alert")) or "A rule of Kibana"
    told = {"alert": rule[:200], "title": _text(source.get("title"))[:LONGEST] or f"{rule} fired"}
    where = {"story": hit["_id"], "slot": hit["_id"], "url": _address(source.get("url"))}
    id = notice_id(RUN, hit["_id"], "rule")
    return Notice(id=id, kind="rule", created=now(), due=now(), size=0, run=RUN, **told, **where)


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _address(value: Any) -> str:
    """An address that may be a link."""
    return value if isinstance(value, str) and value.startswith(("http://", "https://")) else ""


def _named(tell: Any) -> Iterator[str]:
    some: Iterable[Any] = tell if isinstance(tell, list) else str(tell or "").split(",")
    yield from dict.fromkeys(filter(None, (str(one).strip() for one in some)))

"""The private feed of an alert: an Atom feed of its notices, for whoever has its address."""

from __future__ import annotations

from collections.abc import Iterator

from elasticsearch import Elasticsearch

from search import atom, marks
from search.alerts import links
from search.alerts.message import as_html, headline
from search.alerts.notices import notice_of
from search.alerts.store import Kept
from search.client import plain_errors
from search.indices import NOTICES
from wirewatch.records import Notice

ENTRIES = 100
"""The newest notices."""
SHOWN = ("due", "told")
"""States of notices that a feed has: not those that wait for more sources, and none of muted times."""


def feed(client: Elasticsearch, kept: Kept) -> Iterator[str]:
    """The feed of an alert, piece by piece.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    notices = _notices(client, kept.alert.name)
    name, updated = kept.alert.name, notices[0].created if notices else kept.created
    entries = (_entry(notice, kept.alert.zone) for notice in notices)
    return atom.feed(
        entries,
        f"urn:wirewatch:alert:{kept.id}",
        f"Wirewatch: {name}",
        updated.isoformat(),
        links.address("feed", name),
    )


def _notices(client: Elasticsearch, alert: str) -> list[Notice]:
    query = {"bool": {"filter": [{"term": {"alert": alert}}, {"terms": {"state": list(SHOWN)}}]}}
    with plain_errors():
        found = client.search(index=NOTICES, query=query, sort=[{"created": "desc"}, {"id": "asc"}], size=ENTRIES)
    return [notice_of(hit["_source"]) for hit in found["hits"]["hits"]]


def _entry(notice: Notice, zone: str) -> atom.Entry:
    first = notice.articles[0] if notice.articles else None
    return atom.Entry(
        id=f"urn:wirewatch:notice:{notice.id}",
        title=headline(notice),
        link=marks.web(notice.url),
        updated=notice.created.isoformat(),
        authors=[first.source.name if first else "Wirewatch"],
        html=as_html(notice, zone),
        language=(first.language or "") if first else "en",
    )

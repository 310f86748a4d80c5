"""What the tests of alerts share: invented articles of stories, runs that bring them, and what a channel has heard."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest
from elasticsearch import Elasticsearch

from search.alerts import store
from search.alerts.alert import Alert
from search.alerts.match import alert
from search.alerts.store import Kept
from search.index import index
from search.indices import ALERTS
from wirewatch.batches import Batch, write
from wirewatch.records import STORIES, Delivery, EnrichedArticle, Notice, SourceRef, Story, article_id, content_version
from wirewatch.settings import get_settings

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""A Friday."""


def article(name: str, text: str = "A coup in Mali", *, story: str | None = None, source: str = "a.example") -> Any:
    """An article of a story; of one of its own where none is given."""
    url = f"http://{source}/{name}"
    return EnrichedArticle(
        id=article_id(url),
        url=url,
        source=SourceRef(id=source, name=source, country="ML"),
        title=f"{text}: {name}",
        body=f"{text}, says {name}.",
        language="en",
        first_seen=NOON,
        fetched=NOON,
        version=content_version(f"{text}: {name}", None, f"{text}, says {name}."),
        story_id=story,
    )


def watch(client: Elasticsearch, **fields: Any) -> Kept:
    """Keep an alert of coups in Mali."""
    return store.create(client, Alert(**{"name": "Coups", "kql": "coup", **fields}), "command")


def spoil(client: Elasticsearch, kept: Kept) -> Kept:
    """Make an alert one that cannot be read."""
    definition = json.dumps({"name": kept.alert.name, "kql": "x", "zone": "Mars"})
    client.update(index=ALERTS, id=kept.id, doc={"definition": definition})
    return kept


class Runs:
    """Runs that bring articles, each in a batch of its own."""

    def __init__(self, client: Elasticsearch, folder: Path) -> None:
        self.client, self.root, self.number = client, folder.as_uri(), 0

    def bring(self, *articles: EnrichedArticle, stories: Sequence[Story] = (), name: str | None = None) -> Batch:
        """Index articles; the batch ``indexed`` comes back."""
        self.number += 1
        batch = Batch(self.root, "enriched", name or f"20261120T13{self.number:04}Z-abcdef-g00")
        with write(batch) as out:
            for one in articles:
                out.add(one)
            if stories:
                lines = Path(self.root.removeprefix("file://")) / "stories"
                lines.write_text("".join(f"{story.model_dump_json()}\n" for story in stories))
                out.add_file(STORIES, lines)
        return index(batch, client=self.client)

    def tell(self, *articles: EnrichedArticle, stories: Sequence[Story] = ()) -> list[Notice]:
        """Index articles and ask the alerts; the notices that are new with them come back."""
        return list(alert(self.bring(*articles, stories=stories), client=self.client).read(Notice))


def notices(client: Elasticsearch) -> list[Notice]:
    """All notices, in the order of their making."""
    client.indices.refresh(index="wirewatch-notices")
    found = client.search(index="wirewatch-notices", size=1000, sort=["created", "kind", "title.keyword"])
    return [Notice.model_validate(hit["_source"]) for hit in found["hits"]["hits"]]


def states(client: Elasticsearch) -> list[str]:
    """The states of all notices."""
    return sorted(notice.state for notice in notices(client))


def deliveries(client: Elasticsearch) -> list[Delivery]:
    """All messages."""
    client.indices.refresh(index="wirewatch-deliveries")
    found = client.search(index="wirewatch-deliveries", size=1000, sort=["alert", "at", "id"])
    return [Delivery.model_validate(hit["_source"]) for hit in found["hits"]["hits"]]


def heard(file: Path) -> list[dict[str, Any]]:
    """What a file was told, line by line."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


Clock = Callable[[datetime], None]


def clock_of(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets Wirewatch's clock to a moment."""

    def set_to(moment: datetime) -> None:
        shift = moment + timedelta(seconds=0.5) - datetime.now(UTC)
        monkeypatch.setenv("WIREWATCH_TIME_SHIFT", str(shift.total_seconds()))
        get_settings.cache_clear()

    return set_to


def forget(batch: Batch) -> None:
    """As after a kill just before the batch was finished."""
    Path(batch.url.removeprefix("file://"), "manifest.json").unlink()


class Web:
    """A receiver of webhooks on loopback."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        """What it was sent, as JSON says it."""
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

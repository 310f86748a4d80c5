"""A stage that is killed in the middle and run again leaves the same index as a run that nobody disturbed.

The batches of the latter lie on an object store.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from search.alerts.alert import Alert, load_alerts
from search.alerts.apply import apply
from search.indices import init
from tests.forking import WIREWATCH, Forked, Forks
from tests.index import indexed
from tests.newsroom import Newsroom
from tests.s3 import S3
from wirewatch import batches
from wirewatch.records import AGAIN
from wirewatch.settings import Settings, get_settings

ROOT = Path(__file__).parents[1]
SITES = ("maghreb-matin", "harbour-post", "paris-derniere", "sada-al-nil", "broken-times")


class Operator:
    """Someone who types ``wirewatch run`` in a home of their own."""

    def __init__(
        self,
        forked: Forks,
        room: Newsroom,
        home: Path,
        es: Elasticsearch,
        alerts: Sequence[Alert],
        root: str | None = None,
    ) -> None:
        self.root, self.es, self.room, self.forked = root or (home / "batches").as_uri(), es, room, forked
        self.command = ["run"]
        for site in SITES:
            self.command += ["--source", f"{site}.localhost"]
        self.environment = {
            **os.environ,
            "WIREWATCH_HOME": str(home),
            "WIREWATCH_BATCHES": self.root,
            "WIREWATCH_SOURCES": str(room.sources),
            "WIREWATCH_CRAWL__ALLOW_PRIVATE": "true",
            "WIREWATCH_CRAWL__DELAY": "0",
        }
        init(es)
        apply(es, alerts)

    def start(self) -> Forked:
        return self.forked.start(WIREWATCH, *self.command, environment=self.environment)

    def run(self) -> None:
        process = self.start()
        said = process.communicate()
        assert process.returncode == 0, said

    def run_and_kill(self, stage: str, reached: Callable[[], bool]) -> None:
        """Start a run and kill it, with all its processes, as soon as it has ``reached`` the middle of a stage."""
        before = len(batches.finished(self.root, stage))
        process = self.start()
        while not reached():
            assert process.poll() is None, f"the run ended before {stage}: {process.communicate()}"
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert len(batches.finished(self.root, stage)) == before, f"{stage} was over before it was killed"

    def under_way(self, stage: str) -> bool:
        """Whether there is an unfinished batch of that stage."""
        folder = Path(self.root.removeprefix("file://")) / stage
        return any(not (found / batches.MANIFEST).exists() for found in folder.glob("*"))

    def is_sending(self, file: Path) -> bool:
        """Whether a message to a file is under way."""
        self.es.indices.refresh(index="wirewatch-deliveries")
        sending = [{"term": {"state": "sending"}}, {"term": {"channel": f"file://{file}"}}]
        return bool(self.es.count(index="wirewatch-deliveries", query={"bool": {"filter": sending}})["count"])


@pytest.mark.timeout(600)
def test_a_run_killed_in_each_stage_ends_in_the_same_index_as_an_undisturbed_one(
    forked: Forks, settings: Settings, es: Elasticsearch, store: S3, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    demo = load_alerts(ROOT / "tests/newsroom/alerts.yml")
    alerts = [*demo, Alert(name="Slow", kql="countries: *", tell=[f"file://{pipe}"])]
    with Newsroom(port=0, slow=0.1) as room:
        undisturbed = Operator(forked, room, tmp_path / "undisturbed", es, alerts, store.bucket())
        undisturbed.run()
        assert len(batches.finished(undisturbed.root, "health")) == 1
        expected = indexed(es)
        assert len(expected.articles) > 30 and expected.told
        es.indices.delete(index=",".join(es.indices.get(index="wirewatch-*")))

        disturbed = Operator(forked, room, tmp_path / "disturbed", es, alerts)
        room.requests.clear()
        disturbed.run_and_kill("pages", lambda: len(room.requests) > 20)
        disturbed.run_and_kill("articles", lambda: disturbed.under_way("articles"))
        disturbed.run_and_kill("enriched", lambda: disturbed.under_way("enriched"))
        disturbed.run_and_kill("indexed", lambda: disturbed.under_way("indexed"))
        # A channel that takes nothing: the stage before waits in the middle of sending until it is killed.
        pipe.unlink()
        os.mkfifo(pipe)
        disturbed.run_and_kill("health", lambda: disturbed.is_sending(pipe))
        pipe.unlink()
        disturbed.run()
        ids = {json.loads(line)["id"] for line in pipe.read_text().splitlines()}
        assert ids and all(id.endswith(AGAIN) for id in ids), "what may have been sent before says so"
        assert indexed(es).differs_from(expected) == {}


@pytest.fixture(autouse=True)
def _forget_settings() -> None:
    get_settings.cache_clear()

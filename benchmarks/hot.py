"""From publishing to being told: how long a new article of a hot source takes to reach a webhook.

A site of the demo newsroom is crawled once; then it publishes an article more, and `wirewatch run --tier hot` is
started as a schedule would start it: a new process, which must load all models. Counted are the seconds from that
start, and from the moment when the crawler asks for the article, until the webhook of an alert has it. What the
schedule waits between two runs (ten minutes at most) comes on top.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from benchmarks import report
from benchmarks.node import own_node
from benchmarks.process import WIREWATCH, clean_environment, timed
from benchmarks.report import Figures, Table
from search.node import Node
from tests.newsroom import Newsroom

EVALUATED = False
SITE, NEW = "harbour-post", "migrants-channel-rescue-inquiry"
"""The site, and the article that only its second edition has."""
TIMES = 3
LONGEST = 300
"""Seconds after which it is not waited any longer."""


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Publish and wait, ``limit`` times.

    Raises:
        UserError: the node does not start, or a command fails.
    """
    figures: Figures = {}
    with own_node() as node:
        waits = [_told_after(node, number) for number in range(limit or TIMES)]
    for name, some in zip(("start", "seen"), zip(*waits, strict=True), strict=True):
        figures |= {f"hot.{name}.median_s": median(some), f"hot.{name}.longest_s": max(some)}
    return figures


def _told_after(node: Node, number: int) -> tuple[float, float]:
    """Seconds to the webhook, from the start of the run and from the crawler's request."""
    with (
        tempfile.TemporaryDirectory(prefix="wirewatch-benchmark-hot-") as folder,
        Newsroom(port=0, only=[SITE], slow=0) as room,
        _Receiver() as receiver,
    ):
        home = Path(folder)
        environment = clean_environment(**_settings(node, room, receiver, home))
        question = f'source.id: "{SITE}.localhost"'
        run = [*WIREWATCH, "run", "--tier", "hot"]
        timed(run, environment, home)
        make = [*WIREWATCH, "alerts", "add", f"All of it {number}", "--kql", question, "--tell", "webhook"]
        timed(make, environment, home)
        room.edition = 2
        with (home / "log").open("a") as log:
            begun = time.monotonic()
            process = subprocess.Popen(run, env=environment, cwd=home, stdout=log, stderr=log)
            seen = _wait(lambda: any(NEW in path for _, path, _ in list(room.requests)))
            told = _wait(lambda: any(NEW in url for url in receiver.told))
            process.wait()
        return told - begun, told - seen


def _settings(node: Node, room: Newsroom, receiver: _Receiver, home: Path) -> dict[str, str]:
    sources = home / "sources/all.yml"
    sources.parent.mkdir()
    entries = [entry for file in sorted(room.sources.glob("*.yml")) for entry in yaml.safe_load(file.read_text())]
    sources.write_text(yaml.safe_dump([entry | {"tier": "hot"} for entry in entries]))
    channels = home / "channels.yml"
    channels.write_text(f"- {{name: webhook, webhook: '{receiver.url}', secret: whsec_{'A' * 32}}}\n")
    channels.chmod(0o600)
    url, user, password = node.connection()
    return {
        "WIREWATCH_HOME": str(home / "home"),
        "WIREWATCH_SOURCES": str(sources.parent),
        "WIREWATCH_CHANNELS": str(channels),
        "WIREWATCH_CRAWL__ALLOW_PRIVATE": "true",
        "WIREWATCH_CRAWL__DELAY": "0",
        "WIREWATCH_ELASTICSEARCH__URL": url,
        "WIREWATCH_ELASTICSEARCH__USER": user,
        "WIREWATCH_ELASTICSEARCH__PASSWORD": password,
        "WIREWATCH_ELASTICSEARCH__CA": str(node.ca),
    }


def _wait(until: Any) -> float:
    """The moment in which something has come true.

    Raises:
        TimeoutError: it has not.
    """
    begun = time.monotonic()
    while not until():
        if time.monotonic() - begun > LONGEST:
            raise TimeoutError(f"Nothing came in {LONGEST} seconds.")
        time.sleep(0.01)
    return time.monotonic()


class _Receiver:
    """A web server that is told."""

    def __enter__(self) -> _Receiver:
        told: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(204)
                self.end_headers()
                told.extend(article["url"] for notice in said["notices"] for article in notice["articles"])

            def log_message(self, *args: Any) -> None:
                pass

        self.told = told
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def tables(figures: Figures) -> Iterator[Table]:
    """One row for each way of counting."""
    rows: list[list[str | float]] = [
        [said, figures[f"hot.{name}.median_s"], figures[f"hot.{name}.longest_s"]]
        for name, said in (("seen", "after the crawler asked for it (aim < 60)"), ("start", "after the run began"))
    ]
    yield Table("A new article reaches the webhook", ["", "median, s", "longest, s"], rows)


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])

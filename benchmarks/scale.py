"""Several workers, one of which is killed halfway, beside one process: is the index the same?

5,000 generated articles (`benchmarks/press.py`) on 20 sites of a server on loopback. First Airflow's DAG
`crawl_nightly` takes them, in 8 groups, by two Celery workers of two tasks each, with PostgreSQL, Redis and an object
store (moto's server, in this process) between them; when half of the batches are enriched one worker is killed with all
its processes, and the other ends the run. Then, into an empty index, with SQLite and files, `wirewatch run` takes the
sites of one group after the other, each in one process.

Who is meant by a surname alone and which story an article belongs to is told batch by batch, by what is known until
then. So the second way has the batches of the first, in the order in which those were told; all else is its own.

Compared are the articles by id: whether both indices have the same ones, with the same version and text, the same
copies, the same enrichment (all that is known of an article but its vectors, which the index does not give back), the
same other articles in their story; and whether the same alerts were told of the same stories. Seconds are wall-clock,
and depend on what else the machine does; here all workers share one.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks import report
from benchmarks.crawl import HOSTS, sites
from benchmarks.node import client_of, empty, own_node
from benchmarks.pipeline import prepared
from benchmarks.process import WIREWATCH, timed
from benchmarks.report import Figures, Table
from search.node import Node
from tests.cluster import cluster
from tests.index import Indexed, indexed
from tests.postgres import new_database, postgres
from tests.redis import redis_server
from tests.s3 import s3
from wirewatch import batches
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle

EVALUATED = True
ARTICLES = 5_000
GROUPS = 8
WORKERS = ("one", "two")
TEXT = ("title", "lead", "body")
SAME = ("articles", "texts", "copies", "enrichment", "stories", "notices")


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Send articles both ways.

    Args:
        evaluation: the folder of evaluation data, of whose news the articles are made.
        limit: articles, instead of 5,000.

    Raises:
        UserError: there is no such data, the node does not start, or the run failed.
    """
    articles = limit or ARTICLES
    core = max(os.sched_getaffinity(0))
    with (
        own_node() as node,
        client_of(node) as client,
        tempfile.TemporaryDirectory(prefix="wirewatch-scale-") as name,
        sites(articles, core, HOSTS, evaluation) as port,
    ):
        folder = Path(name)
        groups, together = _by_workers(folder, port, node)
        found = indexed(client)
        empty(client)
        settings = prepared(folder / "alone", port, HOSTS, node)
        alone = [timed([*WIREWATCH, "run", *_only(group)], settings, folder / "alone") for group in groups]
        expected = indexed(client)
        return {
            "scale.articles": articles,
            "scale.alone.indexed": len(expected.articles),
            "scale.alone.seconds": sum(ran.seconds for ran in alone),
            **{f"scale.workers.{key}": value for key, value in together.items()},
            "scale.workers.indexed": len(found.articles),
            **{f"scale.same.{key}": value for key, value in _same(expected, found).items()},
        }


def _only(domains: Iterable[str]) -> list[str]:
    return [f"--source={domain}" for domain in domains]


def _by_workers(folder: Path, port: int, node: Node) -> tuple[list[list[str]], Figures]:
    """Run the DAG with two workers, of which one is killed; returns also the sites of each batch, in the order in which
    the batches were told.
    """
    with postgres() as server, redis_server() as redis, s3() as store:
        root = store.bucket()
        settings = prepared(folder / "workers", port, HOSTS, node) | store.environment
        settings |= {
            "WIREWATCH_BATCHES": root,
            "WIREWATCH_STATE": new_database(server).render_as_string(hide_password=False),
        }
        os.environ.update(store.environment)  # this process lists the batches
        with cluster(folder / "airflow", server, redis, settings) as airflow:
            for worker in WORKERS:
                airflow.start_worker(worker)
            run = airflow.wait_for("the DAG", lambda: airflow.trigger("crawl_nightly", groups=GROUPS))
            begun = time.monotonic()
            airflow.wait_for("half", lambda: len(batches.finished(root, "enriched")) >= GROUPS // 2, 3600)
            airflow.kill(airflow.wait_for("a task", lambda: airflow.running("airflow worker -- ")))
            state = airflow.wait_for("the end", lambda: airflow.ended(run), 3600)
            if state != "success":
                raise UserError(f"The run of Airflow ended as {state}.\n{airflow.said()}")
            told = sorted(batches.finished(root, "enriched"), key=lambda batch: batch.manifest().created)
            return [sorted({article.source.id for article in batch.read(EnrichedArticle)}) for batch in told], {
                "seconds": time.monotonic() - begun,
                "tried_again": sum(task["try_number"] > 1 for task in airflow.tasks(run)),
                "requests": sum(store.requests.values()),
            }


def _same(expected: Indexed, found: Indexed) -> Figures:
    """The share of the articles of either in which the two agree; of what was told, of both."""
    differ = found.differs_from(expected)
    every = expected.articles.keys() | found.articles.keys()
    missing = set(differ.get("articles", ()))

    def share(*fields: str) -> float:
        return 1 - len(missing.union(*(differ.get(name, ()) for name in fields))) / len(every)

    told = len(expected.told | found.told)
    others = set(differ) - {"articles", "told", "story", "copies", "version", *TEXT}
    return {
        "articles": share(),
        "texts": share("version", *TEXT),
        "copies": share("copies"),
        "enrichment": share(*others),
        "stories": share("story"),
        "notices": 1 - len(expected.told ^ found.told) / told if told else 1.0,
    } | {f"not.{name}": len(differ[name]) for name in sorted(others)}


def tables(figures: Figures) -> Iterator[Table]:
    """Both ways, and what they agree in."""
    yield Table(
        f"{figures['scale.articles']:,.0f} articles",
        ("", "articles indexed", "seconds", "tasks tried again"),
        [
            (
                "two workers, one killed halfway",
                figures["scale.workers.indexed"],
                figures["scale.workers.seconds"],
                figures["scale.workers.tried_again"],
            ),
            ("one process at a time", figures["scale.alone.indexed"], figures["scale.alone.seconds"], ""),
        ],
    )
    yield Table(
        "Share of the articles in which the two indices agree; of the notices, those that both have",
        SAME,
        [tuple(figures[f"scale.same.{key}"] for key in SAME)],
    )
    differ = [(key.removeprefix("scale.same.not."), n) for key, n in figures.items() if ".same.not." in key]
    if differ:
        yield Table("Fields of articles in which the two differ", ("field", "articles"), differ)


if __name__ == "__main__":
    report.run(sys.modules[__name__])

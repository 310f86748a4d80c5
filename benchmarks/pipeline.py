"""What an article costs on its way from the site to the index, in every stage, and what Airflow adds to it.

Generated articles in ten languages (`benchmarks/press.py`: real sentences, real lengths, a tenth of them copies) on 20
sites of a server on loopback, at three sizes, each a quarter of the next, each in an empty home and an empty index of
a node of our own. Every stage is its command (`wirewatch crawl` …) in a process of its own, without politeness delay,
with 100 alerts. Told apart are processor seconds of the stage and of the node, and what a stage takes to start (Python,
models) from what an article takes: the line through the two larger sizes. *Growth* is that line's slope by the slope
between the two smaller ones: 1 where twice the articles take twice the work, noise aside. Seconds are wall-clock. Disk
is what is there after the last stage, on the wire is what the sites sent.

Then two batches of 500 articles go the same way through Airflow, as an operator's do: `wirewatch up`, the DAG triggered
through the API. Its share is all processor time of all its processes in the run that is not between the begin and the
end of a stage's own function; its seconds are those of the run in which no stage was at work. Idle is a minute
afterwards in which nothing runs.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import yaml
from elasticsearch import Elasticsearch
from rich.console import Console

from benchmarks import report
from benchmarks.crawl import HOSTS, sites, unhurried
from benchmarks.node import client_of, empty, own_node
from benchmarks.orchestration import orchestrate
from benchmarks.press import COUNTRIES, spoken
from benchmarks.process import WIREWATCH, timed
from benchmarks.report import Figures, Table
from benchmarks.site import host
from search.indices import ALIAS
from search.node import Node
from wirewatch import batches
from wirewatch.errors import UserError

EVALUATED = True
LARGEST = 800
SIZES = {"few": 1 / 16, "some": 1 / 4, "many": 1}
"""Shares of the largest size."""
STAGES = {
    "crawl": ["crawl"],
    "extract": ["extract"],
    "enrich": ["enrich"],
    "index": ["index", "run"],
    "alert": ["alert"],
    "deliver": ["deliver"],
    "health": ["sources", "measure"],
}
"""In their order, and the command of each."""
ALERTS = 100
BATCHES, IN_BATCH = 2, 500
"""What goes through Airflow."""
LOST = 0.01
"""Share of the articles that may get lost: a copy of a copy may be of the site that had it first, which is one article
there, and on a busy machine a page may not be read in the seconds that it has."""
NOISE = 2.0
"""CPU s by which two runs of the same may differ: where the articles take no more, growth is not told."""
DISK = {"archive": "pages", "articles": "articles", "enriched": "enriched"}
"""Batches by what they are called here; the other stages leave receipts."""


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Send articles through the pipeline.

    Args:
        evaluation: the folder of evaluation data, of whose news the articles are made.
        limit: articles of the largest size, instead of 800; a batch that goes through Airflow has no more.

    Raises:
        UserError: there is no such data, the node does not start, or a stage fails.
    """
    largest = limit or LARGEST
    with own_node() as node, client_of(node) as client, tempfile.TemporaryDirectory(prefix="wirewatch-way-") as name:
        figures: Figures = {"pipeline.load": os.getloadavg()[0], "pipeline.cores": len(os.sched_getaffinity(0))}
        for size, share in SIZES.items():
            empty(client)
            articles = max(1, round(share * largest))
            taken = stages(Path(name) / size, articles, HOSTS, evaluation, node, client)
            figures |= {f"pipeline.{size}.{key}": value for key, value in taken.items()}
        figures |= {f"pipeline.{key}": value for key, value in _lines(figures).items()}
        empty(client)
        in_batch = min(IN_BATCH, largest)
        home = Path(name) / "airflow"
        with sites(BATCHES * in_batch, _server_core(), HOSTS, evaluation) as port:
            told = orchestrate(prepared(home, port, HOSTS, node), home, BATCHES)
        figures |= {f"pipeline.airflow.{key}": value for key, value in told.items()}
        figures["pipeline.airflow.articles"] = client.count(index=ALIAS)["count"]
        if figures["pipeline.airflow.articles"] < (1 - LOST) * BATCHES * in_batch:
            raise UserError(f"Through Airflow came {figures['pipeline.airflow.articles']:.0f} articles.")
    return figures


def stages(home: Path, articles: int, hosts: int, evaluation: Path, node: Node, client: Elasticsearch) -> Figures:
    """What every stage takes of so many articles, what they occupy, and how many came out of each."""
    figures: Figures = {"articles": articles}
    with sites(articles, _server_core(), hosts, evaluation) as port:
        settings = prepared(home, port, hosts, node)
        server = psutil.Process(node.status().pid)
        with Console(stderr=True).status("") as status:
            for stage, command in STAGES.items():
                status.update(f"{articles} articles: {stage}")
                before = _cpu(server)
                ran = timed([*WIREWATCH, *command], settings, home)
                _settled(client)
                figures |= {
                    f"{stage}.seconds": ran.seconds,
                    f"{stage}.articles_per_s": articles / ran.seconds,
                    f"{stage}.cpu_s": ran.cpu,
                    f"{stage}.cpu_s_per_article": ran.cpu / articles,
                    f"{stage}.node_cpu_s": _cpu(server) - before,
                    f"{stage}.peak_mb": ran.peak / 2**20,
                }
        figures["node_mb"] = server.memory_info().rss / 2**20
    return figures | _counted(home, articles) | _occupied(home, client, articles)


def prepared(home: Path, port: int, hosts: int, node: Node) -> dict[str, str]:
    """The environment of a home whose catalogue are the sites, with its alerts made."""
    (home / "sources").mkdir(parents=True)
    sources = [
        {
            "name": f"Site {number}",
            "domain": host(number),
            "country": COUNTRIES[spoken(number)],
            "languages": [spoken(number)],
            "feeds": [f"http://{host(number)}:{port}/feed.xml"],
        }
        for number in range(hosts)
    ]
    (home / "sources/all.yml").write_text(yaml.safe_dump(sources), encoding="utf-8")
    (home / "alerts.yml").write_text(yaml.safe_dump(list(_alerts())), encoding="utf-8")
    url, user, password = node.connection()
    settings = unhurried(home) | {
        "WIREWATCH_ALERTS": str(home / "alerts.yml"),
        "WIREWATCH_ELASTICSEARCH__URL": url,
        "WIREWATCH_ELASTICSEARCH__USER": user,
        "WIREWATCH_ELASTICSEARCH__PASSWORD": password,
        "WIREWATCH_ELASTICSEARCH__CA": str(node.ca),
    }
    timed([*WIREWATCH, "alerts", "apply", "--yes"], settings, home)
    return settings


def _alerts() -> Iterator[Mapping[str, object]]:
    """Alerts of one country or another and some words, of which some tell much and most little."""
    words = ("election", "hospital and not football", "strike or protest", '"prime minister"', "agreement and port")
    countries = ("DZ", "RU", "FR", "US", "CN", "NG", "KE", "EG", "TR", "BR")
    for number in range(ALERTS):
        country, said = countries[number % 10], words[number // 10 % 5]
        kql = f"countries: {country} and ({said})" if number >= 10 else f"countries: {country}"
        yield {"name": f"Alert {number}", "kql": kql, "tell": ["file:notices.jsonl"]}


def _server_core() -> int:
    """The core that serves the sites."""
    return max(os.sched_getaffinity(0))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _settled(client: Elasticsearch) -> None:
    """Wait until the node has merged what it was given: that is work for the stage that gave it."""
    for _ in range(600):
        if not client.nodes.stats(metric="indices")["nodes"].popitem()[1]["indices"]["merges"]["current"]:
            return
        time.sleep(0.1)


def _counted(home: Path, articles: int) -> Figures:
    """How many articles came out of each stage.

    Raises:
        UserError: some got lost.
    """
    root = (home / "batches").as_uri()
    counts = {stage: batches.total(batches.finished(root, stage)) for stage in batches.STAGES}
    came = {
        "crawl.articles": counts["pages"].get("fetched", 0),
        "extract.articles": counts["articles"].get("new", 0),
        "enrich.articles": counts["enriched"].get("enriched", 0),
        "index.articles": counts["indexed"].get("created", 0),
    }
    for stage, number in came.items():
        if number < (1 - LOST) * articles:
            raise UserError(f"Of {articles} articles {stage} are {number}: {counts}")
    told = {"alert.notices": counts["alerted"].get("notices", 0), "wire.bytes": counts["pages"]["bytes"]}
    return {**came, **told, "wire.bytes_per_article": told["wire.bytes"] / articles}


def _occupied(home: Path, client: Elasticsearch, articles: int) -> Figures:
    """Bytes an article on the disk."""
    root = home / "batches"
    found = {name: _size(root / stage) for name, stage in DISK.items()}
    found["receipts"] = _size(root) - sum(found.values())
    found["state"] = sum(file.stat().st_size for file in home.glob("state.sqlite*"))
    found["vectors"] = sum(file.stat().st_size for file in home.glob("vectors.sqlite*"))
    client.indices.flush(index="wirewatch-*")
    stats = client.indices.stats(index="wirewatch-*", metric="store")["_all"]
    found["index"] = stats["primaries"]["store"]["size_in_bytes"]
    return {f"disk.{name}.bytes_per_article": size / articles for name, size in found.items()}


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _lines(figures: Figures) -> Figures:
    """What each stage takes to start and for an article more, and how that grows."""
    told: Figures = {}
    few, some, many = (figures[f"pipeline.{size}.articles"] for size in SIZES)
    for stage in STAGES:
        for what in ("cpu_s", "node_cpu_s", "seconds"):
            one, two, three = (figures[f"pipeline.{size}.{stage}.{what}"] for size in SIZES)
            slope = (three - two) / (many - some)
            told[f"{stage}.{what}_per_article"] = max(slope, 0.0)
            told[f"{stage}.start_{what}"] = max(three - slope * many, 0.0)
            if what == "cpu_s" and two - one > NOISE:
                told[f"{stage}.growth"] = slope / ((two - one) / (some - few))
        told[f"{stage}.articles_per_s"] = figures[f"pipeline.many.{stage}.articles_per_s"]
        told[f"{stage}.peak_mb"] = figures[f"pipeline.many.{stage}.peak_mb"]
    return told


def tables(figures: Figures) -> Iterator[Table]:
    """Each stage at the three sizes, disk and wire, and Airflow."""
    sizes = [figures[f"pipeline.{size}.articles"] for size in SIZES]
    yield Table(
        f"A way of {sizes[-1]:,.0f} articles, and of {sizes[0]:,.0f} and {sizes[1]:,.0f}",
        (
            *("stage", "articles/s", "CPU s", "node's CPU s", "peak memory, MB", "CPU s to start"),
            *("CPU ms an article", "node's CPU ms an article", "growth"),
        ),
        [
            (
                stage,
                *(figures[f"pipeline.many.{stage}.{what}"] for what in ("articles_per_s", "cpu_s", "node_cpu_s")),
                round(figures[f"pipeline.{stage}.peak_mb"]),
                figures[f"pipeline.{stage}.start_cpu_s"],
                *(1000 * figures[f"pipeline.{stage}.{what}_per_article"] for what in ("cpu_s", "node_cpu_s")),
                figures.get(f"pipeline.{stage}.growth", ""),
            )
            for stage in STAGES
        ],
    )
    places = [key.split(".")[3] for key in figures if key.startswith("pipeline.many.disk.")]
    yield Table(
        "Bytes an article, by the number of articles",
        ("where", *(f"{size:,.0f}" for size in sizes)),
        [
            ("on the wire", *(round(figures[f"pipeline.{size}.wire.bytes_per_article"]) for size in SIZES)),
            *(
                (place, *(round(figures[f"pipeline.{size}.disk.{place}.bytes_per_article"]) for size in SIZES))
                for place in places
            ),
        ],
    )
    told = {key.removeprefix("pipeline.airflow."): figures[key] for key in figures if ".airflow." in key}
    if told:
        yield Table(
            f"{told['articles']:,.0f} articles in {BATCHES} batches through Airflow; aim: a share below 10 %",
            ("", "figure"),
            [(name.replace("_", " "), value) for name, value in told.items()],
        )


if __name__ == "__main__":
    report.run(sys.modules[__name__])

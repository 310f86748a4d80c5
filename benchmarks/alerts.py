"""What it costs to ask alerts of everything new: up to 50,000 of them, of 1,000 new articles among 100,000.

The articles are those of `benchmarks/articles.py` without their vectors. The alerts are KQL: two to four words that
must all be there, a name as a phrase, one of three names, a field with words, words in the title in a language.
Few of them share anything: three in four clauses are of one alert alone. So the number of clauses is told too.
Measured is `search.alerts.matching.matches` from the alerts to every article that each finds, after a first round of
the same alerts that warms up, on a node of our own: seconds by the clock, processor seconds of this process and of the
node, and the most memory. ElastAlert2 asks the same node the same: a rule `any` each, with the same KQL, over the
moment at which the new articles were indexed, for the same fields. It sends and writes nothing; its start and its first
round are not counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

import psutil
import yaml
from elasticsearch import Elasticsearch, helpers

from benchmarks import report
from benchmarks.articles import Desk
from benchmarks.node import client_of, own_node
from benchmarks.process import clean_environment
from benchmarks.report import Figures, Table
from search.alerts.alert import Alert
from search.alerts.matching import matches
from search.alerts.store import Kept
from search.index import ALIAS, document, init
from search.indices import homes
from search.node import Node
from search.query.kql import leaves, parted
from wirewatch.errors import UserError
from wirewatch.settings import get_settings

EVALUATED = False
ARTICLES = 100_000
NEW = 0.01
"""Share of them that the run brought."""
SIZES = (100, 1_000, 10_000, 50_000)
RULES = (100, 1_000)
"""How many ElastAlert2 is given: it takes minutes for a thousand."""
MOST = SIZES[-1]
OLD, RUN = "made", "new"
BEFORE, AT, AFTER = "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"
"""When the old and the new articles were indexed, and a moment later."""
ELASTALERT = ("elastalert2==2.19.0", "pytz==2025.2")
"""It needs pytz and does not say so."""
OTHERS = Path(__file__).parent / "others"


def measure(evaluation: Path | None = None, limit: int | None = None) -> Figures:
    """Index the articles, and ask.

    Args:
        evaluation: not used: the articles are made up.
        limit: articles, instead of 100,000; no more alerts than that are asked.

    Raises:
        UserError: the node does not start, an alert cannot be asked, or ElastAlert2 cannot be installed.
    """
    desk = Desk()
    size = limit or ARTICLES
    figures: Figures = {"alerts.articles": size}
    with own_node() as node, client_of(node) as impatient:
        client = impatient.options(request_timeout=600)
        figures["alerts.new"] = _fill(client, desk, size)
        alerts = [_kept(number, kql) for number, kql in enumerate(islice(kqls(desk), min(MOST, size)))]
        sizes = [number for number in SIZES if number <= len(alerts)] or [len(alerts)]
        for number in sizes:
            figures |= {f"alerts.{number}.{name}": figure for name, figure in _asked(node, client, alerts[:number])}
        for number in RULES:
            if number in sizes:
                taken = _elastalert(node, alerts[:number])
                figures |= {f"alerts.elastalert.{number}.{name}": figure for name, figure in taken}
    rates = {key: figures[key] for key in figures if key.endswith(".per_cpu_s") and "elastalert" in key}
    if rates:
        theirs = max(rates.values())
        figures |= {f"alerts.{number}.ratio": figures[f"alerts.{number}.per_cpu_s"] / theirs for number in sizes}
    return figures


def _fill(client: Elasticsearch, desk: Desk, size: int) -> int:
    """Index articles, the last of them as those of the run; says how many these are."""
    init(client)
    new = max(1, int(NEW * size))
    year = next(desk.articles(1)).first_seen.year
    index = homes(client, {year})[year]

    def documents() -> Iterator[dict[str, Any]]:
        for number, article in enumerate(desk.articles(size)):
            fields = document(article)
            fields = {name: value for name, value in fields.items() if name not in ("embedding", "passages")}
            run, at = (RUN, AT) if number >= size - new else (OLD, BEFORE)
            own = {"run": run, "indexed": at, "revision": 1, "original": article.id}
            yield {"_index": index, "_id": article.id, "_source": fields | own}

    for _ in helpers.parallel_bulk(client, documents(), thread_count=4, chunk_size=200):
        pass
    client.indices.refresh(index=ALIAS)
    return new


def kqls(desk: Desk) -> Iterator[str]:
    """What analysts want to be told of, without end."""
    for number, language in zip(count(), cycle(("en", "fr", "es", "ar", "ru"))):
        words = desk.telling_words(language, 4)
        names = desk.names("person", 2) + desk.names("organization", 1)
        at = number // 10
        yield (
            " and ".join(words[:2]),
            " and ".join(words[:3]),
            " and ".join(words[:3]),
            " and ".join(words),
            f'"{names[0]}"',
            f'"{names[2]}" and {words[0]}',
            " or ".join(f'"{name}"' for name in names),
            f"countries: {desk.countries[at % 40]} and topics: {desk.topics[at % 30]}",
            f"countries: {desk.countries[at % 40]} and ({' or '.join(words[:2])})",
            f"title: ({' or '.join(words[:3])}) and language: {language}",
        )[number % 10]


def _kept(number: int, kql: str) -> Kept:
    at = datetime.now(UTC)
    return Kept(alert=Alert(name=f"alert {number}", kql=kql), origin="api", created=at, changed=at)


def _asked(node: Node, client: Elasticsearch, alerts: list[Kept]) -> Iterator[tuple[str, float]]:
    """What asking them takes."""
    yield "clauses", len({clause for kept in alerts for clause in leaves(parted(kept.alert.kql or ""))})
    found = telling = 0
    process = psutil.Process()
    before = most = process.memory_info().rss
    deque(matches(client, alerts, RUN), maxlen=0)  # warms up
    with _watched(node) as taken:
        cpu = time.process_time()
        for number, (kept, hits) in enumerate(matches(client, alerts, RUN)):
            if number % 250 == 0:
                most = max(most, process.memory_info().rss)
            if isinstance(hits, str):
                raise UserError(f"The alert `{kept.alert.kql}` cannot be asked: {hits}")
            found += len(hits)
            telling += bool(hits)
        ours = time.process_time() - cpu
    yield "matches", found
    yield "telling", telling
    yield "seconds", taken["seconds"]
    yield "cpu_s", ours
    yield "node_cpu_s", taken["node_cpu_s"]
    yield "per_cpu_s", len(alerts) / (ours + taken["node_cpu_s"])
    yield "grown_mb", (most - before) / 2**20
    yield "node_mb", taken["node_mb"]


@contextmanager
def _watched(node: Node) -> Iterator[dict[str, float]]:
    """Seconds by the clock, and the node's processor seconds and memory; filled in afterwards."""
    server = psutil.Process(node.status().pid)
    before, begun = server.cpu_times(), time.perf_counter()
    taken: dict[str, float] = {}
    yield taken
    after = server.cpu_times()
    taken["seconds"] = time.perf_counter() - begun
    taken["node_cpu_s"] = after.user + after.system - before.user - before.system
    taken["node_mb"] = server.memory_info().rss / 2**20


def _elastalert(node: Node, alerts: list[Kept]) -> Iterator[tuple[str, float]]:
    """What ElastAlert2 takes for the same."""
    url, user, password = node.connection()
    host, _, port = url.removeprefix("https://").partition(":")
    with tempfile.TemporaryDirectory(prefix="wirewatch-elastalert-") as name:
        folder = Path(name)
        (folder / "rules").mkdir()
        for number, kept in enumerate(alerts):
            rule = {
                "name": kept.alert.name,
                "type": "any",
                "index": ALIAS,
                "timestamp_field": "indexed",
                "realert": {"minutes": 0},
                "filter": [{"kql": {"query": kept.alert.kql}}],
                "include": ["title", "url", "source", "language", "published", "first_seen", "story_id"],
                "alert": "debug",
            }
            (folder / f"rules/{number}.yaml").write_text(yaml.safe_dump(rule, allow_unicode=True), encoding="utf-8")
        config = {
            "rules_folder": str(folder / "rules"),
            "run_every": {"minutes": 1},
            "buffer_time": {"days": 7},
            "es_host": host,
            "es_port": int(port),
            "use_ssl": True,
            "verify_certs": True,
            "ca_certs": str(node.ca),
            "es_username": user,
            "es_password": password,
            "writeback_index": "elastalert",
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        script = OTHERS / "elastalert_pass.py"
        command = [str(_python()), str(script), str(folder / "config.yaml"), BEFORE, AFTER]
        # Where this variable is set, its client trusts what that names instead.
        environment = clean_environment(REQUESTS_CA_BUNDLE=str(node.ca))
        log = folder / "log"
        with (
            log.open("wb") as errors,
            subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=errors) as process,
        ):
            assert process.stdout
            last = b""
            for _ in range(2):
                last = process.stdout.readline()  # "round"
            with _watched(node) as taken:
                for line in process.stdout:
                    last = line
        if process.returncode:
            raise UserError(
                f"ElastAlert2 ended with status {process.returncode}. It said last:\n{log.read_text()[-2000:]}"
            )
    told: Figures = json.loads(last)
    if told["rules"] != len(alerts):
        raise UserError(f"ElastAlert2 has read {told['rules']:.0f} of {len(alerts)} rules.")
    yield "matches", told["matches"]
    yield "seconds", told["seconds"]
    yield "cpu_s", told["cpu_s"]
    yield "node_cpu_s", taken["node_cpu_s"]
    yield "per_cpu_s", len(alerts) / (told["cpu_s"] + taken["node_cpu_s"])


def _python() -> Path:
    """The Python of an environment with ElastAlert2, which wants an older client of Elasticsearch than ours."""
    folder = get_settings().home / "benchmarks/elastalert2"
    python = folder / "bin/python"
    uv = Path(sys.executable).parent / "uv"
    if not python.exists():
        for command in (
            [uv, "venv", "--quiet", "--python", sys.executable, folder],
            [uv, "pip", "install", "--quiet", "--python", python, *ELASTALERT],
        ):
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
            if done.returncode:
                raise UserError(f"ElastAlert2 cannot be installed to compare with: {done.stderr.strip()[-500:]}")
    return python


def tables(figures: Figures) -> Iterator[Table]:
    """What each number of alerts takes, and ElastAlert2 beside it."""
    names = (
        "clauses",
        "telling",
        "matches",
        "seconds",
        "cpu_s",
        "node_cpu_s",
        "per_cpu_s",
        "grown_mb",
        "node_mb",
        "ratio",
    )
    rows: list[list[str | float]] = []
    for who, prefix, sizes in (("Wirewatch", "alerts", SIZES), ("ElastAlert2", "alerts.elastalert", RULES)):
        for size in sizes:
            if f"{prefix}.{size}.seconds" in figures:
                told = [figures.get(f"{prefix}.{size}.{name}", "") for name in names]
                rows.append([who, size, *told])
    yield Table(
        f"Alerts asked of {figures['alerts.new']:,.0f} new articles among {figures['alerts.articles']:,.0f}; "
        "aim 50,000 in 60 s, and 30 times ElastAlert2",
        (
            *(
                "",
                "alerts",
                "clauses among them",
                "that found something",
                "matches",
                "seconds",
                "our CPU s",
                "the node's CPU s",
            ),
            *("alerts per CPU second", "memory grown by, MB", "the node's memory, MB", "times ElastAlert2"),
        ),
        rows,
    )


if __name__ == "__main__":
    report.run(sys.modules[__name__])

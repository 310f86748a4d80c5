"""How fast, how sparing and how flat the crawler is, beside other tools in the same run.

2,000 generated articles (`benchmarks/site.py`) over 20 host names are fetched from a server on loopback, without
politeness delays: by Scrapy alone, which does nothing with them, and by `wirewatch crawl`, which reads the feeds, keeps
robots.txt and limits, and archives every exchange, each on one and the same core; then with extraction on two cores by
Wirewatch (two groups, as the DAG maps them), by trafilatura's command and by news-please as a library, the last two on
every tenth article. Seconds are wall-clock and include the start of Python. The server has a core of its own where the
machine has more than two. Then the unchanged sites are crawled once more, to see what that transfers. All is done again
with ten times as many articles: memory must not grow with them, and the start counts less.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import yaml

from benchmarks import report
from benchmarks.process import ROOT, WIREWATCH, clean_environment, timed
from benchmarks.report import Figures, Table
from benchmarks.site import articles_of, host, path
from wirewatch import batches
from wirewatch.errors import UserError
from wirewatch.settings import get_settings

EVALUATED = False
HOSTS = 20
ARTICLES = 2000
OTHERS = ROOT / "benchmarks/others"
NEWS_PLEASE = "news-please==1.6.16"


def measure(evaluation: Path | None = None, limit: int | None = None) -> Figures:
    """Crawl generated sites with every tool.

    Args:
        evaluation: not used: the sites are generated.
        limit: articles, instead of 2,000.

    Raises:
        UserError: a tool fails or cannot be installed.
    """
    articles = limit or ARTICLES
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="wirewatch-crawl-") as name:
        folder = Path(name)
        figures: Figures = {"crawl.hosts": HOSTS}
        with sites(articles, cores[-1]) as port:
            figures |= _fetching(folder / "fetching", port, articles, cores[:1], "few") | _again(
                folder / "fetching", cores
            )
            figures |= _extracting(folder / "extracting", port, articles, cores[:2], "few")
        with sites(10 * articles, cores[-1]) as port:
            figures |= _fetching(folder / "fetching-many", port, 10 * articles, cores[:1], "many")
            figures |= _extracting(folder / "extracting-many", port, 10 * articles, cores[:2], "many")
    figures["crawl.wirewatch.growth"] = figures["crawl.wirewatch.many.mb"] / figures["crawl.wirewatch.few.mb"]
    return figures


def _fetching(home: Path, port: int, articles: int, cores: list[int], name: str) -> Figures:
    settings = _settings(home, port)
    urls = _urls(home, port, articles)
    bare = timed([sys.executable, "-m", "benchmarks.others.bare_scrapy", str(urls)], settings, home, cores)
    ours = timed([*WIREWATCH, "crawl"], settings, home, cores)
    if (fetched := batches.total(batches.finished(_batches(home), "pages")).get("fetched", 0)) != articles:
        raise UserError(f"The crawl brought {fetched} of {articles} articles.")
    return {
        f"crawl.{name}.articles": articles,
        f"crawl.scrapy.{name}.pages_per_s": articles / bare.seconds,
        f"crawl.wirewatch.{name}.pages_per_s": articles / ours.seconds,
        f"crawl.wirewatch.{name}.of_scrapy": bare.seconds / ours.seconds,
        f"crawl.wirewatch.{name}.mb": ours.peak / 2**20,
    }


def _again(home: Path, cores: list[int]) -> Figures:
    timed([*WIREWATCH, "crawl"], unhurried(home), home, cores)
    first, second = (batch.manifest().counts["bytes"] for batch in batches.finished(_batches(home), "pages"))
    return {"crawl.first.bytes": first, "crawl.second.bytes": second, "crawl.second.share": second / first}


def _extracting(home: Path, port: int, articles: int, cores: list[int], name: str) -> Figures:
    settings = _settings(home, port) | {"WIREWATCH_WORKERS": "1"}
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as both:
        groups = [[sys.executable, "-m", "benchmarks.group", str(number)] for number in range(2)]
        list(both.map(lambda command: timed(command, settings, home, cores), groups))
    ours = articles / (time.monotonic() - begun)
    extracted = batches.total(batches.finished(_batches(home), "articles")).get("new", 0)
    if extracted != articles:
        raise UserError(f"Extraction brought {extracted} of {articles} articles.")
    some = articles // 10
    urls = str(_urls(home, port, some))
    trafilatura = timed([sys.executable, str(OTHERS / "trafilatura_list.py"), urls], settings, home, cores)
    news_please = timed([str(_news_please()), str(OTHERS / "news_please.py"), urls], settings, home, cores)
    return {
        f"crawl.wirewatch.{name}.extracted_per_s": ours,
        f"crawl.trafilatura.{name}.extracted_per_s": some / trafilatura.seconds,
        f"crawl.news_please.{name}.extracted_per_s": some / news_please.seconds,
        f"crawl.wirewatch.{name}.of_news_please": ours / (some / news_please.seconds),
    }


def _settings(home: Path, port: int) -> dict[str, str]:
    """The environment of a crawl of all hosts without politeness, in a home of its own."""
    (home / "sources").mkdir(parents=True)
    entries = [
        {
            "name": f"Site {number}",
            "domain": host(number),
            "country": "FR",
            "languages": ["en"],
            "feeds": [f"http://{host(number)}:{port}/feed.xml"],
        }
        for number in range(HOSTS)
    ]
    (home / "sources/fr.yml").write_text(yaml.safe_dump(entries), encoding="utf-8")
    return unhurried(home)


def unhurried(home: Path) -> dict[str, str]:
    """The environment of a crawl without politeness or limits, in a home of its own."""
    return clean_environment(
        WIREWATCH_HOME=str(home),
        WIREWATCH_SOURCES=str(home / "sources"),
        WIREWATCH_CRAWL__DELAY="0",
        WIREWATCH_CRAWL__PER_SITE="8",
        WIREWATCH_CRAWL__ALLOW_PRIVATE="true",
        WIREWATCH_CRAWL__MAX_ARTICLES="1000000",
        WIREWATCH_CRAWL__DAILY_REQUESTS="1000000",
    )


def _urls(home: Path, port: int, articles: int) -> Path:
    file = home / "urls"
    urls = [f"http://{host(at)}:{port}{path(n)}" for at in range(HOSTS) for n in articles_of(at, HOSTS, articles)]
    file.write_text("\n".join(urls), encoding="utf-8")
    return file


def _batches(home: Path) -> str:
    return (home / "batches").as_uri()


@contextmanager
def sites(articles: int, core: int, hosts: int = HOSTS, evaluation: Path | None = None) -> Iterator[int]:
    """Serve the sites from a process on that core; yields the port. With evaluation data they have press articles."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.site", str(port), str(hosts), str(articles)]
    if evaluation:
        command.append(str(evaluation.absolute()))
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        os.sched_setaffinity(server.pid, {core})
        for _ in range(600):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


def _news_please() -> Path:
    """The Python of an environment with news-please, which fits into no environment with our versions."""
    folder = get_settings().home / "benchmarks/news-please"
    python = folder / "bin/python"
    uv = Path(sys.executable).parent / "uv"
    if not python.exists():
        for command in (
            [uv, "venv", "--quiet", folder],
            [uv, "pip", "install", "--quiet", "--python", python, NEWS_PLEASE],
        ):
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
            if done.returncode:
                raise UserError(f"news-please cannot be installed to compare with: {done.stderr.strip()[-500:]}")
    return python


def tables(figures: Figures) -> Iterator[Table]:
    """Speed, bytes and memory."""
    fetched = [
        (
            f"{figures[f'crawl.{name}.articles']:,.0f} articles",
            figures[f"crawl.scrapy.{name}.pages_per_s"],
            figures[f"crawl.wirewatch.{name}.pages_per_s"],
            figures[f"crawl.wirewatch.{name}.of_scrapy"],
            figures[f"crawl.wirewatch.{name}.mb"],
        )
        for name in ("few", "many")
    ]
    yield Table(
        "Fetched on one core (and by Wirewatch archived), start-up included; aim 0.7 of Scrapy, and flat memory",
        ("", "Scrapy alone, pages/s", "Wirewatch, pages/s", "of Scrapy", "Wirewatch's peak memory, MB"),
        fetched,
    )
    extracted = [
        (
            f"{figures[f'crawl.{name}.articles']:,.0f} articles",
            figures[f"crawl.wirewatch.{name}.extracted_per_s"],
            figures[f"crawl.trafilatura.{name}.extracted_per_s"],
            figures[f"crawl.news_please.{name}.extracted_per_s"],
            figures[f"crawl.wirewatch.{name}.of_news_please"],
        )
        for name in ("few", "many")
    ]
    yield Table(
        "Fetched and extracted on two cores, start-up included; aim 5 times news-please",
        ("", "Wirewatch, pages/s", "trafilatura, pages/s", "news-please, pages/s", "Wirewatch is times news-please"),
        extracted,
    )
    yield Table(
        "A second crawl of the unchanged sites; aim below 2 %",
        ("bytes of the first", "bytes of the second", "percent"),
        [(figures["crawl.first.bytes"], figures["crawl.second.bytes"], 100 * figures["crawl.second.share"])],
    )


if __name__ == "__main__":
    report.run(sys.modules[__name__])

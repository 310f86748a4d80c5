"""Real pages through the whole pipeline: each stage as an operator runs it, and what came of every page.

The saved pages of the evaluation sets fundus, aeb and mediacloud200 are served to the spider under their own addresses:
a proxy on loopback answers for every host, over HTTP and HTTPS, with a feed per host that lists its pages. Then the
commands of `wirewatch` run one after the other, each in a process of its own, with an empty home, no politeness delay,
and an Elasticsearch node of their own. Seconds are wall-clock and include the start of Python and the loading of
models. Pages or articles go in and out, except that what comes out of the last stage are notices. Memory is the most
that a command and its children had resident together (what processes share counts for each).
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import yaml
from rich.console import Console

from benchmarks import report
from benchmarks.node import own_node
from benchmarks.process import WIREWATCH, clean_environment, timed
from benchmarks.report import Figures, Table
from benchmarks.web import Answer, proxy
from crawlers.discovery import clean_url, site_of
from wirewatch import batches
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle, Page, PageKind, PageOutcome
from wirewatch.sources import Source

EVALUATED = True
SETS = ("fundus", "aeb", "mediacloud200")
FEED = "/wirewatch-replay.xml"
"""Where each host has its feed: a path that no saved page has."""
COMMANDS = {
    "crawl": ["crawl"],
    "extract": ["extract"],
    "enrich": ["enrich"],
    "index": ["index", "run"],
    "alert": ["alert"],
}
"""The stages in their order, and the command of each."""
ALERTS = [
    {"name": "Anything placed", "kql": "countries: *", "tell": ["file:notices.jsonl"]},
    {"name": "Elections", "kql": "election or topics: elections", "tell": ["file:notices.jsonl"]},
    {"name": "Turkey", "kql": "Turkey", "tell": ["file:notices.jsonl"]},
]
WORLDWIDE = {"ag", "ai", "cc", "co", "eu", "fm", "io", "me", "su", "tv"}
"""Two-letter top-level domains that tell nothing of the country, or that are none's."""


@dataclass(frozen=True)
class Case:
    """A saved page."""

    url: str
    file: Path
    """Its bytes as the site sent them, gzipped."""
    language: str | None
    country: str
    """ISO 3166-1 alpha-2 code of the outlet's country, as far as that can be told."""


def load_cases(evaluation: Path, limit: int | None = None) -> list[Case]:
    """The saved pages of the three sets, or the first so many of them.

    Raises:
        UserError: the folder has none of the sets.
    """
    folder = evaluation / "extraction"
    cases = []
    for name in SETS:
        file = folder / f"{name}.jsonl.gz"
        for line in gzip.decompress(file.read_bytes()).splitlines() if file.exists() else ():
            row = json.loads(line)
            page = folder / name / f"{row['id']}.html.gz"
            cases.append(Case(row["url"], page, row.get("lang"), _country(row["url"], row.get("country"))))
    if not cases:
        raise UserError(f"{folder} has none of {', '.join(f'{name}.jsonl.gz' for name in SETS)}: name another folder.")
    return cases[:limit]


def _country(url: str, known: str | None) -> str:
    """Of the outlet: as the case says, or by its top-level domain; the United States where that tells nothing."""
    top_level = (urlsplit(url).hostname or "").rpartition(".")[2]
    code = known or (top_level if len(top_level) == 2 and top_level not in WORLDWIDE else "us")
    return "GB" if code == "uk" else code.upper()


class SavedWeb:
    """The sites of the saved pages."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self.pages: dict[str, Path] = {}
        hosts: dict[str, list[str]] = defaultdict(list)
        for case in cases:
            self.pages.setdefault(_plain(case.url), case.file)
            hosts[feed_of(case)].append(case.url)
        self.feeds = {feed: _rss(urls) for feed, urls in hosts.items()}

    def answer(self, url: str) -> Answer:
        """What the sites answer: a feed, a page, or 404, for robots.txt too."""
        if feed := self.feeds.get(url):
            return Answer(200, "application/rss+xml", feed)
        if file := self.pages.get(_plain(url)):
            # Without a charset: it was saved without headers, so the page itself must tell.
            return Answer(200, "text/html", gzip.decompress(file.read_bytes()))
        return Answer(404, "text/plain", b"That was not saved.")


def _plain(url: str) -> str:
    """An address as the spider asks for it. To a site it is the same page with and without tracking parameters."""
    return clean_url(url) or url


def feed_of(case: Case) -> str:
    """Where the host of a case lists its pages."""
    scheme, host = urlsplit(case.url)[:2]
    return f"{scheme}://{host}{FEED}"


def _rss(urls: Iterable[str]) -> bytes:
    """A feed with addresses and nothing else, so that all that is found in an article is found in its page."""
    rss = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(rss, "channel")
    ElementTree.SubElement(channel, "title").text = "Saved pages"
    for url in urls:
        ElementTree.SubElement(ElementTree.SubElement(channel, "item"), "link").text = url
    return bytes(ElementTree.tostring(rss, encoding="utf-8", xml_declaration=True))


def catalogue(cases: Iterable[Case]) -> list[Source]:
    """A source for each site, with the feeds of all its hosts."""
    sites: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        sites[site_of(urlsplit(case.url).hostname or "")].append(case)
    return [
        Source(
            name=site,
            domain=site,
            country=_frequent(case.country for case in of_site)[0],
            languages=tuple(_frequent(case.language for case in of_site if case.language)),
            feeds=tuple(dict.fromkeys(feed_of(case) for case in of_site)),
        )
        for site, of_site in sorted(sites.items())
    ]


def _frequent(values: Iterable[str]) -> list[str]:
    return [value for value, _ in Counter(values).most_common()]


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Replay the saved pages of an evaluation folder, on a node of one's own.

    Raises:
        UserError: there are none, the node does not start, or a stage fails.
    """
    cases = load_cases(evaluation, limit)
    with own_node() as node, tempfile.TemporaryDirectory(prefix="wirewatch-replay-") as folder:
        url, user, password = node.connection()
        connection = {
            "WIREWATCH_ELASTICSEARCH__URL": url,
            "WIREWATCH_ELASTICSEARCH__USER": user,
            "WIREWATCH_ELASTICSEARCH__PASSWORD": password,
            "WIREWATCH_ELASTICSEARCH__CA": str(node.ca),
        }
        return replay(cases, Path(folder), connection)


def replay(cases: list[Case], home: Path, connection: Mapping[str, str]) -> Figures:
    """Serve the saved pages and run all stages over them.

    Args:
        cases: the saved pages.
        home: an empty folder for all that the stages write, and for their ``log``.
        connection: the settings of the Elasticsearch to index in, as variables of the environment.

    Raises:
        UserError: a stage fails; the message ends with what it said last.
    """
    sources = catalogue(cases)
    (home / "sources").mkdir()
    entries = [source.model_dump(mode="json", exclude_defaults=True) for source in sources]
    (home / "sources/replay.yml").write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")
    (home / "alerts.yml").write_text(yaml.safe_dump(ALERTS), encoding="utf-8")
    figures: Figures = {"replay.pages": len(cases), "replay.sites": len(sources)}
    with proxy(SavedWeb(cases).answer) as address:
        settings = clean_environment(
            **connection,
            WIREWATCH_HOME=str(home),
            WIREWATCH_SOURCES=str(home / "sources"),
            WIREWATCH_ALERTS=str(home / "alerts.yml"),
            WIREWATCH_CRAWL__PROXY=address,
            WIREWATCH_CRAWL__DELAY="0",
        )
        timed([*WIREWATCH, "alerts", "apply", "--yes"], settings, home)
        with Console(stderr=True).status("") as status:
            for stage, command in COMMANDS.items():
                status.update(f"Replaying {len(cases)} pages: {stage}")
                ran = timed([*WIREWATCH, *command], settings, home)
                figures |= {f"replay.{stage}.seconds": ran.seconds, f"replay.{stage}.peak_mb": ran.peak / 2**20}
    figures |= {f"replay.{name}": figure for name, figure in _outcome(home, len(cases)).items()}
    for stage in COMMANDS:
        figures[f"replay.{stage}.per_s"] = figures[f"replay.{stage}.in"] / figures[f"replay.{stage}.seconds"]
    return figures


def _outcome(home: Path, offered: int) -> Figures:
    """What the batches say happened: articles in and out of each stage, why not, and what the articles are about."""
    root = (home / "batches").as_uri()
    done = {stage: batches.finished(root, stage) for stage in batches.STAGES}
    counts = {stage: batches.total(found) for stage, found in done.items()}
    pages = [page for batch in done["pages"] for page in batch.read(Page)]
    asked = Counter((page.outcome, page.reason) for page in pages if page.kind is PageKind.ARTICLE)
    fetched = sum(number for (outcome, _), number in asked.items() if outcome is PageOutcome.FETCHED)
    articles = [article for batch in done["enriched"] for article in batch.read(EnrichedArticle)]
    extracted = sum(counts["articles"].get(what, 0) for what in ("new", "updated"))
    indexed = sum(counts["indexed"].get(what, 0) for what in ("created", "updated"))
    figures: Figures = {
        "crawl.in": offered,
        "crawl.out": fetched,
        "extract.in": fetched,
        "extract.out": extracted,
        "enrich.in": extracted,
        "enrich.out": counts["enriched"].get("enriched", 0),
        "index.in": len(articles),
        "index.out": indexed,
        "alert.in": indexed,
        "alert.out": counts["alerted"].get("notices", 0),
    }
    # An address that no record speaks of was in no feed that could be read, or was in one twice.
    reasons = Counter({"crawl.failed.not-asked": offered - asked.total()})
    for page in pages:
        if page.outcome is PageOutcome.FAILED:
            reasons[f"{'feeds' if page.kind is PageKind.LISTING else 'crawl'}.failed.{page.reason}"] += 1
    for stage, name in (("articles", "extract"), ("enriched", "enrich"), ("indexed", "index"), ("alerted", "alert")):
        for what, number in counts[stage].items():
            if what.startswith("failed:") or what in ("duplicate", "unchanged") or what.startswith("broken:"):
                reasons[f"{name}.failed.{what.removeprefix('failed:')}"] += number
    figures |= {name: number for name, number in sorted(reasons.items()) if number}
    for what, found in (
        ("languages", Counter(article.language or "unknown" for article in articles)),
        ("countries", Counter(country for article in articles for country in article.countries)),
        ("topics", Counter(topic for article in articles for topic in article.topics)),
    ):
        figures |= {f"{what}.{name}": number for name, number in found.most_common()}
    return figures


def tables(figures: Figures) -> Iterator[Table]:
    """The stages, why pages got lost, and what was found."""
    lost = {tuple(name.split(".", 3)[1::2]): number for name, number in figures.items() if ".failed." in name}
    yield Table(
        f"{figures['replay.pages']:.0f} saved pages of {figures['replay.sites']:.0f} sites",
        ("stage", "in", "out", "lost", "seconds", "in per second", "peak memory, MB"),
        [
            (
                stage,
                *(figures[f"replay.{stage}.{what}"] for what in ("in", "out")),
                sum(number for (where, _), number in lost.items() if where == stage),
                *(round(figures[f"replay.{stage}.{what}"], 1) for what in ("seconds", "per_s")),
                round(figures[f"replay.{stage}.peak_mb"]),
            )
            for stage in COMMANDS
        ],
    )
    if lost:
        yield Table("Lost, by reason", ("stage", "reason", "pages"), [(*where, n) for where, n in lost.items()])
    for what in ("languages", "countries", "topics"):
        prefix = f"replay.{what}."
        found = [(name.removeprefix(prefix), n) for name, n in figures.items() if name.startswith(prefix)]
        shown = found if what == "languages" else found[:10]
        title = "Languages" if what == "languages" else f"Top {len(shown)} of {len(found)} {what}"
        yield Table(title, (what, "articles"), shown)


if __name__ == "__main__":
    report.run(sys.modules[__name__])

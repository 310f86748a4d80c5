"""``wirewatch status``: how everything is, on one screen."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, partial
from itertools import takewhile
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from wirewatch import __version__, batches, settled
from wirewatch.batches import Batch
from wirewatch.cli.airflow import airflow_of
from wirewatch.cli.airflow_api import Dag
from wirewatch.cli.console import MARKS, Verdict, console, say
from wirewatch.cli.words import ago, ahead, created, room, size
from wirewatch.errors import UserError
from wirewatch.records import SourceHealth, now
from wirewatch.settings import Settings, get_settings, without_login
from wirewatch.sources import load_sources
from wirewatch.words import how_many, span

if TYPE_CHECKING:
    from search.client import Client

PATIENCE = 2.5
"""Seconds that one answer may take."""
SILENT = timedelta(hours=26)
"""A night and some. Where no run began for so long, something that should start them does not."""
RUNS = 3
"""Latest runs that are shown."""


@dataclass
class Part:
    """A part of Wirewatch, and how it is."""

    name: str
    verdict: Verdict = "well"
    lines: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    """For machines: numbers and names."""

    def say(self, line: str, verdict: Verdict = "well") -> None:
        """Add a line; the part is as its worst."""
        self.lines.append(line)
        self.verdict = max(self.verdict, verdict, key=list(MARKS).index)

    def readable(self, found: Iterable[Batch]) -> Iterator[Batch]:
        """Those of batches that can be read; of each other one a line says what is wrong with it."""
        return batches.readable(found, partial(self.say, verdict="wrong"))


class Status:
    """How everything is. Each public function looks at one part, and raises a UserError where it cannot."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._client: Client | None = None
        self._why_not = ""
        self._listed: dict[str, list[Batch]] = {}
        self._listing = Lock()
        try:
            from search.client import connect

            self._client = connect(settings, patience=PATIENCE)
        except UserError as error:
            self._why_not = str(error)

    @property
    def client(self) -> Client:
        """Of Elasticsearch."""
        if self._client is None:
            raise UserError("Not known: Elasticsearch does not answer.")
        return self._client

    @cached_property
    def _since(self) -> str:
        return settled.since(settled.note(self.settings.batches))

    def finished(self, stage: str) -> list[Batch]:
        """The finished batches of a stage, oldest first, but those of settled days; listed once, as there may be very
        many.
        """
        with self._listing:
            if stage not in self._listed:
                self._listed[stage] = batches.finished(self.settings.batches, stage, since=self._since)
            return self._listed[stage]

    def pending(self, stage: str) -> list[Batch]:
        """As :func:`wirewatch.batches.pending`."""
        over = {batch.name for batch in self.finished(stage)}
        before = batches.STAGES[batches.STAGES.index(stage) - 1]
        return [batch for batch in self.finished(before) if batch.name not in over]

    def elasticsearch(self) -> Part:
        """The local node or the cluster."""
        from search.client import whereabouts
        from search.status import cluster

        part = Part("Elasticsearch")
        if self._client is None:
            part.say(self._why_not, "wrong")
            return part
        found = cluster(self._client)
        shown: Verdict = "wrong" if found.health == "red" else "look" if found.health == "yellow" else "well"
        words = [found.version, *([found.health] if found.health else []), how_many(found.articles, "article")]
        if found.heap:
            words.append(f"heap {size(found.heap[0])} of {size(found.heap[1])}")
        if found.disk:
            words.append(f"disk {size(found.disk[0])} free")
        part.say(f"{', '.join(words)} at {without_login(whereabouts(self.settings)[0])}", shown)
        if found.closed:
            part.say(f"A disk is full, and {', '.join(found.closed)} take nothing more.", "wrong")
        part.facts = {name: getattr(found, name) for name in ("version", "health", "articles", "heap", "disk")}
        return part

    def airflow(self) -> Part:
        """The parts of Airflow, and each DAG: whether it runs, how its last run was, and when the next one is."""
        part, api = Part("Airflow"), airflow_of(self.settings, PATIENCE)
        if api is None:
            part.say("It is not used here. `make up` starts it.", "well")
            return part
        health = api.health()
        part.say(f"{', '.join(name for name, one in health.items() if one.is_well)} healthy at {api.url}")
        for name, one in health.items():
            if not one.is_well:
                part.say(f"{name}: the last sign of life was {ago(one.seen)}. `make up` starts it anew.", "wrong")
        dags = api.dags()
        for dag in dags:
            part.say(_line(dag), "wrong" if dag.state == "failed" and not dag.paused else "well")
        if dags and all(dag.paused for dag in dags):
            part.say("All DAGs are paused: nothing begins by itself.", "look")
        part.facts = {
            "parts": {name: one.status for name, one in health.items()},
            "dags": [vars(dag) for dag in dags],
        }
        return part

    def runs(self) -> Part:
        """The latest runs of the stages, and what they brought."""
        part = Part("Last runs")
        latest = list(dict.fromkeys(_run(batch.name) for batch in reversed(self.finished("pages"))))[:RUNS]
        if not latest:
            part.say("There was none. `wirewatch run` visits the sources, or unpause a DAG of crawls.", "look")
        for name in latest:
            of_run = {
                stage: list(part.readable(batch for batch in self.finished(stage) if _run(batch.name) == name))
                for stage in batches.STAGES
            }
            if not of_run["pages"]:  # all are damaged
                continue
            counts = {stage: batches.total(found) for stage, found in of_run.items()}
            crawled = max(created(batch) for batch in of_run["pages"])
            part.say(f"{ago(crawled):>11}  {_came(counts)}")
            part.facts[name] = counts
            if name == latest[0] and now() - crawled > SILENT:
                part.say("Nothing was crawled since: is a DAG paused, or is Airflow not running?", "look")
        return part

    def queue(self) -> Part:
        """What waits for a stage, and what no stage could take."""
        from search.index import rejected

        part = Part("Queue")
        work = {"articles": "to extract", "enriched": "to enrich", "indexed": "to index", "alerted": "to alert"}
        waiting = {stage: self.pending(stage) for stage in work}
        counts = [f"{len(found)} {work[stage]}" for stage, found in waiting.items() if found]
        part.say(f"Batches: {', '.join(counts) or 'none waits'}")
        for stage, found in waiting.items():
            oldest = next(part.readable(found), None)
            if oldest and now() - created(oldest) > SILENT:
                part.say(f"{oldest.name} waits {work[stage]} since {ago(created(oldest))}: `wirewatch run`", "look")
        letters = sum(batch.manifest().records for batch in part.readable(rejected(self.settings.batches)))
        if letters:
            part.say(
                f"{how_many(letters, 'article was', 'articles were')} refused by the index: `wirewatch index retry`.",
                "look",
            )
        part.facts = {stage: len(found) for stage, found in waiting.items()} | {"rejected": letters}
        return part

    def messages(self) -> Part:
        """What alerts have to tell, and what did not arrive."""
        from search.status import messages

        part, found = Part("Messages"), messages(self.client)
        words = {
            "due": "due",
            "waiting": "waiting for more outlets",
            "failed": "to be sent again",
            "dead": "given up in 7 days",
            "unsure": "of unknown fate in 7 days",
        }
        said = ", ".join(f"{found[state]} {what}" for state, what in words.items() if found[state])
        part.say(said or "none waits", "look" if found["dead"] or found["unsure"] or found["failed"] else "well")
        if found["overdue"]:
            overdue = how_many(found["overdue"], "is", "are")
            part.say(f"{overdue} due for more than an hour: nobody runs `wirewatch deliver`.", "wrong")
        part.facts = dict(found)
        return part

    def disk(self) -> Part:
        """What is kept, and how much more can be."""
        part, home = Part("Disk"), self.settings.home
        folder = next(path for path in (home, *home.parents) if path.exists())
        free, until = shutil.disk_usage(folder).free, time.monotonic() + 1
        archive = self.settings.batches.removeprefix("file://")
        words = [f"{size(free)} free", f"{_taken(home, until)} in {home}"]
        if archive.startswith("/"):
            words.insert(1, f"batches and archive {_taken(Path(archive), until)}")
        part.say(", ".join(words), room(free))
        part.facts = {"free": free}
        return part

    def sources(self) -> Part:
        """How many sources were not well in the last day: in its largest run, and in each that visited none of those
        sources (the hot ones, say). To look at all anew takes seconds.
        """
        part = Part("Sources")
        measured = part.readable(reversed(self.finished("health")))
        late = takewhile(lambda batch: now() - created(batch) < SILENT, measured)
        runs: defaultdict[str, list[Batch]] = defaultdict(list)
        for batch in late:
            runs[_run(batch.name)].append(batch)
        counts: Counter[str] = Counter()
        seen: set[str] = set()
        for run in sorted(runs.values(), key=_measured, reverse=True):
            if not any(source in seen for source in _sources(run)):  # mostly the first one is
                counts.update(batches.total(run))
                seen.update(_sources(run))
        sick, number = counts["not-well"], len(load_sources(self.settings.sources))
        more = ": `wirewatch sources health`" if sick else ""
        said = f"{sick} of {counts['measured']} visited in 24 hours not well{more}; {number} in the catalogue"
        part.say(said, "look" if sick else "well")
        part.facts = {"sources": number, "measured": counts["measured"], "not-well": sick}
        return part

    def alerts(self) -> Part:
        """Which alerts cannot be asked, and which channels do not take what is sent."""
        from search.status import alerts

        part = Part("Alerts")
        number, troubles = alerts(self.client)
        more = ": `wirewatch alerts list`" if troubles else ""
        part.say(
            f"{how_many(number, 'alert')}, {how_many(len(troubles), 'trouble')}{more}", "look" if troubles else "well"
        )
        part.facts = {"alerts": number, "troubles": troubles}
        return part

    def parts(self) -> list[Part]:
        """All of them, looked at at once."""
        looks = (
            *(self.elasticsearch, self.airflow, self.runs, self.queue, self.messages),
            *(self.disk, self.sources, self.alerts),
        )
        with ThreadPoolExecutor(len(looks)) as pool:
            return list(pool.map(_looked, looks))


def _looked(look: Callable[[], Part]) -> Part:
    try:
        return look()
    except UserError as error:
        return Part(look.__name__.capitalize(), "wrong", [str(error)])


def _line(dag: Dag) -> str:
    """A DAG in a line: its name, its last run, its next one."""
    if dag.begun is None:
        last = dag.state or "never ran"
    elif dag.ended is None:
        last = f"{dag.state} since {ago(dag.begun).removesuffix(' ago')}"
    else:
        last = f"{dag.state} {ago(dag.ended)}, took {span(dag.ended - dag.begun)}"
    coming = "paused" if dag.paused else f"next {ahead(dag.next)}" if dag.next else "when asked"
    return f"{dag.name:<14} {last:<30} {coming}"


def _run(batch: str) -> str:
    """The run that a batch is of, from its name: see :func:`wirewatch.batches.run_name`."""
    return "-".join(batch.split("-")[:2])


def _measured(run: list[Batch]) -> int:
    return batches.total(run).get("measured", 0)


def _sources(run: list[Batch]) -> Iterator[str]:
    """The sources that a run measured."""
    return (record.source.id for batch in run for record in batch.read(SourceHealth))


def _came(counts: Mapping[str, Mapping[str, int]]) -> str:
    """What a run brought, in a few numbers."""
    failed = {
        stage: sum(number for what, number in found.items() if what.startswith("failed"))
        for stage, found in counts.items()
    }
    words = (
        (counts["articles"].get("new", 0), "new", "new"),
        (counts["articles"].get("updated", 0), "updated", "updated"),
        (counts["indexed"].get("created", 0) + counts["indexed"].get("updated", 0), "indexed", "indexed"),
        (counts["alerted"].get("notices", 0), "notice", "notices"),
        (failed["pages"], "page failed", "pages failed"),
        (counts["pages"].get("busy-sites", 0), "site left to another crawl", "sites left to another crawl"),
        (failed["articles"], "page without an article", "pages without an article"),
        (failed["indexed"], "not indexed", "not indexed"),
    )
    return ", ".join(how_many(*said) for said in words if said[0]) or "nothing new"


def _taken(folder: Path, until: float) -> str:
    """The bytes of a folder's files; of very many, what was counted by a moment of the monotonic clock."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(f"{place}/{name}").st_size
        if time.monotonic() > until:
            return f"more than {size(total)}"
    return size(total)


def status(as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False) -> None:
    """Show how everything is: the node, Airflow, the last runs, what waits, the disk, sources and alerts.

    The exit status is 1 where something needs the operator (✗).
    """
    parts = Status(get_settings()).parts()
    if as_json:
        typer.echo(json.dumps({part.name: vars(part) for part in parts}, default=str, ensure_ascii=False, indent=1))
    else:
        table = Table.grid(padding=(0, 1))
        for part in parts:
            table.add_row(MARKS[part.verdict], f"[bold]{part.name}[/]", escape("\n".join(part.lines)))
        say(f"Wirewatch {__version__}, {now():%Y-%m-%d %H:%M} UTC")
        console.print(table, highlight=False)
    if any(part.verdict == "wrong" for part in parts):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(status)

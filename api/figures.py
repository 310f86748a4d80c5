"""The figures of :mod:`api.metrics`, each kind from where it is kept, so that they are right after a restart too.

``docs/metrics.md`` has a table of them.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from search import index, metrics
from search.client import Client
from search.health.history import examine
from search.health.verdicts import Kind
from wirewatch import settled
from wirewatch.batches import STAGES, Batch, Manifest, finished, readable
from wirewatch.records import Delivery, Notice, now
from wirewatch.settings import get_settings
from wirewatch.sources import Source, Tier, load_sources

WINDOWS = {"1h": timedelta(hours=1), "1d": timedelta(days=1)}
"""What stages have done is counted over these, up to now."""
LOOKED_BACK = timedelta(days=7)
"""Batches of runs that began longer ago are not read: a stage that comes to one later is not counted."""
CATALOGUE_SECONDS = 300
"""How long what was read of the catalogue is believed: it is a second's work."""
_NO_OUTCOMES = ("language", "requests", "bytes")


def _gauge(name: str, help: str, values: Mapping[Any, float], *labels: str) -> Metric:
    """A figure with the values of its labels, each a tuple."""
    family = GaugeMetricFamily(f"wirewatch_{name}", help, labels=labels)
    for at, value in values.items():
        family.add_metric(at, value)
    return family


class Stages:
    """What the batches tell of the stages. It remembers what it has read: a finished batch never changes."""

    def __init__(self) -> None:
        self._read: dict[Batch, Manifest] = {}

    def __call__(self) -> Iterator[Metric]:
        """What the stages have done of late, and what waits."""
        root, first = get_settings().batches, f"{now() - LOOKED_BACK:%Y%m%dT%H%M%SZ}"
        since = min(first, settled.since(settled.note(root)))
        there = {stage: finished(root, stage, since=since) for stage in STAGES}
        self._look_at(there, first)
        yield from self._done()
        names = {stage: {batch.name for batch in batches} for stage, batches in there.items()}
        waiting = {(after,): len(names[before] - names[after]) for before, after in pairwise(STAGES)}
        yield _gauge("stage_pending_batches", "Batches that a stage has yet to work on", waiting, "stage")
        dead = sum(batch.manifest().records for batch in readable(index.rejected(root)))
        yield _gauge("dead_letters", "Articles that Elasticsearch refused for what they are", {(): dead})

    def _look_at(self, there: Mapping[str, list[Batch]], first: str) -> None:
        recent = [one for batches in there.values() for one in [*(b for b in batches if b.name > first), *batches[-1:]]]
        known = {batch: self._read[batch] for batch in recent if batch in self._read}
        self._read = known | {batch: batch.manifest() for batch in readable(set(recent) - known.keys())}

    def _done(self) -> Iterator[Metric]:
        sums: dict[str, dict[tuple[str, ...], float]] = {
            name: {(stage, window): 0.0 for stage in STAGES for window in WINDOWS} for name in _SUMS
        }
        outcomes: dict[tuple[str, ...], float] = defaultdict(float)
        finished_at: dict[tuple[str, ...], float] = {}
        for batch, manifest in self._read.items():
            created = datetime.fromisoformat(manifest.created)
            finished_at[batch.stage,] = max(created.timestamp(), finished_at.get((batch.stage,), 0))
            for window in (name for name, length in WINDOWS.items() if now() - created < length):
                sums["batches"][batch.stage, window] += 1
                for name in _OF_A_MANIFEST:
                    sums[name][batch.stage, window] += getattr(manifest, name) or 0
                for outcome, number in _outcomes(manifest.counts).items():
                    outcomes[batch.stage, outcome, window] += number
        for name, what in _SUMS.items():
            yield _gauge(f"stage_{name}", what, sums[name], "stage", "window")
        yield _gauge("stage_outcomes", "What became of what a stage worked on", outcomes, "stage", "outcome", "window")
        yield _gauge("stage_finished_timestamp_seconds", "When a stage finished its latest batch", finished_at, "stage")


_OF_A_MANIFEST = {
    "records": "Records that a stage wrote",
    "seconds": "Seconds of the clock that a stage took",
    "cpu_seconds": "Processor seconds that a stage took",
    "bytes": "Bytes of the batches that a stage wrote",
}
_SUMS = {"batches": "Batches that a stage finished", **_OF_A_MANIFEST}


def _outcomes(counts: Mapping[str, int]) -> Counter[str]:
    """What a manifest counts, without the details after a colon, of which there may be any number."""
    found = Counter({name: number for name, number in counts.items() if ":" not in name})
    for name, number in counts.items():
        kind, colon, _ = name.partition(":")
        if colon and kind not in counts:
            found[kind] += number
    for name in _NO_OUTCOMES:
        del found[name]
    return found


def of_index(client: Client) -> Iterator[Metric]:
    """How many articles can be searched, and what became of alerts, notices and messages."""
    yield _gauge("articles", "Articles that can be searched", {(): metrics.articles(client)})
    states = metrics.alerts(client)
    yield _gauge("alerts", "Alerts by state", {(state,): number for state, number in states.items()}, "state")
    for name, record, found in (
        ("notices", Notice, metrics.notices(client)),
        ("messages", Delivery, metrics.messages(client)),
    ):
        known = get_args(record.model_fields["state"].annotation)
        what = f"{name.title()} of alerts by state" + (", tried in the last 24 hours" if name == "messages" else "")
        yield _gauge(name, what, {(state,): found.get(state, 0) for state in known}, "state")


def of_freshness(client: Client) -> Iterator[Metric]:
    """How old the newest article is, and how long articles take to be searchable, by the tier of their source."""
    tiers: dict[str, list[str]] = {tier: [] for tier in get_args(Tier)}
    for source in _catalogue():
        tiers[source.tier].append(source.domain)
    newest = {(tier,): moment.timestamp() for tier, moment in metrics.newest(client, tiers).items()}
    yield _gauge("newest_article_timestamp_seconds", "When the newest article was first seen", newest, "tier")
    lags = list(metrics.lags(client, tiers))
    yield _gauge(
        "lag_seconds",
        "Time until an article could be searched, of those first seen in the last 24 hours",
        {(one.since, one.tier, str(at)): value for one in lags for at, value in one.seconds.items()},
        *("since", "tier", "quantile"),
    )
    yield _gauge(
        "lag_articles",
        "Articles of which wirewatch_lag_seconds is told",
        {(one.since, one.tier): one.articles for one in lags},
        *("since", "tier"),
    )


def of_sources(client: Client) -> Iterator[Metric]:
    """How many sources there are, and how many are not well."""
    sources = _catalogue()
    tiers = Counter(source.tier for source in sources)
    yield _gauge("sources", "Sources of the catalogue", {(tier,): tiers[tier] for tier in get_args(Tier)}, "tier")
    sick = [state for state in examine(client, sources) if state.verdicts]
    yield _gauge("sources_not_well", "Sources with a verdict of any kind", {(): len(sick)})
    verdicts = Counter(kind for state in sick for kind in {verdict.kind for verdict in state.verdicts})
    kinds = {(str(kind),): verdicts[kind] for kind in Kind}
    yield _gauge("source_verdicts", "Sources by what is not well with them", kinds, "verdict")


def of_disk() -> Iterator[Metric]:
    """How much room there is where Wirewatch writes, as far as that is on this machine."""
    folders = {"home": get_settings().home}
    if batches := folder_of_batches():
        folders["batches"] = batches
    usage = {(name,): shutil.disk_usage(_there(folder)) for name, folder in folders.items()}
    yield _gauge("disk_free_bytes", "Free bytes of a disk", {at: one.free for at, one in usage.items()}, "folder")
    yield _gauge("disk_size_bytes", "Bytes of a disk", {at: one.total for at, one in usage.items()}, "folder")


def folder_of_batches() -> Path | None:
    """Where the batches are, unless that is no folder of this machine."""
    place = urlsplit(get_settings().batches)
    return Path(place.path) if place.scheme in ("", "file") else None


def of_parts(well: Mapping[str, bool]) -> Metric:
    """Which parts told their figures."""
    return _gauge("up", "Whether a part could be asked", {(name,): is_well for name, is_well in well.items()}, "part")


def _there(folder: Path) -> Path:
    """The folder, or what there is of the way to it."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _catalogue() -> list[Source]:
    return _catalogue_of(get_settings().sources, int(time.monotonic() // CATALOGUE_SECONDS))


@lru_cache(maxsize=1)
def _catalogue_of(folder: Path, period: int) -> list[Source]:
    return load_sources(folder)

"""What so many articles a day need in machines, storage, network and money: arithmetic over what was measured.

`python -m benchmarks.needs FIGURES.json …` prints it from the figures that `python -m benchmarks pipeline growth --json
FILE` wrote. Every constant below is an assumption; `docs/scale.md` says what each means and where prices are from.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path

from rich.console import Console

from benchmarks.report import Figures, Table

VOLUMES = (10_000, 100_000, 1_000_000)
"""Articles a day."""
IN_BATCH = 500
RUNS = 144 + 24 + 1
"""A day, of `crawl_hot`, `crawl_hourly` and `crawl_nightly`; each has at least one batch."""
PEAK = 2.0
"""Times the mean of the day that the busiest hour brings."""
FULL = 0.7
"""Share of a core that is planned to be busy in that hour."""
DAYS_IN_NEWS = 8
"""Of stories: those of the batch's day, and of the week before."""
IN_STORY = 4
"""Articles of a story."""
SHORT_DAYS, KEPT_DAYS = 90, 365
"""Days for which the archive and the enriched articles are kept, and everything else."""
SHORT = ("archive", "enriched")
ONE_MACHINE = {"cores": 16, "memory_gb": 128}
"""Up to which all is on one machine; beyond it the index has a copy on another node."""
VECTORS, VECTOR_BYTES = 3, 384 + 4 + 4 * 16
"""Of an article, and what each wants in the node's memory: a byte a dimension, its scale, and 16 neighbours."""
HEAP_GB = 1.0
PRICES = {"core": 35.0, "memory": 4.0, "block": 0.08, "object": 0.023}
"""Dollars a month, for a core with :data:`WITH_CORE` GB of memory, and for a GB of further memory, block and object
storage."""
WITH_CORE = 4
_OF_BATCH = ("crawl", "extract", "enrich")
"""Stages that have a task for each batch; the others one for each run."""
_OF_RUN = ("index", "alert", "deliver", "health")
_DAY, _GB = 86_400, 1e9


def needs(articles: int, figures: Mapping[str, float]) -> Figures:
    """What so many articles a day need.

    Args:
        articles: a day.
        figures: of `pipeline` and `growth`.
    """
    batches = max(articles / IN_BATCH, RUNS)
    stories = articles * DAYS_IN_NEWS / IN_STORY
    each = {stage: figures[f"pipeline.{stage}.cpu_s_per_article"] for stage in (*_OF_BATCH, *_OF_RUN)}
    start = {stage: figures[f"pipeline.{stage}.start_cpu_s"] for stage in each}
    node = sum(figures[f"pipeline.{stage}.node_cpu_s_per_article"] for stage in each)
    # Stories: what was measured with most of them, by how many more there are.
    most = max(int(key.split(".")[2]) for key in figures if key.startswith("growth.stories."))
    more = stories / figures[f"growth.stories.{most}.size"]
    load = more * figures[f"growth.stories.{most}.load_s"]
    told = more * figures[f"growth.stories.{most}.ms_per_article"] / 1000
    remembered = figures[f"growth.stories.{most}.remembered_ms_per_article"] / 1000
    found = {
        "batches": batches,
        "work_s": articles * sum(each.values()),
        "starts_s": batches * sum(start[stage] for stage in _OF_BATCH) + RUNS * sum(start[stage] for stage in _OF_RUN),
        "stories_s": batches * load + articles * (told + remembered),
        "node_s": articles * node,
        "airflow_s": 24 * figures["pipeline.airflow.idle_cpu_s_per_hour"]
        + batches * figures["pipeline.airflow.alone_cpu_s_per_batch"],
    }
    busy = sum(found[name] for name in ("work_s", "starts_s", "stories_s", "node_s", "airflow_s")) / _DAY
    found |= {"busy": busy, "cores": max(2, ceil(busy * PEAK / FULL)), "stories_share": found["stories_s"] / _DAY}
    workers = max(1, ceil(articles * each["enrich"] / _DAY * PEAK / FULL))
    found |= {
        "workers": workers,
        "memory_gb": HEAP_GB * max(1, found["cores"] / 8)
        + articles * KEPT_DAYS * VECTORS * VECTOR_BYTES / _GB
        + workers * figures["pipeline.enrich.peak_mb"] / 1000
        + figures["pipeline.extract.peak_mb"] / 1000
        + more * figures[f"growth.stories.{most}.mb"] / 1000  # one process at a time tells them
        + figures["pipeline.airflow.idle_mb"] / 1000,
        "wire_gb": articles * figures["pipeline.many.wire.bytes_per_article"] / _GB,
    }
    disk = {name: articles * figures[f"pipeline.many.disk.{name}.bytes_per_article"] / _GB for name in DISK}
    copies = 1 if all(found[name] <= limit for name, limit in ONE_MACHINE.items()) else 2
    kept = {name: gb * (SHORT_DAYS if name in SHORT else KEPT_DAYS) for name, gb in disk.items()}
    found |= {f"{name}_gb": gb for name, gb in disk.items()}
    found |= {
        "block_gb": copies * kept["index"] + kept["state"],
        "object_gb": sum(kept[name] for name in ("archive", "articles", "enriched", "receipts")),
    }
    further = max(0.0, found["memory_gb"] - WITH_CORE * found["cores"])
    found |= {
        "machines_usd": found["cores"] * PRICES["core"] + further * PRICES["memory"],
        "storage_usd": found["block_gb"] * PRICES["block"] + found["object_gb"] * PRICES["object"],
    }
    found["usd"] = found["machines_usd"] + found["storage_usd"]
    found["usd_per_1000"] = 1000 * found["usd"] / (30 * articles)
    return found


DISK = ("archive", "articles", "enriched", "receipts", "state", "index")
"""What grows with the articles. The store of vectors does not: it has a limit."""
STEPS = {
    "batches": ("batches a day", f"articles / {IN_BATCH}, or a batch a run"),
    "work_s": ("CPU s: the stages' work", "articles × CPU s of all stages"),
    "starts_s": ("CPU s: their starts", "batches × starts of crawl to enrich + runs × the others'"),
    "stories_s": ("CPU s: stories", "batches × loading them + articles × (comparing + remembering)"),
    "node_s": ("CPU s: the node", "articles × its CPU s of all stages"),
    "airflow_s": ("CPU s: Airflow", "24 × idle + batches × its own of a batch"),
    "busy": ("cores busy, mean", "the sum / 86,400"),
    "cores": ("**cores**", f"× {PEAK:g} for the busiest hour / {FULL:g}"),
    "stories_share": ("stories, share of the day", "one process at a time: must stay below 1"),
    "workers": ("of these cores, for enrichment", "one process each"),
    "memory_gb": ("**memory, GB**", "heap + vectors of a year + workers + stories + Airflow"),
    "wire_gb": ("**network, GB a day**", "articles × bytes on the wire"),
    **{f"{name}_gb": (f"{name}, GB a day", "articles × bytes") for name in DISK},
    "block_gb": ("**block storage, GB**", f"index and state of {KEPT_DAYS} days"),
    "object_gb": ("**object storage, GB**", f"archive and enriched of {SHORT_DAYS} days, the rest of {KEPT_DAYS}"),
    "machines_usd": ("dollars a month: machines", "cores and further memory × price"),
    "storage_usd": ("dollars a month: storage", "GB × price"),
    "usd": ("**dollars a month**", ""),
    "usd_per_1000": ("dollars for 1,000 articles", "/ 30 days"),
}
"""What each figure of :func:`needs` is, and how it comes about."""


def tables(figures: Figures) -> Iterator[Table]:
    """The steps at each volume; none where not all that they need was measured."""
    if "pipeline.airflow.cpu_s" in figures and any(key.startswith("growth.stories.") for key in figures):
        found = [needs(volume, figures) for volume in VOLUMES]
        yield Table(
            "What so many articles a day need",
            ("", "how", *(f"{volume:,}" for volume in VOLUMES)),
            [(name, how, *(one[key] for one in found)) for key, (name, how) in STEPS.items()],
        )


if __name__ == "__main__":
    together: Figures = {}
    for name in sys.argv[1:]:
        together |= json.loads(Path(name).read_text(encoding="utf-8"))
    for table in tables(together):
        Console().print(table.markdown(), markup=False, soft_wrap=True)

"""What was crawled on some days is done once more, from the archive: cut out anew, enriched anew, or indexed again.

A run by hand takes the params. With `dry_run` the log of its first task lists what would be done, and nothing is done.
`airflow backfill create --dag-id replay` replays a day with each of its runs, the oldest first: the run of a day takes
what was crawled from 00:00 to 24:00 UTC of that day, its data interval. `--dag-run-conf` gives `sources` and `stage`.

Nobody is told of anything, and doing it again comes to the same. Airflow backfills only what has a schedule, so there
is a run each day: it brings to their end those replays that were begun more than a day ago and stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from airflow.sdk import CronDataIntervalTimetable, Param, dag, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

from dags.parts import INDEX, MODELS, OURS, RETRIES, batch, do, ends_within, names, told
from wirewatch.replay import Stage

log = logging.getLogger(__name__)

LEFT_ALONE = timedelta(days=1)
"""Time for which a replay that stands still is left to whoever began it."""
LATE = timedelta(days=7)
"""Time after which the operator hears that a run is late. It counts from when the run was queued, and a backfill queues
its days all at once: the last one waits for all others. At 0.15 CPU seconds to enrich an article (``docs/scale.md``), a
month of 100,000 articles a day takes two at once three days.
"""


@dag(
    **OURS
    | {
        "default_args": RETRIES | {"priority_weight": 0, "weight_rule": "absolute"},  # crawls come first
        "deadline": ends_within(LATE),
    },
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    allowed_run_types=["scheduled", "manual", "operator_triggered", "backfill"],
    params={
        "from": Param(None, type=["null", "string"], format="date", description="The first day (UTC)."),
        "to": Param(None, type=["null", "string"], format="date", description="The last day, included."),
        "sources": Param([], type="array", items={"type": "string"}, description="Domains; empty: all."),
        "stage": Param("extract", enum=[*Stage], description="The first stage that is done once more."),
        "dry_run": Param(False, type="boolean", description="Only list what would be done, in the log of choose."),
    },
    doc_md=__doc__,
)
def replay() -> None:
    """From the archive, or from a later stage, to the index."""

    # One at a time, and of runs that wait the older day first: a text that is known by then is not met as a new one.
    @task(max_active_tis_per_dag=1)
    def choose() -> list[list[str]]:
        from wirewatch.batches import run_name
        from wirewatch.records import now
        from wirewatch.replay import left_over, parted, rows

        context = get_current_context()
        params = context["params"]
        if _is("scheduled"):
            left = sorted(left_over(now() - LEFT_ALONE), key=lambda found: found.name)
            if not left:
                raise AirflowSkipException("No replay was left undone. Runs by hand and backfills say what they take.")
            return [[name] for name in names(left)]
        taken = _taken()
        log.info("To be replayed from %s:\n%s", params["stage"], "\n".join(map("  ".join, rows(taken))))
        if params["dry_run"]:
            raise AirflowSkipException("This is a dry run: nothing is done.")
        run = run_name(now(), context["dag_run"].run_id)
        return [[one.batch.replayed(run).name for one in part] for part in parted(taken)]

    @task_group
    def way(names: list[str]) -> None:
        @task(max_active_tis_per_dag=1, execution_timeout=timedelta(hours=2))
        def extract(names: list[str]) -> None:
            from crawlers.extract import extract as stage

            _again(Stage.EXTRACT, stage, names)

        @task(pool=MODELS, execution_timeout=timedelta(hours=12))
        def enrich(names: list[str]) -> None:
            from enrichment.enrich import enrich as stage

            _again(Stage.ENRICH, stage, names)

        @task(pool=INDEX, execution_timeout=timedelta(hours=1))
        def index(names: list[str]) -> None:
            from search.index import index as stage

            _again(Stage.INDEX, stage, names)

        extract(names) >> enrich(names) >> index(names)

    @task
    def measured(parts: list[list[str]]) -> dict[str, int]:
        """What came of it all, in numbers, where nothing failed: the end of the run."""
        return told(batch("indexed", name) for names in parts for name in names)

    chosen = choose()
    way.expand(names=chosen) >> measured(chosen)


def _is(kind: str) -> bool:
    return get_current_context()["dag_run"].run_type == kind


def _taken() -> list[Any]:
    """What the run takes, by its params or, in a backfill, of its day."""
    from wirewatch.errors import UserError
    from wirewatch.replay import NothingThere, choose

    context = get_current_context()
    params = context["params"]
    how = Stage(params["stage"]), params["sources"]
    if _is("backfill"):
        day = context["data_interval_start"].date()
        try:
            return choose(day, day, *how)
        except NothingThere as nothing:  # a month has days without a crawl
            raise AirflowSkipException(str(nothing)) from None
    if not (params["from"] and params["to"]):
        raise UserError("Which days are to be replayed? Give the params `from` and `to`, as 2027-01-31.")
    return choose(date.fromisoformat(params["from"]), date.fromisoformat(params["to"]), *how)


def _again(stage: Stage, work: Callable[..., Any], names: list[str]) -> None:
    """Do a stage's work on batches of replays: on those of the first crawl where the replay begins with this stage,
    else on what the stage before made anew. Where another process is at one, as `wirewatch run` may be, that is waited
    for: the next stage goes on with what it makes.
    """
    params = get_current_context()["params"]

    def begin(found: Any) -> Any:
        return work(found.original, replay=found.replayed_by, only=params["sources"])

    found = [batch(stage.reads, name) for name in names]
    if stage == params["stage"] and not _is("scheduled"):
        do(stage.makes, begin, found, wait=True)
    else:
        do(stage.makes, work, [one for one in found if one.exists()], wait=True)


replay()

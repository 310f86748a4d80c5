"""What the DAGs have in common: what is tried again, what the operator hears, what a task says at its end.

A DAG of Wirewatch is a function below ``@dag(**OURS, …)``. Tasks call the stage functions that the command line calls,
and hand on no more than names of batches.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from airflow.sdk import Asset, AsyncCallback, DeadlineAlert, DeadlineReference, get_current_context
from airflow.sdk.configuration import conf
from airflow.sdk.definitions.retry_policy import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.exceptions import AirflowTaskTimeout

from wirewatch.errors import UserError
from wirewatch.words import how_many, span

log = logging.getLogger(__name__)
# A line for each request would bury a task's numbers.
logging.getLogger("elastic_transport.transport").setLevel(logging.WARNING)

CRAWL, CRAWL_HOT, EXTRACT, MODELS, HOT, INDEX = "crawl", "crawl_hot", "extract", "models", "hot", "index"
"""The pools, which ``dags/pools.json`` gives their slots and reasons."""
WHATEVER_CAME = "all_done"
"""Trigger rule of the tasks that work on what is there, even where a task before them failed."""
ARTICLES = Asset("wirewatch://articles")
"""Changes when articles came into the index. Its event's ``extra`` says how many were ``created`` and ``updated``, and
names the ``batches``: at least once each."""
WHY = "why"
"""XCom of a task that failed: what it failed of, in words."""
MOST = 1_000
"""Batches that a run has a task for each: Airflow refuses to map over more than 1,024 (``core.max_map_length``)."""
SOON = 500
"""Records, all together, that a run whose news waits for no other takes on of what others have left: two minutes and a
half of enriching (``docs/scale.md``)."""


def failed(context: dict[str, Any]) -> None:
    """Tell the operator that a run of a DAG failed, at which task first, and why: of each task once a day (UTC),
    because what a run fails of may fail them all.
    """
    dag, run = context["dag"].dag_id, context["run_id"]
    task, why = _first_failure(context)
    where, because = f" at the task {task}" if task else "", f": {why}" if why else ""
    end = "" if because.endswith((".", "?")) else "."
    title = f"The run {run} of the DAG {dag} failed{where}{because}{end} {run_page(dag, run)}"
    _tell_operator(f"{dag} failed{where}", f"{title} Of others that fail there you hear tomorrow.")


def remember_why(context: dict[str, Any]) -> None:
    """Keep for :func:`failed` what a task failed of. Of a task that was killed nothing is known."""
    if error := context.get("exception"):
        context["ti"].xcom_push(WHY, _in_words(error, context["task"].execution_timeout))


async def late(context: dict[str, Any]) -> None:
    """Tell the operator, once a day (UTC), that a run of a DAG has not ended in the time that it usually takes."""
    dag, run = context["dag_run"]["dag_id"], context["dag_run"]["dag_run_id"]
    title = f"The run {run} of the DAG {dag} is late. It goes on: {run_page(dag, run)}"
    await asyncio.to_thread(_tell_operator, f"{dag} late", title)


def ends_within(time: timedelta) -> DeadlineAlert:
    """The deadline of a DAG: the operator hears of a run that takes longer, which goes on."""
    return DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, time, AsyncCallback("dags.parts.late"))


BUGS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, ModuleNotFoundError, NameError),
    *(NotImplementedError, RecursionError, TypeError),
)
"""What a program fails of whenever it meets the same data. A ValueError is none: half an answer is no JSON either."""

RETRIES: dict[str, Any] = {
    "on_failure_callback": remember_why,
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=30),
    # Names, because a worker that only reads the DAG needs none of these.
    "retry_policy": ExceptionRetryPolicy(
        [
            RetryRule(list(BUGS), RetryAction.FAIL, reason="That is a bug: it would fail of it again."),
            RetryRule("wirewatch.errors.Unavailable", RetryAction.RETRY, reason="This may pass."),
            RetryRule("wirewatch.errors.UserError", RetryAction.FAIL, reason="This does not pass by itself."),
            RetryRule(
                "airflow.sdk.exceptions.AirflowTaskTimeout",
                RetryAction.FAIL,
                reason="What took too long would again. The next run takes on what is left.",
            ),
        ]
    ),
}
"""How tasks are tried again: after 1 to 2, 2 to 4 and 4 to 8 minutes (Airflow spreads them), where it may help. A
worker that died is tried again too. And what is done where no try is left."""

OURS: dict[str, Any] = {
    "start_date": datetime(2026, 1, 1, tzinfo=UTC),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": RETRIES,
    "on_failure_callback": failed,
    "tags": ["wirewatch"],
}
"""What every DAG is given: a run that is late never overlaps the next one, and what was missed is not made up for."""


def batch(stage: str, name: str) -> Any:
    """The batch of that stage and name in this installation."""
    from wirewatch.batches import Batch
    from wirewatch.settings import get_settings

    return Batch(get_settings().batches, stage, name)


def pending(stage: str) -> list[Any]:
    """The batches that a stage has yet to work on. What a replay makes is left to the DAG `replay` until it is in the
    index, so that no crawl waits for it.
    """
    from wirewatch import batches
    from wirewatch.settings import get_settings

    found = batches.pending(get_settings().batches, stage)
    return [batch for batch in found if not batch.is_replay or stage in ("alerted", "health")]


def soon_done(found: Sequence[Any], run: str) -> list[Any]:
    """Those of batches that keep no news waiting: this run's own, and after them what others have left, the latest
    first, as far as it is small (:data:`SOON`). What is too large is for runs that have the time.

    Args:
        found: batches.
        run: of :func:`run_name`.
    """
    from wirewatch.batches import readable

    own = [each for each in found if each.name.startswith(run)]
    # The oldest may be there because they fail of something each time: they come last.
    left, room = [], SOON
    for each in readable(each for each in reversed(found) if not each.name.startswith(run)):
        if (records := each.manifest().records) <= room:
            left.append(each)
            room -= records
    return own + left


def names(found: Sequence[Any]) -> list[str]:
    """The batches that a run has a task for each: the first :data:`MOST`. The next run takes on the others."""
    if len(found) > MOST:
        log.warning("%s left to the next run.", how_many(len(found) - MOST, "batch is", "batches are"))
    return [each.name for each in found[:MOST]]


def news() -> dict[str, Any] | None:
    """What the index learned that the alerts were not asked about yet, for :data:`ARTICLES`; None where that is
    nothing. A try that was killed after it had indexed could not say so: the next one does.
    """
    from wirewatch.batches import readable, total

    found = [batch for batch in readable(pending("alerted")) if not batch.is_replay]
    counts = total(found)
    learned = {what: counts.get(what, 0) for what in ("created", "updated")}
    return learned | {"batches": [batch.name for batch in found]} if any(learned.values()) else None


def run_name() -> str:
    """The part of the names of this run's batches that says of which run they are, the same however often tried."""
    from wirewatch import batches

    run = get_current_context()["dag_run"]
    # Runs of two DAGs that begin at the same time have the same id.
    return batches.run_name(run.run_after, f"{run.dag_id} {run.run_id}")


def do(stage: str, work: Callable[[Any], Any], found: Iterable[Any], *, wait: bool = False) -> None:
    """Do a stage's work on batches, as :func:`wirewatch.work.each`, and end the log with its numbers. A try of a task
    goes on with what the one before it held.
    """
    from wirewatch.work import each

    own = get_current_context()["ti"]
    holder = f"{own.dag_id} {own.run_id} {own.task_id} {own.map_index}"
    told(each(stage, work, found, holder, wait=wait))


def told(done: Iterable[Any]) -> dict[str, int]:
    """End a task's log with its numbers: the counts of the batches that it wrote or found, where these lie, and the
    dashboard of Kibana that shows them. Returns the counts.
    """
    from search.kibana.dashboards import ALERTS, NEWSROOM, SOURCE_HEALTH
    from wirewatch.batches import total

    done = list(done)
    places = [f"{each.url} ({how_many(each.manifest().records, 'record')})" for each in done]
    shown = {"enriched": NEWSROOM, "indexed": NEWSROOM, "alerted": ALERTS}
    return counted(total(done), places, shown.get(done[-1].stage if done else "", SOURCE_HEALTH))


def counted(counts: Mapping[str, int], places: Iterable[str], shown: Any) -> dict[str, int]:
    """End a task's log with counts, the places of what it made, and where one of our dashboards is. Returns the
    counts."""
    from search.kibana.links import board

    numbers = ", ".join(f"{what} {number}" for what, number in sorted(counts.items())) or "nothing"
    log.info("%s", "\n  ".join([numbers, *places, board(shown)]))
    return dict(counts)


def send_due() -> dict[str, int]:
    """Send what is due to the channels, and end the log with how many messages are in which state."""
    from search.alerts.deliver import deliver
    from search.kibana.dashboards import ALERTS

    return counted(deliver(), [], ALERTS)


def run_page(dag: str, run: str) -> str:
    """Where Airflow shows a run."""
    base = conf.get("api", "base_url", fallback="http://localhost:8080").rstrip("/")
    return f"{base}/dags/{dag}/runs/{quote(run)}"


def _first_failure(context: dict[str, Any]) -> tuple[str, str]:
    """The task at which a run failed before it did at others, and why, as far as that is known.

    Airflow names the last that failed. Of all that did, the one with the fewest tasks before it failed first: those
    that follow work on what is there, and may fail of the same.
    """
    dag, run, last = context["dag"], context["run_id"], context.get("ti")
    if not last:
        return "", ""
    try:
        states = last.get_task_states(dag_id=dag.dag_id, run_ids=[run])[run]
        fell = {name for name, state in states.items() if state == "failed"}
        fell |= {re.sub(r"_\d+$", "", name) for name in fell}  # of a mapped task: the number of the instance
        failed = (task for task in dag.tasks if task.task_id in fell)
        first = min(failed, key=lambda task: len(task.get_flat_relative_ids(upstream=True))).task_id
        reasons = last.xcom_pull(task_ids=[first], key=WHY)
    except Exception as error:  # whatever Airflow cannot say, the operator is to hear that a run failed
        log.warning("What failed first is not known: %s", error)
        return last.task_id, ""
    return first, next(filter(None, reasons), "")


def _in_words(error: BaseException, limit: timedelta | None) -> str:
    """What a task failed of. What is no error of ours to show stays in the log: it may quote anything."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, AirflowTaskTimeout) and limit:
        return f"it timed out after {span(limit)}, which is as long as it may take"
    return f"{type(error).__name__}, which its log has more of"


def _tell_operator(what: str, title: str) -> None:
    from search.alerts.operator import tell_at_once
    from wirewatch.records import now

    log.info("The operator is told: %s", title)
    tell_at_once(f"{what} {now():%Y-%m-%d}", title)

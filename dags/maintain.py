"""The upkeep, once a day before the night's crawl: what is kept no longer is removed, a snapshot is taken, and on
Mondays the catalogue is checked.

Each duty is a task that depends on no other; they are done one after the other. `docs/maintain.md` says what is kept
for how long, and which setting changes it. `wirewatch maintain` does the same, but for Airflow's own database and logs.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import CronTriggerTimetable, Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from dags.parts import INDEX, OURS, ends_within
from wirewatch.records import now
from wirewatch.settings import get_settings

log = logging.getLogger(__name__)

DUTIES = ("index", "batches", "leftovers", "state", "snapshots", "airflow", "catalogue")
LONGEST = timedelta(hours=4)
MONDAY = 0


@dag(
    **OURS | {"deadline": ends_within(timedelta(hours=6)), "max_active_tasks": 1},
    schedule=CronTriggerTimetable("30 0 * * *", timezone=get_settings().timezone),
    params={
        "duties": Param(
            [],
            type="array",
            items={"type": "string", "enum": list(DUTIES)},
            description="Empty means all that are due.",
        ),
        "dry_run": Param(False, type="boolean", description="Say what would be removed, and remove nothing."),
    },
    doc_md=__doc__,
)
def maintain() -> None:
    """What keeps an installation from growing and going stale."""

    # One at a time writes to the index.
    @task(pool=INDEX, execution_timeout=LONGEST)
    def index() -> str:
        from search.retention import retain

        return _told(retain(dry_run=_asked_for("index")))

    @task(execution_timeout=LONGEST)
    def batches() -> str:
        from wirewatch.retention import settle, shorten

        dry_run = _asked_for("batches")
        return _told(f"{shorten(dry_run=dry_run)}; {settle(dry_run=dry_run)}")

    @task(execution_timeout=LONGEST)
    def leftovers() -> str:
        from wirewatch.retention import tidy

        return _told(tidy(dry_run=_asked_for("leftovers")))

    @task(execution_timeout=LONGEST)
    def state() -> str:
        from wirewatch.retention import forget

        return _told(forget(dry_run=_asked_for("state")))

    @task(execution_timeout=LONGEST)
    def snapshots() -> str:
        from search.snapshots import daily

        return _told(daily(dry_run=_asked_for("snapshots")))

    @task(execution_timeout=LONGEST)
    def airflow() -> str:
        from dags.upkeep import clean_database, remove_logs

        dry_run = _asked_for("airflow")
        return _told(f"{clean_database(dry_run=dry_run)}; {remove_logs(dry_run=dry_run)}")

    @task(execution_timeout=LONGEST)
    def catalogue() -> str:
        from crawlers.checkup import checkup
        from search.alerts.operator import tell_at_once

        dry_run = _asked_for("catalogue", on=MONDAY)
        found = checkup()
        if found.ailing and not dry_run:
            tell_at_once(found.name, found.report())
        return _told(found.report())

    for duty in (index, batches, leftovers, state, snapshots, airflow, catalogue):
        duty()


def _asked_for(duty: str, on: int | None = None) -> bool:
    """Whether only to say what would be done. The task is skipped where the run is for other duties or, unless it is
    named, on other days of the week.
    """
    params = get_current_context()["params"]
    if params["duties"] and duty not in params["duties"]:
        raise AirflowSkipException("This run is for other duties.")
    if not params["duties"] and on not in (None, now().astimezone(ZoneInfo(get_settings().timezone)).weekday()):
        raise AirflowSkipException("This is done on Mondays; a run with the parameter `duties` does it now.")
    return bool(params["dry_run"])


def _told(what: str) -> str:
    """End a task's log with what it did."""
    log.info("%s", what)
    return what


maintain()

"""The upkeep, once a day before the night's crawl: what is kept no longer is removed, a snapshot is taken, and on
Mondays the catalogue is checked.

Each duty is a task that depends on no other; they are done one after the other. `docs/maintain.md` says what is kept
for how long, and which setting changes it. `wirewatch maintain` does the same, but for Airflow's own database and logs.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from airflow.sdk import CronTriggerTimetable, Param, dag, get_current_context, task
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowSkipException

from dags.parts import INDEX, OURS, ends_within
from wirewatch.errors import UserError
from wirewatch.records import now
from wirewatch.retention import megabytes
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
        done = settle(dry_run=dry_run)  # first: it is not to wait for what may be damaged
        return _told(f"{shorten(dry_run=dry_run)}; {done}")

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


def clean_database(*, dry_run: bool = False) -> str:
    """Let Airflow forget its runs that are older than ``keep.runs_days``; of each DAG it keeps the last.

    A task may not use the database of Airflow, and where that is stands no more in its environment: it is the one that
    ``WIREWATCH_AIRFLOW__DATABASE`` names, or the SQLite file in Airflow's home.
    """
    settings = get_settings()
    if settings.airflow.database:
        database = settings.airflow.database.get_secret_value()
    elif (file := Path(os.environ["AIRFLOW_HOME"]) / "airflow.db").exists():
        database = f"sqlite:///{file}"
    else:
        return "Airflow's database stays as it is: WIREWATCH_AIRFLOW__DATABASE does not say where it is"
    before = now() - timedelta(days=settings.keep.runs_days)
    how = ["--dry-run"] if dry_run else ["--yes", "--skip-archive", "--error-on-cleanup-failure"]
    command = [sys.executable, "-m", "airflow", "db", "clean", "--clean-before-timestamp", before.isoformat(), *how]
    variables = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database, "AIRFLOW__CORE__SQL_ALCHEMY_CONN": database}
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    log.info("%s", done.stdout)
    if done.returncode:
        raise UserError(f"Airflow could not clean its database: {done.stderr[-2000:]}")
    return f"Airflow's database has no runs from before {before:%Y-%m-%d} any more"


def remove_logs(*, dry_run: bool = False) -> str:
    """Remove the logs of tasks that are older than ``keep.runs_days``, and the folders that were empty for a day."""
    folder, days = Path(conf.get("logging", "base_log_folder")), get_settings().keep.runs_days
    # Files know the real time.
    yesterday, before = ((datetime.now(UTC) - timedelta(days=ago)).timestamp() for ago in (1, days))
    files, size = 0, 0
    for place, _, names in os.walk(folder, topdown=False):
        was_left = Path(place).stat().st_mtime < yesterday
        for file in (Path(place) / name for name in names):
            with suppress(FileNotFoundError):  # another process was faster
                if not file.is_symlink() and (about := file.stat()).st_mtime < before:
                    files, size = files + 1, size + about.st_size
                    if not dry_run:
                        file.unlink()
        if was_left and not dry_run and place != str(folder):
            with suppress(OSError):  # it is not empty
                Path(place).rmdir()
    return f"logs older than {days} days: {files} files, {megabytes(size)}"


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

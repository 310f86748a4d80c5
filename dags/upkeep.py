"""The upkeep of Airflow itself: its database and the logs of its tasks."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk.configuration import conf

from wirewatch.errors import UserError
from wirewatch.records import now
from wirewatch.retention import megabytes
from wirewatch.settings import get_settings
from wirewatch.words import how_many

log = logging.getLogger(__name__)


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
    return f"logs older than {days} days: {how_many(files, 'file')}, {megabytes(size)}"

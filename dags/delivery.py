"""The delivery: every few minutes, what alerts have to tell goes where it is due.

The nightly run delivers too. What is gathered for an hour or a day, waits for the end of quiet hours, or was not taken
by its channel is due at other times.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task


@dag(
    schedule="*/5 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["wirewatch"],
    doc_md=__doc__,
)
def delivery() -> None:
    """From what is due to the channels."""

    @task(execution_timeout=timedelta(hours=1))
    def deliver() -> None:
        from search.alerts.deliver import deliver as stage

        stage()

    deliver()


delivery()

"""What goes out at its own time: every few minutes what alerts have to tell by then, and once a day the briefing.

The crawls deliver too. What is gathered for an hour or a day, waits for the end of quiet hours, or was not taken by its
channel is due at other times.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag, task

from dags.parts import OURS, ends_within, send_due
from wirewatch.settings import get_settings

BRIEFING = "30 6 * * *"
"""When the briefing is written: after the night's crawl, before the working day."""


@dag(**OURS | {"deadline": ends_within(timedelta(hours=1))}, schedule="*/5 * * * *", doc_md=__doc__)
def digests() -> None:
    """From what is due to the channels."""

    @task(execution_timeout=timedelta(hours=1))
    def deliver() -> dict[str, int]:
        return send_due()

    deliver()


@dag(
    **OURS | {"deadline": ends_within(timedelta(hours=1))},
    schedule=CronTriggerTimetable(BRIEFING, timezone=get_settings().timezone),
    doc_md="Writes what came in during the last 24 hours to `briefings/` in Wirewatch's home, and tells the operator "
    "what is not well, unless the night's crawl did.",
)
def briefing() -> None:
    """From the index to a page to read, and to what the operator has to look after."""

    @task(execution_timeout=timedelta(minutes=30))
    def write() -> str:
        from search.briefing import write_daily

        return str(write_daily(get_settings().home / "briefings"))

    @task(execution_timeout=timedelta(minutes=30))
    def tell() -> None:
        from search.health.digest import send_digest

        send_digest()

    write()
    tell()


digests()
briefing()

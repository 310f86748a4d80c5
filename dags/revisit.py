"""Articles are looked at again a day and a week after they were fetched first: what changed is kept as a version, what
is gone is marked.

The crawls do that too where they visit a source anyway. This takes the sources of the tier `nightly`, every hour, and
visits no listing. Hot and hourly ones are visited often enough, and would be kept from that: a group holds its sites
until the slowest of them has ended.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from dags.parts import CRAWL, OURS, ends_within, run_name, told
from dags.way import go_on_from
from wirewatch.settings import get_settings

GROUPS = 2
"""Crawl tasks."""
MINUTES = 25
"""That it may take."""
SPARE = 2
"""Minutes in which a crawl that was told to end has let go of its sites."""


def minutes_left(moment: datetime) -> float:
    """Minutes that a crawl may take that begins at a moment: it is to be over when the next crawls begin, which would
    leave a site alone that it is at. They begin at the full hour in the time zone of ``WIREWATCH_TIMEZONE``.
    """
    local = moment.astimezone(ZoneInfo(get_settings().timezone))
    return min(MINUTES, 60 - local.minute - local.second / 60 - SPARE)


@dag(
    **OURS | {"deadline": ends_within(timedelta(hours=2))},
    schedule=CronTriggerTimetable("15 * * * *", timezone=get_settings().timezone),
    allowed_run_types=["scheduled", "manual", "operator_triggered"],
    doc_md=__doc__,
)
def revisit() -> None:
    """From articles that are to be looked at again to the analysts' notices."""

    @task
    def plan() -> list[dict[str, Any]]:
        from crawlers.plan import due
        from crawlers.plan import plan as plan_groups
        from wirewatch.sources import load_sources

        nightly = [source for source in load_sources(get_settings().sources) if source.tier == "nightly"]
        return [group.model_dump(mode="json") for group in plan_groups(due(nightly, revisits=True), groups=GROUPS)]

    @task(pool=CRAWL, execution_timeout=timedelta(minutes=MINUTES + 30))
    def crawl(group: dict[str, Any]) -> None:
        from crawlers.crawl import crawl as stage
        from crawlers.plan import Group
        from wirewatch.records import now

        # Its task may have waited for a slot, or been tried before.
        minutes = minutes_left(now())
        if minutes < 1:
            raise AirflowSkipException("The next crawls begin: what is to be looked at again is left to the next run.")
        told([stage(Group.model_validate(group), run_name(), revisits=True, minutes=minutes)])

    go_on_from(crawl.expand(group=plan()))


revisit()

"""Articles are looked at again a day and a week after they were fetched first: what changed is kept as a version, what
is gone is marked.

The crawls do that too where they visit a source anyway. This takes the sources of the tier `nightly`, every hour, and
visits no listing. Hot and hourly ones are visited often enough, and would be kept from that: a group holds its sites
until the slowest of them has ended.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from dags.parts import CRAWL, OURS, ends_within, run_name, told
from dags.way import go_on_from

MINUTES = 25
"""That it may take: it is over when the next crawls begin, which would leave a site alone that it is at."""


@dag(
    **OURS | {"deadline": ends_within(timedelta(hours=2))},
    schedule="15 * * * *",
    allowed_run_types=["scheduled", "manual", "operator_triggered"],
    doc_md=__doc__,
)
def revisit() -> None:
    """From articles that are to be looked at again to the analysts' notices."""

    @task
    def plan() -> list[dict[str, Any]]:
        from crawlers.plan import due
        from crawlers.plan import plan as plan_groups
        from wirewatch.settings import get_settings
        from wirewatch.sources import load_sources

        nightly = [source for source in load_sources(get_settings().sources) if source.tier == "nightly"]
        return [group.model_dump(mode="json") for group in plan_groups(due(nightly, revisits=True), groups=2)]

    @task(pool=CRAWL, execution_timeout=timedelta(minutes=MINUTES + 30))
    def crawl(group: dict[str, Any]) -> None:
        from crawlers.crawl import crawl as stage
        from crawlers.plan import Group

        told([stage(Group.model_validate(group), run_name(), revisits=True, minutes=MINUTES)])

    go_on_from(crawl.expand(group=plan()))


revisit()

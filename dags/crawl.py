"""The way of an article, from the news sites to the analysts' notices, for each tier of sources.

`crawl_hot` runs every ten minutes and `crawl_hourly` every hour, over those sources of their tier that are due;
`crawl_nightly` at 02:00 in the time zone of `WIREWATCH_TIMEZONE`, over all sources of its own. A source that the param
`sources` names is crawled whatever its tier and whether it is due or not.

What one source does fails no run. A run is marked failed where any of its tasks was, and the operator hears of it.

A crawl looks at the sites as they are now, so there is no backfill of it. The past is replayed from the archive by the
DAG `replay`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, dag, get_current_context, task

from dags.parts import CRAWL, CRAWL_HOT, OURS, RETRIES, ends_within, run_name, told
from dags.way import go_on_from
from wirewatch.settings import get_settings


@dataclass(frozen=True)
class Tier:
    """How the sources of a tier are crawled."""

    name: str
    schedule: str
    groups: int
    """Crawl tasks, unless the run says otherwise."""
    minutes: float
    """That a crawl may take: what is left over then is for the next run."""
    ends_within: timedelta
    """Time after which the operator hears that a run is late."""
    due: bool = True
    """Whether only what is due is asked for."""
    priority: int = 1
    """Its tasks' before others that wait for a place in a pool."""
    pool: str = CRAWL
    """Of its crawls. It has a slot for each of their groups, so that no crawl waits for another to end."""


TIERS = (
    Tier("hot", "*/10 * * * *", 2, 8, timedelta(minutes=30), priority=3, pool=CRAWL_HOT),
    Tier("hourly", "0 * * * *", 2, 45, timedelta(hours=2), priority=2),
    Tier("nightly", "0 2 * * *", 4, get_settings().crawl.max_minutes, timedelta(hours=6), due=False),
)


def crawl_of(tier: Tier) -> None:
    """Define the DAG of a tier."""

    @dag(
        f"crawl_{tier.name}",
        **OURS
        | {
            "default_args": RETRIES | {"priority_weight": tier.priority, "weight_rule": "absolute"},
            "deadline": ends_within(tier.ends_within),
        },
        schedule=CronTriggerTimetable(tier.schedule, timezone=get_settings().timezone),
        allowed_run_types=["scheduled", "manual", "operator_triggered"],
        params={
            "sources": Param([], type="array", items={"type": "string"}, description="Domains; empty: the tier's."),
            "groups": Param(tier.groups, type="integer", minimum=1, description="Crawl tasks; a site is in one."),
        },
        doc_md=__doc__,
    )
    def crawl_sources() -> None:
        @task
        def plan() -> list[dict[str, Any]]:
            from crawlers.plan import due
            from crawlers.plan import plan as plan_groups
            from wirewatch.sources import choose, load_sources

            params = get_current_context()["params"]
            sources = choose(load_sources(get_settings().sources), params["sources"])
            if not params["sources"]:
                sources = [source for source in sources if source.tier == tier.name]
                sources = due(sources) if tier.due else sources
            return [group.model_dump(mode="json") for group in plan_groups(sources, groups=params["groups"])]

        @task(pool=tier.pool, execution_timeout=timedelta(minutes=tier.minutes + 30))
        def crawl(group: dict[str, Any]) -> None:
            from crawlers.crawl import crawl as stage
            from crawlers.plan import Group

            due = tier.due and not get_current_context()["params"]["sources"]
            told([stage(Group.model_validate(group), run_name(), due=due, minutes=tier.minutes)])

        # Once a day, and when the night's crawl has said how most of the sources are.
        go_on_from(crawl.expand(group=plan()), digest=tier.name == "nightly", hot=tier.name == "hot")

    crawl_sources()


for each in TIERS:
    crawl_of(each)

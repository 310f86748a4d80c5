"""The nightly run: plan groups of sites, crawl each, extract and enrich each batch, index, alert.

Every task calls the same stage function as the command line. A task hands on only the name of the batch it wrote; a
retry of a task whose batch exists already returns at once (see ``wirewatch.batches``).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

RETRIES: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(minutes=2), "retry_exponential_backoff": True}


@dag(
    schedule="0 2 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES,
    params={
        "sources": Param([], type="array", items={"type": "string"}, description="Domains; empty means all sources."),
        "groups": Param(4, type="integer", minimum=1, description="Crawl tasks; each site is in one of them."),
    },
    tags=["wirewatch"],
    doc_md=__doc__,
)
def nightly() -> None:
    """From the news sites to the analysts' notices, once a night."""

    @task(retries=0)  # what is wrong with the catalogue or the params does not pass
    def plan() -> list[dict[str, Any]]:
        from crawlers.plan import plan as plan_groups
        from wirewatch.settings import get_settings
        from wirewatch.sources import choose, load_sources

        params = get_current_context()["params"]
        sources = choose(load_sources(get_settings().sources), params["sources"])
        return [group.model_dump(mode="json") for group in plan_groups(sources, groups=params["groups"])]

    @task(execution_timeout=timedelta(hours=4))
    def crawl(group: dict[str, Any]) -> str:
        from crawlers.crawl import crawl as crawl_group
        from crawlers.plan import Group

        started = get_current_context()["dag_run"].run_after
        return crawl_group(Group.model_validate(group), started.strftime("%Y%m%dT%H%M%SZ")).name

    @task(execution_timeout=timedelta(hours=2))
    def extract(name: str) -> str:
        from crawlers.extract import extract as stage

        return stage(batch("pages", name)).name

    @task(execution_timeout=timedelta(hours=2))
    def enrich(name: str) -> str:
        from enrichment.enrich import enrich as stage

        return stage(batch("articles", name)).name

    @task(execution_timeout=timedelta(hours=1))
    def index(names: list[str]) -> list[str]:
        from search.index import index as stage
        from search.index import init

        init()
        return [stage(batch("enriched", name)).name for name in names]

    @task(execution_timeout=timedelta(hours=1))
    def alert(names: list[str]) -> list[str]:
        from search.alerts.match import alert as stage

        return [stage(batch("indexed", name)).name for name in names]

    enriched = enrich.expand(name=extract.expand(name=crawl.expand(group=plan())))
    alert(index(enriched))


def batch(stage: str, name: str) -> Any:
    """The batch of that stage and name in this installation."""
    from wirewatch.batches import Batch
    from wirewatch.settings import get_settings

    return Batch(get_settings().batches, stage, name)


nightly()

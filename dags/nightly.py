"""The nightly run: plan groups of sites, crawl each, extract and enrich each batch, index, alert, deliver,
measure.

Every task calls the same stage function as the command line. A task hands on only the name of the batch it wrote; a
retry of a task whose batch exists already returns at once (see ``wirewatch.batches``).

What a stage works on is what is pending, not only what this run crawled: a group that fails costs that group, and what
an earlier night left undone is done by this one. The run as a whole is marked failed where any of its tasks was.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

RETRIES: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(minutes=2), "retry_exponential_backoff": True}
WHATEVER_CAME = "all_done"
"""Trigger rule of the tasks that work on what is there, even where a task before them failed."""


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
    def crawl(group: dict[str, Any]) -> None:
        from crawlers.crawl import crawl as crawl_group
        from crawlers.plan import Group
        from wirewatch.batches import run_name

        run = get_current_context()["dag_run"]
        crawl_group(Group.model_validate(group), run_name(run.run_after, run.run_id))

    @task(trigger_rule=WHATEVER_CAME)
    def crawled() -> list[str]:
        return [found.name for found in pending("articles")]

    @task(execution_timeout=timedelta(hours=2))
    def extract(name: str) -> None:
        from crawlers.extract import extract as stage

        stage(batch("pages", name))

    @task(trigger_rule=WHATEVER_CAME)
    def extracted() -> list[str]:
        return [found.name for found in pending("enriched")]

    # Each holds language models of some 1.2 GB.
    @task(execution_timeout=timedelta(hours=2), max_active_tis_per_dagrun=2)
    def enrich(name: str) -> None:
        from enrichment.enrich import enrich as stage

        stage(batch("articles", name))

    @task(trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1))
    def index() -> None:
        from search.index import index as stage

        for found in pending("indexed"):
            stage(found)

    @task(trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1))
    def alert() -> None:
        from enrichment.query import understand
        from search.alerts.kibana.take_over import take_over
        from search.alerts.match import alert as stage

        take_over(understand)
        for found in pending("alerted"):
            stage(found)

    @task(trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1))
    def deliver() -> None:
        from search.alerts.deliver import deliver as stage

        stage()

    @task(trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1))
    def health() -> None:
        from search.health.digest import tell_operator
        from search.health.measure import health as stage

        for found in pending("health"):
            stage(found)
        tell_operator()

    @task(trigger_rule="none_failed", retries=0)
    def everything_went_well() -> None:
        """The end of the run: it fails where a task failed whose work the others went on without."""

    crawls = crawl.expand(group=plan())
    to_extract = crawled()
    extracts = extract.expand(name=to_extract)
    to_enrich = extracted()
    enriches = enrich.expand(name=to_enrich)
    indexes, alerts, delivered, measured = index(), alert(), deliver(), health()
    crawls >> to_extract
    extracts >> to_enrich
    enriches >> indexes >> alerts >> delivered >> measured
    [crawls, extracts, enriches, indexes, alerts, delivered, measured] >> everything_went_well()


def batch(stage: str, name: str) -> Any:
    """The batch of that stage and name in this installation."""
    from wirewatch.batches import Batch
    from wirewatch.settings import get_settings

    return Batch(get_settings().batches, stage, name)


def pending(stage: str) -> list[Any]:
    """The batches that a stage has yet to work on."""
    from wirewatch import batches
    from wirewatch.settings import get_settings

    return batches.pending(get_settings().batches, stage)


nightly()

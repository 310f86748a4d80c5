"""What every crawl has before it, whatever it crawled: the tasks from the archived pages to the notices and the health
of the sources.

A task hands on only names of batches; a retry of a task whose batch exists returns at once. What the stages work on is
what is pending, whichever run left it: a group that fails costs that group, and the next run goes on with it. What two
runs find pending one of them does.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from dags.parts import ARTICLES, INDEX, MODELS, WHATEVER_CAME, alone_with, batch, names, news, pending, told
from wirewatch.batches import each


def go_on_from(crawls: Any, *, digest: bool = False) -> None:
    """Define the tasks that come after the task that crawls. The one that measures the sources tells the operator of
    those that are not well if it is to write the ``digest`` of the day.
    """

    @task(trigger_rule=WHATEVER_CAME)
    def crawled() -> list[str]:
        return names(pending("articles"))

    @task(execution_timeout=timedelta(hours=2))
    def extract(name: str) -> None:
        from crawlers.extract import extract as stage

        pages = batch("pages", name)
        with alone_with(pages, "articles"):
            told([stage(pages)])

    @task(trigger_rule=WHATEVER_CAME)
    def extracted() -> list[str]:
        return names(pending("enriched"))

    # Longer than the 20,000 articles of a group's first night take.
    @task(pool=MODELS, execution_timeout=timedelta(hours=12))
    def enrich(name: str) -> None:
        from enrichment.enrich import enrich as stage

        articles = batch("articles", name)
        with alone_with(articles, "enriched"):
            told([stage(articles)])

    @task(pool=INDEX, trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1), outlets=[ARTICLES])
    def index() -> None:
        from search.index import index as stage

        told(each(stage, pending("indexed")))
        learned = news()
        if not learned:
            raise AirflowSkipException("Nothing is new in the index: who waits for news is not woken.")
        get_current_context()["outlet_events"][ARTICLES].extra = learned

    @task(pool=INDEX, trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1))
    def alert() -> None:
        from enrichment.query import understand
        from search.alerts.kibana.take_over import take_over
        from search.alerts.match import alert as stage

        take_over(understand)
        told(each(stage, pending("alerted")))

    @task(trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1))
    def deliver() -> dict[str, int]:
        from search.alerts.deliver import deliver as stage

        return dict(stage())

    @task(trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1))
    def health() -> None:
        from search.health.digest import send_digest
        from search.health.measure import health as stage

        told(each(stage, pending("health")))
        if digest:
            send_digest()

    @task(trigger_rule="none_failed", retries=0)
    def everything_went_well() -> None:
        """The end of the run: it fails where a task failed whose work the others went on without."""

    indexes, alerts, delivered, measured = index(), alert(), deliver(), health()
    to_extract = crawled()
    extracts = extract.expand(name=to_extract)
    to_enrich = extracted()
    enriches = enrich.expand(name=to_enrich)
    crawls >> to_extract
    extracts >> to_enrich
    enriches >> indexes >> alerts >> delivered >> measured
    [crawls, extracts, enriches, indexes, alerts, delivered, measured] >> everything_went_well()

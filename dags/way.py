"""What every crawl has before it, whatever it crawled: the tasks from the archived pages to the notices and the health
of the sources.

A task hands on only names of batches; a retry of a task whose batch exists returns at once. What the stages work on is
what is pending, whichever run left it: a group that fails costs that group, and the next run goes on with it. What two
runs find pending one of them does.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from dags.parts import (
    ARTICLES,
    EXTRACT,
    HOT,
    INDEX,
    MODELS,
    WHATEVER_CAME,
    batch,
    do,
    names,
    news,
    pending,
    run_name,
    send_due,
    soon_done,
    told,
)

log = logging.getLogger(__name__)

NEWS = "news"
"""XCom of the task `index`: see :func:`dags.parts.news`."""


def note_news() -> None:
    """Leave what is news as an XCom. Where that is not known, `announce` looks once more; what the task itself failed
    of is not hidden by it."""
    try:
        learned = news()
        get_current_context()["ti"].xcom_push(NEWS, learned)
    except Exception as error:
        log.warning("What is news is not known yet: %r", error)


def go_on_from(crawls: Any, *, digest: bool = False, hot: bool = False) -> None:
    """Define the tasks that come after the task that crawls.

    Args:
        crawls: that task.
        digest: whether the task that measures the sources tells the operator of those that are not well.
        hot: whether the news waits for no other: what this run crawled is worked on in a pool of its own, and of what
            others have left only what is soon done is taken on (:func:`dags.parts.soon_done`).
    """

    def to_do(stage: str) -> list[str]:
        from wirewatch.batches import readable

        found = pending(stage)
        found = soon_done(found, run_name()) if hot else found
        told(readable(found))
        return names(found)

    @task(trigger_rule=WHATEVER_CAME)
    def crawled() -> list[str]:
        return to_do("articles")

    @task(pool=HOT if hot else EXTRACT, execution_timeout=timedelta(hours=2))
    def extract(name: str) -> None:
        from crawlers.extract import extract as stage

        do("articles", stage, [batch("pages", name)])

    @task(trigger_rule=WHATEVER_CAME)
    def extracted() -> list[str]:
        return to_do("enriched")

    # Longer than the 20,000 articles of a group's first night take.
    @task(pool=HOT if hot else MODELS, execution_timeout=timedelta(hours=12))
    def enrich(name: str) -> None:
        from enrichment.enrich import enrich as stage

        do("enriched", stage, [batch("articles", name)])

    @task(pool=INDEX, trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1))
    def index() -> None:
        from search.index import index as stage

        try:
            do("indexed", stage, pending("indexed"))
        finally:
            # Here, where no other run asks the alerts meanwhile.
            note_news()

    # Of its own, because a task that fails changes no asset: `index` does where it left one batch of many undone.
    @task(trigger_rule=WHATEVER_CAME, outlets=[ARTICLES])
    def announce() -> None:
        context = get_current_context()
        learned = context["ti"].xcom_pull(task_ids="index", key=NEWS) or news()  # it may have been killed
        if not learned:
            raise AirflowSkipException("Nothing is new in the index: who waits for news is not woken.")
        context["outlet_events"][ARTICLES].extra = learned

    @task(pool=INDEX, trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1))
    def alert() -> None:
        from enrichment.query import understand
        from search.alerts.kibana.take_over import take_over
        from search.alerts.match import alert as stage

        take_over(understand)
        do("alerted", stage, pending("alerted"))

    @task(trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1))
    def deliver() -> dict[str, int]:
        return send_due()

    @task(trigger_rule=WHATEVER_CAME, execution_timeout=timedelta(hours=1))
    def health() -> None:
        from search.health.digest import send_digest
        from search.health.measure import health as stage

        do("health", stage, pending("health"))
        if digest:
            send_digest()

    @task(trigger_rule="none_failed", retries=0)
    def everything_went_well() -> None:
        """The end of the run: it fails where a task failed whose work the others went on without."""

    indexes, announced, alerts, delivered, measured = index(), announce(), alert(), deliver(), health()
    to_extract = crawled()
    extracts = extract.expand(name=to_extract)
    to_enrich = extracted()
    enriches = enrich.expand(name=to_enrich)
    crawls >> to_extract
    extracts >> to_enrich
    enriches >> indexes >> announced >> alerts >> delivered >> measured
    [crawls, extracts, enriches, indexes, announced, alerts, delivered, measured] >> everything_went_well()

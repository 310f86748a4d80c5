"""What goes out at its own time."""

from __future__ import annotations

import re

from elasticsearch import Elasticsearch

from search.alerts.operator_notices import tell_operator
from tests.dags.conftest import Dags
from wirewatch.settings import Settings


def test_what_is_due_between_the_crawls_is_delivered_and_each_day_has_its_briefing(
    run_dag: Dags, es: Elasticsearch, settings: Settings, trouble: str
) -> None:
    tell_operator(es, "today", "2 sources are not well")
    assert run_dag("digests", "digests") == "success"
    es.indices.refresh(index="wirewatch-notices")
    assert [hit["_source"]["state"] for hit in es.search(index="wirewatch-notices")["hits"]["hits"]] == ["told"]
    assert re.search(r"sent 1\n  http\S+alerts", run_dag.said)
    assert run_dag("digests", "briefing") == "success"
    [page] = (settings.home / "briefings").iterdir()
    assert page.suffix == ".html" and "</html>" in page.read_text()
    assert trouble in run_dag.said

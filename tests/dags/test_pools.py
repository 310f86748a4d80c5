"""What should be quick waits for nothing that takes long: the pools' slots, the crawls' groups and Airflow's places for
tasks go together, as they are given.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag

from dags import revisit
from dags.crawl import TIERS
from wirewatch.settings import AirflowSettings

ROOT = Path(__file__).parents[2]
SLOTS = {name: pool["slots"] for name, pool in json.loads((ROOT / "dags/pools.json").read_text()).items()}
NO_POOL = "default_pool"
LONG = timedelta(hours=1)
"""What may take longer than that is not quick."""
QUICK = 2
"""Places that are left for what is quick: plans, what is due to the channels, the ends of runs."""


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    found = DagBag(ROOT / "dags")
    assert not found.import_errors
    return dict(found.dags)


def pools_of(dag: Any) -> set[str]:
    return {task.pool for task in dag.tasks} - {NO_POOL}


def test_every_pool_is_used_and_there(dags: dict[str, Any]) -> None:
    assert set.union(*map(pools_of, dags.values())) == set(SLOTS)


def test_hot_news_shares_no_slot_with_other_crawls_but_that_of_the_index(dags: dict[str, Any]) -> None:
    others = [pools_of(dag) for name, dag in dags.items() if name != "crawl_hot"]
    assert pools_of(dags["crawl_hot"]) & set.union(*others) == {"index"}


def test_no_crawl_waits_for_another_to_end() -> None:
    groups: defaultdict[str, int] = defaultdict(int, crawl=revisit.GROUPS)
    for tier in TIERS:
        groups[tier.pool] += tier.groups
    assert all(SLOTS[pool] >= number for pool, number in groups.items())


def test_what_takes_long_holds_a_slot_or_is_one_at_a_time(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert dag.max_active_tasks == 1 or all(task.max_active_tis_per_dag == 1 for task in without_slot(dag))


def test_what_is_quick_finds_a_place_while_all_else_holds_what_it_may_hold(dags: dict[str, Any]) -> None:
    held = sum(SLOTS.values()) + sum(1 for dag in dags.values() if without_slot(dag))
    for given in (on_one_machine(), with_compose(), with_helm()):
        assert min(given) >= held + QUICK


def without_slot(dag: Any) -> list[Any]:
    """The tasks of a DAG that may take long, or be there many times, and hold no slot of a pool."""
    return [
        task
        for task in dag.tasks
        if task.pool == NO_POOL and (task.is_mapped or (task.execution_timeout or LONG) > LONG)
    ]


def on_one_machine() -> tuple[int, int]:
    """The tasks that Airflow begins at once, and those that its workers do at once."""
    given = AirflowSettings().parallelism
    return given, given


def with_compose() -> tuple[int, int]:
    """The same with the compose file and one worker."""
    given = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["airflow-worker"]
    environment = given["environment"]
    (each,) = re.findall(r":-(\d+)}", environment["AIRFLOW__CELERY__WORKER_CONCURRENCY"])
    return int(environment["AIRFLOW__CORE__PARALLELISM"]), int(each)


def with_helm() -> tuple[int, int]:
    """The same with the values for Helm."""
    given = yaml.safe_load((ROOT / "deploy/helm/values.yaml").read_text(encoding="utf-8"))
    each = given["config"]["celery"]["worker_concurrency"]
    return given["config"]["core"]["parallelism"], each * given["workers"]["celery"]["replicas"]

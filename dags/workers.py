"""Workers of Airflow that have the language models in memory before their first task.

Airflow runs each task in a process of its own, forked from its worker's. What the worker has loaded the task has, and
shares with all others: see `enrichment/preload.py`. This is for Celery: name `dags.workers.CELERY` as
`AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS`. Of one machine the workers are those of `dags/executor.py`.
"""

from __future__ import annotations

import gc
from typing import Any

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG
from celery.signals import worker_init, worker_ready

CELERY = DEFAULT_CELERY_CONFIG
"""Airflow's own configuration of Celery. Whoever reads it has the signals below."""


@worker_init.connect
def before_processes_are_forked(**_: Any) -> None:
    """Load the models in a worker's first process. Nothing else that reads the configuration gets this signal."""
    from enrichment.preload import preload

    preload()
    # Airflow thaws what is frozen when the worker is ready, in a handler that is there already: it comes before this.
    worker_ready.connect(_freeze, weak=False)


def _freeze(**_: Any) -> None:
    gc.freeze()

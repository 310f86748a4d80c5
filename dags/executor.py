"""What runs the tasks of an Airflow on one machine, with the language models in memory before the first of them.

`wirewatch up` names it; see `dags/workers.py` for the same with Celery.
"""

from __future__ import annotations

import gc
import logging

from airflow.executors import local_executor

from wirewatch.errors import UserError

log = logging.getLogger(__name__)


class LocalExecutor(local_executor.LocalExecutor):  # type: ignore[misc]
    """Airflow's executor for one machine, in whose scheduler the models are loaded first.

    It is called as Airflow's own, which Airflow knows by this name for one of a single machine.
    """

    def start(self) -> None:
        """Load them, and fork the workers, from which the tasks are forked."""
        from enrichment.preload import preload

        try:
            preload()
        except UserError as error:  # each task that enriches says it too; all others can do without
            log.warning("No models are loaded ahead: %s", error)
        super().start()
        gc.freeze()  # Airflow has thawed it

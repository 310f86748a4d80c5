"""A plugin of Airflow: notes when a task's own function begins and ends, and the processor time that it took.

`benchmarks/orchestration.py` copies this file into the plugins of its Airflow, and names the file of notes in
``TASK_TIMES``. Of the beginning it notes what the task's process had used before, of the end what the function used,
with all that it started.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from wirewatch.cost import Meter

_meter: Meter
"""Of the one task that runs in this process."""


def _note(event: str, task_instance: Any, cpu: float) -> None:
    line = {
        "event": event,
        "task": task_instance.task_id,
        "map": task_instance.map_index,
        "at": time.time(),
        "cpu": cpu,
    }
    with Path(os.environ["TASK_TIMES"]).open("a", encoding="utf-8") as notes:
        notes.write(json.dumps(line) + "\n")


@hookimpl
def on_task_instance_running(previous_state: Any, task_instance: Any) -> None:
    """Airflow calls the task's function next."""
    global _meter
    _note("begun", task_instance, sum(os.times()[:2]))
    _meter = Meter()


@hookimpl
def on_task_instance_success(previous_state: Any, task_instance: Any) -> None:
    """It has returned."""
    _note("ended", task_instance, _meter.cpu_seconds)


@hookimpl
def on_task_instance_failed(previous_state: Any, task_instance: Any, error: Any) -> None:
    """It has raised an error."""
    _note("ended", task_instance, _meter.cpu_seconds)


class TaskTimes(AirflowPlugin):
    """The plugin."""

    name = "task_times"
    listeners = [sys.modules[__name__]]  # noqa: RUF012

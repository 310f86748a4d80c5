"""Airflow, asked over its HTTP API: quickly, and without Airflow's packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import requests

from wirewatch.cli.words import NEVER
from wirewatch.errors import UserError

PARTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")
"""What Airflow says of itself how it is, besides what answers."""


@dataclass(frozen=True)
class Health:
    """How a part of Airflow is."""

    status: str
    """``healthy``, or in Airflow's words what else."""
    seen: datetime
    """When it gave its last sign of life; of the database, which gives none, :data:`NEVER`."""

    @property
    def is_well(self) -> bool:
        """Whether Airflow takes it for healthy."""
        return self.status == "healthy"


@dataclass(frozen=True)
class Dag:
    """A DAG, and how it goes."""

    name: str
    paused: bool
    next: datetime | None
    """When its next run is to begin."""
    state: str | None
    """Of its latest run: ``success``, ``failed``, ``running`` or ``queued``; None where it never ran."""
    begun: datetime | None
    ended: datetime | None


class AirflowApi:
    """The API of the Airflow at some URL, as a user of it. ``patience``: seconds that an answer may take.

    All that asks raises a UserError where it does not answer or refuses.
    """

    def __init__(self, url: str, user: str, password: str, patience: float = 30) -> None:
        self.url = url.rstrip("/")
        self.user, self.password = user, password
        self.patience = patience

    def health(self) -> dict[str, Health]:
        """How its parts are, by name."""
        found = self._ask("GET", "/api/v2/monitor/health")
        return {
            part: Health(found[part]["status"], _time(found[part].get(f"latest_{part}_heartbeat")) or NEVER)
            for part in PARTS
        }

    def is_well(self, since: datetime) -> bool:
        """Whether it answers, and all parts have given a sign of life after a moment."""
        try:
            parts = self.health()
        except UserError:
            return False
        return all(part.is_well and (name == "metadatabase" or part.seen >= since) for name, part in parts.items())

    def dags(self) -> list[Dag]:
        """The DAGs, by name."""
        return [self._dag(one) for one in self._get("/api/v2/dags?limit=100&order_by=dag_id")["dags"]]

    def import_errors(self) -> dict[str, str]:
        """The files that cannot be read as DAGs, and the last line of why."""
        found = self._get("/api/v2/importErrors?limit=100")["import_errors"]
        return {one["filename"]: one["stack_trace"].strip().splitlines()[-1] for one in found}

    def pools(self) -> dict[str, int]:
        """The pools, and the slots of each."""
        return {one["name"]: one["slots"] for one in self._get("/api/v2/pools?limit=100")["pools"]}

    def make_pools(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        """Make those pools that there are not, from what ``airflow pools export`` writes."""
        there = self.pools()
        for name in wanted.keys() - there.keys():
            self._ask("POST", "/api/v2/pools", headers=self._login, json={"name": name, **wanted[name]})

    def _dag(self, found: Mapping[str, Any]) -> Dag:
        runs = self._get(f"/api/v2/dags/{found['dag_id']}/dagRuns?limit=1&order_by=-run_after")["dag_runs"]
        latest = runs[0] if runs else {}
        return Dag(
            name=found["dag_id"],
            paused=found["is_paused"],
            next=_time(found["next_dagrun_run_after"]),
            state=latest.get("state"),
            begun=_time(latest.get("start_date")),
            ended=_time(latest.get("end_date")),
        )

    def _get(self, path: str) -> Any:
        return self._ask("GET", path, headers=self._login)

    @cached_property
    def _login(self) -> dict[str, str]:
        told = {"username": self.user, "password": self.password}
        return {"Authorization": f"Bearer {self._ask('POST', '/auth/token', json=told)['access_token']}"}

    @cached_property
    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # no proxy, no ~/.netrc
        return session

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        try:
            answer = self._session.request(method, self.url + path, timeout=self.patience, **how)
            answer.raise_for_status()
            return answer.json()
        except requests.HTTPError as error:
            code = error.response.status_code
            why = f"does not know the user {self.user} by that password" if code in (401, 403) else f"answers {code}"
            raise UserError(f"Airflow at {self.url} {why}.") from None
        except (requests.RequestException, ValueError) as error:
            late = isinstance(error, requests.Timeout)
            why = f"nothing in {self.patience} s" if late else "no connection"
            raise UserError(
                f"Airflow does not answer at {self.url} ({why}). `make up` starts the one of this machine."
            ) from None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

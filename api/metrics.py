"""``/metrics``: how the pipeline does, as Prometheus reads it. No figure names a site, an address or an alert."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Lock

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder

from api import figures
from api.questions import Desk
from search.client import Client
from wirewatch.errors import UserError

log = logging.getLogger(__name__)

WAIT = 5.0
"""Seconds that a part has to answer; Prometheus waits ten for all."""
KEPT = 15.0
"""Seconds for which figures are told again without asking anew."""
KEPT_LONG = 300.0
"""The same for what is more work: the sources' health, and batches in an object store, which takes money to list."""


class Part:
    """Where some of the figures come from. It may fail, or take long, without harm to the others."""

    def __init__(self, name: str, figures: Callable[[], Iterable[Metric]], kept: float = KEPT) -> None:
        self.name, self._figures, self._kept = name, figures, kept
        self._running: Future[list[Metric]] | None = None
        self._at = 0.0
        self._was_well = True

    def ask(self, pool: ThreadPoolExecutor) -> Future[list[Metric]]:
        """What it tells: now, soon, or what it told a moment ago."""
        is_old = self._running is not None and self._running.done() and time.monotonic() - self._at > self._kept
        if self._running is None or is_old:
            self._running = pool.submit(self._read)
        return self._running

    def _read(self) -> list[Metric]:
        try:
            found = list(self._figures())
        except Exception as error:
            if self._was_well:
                log.warning("No metrics of %s: %s", self.name, error, exc_info=not isinstance(error, UserError))
            self._was_well = False
            raise
        finally:
            self._at = time.monotonic()
        self._was_well = True
        return found


class Metrics:
    """All figures, as a collector of Prometheus' client."""

    def __init__(self, desk: Desk) -> None:
        def asked(figures: Callable[[Client], Iterable[Metric]]) -> Iterable[Metric]:
            return figures(desk.client.options(request_timeout=WAIT, max_retries=0))

        self._parts = (
            Part("batches", figures.Stages(), KEPT if figures.folder_of_batches() else KEPT_LONG),
            Part("elasticsearch", partial(asked, figures.of_index)),
            Part("freshness", partial(asked, figures.of_freshness)),
            Part("sources", partial(asked, figures.of_sources), KEPT_LONG),
            Part("disk", figures.of_disk),
        )
        self._pool = ThreadPoolExecutor(len(self._parts), "metrics")
        self._lock = Lock()
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """What each part tells, and which of them do."""
        with self._lock:
            asked = {part.name: part.ask(self._pool) for part in self._parts}
        done = wait(asked.values(), WAIT).done
        well = {name: one for name, one in asked.items() if one in done and not one.exception()}
        yield figures.of_parts({name: name in well for name in asked})
        for one in well.values():
            yield from one.result()


router = APIRouter()


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """The figures, in the format that the reader asks for."""
    written, kind = choose_encoder(request.headers.get("Accept", ""))
    return Response(written(request.app.state.metrics.registry), headers={"Content-Type": kind})

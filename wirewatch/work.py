"""Working on what a stage has yet to do: on each batch one process at a time, and one that is damaged stops no other.

Commands and DAGs work alike, so that a command may be started while another one runs, by cron or beside Airflow.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import sleep

from wirewatch.batches import Batch
from wirewatch.errors import Unavailable, UserError
from wirewatch.settings import get_settings

log = logging.getLogger(__name__)

PAUSE = 5.0
"""Seconds after which who waits for another process looks again."""


def each(
    stage: str, work: Callable[[Batch], Batch], found: Iterable[Batch], holder: str = "", *, wait: bool = False
) -> list[Batch]:
    """Do a stage's work on batches, one after the other. What is wrong with one of them stops no other, and one that
    another process works on for the same stage is left to that one.

    Args:
        stage: what the work makes of a batch, one of :data:`wirewatch.batches.STAGES`.
        work: the stage's function.
        found: the batches that it works on.
        holder: who works, where the same may begin anew: it gets what it was at before (:mod:`wirewatch.leases`).
        wait: until that process has ended, and see to it that the work is done: for who goes on with what it makes.

    Returns:
        What the work has made.

    Raises:
        UserError: of the first that failed, when the others are done; at once, where what is needed is not there.
    """
    done: list[Batch] = []
    wrong: UserError | None = None
    for batch in found:
        try:
            with _alone(stage, batch, holder or secrets.token_hex(), wait) as is_ours:
                if is_ours:
                    done.append(work(batch))
                else:
                    log.warning("Another run is at %s already. It is left to that one.", batch.url)
        except Unavailable:
            raise
        except UserError as error:
            log.error("%s", error)
            wrong = wrong or error
    if wrong:
        raise wrong
    return done


@contextmanager
def _alone(stage: str, batch: Batch, holder: str, wait: bool) -> Iterator[bool]:
    """Whether nobody else does this work on a batch while the block lasts."""
    from wirewatch.leases import lease  # loads the database

    told = False
    while True:
        with lease(get_settings().state, [f"{stage} {batch.name}"], holder) as held:
            if held.things or not wait:
                yield bool(held.things)
                return
        if not told:
            log.warning("Another run makes %s already. This one waits for it.", batch.next(stage).url)
            told = True
        sleep(PAUSE)

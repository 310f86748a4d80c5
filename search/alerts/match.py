"""The stage *alert*: every alert asked over exactly what a run brought, and what it has to tell written down.

Nothing is sent here: see :mod:`search.alerts.deliver`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime

from elasticsearch import Elasticsearch

from search.alerts import store
from search.alerts.calibrate import refreshed
from search.alerts.matching import Found, matches
from search.alerts.notices import Book, notice_of
from search.alerts.store import Kept
from search.alerts.volume import volume
from search.alerts.watch import unusual
from search.client import connect, every, plain_errors
from search.indices import NOTICES
from search.query.question import Unreadable
from wirewatch.batches import Batch, write
from wirewatch.database import in_turn
from wirewatch.records import Notice, now
from wirewatch.settings import get_settings

log = logging.getLogger(__name__)


def alert(
    batch: Batch,
    *,
    tell: bool = False,
    client: Elasticsearch | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Batch:
    """Ask all alerts what they have to tell of what the run of an indexed batch brought, and write the batch of the
    :class:`Notice` records that are new with it.

    A notice has an id made of alert and story, so whatever is done again makes the same notices. One process at a time
    asks: the others wait, and see what it has written. An alert whose query cannot be asked is counted
    (``broken:NAME``), logged and shown with its error; the others go on.

    Args:
        batch: of the stage ``indexed``.
        tell: of a replay too. Otherwise it tells nobody.
        client: instead of the one that the settings name.
        progress: told how many alerts were asked, and of how many.

    Raises:
        UserError: Elasticsearch does not answer or refuses. Run it again: nothing is told twice.
    """
    done = batch.next("alerted")
    if done.exists():
        return done
    if batch.is_replay and not tell:
        with write(done):
            return done
    client = client or connect()
    # Nor does :func:`search.alerts.kibana.take_over.take_over` rename alerts meanwhile.
    with plain_errors(), in_turn(get_settings().state, "alerts"), ExitStack() as rest:
        if done.exists():  # another process was faster
            return done
        out = rest.enter_context(write(done))
        alerts = {kept.alert.name: kept for kept in refreshed(client, store.all_alerts(client), now())}
        asked = [kept for kept in alerts.values() if not kept.paused]
        book = Book(client, batch.name, alerts)
        errors: dict[str, str | None] = {}
        for number, (kept, found) in enumerate(_answers(client, asked, batch.name, book.moment), 1):
            broken = None
            if isinstance(found, str):
                broken = found
                log.warning("The alert %s cannot be asked: %s", kept.alert.name, broken)
                out.count(f"broken:{kept.alert.name}")
            else:
                out.count("alerts")
                if isinstance(found, Notice):
                    book.announce(kept, found)
                elif found:
                    book.add(kept, found)
            if broken != kept.error:
                errors[kept.id] = broken
            if progress:
                progress(number, len(asked))
        book.write()
        book.wake()
        store.note(client, "error", errors)
        client.indices.refresh(index=NOTICES)
        signs = unusual(client, alerts.values())
        new = {kept.id: signs.get(name) for name, kept in alerts.items() if signs.get(name) != kept.unusual}
        store.note(client, "unusual", new)
        for hit in every(client, NOTICES, {"term": {"run": batch.name}}, [{"created": "asc"}, "id"]):
            out.add(notice_of(hit["_source"]))
            out.count("notices")
    return done


def _answers(
    client: Elasticsearch, alerts: Sequence[Kept], run: str, moment: datetime
) -> Iterator[tuple[Kept, list[Found] | Notice | str | None]]:
    """Each alert, with the articles that it finds, what there is to tell of their number, or why it cannot be asked."""
    yield from matches(client, [kept for kept in alerts if not kept.alert.volume], run)
    for kept in alerts:
        if kept.alert.volume:
            try:
                yield kept, volume(client, kept, moment)
            except Unreadable as error:
                yield kept, str(error)

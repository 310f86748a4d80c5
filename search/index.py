"""Indexing: from a batch of enriched articles to searchable documents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from elasticsearch import Elasticsearch

from search.bulk import Answer, Sender, pauses, put, remove
from search.client import connect, every, plain_errors
from search.documents import Indexed, action, document, indexed, is_new_text
from search.duplicates import Copies, Text
from search.indices import ALIAS, NOTICES, STORIES, homes, init
from wirewatch.batches import REJECTED, Batch, BatchWriter, finished, tries, write
from wirewatch.database import in_turn, lots
from wirewatch.records import STORIES as STORY_LINES
from wirewatch.records import EnrichedArticle, IndexOutcome, Rejected, Story, merged, now
from wirewatch.replay import latest
from wirewatch.settings import get_settings

__all__ = ["ALIAS", "NOTICES", "STORIES", "index", "init", "rejected", "retry"]

CHUNK = 1_000
"""Articles looked up and sent at once, some 70 MB; as many are made ready meanwhile."""
UNSEEN = 5_000
"""Articles written before the index is refreshed, which takes as long as writing a lot; so many are remembered."""
RETRY = "-retry-"
"""Stands in the name of a batch between the run that tries again and the batch whose articles were refused."""


def index(
    batch: Batch,
    *,
    replay: str | None = None,
    only: Collection[str] = (),
    client: Elasticsearch | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Batch:
    """Index a batch of enriched articles and write the receipt: one :class:`IndexOutcome` an article.

    An article is one document, whatever the number of its versions: the one fetched last stays. A document remembers in
    ``run`` the batch that brought its text; indexing the same text again leaves that as it was, so that alerts see
    only what is new, and a replay leaves it even where it brings another text. An article with the text of another one,
    slightly edited perhaps, is marked as its copy: see :mod:`search.duplicates`. An article that Elasticsearch can
    never take is counted with the reason and kept in a dead-letter batch (of the name, as ``rejected``), which
    :func:`retry` takes up; it stops no other.

    Args:
        batch: of the stage ``enriched``.
        replay: do the work once more, with the articles as they are known now (:func:`wirewatch.replay.latest`): the
            run whose receipt is written then.
        only: of a replay, ids of the sources whose articles are taken; all, if empty.
        client: instead of the one that the settings name.
        progress: told how many articles are done, and of how many.

    Raises:
        UserError: Elasticsearch does not answer or refuses, for now (a full disk) or altogether; there is no receipt
            then. Run it again: what is there already is not written twice.
    """
    receipt = batch.next("indexed")
    articles, stories = batch.read(EnrichedArticle), [batch]
    if replay:
        receipt = receipt.replayed(replay)
        articles, stories = latest(batch, EnrichedArticle, only), tries(batch)
    if not receipt.exists():
        _index(articles, stories, receipt, client or connect(), progress, batch.manifest().records)
    return receipt


def retry(
    root: str,
    *,
    client: Elasticsearch | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> list[Batch]:
    """Index the articles that were refused for what they are once more, after whatever refused them was mended.

    Each dead-letter batch becomes a batch ``indexed`` of its own, so alerts see what it brought, and leaves the
    articles that are refused again in another dead-letter batch. An article of which a newer version was indexed
    meanwhile stays as it is.

    Args:
        root: fsspec URL of all batches.
        client: instead of the one that the settings name.
        progress: told how many articles of a batch are done, and of how many.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    client = client or connect()
    receipts = []
    for dead in rejected(root):
        first = Batch(root, "indexed", dead.name.rpartition(RETRY)[2])
        # Of two tries in one second the later one has the higher number: their names sort by time.
        run = f"{now():%Y%m%dT%H%M%SZ}-{len(tries(first)):06x}"
        receipt = Batch(root, "indexed", f"{run}{RETRY}{first.name}")
        articles = (letter.article for letter in dead.read(Rejected))
        _index(articles, [], receipt, client, progress, dead.manifest().records)
        receipts.append(receipt)
    return receipts


def rejected(root: str) -> list[Batch]:
    """The dead-letter batches that wait for :func:`retry`: those of what was tried last of each batch."""
    letters = finished(root, REJECTED)
    if not letters:  # as nearly always: the other listing is long
        return []
    latest: dict[str, str] = {}
    # The first try has the batch's own name, and the names of the others sort by time.
    tried = finished(root, "indexed", since=letters[0].name[:8])
    for name in sorted((batch.name for batch in tried), key=lambda name: (RETRY in name, name)):
        latest[name.rpartition(RETRY)[2]] = name
    return [batch for batch in letters if batch.name in latest.values()]


def _index(
    articles: Iterable[EnrichedArticle],
    stories: Sequence[Batch],
    receipt: Batch,
    client: Elasticsearch,
    progress: Callable[[int, int | None], None] | None,
    total: int,
) -> None:
    """Index articles, and the stories of some enriched batches, as a run of the receipt's name, and write the receipt;
    before it, where an article was refused, the dead-letter batch. One process at a time does: copies are looked for
    among what the others have written.
    """
    with in_turn(get_settings().state, "index"), plain_errors(), ExitStack() as rest:
        if receipt.exists():  # another process was faster
            return
        init(client)
        out = rest.enter_context(write(receipt))
        dead: BatchWriter | None = None
        sender, copies = Sender(client), Copies(client, ALIAS)
        copies.refresh()
        seen: set[str] = set()
        unseen: set[str] = set()
        done = 0
        for lot in _ahead(map(_ready, _lots(articles))):
            if len(unseen) >= UNSEEN or not unseen.isdisjoint(lot):
                copies.refresh()
                unseen.clear()
            for outcome in _send(sender, copies, lot, receipt, seen):
                out.add(outcome)
                out.count(outcome.outcome)
                if outcome.outcome == "failed":
                    reason = outcome.reason or ""
                    out.count(f"failed:{reason.partition(':')[0]}")
                    dead = dead or rest.enter_context(write(receipt.next(REJECTED)))
                    dead.add(Rejected(article=lot[outcome.id].article, reason=reason))
            seen.update(lot)
            unseen.update(lot)
            done += len(lot)
            if progress:
                progress(done, total)
        for batch in stories:
            told = datetime.fromisoformat(batch.manifest().created)
            for some in lots(batch.lines(Story, STORY_LINES)):
                _tell_stories(sender, some, int(told.timestamp()))
        sender.client.indices.refresh(index=[ALIAS, STORIES])


def _tell_stories(sender: Sender, stories: Sequence[Story], at: int) -> None:
    """Index what became of stories at a time (in seconds since 1970), unless the index knows what became of them later;
    the articles of one that is part of another now get the other's id.
    """
    client = sender.client
    client.indices.refresh(index=ALIAS)
    into = merged(stories)
    later = _part_of(indexed(client, list({into.get(story.id, story.id) for story in stories})))
    into = {id: later.get(older, older) for id, older in into.items()}
    told: list[dict[str, Any]] = []
    for story in stories:
        if story.id in into or story.id in later:
            told.append(remove(STORIES, story.id, at))
        else:
            told.append(put(STORIES, story.id, at, story.model_dump(mode="json", exclude_none=True)))
    _insist(sender, lambda: told)
    if into:
        _insist(sender, lambda: _with_new_stories(client, into))


def _part_of(articles: Mapping[str, Indexed]) -> dict[str, str]:
    """Those of the stories that became part of another one, with its id: a story has the id of its first article, and
    the index knows in which story that one is now.
    """
    now_in = {id: found.fields.get("story_id", id) for id, found in articles.items()}
    return {id: story for id, story in now_in.items() if story != id}


def _of_story(fields: dict[str, Any], into: Mapping[str, str]) -> dict[str, Any]:
    """What the index holds of an article that was told as of a story, which may be part of another one since."""
    return fields | {"story_id": into.get(fields["story_id"], fields["story_id"])}


def _with_new_stories(client: Elasticsearch, into: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for hit in every(client, ALIAS, {"terms": {"story_id": list(into)}}, [{"id": "asc"}], version=True, size=CHUNK):
        source = hit["_source"] | {"story_id": into[hit["_source"]["story_id"]]}
        yield put(hit["_index"], hit["_id"], hit["_version"], source)


def _insist(sender: Sender, actions: Callable[[], Iterable[dict[str, Any]]]) -> None:
    """Send actions, and all of them again if Elasticsearch cannot take some at the moment."""
    for pause in pauses():
        # 409: another run was faster.
        refused = [answer for answer in sender.send(actions()) if answer.reason and answer.status != 409]
        if not refused:
            return
        pause(refused[0])


def _lots(articles: Iterable[EnrichedArticle]) -> Iterator[list[EnrichedArticle]]:
    """The articles in lots, no article twice in one: of two versions the second must find the first."""
    lot: dict[str, EnrichedArticle] = {}
    for article in articles:
        if article.id in lot or len(lot) == CHUNK:
            yield list(lot.values())
            lot = {}
        lot[article.id] = article
    if lot:
        yield list(lot.values())


@dataclass(frozen=True)
class _Ready:
    """An article and what can be made of it without asking the index."""

    article: EnrichedArticle
    fields: dict[str, Any]
    text: Text


_Lot = dict[str, _Ready]
"""By the articles' ids."""


def _ready(articles: list[EnrichedArticle]) -> _Lot:
    fields = {article.id: document(article) for article in articles}
    return {article.id: _Ready(article, fields[article.id], Text.of(fields[article.id])) for article in articles}


def _ahead(lots: Iterator[_Lot]) -> Iterator[_Lot]:
    """The lots, each made while Elasticsearch is at work on the one before."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, lots, None)
        while lot := coming.result():
            coming = pool.submit(next, lots, None)
            yield lot


_ITS_OWN_FAULT = (400, 413)
"""Answers that an article gets for what it is, whenever it is sent."""


def _send(sender: Sender, copies: Copies, lot: _Lot, batch: Batch, seen: set[str]) -> Iterator[IndexOutcome]:
    waiting = dict(lot)
    for pause in pauses():
        refused = None
        for outcome in _try(sender, copies, dict(waiting), batch, seen):
            if isinstance(outcome, Answer):
                refused = outcome
            else:
                del waiting[outcome.id]
                yield outcome
        if refused is None:
            return
        # Perhaps another index has taken the place of the one that they were sent to: they are looked up again.
        pause(refused)
        copies.refresh()


def _try(sender: Sender, copies: Copies, lot: _Lot, batch: Batch, seen: set[str]) -> Iterator[IndexOutcome | Answer]:
    """Send articles once. What became of each or, of those that can be taken later, the refusal."""
    client = sender.client
    before = indexed(client, list(lot.keys() | {ready.fields["story_id"] for ready in lot.values()}))
    into = _part_of(before)
    years = homes(client, {ready.article.first_seen.year for ready in lot.values()})
    new = [ready for id, ready in lot.items() if is_new_text(ready.article, before.get(id))]
    links = copies.link([ready.fields for ready in new], {ready.article.id: ready.text for ready in new})
    actions = {
        id: action(ready.article, _of_story(ready.fields, into), years, before.get(id), links.get(id), batch)
        for id, ready in lot.items()
    }
    for answer in sender.send(actions.values()):
        id, sent = answer.id, actions[answer.id]["_source"]
        was = before.get(id)
        same_text = was is not None and was.fields["version"] == sent["version"]
        outcome: Literal["created", "updated", "unchanged", "failed"]
        reason = None
        if answer.reason:
            copies.forget(id)
        if answer.status == 409:
            outcome, reason = "unchanged", "newer-indexed"
        elif answer.status in _ITS_OWN_FAULT:
            outcome, reason = "failed", f"{answer.kind}: {answer.reason}"
        elif answer.reason:
            yield answer
            continue
        elif same_text and (sent["run"] != batch.name or id in seen):
            outcome = "unchanged"
        else:
            # What is there of the same run was written by an earlier, killed try.
            is_first = was is None or (was.fields["run"] == batch.name and id not in seen)
            outcome = "created" if is_first and sent["revision"] == 1 else "updated"
        yield IndexOutcome(id=id, version=lot[id].article.version, outcome=outcome, reason=reason)

"""Indexing: from a batch of enriched articles to searchable documents."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal

from elasticsearch import Elasticsearch

from search import schema
from search.bulk import Answer, Sender, pauses, put
from search.client import connect, every, plain_errors
from search.duplicates import link
from search.indices import ALIAS, NOTICES, STORIES, homes, init
from wirewatch.batches import REJECTED, Batch, BatchWriter, finished, run_name, write
from wirewatch.records import STORIES as STORY_LINES
from wirewatch.records import EnrichedArticle, IndexOutcome, Rejected, Story, now

__all__ = ["ALIAS", "NOTICES", "STORIES", "document", "index", "init", "rejected", "retry"]

CHUNK = 500
"""Articles looked up and sent at once."""
RETRY = "-retry-"
"""Stands in the name of a batch between the run that tries again and the batch whose articles were refused."""

_LANGUAGES = schema.text_languages()
_SAME_LANGUAGE = {"nb": "no", "nn": "no"}


def index(
    batch: Batch,
    *,
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
        client: instead of the one that the settings name.
        progress: told how many articles are done, and of how many.

    Raises:
        UserError: Elasticsearch does not answer or refuses, for now (a full disk) or altogether; there is no receipt
            then. Run it again: what is there already is not written twice.
    """
    receipt = batch.next("indexed")
    if not receipt.exists():
        articles = batch.read(EnrichedArticle)
        stories = list(batch.lines(Story, STORY_LINES))
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
        run = run_name(now(), secrets.token_hex())
        receipt = Batch(root, "indexed", f"{run}{RETRY}{dead.name.rpartition(RETRY)[2]}")
        articles = (letter.article for letter in dead.read(Rejected))
        _index(articles, [], receipt, client, progress, dead.manifest().records)
        receipts.append(receipt)
    return receipts


def rejected(root: str) -> list[Batch]:
    """The dead-letter batches that wait for :func:`retry`: those of what was tried last of each batch."""
    latest: dict[str, str] = {}
    # The first try has the batch's own name, and the names of the others sort by time.
    for name in sorted((batch.name for batch in finished(root, "indexed")), key=lambda name: (RETRY in name, name)):
        latest[name.rpartition(RETRY)[2]] = name
    return [batch for batch in finished(root, REJECTED) if batch.name in latest.values()]


def _index(
    articles: Iterable[EnrichedArticle],
    stories: Sequence[Story],
    receipt: Batch,
    client: Elasticsearch,
    progress: Callable[[int, int | None], None] | None,
    total: int,
) -> None:
    """Index articles and stories as a run of the receipt's name, and write the receipt; before it, where an article was
    refused, the dead-letter batch.
    """
    init(client)
    with plain_errors(), write(receipt) as out, ExitStack() as rest:
        dead: BatchWriter | None = None
        sender = Sender(client)
        seen: set[str] = set()
        done = 0
        for lot in _chunks(articles):
            sent = {article.id: article for article in lot}
            for outcome in _send(sender, lot, receipt, seen):
                out.add(outcome)
                out.count(outcome.outcome)
                if outcome.outcome == "failed":
                    reason = outcome.reason or ""
                    out.count(f"failed:{reason.partition(':')[0]}")
                    dead = dead or rest.enter_context(write(receipt.next(REJECTED)))
                    dead.add(Rejected(article=sent[outcome.id], reason=reason))
            seen.update(sent)
            done += len(lot)
            if progress:
                progress(done, total)
        client.indices.refresh(index=ALIAS)
        _tell_stories(sender, stories)


def _tell_stories(sender: Sender, stories: Sequence[Story]) -> None:
    """Index what became of stories; the articles of one that is part of another now get the other's id."""
    client = sender.client
    told: list[dict[str, Any]] = []
    for story in stories:
        action = {"_index": STORIES, "_id": story.id}
        if story.merged_into:
            told.append({"_op_type": "delete", **action})
        else:
            told.append({"_op_type": "index", "_source": story.model_dump(mode="json", exclude_none=True), **action})
    _insist(sender, lambda: told)
    merged = {story.id: story.merged_into for story in stories if story.merged_into}
    if merged:
        _insist(sender, lambda: _with_new_stories(client, merged))
    client.indices.refresh(index=[ALIAS, STORIES])


def _with_new_stories(client: Elasticsearch, merged: dict[str, str]) -> Iterator[dict[str, Any]]:
    client.indices.refresh(index=ALIAS)
    for hit in every(client, ALIAS, {"terms": {"story_id": list(merged)}}, [{"id": "asc"}], version=True, size=CHUNK):
        source = hit["_source"] | {"story_id": merged[hit["_source"]["story_id"]]}
        yield put(hit["_index"], hit["_id"], hit["_version"], source)


def _insist(sender: Sender, actions: Callable[[], Iterable[dict[str, Any]]]) -> None:
    """Send actions, and all of them again if Elasticsearch cannot take some at the moment."""
    for pause in pauses():
        # 409: another run was faster.
        refused = [answer for answer in sender.send(actions()) if answer.reason and answer.status != 409]
        if not refused:
            return
        pause(refused[0])


def _chunks(articles: Iterable[EnrichedArticle]) -> Iterator[list[EnrichedArticle]]:
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
class _Indexed:
    """What the index has of an article."""

    index: str
    fetched: int
    """When, in seconds since 1970: the document's version in Elasticsearch."""
    fields: dict[str, Any]
    """``version``, ``revision``, ``run``, ``indexed``, and what :func:`search.duplicates.link` found."""


_LINKS = ("bands", "original", "duplicate_of")


def _indexed(client: Elasticsearch, articles: list[EnrichedArticle]) -> dict[str, _Indexed]:
    found = client.search(
        index=ALIAS,
        query={"ids": {"values": [article.id for article in articles]}},
        source_includes=["version", "revision", "run", "indexed", *_LINKS],
        size=len(articles),
        version=True,
        allow_partial_search_results=False,
    )
    return {hit["_id"]: _Indexed(hit["_index"], hit["_version"], hit["_source"]) for hit in found["hits"]["hits"]}


_ITS_OWN_FAULT = (400, 413)
"""Answers that an article gets for what it is, whenever it is sent."""


def _send(sender: Sender, articles: Sequence[EnrichedArticle], batch: Batch, seen: set[str]) -> Iterator[IndexOutcome]:
    waiting = {article.id: article for article in articles}
    for pause in pauses():
        refused = None
        for outcome in _try(sender, list(waiting.values()), batch, seen):
            if isinstance(outcome, Answer):
                refused = outcome
            else:
                del waiting[outcome.id]
                yield outcome
        if refused is None:
            return
        # Perhaps another index has taken the place of the one that they were sent to: they are looked up again.
        pause(refused)


def _try(
    sender: Sender, articles: list[EnrichedArticle], batch: Batch, seen: set[str]
) -> Iterator[IndexOutcome | Answer]:
    """Send articles once. What became of each or, of those that can be taken later, the refusal."""
    client = sender.client
    # What was written before, by an earlier try too, must be seen by the look-ups.
    client.indices.refresh(index=ALIAS)
    before = _indexed(client, articles)
    years = homes(client, {article.first_seen.year for article in articles})
    texts = [article for article in articles if _is_new_text(article, before.get(article.id))]
    documents = {article.id: document(article) for article in articles}
    links = link(client, ALIAS, [documents[article.id] for article in texts])
    actions = {
        article.id: _action(article, documents[article.id], years, before.get(article.id), links.get(article.id), batch)
        for article in articles
    }
    versions = {article.id: article.version for article in articles}
    for answer in sender.send(actions.values()):
        id, sent = answer.id, actions[answer.id]["_source"]
        was = before.get(id)
        same_text = was is not None and was.fields["version"] == sent["version"]
        outcome: Literal["created", "updated", "unchanged", "failed"]
        reason = None
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
        yield IndexOutcome(id=id, version=versions[id], outcome=outcome, reason=reason)


def _known(article: EnrichedArticle) -> int:
    """When what the article says was last seen to be so, in seconds since 1970: an older one never replaces a newer."""
    return int(max(article.fetched, article.gone or article.fetched).timestamp())


def _is_new_text(article: EnrichedArticle, before: _Indexed | None) -> bool:
    return before is None or (before.fields["version"] != article.version and before.fetched <= _known(article))


def _action(
    article: EnrichedArticle,
    fields: dict[str, Any],
    years: dict[int, str],
    before: _Indexed | None,
    links: dict[str, Any] | None,
    batch: Batch,
) -> dict[str, Any]:
    index, revision, run, indexed = years[article.first_seen.year], 1, batch.name, now().isoformat()
    if before:
        # Where it is, it stays: the year in which it was first seen may have been forgotten with the crawl state.
        index, revision = before.index, before.fields["revision"]
        if links is None:
            # The same text once more, or a second try of this run: nothing new for readers.
            run, indexed = before.fields["run"], before.fields["indexed"]
            links = {name: before.fields[name] for name in _LINKS if name in before.fields}
        elif batch.is_replay:
            # Another text, but of the same page: nothing that the site has changed.
            run = before.fields["run"]
        elif before.fields["run"] != run:
            revision += 1
    own = {**fields, **(links or {}), "revision": revision, "run": run, "indexed": indexed}
    return put(index, article.id, _known(article), own)


_TOLD_OTHERWISE = {"labels", "concepts", "origins", "countries_found", "entities", "parts", "passages", "topics_found"}


def document(article: EnrichedArticle) -> dict[str, Any]:
    """An article's own part of what the index holds of it. ``search/schema`` says what each field means."""
    fields = article.model_dump(mode="json", exclude=_TOLD_OTHERWISE, exclude_defaults=True)
    fields["access"] = article.access
    fields["extracted_from"] = article.extracted_from
    fields.setdefault("story_id", article.id)  # a story of its own: a search folded by stories has it as one
    # Lists, so that no phrase runs from the title into the body.
    whole = tuple(text for text in (article.title, article.lead, article.body) if text)
    texts = {article.language or "": whole, **article.parts}
    if languages := list(filter(None, texts)):
        fields["languages"] = languages
    texts = {_SAME_LANGUAGE.get(code, code): said for code, said in texts.items()}
    if read := {code: said for code, said in texts.items() if code in _LANGUAGES}:
        fields["text"] = read
    if article.concepts or article.labels:
        fields["concepts"] = {"ids": article.concepts, **article.labels}
    if named := [found.code for found in article.countries_found if not found.about]:
        fields["countries_named"] = named
    if spellings := [spelling for entity in article.entities for spelling in entity.spellings]:
        fields["spellings"] = list(dict.fromkeys(spellings))
    if article.passages:
        fields["passages"] = [{"vector": vector} for vector in article.passages]
    return fields

"""Indexing: from a batch of enriched articles to searchable documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from elasticsearch import Elasticsearch, helpers
from elasticsearch.exceptions import BadRequestError

from search import schema
from search.client import AGAIN, connect, failure, plain_errors
from wirewatch.batches import Batch, write
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle, IndexOutcome, now

ALIAS = "articles"
"""The name under which all articles are searched, whatever the index they lie in."""
NOTICES = "wirewatch-notices"
CHUNK = 200
"""Articles looked up and sent at once."""
TRIES = 5
"""How often the articles that Elasticsearch is too busy for are sent again, after 1, 2, 4 … seconds."""

_LANGUAGES = schema.text_languages()
_SAME_LANGUAGE = {"nb": "no", "nn": "no"}


def init(client: Elasticsearch | None = None) -> None:
    """Put the templates, and make the indices that must always be there. Doing it again changes nothing.

    Raises:
        UserError: Elasticsearch does not answer or refuses.
    """
    client = client or connect()
    with plain_errors():
        for name, body in schema.load("component").items():
            client.cluster.put_component_template(name=name, **body)
        for name, body in schema.load("index").items():
            client.indices.put_index_template(name=name, **body)
        if not client.indices.exists_alias(name=ALIAS):
            _create(client, _index_of(now().year))
        if not client.indices.exists(index=NOTICES):
            _create(client, NOTICES)


def _create(client: Elasticsearch, index: str) -> None:
    try:
        client.indices.create(index=index)
    except BadRequestError as error:
        if error.error != "resource_already_exists_exception":  # another process was first
            raise


def _index_of(year: int) -> str:
    return f"wirewatch-articles-{year}"


def index(
    batch: Batch,
    *,
    client: Elasticsearch | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Batch:
    """Index a batch of enriched articles and write the receipt: one :class:`IndexOutcome` an article.

    An article is one document, whatever the number of its versions: the one fetched last stays. A document remembers in
    ``run`` the batch that brought its text; indexing the same text again leaves that as it was, so that alerts see
    only what is new. An article that Elasticsearch can never take is counted with the reason, and stops no other.

    Args:
        batch: of the stage ``enriched``.
        client: instead of the one that the settings name.
        progress: told how many articles are done, and of how many.

    Raises:
        UserError: Elasticsearch does not answer or refuses, for now (a full disk) or altogether; there is no receipt
            then. Run it again: what is there already is not written twice.
    """
    receipt = batch.next("indexed")
    if receipt.exists():
        return receipt
    client = client or connect()
    init(client)
    total = batch.manifest().records
    with plain_errors(), write(receipt) as out:
        # What an earlier try wrote before it was killed must be seen by the look-ups below.
        client.indices.refresh(index=ALIAS)
        seen: set[str] = set()
        done = 0
        for articles in _chunks(batch.read(EnrichedArticle)):
            if any(article.id in seen for article in articles):
                client.indices.refresh(index=ALIAS)
            for outcome in _send(client, articles, batch.name, seen):
                out.add(outcome)
                out.count(outcome.outcome)
                if outcome.outcome == "failed":
                    out.count(f"failed:{(outcome.reason or '').partition(':')[0]}")
            seen.update(article.id for article in articles)
            done += len(articles)
            if progress:
                progress(done, total)
        client.indices.refresh(index=ALIAS)
    return receipt


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
    version: str
    revision: int
    run: str
    indexed: str


def _indexed(client: Elasticsearch, articles: list[EnrichedArticle]) -> dict[str, _Indexed]:
    found = client.search(
        index=ALIAS,
        query={"ids": {"values": [article.id for article in articles]}},
        source_includes=["version", "revision", "run", "indexed"],
        size=len(articles),
        allow_partial_search_results=False,
    )
    return {hit["_id"]: _Indexed(hit["_index"], **hit["_source"]) for hit in found["hits"]["hits"]}


def _send(client: Elasticsearch, articles: list[EnrichedArticle], run: str, seen: set[str]) -> Iterator[IndexOutcome]:
    before = _indexed(client, articles)
    actions = {article.id: _action(article, before.get(article.id), run) for article in articles}
    versions = {article.id: article.version for article in articles}
    answers = helpers.streaming_bulk(
        client,
        actions.values(),
        chunk_size=CHUNK,
        raise_on_error=False,
        max_retries=TRIES,
        initial_backoff=1,
        max_backoff=30,
    )
    for ok, item in answers:
        answer = item["index"]
        id, sent = answer["_id"], actions[answer["_id"]]["_source"]
        outcome: Literal["created", "updated", "unchanged", "failed"]
        reason = None
        if not ok and answer["status"] == 409:
            outcome, reason = "unchanged", "newer-indexed"
        elif not ok:
            outcome, reason = "failed", f"{answer['error']['type']}: {failure(answer['error'])}"
            if answer["status"] != 400:  # not the article's fault: a full disk, say
                raise UserError(f"Elasticsearch takes no article now ({reason}). {AGAIN}")
        elif sent["run"] != run or (id in seen and before[id].version == sent["version"]):
            outcome = "unchanged"
        else:
            outcome = "created" if sent["revision"] == 1 and id not in seen else "updated"
        yield IndexOutcome(id=id, version=versions[id], outcome=outcome, reason=reason)


def _action(article: EnrichedArticle, before: _Indexed | None, run: str) -> dict[str, Any]:
    index, revision, indexed = _index_of(article.first_seen.year), 1, now().isoformat()
    if before:
        # Where it is, it stays: the year in which it was first seen may have been forgotten with the crawl state.
        index, revision = before.index, before.revision
        if before.version == article.version:
            # The same text once more, or a second try of this run: nothing new for readers.
            run, indexed = before.run, before.indexed
        elif before.run != run:
            revision += 1
    return {
        "_op_type": "index",
        "_index": index,
        "_id": article.id,
        "version": int(article.fetched.timestamp()),
        "version_type": "external_gte",
        "_source": {**document(article), "revision": revision, "run": run, "indexed": indexed},
    }


def document(article: EnrichedArticle) -> dict[str, Any]:
    """An article's own part of what the index holds of it. ``search/schema`` says what each field means."""
    fields = article.model_dump(mode="json", exclude={"labels", "concepts"}, exclude_defaults=True)
    language = _SAME_LANGUAGE.get(article.language or "", article.language)
    if language in _LANGUAGES:
        # A list, so that no phrase runs from the title into the body.
        fields["text"] = {language: [text for text in (article.title, article.lead, article.body) if text]}
    if article.concepts or article.labels:
        fields["concepts"] = {"ids": article.concepts, **article.labels}
    return fields

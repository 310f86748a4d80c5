"""Indexing: from a batch of enriched articles to searchable documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from elasticsearch import Elasticsearch, helpers
from elasticsearch.exceptions import BadRequestError

from search import schema
from search.client import AGAIN, connect, every, failure, plain_errors
from search.duplicates import link
from wirewatch.batches import Batch, write
from wirewatch.errors import UserError
from wirewatch.records import STORIES as STORY_LINES
from wirewatch.records import EnrichedArticle, IndexOutcome, Story, now

ALIAS = "articles"
"""The name under which all articles are searched, whatever the index they lie in."""
NOTICES = "wirewatch-notices"
STORIES = "wirewatch-stories"
CHUNK = 200
"""Articles looked up and sent at once."""
TRIES = 5
"""How often the articles that Elasticsearch is too busy for are sent again, after 1, 2, 4 … seconds."""

_LANGUAGES = schema.text_languages()
_SAME_LANGUAGE = {"nb": "no", "nn": "no"}


def init(client: Elasticsearch | None = None) -> None:
    """Put the templates, make the indices that must always be there, and bring those of an older schema up to date.
    Doing it again changes nothing.

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
        for name in (NOTICES, STORIES):
            if not client.indices.exists(index=name):
                _create(client, name)
        _upgrade(client)


def _upgrade(client: Elasticsearch) -> None:
    """Give the indices the fields that a newer schema added, and the articles in them the links to their copies."""
    client.indices.put_mapping(index=ALIAS, body=schema.article_mappings())
    client.indices.refresh(index=ALIAS)
    unlinked = {"bool": {"must_not": {"exists": {"field": "original"}}}}
    first_indexed_first = [{"indexed": "asc"}, {"id": "asc"}]
    for hits in _lots(every(client, ALIAS, unlinked, first_indexed_first, version=True)):
        links = link(client, ALIAS, [hit["_source"] for hit in hits])
        # With the version that it has, so that it gives way to whatever was fetched later.
        actions = [_put(hit["_index"], hit["_id"], hit["_version"], hit["_source"] | links[hit["_id"]]) for hit in hits]
        for ok, item in helpers.streaming_bulk(client, actions, raise_on_error=False, max_retries=TRIES):
            if not ok and item["index"]["status"] != 409:
                raise UserError(f"Elasticsearch takes no article now: {failure(item['index']['error'])}. {AGAIN}")
        client.indices.refresh(index=ALIAS)


def _lots(hits: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(hits)
    while lot := list(islice(rest, CHUNK)):
        yield lot


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
    only what is new, and a replay leaves it even where it brings another text. An article with the text of another one,
    slightly edited perhaps, is marked as its copy: see :mod:`search.duplicates`. An article that Elasticsearch can
    never take is counted with the reason, and stops no other.

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
        seen: set[str] = set()
        done = 0
        for articles in _chunks(batch.read(EnrichedArticle)):
            # What was written before, by an earlier try too, must be seen by the look-ups.
            client.indices.refresh(index=ALIAS)
            for outcome in _send(client, articles, batch, seen):
                out.add(outcome)
                out.count(outcome.outcome)
                if outcome.outcome == "failed":
                    out.count(f"failed:{(outcome.reason or '').partition(':')[0]}")
            seen.update(article.id for article in articles)
            done += len(articles)
            if progress:
                progress(done, total)
        client.indices.refresh(index=ALIAS)
        _tell_stories(client, list(batch.lines(Story, STORY_LINES)))
    return receipt


def _tell_stories(client: Elasticsearch, stories: Sequence[Story]) -> None:
    """Index what became of stories; the articles of one that is part of another now get the other's id."""
    actions: list[dict[str, Any]] = []
    for story in stories:
        action = {"_index": STORIES, "_id": story.id}
        if story.merged_into:
            actions.append({"_op_type": "delete", **action})
        else:
            actions.append({"_op_type": "index", "_source": story.model_dump(mode="json", exclude_none=True), **action})
    merged = {story.id: story.merged_into for story in stories if story.merged_into}
    if merged:
        query = {"terms": {"story_id": list(merged)}}
        for hit in every(client, ALIAS, query, [{"id": "asc"}], version=True):
            source = hit["_source"] | {"story_id": merged[hit["_source"]["story_id"]]}
            actions.append(_put(hit["_index"], hit["_id"], hit["_version"], source))
    for ok, item in helpers.streaming_bulk(client, actions, raise_on_error=False, max_retries=TRIES):
        answer = next(iter(item.values()))
        # Another run was faster, or the story is not there any more.
        if not ok and answer["status"] not in (404, 409):
            raise UserError(f"Elasticsearch takes no story now: {failure(answer['error'])}. {AGAIN}")
    client.indices.refresh(index=[ALIAS, STORIES])


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


def _send(
    client: Elasticsearch, articles: list[EnrichedArticle], batch: Batch, seen: set[str]
) -> Iterator[IndexOutcome]:
    before = _indexed(client, articles)
    texts = [article for article in articles if _is_new_text(article, before.get(article.id))]
    links = link(client, ALIAS, [document(article) for article in texts])
    actions = {
        article.id: _action(article, before.get(article.id), links.get(article.id), batch) for article in articles
    }
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
        was = before.get(id)
        same_text = was is not None and was.fields["version"] == sent["version"]
        outcome: Literal["created", "updated", "unchanged", "failed"]
        reason = None
        if not ok and answer["status"] == 409:
            outcome, reason = "unchanged", "newer-indexed"
        elif not ok:
            outcome, reason = "failed", f"{answer['error']['type']}: {failure(answer['error'])}"
            if answer["status"] != 400:  # not the article's fault: a full disk, say
                raise UserError(f"Elasticsearch takes no article now ({reason}). {AGAIN}")
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
    article: EnrichedArticle, before: _Indexed | None, links: dict[str, Any] | None, batch: Batch
) -> dict[str, Any]:
    index, revision, run, indexed = _index_of(article.first_seen.year), 1, batch.name, now().isoformat()
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
    own = {**document(article), **(links or {}), "revision": revision, "run": run, "indexed": indexed}
    return _put(index, article.id, _known(article), own)


def _put(index: str, id: str, version: int, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "_op_type": "index",
        "_index": index,
        "_id": id,
        "version": version,
        "version_type": "external_gte",
        "_source": source,
    }


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

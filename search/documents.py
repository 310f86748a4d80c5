"""Articles as the index holds them: the fields of a document, and what of it was there before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from search import schema
from search.bulk import put
from search.indices import ALIAS
from wirewatch.batches import Batch
from wirewatch.records import EnrichedArticle, now

_LANGUAGES = schema.text_languages()
_SAME_LANGUAGE = {"nb": "no", "nn": "no"}
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


@dataclass(frozen=True)
class Indexed:
    """What the index has of an article."""

    index: str
    fetched: int
    """When, in seconds since 1970: the document's version in Elasticsearch."""
    fields: dict[str, Any]
    """``version``, ``revision``, ``run``, ``indexed``, ``story_id``, and what :func:`search.duplicates.link` found."""


_LINKS = ("bands", "original", "duplicate_of")


def indexed(client: Elasticsearch, ids: Sequence[str]) -> dict[str, Indexed]:
    """What the index has of these articles, by id. It must be refreshed."""
    found = client.search(
        index=ALIAS,
        query={"ids": {"values": list(ids)}},
        source_includes=["version", "revision", "run", "indexed", "story_id", *_LINKS],
        size=len(ids),
        version=True,
        allow_partial_search_results=False,
    )
    return {hit["_id"]: Indexed(hit["_index"], hit["_version"], hit["_source"]) for hit in found["hits"]["hits"]}


def known(article: EnrichedArticle) -> int:
    """When what the article says was last seen to be so, in seconds since 1970: an older one never replaces a newer."""
    return int(max(article.fetched, article.gone or article.fetched).timestamp())


def is_new_text(article: EnrichedArticle, before: Indexed | None) -> bool:
    """Whether the article brings another text than the index has, and not an older one."""
    return before is None or (before.fields["version"] != article.version and before.fetched <= known(article))


def action(
    article: EnrichedArticle,
    fields: dict[str, Any],
    years: dict[int, str],
    before: Indexed | None,
    links: dict[str, Any] | None,
    batch: Batch,
) -> dict[str, Any]:
    """The action that writes an article.

    Args:
        article: the article.
        fields: its own part of the document.
        years: the index of each year.
        before: what the index has of it.
        links: what :func:`search.duplicates.link` found, of a new text.
        batch: of the run.
    """
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
    return put(index, article.id, known(article), own)

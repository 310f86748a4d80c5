"""Asking: a question goes to Elasticsearch, and comes back as hits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch

from search.client import connect, every, plain_errors, reason
from search.index import ALIAS
from search.query.answer import Fold, Hit, Results, Sort
from search.query.facets import counted, counting
from search.query.filters import Filters
from search.query.folding import FIELDS, folded, unfold
from search.query.hits import hits_of, marked, not_shown, raw
from search.query.question import Question, Unreadable, in_kql, in_words, like
from wirewatch.errors import UserError
from wirewatch.records import Meaning

DEEPEST = 10_000
"""Hits that can be paged to; :func:`all_hits` goes on."""
_ORDERS: dict[Sort, list[Any]] = {
    "relevance": ["_score", {"published": "desc"}],
    "newest": [{"published": "desc"}, "_score"],
}


def search(
    meaning: Meaning,
    filters: Filters | None = None,
    size: int = 10,
    *,
    fold: Fold = "copies",
    client: Elasticsearch | None = None,
) -> Results:
    """Articles in any language that answer a question in free words, the best first: see :func:`ask`."""
    return ask(in_words(meaning, filters), size, fold=fold, client=client)


def search_kql(
    kql: str,
    filters: Filters | None = None,
    size: int = 10,
    *,
    fold: Fold = "none",
    client: Elasticsearch | None = None,
) -> Results:
    """Articles that match a KQL query, exactly as Kibana finds them with the same text, by relevance and then time."""
    return ask(in_kql(kql, filters), size, fold=fold, client=client)


def ask(
    question: Question,
    size: int = 10,
    *,
    offset: int = 0,
    sort: Sort = "relevance",
    fold: Fold = "copies",
    facets: Sequence[str] = (),
    client: Elasticsearch | None = None,
) -> Results:
    """The articles that answer a question.

    Args:
        question: what is asked for, and the filters.
        size: how many hits at most.
        offset: how many hits are left out before them.
        sort: the best first, or the newest; of a question in free words the newest that have all that is asked for.
        fold: what is shown as one hit, the one that comes first in that order.
        facets: names of :data:`~search.query.facets.FACETS` to be counted.
        client: instead of the one that the settings name.

    Raises:
        Unreadable: the question or what is wanted of its answer; the message says where and why.
        UserError: Elasticsearch does not answer or refuses.
    """
    if offset + size > DEEPEST:
        raise Unreadable(
            f"Only the first {DEEPEST} hits can be paged through: an export has them all (`wirewatch search --export`)."
        )
    client = client or connect()
    folding, counts = folded(fold), counting(facets)
    with plain_errors(), _readable(question):
        answer = client.search(
            index=ALIAS,
            query=_ordered(question, sort),
            size=size,
            from_=offset,
            sort=_ORDERS[sort],
            source_excludes=not_shown(question),
            **(folding | {"aggs": folding.get("aggs", {}) | counts} if folding or counts else {}),
            track_total_hits=True,
            allow_partial_search_results=False,
            highlight=marked(question),
        )
    found = answer["hits"]["hits"]
    documents = answer["hits"]["total"]["value"]
    return Results(
        total=answer["aggregations"]["folded"]["value"] if folding else documents,
        documents=documents,
        fold=fold,
        took_ms=answer["took"],
        hits=tuple(unfold(client, fold, hits_of(client, question, found), found)),
        facets=counted(answer["aggregations"], facets, question.labels) if counts else {},
    )


def all_hits(
    question: Question, *, sort: Sort = "relevance", fold: Fold = "copies", client: Elasticsearch | None = None
) -> Iterator[tuple[Hit, dict[str, Any]]]:
    """Every hit in the state the index has now, however many, with its whole document but for the vectors; in the order
    of :func:`ask`, without fragments and events, and without what it stands for.

    Raises:
        Unreadable: the question; the message says where and why.
        UserError: Elasticsearch does not answer or refuses.
    """
    client = client or connect()
    seen: set[str] = set()
    with plain_errors(), _readable(question):
        how: dict[str, Any] = {
            "highlight": marked(question, text=False),
            "source_excludes": ["embedding", "passages", "bands"],
        }
        for found in every(client, ALIAS, _ordered(question, sort), _ORDERS[sort], **how):
            if fold != "none":
                same = found["_source"].get(FIELDS[fold], found["_id"])
                if same in seen:
                    continue
                seen.add(same)
            yield raw(found, question).hit, found["_source"]


def like_article(article: str, filters: Filters | None = None, *, client: Elasticsearch | None = None) -> Question:
    """The question for what is like an article.

    Args:
        article: its address, its id, or the first digits of that.
        filters: what every hit must have.
        client: instead of the one that the settings name.

    Raises:
        Unreadable: the index has no such article, or more than one.
        UserError: Elasticsearch does not answer or refuses.
    """
    return like(get(article, vectors=True, client=client), filters)


def get(article: str, *, vectors: bool = False, client: Elasticsearch | None = None) -> dict[str, Any]:
    """The document of an article in the index, with its vectors if asked.

    Raises:
        Unreadable: the index has no such article, or more than one.
        UserError: Elasticsearch does not answer or refuses.
    """
    with plain_errors():
        answer = (client or connect()).search(
            index=ALIAS,
            query={"bool": {"should": [{"prefix": {"id": article}}, {"term": {"url": article}}]}},
            size=2,
            source_excludes=["bands", "text", *(() if vectors else ("embedding", "passages"))],
            source_exclude_vectors=not vectors,
            allow_partial_search_results=False,
        )
    found = answer["hits"]["hits"]
    if len(found) != 1 or not article:
        many = "more than one article has" if found else "no article of the index has"
        raise Unreadable(f'"{article}": {many} that address or an id that begins so.')
    document: dict[str, Any] = found[0]["_source"]
    return document


def _ordered(question: Question, sort: Sort) -> dict[str, Any]:
    if sort == "relevance" or not question.everything:
        return question.query
    return {"bool": {"must": question.query, "filter": list(question.everything)}}


@contextmanager
def _readable(question: Question) -> Iterator[None]:
    """Turns what Elasticsearch says to a query that it cannot read into what the analyst can put right."""
    try:
        yield
    except BadRequestError as error:
        why = reason(error)
        if "in order to collapse on" in why:
            raise UserError(
                "The index is of an older Wirewatch, which did not know copies: `wirewatch index migrate` brings it "
                "up to date, `--no-fold` searches it as it is."
            ) from None
        if question.kql:
            at = re.match(r"line (\d+):(\d+): (.*)", why, re.DOTALL)
            place = f" at line {at[1]}, character {at[2]}" if at else ""
            why = f"The KQL query `{question.kql}` cannot be read{place}: {at[3] if at else why}."
        raise Unreadable(why) from None

"""The foreign article found with an English question, through the real index and the real query.

The articles of the evaluation's cross-lingual sets go through the whole enrichment into an index of their own node, a
set at a time, and its English questions are asked as `wirewatch search` asks them, of one language at a time (a
filter). The English versions are indexed last, so that no other language is searched with them there. Scored by the
set's own `score.py`: mean reciprocal rank of the right article among the first ten, by kind of question: a headline, or
words from the text that are names (`kw_entity`), a place and words (`kw_place`), common words (`kw_topic`,
`kw_hard`), or names and words (`kw_mixed`).
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from benchmarks import report
from benchmarks.node import client_of, empty, own_node
from benchmarks.report import Figures, Table
from enrichment.enrich import enriched
from enrichment.query import understand
from search.index import index
from search.query import Filters, search
from wirewatch.batches import Batch, write
from wirewatch.errors import UserError
from wirewatch.records import Article, EnrichedArticle, SourceRef, article_id, content_version, now

EVALUATED = True
KINDS = ("title", "kw_entity", "kw_place", "kw_mixed", "kw_topic", "kw_hard")
SOURCE = SourceRef(id="evaluation.example", name="Evaluation", country="GB")


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Index and search every set, or of each set the first ``limit`` articles and the questions that they answer.

    Raises:
        UserError: there is no set in the folder.
    """
    folder = evaluation / "crosslingual"
    sets = sorted(path.parent.name for path in folder.glob("*/queries.jsonl.gz"))
    if not sets:
        raise UserError(f"{folder} has no set with queries.jsonl.gz: name another folder.")
    score = report.scorer(folder / "score.py").score
    figures: Figures = {}
    with own_node() as node, client_of(node) as client, tempfile.TemporaryDirectory() as home:
        for name in sets:
            empty(client)
            for language, asked, ids, run in searched(folder / name, client, Path(home) / name, limit):
                _add(figures, f"enrichment.{name}.{language}", score(asked, ids, run))
    return figures


def searched(
    folder: Path, client: Elasticsearch, home: Path, limit: int | None
) -> Iterator[tuple[str, list[dict[str, Any]], set[str], dict[str, list[str]]]]:
    """Language, questions, ids of the articles, and the answers, of each language of a set."""
    files = {path.name.partition(".")[0]: path for path in folder.glob("*.corpus.jsonl.gz")}
    corpora = {language: rows(file)[:limit] for language, file in files.items()}
    answers = {row["id"] for corpus in corpora.values() for row in corpus}
    questions = [question for question in rows(folder / "queries.jsonl.gz") if question["relevant"] in answers]
    understood = {question["id"]: understand(question["query"]) for question in questions}
    foreign = sorted(language for language in corpora if language != "en")
    for languages in (foreign, ["en"] if "en" in corpora else []):
        ids = {article_of(row).id: row["id"] for language in languages for row in corpora[language]}
        if ids:
            articles = (article for language in languages for article in understood_articles(files[language], limit))
            index(_batch(articles, home / languages[0]), client=client)
        for language in languages:
            there = {row["id"] for row in corpora[language]}
            asked = [question for question in questions if question["relevant"] in there]
            ask = partial(search, filters=Filters(languages=(language,)), client=client)
            run = {question["id"]: [ids[hit.id] for hit in ask(understood[question["id"]]).hits] for question in asked}
            yield language, asked, there, run


def rows(file: Path) -> list[dict[str, Any]]:
    """The lines of a set's file."""
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def article_of(row: dict[str, Any]) -> Article:
    """A row of a corpus as extraction would have given it."""
    url = f"https://{SOURCE.id}/{row['lang']}/{row['id']}"
    body = "\n\n".join(row["text"].split("\n"))
    return Article(
        id=article_id(url),
        url=url,
        source=SOURCE,
        title=row["title"],
        body=body,
        language=row["lang"],
        origins={"language": "evaluation"},
        first_seen=now(),
        fetched=now(),
        version=content_version(row["title"], None, body),
    )


@cache
def understood_articles(file: Path, limit: int | None) -> tuple[EnrichedArticle, ...]:
    """The articles of a corpus as enrichment makes them, without their stories; once, for all who ask in a process."""
    return tuple(article for article, _ in enriched(map(article_of, rows(file)[:limit])))


def _batch(articles: Iterable[EnrichedArticle], home: Path) -> Batch:
    batch = Batch(str(home), "enriched", "evaluation")
    with write(batch) as out:
        for article in articles:
            out.add(article)
    return batch


def _add(figures: Figures, name: str, scores: dict[str, dict[str, float]]) -> None:
    if "ALL" in scores:
        figures[f"{name}.mrr"] = scores["ALL"]["MRR@10"]
        figures[f"{name}.ndcg"] = scores["ALL"]["nDCG@10"]
    for kind in (*KINDS, "kw_all"):
        if kind in scores:
            figures[f"{name}.{kind}_mrr"] = scores[kind]["MRR@10"]
            figures[f"{name}.{kind}_ndcg"] = scores[kind]["nDCG@10"]


def tables(figures: Figures) -> Iterator[Table]:
    """One for each set, a row for each language."""
    for name in dict.fromkeys(key.split(".")[1] for key in figures if key.endswith(".title_mrr")):
        own = f"enrichment.{name}."
        languages = [key.split(".")[2] for key in figures if key.startswith(own) and key.endswith(".mrr")]
        yield Table(
            f"{name}: mean reciprocal rank of English questions, by language of the articles",
            ["language", "all", *KINDS],
            [[code, *(figures.get(f"{own}{code}.{kind}", 0.0) for kind in _columns())] for code in languages],
        )


def _columns() -> list[str]:
    return ["mrr", *(f"{kind}_mrr" for kind in KINDS)]


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])

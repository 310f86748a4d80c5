"""How well a search answers: forty judged questions over the demo newsroom, beside plain BM25 on the same index.

All articles of the newsroom go the whole way (crawl, extract, enrich, index), and the questions of
`tests/newsroom/questions.yml`, in six languages, are asked as `wirewatch search` asks them. Mean average precision
(`map`) and the precision of the first hit (`p1`) count every article that was judged relevant, `map` among the first
thirty hits; `ndcg` has the first ten, an article that the question is about with a gain of three, one that touches it
with one. The copies of a text are one hit. By language: the same lists without the relevant articles in other
languages, of the questions that an article in this language answers. BM25 is the `multi_match` of the question in
title, lead, body and the fields of each language's analyzer, weighed as in our own query and folded likewise.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import log2
from pathlib import Path
from statistics import mean
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import yaml
from elasticsearch import Elasticsearch

from benchmarks import report
from benchmarks.node import client_of, own_node
from benchmarks.process import ROOT
from benchmarks.report import Figures, Table
from enrichment.query import understand
from search.index import ALIAS
from search.node import Node
from search.query import search
from tests.newsroom import Newsroom
from wirewatch.cli import stages
from wirewatch.errors import UserError
from wirewatch.settings import get_settings

EVALUATED = False
QUESTIONS = ROOT / "tests/newsroom/questions.yml"
LISTED = 30
"""Hits that are asked for."""
DEPTH = 10
"""Hits that nDCG looks at."""
WORST = 12
MEASURES = ("map", "ndcg", "p1")
FIELDS = ("title^2", "lead^1.5", "body", "text.*")
"""Where BM25 looks."""
Grades = Mapping[str, int]
"""How relevant which articles are, by their names ``<site>/<slug>``: 2, the question is about them, or 1."""


@dataclass(frozen=True)
class Question:
    """A judged question."""

    text: str
    grades: Grades


def load_questions() -> list[Question]:
    """The judged questions, in the order of their file."""
    rows = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))["questions"]
    return [
        Question(row["ask"], dict.fromkeys(row["about"], 2) | dict.fromkeys(row.get("touches", ()), 1)) for row in rows
    ]


def measure(evaluation: Path | None = None, limit: int | None = None) -> Figures:
    """Ask all questions, or the first ``limit`` of them, of a node of their own. Evaluation data is not used."""
    with own_node() as node, newsroom_in(node) as room, client_of(node) as client:
        return measured(room, client, load_questions()[:limit])


@contextmanager
def newsroom_in(node: Node) -> Iterator[Newsroom]:
    """The newsroom, while all articles of its second edition are in the index of a node, with a home of their own."""
    url, user, password = node.connection()
    with Newsroom(port=0, edition=2, slow=0) as room, tempfile.TemporaryDirectory(prefix="wirewatch-newsroom-") as home:
        settings = {
            "HOME": home,
            "SOURCES": str(room.sources),
            "CRAWL__ALLOW_PRIVATE": "true",
            "CRAWL__DELAY": "0",
            "ELASTICSEARCH__URL": url,
            "ELASTICSEARCH__USER": user,
            "ELASTICSEARCH__PASSWORD": password,
            "ELASTICSEARCH__CA": str(node.ca),
        }
        with patch.dict(os.environ, {f"WIREWATCH_{name}": value for name, value in settings.items()}):
            get_settings.cache_clear()
            for stage in (stages.crawl, stages.extract, stages.enrich, stages.index):
                stage()
            yield room
        get_settings.cache_clear()


def measured(room: Newsroom, client: Elasticsearch, questions: Sequence[Question]) -> Figures:
    """The figures of a search of the newsroom's articles, and of BM25.

    Raises:
        UserError: articles that answer a question are not in the index.
    """
    names = _names(room)
    everything = [names[address] for address in _addresses(client, {"match_all": {}}, size=1000)]
    if missing := {name for question in questions for name in question.grades} - set(everything):
        raise UserError(f"The index lacks {', '.join(sorted(missing))}: not all of the newsroom went the whole way.")

    def ours(question: str) -> list[str]:
        found = search(understand(question), size=LISTED, client=client)
        return [names[unquote(hit.url)] for hit in found.hits]

    def bm25(question: str) -> list[str]:
        words = {"multi_match": {"query": question, "fields": FIELDS, "tie_breaker": 0.1, "lenient": True}}
        return [names[address] for address in _addresses(client, words, collapse={"field": "original"}, size=LISTED)]

    figures: Figures = {"relevance.articles": len(everything), "relevance.questions": len(questions)}
    for way, ask in (("search", ours), ("bm25", bm25)):
        answers = [(ask(question.text), question.grades) for question in questions]
        for name, judged in (("all", answers), *_by_language(answers, room)):
            scored = [scores(answer, grades) for answer, grades in judged]
            for measure, values in zip(MEASURES, zip(*scored, strict=True), strict=True):
                figures[f"relevance.{way}.{name}.{measure}"] = mean(values)
        for number, (answer, grades) in enumerate(answers):
            figures[f"relevance.{way}.question.{number}"] = scores(answer, grades)[0]
    return figures


def _names(room: Newsroom) -> dict[str, str]:
    """The name of each article by its address; of a copy, the original's."""
    articles = {f"{article.site}/{article.slug}": article for site in room.articles.values() for article in site}
    return {unquote(room.article_url(name)): article.same_as or name for name, article in articles.items()}


def _addresses(client: Elasticsearch, query: dict[str, Any], **how: Any) -> list[str]:
    found = client.search(index=ALIAS, query=query, source=["url"], **how)
    return [unquote(hit["_source"]["url"]) for hit in found["hits"]["hits"]]


Answer = tuple[list[str], Grades]
"""What was found, the best first, and what is relevant."""


def _by_language(answers: Collection[Answer], room: Newsroom) -> Iterator[tuple[str, list[Answer]]]:
    """The answers without the relevant articles in other languages, for each language in which there are some."""
    languages = {name: site.language for name, site in room.sites.items()}
    for language in sorted(set(languages.values())):
        judged = []
        for found, grades in answers:
            own = {name: grade for name, grade in grades.items() if languages[name.partition("/")[0]] == language}
            if own:
                judged.append(([name for name in found if name in own or name not in grades], own))
        if judged:
            yield language, judged


def scores(found: Sequence[str], grades: Grades) -> tuple[float, float, float]:
    """Average precision, nDCG of the first ten, and precision of the first, each from 0 to 1.

    Args:
        found: names of articles, the best first. One that comes again is not relevant any more.
        grades: of the relevant articles.
    """
    gains = [0 if name in found[:at] else grades.get(name, 0) for at, name in enumerate(found)]
    hits = [rank for rank, gain in enumerate(gains, 1) if gain]
    precision = sum(number / rank for number, rank in enumerate(hits, 1)) / len(grades)
    return precision, _gained(gains) / _gained(sorted(grades.values(), reverse=True)), float(hits[:1] == [1])


def _gained(gains: Sequence[int]) -> float:
    return sum((2**gain - 1) / log2(rank + 1) for rank, gain in enumerate(gains[:DEPTH], 1))


def tables(figures: Figures) -> Iterator[Table]:
    """Over all and by language, and the worst questions."""
    articles, questions = figures["relevance.articles"], figures["relevance.questions"]
    prefix = "relevance.search."
    rows = list(dict.fromkeys(key.split(".")[2] for key in figures if key.startswith(prefix) and key.count(".") == 3))
    yield Table(
        f"{questions:.0f} questions over {articles:.0f} articles, by language of the relevant articles",
        ["", *(f"{measure}, {way}" for measure in MEASURES for way in ("search", "BM25"))],
        [
            [row, *(figures[f"relevance.{way}.{row}.{one}"] for one in MEASURES for way in ("search", "bm25"))]
            for row in rows
            if row != "question"
        ],
    )
    asked = [question.text for question in load_questions()[: int(questions)]]
    by_question = [
        [text, figures[f"{prefix}question.{number}"], figures[f"relevance.bm25.question.{number}"]]
        for number, text in enumerate(asked)
    ]
    yield Table(
        "The worst questions: average precision",
        ["question", "search", "BM25"],
        sorted(by_question, key=lambda row: row[1])[:WORST],
    )


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])

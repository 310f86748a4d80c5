"""How near is near: what alerts with a sentence (`about`) find, by how far above the typical article they begin to.

Two sets of the evaluation, each in an index of its own with its vectors alone. *Events*: the English headlines of
`ntrex`, each a sentence, against the articles of all cross-lingual sets but the English ones; right are the other
languages' versions of the headline's article. *Subjects*: one sentence for each label of MasakhaNEWS, against its
articles in four languages; right are those with the label. Each sentence gets its scale as an alert does
(`search/alerts/calibrate.py`), and begins to find articles at the typical score and so many spreads. Precision and
recall are means over the sentences (one that finds nothing has precision 1); *wrong in 1,000* is how many of the
articles that are not about it a sentence finds.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import spacy
from elasticsearch import Elasticsearch, helpers

from benchmarks import report
from benchmarks.crosslingual import article_of, rows
from benchmarks.node import client_of, empty, own_node
from benchmarks.report import Figures, Table
from benchmarks.topics import LANGUAGES
from enrichment.documents import document
from enrichment.embedding import embed_query
from search.alerts import ask, calibrate
from search.alerts.alert import Alert
from search.alerts.apply import draft
from search.indices import ALIAS, index_of, init
from wirewatch.errors import UserError
from wirewatch.records import Meaning, now

EVALUATED = True
SPREADS = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
SUBJECTS = {
    "business": "Companies, markets, trade and the economy",
    "entertainment": "Films, music, television and celebrities",
    "health": "Diseases, hospitals, medicine and public health",
    "politics": "Elections, parties, parliaments and governments",
    "religion": "Churches, mosques, faith and believers",
    "sports": "Football matches, athletes, teams and championships",
    "technology": "Computers, phones, the internet and technology companies",
}
MEASURES = ("precision", "recall", "f1", "wrong")
"""Of each number of spreads."""


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Find with every sentence among all articles, or among the first ``limit`` of each file.

    Raises:
        UserError: a set is not in the folder.
    """
    corpora = sorted((evaluation / "crosslingual").glob("*/*.corpus.jsonl.gz"))
    questions = evaluation / "crosslingual" / "ntrex" / "queries.jsonl.gz"
    news = [evaluation / "topics" / "masakhanews" / f"{name}.jsonl.gz" for name in LANGUAGES]
    for file in (questions, *news):
        if not file.is_file():
            raise UserError(f"There is no {file}: name another folder.")
    foreign = [
        (f"{file.parent.name} {row['id']}", row)
        for file in corpora
        if not file.name.startswith("en.")
        for row in rows(file)[:limit]
    ]
    headlines = {f"ntrex {row['relevant']}": row["query"] for row in rows(questions) if row["kind"] == "title"}
    labelled = [
        (row["label"], {"id": row["id"], "lang": language, "title": row["headline"], "text": row["text"]})
        for file, language in zip(news, LANGUAGES.values(), strict=True)
        for row in map(json.loads, gzip.decompress(file.read_bytes()).splitlines()[:limit])
    ]
    figures: Figures = {}
    with own_node() as node, client_of(node) as client:
        for name, articles, sentences in (("events", foreign, headlines), ("subjects", labelled, SUBJECTS)):
            empty(client)
            init(client)
            _index(client, articles)
            figures |= {f"about.{name}.{key}": value for key, value in _found(client, sentences).items()}
    return figures


def _index(client: Elasticsearch, articles: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Index the vectors of articles, with what each is about as its topic."""
    nlp = spacy.blank("xx")
    nlp.add_pipe("wirewatch_embedding")
    home = index_of(now().year)
    for number, (about, row) in enumerate(articles):
        doc = nlp(document(nlp, article_of({**row, "id": str(number)})))
        vectors = {"embedding": list(doc._.embedding), "passages": [{"vector": list(one)} for one in doc._.passages]}
        facts = {"id": f"{number:x}", "topics": [about], "first_seen": now().isoformat(), **vectors}
        helpers.bulk(client, [{"_index": home, "_id": facts["id"], "_source": facts}])
    client.indices.refresh(index=home)


def _found(client: Elasticsearch, sentences: Mapping[str, str]) -> Figures:
    """What the sentences find, by what each is about."""
    found: dict[float, list[tuple[float, ...]]] = {spreads: [] for spreads in SPREADS}
    for about, sentence in sentences.items():
        meaning = Meaning(text=sentence, language="en", embedding=embed_query(sentence))
        kept = draft(Alert(name=about, about=sentence), "command", {sentence: meaning}.__getitem__)
        scale = calibrate.scale(client, kept, now())
        spread = (scale["reference"] - scale["background"]) * ask.NEAR / calibrate.SPREADS
        hits = client.search(index=ALIAS, query=ask.scored(kept), size=10_000, source_includes=["topics"])["hits"][
            "hits"
        ]
        scores = [(hit["_score"], hit["_source"]["topics"] == [about]) for hit in hits]
        if right := sum(is_right for _, is_right in scores):
            for spreads, values in found.items():
                told = [is_right for score, is_right in scores if score >= scale["background"] + spreads * spread]
                values.append(_scores(sum(told), len(told), right, len(scores)))
    return {
        f"{spreads:g}.{measure}": fmean(values)
        for spreads, each in found.items()
        for measure, values in zip(MEASURES, zip(*each, strict=True), strict=False)
    }


def _scores(hits: int, told: int, right: int, articles: int) -> tuple[float, ...]:
    """The values of :data:`MEASURES`."""
    precision = hits / told if told else 1.0
    return precision, hits / right, 2 * hits / (told + right), 1000 * (told - hits) / (articles - right)


def tables(figures: Figures) -> Iterator[Table]:
    """One for each set, a row for each number of spreads."""
    heads = ["spreads", "precision", "recall", "F1", "wrong in 1,000"]
    for name in ("events", "subjects"):
        yield Table(
            f"{name.capitalize()}: what sentences find",
            heads,
            [[f"{n:g}", *(figures[f"about.{name}.{n:g}.{measure}"] for measure in MEASURES)] for n in SPREADS],
        )


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])

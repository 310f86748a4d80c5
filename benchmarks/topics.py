"""What African news is about, by the topics of enrichment, against the seven labels of MasakhaNEWS.

Articles of the evaluation's set in English, French, Swahili and Hausa get topics as enrichment gives them; no article
of the set trained anything. The topics are mapped to the set's labels by `LABELS` in `benchmarks/topics.py`, a topic
that is not named there like the one above it. Many have no label: the set has none for crime, disasters, society or
education. An article gets the label for which its topics have most evidence in all: their scores, which are
`x / (1 + x)`, turned back into `x`. One whose topics have no label counts as wrong. Scored: F1 of each label that the
language has, and their mean (macro-F1).
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from time import process_time

import spacy
from spacy.tokens import Doc

from benchmarks import report
from benchmarks.report import Figures, Table
from enrichment.documents import document
from enrichment.lexicon import ancestors
from enrichment.topics import TopicsComponent
from wirewatch.errors import UserError
from wirewatch.records import Article, SourceRef, TopicFound, article_id, content_version, now

EVALUATED = True
LANGUAGES = {"eng": "en", "fra": "fr", "swa": "sw", "hau": "ha"}
NAMES = ("business", "entertainment", "health", "politics", "religion", "sports", "technology")
LABELS = {
    **dict.fromkeys(("economy", "labour"), "business"),
    **dict.fromkeys(("culture", "celebrities", "royalty"), "entertainment"),
    **dict.fromkeys(("health",), "health"),
    **dict.fromkeys(
        ("politics", "defence", "conflict", "protests", "civil-society", "human-rights", "migration"), "politics"
    ),
    **dict.fromkeys(("constitution", "taxation", "government-budget"), "politics"),
    **dict.fromkeys(("religion",), "religion"),
    **dict.fromkeys(("sport",), "sports"),
    **dict.fromkeys(("science", "social-media", "internet-shutdown", "cybersecurity"), "technology"),
    **dict.fromkeys(("womens-rights",), None),
}
"""The label of a topic and of those below it. The constitution and what a government takes and spends are politics, as
IPTC has it; women's rights are most often about violence in families, which is no label of the set."""
SOURCE = SourceRef(id="evaluation.example", name="Evaluation", country="GB")


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Give topics to every article, or to the first ``limit`` of each language.

    Raises:
        UserError: there is no set in the folder.
    """
    folder = evaluation / "topics" / "masakhanews"
    figures: Figures = {}
    for name, language in LANGUAGES.items():
        file = folder / f"{name}.jsonl.gz"
        if not file.is_file():
            raise UserError(f"There is no {file}: name another folder.")
        rows = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()][:limit]
        docs = list(_embedded([_article(row["id"], row["headline"], row["text"], language) for row in rows], language))
        component = TopicsComponent(language)
        component(docs[0])  # what is read once in a process
        before = process_time()
        found = [_label(component(doc)._.topics) for doc in docs]
        seconds = process_time() - before
        own = f"enrichment.topics.{name}"
        figures |= {f"{own}.{key}": score for key, score in _scores([row["label"] for row in rows], found).items()}
        figures[f"{own}.ms_per_1000_words"] = 1e6 * seconds / sum(len(doc.text.split()) for doc in docs)
    return figures


def _article(identity: str, title: str, body: str, language: str) -> Article:
    url = f"https://{SOURCE.id}/{language}/{identity}"
    return Article(
        id=article_id(url),
        url=url,
        source=SOURCE,
        title=title,
        body=body,
        language=language,
        origins={"language": "evaluation"},
        first_seen=now(),
        fetched=now(),
        version=content_version(title, None, body),
    )


def _embedded(articles: Iterable[Article], language: str) -> Iterator[Doc]:
    nlp = spacy.blank("xx")
    nlp.add_pipe("wirewatch_embedding")
    yield from nlp.pipe(document(nlp, article) for article in articles)


def _label(topics: Sequence[TopicFound]) -> str | None:
    """The label with most evidence; None where no topic has one."""
    evidence: dict[str, float] = defaultdict(float)
    for topic in topics:
        if label := label_of(topic.id):
            evidence[label] += topic.score / (1 - topic.score)
    return max(evidence, key=lambda label: evidence[label], default=None)


def label_of(topic: str) -> str | None:
    """The label of a topic, which is that of the nearest topic above it where it has none of its own."""
    return next((LABELS[one] for one in (topic, *ancestors(topic)) if one in LABELS), None)


def _scores(gold: Sequence[str], found: Sequence[str | None]) -> Figures:
    pairs = list(zip(gold, found, strict=True))
    scores = {}
    for label in sorted(set(gold)):
        right = sum(pair == (label, label) for pair in pairs)
        scores[f"{label}_f1"] = 2 * right / (gold.count(label) + list(found).count(label))
    return {"macro_f1": sum(scores.values()) / len(scores), **scores}


def tables(figures: Figures) -> Iterator[Table]:
    """One, a row for each language."""
    keys = ["macro_f1", *(f"{name}_f1" for name in NAMES), "ms_per_1000_words"]
    names = [name for name in LANGUAGES if f"enrichment.topics.{name}.macro_f1" in figures]
    yield Table(
        "masakhanews: F1 by label (no number: the language has no such label)",
        ["language", "macro-F1", *NAMES, "ms/1,000 words"],
        [[name, *(figures.get(f"enrichment.topics.{name}.{key}", "") for key in keys)] for name in names],
    )


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])

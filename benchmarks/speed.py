"""How fast one core enriches articles, each component beside the recogniser alone, and the memory of a worker.

The texts are the articles of the cross-lingual set `ntrex`, three joined to one, which makes some thousand words, as
long articles have; they are of more subjects than one, so they name more. Each language is measured in processes of its
own, bound to one core, with one thread, in processor time, so that other programs on the machine count little. Each
text is read once, because components remember words: the first articles warm them up, the rest come in lots, and the
median lot counts. Measured are the stage *enrich* without its files and stories (`whole`); spaCy's recogniser alone,
from the same cleaned text, in turns with that; and, in another process, the components one after the other. `ratio` is
all but the embedding to the recogniser alone. Words are what stands between spaces.

A worker's memory is that of one process which enriches long articles in all languages of the set, with the models of
all of them loaded, and tells their stories: the most that it had resident, and what it has at the end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import psutil

from benchmarks.crosslingual import article_of, rows
from benchmarks.process import alone, peak_memory
from benchmarks.report import Figures, Table
from enrichment.documents import document
from enrichment.enrich import enrich, enriched
from enrichment.pipelines import pipeline
from wirewatch.batches import Batch, write
from wirewatch.errors import UserError
from wirewatch.records import Article, EnrichedArticle
from wirewatch.settings import get_settings

EVALUATED = True
LANGUAGES = ("fr", "en", "es", "ru", "ar", "sw")
JOINED = 3
WARM = 7
LOT = 3
WORKER = 8
"""Long articles of each language that the worker enriches."""
EMBEDDING = "wirewatch_embedding"


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Measure every language, and the worker, or with the first ``limit`` articles of the set (at least six).

    Raises:
        UserError: the set is not in the folder.
    """
    folder = evaluation / "crosslingual/ntrex"
    files = {language: folder / f"{language}.corpus.jsonl.gz" for language in LANGUAGES}
    if missing := [file.name for file in files.values() if not file.is_file()]:
        raise UserError(f"{folder} has no {', '.join(missing)}: name another folder.")
    figures: Figures = {}
    for language, file in files.items():
        told = (language, str(file), limit)
        taken = alone("benchmarks.speed:whole", *told) | alone("benchmarks.speed:components", *told)
        figures |= {f"enrichment.speed.{language}.{name}": figure for name, figure in _figures(taken).items()}
    resident = alone("benchmarks.speed:worker", str(folder), limit)
    return figures | {f"enrichment.worker.{name}": figure for name, figure in resident.items()}


def _figures(taken: Figures) -> Figures:
    """The figures of a language, from words an article and milliseconds that 1,000 words take."""
    found = {f"{name}_ms": figure for name, figure in taken.items() if name != "words"}
    found |= {"words": taken["words"], "words_per_s": 1e6 / taken["whole"]}
    found["articles_per_s"] = found["words_per_s"] / taken["words"]
    if "ner_alone" in taken:
        found["ner_alone_words_per_s"] = 1e6 / taken["ner_alone"]
        found["ratio"] = (taken["whole"] - taken[EMBEDDING]) / taken["ner_alone"]
    return found


def articles(file: Path, limit: int | None = None) -> list[Article]:
    """Long articles: :data:`JOINED` of a corpus each, under the title of the first."""
    some = rows(file)[: limit and max(limit, 2 * JOINED)]
    return [article_of(_joined(some[i : i + JOINED])) for i in range(0, len(some) - JOINED + 1, JOINED)]


def _joined(some: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return some[0] | {"text": "\n".join(row["text"] for row in some)}


def whole(language: str, file: str, limit: int | None) -> Figures:
    """Milliseconds that 1,000 words take in the whole stage, and in the recogniser alone, if there is one."""
    nlp = pipeline(language)
    recogniser = [name for name in nlp.pipe_names if not name.startswith("wirewatch_")]

    def taken(lot: Sequence[Article]) -> Figures:
        texts = [document(nlp, article).text for article in lot]
        figures = {"whole": _seconds(enriched(lot))}
        if recogniser:
            with nlp.memory_zone(), nlp.select_pipes(enable=recogniser):
                figures["ner_alone"] = _seconds(nlp.pipe(texts))
        return figures

    return _medians(taken, articles(Path(file), limit))


def components(language: str, file: str, limit: int | None) -> Figures:
    """Milliseconds that 1,000 words take in each component."""
    nlp = pipeline(language)

    def taken(lot: Sequence[Article]) -> Figures:
        figures = {}
        with nlp.memory_zone():
            docs = [document(nlp, article) for article in lot]
            for doc in docs:
                doc._.language = language
            for name, component in nlp.pipeline:
                figures[name] = _seconds(component.pipe(docs) if hasattr(component, "pipe") else map(component, docs))
        return figures

    return _medians(taken, articles(Path(file), limit))


def _seconds(work: Iterable[Any]) -> float:
    """Processor time of what is done when something is gone through."""
    before = process_time()
    for _ in work:
        pass
    return process_time() - before


def _medians(taken: Any, some: Sequence[Article]) -> Figures:
    """The median lot, after the first articles, by name: words an article, and milliseconds that 1,000 words take."""
    warm = min(WARM, len(some) // 2)
    taken(some[:warm])
    lots = [some[i : i + LOT] for i in range(warm, len(some), LOT)]
    figures = [(_words(lot), taken(lot)) for lot in lots]
    names = figures[0][1]
    per_word = {name: median(1e6 * seconds[name] / words for words, seconds in figures) for name in names}
    return {"words": sum(words for words, _ in figures) / len(some[warm:]), **per_word}


def _words(lot: Iterable[Article]) -> int:
    return sum(len(f"{article.title} {article.body}".split()) for article in lot)


def worker(folder: str, limit: int | None) -> Figures:
    """What a process that enriches in all languages has resident, in MB."""
    files = sorted(Path(folder).glob("*.corpus.jsonl.gz"))
    batch = Batch(str(get_settings().home / "batches"), "articles", "evaluation")
    with write(batch) as out:
        for file in files:
            for article in articles(file, limit)[:WORKER]:
                out.add(article)
    with peak_memory(os.getpid()) as peak:
        done = [article.language for article in enrich(batch).read(EnrichedArticle)]
    languages = set(done)
    models = [
        code for code in languages if any(not name.startswith("wirewatch_") for name in pipeline(code).pipe_names)
    ]
    return {
        "languages": len(languages),
        "recognisers": len(models),
        "articles": len(done),
        "peak_mb": peak() / 2**20,
        "after_mb": psutil.Process().memory_info().rss / 2**20,
    }


def tables(figures: Figures) -> Iterator[Table]:
    """The languages, their components, and the worker."""
    own = "enrichment.speed."
    languages = [language for language in LANGUAGES if f"{own}{language}.words_per_s" in figures]
    columns = ("words", "articles_per_s", "words_per_s", "ner_alone_words_per_s", "ratio")
    yield Table(
        "Speed on one core",
        ["language", "words an article", "articles/s", "words/s", "recogniser alone, words/s", "ratio"],
        [[code, *(figures.get(f"{own}{code}.{column}", "") for column in columns)] for code in languages],
    )
    named = (key.split(".")[3].removesuffix("_ms") for key in figures if key.startswith(own) and key.endswith("_ms"))
    parts = list(dict.fromkeys(named))
    yield Table(
        "Milliseconds for 1,000 words, by component",
        ["language", *(part.removeprefix("wirewatch_").replace("_", " ") for part in parts)],
        [[code, *(figures.get(f"{own}{code}.{part}_ms", "") for part in parts)] for code in languages],
    )
    heads = ("languages", "recognisers", "articles", "peak_mb", "after_mb")
    yield Table(
        "Memory of one worker",
        ["languages", "of which with a recogniser", "long articles", "peak, MB", "at the end, MB"],
        [[figures[f"enrichment.worker.{head}"] for head in heads]],
    )


if __name__ == "__main__":
    from benchmarks import report

    report.run(sys.modules[__name__])

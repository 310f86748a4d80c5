"""In which language a headline is, and which paragraphs of an article are in another.

The headlines are those of the evaluation's translated news, of MasakhaNEWS and of the press, whole and cut to their
first words, as a question or a ticker would be. Of the articles, which are in one language, few must have a part in
another; of those made of six paragraphs of one language with two sentences of another between them, all must have it.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks import report
from benchmarks.report import Figures, Table
from wirewatch.errors import UserError
from wirewatch.language import Part, detect, parts

EVALUATED = True
MASAKHANEWS = {"eng": "en", "fra": "fr", "swa": "sw", "hau": "ha"}
PRESS = ("fundus", "mercury", "wcxb_article")
WORDS = (5, 3)
EVERY = 3
"""Each third article of a language is mixed with each other language."""
LONG = 200
"""Characters from which a text counts as an article."""


class _Text(NamedTuple):
    language: str
    title: str
    body: str
    """Paragraphs, a line each."""
    translated: bool
    """Whether the other languages have the same."""


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Tell the language of every headline and the parts of every article, or of the first ``limit`` of each set.

    Raises:
        UserError: there are no headlines in the folder.
    """
    texts = list(_texts(evaluation, limit))
    if not texts:
        raise UserError(f"There are no headlines in {evaluation}.")
    figures: Figures = {}
    for text in texts:
        for count in (None, *WORDS):
            words = text.title.split()
            # Chinese and Japanese have no spaces to cut at.
            if count is None or (len(words) >= count and text.language not in ("zh", "ja")):
                told = detect(" ".join(words[:count]))
                for language in (text.language, "all"):
                    _count(figures, f"languages.{language}.{count or 'whole'}", told != text.language)
    for text in texts:
        if len(text.body) >= LONG:
            whole = f"{text.title}\n\n{text.body}"
            _count(figures, "languages.parts.in-one", bool(parts(whole, text.language)))
    for mixed, language, part in _mixed([text for text in texts if text.translated]):
        _count(figures, "languages.parts.in-two", parts(mixed, language) != (part,))
    return figures


def _count(figures: Figures, key: str, wrong: bool) -> None:
    figures[f"{key}.count"] = figures.get(f"{key}.count", 0) + 1
    figures[f"{key}.wrong"] = figures.get(f"{key}.wrong", 0) + wrong


def _texts(evaluation: Path, limit: int | None) -> Iterator[_Text]:
    for file in sorted((evaluation / "crosslingual").glob("*/*.corpus.jsonl.gz")):
        for row in _rows(file, limit):
            yield _Text(row["lang"], row["title"], row["text"], file.parent.name == "ntrex")
    for name, language in MASAKHANEWS.items():
        for row in _rows(evaluation / "topics" / "masakhanews" / f"{name}.jsonl.gz", limit):
            yield _Text(language, row["headline"], row["text"], False)
    for name in PRESS:
        for row in _rows(evaluation / "extraction" / f"{name}.jsonl.gz", limit):
            if row.get("title") and row.get("lang"):
                yield _Text(row["lang"][:2], row["title"], row.get("body") or "", False)


def _rows(file: Path, limit: int | None) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines][:limit]


def _mixed(texts: list[_Text]) -> Iterator[tuple[str, str, Part]]:
    """A text, its language, and where two sentences of another language stand in it."""
    bodies: dict[str, list[list[str]]] = defaultdict(list)
    for text in texts:
        bodies[text.language].append(text.body.split("\n"))
    for language, own in bodies.items():
        for other in bodies.keys() - {language}:
            for i in range(0, len(own), EVERY):
                before, after = own[(i + 1) % len(own)][:3], own[(i + 1) % len(own)][3:6]
                said, start = " ".join(bodies[other][i][:2]), len("\n\n".join(before)) + 2
                yield "\n\n".join([*before, said, *after]), language, Part(start, start + len(said), other)


def tables(figures: Figures) -> Iterator[Table]:
    """One of headlines, a row for each language, and one of parts."""
    of: Counter[str] = Counter()
    for key, value in figures.items():
        if key.endswith("whole.count"):
            of[key.split(".")[1]] = int(value)

    def taken(key: str) -> str:
        key = f"languages.{key}"
        return f"{figures.get(f'{key}.wrong', 0):.0f} of {figures.get(f'{key}.count', 0):.0f}"

    yield Table(
        "headlines taken for another language, whole and cut to their first words",
        ["language", "whole", *(f"{count} words" for count in WORDS)],
        [[code, *(taken(f"{code}.{count}") for count in ("whole", *WORDS))] for code, _ in of.most_common()],
    )
    yield Table(
        "articles whose parts are told wrong",
        ["in one language", "with two sentences in another"],
        [[taken("parts.in-one"), taken("parts.in-two")]],
    )


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])

"""Boxes and slogans learned on made-up sites: what `crawlers/habits.py` takes out of texts in 15 languages.

Each site has the real articles of one language (set `crosslingual/ntrex`), in plain pages. The boxes are sentences and
headlines of three articles that are held back, so that no rule for a language can know them. The first five columns
count the pages that still show a box after it was learned; on a fifth of the pages it is none, and stays. The next is
the share of the paragraphs of the articles that went with the boxes. Reading the pages is not part of the time.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from benchmarks import report
from benchmarks.report import Figures, Table
from crawlers.habits import SHORT, Habits, length
from crawlers.pages import read_article
from crawlers.pages.metadata import same
from crawlers.versions import make_article
from wirewatch.records import Article, Page, PageKind, PageOutcome, SourceRef
from wirewatch.state import State

EVALUATED = True
HELD_BACK = 3
"""Articles of a language that give the boxes."""
NOW = datetime(2027, 1, 1, tzinfo=UTC)
BOXES = {"box on all": 1.0, "box on 60 %": 0.6, "box on 20 %": 0.2, "short on all": 1.0, "short on half": 0.5}
"""Which boxes a site has, and the share of its pages that show each."""


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Make the sites, read their pages, learn and clean.

    Args:
        evaluation: the folder of the evaluation data.
        limit: languages, where not all.
    """
    figures: Figures = {}
    for file in sorted((evaluation / "crosslingual/ntrex").glob("*.corpus.jsonl.gz"))[:limit]:
        language = file.name.partition(".")[0]
        with gzip.open(file) as lines:
            texts = [json.loads(line) for line in lines]
        found = _measure_site(language, texts[:HELD_BACK], texts[HELD_BACK:])
        figures |= {f"habits.{language}.{what}": number for what, number in found.items()}
    return figures


def tables(figures: Figures) -> Iterator[Table]:
    """A row a language."""
    languages = list(dict.fromkeys(name.split(".")[1] for name in figures))
    columns = ["pages", *BOXES, "text lost", "ms a page"]
    rows: list[list[str | float]] = [
        [language, *(figures[f"habits.{language}.{column}"] for column in columns)] for language in languages
    ]
    yield Table("Pages that still show a box", ["language", *columns], rows)


def _measure_site(language: str, held_back: list[dict[str, str]], texts: list[dict[str, str]]) -> Figures:
    sentences = [sentence for text in held_back for sentence in _sentences(text["text"])]
    long = [sentence for sentence in sentences if SHORT <= length(same(sentence)) <= 5 * SHORT]
    boxes = dict(zip(BOXES, [*long[:3], *(text["title"][:14].strip() for text in held_back[:2])], strict=True))
    chance = random.Random(7)
    articles, shown, lost = [], Counter[str](), 0
    for number, text in enumerate(texts):
        here = [boxes[name] for name, share in BOXES.items() if chance.random() < share]
        articles.append(_article(language, number, text, here))
    with tempfile.TemporaryDirectory() as folder:
        habits = Habits(State(f"sqlite:///{folder}/state.sqlite"))
        start = time.perf_counter()
        for article in articles:
            habits.look_at(article)
        cleaned = [habits.clean(article)[0] for article in articles]
        seconds = time.perf_counter() - start
    for before, after in zip(articles, cleaned, strict=True):
        shown.update(name for name, box in boxes.items() if same(box) in _keys(after))
        lost += len(_keys(before) - _keys(after) - set(map(same, boxes.values())))
    return {
        "pages": len(texts),
        **{name: shown[name] for name in BOXES},
        "text lost": lost / sum(len(_paragraphs(text["text"])) for text in texts),
        "ms a page": 1000 * seconds / len(texts),
    }


def _article(language: str, number: int, text: dict[str, str], boxes: list[str]) -> Article:
    """What is read of a page with these boxes: the first half of them within the text, the others below it."""
    paragraphs, within = _paragraphs(text["text"]), len(boxes) // 2
    middle = len(paragraphs) // 2
    blocks = [*paragraphs[:middle], *boxes[:within], *paragraphs[middle:], *boxes[within:]]
    shown = "".join(f"<p>{escape(block)}</p>" for block in blocks)
    title = escape(text["title"])
    head = f'<meta charset="utf-8"><meta property="article:published_time" content="2026-12-31"><title>{title}</title>'
    html = f"<html lang={language}><head>{head}</head><body><h1>{title}</h1>{shown}</body></html>"
    source = SourceRef(id=f"{language}.example", name=language, country="XX")
    url = f"https://{source.id}/{number}"
    page = Page(url=url, source=source, kind=PageKind.ARTICLE, outcome=PageOutcome.FETCHED, fetched=NOW)
    return make_article(page, read_article(url, html.encode()))


def _sentences(text: str) -> list[str]:
    # Full stops of Latin, Arabic, Devanagari, Ethiopic and Chinese script.
    ends = r"(?<=[.!?\u061f\u0964\u1362\u3002\uff01\uff1f])\s*|(?<=\u1361\u1361)\s*"
    return [part for part in re.split(ends, text) if part]


def _paragraphs(text: str) -> list[str]:
    """Two sentences each."""
    parts = _sentences(text)
    return [" ".join(parts[at : at + 2]) for at in range(0, len(parts), 2)]


def _keys(article: Article) -> set[str]:
    return set(map(same, article.body.split("\n\n")))


if __name__ == "__main__":
    report.run(sys.modules[__name__])

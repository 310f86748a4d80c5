"""Articles on one event told apart from others, over languages: translations of one article are one story.

The articles of the cross-lingual set `ntrex` in ten languages, and those of the other sets as distractors, are shuffled
and come in batches of a hundred, as they would in hours; each is enriched and joins or founds a story as in the stage
*enrich*. Scored by B-cubed (Bagga and Baldwin, 1998) over all articles: of those in an article's story the share that
is on its event, of those on its event the share that is in its story, and the F1 of both. The set has several reports
of some events, which count as different ones.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import report
from benchmarks.crosslingual import rows, understood_articles
from benchmarks.report import Figures, Table
from enrichment.stories import Facts, Stories
from wirewatch.errors import UserError
from wirewatch.records import merged

EVALUATED = True
SET = "ntrex"
LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "pt", "ru", "sw", "zh")
BATCH = 100
ORDERS = 5
"""Shuffles measured; the figures are their means."""


def measure(evaluation: Path, limit: int | None = None) -> Figures:
    """Tell the stories of all articles, or of the first ``limit`` of each file.

    Raises:
        UserError: the set is not in the folder.
    """
    files = sorted((evaluation / "crosslingual").glob("*/*.corpus.jsonl.gz"))
    wanted = [file for file in files if file.parent.name != SET or file.name.partition(".")[0] in LANGUAGES]
    if not any(file.parent.name == SET for file in wanted):
        raise UserError(f"{evaluation / 'crosslingual'} has no set {SET}: name another folder.")
    facts, truth = [], {}
    for file in wanted:
        for row, article in zip(rows(file)[:limit], understood_articles(file, limit), strict=True):
            facts.append(Facts.of(article))
            truth[article.id] = f"{file.parent.name} {row['id']}"
    scores = [_scores(_told(facts, order), truth) for order in range(ORDERS)]
    means = [sum(column) / ORDERS for column in zip(*scores, strict=True)]
    return {f"enrichment.stories.{name}": mean for name, mean in zip(NAMES, means, strict=True)}


NAMES = ("bcubed_precision", "bcubed_recall", "bcubed_f1", "told", "true", "articles")


def _told(facts: list[Facts], order: int) -> dict[str, str]:
    """The story of each article, the articles coming in a random order."""
    shuffled = random.Random(order).sample(facts, len(facts))
    stories, found = Stories(), dict[str, str]()
    for start in range(0, len(shuffled), BATCH):
        found |= stories.assign(shuffled[start : start + BATCH], {})
        into = merged(stories.records())
        found = {article: into.get(story, story) for article, story in found.items()}
    return found


def _scores(found: Mapping[str, str], truth: Mapping[str, str]) -> tuple[float, ...]:
    together: dict[str, set[str]] = defaultdict(set)
    events: dict[str, set[str]] = defaultdict(set)
    for article, story in found.items():
        together[story].add(article)
        events[truth[article]].add(article)
    right = {article: len(together[found[article]] & events[truth[article]]) for article in found}
    precision = sum(n / len(together[found[article]]) for article, n in right.items()) / len(found)
    recall = sum(n / len(events[truth[article]]) for article, n in right.items()) / len(found)
    f1 = 2 * precision * recall / (precision + recall)
    return precision, recall, f1, len(together), len(events), len(found)


def tables(figures: Figures) -> Iterator[Table]:
    """One row."""
    heads = ["precision", "recall", "F1", "stories told", "true stories", "articles"]
    yield Table("Stories: B-cubed", heads, [[figures[f"enrichment.stories.{name}"] for name in NAMES]])


if __name__ == "__main__":
    import sys

    report.run(sys.modules[__name__])

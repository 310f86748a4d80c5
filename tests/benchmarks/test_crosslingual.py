"""What search reaches across languages must not be lost: French and Russian articles, found by English questions."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import fmean

import pytest
import yaml
from elasticsearch import Elasticsearch

from benchmarks.crosslingual import searched
from benchmarks.relevance import QUESTIONS
from benchmarks.report import scorer

ROOT = Path(__file__).parents[2]
EVALUATION = Path(os.environ.get("WIREWATCH_EVAL", ROOT.parent / "shared/eval")) / "crosslingual"
LANGUAGES = ("fr", "ru")
ARTICLES = 30
RECORDED: dict[str, dict[str, float]] = yaml.safe_load(QUESTIONS.with_name("relevance.yml").read_text())


@pytest.mark.timeout(600)
@pytest.mark.skipif(not EVALUATION.exists(), reason="the evaluation data are not here")
def test_articles_are_found_across_languages_as_well_as_recorded(es: Elasticsearch, tmp_path: Path) -> None:
    some = tmp_path / "ntrex"
    some.mkdir()
    for file in ("queries.jsonl.gz", *(f"{language}.corpus.jsonl.gz" for language in LANGUAGES)):
        (some / file).symlink_to(EVALUATION / "ntrex" / file)
    score = scorer(EVALUATION / "score.py").score
    answers = searched(some, es, tmp_path, ARTICLES)
    reached = {language: score(asked, ids, run)["ALL"]["MRR@10"] for language, asked, ids, run in answers}
    assert set(reached) == set(LANGUAGES)
    assert fmean(reached.values()) >= RECORDED["crosslingual_mrr"]["least"], reached

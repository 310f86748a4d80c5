"""The benchmark of enrichment, on a few articles made here."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from benchmarks import enrichment, speed, stories
from benchmarks.__main__ import ALL
from benchmarks.enrichment import PARTS
from benchmarks.process import alone
from wirewatch.errors import UserError
from wirewatch.settings import get_settings

TEXTS = {
    "sw": (
        "Waziri wa maji azuru Dodoma",
        "Waziri wa maji wa Tanzania alisema Jumanne kuwa bwawa jipya litajengwa Dodoma.",
    ),
    "fr": (
        "Le ministre de l'eau à Dodoma",
        "Le ministre tanzanien de l'eau a annoncé mardi un nouveau barrage à Dodoma.",
    ),
}


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    """A folder with the set ntrex, of six articles in two languages."""
    folder = tmp_path / "eval/crosslingual/ntrex"
    folder.mkdir(parents=True)
    for language, (title, text) in TEXTS.items():
        with gzip.open(folder / f"{language}.corpus.jsonl.gz", "wt") as out:
            for number in range(6):
                row = {"id": f"a{number}", "lang": language, "title": f"{title} {number}", "text": f"{text}\n{text}"}
                out.write(json.dumps(row) + "\n")
    return tmp_path / "eval"


@pytest.fixture
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREWATCH_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()


@pytest.mark.usefixtures("_own_home")
def test_the_parts_figures_stand_beside_their_aims(evaluation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrichment, "PARTS", (stories,))
    figures = enrichment.measure(evaluation, 2)
    assert figures["enrichment.stories.articles"] == 4
    figures |= {"enrichment.speed.fr.ratio": 1.7, "enrichment.ner.wikineural.fr.f1": 0.9}
    figures |= {"enrichment.ner.wikineural.fr.model.f1": 0.85, "enrichment.countries.fresh.all.recall": 0.95}
    aims, *others = enrichment.tables(figures)
    rows = {str(what): rest for what, *rest in aims.rows}
    assert rows["names, fr: F1"] == [0.9, "≥ 0.86", "yes", 0.85]
    assert rows["cost but for embedding, fr: recognisers"] == [1.7, "≤ 1.5", "no", ""]
    assert rows["countries, fresh sentences: recall"] == [0.95, "≥ 0.95", "yes", ""]
    assert [table.title for table in others] == ["Stories: B-cubed", "How long the parts took"]
    assert [name for name, _ in others[-1].rows] == ["stories"]


def test_every_part_is_a_benchmark_that_says_what_it_does() -> None:
    assert all(f"**{part.__name__.partition('.')[2]}.** {part.__doc__[:60]}" in enrichment.__doc__ for part in PARTS)
    assert len({part.__name__ for part in PARTS}) == 9 and enrichment in ALL.values()


@pytest.mark.usefixtures("_own_home")
def test_every_component_of_a_pipeline_is_timed_beside_its_recogniser(evaluation: Path) -> None:
    file = str(evaluation / "crosslingual/ntrex/fr.corpus.jsonl.gz")
    taken = speed.whole("fr", file, None) | speed.components("fr", file, None)
    figures = {f"enrichment.speed.fr.{name}": figure for name, figure in speed._figures(taken).items()}
    assert figures["enrichment.speed.fr.ratio"] > 1 and figures["enrichment.speed.fr.articles_per_s"] > 0
    assert taken["words"] == 3 * 2 * len(TEXTS["fr"][1].split()) + len(f"{TEXTS['fr'][0]} 3".split())
    languages, parts, _ = speed.tables(figures | dict.fromkeys((f"enrichment.worker.{name}" for name in WORKER), 1.0))
    assert languages.rows[0][0] == "fr" and {"ner", "geography", "embedding", "concepts"} <= set(parts.heads)
    assert "ner_alone" not in speed.whole("sw", file.replace("fr.", "sw."), None)


WORKER = ("languages", "recognisers", "articles", "peak_mb", "after_mb")


@pytest.mark.usefixtures("_own_home")
def test_a_worker_of_all_languages_says_what_memory_it_had(evaluation: Path) -> None:
    found = speed.worker(str(evaluation / "crosslingual/ntrex"), None)
    assert (found["languages"], found["recognisers"], found["articles"]) == (2, 1, 4)
    assert found["peak_mb"] > 100 and set(found) == set(WORKER)


def test_what_is_measured_alone_has_one_core_and_one_thread() -> None:
    assert alone("os:getenv", "OMP_NUM_THREADS") == "1"
    assert str(alone("benchmarks.report:machine")).startswith("1 cores")
    with pytest.raises(UserError, match="math:sqrt ended with status 1"):
        alone("math:sqrt", -1)

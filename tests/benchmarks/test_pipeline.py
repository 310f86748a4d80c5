"""The benchmark of the whole way counts what it says, loses no article, and reckons needs as it is written down."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from benchmarks import growth, needs, pipeline
from benchmarks.orchestration import Task, read_tasks, shares
from benchmarks.press import Press
from benchmarks.process import alone
from benchmarks.site import page
from crawlers.pages import read_article
from search.node import Node
from tests.newsroom.texts import load_articles
from wirewatch.settings import Settings

ARTICLES, HOSTS = 30, 1


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    """A folder laid out like the real evaluation data, with texts of the newsroom in the languages of two hosts."""
    texts = load_articles()
    folder = tmp_path / "eval/crosslingual/ours"
    folder.mkdir(parents=True)
    for language, site in (("en", "harbour-post"), ("fr", "paris-derniere")):
        lines = [json.dumps({"text": " ".join(article.paragraphs)}) for article in texts[site]]
        (folder / f"{language}.corpus.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return tmp_path / "eval"


def test_press_articles_are_in_the_language_of_their_host_and_some_are_copies(evaluation: Path) -> None:
    press = Press(evaluation, 20)
    # Hosts 0 and 5 write in English, 1 and 8 in French.
    made = [press.article(number) for number in range(400) if number % 20 in (0, 1, 5, 8)]
    assert [one.language for one in made[:8]] == ["en", "fr", "en", "fr"] * 2
    assert made[0] == Press(evaluation, 20).article(0)
    assert 0.8 * len(made) < len({tuple(one.paragraphs) for one in made}) < len(made)


def test_every_article_goes_the_whole_way_and_the_figures_say_what_it_took(
    evaluation: Path, node: Settings, es: Elasticsearch, tmp_path: Path
) -> None:
    figures = pipeline.stages(tmp_path / "way", ARTICLES, HOSTS, evaluation, Node(node), es)
    for stage in ("crawl", "extract", "enrich", "index"):
        assert figures[f"{stage}.articles"] == ARTICLES, stage
    assert figures["alert.notices"] > 0
    for stage in pipeline.STAGES:
        assert figures[f"{stage}.cpu_s"] > 0 and figures[f"{stage}.peak_mb"] > 10, stage
        assert figures[f"{stage}.cpu_s_per_article"] == figures[f"{stage}.cpu_s"] / ARTICLES
        assert figures[f"{stage}.articles_per_s"] == ARTICLES / figures[f"{stage}.seconds"]
    assert figures["index.node_cpu_s"] > 0
    disk = {name.split(".")[1]: figure for name, figure in figures.items() if name.startswith("disk.")}
    assert disk.keys() == {*needs.DISK, "vectors"} and all(bytes_ > 0 for bytes_ in disk.values())
    # The archive has what came over the wire, compressed as the sites send it or a little better.
    assert 0.5 < disk["archive"] / figures["wire.bytes_per_article"] < 2


def test_a_page_of_the_press_gives_its_article(evaluation: Path) -> None:
    press = Press(evaluation, 2)
    made = press.article(1)
    read = read_article("http://site-01.localhost/1.html", page("site-01.localhost", 1, press.article).encode())
    assert (read.title, read.language, read.published) == (made.title, "fr", made.published)
    assert all(paragraph in read.body for paragraph in made.paragraphs)


def test_what_is_airflows_own_is_what_no_stage_took() -> None:
    tasks = [
        Task("plan", 0, 1, cpu=1, before=0.1),
        Task("crawl", 2, 6, cpu=3, before=0.1),
        Task("crawl", 4, 8, cpu=3, before=0.1),
        Task("enrich", 10, 19, cpu=10, before=0.1),
    ]
    figures = shares(tasks, seconds=20, cpu=20)
    assert (figures["stages_cpu_s"], figures["alone_cpu_s"], figures["share_cpu"]) == (16, 4, pytest.approx(0.2))
    assert (figures["alone_s"], figures["share_s"], figures["tasks"]) == (5, pytest.approx(0.25), 4)


def test_a_task_that_was_tried_twice_counts_from_its_last_begin(tmp_path: Path) -> None:
    notes = [
        ("begun", "g.crawl", 1, 2.0),
        ("begun", "g.crawl", 5, 0.5),
        ("begun", "plan", 6, 0.1),
        ("ended", "g.crawl", 9, 4),
    ]
    lines = [
        json.dumps({"event": event, "task": task, "map": 0, "at": at, "cpu": cpu}) for event, task, at, cpu in notes
    ]
    (tmp_path / "notes").write_text("\n".join(lines))
    assert list(read_tasks(tmp_path / "notes")) == [Task("crawl", 5, 9, cpu=4, before=0.5)]


def test_what_grows_is_measured_where_something_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for measure in (growth.stories, growth.state):
        (tmp_path / measure.__name__).mkdir()
        monkeypatch.setenv("WIREWATCH_HOME", str(tmp_path / measure.__name__))
        measured = measure(12)
        assert measured["size"] == 12 and all(figure >= 0 for figure in measured.values())
    done = alone("benchmarks.growth:done", 12)  # it asks an object store of its own
    assert done["requests"] == done["settled_requests"] > 0


def test_needs_are_the_measured_figures_times_the_articles() -> None:
    figures = dict.fromkeys((f"pipeline.{stage}.peak_mb" for stage in pipeline.STAGES), 1000.0)
    for stage in pipeline.STAGES:
        figures |= {f"pipeline.{stage}.{what}": 0.1 for what in ("cpu_s_per_article", "node_cpu_s_per_article")}
        figures[f"pipeline.{stage}.start_cpu_s"] = 2.0
    airflow = {"idle_cpu_s_per_hour": 60.0, "alone_cpu_s_per_batch": 10.0, "idle_mb": 500.0, "cpu_s": 1.0}
    figures |= {f"pipeline.airflow.{name}": figure for name, figure in airflow.items()}
    figures |= {f"pipeline.many.disk.{name}.bytes_per_article": 1000.0 for name in needs.DISK}
    figures["pipeline.many.wire.bytes_per_article"] = 40_000.0
    told = ("load_s", "ms_per_article", "remembered_ms_per_article", "mb")
    figures |= {f"growth.stories.100.{name}": 1.0 for name in told}
    figures["growth.stories.100.size"] = 100.0

    some = needs.needs(50_000, figures)
    assert some["work_s"] == pytest.approx(50_000 * 7 * 0.1) and some["node_s"] == pytest.approx(some["work_s"])
    assert some["starts_s"] == needs.RUNS * 7 * 2 and some["airflow_s"] == 24 * 60 + needs.RUNS * 10
    # 100,000 stories are in the news: a thousand times those that were measured.
    assert some["stories_s"] == pytest.approx(needs.RUNS * 1000 + 50_000 * (1.0 + 0.001))
    assert some["wire_gb"] == 2 and some["index_gb"] == 0.05
    assert some["object_gb"] == pytest.approx(0.05 * (2 * 90 + 2 * 365)) and some["usd"] > some["storage_usd"] > 0
    (table,) = needs.tables(figures)
    assert len(table.rows) == len(needs.STEPS) and table.heads[2:] == ("10,000", "100,000", "1,000,000")
    assert not list(needs.tables({"pipeline.airflow.cpu_s": 1.0}))

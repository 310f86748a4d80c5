"""Days are replayed from any stage: the index stays as it was, but for what was mended, and nobody is told."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from typer.testing import CliRunner

from crawlers import extract as extraction
from crawlers.extract import extract
from enrichment.enrich import enrich
from search.alerts.alert import Alert
from search.alerts.match import alert
from search.alerts.store import create
from search.index import index, init
from tests.crawlers.handmade import EDITED, SITE, STORY, Answer, article_html, day, pages_batch
from wirewatch import batches, work
from wirewatch.batches import REPLAY, Batch
from wirewatch.cli import cli
from wirewatch.leases import lease
from wirewatch.records import EnrichedArticle, Page, SourceRef, article_id, now
from wirewatch.replay import Taken, left_over, parted
from wirewatch.settings import Settings, get_settings

OTHER = SourceRef(id="other.example", name="Other", country="FR")
ELSEWHERE = "https://other.example/a"
DAYS = ("--from", "2027-01-01", "--to", "2027-01-31")
ALL = (
    "Ferry towns share the cost of a new boat and of two landing stages on the northern shore. ",
    "A museum in the hills shows the maps of a forgotten surveyor to the public for the first time. ",
)


@pytest.fixture
def archive(es: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> dict[str, Batch]:
    """Three days of a past month, gone the whole way: a story is edited on the second and removed on the third."""
    shift = datetime(2027, 2, 5, tzinfo=UTC) - datetime.now(UTC)
    monkeypatch.setenv("WIREWATCH_TIME_SHIFT", str(shift.total_seconds()))
    monkeypatch.setenv("COLUMNS", "200")
    get_settings.cache_clear()
    init(es)
    create(es, Alert(name="Everything", kql="*", tell=["stdout"]), "command")
    days = [
        {STORY: article_html("A story"), ELSEWHERE: Answer(article_html("Another", ALL[0]), source=OTHER)},
        {STORY: article_html("A story", EDITED), f"{SITE}/museum": article_html("Maps", ALL[1])},
        {STORY: Answer(status=410), f"{SITE}/feed": Answer(b"<feed/>")},
    ]
    made = {}
    for number, answers in enumerate(days, 1):
        made[f"{number}"] = pages = pages_batch(answers, day(number))
        alert(index(enrich(extract(pages))))
    return made


def replay(*arguments: str, fails: bool = False) -> str:
    result = CliRunner().invoke(cli, ["replay", *arguments])
    assert (result.exit_code != 0) == fails, result.output
    return " ".join((str(result.exception) if fails else result.output).split())


def made(stage: str) -> list[str]:
    """The names of the replays of a stage."""
    root = Settings().batches
    return [batch.name for batch in batches.finished(root, stage) if batch.is_replay]


def everything(es: Elasticsearch) -> dict[str, dict[str, Any]]:
    """All that the index holds: articles, stories, notices."""
    es.indices.refresh()
    hits = es.search(index="articles,wirewatch-stories,wirewatch-notices", size=1000)["hits"]["hits"]
    assert hits
    return {f"{hit['_index'].split('-')[1]} {hit['_id']}": hit["_source"] for hit in hits}


def test_a_dry_run_lists_what_would_be_done(archive: dict[str, Batch]) -> None:
    said = replay(*DAYS, "--dry-run")
    for name in (*(pages.name for pages in archive.values()), "3 days", "3 batches", "2 sources"):
        assert name in said
    said = replay("--from", "2027-01-01", "--to", "2027-01-02", "--source", OTHER.id, "--stage", "enrich", "--dry-run")
    assert [pages.name in said for pages in archive.values()] == [True, False, False]
    assert not [*made("articles"), *made("enriched"), *made("indexed")]


def test_a_replay_from_any_stage_leaves_the_index_as_it_was_and_tells_nobody(
    archive: dict[str, Batch], es: Elasticsearch, settings: Settings
) -> None:
    before = everything(es)
    story = before[f"articles {article_id(STORY)}"]
    assert (len(story["history"]), story["revision"], story["gone"][:10]) == (1, 2, "2027-01-03")
    # Of the last day there is no more than that the story was gone, which is now with its text.
    for stage, taken in (("extract", 3), ("enrich", 2), ("index", 2), ("index", 2)):
        there = len(made("indexed"))
        time.sleep(
            1
        )  # a run is named for the second in which it began: the same replay in the same one is the same run
        replay(*DAYS, "--stage", stage)
        assert everything(es) == before
        assert len(made("indexed")) == there + taken
    for receipt in batches.pending(settings.batches, "alerted"):
        alert(receipt)
    assert everything(es) == before


_read_page = extraction._read_page


def read_better(batch: Batch, page: Page) -> Any:
    """Stands in for a page object that was mended."""
    found = _read_page(batch, page)
    return found.model_copy(update={"body": found.body + "\n\nMended."})


def test_what_was_mended_comes_into_the_index_and_is_not_undone(
    archive: dict[str, Batch], es: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(es)
    monkeypatch.setattr(extraction, "_read_page", read_better)
    replay(*DAYS, "--source", OTHER.id)
    after = everything(es)
    changed = [key for key in before if before[key] != after[key]]
    assert changed == [f"articles {article_id(ELSEWHERE)}"]
    mended = after[changed[0]]
    assert mended["body"].endswith("Mended.")
    kept = ("first_seen", "fetched", "run", "revision", "story_id", "url")
    assert [mended[name] for name in kept] == [before[changed[0]][name] for name in kept]
    assert "history" not in mended, "its site changed nothing"

    # Later stages take the text as it is now, and each from where it is newest.
    for stage in ("enrich", "index"):
        replay(*DAYS, "--stage", stage)
        assert everything(es) == after
    last = Batch(archive["1"].root, "enriched", made("enriched")[-3])
    assert [article.url for article in last.read(EnrichedArticle)] == [ELSEWHERE]


def test_a_replay_that_was_stopped_goes_on_where_it_was(
    archive: dict[str, Batch], es: Elasticsearch, settings: Settings, tmp_path: Path
) -> None:
    stop_at(archive["2"], tmp_path)
    assert len(made("indexed")) == 1
    assert "goes on" in replay(*DAYS)
    assert len(made("articles")) == len(made("indexed")) == 3, "what was done is not done again"
    assert len({name.partition("-replay-")[0] for name in made("indexed")}) == 1
    # One that came to its end is begun from the start, as is one that another followed, or that is told to be.
    assert "goes on" not in replay(*DAYS)
    assert len(made("indexed")) == 6
    # What was stopped and forgotten can be found: here a replay that had cut a batch and not enriched it.
    cut = batches.tries(archive["1"].next("articles"))[-1]
    for stage in ("enriched", "indexed"):
        shutil.rmtree(cut.next(stage).url.removeprefix("file://"))
    assert left_over(now() + timedelta(seconds=5)) == [cut]
    assert left_over(now() - timedelta(days=1)) == []


def test_a_replay_waits_for_another_run_that_is_at_one_of_its_batches(
    archive: dict[str, Batch], es: Elasticsearch, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a `wirewatch run` of cron may be, which takes on what waits, or the same command."""
    before = everything(es)
    stop_at(archive["2"], tmp_path)
    [first] = made("indexed")
    second = archive["2"].replayed(first.partition(REPLAY)[0])
    others = [
        (second.next(stage), lease(settings.state, [f"{stage} {second.name}"], "another run"))
        for stage in ("articles", "enriched")
    ]
    for _, other in others:
        other.__enter__()

    def pause(_: float) -> None:
        makes, other = others.pop(0)
        assert not makes.exists()
        other.__exit__(None, None, None)

    monkeypatch.setattr(work, "sleep", pause)
    assert "goes on" in replay(*DAYS)
    assert not others
    assert len(made("indexed")) == 3 and everything(es) == before


def stop_at(pages: Batch, elsewhere: Path) -> None:
    """Begin a replay that fails at a batch, whose archive is away meanwhile."""
    [warc] = Path(pages.url.removeprefix("file://")).glob("*.warc.gz")
    warc.rename(elsewhere / warc.name)
    replay(*DAYS, fails=True)
    (elsewhere / warc.name).rename(warc)


def test_what_is_not_indexed_yet_is_left_to_the_run_that_tells_of_it(settings: Settings, es: Elasticsearch) -> None:
    extract(pages_batch({STORY: article_html("A story")}, day(1)))
    assert "taken on by `wirewatch run`" in replay(*DAYS, fails=True)
    assert not made("articles")


def test_what_a_replay_needs_may_be_kept_no_longer(archive: dict[str, Batch]) -> None:
    batches.forget(archive["2"], [name for name in archive["2"].manifest().files if name.endswith(".warc.gz")])
    assert f"needs of pages/{archive['2'].name} is kept no longer" in replay(*DAYS, "--dry-run", fails=True)
    assert archive["3"].name in replay("--from", "2027-01-03", "--to", "2027-01-31", "--dry-run")


def test_much_is_replayed_in_parts() -> None:
    taken = [Taken(Batch("", "pages", f"{number}"), Counter(a=300)) for number in range(7)]
    assert [len(part) for part in parted(taken)] == [2, 2, 2, 1]
    assert [len(part) for part in parted(taken, most=2)] == [4, 3]
    assert [one for part in parted(taken) for one in part] == taken

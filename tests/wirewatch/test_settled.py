"""Days that are done with are not listed again, and what turns up there all the same is found, done and told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest
from sqlalchemy import select

from crawlers.extract import extract
from enrichment.memory import Memory, _Applied
from tests.s3 import S3
from wirewatch import batches, settled
from wirewatch.batches import STAGES, Batch, pending
from wirewatch.records import Page, PageKind, PageOutcome, SourceRef
from wirewatch.retention import settle
from wirewatch.settings import get_settings
from wirewatch.state import State
from wirewatch.storage import OPTIONS

TODAY = datetime(2027, 1, 31, 12, tzinfo=UTC)
SOURCE = SourceRef(id="example.org", name="Example", country="FR")

ON_BOTH = pytest.mark.parametrize("root", ["file", "s3"], indirect=True)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test begins at noon: the day that it began on does not end meanwhile."""
    monkeypatch.setenv("WIREWATCH_TIME_SHIFT", str((TODAY - datetime.now(UTC)).total_seconds()))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the batches of an installation of our own are."""
    monkeypatch.setenv("WIREWATCH_HOME", str(tmp_path))
    if getattr(request, "param", "file") == "s3":
        monkeypatch.setenv("WIREWATCH_BATCHES", request.getfixturevalue("store").bucket())
    get_settings.cache_clear()
    yield get_settings().batches
    get_settings.cache_clear()


def run(days: int, key: str = "a") -> str:
    """The name of a batch of a run so many days ago."""
    return f"{batches.run_name(TODAY - timedelta(days=days), key)}-g00"


def day(days: int) -> str:
    return f"{TODAY - timedelta(days=days):%Y%m%d}"


def done_before(days: int) -> str:
    return f"all is done of the days before {TODAY - timedelta(days=days):%Y-%m-%d}"


def made(root: str, name: str, *stages: str) -> Batch:
    """A batch at some stages, by default all; of pages it has one that was asked for in vain."""
    for stage in stages or STAGES:
        with batches.write(Batch(root, stage, name)) as out:
            if stage == "pages":
                asked = {"fetched": TODAY, "outcome": PageOutcome.FAILED, "reason": "http-500"}
                out.add(Page(url=name, source=SOURCE, kind=PageKind.ARTICLE, **asked))
    return Batch(root, (stages or STAGES)[0], name)


def put_back(root: str, name: str, stage: str = "pages") -> None:
    """A batch comes from a copy: nothing of ours hears of it."""
    copy = made(root.replace("batches", "elsewhere"), name, stage)
    fs, path = fsspec.core.url_to_fs(copy.url, **OPTIONS)
    for file in fs.find(path):
        place = file.replace("elsewhere", "batches")
        fs.makedirs(place.rpartition("/")[0], exist_ok=True)
        fs.copy(file, place)


@contextmanager
def damaged(batch: Batch) -> Iterator[None]:
    """A batch whose records are lost, and come back."""
    fs, path = fsspec.core.url_to_fs(f"{batch.url}/{batch.manifest().files[batches.RECORDS]}", **OPTIONS)
    whole = fs.cat_file(path)
    fs.rm_file(path)
    yield
    fs.pipe_file(path, whole)


def noted(root: str) -> str:
    return settled.since(settled.note(root))


def waiting(root: str) -> list[str]:
    return [batch.name for batch in pending(root, "articles")]


def known(root: str, *names: str, state: str = "state") -> set[str]:
    """Of which of these pages the state of this file knows, when it has caught up."""
    found = State(f"sqlite:///{get_settings().home}/{state}.sqlite")
    found.catch_up(root)
    return set(found.look_up(names))


@ON_BOTH
def test_settled_are_the_days_whose_batches_went_through_all_stages(root: str) -> None:
    assert settle() == "there are no batches yet" and noted(root) == ""
    made(root, run(8))
    assert settle(dry_run=True) == done_before(8) and noted(root) == ""
    settle()
    assert noted(root) == day(8), "the last crawl is always found"
    made(root, run(1))
    made(root, run(0), "pages")
    assert settle() == done_before(2)
    assert [one.name for one in batches.finished(root, "pages", since=noted(root))] == [run(1), run(0)]
    assert waiting(root) == [run(0)]


def test_what_waits_is_found_however_long(root: str) -> None:
    made(root, run(40), "pages")
    made(root, run(30))
    made(root, run(1))
    assert settle() == f"{done_before(40)}; 1 batch waits for more than 2 days, the oldest is pages/{run(40)}"
    assert waiting(root) == [run(40)] and known(root, run(40)) == {run(40)}
    extract(Batch(root, "pages", run(40)))
    assert waiting(root) == [] and noted(root) == day(40)
    assert [batch.name for batch in pending(root, "enriched")] == [run(40)]


@ON_BOTH
def test_a_batch_of_a_settled_day_that_comes_late_is_found_at_once(root: str) -> None:
    """As of a run of long ago that was begun anew, or under a clock that was set back."""
    made(root, run(30))
    made(root, run(1))
    settle()
    assert known(root, run(1), run(30)) == {run(1), run(30)}
    made(root, run(20), "pages")
    assert waiting(root) == [run(20)] and known(root, run(20)) == {run(20)}
    assert settle() == f"{done_before(20)}; 1 batch waits for more than 2 days, the oldest is pages/{run(20)}"


@ON_BOTH
def test_a_batch_that_was_put_back_is_found_when_the_upkeep_has_looked(root: str) -> None:
    made(root, run(30))
    made(root, run(1))
    settle()
    assert known(root, run(30)) == {run(30)}
    put_back(root, run(20))
    assert waiting(root) == [] and known(root, run(20)) == set()
    assert settle() == f"{done_before(20)}; 1 batch waits for more than 2 days, the oldest is pages/{run(20)}"
    assert waiting(root) == [run(20)] and known(root, run(20)) == {run(20)}

    # One that went all its way elsewhere is taken in too, though the note says the same as before.
    for stage in STAGES:
        put_back(root, run(25), stage)
    put_back(root, run(20), "articles")
    settle()
    assert noted(root) == day(20) and known(root, run(25)) == {run(25)}


def test_a_state_that_is_made_anew_leaves_out_what_is_damaged_until_it_is_whole(
    root: str, caplog: pytest.LogCaptureFixture
) -> None:
    names = [run(30), run(20), run(1)]
    for name in names:
        made(root, name)
    settle()
    with damaged(Batch(root, "pages", run(20))):
        for _ in range(2):
            assert known(root, *names, state="other") == {run(30), run(1)}
        assert f"pages/{run(20)} is damaged" in caplog.text
    assert known(root, *names, state="other") == set(names)


def test_a_replay_of_a_settled_day_waits_as_any_other(root: str) -> None:
    made(root, run(30))
    made(root, run(1))
    settle()
    again = extract(Batch(root, "pages", run(30)), replay=batches.run_name(TODAY, "replay"))
    assert pending(root, "enriched") == [again] and settled.note(root)
    settle()
    assert pending(root, "enriched") == [again]


def remembered(root: str) -> set[str]:
    """The batches that the memory of stories has taken in."""
    with Memory(get_settings().state).alone(root) as session:
        return {name for name in session.scalars(select(_Applied.name)) if name.endswith("-g00")}


def test_a_memory_of_stories_leaves_out_what_is_damaged_until_it_is_whole(
    root: str, caplog: pytest.LogCaptureFixture
) -> None:
    for days in (30, 20, 1):
        made(root, run(days))
    settle()
    with damaged(Batch(root, "enriched", run(20))):
        for _ in range(2):
            assert remembered(root) == {run(30), run(1)}
        assert f"enriched/{run(20)} is damaged" in caplog.text
    assert remembered(root) == {run(30), run(20), run(1)}


def test_a_memory_of_stories_takes_in_what_was_put_back(root: str) -> None:
    made(root, run(30))
    made(root, run(1))
    settle()
    assert remembered(root) == {run(30), run(1)}
    for stage in STAGES:
        put_back(root, run(40), stage)
    assert remembered(root) == {run(30), run(1)}
    assert settle() == done_before(2)
    assert remembered(root) == {run(40), run(30), run(1)}


@pytest.mark.parametrize("torn", ["", "2099", "20990101", "20990101 0123456789abcde"])
def test_a_note_that_is_not_whole_is_none(tmp_path: Path, torn: str) -> None:
    made(tmp_path.as_uri(), run(30), "pages")
    (tmp_path / settled.FILE).write_text(torn)
    assert waiting(tmp_path.as_uri()) == [run(30)]


@pytest.mark.parametrize("root", ["s3"], indirect=True)
def test_a_bucket_tells_as_little_after_years_as_on_the_first_day(root: str, store: S3) -> None:
    def told() -> int:
        known(root)
        store.sent = 0
        assert waiting(root) == [] and known(root) == set()
        return store.sent

    made(root, run(1))
    settle()
    first = told()
    for days in range(10, 16):
        made(root, run(days))
    assert told() > first + 6 * 200, "nobody has looked yet"
    settle()
    assert told() == pytest.approx(first, abs=200)

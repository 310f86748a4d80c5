"""What is kept no longer goes from batches, and nothing that is still needed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawlers.extract import extract
from enrichment.memory import Memory
from tests.s3 import S3
from wirewatch import batches
from wirewatch.batches import MANIFEST, Batch, finished, pending
from wirewatch.errors import UserError
from wirewatch.records import Page, PageKind, PageOutcome, SourceRef, now
from wirewatch.retention import forget, shorten, tidy
from wirewatch.settings import Settings, get_settings
from wirewatch.state import State
from wirewatch.storage import file_system

TODAY = now()
SOURCE = SourceRef(id="example.org", name="Example", country="FR")


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Settings]]:
    """Settings of ours, with these of what is kept."""

    def settings(**keep: int) -> Settings:
        monkeypatch.setenv("WIREWATCH_HOME", str(tmp_path))
        for name, days in keep.items():
            monkeypatch.setenv(f"WIREWATCH_KEEP__{name.upper()}", str(days))
        get_settings.cache_clear()
        return get_settings()

    yield settings
    get_settings.cache_clear()


def batch(settings: Settings, stage: str, days: int, name: str = "a") -> Batch:
    """A batch of a run so many days ago; of pages with an archive in two files."""
    made = Batch(settings.batches, stage, f"{TODAY - timedelta(days=days):%Y%m%dT%H%M%SZ}-{name}")
    with batches.write(made) as out:
        page = Page(
            url=f"https://example.org/{days}{name}",
            source=SOURCE,
            kind=PageKind.ARTICLE,
            outcome=PageOutcome.FETCHED,
            fetched=TODAY - timedelta(days=days),
        )
        out.add(page)
        for number in (0, 1) if stage == "pages" else ():
            archive = settings.home / f"x-{number}.warc.gz"
            archive.write_bytes(b"0" * 1000)
            out.add_file(archive.name, archive)
    return made


def folder(batch: Batch) -> Path:
    return Path(batch.url.removeprefix("file://"))


def archives(batch: Batch) -> int:
    return len(list(folder(batch).glob("*.warc.gz")))


def test_the_archive_goes_after_its_days_but_not_before_it_was_read(installation: Callable[..., Settings]) -> None:
    settings = installation()
    young, old, waiting = (batch(settings, "pages", days) for days in (29, 31, 32))
    for done in (young, old):
        with batches.write(done.next("articles")):
            pass
    state = State(settings.state)
    state.catch_up(settings.batches)
    assert shorten() == "all are kept for ever"
    installation(pages_days=30)
    would = "pages older than 30 days: 2 files (0.0 MB) of 1 folder; 1 batch is old enough, but still needed"
    assert shorten(dry_run=True) == would
    assert [archives(one) for one in (young, old, waiting)] == [2, 2, 2]
    assert shorten() == would
    assert [archives(one) for one in (young, old, waiting)] == [2, 0, 2]
    assert shorten() == would.replace("2 files", "0 files").replace("1 folder;", "0 folders;")

    # No stage takes its work for undone, what it says of itself is true, and the state is made from it as before.
    assert pending(settings.batches, "articles") == [waiting]
    assert list(old.manifest().files) == [batches.RECORDS]
    with pytest.raises(UserError, match=rf"x-0.warc.gz of the batch pages/{old.name} was removed on"):
        old.open("x-0.warc.gz")
    with pytest.raises(UserError, match="cannot be cut out once more"):
        extract(old, replay="20270101T000000Z-000000")
    assert len(list(old.read(Page))) == 1
    rebuilt = State(f"sqlite:///{settings.home}/other.sqlite")
    rebuilt.catch_up(settings.batches)
    url = next(old.read(Page)).url
    assert rebuilt.look_up([url])[url].asked == state.look_up([url])[url].asked


def test_what_is_damaged_is_named_and_stays_and_all_else_goes(
    installation: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    settings = installation(pages_days=30)
    damaged, whole = (batch(settings, "pages", days) for days in (32, 31))
    for done in (damaged, whole):
        with batches.write(done.next("articles")):
            pass
    (folder(damaged) / MANIFEST).write_bytes(b"")
    left = [folder(one) / "0123abcd-killed.warc.gz" for one in (damaged, whole)]
    for file in left:
        file.touch()
        os.utime(file, (0, 0))
    assert tidy().startswith("files of killed tries: 1 file (0.0 MB) of 1 folder")
    assert [file.exists() for file in left] == [True, False]
    left[0].unlink()
    would = "pages older than 30 days: 2 files (0.0 MB) of 1 folder"
    assert shorten(dry_run=True) == shorten() == would
    assert [archives(one) for one in (damaged, whole)] == [2, 0]
    assert f"The batch {damaged.url} is damaged" in caplog.text


def test_in_an_object_store_it_is_the_same(
    installation: Callable[..., Settings], store: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREWATCH_BATCHES", store.bucket())
    settings = installation(pages_days=30)
    old = batch(settings, "pages", 31)
    with batches.write(old.next("articles")):
        pass
    assert shorten() == "pages older than 30 days: 2 files (0.0 MB) of 1 folder"
    assert tidy().startswith("files of killed tries: 0 files")
    with file_system(old.url) as (fs, path):
        assert len(fs.find(path)) == 2, "manifest and records"
    assert sorted(old.manifest().removed) == ["x-0.warc.gz", "x-1.warc.gz"]
    assert len(list(old.read(Page))) == 1


def test_killed_before_the_files_are_removed_it_removes_them_the_next_time(
    installation: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = installation(pages_days=30)
    old = batch(settings, "pages", 31)
    with batches.write(old.next("articles")):
        pass

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("wirewatch.retention._remove", killed)
        shorten()
    assert archives(old) == 2 and list(old.manifest().files) == [batches.RECORDS]
    assert shorten().startswith("pages older than 30 days: 2 files")
    assert archives(old) == 0


def test_enriched_articles_go_where_they_are_indexed_and_could_be_made_anew(
    installation: Callable[..., Settings],
) -> None:
    settings = installation(enriched_days=90)
    whole, unindexed, orphan = (batch(settings, "enriched", 91, name) for name in ("a", "b", "c"))
    for one in (whole, unindexed):
        batch(settings, "articles", 91, one.name[-1])
    for one in (whole, orphan):
        batch(settings, "indexed", 91, one.name[-1])
    assert shorten() == (
        "enriched older than 90 days: 1 file (0.0 MB) of 1 folder; 2 batches are old enough, but still needed"
    )
    assert finished(settings.batches, "enriched") == [whole, unindexed, orphan]
    assert not list(folder(whole).glob(f"*{batches.RECORDS}"))
    with pytest.raises(UserError, match="was removed on"):
        list(whole.read(Page))
    assert len(list(orphan.read(Page))) == len(list(unindexed.read(Page))) == 1

    # The memory of stories is made anew without it.
    for one in (unindexed, orphan):
        shutil.rmtree(folder(one))
    with Memory(settings.state).alone(settings.batches):
        pass


def test_what_killed_tries_left_goes_and_what_is_being_written_stays(installation: Callable[..., Settings]) -> None:
    settings = installation()
    done = batch(settings, "articles", 5)
    three_days_ago = time.time() - 3 * 86400

    def left(path: Path, old: bool) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
        if old:
            os.utime(path, (three_days_ago, three_days_ago))
        return path

    dead = [
        left(folder(done) / "0123abcd-records.jsonl.zst", old=True),
        left(folder(Batch(settings.batches, "pages", "20260101T000000Z-a")) / "0123abcd-x.warc.gz", old=True),
        left(settings.home / "tmp/crawl-dead/pages.jsonl", old=True),
        left(settings.home / "tmp/enrich-dead/waiting", old=True),
        left(settings.home / "tmp/told-2026-01-01/0123abcd", old=True),
    ]
    for path in dead[-3:]:
        os.utime(path.parent, (three_days_ago, three_days_ago))
    living = [
        left(folder(done) / "4567abcd-records.jsonl.zst", old=False),
        left(folder(Batch(settings.batches, "pages", "20260102T000000Z-a")) / "0123abcd-x.warc.gz", old=False),
        left(settings.home / "tmp/crawl-living/pages.jsonl", old=True),  # its folder is new
        left(folder(done) / "notes.txt", old=True),  # not ours
    ]
    would = (
        "files of killed tries: 2 files (0.0 MB) of 2 folders; folders of dead processes and past days: "
        "3 files (0.0 MB) of 3 folders"
    )
    assert tidy(dry_run=True) == would
    assert all(path.exists() for path in dead)
    assert tidy() == would
    assert not any(path.exists() for path in dead) and all(path.exists() for path in living)
    assert not dead[1].parent.exists() and not dead[2].parent.exists()
    assert len(list(done.read(Page))) == 1 and (folder(done) / MANIFEST).exists()


def test_the_state_forgets_after_its_days_and_its_file_shrinks(installation: Callable[..., Settings]) -> None:
    settings = installation(addresses_days=60)
    run = Batch(settings.batches, "pages", f"{now() - timedelta(days=70):%Y%m%dT%H%M%SZ}-a")
    then = datetime.now(UTC).replace(microsecond=0) - timedelta(days=70)
    with batches.write(run) as out:
        for number in range(3000):
            url = f"https://example.org/{number}-{'long' * 50}"
            known = {"source": SOURCE, "kind": PageKind.ARTICLE, "outcome": PageOutcome.FETCHED, "fetched": then}
            out.add(Page(url=url, **known))
    State(settings.state).catch_up(settings.batches)

    def size() -> int:
        return sum(file.stat().st_size for file in settings.home.glob("state.sqlite*"))

    before = size()
    assert "addresses 3000" in forget(dry_run=True)
    said = forget()
    assert "addresses 3000" in said and "MB given back to the disk" in said
    assert size() < before / 3
    assert url in State(settings.state).look_up([url])
    assert "nothing to do" in forget()

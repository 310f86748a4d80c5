"""Batches exist whole or not at all, on any file system, and say what is still to do."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pytest
import s3fs

from tests.s3 import S3
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.errors import Unavailable, UserError
from wirewatch.records import IndexOutcome
from wirewatch.storage import OPTIONS

ROOT = Path(__file__).parents[2]


def outcome(number: int) -> IndexOutcome:
    return IndexOutcome(id=f"{number:020}", version="0" * 16, outcome="created")


@pytest.fixture(params=["file", "s3"])
def root(request: pytest.FixtureRequest, tmp_path) -> str:
    return tmp_path.as_uri() if request.param == "file" else request.getfixturevalue("store").bucket()


def test_what_is_written_is_read_back_in_order(root: str) -> None:
    batch = Batch(root, "indexed", "20270101T000000Z-a")
    with batches.write(batch) as out:
        for number in range(3):
            out.add(outcome(number))
            out.count("created")
    assert list(batch.read(IndexOutcome)) == [outcome(n) for n in range(3)]
    assert batch.manifest().counts == {"created": 3}


def test_records_are_found_by_their_ids(root: str) -> None:
    batch = Batch(root, "indexed", "20270101T000000Z-a")
    with batches.write(batch) as out:
        for number in (1, 2, 3, 1):
            out.add(outcome(number))
    assert list(batch.find(IndexOutcome, [outcome(1).id, outcome(3).id])) == [outcome(n) for n in (1, 3, 1)]
    assert list(batch.find(IndexOutcome, [])) == list(batch.find(IndexOutcome, ["0"])) == []


def test_a_batch_that_failed_half_way_does_not_exist_and_can_be_written_again(root: str) -> None:
    batch = Batch(root, "indexed", "20270101T000000Z-a")
    with pytest.raises(RuntimeError), batches.write(batch) as out:
        out.add(outcome(1))
        raise RuntimeError("killed")
    assert not batch.exists() and batches.finished(root, "indexed") == []
    with batches.write(batch) as out:
        out.add(outcome(2))
    assert list(batch.read(IndexOutcome)) == [outcome(2)]


def test_pending_are_the_batches_of_the_stage_before_without_a_successor(root: str) -> None:
    for name in ("1-a", "2-b"):
        with batches.write(Batch(root, "pages", name)):
            pass
    with batches.write(Batch(root, "articles", "1-a")):
        pass
    assert [b.name for b in batches.pending(root, "articles")] == ["2-b"]
    assert [b.name for b in batches.pending(root, "enriched")] == ["1-a"]


def test_finished_batches_that_are_known_already_are_left_out(root: str) -> None:
    assert batches.finished(root, "pages") == []
    for name in ("2-b", "1-a", "3-c"):
        with batches.write(Batch(root, "pages", name)):
            pass
    assert [b.name for b in batches.finished(root, "pages")] == ["1-a", "2-b", "3-c"]
    assert [b.name for b in batches.finished(root, "pages", but={"2-b"})] == ["1-a", "3-c"]


def test_a_successor_that_was_killed_half_way_is_still_to_do(root: str) -> None:
    with batches.write(Batch(root, "pages", "1-a")):
        pass
    with pytest.raises(RuntimeError), batches.write(Batch(root, "articles", "1-a")):
        raise RuntimeError("killed")
    assert [b.name for b in batches.pending(root, "articles")] == ["1-a"]


def test_a_replay_is_a_batch_of_its_own_run_and_a_replay_of_it_too() -> None:
    first = Batch("file:///b", "articles", "20270101T000000Z-aaaaaa-g00")
    again = first.replayed("20270102T000000Z-bbbbbb")
    assert (first.is_replay, again.is_replay) == (False, True)
    assert again.name == "20270102T000000Z-bbbbbb-replay-20270101T000000Z-aaaaaa-g00"
    third = again.replayed("20270103T000000Z-cccccc")
    assert third.name == "20270103T000000Z-cccccc-replay-20270101T000000Z-aaaaaa-g00"


def test_a_batch_that_is_not_there_is_named_with_the_way_out(root: str) -> None:
    with pytest.raises(UserError, match=r"pages/none.*wirewatch batches"):
        Batch(root, "pages", "none").manifest()


def test_of_two_that_make_the_same_batch_the_first_to_finish_stays(root: str) -> None:
    batch = Batch(root, "indexed", "1-a")
    with batches.write(batch) as slow:
        slow.add(outcome(1))
        with batches.write(batch) as quick:
            quick.add(outcome(2))
            quick.count("created")
    assert list(batch.read(IndexOutcome)) == [outcome(2)]
    assert batch.manifest().counts == {"created": 1}


def test_a_late_try_that_is_killed_does_not_touch_a_finished_batch(root: str) -> None:
    batch = Batch(root, "indexed", "1-a")
    with batches.write(batch) as out:
        out.add(outcome(1))
    with pytest.raises(RuntimeError), batches.write(batch) as late:
        late.add(outcome(2))
        raise RuntimeError("killed")
    assert list(batch.read(IndexOutcome)) == [outcome(1)]


def test_files_are_found_by_the_name_they_were_added_with(root: str, tmp_path) -> None:
    (tmp_path / "local").write_bytes(b"WARC/1.1")
    batch = Batch(root, "indexed", "1-a")
    with batches.write(batch) as out:
        out.add_file("pages.warc.gz", tmp_path / "local")
    with batch.open("pages.warc.gz") as file:
        assert file.read() == b"WARC/1.1"


def test_a_damaged_batch_is_an_error_and_not_an_empty_one(tmp_path) -> None:
    batch = Batch(tmp_path.as_uri(), "indexed", "1-a")
    with batches.write(batch) as out:
        out.add(outcome(1))
    (tmp_path / "indexed/1-a" / batch.manifest().files[batches.RECORDS]).write_bytes(b"")
    with pytest.raises(UserError, match="damaged"):
        list(batch.read(IndexOutcome))


def test_a_line_that_is_no_record_is_damage(tmp_path) -> None:
    batch = Batch(tmp_path.as_uri(), "indexed", "1-a")
    with batches.write(batch) as out:
        out._lines.write(b'{"id":"1","outcome":"cre\n')
        out.records = 1
    with pytest.raises(UserError, match=r"indexed/1-a is damaged: a line is no IndexOutcome: Invalid JSON"):
        list(batch.read(IndexOutcome))


def test_what_a_manifest_names_is_on_the_disk_before_it_and_so_is_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut may leave a batch, or none, but nothing between."""
    synced: list[tuple[str, bool]] = []
    sync, folder = os.fsync, tmp_path / "indexed/1-a"

    def note(descriptor: int) -> None:
        sync(descriptor)
        place = Path(f"/proc/self/fd/{descriptor}").readlink().name
        synced.append((place.partition("-")[2] or place, (folder / batches.MANIFEST).exists()))

    monkeypatch.setattr(os, "fsync", note)
    (tmp_path / "lines").write_text("")
    with batches.write(Batch(tmp_path.as_uri(), "indexed", "1-a")) as out:
        out.add_file("lines.jsonl", tmp_path / "lines")
    before = {(name, False) for name in (batches.RECORDS, "lines.jsonl", batches.MANIFEST)}
    assert set(synced[:-1]) == before and synced[-1][1], "its folder last"


def test_a_missing_data_file_is_damage(tmp_path) -> None:
    batch = Batch(tmp_path.as_uri(), "indexed", "1-a")
    (tmp_path / "lines").write_text(outcome(1).model_dump_json() + "\n")
    with batches.write(batch) as out:
        out.add_file("lines.jsonl", tmp_path / "lines")
    assert list(batch.lines(IndexOutcome, "lines.jsonl")) == [outcome(1)]
    assert list(batch.lines(IndexOutcome, "none.jsonl")) == []
    (tmp_path / "indexed/1-a" / batch.manifest().files["lines.jsonl"]).unlink()
    with pytest.raises(UserError, match="damaged"):
        list(batch.lines(IndexOutcome, "lines.jsonl"))


def test_a_kind_of_storage_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match="nowhere://bucket"):
        batches.finished("nowhere://bucket", "pages")


def test_runs_that_begin_in_the_same_second_have_names_of_their_own() -> None:
    moment = datetime(2027, 1, 31, 2, tzinfo=UTC)
    names = {batches.run_name(moment, key) for key in ("scheduled", "manual")}
    assert len(names) == 2 and all(name.startswith("20270131T020000Z-") for name in names)
    assert batches.run_name(moment, "manual") in names


def test_a_process_that_is_killed_while_it_writes_leaves_no_batch(root: str, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(os.urandom(12 << 20))
    script = """
import sys, time
from wirewatch.batches import Batch, write
root, file = sys.argv[1:]
with write(Batch(root, "pages", "1-a")) as out:
    out.add_file("big", file)
    print("written", flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", script, root, str(tmp_path / "big")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout and writer.stdout.readline() == b"written\n"
        writer.send_signal(signal.SIGKILL)
    assert batches.finished(root, "pages") == [] and not Batch(root, "pages", "1-a").exists()


def test_of_two_that_make_the_same_batch_in_a_store_at_the_same_instant_one_does(
    store: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = Batch(store.bucket(), "indexed", "1-a")
    with monkeypatch.context() as blind, batches.write(batch) as slow:
        slow.add(outcome(1))
        with batches.write(batch) as quick:
            quick.add(outcome(2))
        # Both have seen that there is none.
        answers = iter([False])
        blind.setattr(Batch, "exists", lambda self: next(answers, True))
    assert list(batch.read(IndexOutcome)) == [outcome(2)]
    fs, path = fsspec.core.url_to_fs(batch.url)
    assert len(fs.find(path)) == 2, "what the other wrote is gone"


def test_a_manifest_that_was_sent_twice_because_the_answer_was_lost_is_not_taken_for_anothers(
    store: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = Batch(store.bucket(), "indexed", "1-a")
    fs, _ = fsspec.core.url_to_fs(batch.url, **OPTIONS)
    send = fs.pipe_file

    def twice(*told: object, **how: object) -> None:
        send(*told, **how)
        send(*told, **how)

    monkeypatch.setattr(fs, "pipe_file", twice)
    with batches.write(batch) as out:
        out.add(outcome(1))
    assert list(batch.read(IndexOutcome)) == [outcome(1)]


def test_what_other_processes_put_into_a_store_is_seen(store: S3) -> None:
    root = store.bucket()
    assert batches.finished(root, "pages") == [] and not Batch(root, "pages", "1-a").exists()
    script = "import sys; from wirewatch.batches import *\nwith write(Batch(sys.argv[1], 'pages', '1-a')): pass"
    subprocess.run([sys.executable, "-c", script, root], cwd=ROOT, check=True)
    assert Batch(root, "pages", "1-a").exists() and len(batches.finished(root, "pages")) == 1


def test_a_store_is_asked_little_for_a_page_for_all_pages_and_for_a_list(store: S3, tmp_path: Path) -> None:
    (tmp_path / "pages.warc.gz").write_bytes(os.urandom(24 << 20))
    root = store.bucket()
    for name in ("1-a", "2-b", "3-c"):
        with batches.write(Batch(root, "pages", name)) as out:
            out.add_file("pages.warc.gz", tmp_path / "pages.warc.gz")
    batch = Batch(root, "pages", "1-a")
    batch.manifest()

    store.sent = 0
    with batch.open("pages.warc.gz") as file:
        file.seek(1 << 20)
        assert len(file.read(100)) == 100
    assert store.sent < 6 << 20

    store.requests.clear()
    with batches.near(batch, tmp_path / "scratch") as near:
        with near.open("pages.warc.gz") as file:
            assert file.read() == (tmp_path / "pages.warc.gz").read_bytes()
        assert list(near.read(IndexOutcome)) == []
    assert store.requests["GET"] <= 8 and not list((tmp_path / "scratch").iterdir())

    store.requests.clear()
    assert len(batches.finished(root, "pages")) == 3
    assert sum(store.requests.values()) <= 2

    # What is known already is listed by its folders, whatever lies in them.
    fs, path = fsspec.core.url_to_fs(batch.url)
    fs.pipe({f"{path}/{number}-left-by-a-killed-try": b"" for number in range(50)})
    store.sent = 0
    assert [found.name for found in batches.finished(root, "pages", but={"1-a", "2-b"})] == ["3-c"]
    assert [found.name for found in batches.finished(root, "pages", ending="-b")] == ["2-b"]
    assert store.sent < 5000


def test_a_store_that_cannot_be_used_is_named_with_the_way_out(store: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"no bucket for no-such-bucket/b/pages"):
        batches.finished("s3://no-such-bucket/b", "pages")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(Unavailable, match=r"s3://bucket/b/pages cannot be reached.*AWS_ENDPOINT_URL_S3"):
        batches.finished("s3://bucket/b", "pages")
    s3fs.S3FileSystem.clear_instance_cache()

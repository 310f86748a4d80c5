"""Batches exist whole or not at all, on any file system, and say what is still to do."""

import pytest

from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import IndexOutcome


def outcome(number: int) -> IndexOutcome:
    return IndexOutcome(id=f"{number:020}", version="0" * 16, outcome="created")


@pytest.fixture(params=["file", "memory"])
def root(request: pytest.FixtureRequest, tmp_path) -> str:
    return tmp_path.as_uri() if request.param == "file" else f"memory:/{tmp_path}"


def test_what_is_written_is_read_back_in_order(root: str) -> None:
    batch = Batch(root, "indexed", "20270101T000000Z-a")
    with batches.write(batch) as out:
        for number in range(3):
            out.add(outcome(number))
            out.count("created")
    assert list(batch.read(IndexOutcome)) == [outcome(n) for n in range(3)]
    assert batch.manifest().counts == {"created": 3}


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


def test_a_batch_that_is_not_there_is_named_with_the_way_out(root: str) -> None:
    with pytest.raises(UserError, match=r"pages/none.*wirewatch batches"):
        Batch(root, "pages", "none").manifest()

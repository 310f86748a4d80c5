"""The crawl state follows the batches: each exactly once, whatever is killed, lost or done twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import Article, Page, PageKind, PageOutcome, SourceRef, article_id, content_version
from wirewatch.state import State

SOURCE = SourceRef(id="example.org", name="Example", country="FR")
NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
URL = "https://example.org/a"


def page(outcome: PageOutcome = PageOutcome.FETCHED, hours: int = 0, etag: str | None = None) -> Page:
    return Page(
        url=URL,
        source=SOURCE,
        kind=PageKind.ARTICLE,
        outcome=outcome,
        reason="http-500" if outcome is PageOutcome.FAILED else None,
        fetched=NOON + timedelta(hours=hours),
        etag=etag,
    )


def article(body: str) -> Article:
    return Article(
        id=article_id(URL),
        url=URL,
        source=SOURCE,
        title="Title",
        body=body,
        first_seen=NOON,
        fetched=NOON,
        version=content_version("Title", None, body),
    )


@pytest.fixture
def root(tmp_path: Path) -> str:
    return (tmp_path / "batches").as_uri()


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(f"sqlite:///{tmp_path}/state.sqlite")


def write(root: str, stage: str, name: str, *records: Page | Article) -> None:
    with batches.write(Batch(root, stage, name)) as out:
        for record in records:
            out.add(record)


def test_a_batch_is_applied_once_however_often_the_state_catches_up(root: str, state: State) -> None:
    write(root, "pages", "1-a", page(PageOutcome.FAILED))
    for _ in range(3):
        state.catch_up(root)
    assert state.look_up([URL])[URL].failures == 1


def test_an_unfinished_batch_leaves_no_trace(root: str, state: State) -> None:
    with pytest.raises(RuntimeError), batches.write(Batch(root, "pages", "1-a")) as out:
        out.add(page())
        raise RuntimeError("killed")
    state.catch_up(root)
    assert state.look_up([URL]) == {}


def test_validators_are_those_of_the_last_answer_with_content(root: str, state: State) -> None:
    write(root, "pages", "1-a", page(etag='"one"'))
    write(root, "pages", "2-a", page(PageOutcome.UNCHANGED, hours=24))
    state.catch_up(root)
    visit = state.look_up([URL])[URL]
    assert (visit.etag, visit.first_seen, visit.fetched) == ('"one"', NOON, NOON + timedelta(hours=24))


def test_what_never_succeeded_is_tried_again_until_it_failed_too_often(root: str, state: State) -> None:
    for night in range(3):
        write(root, "pages", f"{night}-a", page(PageOutcome.FAILED))
    state.catch_up(root)
    assert [visit.url for visit in state.failing("example.org", "article", fewer_than=4)] == [URL]
    assert state.failing("example.org", "article", fewer_than=3) == []
    write(root, "pages", "4-a", page())
    state.catch_up(root)
    assert state.failing("example.org", "article", fewer_than=4) == []


def test_the_version_of_an_article_is_the_one_extracted_last(root: str, state: State) -> None:
    write(root, "articles", "1-a", article("first"))
    write(root, "articles", "2-a", article("second"))
    state.catch_up(root)
    known = state.known([article_id(URL), "unknown"])
    assert {id: known.version for id, known in known.items()} == {article_id(URL): article("second").version}


def test_a_lost_state_is_rebuilt_from_the_batches(root: str, state: State, tmp_path: Path) -> None:
    write(root, "pages", "1-a", page(etag='"one"'))
    write(root, "articles", "1-a", article("first"))
    rebuilt = State(f"sqlite:///{tmp_path}/other.sqlite")
    for each in (state, rebuilt):
        each.catch_up(root)
    assert state.look_up([URL])[URL].etag == rebuilt.look_up([URL])[URL].etag == '"one"'
    assert state.known([article_id(URL)]).keys() == rebuilt.known([article_id(URL)]).keys() != set()


def test_two_processes_that_apply_the_same_batch_apply_it_once(root: str, state: State, tmp_path: Path) -> None:
    write(root, "pages", "1-a", page(PageOutcome.FAILED))
    batch = Batch(root, "pages", "1-a")
    other = State(f"sqlite:///{tmp_path}/state.sqlite")
    # Both have seen that it is not applied, and then both apply it.
    asked = iter([False])
    other._is_applied = lambda _: next(asked, True)  # type: ignore[method-assign]
    state._apply(batch)
    other._apply(batch)
    assert state.look_up([URL])[URL].failures == 1


@pytest.mark.parametrize("url", ["foo", "nosuch://db", "sqlite:////proc/none/state.sqlite"])
def test_a_state_that_cannot_be_kept_is_one_sentence(url: str) -> None:
    with pytest.raises(UserError, match="WIREWATCH_STATE=") as problem:
        State(url)
    assert "\n" not in str(problem.value)


def test_the_password_of_a_state_is_not_shown() -> None:
    with pytest.raises(UserError) as problem:
        State("nosuch://me:secret@db/wirewatch")
    assert "secret" not in str(problem.value)

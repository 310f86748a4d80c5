"""The crawl state follows the batches on every database: each exactly once, whatever is killed, lost or done twice."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.wirewatch.crawled import (
    DAY,
    FEED,
    HOUR,
    NOON,
    SOURCE,
    URL,
    article,
    blocks,
    extraction,
    failed,
    habit,
    listing,
    page,
    rows,
    unchanged,
    write,
)
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.cli import checks
from wirewatch.errors import UserError
from wirewatch.records import Hint, Page, Postponed, Record, article_id
from wirewatch.settings import Settings
from wirewatch.state import State

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def test_a_batch_is_applied_once_however_often_the_state_catches_up(root: str, state: State) -> None:
    write(root, "pages", "1-a", failed())
    for _ in range(3):
        state.catch_up(root)
    assert state.look_up([URL])[URL].failures == 1


def test_an_unfinished_batch_leaves_no_trace(root: str, state: State) -> None:
    with pytest.raises(RuntimeError), batches.write(Batch(root, "pages", "1-a")) as out:
        out.add(page())
        raise RuntimeError("killed")
    state.catch_up(root)
    assert state.look_up([URL]) == {}


def test_a_batch_that_is_finished_later_than_younger_ones_is_applied_too(root: str, state: State) -> None:
    write(root, "pages", "2-a", page("https://example.org/b"))
    state.catch_up(root)
    write(root, "pages", "1-a", page())
    state.catch_up(root)
    assert len(state.look_up([URL, "https://example.org/b"])) == 2


def test_batches_are_applied_by_name_and_the_pages_before_the_articles(root: str, state: State) -> None:
    write(root, "articles", "1-a", article("text"), extraction("new"))
    write(root, "pages", "2-a", unchanged(after=DAY, etag='"two"', digest="d"))
    write(root, "pages", "1-a", page(etag='"one"'))
    state.catch_up(root)
    visit = state.look_up([URL])[URL]
    assert (visit.article, visit.etag, visit.fetched) == (article_id(URL), '"two"', NOON + DAY)


# Lost, killed, of another release, or several at once


@pytest.mark.parametrize("seed", range(12))
def test_a_state_that_is_rebuilt_is_the_one_that_grew(
    root: str, new_url: Callable[[], str], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wirewatch.projection.RECENT", 3)
    chance = random.Random(seed)
    urls = [f"https://example.org/{number}" for number in range(6)]
    grown, to_extract, clock = State(new_url()), [], timedelta(0)
    for number in range(10):
        answers: list[Page] = []
        for url in chance.sample(urls, chance.randint(1, 5)):
            clock += chance.choice([HOUR, DAY])
            answers.append(chance.choice([page, page, unchanged, _gone, _busy])(url, clock))
        answers.append(listing(clock, etag=chance.choice("ab"), digest=chance.choice("cd"), entries=5, new=number % 3))
        left = chance.sample([*urls, "https://example.org/6", "https://example.org/7"], 3)
        postponed = [Postponed(url=url, source=SOURCE.id, at=NOON + clock) for url in left]
        write(root, "pages", f"{number:02}-a", *answers, *postponed)
        to_extract.append((f"{number:02}-a", answers))
        if number % 4 == 3:
            to_extract.append((f"{number:02}-z-replay-{chance.randrange(number):02}-a", answers))
        if chance.random() < 0.6:
            grown.catch_up(root)
        while to_extract and chance.random() < 0.5:
            _extract(root, chance, *to_extract.pop(chance.randrange(len(to_extract))))
            if chance.random() < 0.6:
                grown.catch_up(root)
    for waiting in to_extract:
        _extract(root, chance, *waiting)
    grown.catch_up(root)
    rebuilt = State(new_url())
    rebuilt.catch_up(root)
    assert rows(rebuilt) == rows(grown)
    assert all(found for name, found in rows(grown).items() if name != "past")


def _gone(url: str, after: timedelta) -> Page:
    return failed("http-410", url, after)


def _busy(url: str, after: timedelta) -> Page:
    return failed("http-429", url, after, retry_after=NOON + after + HOUR)


def _extract(root: str, chance: random.Random, name: str, pages: list[Page]) -> None:
    records: list[Record] = []
    for found in pages:
        outcome = chance.choice(["new", "updated", "unchanged", "duplicate", "moved", "gone", "returned", "failed"])
        of = chance.choice([found.url, "https://example.org/0"])
        records.append(extraction(outcome, found.url, of=of))
        if outcome in ("new", "updated", "gone"):
            gone = found.fetched if outcome == "gone" else None
            records.append(article(chance.choice("xy"), of, found.fetched - NOON, gone=gone))
            # When an article was first seen is the same in all batches.
            first = HOUR * ord(of[-1])
            records.append(blocks(of, first, *chance.sample("xyz", 2)))
            records.append(habit(chance.choice("xyz"), found.fetched - NOON, chance.choice("ab")))
    write(root, "articles", name, *records)


@pytest.mark.parametrize(
    "old",
    [
        ["CREATE TABLE layout (number INTEGER PRIMARY KEY)", "INSERT INTO layout VALUES (1)"],
        ["CREATE TABLE layout (number INTEGER PRIMARY KEY)"],
        [],
    ],
    ids=["another layout", "a layout without number", "the first release"],
)
def test_tables_of_another_layout_are_rebuilt(root: str, url: str, old: list[str]) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in [
            *old,
            "CREATE TABLE visits (url TEXT PRIMARY KEY, source VARCHAR(255), kind VARCHAR(16), failures INTEGER)",
            "CREATE INDEX ix_visits_source ON visits (source)",
            "CREATE TABLE known (id VARCHAR(20) PRIMARY KEY, version VARCHAR(16))",
            "CREATE TABLE applied (stage VARCHAR(16), name VARCHAR(255), PRIMARY KEY (stage, name))",
            "INSERT INTO applied VALUES ('pages', '1-a')",
            "INSERT INTO visits VALUES ('https://example.org/old', 'example.org', 'article', 0)",
        ]:
            connection.execute(text(statement))
    engine.dispose()
    write(root, "pages", "1-a", page(etag='"one"'))
    state = State(url)
    state.catch_up(root)
    assert state.look_up([URL, "https://example.org/old"]).keys() == {URL}
    State(url)
    assert state.look_up([URL])[URL].etag == '"one"'


def test_tables_of_a_newer_version_are_left_to_it(root: str, url: str) -> None:
    write(root, "pages", "1-a", page())
    ours = State(url)
    ours.catch_up(root)
    with ours.engine.begin() as connection:
        connection.execute(text("UPDATE layout SET number = number + 1"))
    with pytest.raises(UserError, match=r"newer Wirewatch \(layout \d+, this one knows \d+\)\. Use that version here"):
        State(url)
    [found] = checks.state(Settings(state=url))
    assert found.verdict == "wrong" and "newer version" in found.what
    assert ours.look_up([URL]).keys() == {URL}


def _open(url: str, start: Any, problems: Any) -> None:
    start.wait(60)
    try:
        State(url)
    except BaseException as error:
        problems.put(repr(error))
        raise


def test_eight_processes_can_open_a_new_database_at_once(url: str, root: str) -> None:
    problems = _at_once(8, _open, url)
    assert problems == []
    write(root, "pages", "1-a", page())
    state = State(url)
    state.catch_up(root)
    assert len(state.look_up([URL])) == 1


def _catch_up(url: str, start: Any, problems: Any, root: str) -> None:
    state = State(url)
    start.wait(60)
    try:
        state.catch_up(root)
    except BaseException as error:
        problems.put(repr(error))
        raise


def test_processes_that_catch_up_at_once_apply_each_batch_once(root: str, url: str) -> None:
    urls = [f"https://example.org/{number}" for number in range(50)]
    for number in range(20):
        shuffled = random.Random(number).sample(urls, len(urls))
        write(root, "pages", f"{number:02}-a", *(failed(url=each, after=number * HOUR / 2) for each in shuffled))
    State(url)
    assert _at_once(3, _catch_up, url, root) == []
    state = State(url)
    assert {visit.failures for visit in state.look_up(urls).values()} == {20}
    assert state.asking([SOURCE.id])[SOURCE.id].pages == 20 * 50


def _at_once(number: int, work: Callable[..., None], url: str, *more: Any) -> list[str]:
    """What went wrong in so many processes that do the same at the same time."""
    start, problems = PROCESSES.Barrier(number), PROCESSES.Queue()
    processes = [PROCESSES.Process(target=work, args=(url, start, problems, *more)) for _ in range(number)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [problems.get() if process.exitcode == 1 else str(process.exitcode) for process in processes
            if process.exitcode]  # fmt: skip


def test_a_killed_catch_up_leaves_whole_batches_and_the_next_goes_on(
    root: str, url: str, new_url: Callable[[], str]
) -> None:
    for number in range(30):
        pages = (failed(url=f"https://example.org/{each}", after=number * HOUR) for each in range(200))
        write(root, "pages", f"{number:02}-a", *pages)
    state = State(url)
    start, problems = PROCESSES.Barrier(1), PROCESSES.Queue()
    process = PROCESSES.Process(target=_catch_up, args=(url, start, problems, root))
    process.start()
    while not rows(state)["applied"]:
        time.sleep(0.01)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    applied = len(rows(state)["applied"])
    assert {visit.failures for visit in state.failing(SOURCE.id, "article", fewer_than=100)} == {applied}
    state.catch_up(root)
    rebuilt = State(new_url())
    rebuilt.catch_up(root)
    assert rows(rebuilt) == rows(state)
    assert len(rows(state)["applied"]) == 30


# What is forgotten


def test_of_an_address_that_was_long_not_asked_for_is_known_that_it_is_nothing_new(root: str, state: State) -> None:
    old, lost, young = (f"https://example.org/{name}" for name in ("old", "lost", "young"))
    waiting = Postponed(url="https://example.org/later", source=SOURCE.id, at=NOON, hint=Hint())
    write(root, "pages", "1", page(old), failed(url=lost), listing(), waiting)
    write(root, "articles", "1", article("Text", old), extraction("new", old))
    write(root, "pages", "2", page(young, 300 * DAY))
    state.catch_up(root)
    before = rows(state)
    gone = {"addresses": 3, "waiting": 1}
    assert state.forget(NOON + DAY, dry_run=True) == gone
    assert rows(state) == before
    assert state.forget(NOON + DAY) == gone
    assert state.forget(NOON + DAY) == {}

    # A listing that still shows them brings the one that failed, and nothing else.
    known = state.look_up([old, lost, young, FEED])
    assert list(known) == [young, old]
    assert (known[old].fetched, known[old].failures, known[old].article) == (NOON, 0, None)
    assert state.known([article_id(old)])  # what it was stays, so that it is no new article should it be asked for
    state.catch_up(root)
    assert old not in {row[1] for row in rows(state)["visits"]}, "the batches were applied before"

    # Asked for again, it is as any other.
    write(root, "pages", "3", page(old, 500 * DAY))
    state.catch_up(root)
    assert state.look_up([old])[old].asked == NOON + 500 * DAY
    assert rows(state)["past"] == []


def test_a_rebuilt_state_has_what_was_forgotten_until_it_is_forgotten_again(
    root: str, state: State, new_url: Callable[[], str]
) -> None:
    write(root, "pages", "1", page())
    write(root, "pages", "2", page("https://example.org/b", 2 * DAY))
    state.catch_up(root)
    state.forget(NOON + DAY)
    rebuilt = State(new_url())
    rebuilt.catch_up(root)
    assert rebuilt.look_up([URL])[URL].url == URL
    rebuilt.forget(NOON + DAY)
    assert rows(rebuilt) == rows(state)

"""The crawl state follows the batches on every database: each exactly once, whatever is killed, lost or done twice."""

from __future__ import annotations

import builtins
import multiprocessing
import os
import random
import secrets
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import new_database
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import (
    BLOCKS,
    EXTRACTIONS,
    HABITS,
    POSTPONED,
    Article,
    Blocks,
    Extraction,
    Habit,
    Hint,
    Page,
    PageKind,
    PageOutcome,
    Postponed,
    Record,
    SourceRef,
    article_id,
    content_version,
)
from wirewatch.state import HABITS_KEPT, RECENT, REVISITS, State, _Table
from wirewatch.storage import file_system

SOURCE = SourceRef(id="example.org", name="Example", country="FR")
NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
URL = "https://example.org/a"
FEED = "https://example.org/feed"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def page(url: str = URL, after: timedelta = timedelta(0), **fields: Any) -> Page:
    """A page fetched so long after noon."""
    given = {"source": SOURCE, "kind": PageKind.ARTICLE, "outcome": PageOutcome.FETCHED, **fields}
    return Page(url=url, fetched=NOON + after, **given)


def unchanged(url: str = URL, after: timedelta = timedelta(0), **fields: Any) -> Page:
    return page(url, after, outcome=PageOutcome.UNCHANGED, **fields)


def failed(reason: str = "http-500", url: str = URL, after: timedelta = timedelta(0), **fields: Any) -> Page:
    return page(url, after, outcome=PageOutcome.FAILED, reason=reason, **fields)


def listing(after: timedelta = timedelta(0), **fields: Any) -> Page:
    return page(FEED, after, kind=PageKind.LISTING, **fields)


def article(body: str, url: str = URL, after: timedelta = timedelta(0), **fields: Any) -> Article:
    given = {"first_seen": NOON + after, "source": SOURCE, **fields}
    version = content_version("Title", None, body)
    moment = NOON + after
    return Article(id=article_id(url), url=url, title="Title", body=body, fetched=moment, version=version, **given)


def extraction(outcome: str, url: str = URL, of: str | None = None) -> Extraction:
    found = None if outcome == "failed" else article_id(of or url)
    return Extraction(url=url, source=SOURCE.id, outcome=outcome, article=found)  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> str:
    return (tmp_path / "batches").as_uri()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Names a new, empty database at each call."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path}/{secrets.token_hex(4)}.sqlite"
    server = request.getfixturevalue("postgres_server")
    return lambda: new_database(server).render_as_string(hide_password=False)


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def state(url: str) -> State:
    return State(url)


def blocks(url: str = URL, after: timedelta = timedelta(0), *hashes: str) -> Blocks:
    return Blocks(
        article=article_id(url), source=SOURCE.id, first_seen=NOON + after, title=article_id(url)[:12], blocks=hashes
    )


def habit(block: str, after: timedelta = timedelta(0), text: str = "Follow us") -> Habit:
    return Habit(source=SOURCE.id, block=block, text=text, at=NOON + after)


FILES: dict[str, dict[type[Record], str]] = {
    "pages": {Postponed: POSTPONED},
    "articles": {Extraction: EXTRACTIONS, Blocks: BLOCKS, Habit: HABITS},
}


def write(root: str, stage: str, name: str, *records: Record) -> None:
    with batches.write(Batch(root, stage, name)) as out:
        for record in records:
            if type(record) not in FILES[stage]:
                out.add(record)
        for kind, file in FILES[stage].items():
            lines = [record.model_dump_json() + "\n" for record in records if isinstance(record, kind)]
            with file_system(f"{root}/{stage}/{name}/{out.place(file)}") as (fs, path):
                fs.pipe_file(path, "".join(lines).encode())


def rows(state: State) -> dict[str, list[tuple[Any, ...]]]:
    """All that is in the database."""
    with state.engine.connect() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
            for name, table in _Table.metadata.tables.items()
        }


def due(state: State, after: timedelta) -> list[str]:
    return [visit.url for visit in state.revisits(SOURCE.id, NOON + after, most=10)]


# What the state takes in


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


def test_validators_are_those_of_the_last_answer_with_content(root: str, state: State) -> None:
    write(root, "pages", "1-a", page(etag='"one"'))
    write(root, "pages", "2-a", unchanged(after=DAY))
    state.catch_up(root)
    visit = state.look_up([URL])[URL]
    assert (visit.etag, visit.first_seen, visit.fetched, visit.read) == ('"one"', NOON, NOON + DAY, NOON)


def test_an_older_answer_that_comes_late_does_not_hide_a_newer_one(root: str, state: State) -> None:
    write(root, "pages", "2-a", page(after=HOUR, etag='"two"'))
    state.catch_up(root)
    write(root, "pages", "1-a", failed())
    state.catch_up(root)
    visit = state.look_up([URL])[URL]
    assert (visit.etag, visit.failures, visit.asked) == ('"two"', 0, NOON + HOUR)


def test_what_never_succeeded_is_tried_again_until_it_failed_too_often(root: str, state: State) -> None:
    for night in range(3):
        write(root, "pages", f"{night}-a", failed(after=night * DAY))
    state.catch_up(root)
    assert [visit.url for visit in state.failing("example.org", "article", fewer_than=4)] == [URL]
    assert state.failing("example.org", "article", fewer_than=3) == []
    write(root, "pages", "4-a", page(after=4 * DAY))
    state.catch_up(root)
    assert state.failing("example.org", "article", fewer_than=4) == []


def test_a_page_that_was_not_asked_for_is_not_given_up(root: str, state: State) -> None:
    for number in range(5):
        write(root, "pages", f"{number}-a", failed("robots-unavailable", after=number * HOUR))
    state.catch_up(root)
    assert [visit.failures for visit in state.failing("example.org", "article", fewer_than=2)] == [1]


def test_what_is_postponed_waits_until_it_is_asked_for(root: str, state: State) -> None:
    urls = [f"{URL}{number}" for number in range(3)]
    hint = Hint(title="Nul\0", published=NOON)
    late = [Postponed(url=url, source=SOURCE.id, at=NOON + n * HOUR, hint=hint) for n, url in enumerate(urls)]
    write(root, "pages", "1-a", page(urls[0]), *late, late[2])
    state.catch_up(root)
    assert [waiting.url for waiting in state.waiting(SOURCE.id, 10)] == [urls[2], urls[1]]
    assert [waiting.url for waiting in state.waiting(SOURCE.id, 1)] == [urls[2]]
    assert state.waiting("other.example", 10) == [] and state.look_up(urls).keys() == {urls[0]}
    assert Hint.model_validate_json(state.waiting(SOURCE.id, 1)[0].hint).published == NOON
    write(root, "pages", "2-a", failed(url=urls[2], after=HOUR), *late)
    state.catch_up(root)
    assert [waiting.url for waiting in state.waiting(SOURCE.id, 10)] == [urls[1]]


def test_what_a_hostile_site_sends_can_be_kept(root: str, state: State) -> None:
    long = "https://example.org/" + random.Random(1).randbytes(20_000).hex()
    write(root, "pages", "1-a", page(long, etag='"a\0b"', last_modified="x" * 100_000, digest="y" * 1000))
    state.catch_up(root)
    assert state.look_up([long])[long].etag == '"ab"'


# Articles


def test_the_version_of_an_article_is_the_one_fetched_last(root: str, state: State) -> None:
    write(root, "articles", "1-a", article("first"))
    write(root, "articles", "2-a", article("second", after=DAY))
    state.catch_up(root)
    write(root, "articles", "0-a", article("late", after=-HOUR))
    state.catch_up(root)
    known = state.known([article_id(URL), "unknown"])
    assert {id: (known.version, known.batch) for id, known in known.items()} == {
        article_id(URL): (article("second").version, "2-a")
    }
    assert known[article_id(URL)].first_seen == NOON - HOUR


def test_a_replay_of_the_last_page_replaces_what_was_made_of_it_and_one_of_an_older_does_not(
    root: str, state: State
) -> None:
    first, second = Batch(root, "articles", "1-a"), Batch(root, "articles", "2-a")
    write(root, "articles", first.name, article("first"))
    write(root, "articles", second.name, article("second", after=DAY))
    write(root, "articles", second.replayed("3-b").name, article("second, better cut", after=DAY))
    write(root, "articles", first.replayed("4-c").name, article("first, better cut"))
    state.catch_up(root)
    assert state.known([article_id(URL)])[article_id(URL)].version == article("second, better cut").version


def test_of_two_replays_of_a_page_the_one_begun_last_counts_whichever_ends_last(root: str, state: State) -> None:
    first = Batch(root, "articles", "1-a")
    write(root, "articles", first.replayed("3-c").name, article("cut by the newest code"))
    state.catch_up(root)
    write(root, "articles", first.replayed("2-b").name, article("cut by older code"))
    write(root, "articles", first.name, article("cut by the first code"))
    state.catch_up(root)
    assert state.known([article_id(URL)])[article_id(URL)].version == article("cut by the newest code").version


def test_an_article_that_is_gone_is_known_as_gone_and_can_return(root: str, state: State) -> None:
    write(root, "articles", "1-a", article("text"))
    write(root, "articles", "2-a", article("text", after=DAY, gone=NOON + DAY))
    state.catch_up(root)
    assert state.known([article_id(URL)])[article_id(URL)].gone == NOON + DAY
    write(root, "articles", "3-a", article("text", after=2 * DAY))
    state.catch_up(root)
    assert state.known([article_id(URL)])[article_id(URL)].gone is None


def test_the_same_text_is_found_within_a_source_under_the_address_seen_first(root: str, state: State) -> None:
    other = SourceRef(id="other.example", name="Other", country="FR")
    write(
        root, "articles", "1-a",
        article("wire", url="https://example.org/2", after=HOUR),
        article("wire", url="https://example.org/1"),
        article("other wire", url="https://other.example/1", after=-HOUR, source=other),
    )  # fmt: skip
    state.catch_up(root)
    same = state.same_text("example.org", article("wire").version)
    assert same and same.id == article_id("https://example.org/1")
    assert state.same_text("other.example", article("wire").version) is None


def test_the_articles_of_a_source_and_the_addresses_of_an_article_are_known(root: str, state: State) -> None:
    second = "https://example.org/amp/a"
    write(root, "pages", "1-a", page(second, after=HOUR), page(), page("https://example.org/b"))
    links = extraction("duplicate", second, of=URL), extraction("new"), extraction("new", "https://example.org/b")
    write(root, "articles", "1-a", article("a"), article("b", "https://example.org/b"), *links)
    state.catch_up(root)
    assert [visit.url for visit in state.addresses(SOURCE.id, article_id(URL))] == [URL, second]
    assert (state.addresses("other.example", article_id(URL)), state.articles("other.example")) == ([], 0)
    assert state.articles(SOURCE.id) == 2


# Looking again


def test_an_article_is_looked_at_again_after_a_day_and_after_a_week(root: str, state: State) -> None:
    day, week = REVISITS
    write(root, "pages", "1-a", page())
    write(root, "articles", "1-a", article("text"), extraction("new"))
    state.catch_up(root)
    assert (due(state, day - HOUR), due(state, day)) == ([], [URL])
    write(root, "pages", "2-a", unchanged(after=DAY))
    state.catch_up(root)
    assert (due(state, week - HOUR), due(state, week)) == ([], [URL])
    write(root, "pages", "3-a", unchanged(after=7 * DAY))
    state.catch_up(root)
    assert due(state, 365 * DAY) == []


def test_the_longest_due_comes_first_and_no_more_than_asked_for(root: str, state: State) -> None:
    urls = [f"https://example.org/{number}" for number in range(4)]
    hours = [3, 1, 2, 0]
    write(root, "pages", "1-a", *(page(url, after=after * HOUR) for url, after in zip(urls, hours, strict=True)))
    write(root, "articles", "1-a", *(extraction("new", url) for url in urls))
    state.catch_up(root)
    visits = state.revisits(SOURCE.id, NOON + 30 * DAY, most=3)
    assert [visit.url for visit in visits] == [urls[3], urls[1], urls[2]]
    assert state.revisits("other.example", NOON + 30 * DAY, most=3) == []


@pytest.mark.parametrize("reason", ["http-404", "http-410"])
def test_what_is_gone_is_not_looked_at_again_until_it_returns(root: str, state: State, reason: str) -> None:
    write(root, "pages", "1-a", page())
    write(root, "articles", "1-a", article("text"), extraction("new"))
    write(root, "pages", "2-a", failed(reason, after=DAY))
    write(root, "articles", "2-a", article("text", gone=NOON + DAY), extraction("gone"))
    state.catch_up(root)
    assert due(state, 30 * DAY) == []
    assert state.look_up([URL])[URL].revisit is None
    write(root, "pages", "3-a", page(after=2 * DAY))
    write(root, "articles", "3-a", article("text", after=2 * DAY), extraction("returned"))
    state.catch_up(root)
    assert due(state, 30 * DAY) == [URL]


def test_a_second_address_of_an_article_is_not_looked_at_again(root: str, state: State) -> None:
    second = "https://example.org/amp/a"
    write(root, "pages", "1-a", page(), page(second))
    write(root, "articles", "1-a", article("text"), extraction("new"), extraction("duplicate", second, of=URL))
    write(root, "pages", "2-a", unchanged(second, after=HOUR))
    state.catch_up(root)
    assert due(state, 30 * DAY) == [URL]
    assert state.look_up([second])[second].article == article_id(URL)


def test_a_page_that_gave_no_article_is_not_looked_at_again(root: str, state: State) -> None:
    write(root, "pages", "1-a", page())
    write(root, "articles", "1-a", extraction("failed"))
    state.catch_up(root)
    assert due(state, 30 * DAY) == []


def test_an_article_whose_page_once_failed_to_be_cut_is_still_looked_at(root: str, state: State) -> None:
    write(root, "pages", "1-a", page())
    write(root, "articles", "1-a", article("text"), extraction("new"))
    write(root, "pages", "2-a", page(after=DAY))
    write(root, "articles", "2-a", extraction("failed"))
    state.catch_up(root)
    assert due(state, 30 * DAY) == [URL]
    assert state.look_up([URL])[URL].article == article_id(URL)


# Listings


def test_a_listing_is_visited_as_often_as_it_brings_something_new(root: str, state: State) -> None:
    seen = []
    for number, new in enumerate([20, *[0] * 15, 1, 20]):
        write(root, "pages", f"{number:02}-a", listing(number * HOUR, entries=20, new=new))
        state.catch_up(root)
        seen.append(state.look_up([FEED])[FEED].interval)
    assert seen[:4] == [600, 900, 1350, 2025]
    assert seen[15:] == [86_400, 43_200, 600]


def test_a_listing_that_fails_or_answers_304_is_visited_more_seldom(root: str, state: State) -> None:
    write(root, "pages", "1-a", listing(entries=2, new=2))
    write(root, "pages", "2-a", listing(HOUR, outcome=PageOutcome.UNCHANGED))
    write(root, "pages", "3-a", listing(2 * HOUR, outcome=PageOutcome.FAILED, reason="timeout"))
    state.catch_up(root)
    assert state.look_up([FEED])[FEED].interval == 1350


@pytest.mark.parametrize(
    ("second", "lies"),
    [
        ({"etag": '"one"', "digest": "other"}, True),
        ({"etag": '"one"', "digest": "same"}, False),
        ({"etag": '"two"', "digest": "other"}, False),
        ({"etag": None, "digest": "other"}, False),
    ],
)
def test_a_server_lies_that_sends_other_content_under_the_same_validators(
    root: str, state: State, second: dict[str, Any], lies: bool
) -> None:
    write(root, "pages", "1-a", listing(etag='"one"', digest="same"))
    write(root, "pages", "2-a", listing(HOUR, **second))
    state.catch_up(root)
    assert state.look_up([FEED])[FEED].lies is lies


def test_a_server_that_lied_once_is_not_believed_again(root: str, state: State) -> None:
    for number, digest in enumerate(["one", "two", "two"]):
        write(root, "pages", f"{number}-a", listing(number * HOUR, etag='"e"', digest=digest))
    state.catch_up(root)
    assert state.look_up([FEED])[FEED].lies is True


def test_no_validators_are_no_lie(root: str, state: State) -> None:
    write(root, "pages", "1-a", listing(digest="same"))
    write(root, "pages", "2-a", listing(HOUR, digest="other"))
    state.catch_up(root)
    assert state.look_up([FEED])[FEED].lies is False


# How much a source is asked


def test_the_pages_of_a_day_are_counted_and_the_next_day_begins_anew(root: str, state: State) -> None:
    write(root, "pages", "1-a", page(), failed(url=FEED))
    write(root, "pages", "2-a", page(after=DAY))
    state.catch_up(root)
    write(root, "pages", "0-a", page(after=11 * HOUR))  # late, and of the day before
    state.catch_up(root)
    asking = state.asking([SOURCE.id, "other.example"])
    assert [(source, a.day.day, a.pages) for source, a in asking.items()] == [(SOURCE.id, 1, 1)]


def test_a_site_that_asks_for_patience_is_closed_and_not_failing(root: str, state: State) -> None:
    for number, hours in enumerate([5, 2, 3]):
        patience = NOON + hours * HOUR
        write(root, "pages", f"{number}-a", failed("http-429", after=number * HOUR, retry_after=patience))
    state.catch_up(root)
    assert state.asking([SOURCE.id])[SOURCE.id].closed_until == NOON + 5 * HOUR
    assert state.look_up([URL])[URL].failures == 1


# What sites write on most of their pages


def test_the_blocks_of_the_latest_articles_of_a_source_are_remembered(root: str, state: State) -> None:
    urls = [f"https://example.org/{number}" for number in range(RECENT + 3)]
    other = blocks("https://other.example/").model_copy(update={"source": "other.example"})
    found = [blocks(url, number * HOUR, "a", str(number)) for number, url in enumerate(urls)]
    write(root, "articles", "2-a", *found[50:])
    write(root, "articles", "1-a", *found[:50], other)
    state.catch_up(root)
    assert [found for found, _, _ in state.recent(SOURCE.id)] == [article_id(url) for url in reversed(urls[3:])]
    assert state.recent(SOURCE.id)[0] == (article_id(urls[-1]), article_id(urls[-1])[:12], f"a {RECENT + 2}")
    assert len(state.recent("other.example")) == 1
    # A replay, and a late batch of an article that is too old.
    write(root, "articles", "3-a-replay-1-a", blocks(urls[10], 10 * HOUR, "mended"))
    write(root, "articles", "0-a", blocks(urls[11], 11 * HOUR, "late"), blocks(URL, -HOUR, "old"))
    state.catch_up(root)
    rows = {article: blocks for article, _, blocks in state.recent(SOURCE.id)}
    assert len(rows) == RECENT
    assert (rows[article_id(urls[10])], rows[article_id(urls[11])]) == ("mended", "a 11")


def test_what_was_taken_out_of_articles_is_known_until_no_page_has_it_any_more(root: str, state: State) -> None:
    write(root, "articles", "1-a", habit("a"), habit("b", text="A\0 slogan"))
    write(root, "articles", "2-a", habit("a", DAY, "Follow us!"))
    state.catch_up(root)
    assert [(row.block, row.text) for row in state.dropped(SOURCE.id)] == [("a", "Follow us!"), ("b", "A slogan")]
    write(root, "articles", "3-a", habit("c", HABITS_KEPT + HOUR))
    state.catch_up(root)
    assert [row.block for row in state.dropped(SOURCE.id)] == ["c", "a"]
    assert state.dropped("other.example") == []


# Lost, killed, of another release, or several at once


@pytest.mark.parametrize("seed", range(12))
def test_a_state_that_is_rebuilt_is_the_one_that_grew(
    root: str, new_url: Callable[[], str], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wirewatch.state.RECENT", 3)
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


# Databases that cannot be used


@pytest.mark.parametrize("url", ["foo", "nosuch://db", "sqlite:////proc/none/state.sqlite", "sqlite:////proc/version"])
def test_a_state_that_cannot_be_kept_is_one_sentence(url: str) -> None:
    with pytest.raises(UserError, match="WIREWATCH_STATE=") as problem:
        State(url)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    "url",
    [
        "nosuch://me:secret@db/wirewatch",
        "postgresql+psycopg://me:secret@localhost:port/wirewatch",
        "postgresql+psycopg://me:secret@127.0.0.1:1/wirewatch",
        "postgresql+psycopg://me@127.0.0.1:1/wirewatch?password=secret",
    ],
)
def test_the_password_of_a_state_is_not_shown(url: str) -> None:
    with pytest.raises(UserError, match="WIREWATCH_STATE=") as problem:
        State(url)
    assert "secret" not in str(problem.value) and "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "secret"}, "password authentication failed"),
        ({"database": "nosuch"}, 'database "nosuch" does not exist'),
        ({"port": 1}, "refused"),
    ],
)
def test_what_is_wrong_with_the_database_is_said(postgres_server: Any, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as problem:
        State(postgres_server.set(**wrong).render_as_string(hide_password=False))
    assert "secret" not in str(problem.value) and postgres_server.password not in str(problem.value)


def test_a_sqlite_file_that_goes_away_is_one_sentence_too(root: str, tmp_path: Path) -> None:
    state = State(f"sqlite:///{tmp_path}/state.sqlite")
    state.engine.dispose()
    (tmp_path / "state.sqlite").unlink()
    (tmp_path / "state.sqlite").mkdir()
    with pytest.raises(UserError, match="WIREWATCH_STATE="):
        state.catch_up(root)


def test_a_postgresql_that_goes_away_is_one_sentence_too(root: str, postgres_server: Any) -> None:
    with create_engine(postgres_server, isolation_level="AUTOCOMMIT").connect() as admin:
        admin.execute(text("CREATE DATABASE short_lived"))
        state = State(postgres_server.set(database="short_lived").render_as_string(hide_password=False))
        admin.execute(text("DROP DATABASE short_lived WITH (FORCE)"))
    with pytest.raises(UserError, match="WIREWATCH_STATE="):
        state.catch_up(root)


def test_a_missing_driver_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = builtins.__import__

    def without_psycopg(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "psycopg":
            raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")
        return installed(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_psycopg)
    with pytest.raises(UserError, match=r"pip install 'wirewatch\[postgres\]'"):
        State("postgresql+psycopg://me:secret@db/wirewatch")


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

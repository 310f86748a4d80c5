"""What the records of a batch mean for what is known of addresses, articles and sources."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

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
    unchanged,
    write,
)
from wirewatch.batches import Batch
from wirewatch.projection import HABITS_KEPT, RECENT, REVISITS
from wirewatch.records import Hint, PageOutcome, Postponed, SourceRef, article_id
from wirewatch.state import State


def due(state: State, after: timedelta) -> list[str]:
    return [visit.url for visit in state.revisits(SOURCE.id, NOON + after, most=10)]


# Answers


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

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from search.health.verdicts import HISTORY, Day, Kind, ListingDay, judge, usual

FEED = "https://a.example/feed"
STEADY = (31, 38, 34, 29, 40, 36, 30)
"""A week of a source that brings 34 ± 4 articles a day."""


def steady(days: int) -> list[int]:
    return [STEADY[day % 7] for day in range(days)]


def kinds(days: Sequence[Day | None], listings: Iterable[str] = ()) -> list[Kind]:
    return [verdict.kind for verdict in judge(days, listings)]


def day(new: int) -> Day:
    return Day(requests=40, new=new)


def source(*latest: int, before: Iterable[int] | None = None) -> list[Day | None]:
    """Four weeks of steady news and then these days, the latest first."""
    return [day(new) for new in (*latest, *(steady(30) if before is None else before))]


def test_of_a_source_that_was_never_visited_nothing_is_known() -> None:
    assert judge([], [FEED]) == []
    assert usual([]) is None


def test_a_source_that_does_as_usual_is_well() -> None:
    assert judge(source(), [FEED]) == []
    assert str(usual(source())) == "usually 34 ± 6 a day"


def test_a_source_without_the_news_that_it_should_have_is_silent_the_same_day() -> None:
    [verdict] = judge(source(0), ())
    assert str(verdict) == "silent: 0 new in 24 h, usually 34 ± 6 a day"
    assert kinds(source(0, 0, 0)) == [Kind.SILENT]


def test_a_silence_stays_one_for_weeks_and_is_measured_by_the_time_before_it() -> None:
    [verdict] = judge(source(*[0] * 25), ())
    assert verdict.figures == "0 new in 25 days, usually 34 ± 6 a day"
    assert kinds([day(0)] * HISTORY) == [Kind.SILENT]


def test_a_small_source_is_silent_only_after_a_silence_that_chance_does_not_explain() -> None:
    before = [1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1] * 3
    assert kinds(source(*[0] * 10, before=before)) == []
    assert kinds(source(*[0] * 30, before=before)) == [Kind.SILENT]


def test_a_weekend_without_news_is_not_a_silence_but_a_longer_one_is() -> None:
    weeks = [20, 21, 19, 22, 18, 0, 0] * 5
    assert kinds(source(0, 0, before=weeks)) == []
    assert kinds(source(0, 0, 0, before=weeks)) == [Kind.SILENT]


def test_a_weekend_with_less_news_is_not_low() -> None:
    weeks = [30, 31, 29, 32, 30, 6, 5] * 5
    assert kinds(source(5, 6, before=weeks)) == []


@pytest.mark.parametrize(("news", "kind"), [(20, Kind.LOW), (55, Kind.HIGH)])
def test_low_and_high_are_three_such_days_in_a_row(news: int, kind: Kind) -> None:
    assert kinds(source(news)) == kinds(source(news, news)) == []
    assert kinds(source(news, news, news)) == [kind]
    assert kinds(source(news, 34, news, news)) == []


@pytest.mark.parametrize(("news", "kind"), [(3, Kind.LOW), (200, Kind.HIGH)])
def test_far_too_low_and_far_too_high_are_told_at_once(news: int, kind: Kind) -> None:
    assert kinds(source(news)) == [kind]


def test_before_a_week_is_known_nothing_is_usual() -> None:
    assert kinds(source(0, before=[200, *steady(6)])) == []
    assert kinds(source(0, before=[*steady(7), 200])) == [Kind.SILENT]


def test_a_source_that_never_brought_anything_is_silent_after_a_week() -> None:
    assert kinds([day(0)] * 6) == []
    assert kinds([day(0)] * 7) == [Kind.SILENT]


def test_days_without_a_run_are_no_days_and_the_backlog_after_them_is_not_high() -> None:
    outage: list[Day | None] = [None] * 5
    assert kinds([day(170), *outage, *source()]) == []
    assert kinds([day(34), day(170), *outage, *source()]) == []
    before = usual([day(34), day(170), *outage, *source()])
    assert before is not None and round(before.mean) == 34


def test_a_source_that_nothing_was_asked_of_lately_is_not_judged() -> None:
    assert kinds([None, *source(0)]) == [Kind.SILENT]
    assert kinds([None, None, *source(0)]) == []


def test_a_source_that_refuses_most_requests_is_blocked_with_or_without_history() -> None:
    refused = Day(requests=14, refused=12, refusals={"http-403": 11, "robots": 1})
    [verdict] = judge([refused], ())
    assert str(verdict) == "blocked: 12 of 14 requests refused in 24 h (http-403 11, robots 1)"
    assert kinds([replace(refused, refused=7)]) == []


def listing(*days: ListingDay | None) -> list[Day | None]:
    return [Day(requests=40, new=34, listings={FEED: found} if found else {}) for found in days]


WORKS, FAILS, EMPTY = ListingDay(2, 0, 5), ListingDay(2, 2, 0, "http-404"), ListingDay(2, 0, 0)


def test_a_listing_that_fails_for_three_days_is_dead() -> None:
    [verdict] = judge(listing(FAILS, FAILS, FAILS, WORKS), [FEED])
    assert str(verdict) == f"feed dead: {FEED} has failed for 3 days (http-404)"
    assert kinds(listing(FAILS, FAILS, WORKS), [FEED]) == []
    assert kinds(listing(FAILS, ListingDay(2, 1, 0, "timeout"), FAILS), [FEED]) == []


def test_a_listing_that_has_nothing_new_for_two_weeks_is_dead_if_it_used_to() -> None:
    assert kinds(listing(*[EMPTY] * 14, *[WORKS] * 14), [FEED]) == [Kind.DEAD]
    assert kinds(listing(*[EMPTY] * 13, *[WORKS] * 14), [FEED]) == []
    assert kinds(listing(*[EMPTY] * HISTORY), [FEED]) == []


def test_a_listing_with_an_entry_now_and_then_is_not_dead_for_two_weeks_without() -> None:
    rare = [ListingDay(2, 0, 1), *[EMPTY] * 4] * 5
    assert kinds(listing(*[EMPTY] * 14, *rare), [FEED]) == []


def test_what_explains_a_silence_is_told_instead_of_it() -> None:
    failing = [replace(found, new=0) for found in listing(FAILS, FAILS, FAILS) if found]
    days = [*failing, *source(before=steady(30))]
    assert kinds(days, [FEED]) == [Kind.DEAD]
    assert kinds(days, [FEED, f"{FEED}/2"]) == [Kind.DEAD, Kind.SILENT]  # why the other brings nothing is not known
    assert kinds([replace(found, refused=30) for found in failing] + days[3:], [FEED]) == [Kind.BLOCKED]
    unread = [replace(extracted(30, 28), new=28)] * 10
    assert kinds([replace(extracted(30, 0), new=0), *unread]) == [Kind.BROKEN]


def test_a_listing_that_is_not_in_the_catalogue_is_not_judged() -> None:
    assert kinds(listing(FAILS, FAILS, FAILS), []) == []


def extracted(pages: int, articles: int, **fields: int) -> Day:
    return Day(requests=40, new=34, pages=pages, articles=articles, fields=fields)


def test_extraction_is_broken_when_far_fewer_pages_give_an_article() -> None:
    usual_days = [extracted(30, 28)] * 10
    [verdict] = judge([extracted(30, 4), *usual_days], ())
    assert str(verdict) == "extraction broken: 4 articles of 30 pages, usually 93%"
    assert kinds([extracted(30, 20), *usual_days]) == []
    assert kinds([extracted(5, 0), *usual_days]) == []


def test_a_source_with_few_pages_is_judged_by_the_pages_of_a_week() -> None:
    assert kinds([*[extracted(4, 0)] * 5, *[extracted(4, 4)] * 10]) == [Kind.BROKEN]


def test_a_field_that_most_articles_had_is_missing_when_hardly_any_has_it() -> None:
    usual_days = [extracted(30, 30, lead=27, section=10)] * 10
    [verdict] = judge([extracted(30, 30, lead=1), *usual_days], ())
    assert str(verdict) == "field missing: lead in 1 of 30 articles, usually 90%"
    assert kinds([extracted(30, 30, lead=12), *usual_days]) == []


Draw = Callable[[np.random.Generator, int], np.ndarray]
HEALTHY: dict[str, Draw] = {
    **{f"{mean} a day": lambda draw, days, mean=mean: draw.poisson(mean, days) for mean in (0.5, 2, 5, 34)},  # type: ignore[misc]
    "quiet weekends": lambda draw, days: draw.poisson(np.resize([12, 12, 12, 12, 12, 6, 4], days)),
    "no weekends": lambda draw, days: draw.poisson(np.resize([14, 14, 14, 14, 14, 0, 0], days)),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_source_seldom_makes_an_alarm(name: str) -> None:
    """Years of chance: docs/read-source-health.md states what was measured over more of them."""
    years, draw = 8, np.random.default_rng(4)
    days = [day(int(new)) for new in HEALTHY[name](draw, years * 365)]
    days[0] = day(500)  # the backlog of the first run
    sick = [bool(judge(days[max(0, end - HISTORY) : end][::-1], ())) for end in range(1, len(days))]
    alarms = sum(now and not before for before, now in zip([False, *sick], sick, strict=False))
    assert alarms / years < 0.6

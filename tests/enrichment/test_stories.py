"""Stories told apart, with vectors made for it: a language pulls all its vectors its own way, an event another."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zlib import crc32

import numpy as np
import pytest

from enrichment import stories as told_apart
from enrichment.embedding import DIMENSIONS
from enrichment.stories import COUNTRIES, NAMES, NEAR, WINDOW, Facts, Remembered, Stories, Told

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LANGUAGES = ("fr", "ar", "sw")


def direction(name: str) -> np.ndarray:
    vector = np.random.default_rng(crc32(name.encode())).normal(size=DIMENSIONS)
    return np.asarray(vector / np.linalg.norm(vector))


def facts(
    event: str,
    language: str = "fr",
    site: str = "a.example",
    at: datetime = NOON,
    countries: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    like: tuple[str, float] | None = None,
) -> Facts:
    """An article on an event; ``like`` another event, so much."""
    id = f"{event}-{language}-{site}-{at:%d}"
    vector = 2 * direction("every text") + 1.5 * direction(language) + direction(event) + 0.3 * direction(id)
    if like:
        vector = vector + like[1] * direction(like[0])
    vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    return Facts(id, f"{event} in {language}", language, site, at, at, vector, frozenset(countries), frozenset(names))


@pytest.fixture
def background() -> list[Facts]:
    """Other news, so that it is known what the articles of a language have in common."""
    return [facts(f"other{n}{language}", language) for n in range(12) for language in LANGUAGES]


def test_articles_on_one_event_are_one_story_over_languages_and_sites(background: list[Facts]) -> None:
    told = [facts("visit", language, site) for language in LANGUAGES for site in ("a.example", "b.example")]
    stories = Stories()
    found = stories.assign([*background, *told], {})
    first = min(one.article for one in told)  # all of one hour
    assert {found[one.article] for one in told} == {first}
    assert len({found[one.article] for one in background}) == len(background)
    story = next(record for record in stories.records() if record.id == first)
    assert (story.size, set(story.languages), set(story.sources)) == (6, set(LANGUAGES), {"a.example", "b.example"})
    assert (story.first_seen, story.last_seen, story.merged_into) == (NOON, NOON, None)
    assert story.title.startswith("visit")


def test_the_order_in_which_sites_answer_decides_nothing(background: list[Facts]) -> None:
    told = [facts("visit", language, at=NOON + timedelta(days=day)) for day, language in enumerate(LANGUAGES)]
    shaken = [facts("quake", language, at=NOON - timedelta(days=day)) for day, language in enumerate(LANGUAGES)]
    came = [*background, *told, *shaken]
    found = Stories().assign(came, {})
    assert found == Stories().assign(came[::-1], {})
    assert {found[one.article] for one in shaken} == {shaken[-1].article}


def test_a_story_goes_on_over_days_and_is_over_after_a_week_without_news(background: list[Facts]) -> None:
    days = [facts("visit", at=NOON + timedelta(days=day)) for day in (0, 5, 10)]
    late = facts("visit", at=days[-1].at + WINDOW + timedelta(days=1))
    found = Stories().assign([*background, *days, late], {})
    assert {found[one.article] for one in days} == {days[0].article}
    assert found[late.article] == late.article


def test_countries_in_common_decide_between_like_events(background: list[Facts]) -> None:
    first = facts("quake", countries=("TR",))
    for countries, joins in ((("TR",), True), (("JP",), False)):
        other = facts("shock", site="b.example", countries=countries, like=("quake", 0.8))
        found = Stories().assign([*background, first, other], {})
        assert (found[other.article] == first.article) is joins


def test_an_article_stays_in_its_story(background: list[Facts]) -> None:
    known = facts("visit")
    assert Stories().assign([*background, known], {known.article: "elsewhere"})[known.article] == "elsewhere"


def test_stories_that_grow_together_become_the_older_one(background: list[Facts]) -> None:
    stories = Stories()
    stories.assign(background, {})
    early, late = facts("visit"), facts("visit", "ar", at=NOON + timedelta(days=1))
    stories.join(early, early.article)
    stories.join(late, late.article)
    between = facts("visit", "sw")
    found = stories.assign([between], {})
    assert found[between.article] == early.article
    last = stories.records()[-1]
    assert (last.id, last.merged_into) == (late.article, early.article)
    assert next(record.size for record in stories.records() if record.id == early.article) == 3


def test_a_story_that_took_over_another_is_looked_at_as_what_it_is_now() -> None:
    stories = Stories()
    # The second is near to both others, but too late for the first; only with it the third is near to the first.
    for id, days, first, second in (("a", -8, 0.4, 0.9165), ("b", 0, 0.65, 0.76), ("c", -3, 1.0, 0.0)):
        vector = np.zeros(DIMENSIONS, dtype=np.float32)
        vector[:2] = first, second
        at = NOON + timedelta(days=days)
        stories.join(Facts(id, id, "fr", "a.example", at, at, vector), id)
    stories.assign([facts("other", "sw")], {})
    assert [record.merged_into for record in stories.records() if record.id in "abc"] == [None, "c", "a"]


def test_how_many_are_compared_at_once_decides_nothing(
    background: list[Facts], monkeypatch: pytest.MonkeyPatch
) -> None:
    came = [
        facts(
            f"event{n % 20}",
            LANGUAGES[n % 3],
            f"site{n}",
            NOON + timedelta(hours=7 * n % 50),
            like=(f"event{7 * n % 10}", 0.4 * (n % 5)),
        )
        for n in range(150)
    ]
    found = []
    for lot, block in ((1, 1), (7, 10), (500, 10_000)):
        monkeypatch.setattr(told_apart, "LOT", lot)
        monkeypatch.setattr(told_apart, "BLOCK", block)
        stories = Stories()
        found.append((stories.assign([*background, *came], {}), stories.records()))
    assert found[0] == found[1] == found[2]
    assert any(record.merged_into for record in found[0][1])


def test_of_the_remembered_stories_those_far_away_are_not_looked_up(background: list[Facts]) -> None:
    before = Stories()
    before.assign([*background, facts("visit"), facts("quake")], {})
    remembered = {record.id: before.told(record.id) for record in before.records()}
    looked_up = []

    def look_up(ids: Iterable[str]) -> Iterable[Told]:
        looked_up.extend(ids)
        return [remembered[id] for id in looked_up]

    known = Remembered.of(remembered.values())
    stories = Stories(Remembered(known.ids, known.centres, known.common, look_up), before.languages)
    later = [facts("visit", language, "b.example") for language in LANGUAGES]
    assert set(stories.assign(later, {}).values()) == {facts("visit").article} == set(looked_up)
    assert [record.size for record in stories.records()] == [4]


def test_an_article_without_a_vector_is_a_story_of_its_own() -> None:
    bare = Facts("bare", "Bare", "", "a.example", NOON, NOON, None)
    assert Stories().assign([bare, facts("visit")], {})["bare"] == "bare"


def test_why_an_article_joined_is_what_decided_it(background: list[Facts]) -> None:
    names = ("person:one", "organization:everywhere")
    first = facts("visit", "fr", countries=("DZ", "RU"), names=names)
    second = facts("visit", "ar", countries=("DZ",), names=names)
    common = [facts(f"more{n}", names=("organization:everywhere",)) for n in range(5)]
    stories = Stories()
    found = stories.assign([*background, *common, first, second], {})
    assert found[second.article] == found[first.article]
    tie = stories.why(second, [first])
    assert tie.countries == {"DZ"} and tie.names == {"person:one"}
    assert tie.nearness == pytest.approx(tie.cosine + COUNTRIES + NAMES) and tie.nearness >= NEAR
    far = stories.why(second, [background[0]])
    assert far.nearness < NEAR and not far.countries and not far.names
    both = stories.why(second, [first, background[0]])
    assert far.nearness < both.nearness < tie.nearness
    assert max(stories.near(second))[1] == found[first.article]

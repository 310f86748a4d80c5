"""What a briefing says of some time, asked of a real index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch

from search.alerts import store
from search.alerts.alert import Alert
from search.briefing import Period, gather
from search.health.verdicts import Kind
from search.index import NOTICES, STORIES, index
from tests.search.health.runs import POST, WIRE
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import Cited, EnrichedArticle, ListingHealth, Notice, SourceHealth, SourceRef, Story, now

HOUR = timedelta(hours=1)
FEBRUARY = Period(datetime(2023, 2, 1, tzinfo=UTC), datetime(2023, 3, 1, tzinfo=UTC), "publication")
Write = Callable[..., EnrichedArticle]


@pytest.fixture
def write(make: Callable[..., EnrichedArticle]) -> Write:
    """Make an article of an outlet, in a language, that belongs to a story; published on a day of February 2023."""

    def written(outlet: str, country: str, language: str, title: str, story: str, day: int = 10, **facts: object):
        article = make(f"http://{outlet}/{title}", language, title, f"{title}: lead.", "Body.", ())
        source = SourceRef(id=outlet, name=outlet.partition(".")[0].title(), country=country)
        published = datetime(2023, 2, day, 9, tzinfo=UTC)
        known = {"source": source, "story_id": story, "published": published, "first_seen": now() - HOUR}
        return article.model_copy(update=known | facts)

    return written


@pytest.fixture
def told(clean: Elasticsearch, enriched: Callable[..., Batch]) -> Callable[..., None]:
    """Put articles into the index, and stories with their headlines."""

    def put(articles: Sequence[EnrichedArticle], headlines: dict[str, str] | None = None, run: str = "a") -> None:
        index(enriched(articles, f"20261120T130000Z-{run}"), client=clean)
        for id, headline in (headlines or {}).items():
            story = Story(id=id, title=headline, size=9, languages=(), sources=(), first_seen=now(), last_seen=now())
            clean.index(index=STORIES, id=id, document=story.model_dump(mode="json", exclude_none=True), refresh=True)

    return put


def last(hours: int = 24) -> Period:
    return Period(now() - hours * HOUR, now() + HOUR)


def notice(id: str, alert: str, **facts: object) -> Notice:
    given = {"title": id, "story": id, "created": now() - HOUR, "run": "r"}
    return Notice.model_validate({"id": id, "alert": alert} | given | facts)


def keep(es: Elasticsearch, *notices: Notice) -> None:
    for one in notices:
        es.index(index=NOTICES, id=one.id, document=one.model_dump(mode="json", exclude_none=True), refresh=True)


def test_the_story_of_most_outlets_countries_and_languages_comes_first(write: Write, told, es: Elasticsearch) -> None:
    local = [write(f"n{at}.example", "NG", "en", f"Vote {at}", "vote") for at in range(3)]
    wide = [
        write("moscow.example", "RU", "ru", "Визит", "visit", day=9),
        write("algiers.example", "DZ", "fr", "Une visite", "visit", day=10),
        write("paris.example", "FR", "fr", "La visite", "visit", day=11),
    ]
    alone = [write("n1.example", "NG", "en", f"Alone {at}", "alone") for at in range(5)]
    told([*local, *wide, *alone])
    found = gather(last(), {}, ())
    assert [story.notice.story for story in found.top] == ["visit", "vote"], "what one outlet tells is no top story"
    visit, vote = found.top
    assert (visit.notice.size, visit.countries, visit.languages) == (3, 3, 2)
    assert (vote.notice.size, vote.countries, vote.languages) == (3, 1, 1)
    assert set(visit.notice.sources) == {"moscow.example", "algiers.example", "paris.example"}
    by_language = {group.language: [article.title for article in group.articles] for group in visit.tellers}
    assert by_language == {"fr": ["Une visite", "La visite"], "ru": ["Визит"]}
    assert (found.articles, found.outlets, found.outlet_countries, found.stories) == (11, 6, 4, 3)


def test_a_story_is_shown_by_its_central_article_and_in_the_readers_language_where_there_is_one(
    write: Write, told, es: Elasticsearch
) -> None:
    pieces = [
        write("a.example", "DZ", "fr", "Premier", "s", day=1, countries=("DZ",), topics=("military-cooperation",)),
        write("b.example", "FR", "fr", "Central", "s", day=2),
        write("c.example", "GB", "en", "English", "s", day=3),
    ]
    told(pieces, {"s": "Central"})
    for languages, title in (((), "Central"), (("en",), "English"), (("ru", "fr"), "Central")):
        [story] = gather(last(), {}, (), languages).top
        assert (story.notice.title, story.notice.articles[0].why) == (title, (f"{title}: lead.",))
    told([], {"s": "Premier"}, run="b")
    assert gather(last(), {}, ()).top[0].about == ("Algeria", "military cooperation")


def test_a_story_that_goes_on_says_how_much_was_told_before(write: Write, told, es: Elasticsearch) -> None:
    long_ago = now() - 30 * 24 * HOUR
    before = [write("a.example", "DZ", "fr", f"Avant {at}", "s", first_seen=long_ago) for at in range(4)]
    told([*before, write("a.example", "DZ", "fr", "Après", "s"), write("b.example", "FR", "fr", "Encore", "s")])
    [story] = gather(last(), {}, ()).top
    assert (story.notice.size, story.earlier) == (2, 4)


def test_what_was_seen_before_and_is_searchable_only_now_has_come_in_now(write: Write, told, es: Elasticsearch) -> None:
    late = write("a.example", "DZ", "fr", "Tard", "late", first_seen=now() - 26 * HOUR)
    restored = write("a.example", "DZ", "fr", "Jadis", "old", first_seen=now() - 400 * 24 * HOUR)
    told([late, restored])
    found = gather(last(24), {"All": "title: *"}, ())
    assert [story.notice.title for story in found.desks[0].stories] == ["Tard"]
    assert (found.articles, sum(step.articles for step in found.volume)) == (1, 0), "the chart has the hours seen"
    changed = late.model_copy(update={"version": "1" * 16, "fetched": late.fetched + HOUR})
    told([changed], run="b")
    assert gather(last(24), {}, ()).articles == 0, "a new text of an article is not its arrival"
    assert gather(last(48), {}, ()).articles == 1


def test_dates_ask_for_what_was_published_then_and_what_has_no_date_for_when_it_was_seen(
    write: Write, told, es: Elasticsearch
) -> None:
    first, end = FEBRUARY.since, FEBRUARY.until
    told([
        write("a.example", "DZ", "fr", "First", "1", published=first),
        write("a.example", "DZ", "fr", "Last", "2", published=end - timedelta(seconds=1)),
        write("a.example", "DZ", "fr", "March", "3", published=end),
        write("a.example", "DZ", "fr", "Seen", "4", published=None, first_seen=first + HOUR),
        write("a.example", "DZ", "fr", "Undated", "5", published=None),
    ])  # fmt: skip
    found = gather(FEBRUARY, {"All": "title: *"}, ())
    assert {story.notice.title for story in found.desks[0].stories} == {"First", "Last", "Seen"}
    assert [step.articles for step in found.volume] == [1, *[0] * 26, 1], "a day without an article is there too"


def test_a_desk_has_the_stories_of_its_kql_the_most_relevant_of_the_equally_told_first(
    write: Write, told, es: Elasticsearch
) -> None:
    told([
        write("a.example", "NG", "en", "A long report on wheat, on ports, on rails and on much besides", "1"),
        write("a.example", "NG", "en", "Wheat wheat", "2"),
        write("a.example", "NG", "en", "Football", "3"),
        write("b.example", "KE", "en", "Ports wait for wheat", "4"),
        write("c.example", "EG", "en", "Bread and wheat", "4"),
    ])  # fmt: skip
    wheat, nothing = gather(last(), {"Grain": "wheat", "Fish": "herring"}, ()).desks
    assert (wheat.title, wheat.articles, wheat.found) == ("Grain", 4, 3)
    assert [story.notice.story for story in wheat.stories] == ["4", "2", "1"]
    assert (nothing.articles, nothing.stories) == (0, ())
    with pytest.raises(UserError, match="briefing"):
        gather(last(), {"Wrong": "(wheat and"}, ())


def test_alerts_say_what_they_found_in_the_time_and_nothing_that_nobody_wants_to_hear(clean: Elasticsearch) -> None:
    patient = Alert(name="Patient", kql="*", sources=3)
    store.create(clean, patient, "command")
    long_ago = now() - 30 * 24 * HOUR
    keep(
        clean,
        notice("small", "Wheat", sources=("a",)),
        notice("large", "Wheat", sources=("a", "b"), state="told", due=now()),
        notice("old", "Wheat", created=long_ago),
        notice("muted", "Wheat", state="muted"),
        notice("waiting", "Patient", state="waiting"),
        notice("waited", "Patient", created=long_ago, due=now(), state="told"),
        notice("operator", "operator", kind="operator"),
    )
    found = gather(last(), {}, ())
    assert {told.alert: [one.id for one in told.notices] for told in found.told} == {
        "Wheat": ["large", "small"],
        "Patient": ["waited"],
    }


def test_dates_ask_for_the_notices_of_what_was_published_then(clean: Elasticsearch) -> None:
    def cited(published: datetime) -> tuple[Cited, ...]:
        return (Cited(id="1", title="t", url="http://a.example/1", source=POST.ref, published=published),)

    keep(
        clean,
        notice("then", "Wheat", articles=cited(FEBRUARY.since)),
        notice("later", "Wheat", articles=cited(FEBRUARY.until)),
        notice("spike", "Wheat", kind="spike", created=FEBRUARY.since),
    )
    [told] = gather(FEBRUARY, {}, ()).told
    assert {one.id for one in told.notices} == {"then", "spike"}


def test_sources_that_are_not_well_and_alerts_that_cannot_be_asked_are_named(clean: Elasticsearch) -> None:
    broken = store.create(clean, Alert(name="Broken", kql="(a and"), "command")
    store.change(clean, broken, error="line 1:7: mismatched input")
    for source, refused in ((POST, 0), (WIRE, 9)):
        listing = ListingHealth(url=source.feeds[0], outcome="fetched", entries=20, new=1)
        record = SourceHealth(
            id=source.domain, run="r", source=source.ref, at=now(), requests=10, new=1, refused=refused,
            failed={"http-403": refused} if refused else {}, listings=(listing,),
        )  # fmt: skip
        clean.index(index="wirewatch-source-health", document=record.model_dump(mode="json"), refresh=True)
    found = gather(last(), {}, (POST, WIRE))
    assert [state.source.domain for state in found.sources] == ["wire.example", "post.example"]
    assert [verdict.kind for verdict in found.sources[0].verdicts] == [Kind.BLOCKED]
    assert found.broken == (("Broken", "line 1:7: mismatched input"),)

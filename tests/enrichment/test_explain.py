"""Why articles of the newsroom are about what they are about, from the batches of a real enrichment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from enrichment import memory
from enrichment.enrich import enrich
from enrichment.explain import Explanation, explain
from tests.enrichment.articles import article as made
from tests.newsroom import Article as Written
from tests.newsroom import load_articles, load_sites
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import Article, IndexOutcome, SourceRef, article_id, content_version, now
from wirewatch.settings import get_settings

FIRST, SECOND = "20261120T020000Z-000000-g00", "20261121T020000Z-111111-g00"
VISIT = ("maghreb-matin", "algerie-russie-cooperation-militaire")
RUSSIAN = ("neva-vestnik", "rossiya-belorussiya-sovmestnoe-uchenie")
ENGLISH = ("harbour-post", "russia-belarus-joint-military-exercises")


def article(given: Written) -> Article:
    """An article of the newsroom, as it would be extracted."""
    outlet = load_sites()[0][given.site]
    url = f"https://{given.site}.example{outlet.article_path(given)}"
    return Article(
        id=article_id(url),
        url=url,
        source=SourceRef(id=f"{given.site}.example", name=outlet.name, country=outlet.country),
        title=given.title,
        lead=given.lead,
        body=given.body,
        published=given.published,
        first_seen=now(),
        fetched=now(),
        version=content_version(given.title, given.lead, given.body),
    )


def write(name: str, *articles: Article) -> Batch:
    batch = Batch(get_settings().batches, "articles", name)
    with batches.write(batch) as out:
        for one in articles:
            out.add(one)
    return batch


@pytest.fixture(scope="module", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One home for all these tests."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WIREWATCH_HOME", str(tmp_path_factory.mktemp("home")))
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def told(own_home: None) -> dict[str, Explanation]:
    """Two nights: three outlets with a visit and an exercise, and a fourth article on that in English."""
    written = {}
    for site, slug in (VISIT, RUSSIAN, ENGLISH):
        few = [one for number, one in enumerate(load_articles()[site]) if number < 8 or one.slug == slug]
        written |= {(site, one.slug): article(one) for one in few}
    english = written.pop(ENGLISH)
    first, second = write(FIRST, *written.values()), write(SECOND, english)
    for batch in (first, second):
        enrich(batch)
    found = {"visit": (first, written[VISIT]), "ru": (first, written[RUSSIAN]), "en": (second, english)}
    return {name: explain(batch, one.id) for name, (batch, one) in found.items()}


def test_everything_found_is_there_with_the_words_and_why(told: dict[str, Explanation]) -> None:
    visit = told["visit"]
    assert (visit.language, visit.batch, visit.indexed) == ("French", FIRST, None)
    countries = {reason.concept: reason for reason in visit.countries}
    assert countries["country:DZ"].name == "Algeria" and "Alger" in countries["country:DZ"].words
    assert countries["country:DZ"].why[0].startswith("about it, salience 0.")
    assert countries["country:CN"].why[0].startswith("merely named") and countries["country:CN"].words == ("Chine",)
    regions = {reason.name: (reason.why, reason.words) for reason in visit.regions}
    assert regions["Sahel"] == (("named",), ("Sahel",)) and regions["Maghreb"] == (("has Algeria",), ())
    topics = {reason.concept: reason for reason in visit.topics}
    cooperation = topics["topic:military-cooperation"]
    assert cooperation.words == ("coopération militaire",)
    assert cooperation.why[1:] == ("medtop:20000598", "under defence")
    entities = {reason.concept: reason for reason in visit.entities}
    patrushev = entities["person:nikolai-patrushev"]
    assert patrushev.name == "Nikolai Patrushev" and set(patrushev.words) == {"Nikolaï Patrouchev", "Patrouchev"}
    assert patrushev.why[1].startswith("known: security council secretary")
    assert patrushev.why[1].endswith(", Russia, Wikidata Q446865")
    learned = next(reason for reason in visit.entities if reason.concept.startswith("person:~"))
    assert learned.why[1] == "learned from the text" and learned.words
    assert {visit.names[id] for event in visit.article.events for id in event.sources} >= {"Algeria", "Russia"}


def test_names_are_in_the_language_that_is_asked_for(told: dict[str, Explanation]) -> None:
    batch = Batch(get_settings().batches, "articles", FIRST)
    french = explain(batch, told["ru"].article.id, "fr")
    assert {reason.name for reason in french.countries} >= {"Russie", "Pologne"}
    assert french.language == "Russian"
    with pytest.raises(UserError, match="no names in de: take one of en, fr"):
        explain(batch, told["ru"].article.id, "de")


def test_a_story_says_what_binds_its_articles(told: dict[str, Explanation]) -> None:
    english, russian = told["en"].story, told["ru"].story
    assert english and russian
    assert english.story == russian.story and english.story.id == told["ru"].article.id and english.story.size == 2
    (neighbour,) = english.neighbours
    assert neighbour.id == told["ru"].article.id and neighbour.days == 0
    assert neighbour.near == english.near == russian.near
    near = neighbour.near
    assert near.nearness >= english.enough > 0 and near.nearness > near.meaning
    assert set(near.countries) == {"Russia", "Belarus"} and "Alexander Lukashenko" in near.names
    visit = told["visit"].story
    assert visit and visit.near is None and visit.neighbours == ()
    assert visit.next and visit.next.id != visit.story.id and visit.next_nearness < visit.enough


def test_again_is_what_the_data_files_of_today_give(told: dict[str, Explanation]) -> None:
    batch = Batch(get_settings().batches, "articles", FIRST)
    again = explain(batch, told["visit"].article.id, again=True)
    assert again.at is None and told["visit"].at is not None
    assert again.topics == told["visit"].topics and again.entities == told["visit"].entities
    assert again.story == told["visit"].story


def test_a_learned_person_has_the_spellings_of_all_articles(told: dict[str, Explanation]) -> None:
    director = "The director of the school, {}, met parents in Mali on Monday."
    first, second = (
        made("The school of Bamako", director.format(name), path=name) for name in ("Peter Hallbrook", "Peter Halbrook")
    )
    for number, one in enumerate((first, second)):
        enrich(write(f"20261123T020000Z-33333{number}-g00", one))
    found = explain(Batch(get_settings().batches, "articles", "20261123T020000Z-333330-g00"), first.id)
    (person,) = (reason for reason in found.entities if reason.concept.startswith("person:~"))
    assert person.words == ("Peter Hallbrook",) and person.why[1] == "learned; elsewhere Peter Halbrook"


def test_what_the_index_said_is_told_and_what_waits_is_named(told: dict[str, Explanation]) -> None:
    batch = Batch(get_settings().batches, "articles", FIRST)
    id = told["visit"].article.id
    refused = IndexOutcome(id=id, version="0" * 16, outcome="failed", reason="document_parsing_exception")
    with batches.write(batch.next("indexed")) as out:
        out.add(refused)
    assert explain(batch, id).indexed == refused
    for hour, outcome in (("03", "failed"), ("04", "created")):
        again = Batch(batch.root, "indexed", f"20261123T{hour}0000Z-aaaaaa-retry-{batch.name}")
        with batches.write(again) as out:
            out.add(refused.model_copy(update={"outcome": outcome, "reason": None}))
        indexed = explain(batch, id).indexed
        assert indexed and indexed.outcome == outcome, "what became of it when it was tried again"
    waiting = write("20261122T020000Z-222222-g00", next(batch.find(Article, [id])))
    with pytest.raises(UserError, match="waits to be enriched: `wirewatch enrich`"):
        explain(waiting, id)
    assert explain(waiting, id, again=True).countries == told["visit"].countries


def test_a_story_that_is_long_over_is_as_it_was_told(
    told: dict[str, Explanation], monkeypatch: pytest.MonkeyPatch
) -> None:
    (get_settings().home / "state.sqlite").unlink()
    monkeypatch.setattr(memory, "KEPT", timedelta(days=-1))
    before, found = told["visit"], explain(Batch(get_settings().batches, "articles", FIRST), told["visit"].article.id)
    assert before.story and found.story and found.story.story == before.story.story
    assert found.story.next is None

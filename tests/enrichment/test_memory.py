from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import URL

from enrichment.embedding import DIMENSIONS
from enrichment.enrich import enrich
from enrichment.memory import Memory, recall, tell
from enrichment.stories import Facts
from tests.enrichment.articles import article
from tests.postgres import new_database
from wirewatch.batches import Batch, line_of, write
from wirewatch.records import STORIES, Article, EnrichedArticle, Entity, Story

VISIT = {
    "fr": ("Le président russe reçu à Alger", "Vladimir Poutine a rencontré le président algérien à Alger mardi."),
    "en": ("Russian president visits Algiers", "Vladimir Putin met the Algerian president in Algiers on Tuesday."),
    "ru": ("Президент России прибыл в Алжир", "Владимир Путин встретился с президентом Алжира во вторник."),
}
OTHERS = (
    ("Flood waters leave thousands homeless", "The river rose after a week of rain, and the army sent boats."),
    ("Bakers go on strike over the price of flour", "Ovens stayed cold in three cities on Monday."),
    ("Les médecins dénoncent le manque de lits", "Les hôpitaux du sud n'ont plus de place pour les malades."),
    ("Сборная победила в финале", "Два гола забил нападающий во втором тайме."),
)


def batch_of(root: Path, name: str, articles: Sequence[Article]) -> Batch:
    batch = Batch(root.as_uri(), "articles", name)
    with write(batch) as out:
        for one in articles:
            out.add(one)
    return batch


def news(*languages: str) -> list[Article]:
    return [article(*VISIT[language], path=f"visit-{language}") for language in languages]


@pytest.fixture
def others() -> list[Article]:
    return [article(*other, path=f"other{n}") for n, other in enumerate(OTHERS)]


def stories_of(batch: Batch) -> dict[str, str]:
    return {one.url.rpartition("/")[2]: str(one.story_id) for one in batch.read(EnrichedArticle)}


def test_a_story_goes_on_in_the_next_batch(tmp_path: Path, others: list[Article]) -> None:
    first = enrich(batch_of(tmp_path, "20270131T020000Z-a", [*others, *news("fr", "en")]))
    second = enrich(batch_of(tmp_path, "20270201T020000Z-b", news("ru")))
    (visit,) = {stories_of(first)[f"visit-{code}"] for code in ("fr", "en")}
    assert visit in {one.id for one in news("fr", "en")}
    assert stories_of(second) == {"visit-ru": visit}
    assert len(set(stories_of(first).values())) == 1 + len(others)
    (story,) = second.lines(Story, STORIES)
    assert (story.id, story.size, set(story.languages), story.sources) == (
        visit,
        3,
        {"fr", "en", "ru"},
        ("paper.example",),
    )


def test_an_article_that_comes_again_stays_in_its_story_and_counts_once(tmp_path: Path, others: list[Article]) -> None:
    first = enrich(batch_of(tmp_path, "20270131T020000Z-a", [*others, *news("fr", "en")]))
    changed = [one.model_copy(update={"body": OTHERS[0][1], "version": "changed"}) for one in news("en")]
    again = enrich(batch_of(tmp_path, "20270201T020000Z-b", changed))
    assert stories_of(again) == {"visit-en": stories_of(first)["visit-fr"]}
    third = enrich(batch_of(tmp_path, "20270202T020000Z-c", news("ru")))
    assert [story.size for story in third.lines(Story, STORIES)] == [3]


def told(state: str, root: Path, facts: list[Facts]) -> tuple[dict[str, str], list[Story]]:
    with Memory(state).alone(root.as_uri()) as remembered:
        return tell(remembered, facts)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_lost_memory_is_rebuilt_from_the_batches(
    database: str, tmp_path: Path, others: list[Article], request: pytest.FixtureRequest
) -> None:
    def state(name: str) -> str:
        if database == "sqlite":
            return f"sqlite:///{tmp_path / name}.sqlite"
        server: URL = request.getfixturevalue("postgres_server")
        return new_database(server).render_as_string(hide_password=False)

    enrich(batch_of(tmp_path, "20270131T020000Z-a", [*others, *news("fr")]))
    (new,) = [
        Facts.of(one) for one in enrich(batch_of(tmp_path, "20270201T020000Z-b", news("en"))).read(EnrichedArticle)
    ]
    next_one = Facts(**{**vars(new), "article": "next", "at": new.at + timedelta(days=1)})
    kept = state("kept")
    expected = told(kept, tmp_path, [next_one])
    assert told(kept, tmp_path, [next_one]) == expected == told(state("rebuilt"), tmp_path, [next_one])
    assert expected[0] == {"next": news("fr")[0].id}


def test_what_a_killed_task_told_is_not_remembered(tmp_path: Path) -> None:
    state = f"sqlite:///{tmp_path}/state.sqlite"
    lone = Facts.of(EnrichedArticle(**dict(news("fr")[0]), embedding=tuple(np.eye(DIMENSIONS)[0])))
    first, _ = told(state, tmp_path, [lone])
    assert told(state, tmp_path, [lone])[0] == first == {lone.article: lone.article}
    assert told(state, tmp_path, [])[1] == []


def finished(root: Path, name: str, articles: Sequence[EnrichedArticle], *stories: Story) -> None:
    """A batch whose stories were told."""
    with write(Batch(root.as_uri(), "enriched", name)) as out:
        for one in articles:
            out.add(one)
        (root / STORIES).write_bytes(b"".join(map(line_of, stories)))
        out.add_file(STORIES, root / STORIES)


def in_story(story: str, number: int, *entities: Entity) -> EnrichedArticle:
    made = dict(article("A title", "A text.", path=str(number)))
    return EnrichedArticle(**made, embedding=tuple(np.eye(DIMENSIONS)[number]), entities=entities, story_id=story)


def test_how_many_stories_have_a_name_is_known_of_those_that_are_not_looked_up(tmp_path: Path) -> None:
    everywhere, seldom = (Entity(id=f"organization:{name}", name=name) for name in ("everywhere", "seldom"))
    articles = [in_story("story0", 0, everywhere, seldom), *(in_story(f"story{n}", n, everywhere) for n in range(1, 9))]
    finished(tmp_path, "20270131T020000Z-a", articles)
    facts = Facts.of(articles[0])
    with Memory(f"sqlite:///{tmp_path}/state.sqlite").alone(tmp_path.as_uri()) as remembered:
        recalled = recall(remembered, facts)
    assert recalled.own and (recalled.own.id, recalled.own.articles, recalled.members) == ("story0", 1, [facts.article])
    assert recalled.near[0][1] is recalled.own
    assert recalled.stories.why(facts, [facts]).names == {seldom.id}


def test_a_story_that_became_part_of_one_that_became_part_of_a_third_is_in_that(tmp_path: Path) -> None:
    articles = [in_story(story, n) for n, story in enumerate("abc")]
    finished(tmp_path, "20270131T020000Z-a", articles)
    last = in_story("a", 3)
    seen = {"first_seen": last.first_seen, "last_seen": last.first_seen}
    merged = [
        Story(id=story, title="", size=1, languages=(), sources=(), merged_into=into, **seen)
        for story, into in ("ba", "cb")
    ]
    finished(tmp_path, "20270201T020000Z-b", [last], *merged)
    with Memory(f"sqlite:///{tmp_path}/state.sqlite").alone(tmp_path.as_uri()) as remembered:
        recalled = recall(remembered, Facts.of(articles[2]))
    assert recalled.own and (recalled.own.id, recalled.own.articles) == ("a", 4)
    assert set(recalled.members) == {one.id for one in [*articles, last]}

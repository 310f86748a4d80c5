from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enrichment.enrich import enrich
from enrichment.entities import learned_id
from enrichment.learned import Named, People
from tests.enrichment.articles import article
from wirewatch.batches import Batch, write
from wirewatch.records import EnrichedArticle, Entity

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def named(article: str, *names: str, countries: str = "ML") -> Named:
    """An article that names learned people."""
    people = tuple(Entity(id=learned_id("person", name), name=name, spellings=(name,)) for name in names)
    return Named(article, MONDAY, frozenset(countries.split()), people)


def ids(people: People, *articles: Named) -> list[str]:
    """The ids that the articles' people get, in their order."""
    found = people.recognise(articles)
    return [found.get(one.article, {})[entity.id].id for one in articles for entity in one.people]


def test_one_person_has_one_id_in_every_spelling_and_script() -> None:
    spelled = ("Kirill Barushev", "Kirill Barouchev", "Кирилл Барушев", "كيريل باروشيف")
    assert len(set(ids(People(), *(named(str(i), name) for i, name in enumerate(spelled))))) == 1


def test_a_person_is_called_what_latin_letters_call_them() -> None:
    people = People()
    people.recognise([named("a", "Кирилл Барушев"), named("b", "Kirill Barushev")])
    (person,) = people.by_id.values()
    assert person.name == "Kirill Barushev"


def test_who_sounds_the_same_and_is_spelled_otherwise_is_somebody_else() -> None:
    first, second = ids(People(), named("a", "Dina Morel"), named("b", "Ade-Anna Miralli"))
    assert first != second


@pytest.mark.parametrize("countries", ["BR", ""])
def test_who_sounds_the_same_in_other_news_is_somebody_else(countries: str) -> None:
    first, second = ids(People(), named("a", "Kirill Barushev"), named("b", "Кирилл Барушев", countries=countries))
    assert second == first + "~2"


def test_the_same_letters_are_the_same_person_in_any_news() -> None:
    first, second = ids(People(), named("a", "Kirill Barushev"), named("b", "Kirill Barushev", countries="BR"))
    assert first == second


def test_who_was_named_first_was_named_in_what_was_published_first() -> None:
    older = named("b", "Kirill Barushev")
    newer = replace(named("a", "Кирилл Барушев", countries="BR"), at=MONDAY + timedelta(hours=1))
    first, second = ids(People(), older, newer)
    assert ids(People(), newer, older) == [second, first] and second == first + "~2"


def test_a_surname_alone_is_who_was_named_in_full_before() -> None:
    people = People()
    (full,) = ids(people, named("a", "Wanda Quillfeather"))
    assert ids(people, named("b", "Quillfeather")) == [full]


def test_a_surname_alone_is_who_is_named_in_full_in_the_same_batch() -> None:
    assert len(set(ids(People(), named("a", "Quillfeather"), named("b", "Wanda Quillfeather")))) == 1


def test_a_surname_alone_in_other_news_or_of_two_people_is_nobody() -> None:
    people = People()
    people.recognise([named("a", "Wanda Quillfeather")])
    assert people.recognise([named("b", "Quillfeather", countries="BR")]) == {}
    people.recognise([named("c", "Osbert Quillfeather")])
    assert people.recognise([named("d", "Quillfeather")]) == {}


def enriched(folder: Path, day: int, *texts: str) -> list[EnrichedArticle]:
    batch = Batch(str(folder / "batches"), "articles", f"2026-03-0{day}")
    with write(batch) as out:
        for i, text in enumerate(texts):
            out.add(article("A day in Mali", text, path=f"{day}-{i}"))
    return list(enrich(batch).read(EnrichedArticle))


def test_a_later_batch_knows_whom_an_earlier_one_named(own_home: Path) -> None:
    (before,) = enriched(own_home, 2, "The director of the school, Peter Hallbrook, met parents on Monday in Mali.")
    (after,) = enriched(
        own_home, 3, "In Mali, parents waited. Director Hallbrook was late and Mr Hallbrook apologised."
    )
    (person,) = (entity for entity in before.entities if entity.id.startswith("person:"))
    assert person.id in after.concepts
    assert after.people == ("Peter Hallbrook",)
    assert "Peter Hallbrook" in after.labels["en"]

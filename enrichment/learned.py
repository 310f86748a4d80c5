"""People whom only the articles make known: one id for one of them, over articles, spellings and scripts.

An article's own ids are made of how a name sounds (:func:`enrichment.entities.learned_id`). That is the same for one
person's spellings, and for other people's names too, so here the corpus confirms it: a name is somebody's who was
named before if it sounds the same, is spelled alike where both are in one script, and is named in articles about one
of the same countries; otherwise it is somebody new, ``person:~nkl-brxf~2``. A surname alone is the one person of that
name who was named in full, in articles on one of the same countries. Who is meant is decided batch by batch, in the
order in which a batch's articles were published, and never changed afterwards.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import SequenceMatcher
from typing import Protocol

from enrichment import known, sound
from enrichment.concepts import concept_ids, labels_of
from enrichment.entities import LEARNED_PERSON, called, is_surname
from enrichment.gazetteer import fold
from wirewatch.records import EnrichedArticle, Entity

ALIKE = 0.8
"""How alike two full names in one script must be (difflib's ratio) that sound the same."""
ENOUGH = 5
"""Consonants of a full name from which its sound alone tells it in another script."""


class Published(Protocol):
    """What says of an article when it was published."""

    @property
    def article(self) -> str:
        """Its id."""

    @property
    def at(self) -> datetime:
        """When it was published, or first seen where it does not say."""


def in_order(one: Published) -> tuple[datetime, str]:
    """Sorts articles by when they were published: in which order sites answered decides nothing."""
    return one.at, one.article


@dataclass(frozen=True)
class Named:
    """The learned people of an article, as far as it tells by itself."""

    article: str
    at: datetime
    """When it was published, or first seen where it does not say."""
    countries: frozenset[str]
    people: tuple[Entity, ...]

    @classmethod
    def of(cls, article: EnrichedArticle) -> Named:
        """What an article says of them."""
        return cls(
            article=article.id,
            at=article.published or article.first_seen,
            countries=frozenset(article.countries),
            people=tuple(entity for entity in article.entities if entity.id.startswith(LEARNED_PERSON)),
        )


@dataclass
class Person:
    """A learned person as the corpus knows them."""

    id: str
    seen: datetime
    """When they were last in the news."""
    spellings: Counter[str] = field(default_factory=Counter)
    """Of the full name."""
    countries: Counter[str] = field(default_factory=Counter)
    """Those that the articles are about."""

    @property
    def name(self) -> str:
        """The full name, in Latin letters where anybody wrote it so."""
        ranked = [spelling for spelling, _ in self.spellings.most_common()]
        return next((one for one in ranked if sound.script(one) == "latin"), ranked[0])

    def is_called(self, name: str, named: Named) -> bool:
        """Whether a full name that sounds the same is theirs."""
        if name in self.spellings:
            return True
        same_script = [other for other in self.spellings if sound.script(other) == sound.script(name)]
        if any(SequenceMatcher(None, fold(name), fold(other)).ratio() < ALIKE for other in same_script):
            return False
        return self.is_in_the_same_news(named) and (bool(same_script) or len(surname_key(self.id, full=True)) >= ENOUGH)

    def has_surname(self, word: str, named: Named) -> bool:
        """Whether a surname that sounds the same may be theirs."""
        surnames = [name.split()[-1] for name in self.spellings]
        alike = [
            SequenceMatcher(None, fold(word), fold(other)).ratio() >= ALIKE
            for other in surnames
            if sound.script(other) == sound.script(word)
        ]
        return self.is_in_the_same_news(named) and (not alike or any(alike))

    def is_in_the_same_news(self, named: Named) -> bool:
        """Whether an article is about a country that theirs are about."""
        return not named.countries.isdisjoint(self.countries)

    def add(self, entity: Entity, named: Named) -> None:
        """Take in an article."""
        self.spellings.update(full_names(entity))
        self.countries.update(named.countries)
        self.seen = max(self.seen, named.at)


def key(id_: str) -> str:
    """The id that the sound of the name alone gives: without the number of a namesake."""
    return LEARNED_PERSON + id_.removeprefix(LEARNED_PERSON).partition("~")[0]


def surname_key(id_: str, full: bool = False) -> str:
    """The consonants of a learned person's surname, or of the full name."""
    sounds = key(id_).removeprefix(LEARNED_PERSON).split("-")
    return "".join(sounds) if full else sounds[-1]


def full_names(entity: Entity) -> list[str]:
    """The spellings with more than one word."""
    return [spelling for spelling in entity.spellings if len(known.words(spelling)) > 1]


class People:
    """The learned people that the articles of a batch may name."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self.by_id = {person.id: person for person in people}
        self._by_key: dict[str, list[Person]] = defaultdict(list)
        self._by_surname: dict[str, list[Person]] = defaultdict(list)
        for person in self.by_id.values():
            self._index(person)

    def _index(self, person: Person) -> None:
        self._by_key[key(person.id)].append(person)
        self._by_surname[surname_key(person.id)].append(person)

    def recognise(self, articles: Iterable[Named]) -> dict[str, dict[str, Person]]:
        """Whom each article (id) means by its own ids of learned people; surnames that may be anybody's are left
        out.
        """
        articles = sorted(articles, key=in_order)
        found: dict[str, dict[str, Person]] = defaultdict(dict)
        for named in articles:
            for entity in named.people:
                if full_names(entity):
                    found[named.article][entity.id] = self._whose_name(entity, named)
        for named in articles:
            for entity in named.people:
                if is_surname(entity.id) and (person := self._whose_surname(entity, named)):
                    found[named.article][entity.id] = person
        return found

    def add(self, id_: str, entity: Entity, named: Named) -> Person:
        """Take in what an article says of the person of that id."""
        if id_ not in self.by_id:
            self.by_id[id_] = Person(id_, named.at)
            self._index(self.by_id[id_])
        self.by_id[id_].add(entity, named)
        return self.by_id[id_]

    def _whose_name(self, entity: Entity, named: Named) -> Person:
        namesakes = self._by_key[key(entity.id)]
        name = full_names(entity)[0]
        same = next((person for person in namesakes if person.is_called(name, named)), None)
        new = key(entity.id) + (f"~{len(namesakes) + 1}" if namesakes else "")
        return self.add(same.id if same else new, entity, named)

    def _whose_surname(self, entity: Entity, named: Named) -> Person | None:
        of_that_name = self._by_surname[surname_key(entity.id)]
        candidates = [one for one in of_that_name if one.has_surname(entity.spellings[0], named)]
        return candidates[0] if len(candidates) == 1 else None


def settled(article: EnrichedArticle, people: Mapping[str, Person]) -> EnrichedArticle:
    """An article with the ids and names that the corpus has for its learned people."""
    if not people:
        return article
    entities: dict[str, Entity] = {}
    for entity in article.entities:
        person = people.get(entity.id)
        id_, name = (person.id, person.name) if person else (entity.id, entity.name)
        before = entities.get(id_)
        entities[id_] = entity.model_copy(
            update={
                "id": id_,
                "name": name,
                "spellings": tuple(dict.fromkeys((*(before.spellings if before else ()), *entity.spellings))),
                "mentions": entity.mentions + (before.mentions if before else 0),
            }
        )
    ranked = tuple(sorted(entities.values(), key=lambda entity: -entity.mentions))
    events = tuple(
        event.model_copy(
            update={
                "sources": tuple(people[id_].id if id_ in people else id_ for id_ in event.sources),
                "targets": tuple(people[id_].id if id_ in people else id_ for id_ in event.targets),
            }
        )
        for event in article.events
    )
    concepts = concept_ids(article.countries, article.regions, article.topics, ranked, events)
    return article.model_copy(
        update={
            "entities": ranked,
            "people": called(ranked, "person"),
            "events": events,
            "concepts": concepts,
            "labels": labels_of(concepts, {entity.id: entity.name for entity in ranked}),
        }
    )

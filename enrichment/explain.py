"""Why an article is about what it is about: what the batches say of it, in words, and what binds it to its story.

Shown is what was stored, which is what search uses. What is not stored is read again from the article's text with the
data files of today: the words by which it names a region.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

from babel import Locale

from enrichment import concepts, geography, known, lexicon
from enrichment.documents import document
from enrichment.enrich import enriched
from enrichment.learned import Named, Person, settled
from enrichment.memory import Memory, Recalled, people, recall, recognise
from enrichment.pipelines import router
from enrichment.stories import NEAR, Facts
from wirewatch.batches import Batch, tries
from wirewatch.errors import UserError
from wirewatch.records import STORIES, Article, EnrichedArticle, IndexOutcome, Record, SourceRef, Story, Time
from wirewatch.settings import get_settings
from wirewatch.state import State

NEAREST = 5
"""Articles of the same story that are shown."""
LOOKED_AT = 100
"""Articles of a story that are compared with one of it, those first seen nearest to it in time."""


T = TypeVar("T")


class Reason(Record):
    """One thing that an article names or is about, and why."""

    concept: str
    """Concept id."""
    name: str
    why: tuple[str, ...]
    words: tuple[str, ...] = ()
    """What in the text says so."""


class Near(Record):
    """How near an article is to another one, or to a story."""

    nearness: float
    """From :attr:`Belongs.enough` on they belong together."""
    meaning: float
    """The cosine of their vectors, which is that before common countries and rare names are counted."""
    countries: tuple[str, ...] = ()
    """Names of the countries that both are about."""
    names: tuple[str, ...] = ()
    """Rare names that both have."""


class Neighbour(Record):
    """Another article of the same story."""

    id: str
    title: str
    url: str
    source: SourceRef
    language: str | None
    at: Time
    days: int
    """From the article to this one."""
    near: Near


class Belongs(Record):
    """The story that an article belongs to, and what binds it to the others."""

    story: Story
    enough: float = NEAR
    """Nearness from which an article joins a story."""
    was: str | None = None
    """Id of the story that it was told as, before that became part of this one."""
    near: Near | None = None
    """How near it is to all :attr:`looked_at` together; None where there are none."""
    looked_at: int = 0
    """Other articles of the story that were compared with it."""
    neighbours: tuple[Neighbour, ...] = ()
    """The nearest of them."""
    next: Story | None = None
    """Of the other stories, the one nearest to it, and how near that is."""
    next_nearness: float = 0.0


class Explanation(Record):
    """An article, and why it is found as it is."""

    article: EnrichedArticle
    batch: str
    """Name of the batch that has it."""
    at: datetime | None
    """When that was enriched; None where this is what it would be now."""
    indexed: IndexOutcome | None
    """What the index said to it the last time that it was tried; None before that."""
    language: str
    """English name of its language."""
    entities: tuple[Reason, ...]
    countries: tuple[Reason, ...]
    regions: tuple[Reason, ...]
    topics: tuple[Reason, ...]
    names: dict[str, str]
    """What those are called who take part in its events, by concept id."""
    story: Belongs | None


def explain(batch: Batch, id: str, language: str = "en", *, again: bool = False) -> Explanation:
    """Why an article is about what it is about.

    Args:
        batch: of the stage ``articles``, the one that has its latest text.
        id: the article's.
        language: one of :data:`~enrichment.lexicon.ANALYST_LANGUAGES`, for the names of things.
        again: enrich it now, as the data files of today would have it; its story stays the one that is remembered.

    Raises:
        UserError: it is not enriched yet, or the language is none of those.
    """
    if language not in lexicon.ANALYST_LANGUAGES:
        raise UserError(f"There are no names in {language}: take one of {', '.join(lexicon.ANALYST_LANGUAGES)}.")
    stored = batch.next("enriched")
    article = _last(stored.find(EnrichedArticle, [id])) if stored.exists() else None
    if again:
        now, failed = _last(enriched(batch.find(Article, [id])))
        if failed:
            raise UserError(f"{now.url} cannot be enriched: `wirewatch -v explain {id} --again` shows the error.")
        article = now.model_copy(update={"story_id": article.story_id if article else None})
    if article is None:
        raise UserError(
            f"The article {id} is in the batch {batch.name}, which waits to be enriched: `wirewatch enrich`."
        )
    with Memory(get_settings().state).alone(batch.root) as remembered:
        if again:
            article = settled(article, recognise(remembered, [Named.of(article)]).get(id, {}))
        learned = people(remembered, [Named.of(article)]).by_id
        recalled = recall(remembered, Facts.of(article))
    taking_part = dict.fromkeys(actor for event in article.events for actor in (*event.sources, *event.targets))
    called = {entity.id: entity.name for entity in article.entities}
    return Explanation(
        article=article,
        batch=batch.name,
        at=None if again else datetime.fromisoformat(stored.manifest().created),
        indexed=_indexed(batch, id),
        language=str(Locale("en").languages.get(article.language or "", article.language)),
        entities=tuple(_entities(article, language, learned)),
        countries=tuple(_countries(article, language)),
        regions=tuple(_regions(article, language)),
        topics=tuple(_topics(article, language)),
        names={actor: _name(actor, language, called) for actor in taking_part},
        story=_story(article, stored, recalled, language) if article.embedding else None,
    )


def _indexed(batch: Batch, id: str) -> IndexOutcome | None:
    said = [outcome for receipt in tries(batch.next("indexed")) for outcome in receipt.find(IndexOutcome, [id])]
    return said[-1] if said else None


def _last(versions: Iterable[T]) -> T:
    """Of an article that is in a batch several times the last version counts."""
    *_, last = versions
    return last


def _name(concept: str, language: str, called: Mapping[str, str] = MappingProxyType({})) -> str:
    """What people are shown for a concept: as the data files have it, else as the article has it ``called``."""
    for shown in (language, "en"):
        if label := concepts.label(concept, shown):
            return label.partition(", ")[0]
    return called.get(concept) or concept.partition(":")[2]


def _country(code: str, language: str) -> str:
    return _name(f"country:{code}", language)


def _entities(article: EnrichedArticle, language: str, learned: Mapping[str, Person]) -> Iterator[Reason]:
    for entity in article.entities:
        kind = entity.id.partition(":")[0]
        times = "once" if entity.mentions == 1 else f"{entity.mentions} times"
        why = "known" if kind == "place" else "learned from the text"
        if told := known.get(entity.id):
            country = (_country(told.country, language),) if told.country else ()
            item = (f"Wikidata {told.wikidata}",) if told.wikidata else ()
            why = "known: " + ", ".join((told.roles, *country, *item))
        elif person := learned.get(entity.id):
            others = [name for name, _ in person.spellings.most_common() if name not in entity.spellings]
            why = f"learned; elsewhere {', '.join(others)}" if others else "learned from the articles"
        name = _name(entity.id, language, {entity.id: entity.name})
        yield Reason(concept=entity.id, name=name, why=(f"{kind}, named {times}", why), words=entity.spellings)


def _countries(article: EnrichedArticle, language: str) -> Iterator[Reason]:
    for found in article.countries_found:
        about = "about it" if found.about else "merely named"
        why = f"{about}, salience {found.salience:.2f}"
        yield Reason(
            concept=f"country:{found.code}", name=_country(found.code, language), why=(why,), words=found.words
        )


def _regions(article: EnrichedArticle, language: str) -> Iterator[Reason]:
    """What in the text names each region, or which of the article's countries, else named regions, lie in it."""
    text = document(router(), article).text if article.regions else ""
    named: dict[str, list[str]] = defaultdict(list)
    for mention in geography.regions_in(text, article.language or ""):
        if (word := text[mention.start : mention.end]) not in named[mention.code]:
            named[mention.code].append(word)
    for region in article.regions:
        countries = [_country(code, language) for code in article.countries if region in geography.region_chain(code)]
        inside = countries or [
            _name(f"region:{one}", language) for one in named if region in geography.region_chain(one)
        ]
        words = tuple(named.get(region, ()))
        why = "named" if words else f"has {', '.join(inside)}" if inside else "named when it was enriched"
        yield Reason(concept=f"region:{region}", name=_name(f"region:{region}", language), why=(why,), words=words)


def _topics(article: EnrichedArticle, language: str) -> Iterator[Reason]:
    for found in article.topics_found:
        why = [f"score {found.score:.2f}" + ("" if found.words else ", by its meaning alone")]
        if found.id in lexicon.lexicon():
            why.append(lexicon.lexicon()[found.id].iptc)
            if above := lexicon.ancestors(found.id):
                why.append("under " + ", ".join(_name(f"topic:{topic}", language) for topic in above))
        else:
            why.append("no longer in topics.yml")
        concept = f"topic:{found.id}"
        yield Reason(concept=concept, name=_name(concept, language), why=tuple(why), words=found.words)


def _story(article: EnrichedArticle, stored: Batch, recalled: Recalled, language: str) -> Belongs | None:
    facts = Facts.of(article)
    # One that is long over is forgotten: then it is as it was told.
    told = recalled.own.record() if recalled.own else _as_told(article, stored)
    if told is None:
        return None
    others = _others(article, recalled.members, stored.root)
    called = {entity.id: entity.name for entity in article.entities}

    def near(some: Sequence[EnrichedArticle]) -> Near:
        tie = recalled.stories.why(facts, [Facts.of(other) for other in some])
        return Near(
            nearness=round(tie.nearness, 3),
            meaning=round(tie.cosine, 3),
            countries=tuple(_country(code, language) for code in sorted(tie.countries)),
            names=tuple(_name(name, language, called) for name in sorted(tie.names)),
        )

    neighbours = [_neighbour(other, facts.at, near([other])) for other in others]
    nearness, further = next((one for one in recalled.near if one[1].id != told.id), (0.0, None))
    return Belongs(
        story=told,
        was=article.story_id if article.story_id != told.id else None,
        near=near(others) if others else None,
        looked_at=len(others),
        neighbours=tuple(sorted(neighbours, key=lambda one: -one.near.nearness)[:NEAREST]),
        next=further.record() if further else None,
        next_nearness=round(nearness, 3),
    )


def _as_told(article: EnrichedArticle, stored: Batch) -> Story | None:
    """The article's story after its own batch."""
    return next((story for story in stored.lines(Story, STORIES) if story.id == article.story_id), None)


def _others(article: EnrichedArticle, members: Iterable[str], root: str) -> list[EnrichedArticle]:
    """The articles of a story but this one, with their latest text; of many those first seen nearest to it."""
    state = State(get_settings().state)
    state.catch_up(root)
    rows = [row for id, row in state.known(members).items() if id != article.id]
    by_batch: dict[str, list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: abs(row.first_seen - article.first_seen))[:LOOKED_AT]:
        by_batch[row.batch].append(row.id)
    found: dict[str, EnrichedArticle] = {}
    for name, ids in by_batch.items():
        batch = Batch(root, "enriched", name)
        if batch.exists():
            found |= {other.id: other for other in batch.find(EnrichedArticle, ids)}
    return [other for other in found.values() if other.embedding]


def _neighbour(other: EnrichedArticle, at: datetime, near: Near) -> Neighbour:
    other_at = Facts.of(other).at
    return Neighbour(
        id=other.id,
        title=other.title,
        url=other.url,
        source=other.source,
        language=other.language,
        at=other_at,
        days=(other_at.date() - at.date()).days,
        near=near,
    )

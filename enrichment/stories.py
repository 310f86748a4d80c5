"""Which articles tell of one event: each joins a story or founds one, over sites, days and languages.

An article is near to a story by meaning: the cosine of its vector with the story's centre, after the mean of its
language is taken from both. All vectors of one language lie close together (two French articles on different events
are nearer to each other than a French and an Arabic one on the same), and without that step languages decide, not
events: of 834 articles in eleven languages the nearest other one was of the same event in 77 %, and in 93 % with it.
Countries and rare names that both have, or have not, in common move that a little: :func:`nearness`.

Online single-pass clustering, as in topic detection and tracking (Allan, 2002): an article joins the nearest story that
is not further than :data:`NEAR` and was in the news within :data:`WINDOW`. Stories that grow together become one, and
the older keeps its id. The articles of a batch are taken in the order in which they were published: in which order
sites answered decides nothing.

Each article is compared with all stories that are in the news. That is one product of matrices for a hundred articles,
which says no more than which stories may be near (:meth:`Stories._may_be_near`); of those the rest is looked up, and
their nearness reckoned one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from enrichment.embedding import DIMENSIONS
from enrichment.learned import Person, in_order
from wirewatch.records import EnrichedArticle, Story

NEAR = 0.5
"""Nearness from which an article belongs to a story."""
ALIKE = 0.6
"""Nearness of two stories from which they are one."""
WINDOW = timedelta(days=7)
"""A story that had no article for so long is over."""
COUNTRIES = 0.1
"""What common countries add, and what having none in common takes away."""
NAMES = 0.05
"""What common rare names add."""
RARE = 0.05
"""Share of the stories that may have a name for it to be rare."""
USUAL = 5
"""Articles that the mean of all languages counts for in the mean of one: of a language that is hardly read, the mean
says more about its few articles than about the language."""
CANDIDATES = 10
"""Stories nearest by meaning that are looked at more closely."""
LOT = 128
"""Articles compared with all stories at once. What changed since by some of them is compared with the next ones too."""
BLOCK = 8192
"""Stories whose cosines with a lot are in memory at once (4 MB)."""
MARGIN = 1e-4
"""More than rounding can make of the difference of two cosines, once in a product of matrices, which rounds by
processor, threads and block, and once by themselves: each of the four is right to 384 × 2⁻²⁴ = .000023."""

T = TypeVar("T")
Vector = NDArray[np.float32]
Matrix = NDArray[np.float32]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Facts:
    """What of an article decides which story it belongs to."""

    article: str
    title: str
    language: str
    source: str
    first_seen: datetime
    at: datetime
    """When it was published, or first seen where it does not say."""
    vector: Vector | None
    countries: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def meaning(self, people: Mapping[str, Person]) -> Facts:
        """The same with the ids that the corpus has for the article's own ones."""
        return replace(self, names=frozenset(people[name].id if name in people else name for name in self.names))

    @classmethod
    def of(cls, article: EnrichedArticle) -> Facts:
        """The facts of an article."""
        return cls(
            article=article.id,
            title=article.title,
            language=article.language or "",
            source=article.source.id,
            first_seen=article.first_seen,
            at=article.published or article.first_seen,
            vector=np.asarray(article.embedding, dtype=np.float32) if article.embedding else None,
            countries=frozenset(article.countries),
            names=frozenset(entity.id for entity in article.entities),
        )


@dataclass
class Told:
    """A story as it is remembered."""

    id: str
    title: str
    nearest: float
    """Nearness of the article that gave the title."""
    first_seen: datetime
    last_seen: datetime
    begun: datetime
    """When its first article was published, and its last one."""
    ended: datetime
    centre: Vector
    """Sum of the centred unit vectors of its articles."""
    articles: int = 0
    countries: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    merged_into: str | None = None

    @classmethod
    def of(cls, first: Facts, id: str = "") -> Told:
        """The story that an article begins, before it is taken in; its id is the article's where none is given."""
        centre, seen, at = np.zeros(DIMENSIONS, dtype=np.float32), first.first_seen, first.at
        return cls(id or first.article, first.title, -1.0, seen, seen, at, at, centre)

    def add(self, facts: Facts, vector: Vector) -> None:
        """Take in an article, with its centred vector."""
        self.articles += 1
        self.centre = self.centre + vector
        self.countries.update(facts.countries)
        self.names.update(facts.names)
        self.languages[facts.language] += 1
        self.sources[facts.source] += 1
        self.first_seen, self.last_seen = min(self.first_seen, facts.first_seen), max(self.last_seen, facts.first_seen)
        self.begun, self.ended = min(self.begun, facts.at), max(self.ended, facts.at)
        if (near := float(_unit(self.centre) @ vector)) > self.nearest or self.articles == 1:
            self.title, self.nearest = facts.title, near

    def take_over(self, other: Told) -> None:
        """Become one with a younger story."""
        self.articles += other.articles
        self.centre = self.centre + other.centre
        for mine, theirs in (
            (self.countries, other.countries),
            (self.names, other.names),
            (self.languages, other.languages),
            (self.sources, other.sources),
        ):
            mine.update(theirs)
        self.first_seen = min(self.first_seen, other.first_seen)
        self.last_seen = max(self.last_seen, other.last_seen)
        self.begun, self.ended = min(self.begun, other.begun), max(self.ended, other.ended)
        other.merged_into = self.id

    def about(self) -> dict[str, float]:
        """By country, the share of the articles that are about it."""
        return {code: times / self.articles for code, times in self.countries.items()}

    def record(self) -> Story:
        """As others see it."""
        return Story(
            id=self.id,
            title=self.title,
            size=self.articles,
            languages=tuple(code for code, _ in self.languages.most_common()),
            sources=tuple(id for id, _ in self.sources.most_common()),
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            merged_into=self.merged_into,
        )


@dataclass(frozen=True)
class Tie:
    """How near an article is to a story, and by what."""

    nearness: float
    """From :data:`NEAR` on it belongs to it."""
    cosine: float
    countries: frozenset[str]
    """Codes of the countries that both are about."""
    names: frozenset[str]
    """Ids of the rare names that both have."""


@dataclass
class Languages:
    """The mean vector of each language, of all articles that were read so far."""

    sums: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, facts: Iterable[Facts]) -> None:
        """Take in articles."""
        for one in facts:
            if one.vector is not None:
                self.sums[one.language] = self.sums.get(one.language, np.zeros(DIMENSIONS)) + one.vector
                self.counts[one.language] += 1

    def centred(self, facts: Facts) -> Vector:
        """The unit vector of an article, seen from the mean of its language."""
        if facts.vector is None:
            return np.zeros(DIMENSIONS, dtype=np.float32)
        every = sum(self.sums.values(), np.zeros(DIMENSIONS)) / max(1, self.counts.total())
        own = self.sums.get(facts.language, np.zeros(DIMENSIONS))
        mean = (own + USUAL * every) / (self.counts[facts.language] + USUAL)
        return _unit(facts.vector - mean)


def _unit(vector: NDArray[Any]) -> Vector:
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 1e-6 else vector, dtype=np.float32)


def units(vectors: Matrix) -> Matrix:
    """The unit vector of each, to the last bit that of :func:`_unit`."""
    lengths = np.sqrt(np.vecdot(vectors, vectors))
    lengths[lengths <= 1e-6] = 1
    return np.asarray(vectors / lengths[:, np.newaxis], dtype=np.float32)


def nearness(cosine: float, countries: Mapping[str, float], others: Mapping[str, float], rare: bool) -> float:
    """The cosine of two centred vectors, with what countries and names add or take away.

    Args:
        cosine: of an article and a story, or of two stories.
        countries: by code, the share of the articles that are about the country: 1 for those of a single article.
        others: the same of the other story.
        rare: whether they have a rare name in common.
    """
    if countries and others:
        common = max(min(share, others.get(code, 0.0)) for code, share in countries.items())
        cosine += COUNTRIES * (2 * common - 1)
    return cosine + NAMES * rare


@dataclass(frozen=True)
class Remembered:
    """All stories that are in the news: what finds them, and how the rest of some is looked up."""

    ids: list[str]
    centres: Matrix
    """The unit vector of each, in the order of the ids, and rows to spare for new ones."""
    common: Counter[str]
    """By name, how many of them have it."""
    look_up: Callable[[Iterable[str]], Iterable[Told]]

    @classmethod
    def of(cls, told: Iterable[Told]) -> Remembered:
        """Stories that are at hand."""
        by_id = {story.id: story for story in told}
        centres = room(len(by_id))
        for place, story in enumerate(by_id.values()):
            centres[place] = _unit(story.centre)
        common = Counter(name for story in by_id.values() for name in story.names)
        return cls(list(by_id), centres, common, lambda ids: (by_id[id] for id in ids))


def room(stories: int) -> Matrix:
    """Rows for the unit vectors of so many stories, and for as many new ones: memory is taken when they are filled."""
    return np.empty((2 * stories + CANDIDATES, DIMENSIONS), dtype=np.float32)


class Stories:
    """The stories that are in the news, to be told apart for a batch of articles."""

    def __init__(self, remembered: Remembered | None = None, languages: Languages | None = None) -> None:
        remembered = remembered or Remembered.of(())
        self.languages = languages or Languages()
        self.changed: set[str] = set()
        self._told: dict[str, Told] = {}
        """Those that were looked up, and new ones."""
        self._look_up = remembered.look_up
        self._common = remembered.common
        self._ids = remembered.ids
        self._places = {id: place for place, id in enumerate(self._ids)}
        self._centres = remembered.centres
        self._moves: list[int] = []
        """Places of the stories that changed, one change after the other."""

    def __contains__(self, id: object) -> bool:
        return id in self._places

    def told(self, id: str) -> Told:
        """The story of that id.

        Raises:
            KeyError: it is not in the news.
        """
        self._prepare([self._places[id]])
        return self._told[id]

    def assign(self, articles: Sequence[Facts], known: Mapping[str, str]) -> dict[str, str]:
        """The story of each article, by its id.

        Args:
            articles: of one batch, in any order.
            known: the stories of those that were read before: an article stays in its story.
        """
        before = len(self._ids)
        new = sorted((one for one in articles if one.article not in known), key=in_order)
        self.languages.add(new)
        found = dict(known)
        for lot in _lots(new):
            arounds = self._around([self.languages.centred(facts) for facts in lot], NEAR - COUNTRIES - NAMES)
            for facts, around in zip(lot, arounds, strict=True):
                if facts.article not in found:
                    near, story = max(self._nearest(facts, around), default=(0.0, ""))
                    found[facts.article] = self.join(facts, story if near >= NEAR else facts.article)
        for younger, older in self._grown_together(before):
            self.merge(older, younger)
            found = {article: older if story == younger else story for article, story in found.items()}
        return {facts.article: found[facts.article] for facts in articles}

    def why(self, facts: Facts, others: Sequence[Facts]) -> Tie:
        """How near an article is to a story that has these others, reckoned as when it joined one."""
        story = Told.of(others[0])
        for other in others:
            story.add(other, self.languages.centred(other))
        cosine = float(_unit(story.centre) @ self.languages.centred(facts))
        common = facts.countries & story.countries.keys()
        return Tie(self._nearness(facts, story, cosine), cosine, common, self._rare(facts.names, story))

    def near(self, facts: Facts) -> list[tuple[float, str]]:
        """The stories that are nearest to an article and were in the news then: nearness and id of each."""
        if facts.vector is None:
            return []
        (around,) = self._around([self.languages.centred(facts)], -1.0)
        return self._nearest(facts, around)

    def records(self) -> list[Story]:
        """The stories that changed, those last that became part of another."""
        changed = [self._told[id] for id in sorted(self.changed)]
        return [story.record() for story in sorted(changed, key=lambda story: story.merged_into is not None)]

    def join(self, facts: Facts, id: str) -> str:
        """Make an article part of the story of that id, its first one if there is none; returns the id."""
        if id not in self:
            self._told[id] = Told.of(facts, id)
            self._places[id] = len(self._ids)
            self._ids.append(id)
            if len(self._ids) > len(self._centres):
                self._centres = np.vstack([self._centres, np.empty_like(self._centres)])
        story = self.told(id)
        self._common.update(name for name in facts.names if name not in story.names)
        story.add(facts, self.languages.centred(facts))
        self._moved(story)
        return id

    def merge(self, older: str, younger: str) -> None:
        """Make two stories one. One that is no longer in the news is left as it is."""
        if older in self and younger in self:
            self.told(older).take_over(self.told(younger))
            self._moved(self.told(older))
            self._centres[self._places[younger]] = 0  # near to nothing
            self.changed.add(younger)

    def _moved(self, story: Told) -> None:
        place = self._places[story.id]
        self._centres[place] = _unit(story.centre)
        self._moves.append(place)
        self.changed.add(story.id)

    def _nearest(self, facts: Facts, around: Iterable[tuple[Told, float]]) -> list[tuple[float, str]]:
        return [
            (self._nearness(facts, story, cosine), story.id)
            for story, cosine in around
            if _in_time(story, facts.at, facts.at)
        ]

    def _nearness(self, facts: Facts, story: Told, cosine: float) -> float:
        about = dict.fromkeys(facts.countries, 1.0)
        return nearness(cosine, about, story.about(), bool(self._rare(facts.names, story)))

    def _grown_together(self, before: int) -> Iterator[tuple[str, str]]:
        """Stories that turned out to be one: the younger's id and the older's, one pair after the other. The first
        ``before``, which were there before this batch and readers may know, are older than any of the batch.
        """
        least = ALIKE - COUNTRIES - NAMES
        for lot in _lots([self._told[id] for id in sorted(self.changed)]):
            moves = len(self._moves)
            for story, around in zip(lot, self._around([_unit(story.centre) for story in lot], least), strict=True):
                if self._places[story.id] in self._moves[moves:]:  # it took over another: it has a centre of its own
                    (around,) = self._around([_unit(story.centre)], least)
                for other, cosine in around:
                    near = nearness(cosine, story.about(), other.about(), bool(self._rare(story.names, other)))
                    alike = near >= ALIKE and _in_time(other, story.begun, story.ended)
                    if alike and other is not story and not story.merged_into:
                        older, younger = sorted(
                            (story, other), key=lambda one: (self._places[one.id] >= before, one.begun, one.id)
                        )
                        yield younger.id, older.id

    def _around(self, vectors: Sequence[Vector], least: float) -> Iterator[list[tuple[Told, float]]]:
        """For each vector, when its turn comes, the stories nearest by meaning as they are then, with their cosines,
        the nearest first. What is further than ``least`` may be missing.
        """
        moves, found = len(self._moves), self._may_be_near(np.stack(vectors), least)
        self._prepare(set[int]().union(*found))
        for vector, places in zip(vectors, found, strict=True):
            some = sorted(places.union(self._moves[moves:]))
            cosines = np.vecdot(self._centres[some], vector)
            nearest = sorted(zip(-cosines, (self._ids[place] for place in some), strict=True))
            stories = ((self._told[id], float(-cosine)) for cosine, id in nearest)
            yield [(story, cosine) for story, cosine in stories if not story.merged_into][:CANDIDATES]

    def _may_be_near(self, vectors: Matrix, least: float) -> list[set[int]]:
        """For each vector, the places of the stories that may be among the nearest and not further than ``least``."""
        stories = len(self._ids)
        found = [_Largest(least) for _ in vectors]
        for first in range(0, stories, BLOCK):
            cosines = vectors @ self._centres[first : min(first + BLOCK, stories)].T
            for largest, some in zip(found, cosines, strict=True):
                largest.add(first, some)
        return [set(largest.places.tolist()) for largest in found]

    def _prepare(self, places: Iterable[int]) -> None:
        """Look up the stories at these places."""
        ids = [id for id in (self._ids[place] for place in places) if id not in self._told]
        self._told |= {story.id: story for story in self._look_up(ids)}

    def _rare(self, names: Iterable[str], story: Told) -> frozenset[str]:
        """The names that are in a third of a story's articles, and in few stories."""
        most = max(3.0, RARE * len(self._ids))
        return frozenset(
            name for name in names if 3 * story.names[name] >= story.articles and self._common[name] <= most
        )


class _Largest:
    """The places of the :data:`CANDIDATES` largest of many cosines, and of those that only rounding tells from them."""

    def __init__(self, least: float) -> None:
        self.places: Places = np.empty(0, dtype=np.intp)
        self._cosines: Vector = np.empty(0, dtype=np.float32)
        self._least = least - MARGIN

    def add(self, first: int, cosines: Vector) -> None:
        """Look at further ones, the first of them at that place."""
        if len(places := np.flatnonzero(cosines >= self._least)):
            self.places = np.append(self.places, first + places)
            self._cosines = np.append(self._cosines, cosines[places])
            if len(self.places) > CANDIDATES:
                self._least = float(np.partition(self._cosines, -CANDIDATES)[-CANDIDATES]) - MARGIN
                kept = self._cosines >= self._least
                self.places, self._cosines = self.places[kept], self._cosines[kept]


def _lots(all_: Sequence[T]) -> Iterator[Sequence[T]]:
    return (all_[first : first + LOT] for first in range(0, len(all_), LOT))


def _in_time(story: Told, begun: datetime, ended: datetime) -> bool:
    return story.begun - WINDOW <= ended and begun <= story.ended + WINDOW

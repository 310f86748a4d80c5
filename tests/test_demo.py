"""The sharpest test: what a newcomer types, and what an analyst then finds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from enrichment.enrich import enrich
from search.index import index
from tests.forking import WIREWATCH, Forks
from tests.loopback import unused_ports
from tests.search.kibana.reading import QUIET, empty_panels
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.records import Article, Image, SourceRef, article_id, content_version, now
from wirewatch.settings import Settings

ROOT = Path(__file__).parents[1]
QUESTION = "Russia military cooperation Africa"
KQL = "Russia and military and cooperation and Africa"
EVENT = "events: { type: cooperate and contexts: military and countries: RU and regions: Africa }"
READERS_COPY = (
    Path(os.environ.get("WIREWATCH_EVAL", ROOT.parent / "shared/eval")) / "acceptance/tv5monde-algerie-russie.txt"
)


class Newcomer:
    """Types commands."""

    def __init__(self, forked: Forks) -> None:
        self.forked = forked

    def run(self, program: str, *arguments: str) -> str:
        done = self.forked.run(program, *arguments, environment=dict(os.environ, COLUMNS="200"))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def makes_the_demo(self) -> str:
        return self.run("from tests.newsroom.demo import main; main()")

    def finds(self, *arguments: str) -> list[dict[str, Any]]:
        hits: list[dict[str, Any]] = json.loads(self.run(WIREWATCH, "search", *arguments, "--json"))["hits"]
        return hits


def counts(settings: Settings, stage: str) -> dict[str, int]:
    """What the last batch of a stage says happened."""
    return batches.finished(settings.batches, stage)[-1].manifest().counts


def concepts(es: Elasticsearch, id: str) -> list[str]:
    """The concept ids of an article, as it lies in the index."""
    listed: list[str] = es.search(index="articles", query={"ids": {"values": [id]}})["hits"]["hits"][0]["_source"][
        "concepts"
    ]["ids"]
    return listed


@pytest.mark.timeout(600)
def test_the_demo_answers_the_analyst_and_a_second_run_fetches_only_what_changed(
    forked: Forks, settings: Settings, es: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREWATCH_NEWSROOM_PORT", str(unused_ports()))
    newcomer = Newcomer(forked)
    said = newcomer.makes_the_demo()
    for row in ("fetched", "new", "unchanged", "failed: http-403", "enriched", "indexed", "alerted", "Try next"):
        assert row in said
    first = counts(settings, "pages")
    articles = es.count(index="articles")["count"]
    assert articles >= 100
    assert set(empty_panels(es)) <= QUIET, "the panels of Kibana show something of the demo as they open"

    for arguments in (
        (QUESTION,),
        ("--kql", KQL),
        ("coopération militaire Russie Afrique",),
        ("التعاون العسكري الروسي الأفريقي",),
    ):
        best, *others = newcomer.finds(*arguments)
        assert "maghreb-matin" in best["url"] and "cooperation-militaire" in best["url"], arguments
        assert best["language"] == "fr" and best["published"].startswith("2023-02-27")
        assert {"country:RU", "region:Africa", "topic:military-cooperation"} <= {c["id"] for c in best["concepts"]}
        assert best["fragments"]
        assert all(hit["score"] < best["score"] for hit in others)

    events = newcomer.finds("--kql", EVENT)
    assert "maghreb-matin" in events[0]["url"]
    assert all("country:RU" in concepts(es, hit["id"]) for hit in events), "a filter, not a guess"

    newcomer.makes_the_demo()
    second = counts(settings, "pages")
    es.indices.refresh(index="articles")
    new, updated = counts(settings, "articles").get("new", 0), counts(settings, "articles").get("updated", 0)
    assert second["fetched"] == new + updated < first["fetched"] / 10
    assert es.count(index="articles")["count"] == articles + new
    assert es.count(index="articles", query={"term": {"revision": 2}})["count"] == updated > 0

    newcomer.makes_the_demo()
    assert counts(settings, "pages").get("fetched", 0) == 0
    assert es.count(index="articles")["count"] == articles + new

    if not READERS_COPY.exists():
        pytest.skip("no evaluation data: the reader's copy of the real article is not here")
    copy = readers_copy()
    batch = Batch(settings.batches, "articles", "20990101T000000Z-copy")
    with batches.write(batch) as out:
        out.add(copy)
    index(enrich(batch))
    for arguments in ((QUESTION,), ("--kql", KQL)):
        best_two = [hit["id"] for hit in newcomer.finds(*arguments)[:2]]
        assert copy.id in best_two, "the real article, and our own report of the same visit, come first"
        assert newcomer.finds(*arguments, "--source", "information.tv5monde.com")[0]["id"] == copy.id


def readers_copy() -> Article:
    """The real article as extraction has to give it: without the noise around it."""
    title, lead, *lines = [line for line in READERS_COPY.read_text(encoding="utf-8").splitlines() if line.strip()]
    noise = ("Image", "©", "Partager", "(RE)voir", "TV5 JWPlayer", "Chargement du lecteur")
    text = [line for line in lines if not line.startswith(noise)]
    caption, body = text[0], [line for line in text if line != text[0]]
    url = "https://information.tv5monde.com/afrique/lalgerie-et-la-russie-renforcent-leur-cooperation-militaire"
    return Article(
        id=article_id(url),
        url=url,
        source=SourceRef(id="information.tv5monde.com", name="TV5MONDE Info", country="FR"),
        title=title,
        lead=lead,
        body="\n\n".join(body),
        language="fr",
        images=(Image(url="https://information.tv5monde.com/image.jpg", caption=caption),),
        published=now().replace(year=2023, month=2, day=27),
        first_seen=now(),
        fetched=now(),
        version=content_version(title, lead, "\n\n".join(body)),
    )

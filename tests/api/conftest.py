"""The desk of the tests of the index, with the names that its articles have, behind the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch
from fastapi.testclient import TestClient

from api.app import app
from search.index import index, init
from search.node import Node
from tests.search.conftest import clean, desk, e5, enriched, make
from wirewatch.batches import Batch, write
from wirewatch.records import STORIES, Change, EnrichedArticle, Event, Image, Story
from wirewatch.settings import Settings, get_settings

__all__ = ["clean", "desk", "e5", "enriched", "make"]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'</em></p><style>*{display:none}</style>"
Room = dict[str, EnrichedArticle]


@pytest.fixture
def room(
    clean: Elasticsearch, desk: dict[str, EnrichedArticle], enriched: Callable[..., Batch]
) -> dict[str, EnrichedArticle]:
    """The articles, by name, as they are in the index."""
    patrushev = "person:nikolai-patrushev"

    def of(name: str, **facts: object) -> EnrichedArticle:
        return desk[name].model_copy(update=facts)

    articles = desk | {
        "algiers": of(
            "algiers",
            people=("Nikolai Patrushev",),
            concepts=(*desk["algiers"].concepts, patrushev),
            labels={code: (*labels, "Nikolai Patrushev") for code, labels in desk["algiers"].labels.items()},
        ),
        "wheat": of(
            "wheat",
            people=("Amina Okonkwaro",),
            title='=HYPERLINK("http://evil.example")\x07 & <wheat>',
            lead=f"{desk['wheat'].lead} So says Amina Okonkwaro.",
        ),
    }
    # Somebody whom only articles make known has an id made of the sound.
    learned = "person:~mhmt-xrm~2"
    articles["history"] = of(
        "history", people=("Mahamat Tchouroumi",), concepts=(*desk["history"].concepts, learned), labels={}
    )
    index(enriched(list(articles.values())), client=clean)
    return articles


@pytest.fixture(scope="module")
def paper(
    node: Settings, desk: Room, make: Callable[..., EnrichedArticle], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Room]:
    """For the pages, which only read, once for a module: the articles, an Arabic one that belongs to a story and was
    changed, a text and its copy, and what a hostile site sends.
    """
    folder = tmp_path_factory.mktemp("paper")
    url, user, password = Node(node).connection()
    ca, login = str(Node(node).ca), (user, password)
    with pytest.MonkeyPatch.context() as environment, Elasticsearch(url, basic_auth=login, ca_certs=ca) as client:
        environment.setenv("WIREWATCH_HOME", str(folder / "home"))
        environment.setenv("WIREWATCH_ELASTICSEARCH__URL", url)
        environment.setenv("WIREWATCH_ELASTICSEARCH__USER", user)
        environment.setenv("WIREWATCH_ELASTICSEARCH__PASSWORD", password)
        environment.setenv("WIREWATCH_ELASTICSEARCH__CA", ca)
        get_settings.cache_clear()
        for name in client.indices.get(index="*"):
            client.indices.delete(index=name)
        init(client)
        articles, story = _paper(desk, make)
        batch = Batch(folder.as_uri(), "enriched", "20261120T130000Z-a")
        with write(batch) as out:
            for article in articles.values():
                out.add(article)
            lines = folder / STORIES
            lines.write_text(story.model_dump_json() + "\n")
            out.add_file(STORIES, lines)
        index(batch, client=client)
        yield articles
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def web(paper: Room) -> TestClient:
    """The service over the articles for the pages."""
    return TestClient(app(["testserver"]))


def _paper(desk: Room, make: Callable[..., EnrichedArticle]) -> tuple[Room, Story]:
    story = desk["algiers"].id
    lead = "زار وفد روسي الجزائر."
    visit = Event(
        type="consult", mode="visit", contexts=("military",), sources=("country:RU",),
        targets=("country:DZ", "person:somebody"), countries=("RU", "DZ"), sentence=lead, words=("زار",),
    )  # fmt: skip
    title = "الجزائر وروسيا تبحثان التعاون العسكري"
    body = "بحث الجانبان تدريب الضباط.\n\nLes deux pays signeront un accord."
    arabic = make("http://e.example/jazair", "ar", title, lead, body, ("country:RU", "country:DZ"))
    quay = (
        "The minister of ports opened the new quay on Monday before some two hundred guests and a brass band. Ships "
        "of up to three hundred metres can now moor in the old harbour, which had been closed to them since a storm "
        "broke its mole nine winters ago. Fishermen asked when their own basin will be dredged. Work on it is to begin "
        "in spring, said the mayor, and should end before the sardines come. The bank that lent the money wants it "
        "back in twenty years, from the fees that each ship pays by its length."
    )
    hostile = make("http://evil.example/a", "en", f"Wheat {EVIL}", EVIL, f"Wheat wheat {EVIL}\n\n{EVIL}", ())
    images = (Image(url="javascript:alert(2)", caption=EVIL), Image(url="https://evil.example/i.png"))
    changes: dict[str, dict[str, object]] = {
        "algiers": {"story_id": story, "people": ("Nikolai Patrushev",)},
        "wheat": {"people": ("Amina Okonkwaro",), "body": f"{desk['wheat'].body} Amina Okonkwaro buys it."},
        "arabic": {
            "story_id": story,
            "people": ("Nikolai Patrushev",),
            "events": (visit,),
            "history": (Change(version="0", at=NOON, title=f"@@ -1 +1 @@\n-عنوان قديم\n+{title}"),),
        },
        "hostile": {
            "url": "javascript:alert(1)", "people": (EVIL,), "authors": (EVIL,), "tags": (EVIL,), "images": images
        },
    }  # fmt: skip
    articles = desk | {
        "arabic": arabic,
        "hostile": hostile,
        "quay": make("http://f.example/quay", "en", "New quay opens", "Ports.", quay, ()),
        "copy": make("http://g.example/quay", "en", "New quay opens", "Ports.", quay, ()),
    }
    told = Story(
        id=story, title="Arms", size=2, languages=("fr", "ar"), sources=("a.example", "e.example"),
        first_seen=NOON, last_seen=NOON + timedelta(hours=5),
    )  # fmt: skip
    return {name: one.model_copy(update=changes.get(name, {})) for name, one in articles.items()}, told

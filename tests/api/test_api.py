from __future__ import annotations

import csv
import io
import json

import feedparser
import pytest
from fastapi.testclient import TestClient

from api.app import app
from search import client as connection
from wirewatch.records import EnrichedArticle
from wirewatch.settings import get_settings

Room = dict[str, EnrichedArticle]
QUESTION = "Russia military cooperation Africa"


@pytest.fixture
def web(room: Room) -> TestClient:
    return TestClient(app(["testserver"]))


def test_a_question_in_words_is_answered_with_why_and_facets(web: TestClient, room: Room) -> None:
    found = web.get("/api/search", params={"q": QUESTION, "size": 2, "facets": ["countries", "days"]}).json()
    best = found["hits"][0]
    assert (best["id"], len(found["hits"])) == (room["algiers"].id, 2)
    assert [concept["label"] for concept in best["concepts"]] == ["Russia", "Africa", "military cooperation"]
    assert any("<em>coopération</em> <em>militaire</em>" in fragment for fragment in best["fragments"])
    assert {"value": "DZ", "label": "Algeria", "count": 1} in found["facets"]["countries"]
    assert {"value": "2024-02-24", "label": "2024-02-24", "count": 1} in found["facets"]["days"]
    second = web.get("/api/search", params={"q": QUESTION, "size": 1, "offset": 1}).json()
    assert second["hits"] == found["hits"][1:]


def test_kql_and_filters_and_order_are_as_asked(web: TestClient, room: Room) -> None:
    kql = {"kql": "Russia and military and cooperation and Africa", "sort": "newest"}
    assert web.get("/api/search", params=kql).json()["hits"][-1]["id"] == room["algiers"].id
    filters = {"kql": "*", "countries": ["DZ", "FR"], "languages": "fr", "since": "2026-01-01"}
    assert [hit["id"] for hit in web.get("/api/search", params=filters).json()["hits"]] == [room["bakery"].id]
    stories = {"kql": "*", "stories": room["wheat"].id, "fold": "stories"}
    assert [hit["id"] for hit in web.get("/api/search", params=stories).json()["hits"]] == [room["wheat"].id]


def test_a_person_is_found_by_any_spelling(web: TestClient, room: Room) -> None:
    for name in ("patrushev", "Nikolai Patrushev", "Patrouchev", "Николай Патрушев"):
        found = web.get("/api/search", params={"kql": "*", "people": name}).json()
        assert [hit["id"] for hit in found["hits"]] == [room["algiers"].id]


WRONG = (
    ({}, 400, "nothing to search for"),
    ({"q": " "}, 400, "nothing to search for"),
    ({"q": "a", "kql": "b"}, 400, "Ask one thing"),
    ({"kql": "(a and"}, 400, "line 1, character"),
    ({"similar": "0123"}, 400, "no article"),
    ({"q": "a", "offset": 10_000}, 400, "first 10000 hits"),
    ({"q": "a", "colour": "red"}, 422, "colour"),
    ({"q": "a", "facets": "colours"}, 422, "facets"),
    ({"q": "a", "since": "yesterday"}, 422, "since"),
)


def test_what_cannot_be_answered_is_said_with_the_way_out(web: TestClient) -> None:
    for params, status, says in WRONG:
        answer = web.get("/api/search", params=params)  # type: ignore[arg-type]
        assert (answer.status_code, says in answer.text) == (status, True), params
    assert web.get("/api/export", params={"kql": "(a and"}).status_code == 400


MEANT = (
    ({"q": "Amina Okonkvaro"}, "Amina Okonkwaro"),
    ({"q": "wheat of Оконкваро"}, "wheat of Amina Okonkwaro"),
    ({"q": "Patrusew in Algiers"}, "Nikolai Patrushev in Algiers"),
    # Too far in letters, alike in sound.
    ({"q": "Churumi"}, "Mahamat Tchouroumi"),
    ({"kql": "people: Okonkvaro and language: en"}, 'people: "Amina Okonkwaro" and language: en'),
)


def test_a_name_that_nothing_has_is_suggested_in_the_spelling_that_articles_have(web: TestClient) -> None:
    for params, question in MEANT:
        suggestions = web.get("/api/search", params=params).json()["suggestions"]
        assert [(one["question"], one["articles"]) for one in suggestions] == [(question, 1)]
        again = web.get("/api/search", params={name: question for name in params}).json()
        assert again["suggestions"] == []


def test_nothing_is_suggested_where_the_words_are_found_or_are_no_names(web: TestClient) -> None:
    for params in ({"q": QUESTION}, {"q": "wheat Okonkwaro"}, {"q": "xqzvb"}, {"kql": "title: nothing*"}):
        assert web.get("/api/search", params=params).json()["suggestions"] == []


def test_what_is_like_an_article_is_found_by_its_address(web: TestClient, room: Room) -> None:
    hits = web.get("/api/search", params={"similar": room["algiers"].url}).json()["hits"]
    assert hits[0]["id"] in {room["drills"].id, room["morocco"].id}


def test_all_hits_are_exported_as_lines_as_a_table_and_as_a_feed(
    web: TestClient, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PAGE", 3)
    params = {"kql": "*", "sort": "newest"}
    ids = [hit["id"] for hit in web.get("/api/search", params={**params, "size": 100}).json()["hits"]]
    lines = [json.loads(line) for line in web.get("/api/export", params=params).text.splitlines()]
    assert [line["id"] for line in lines] == ids and len(ids) == len(room)
    assert {line["id"]: line["body"] for line in lines}[room["algiers"].id] == room["algiers"].body

    table = web.get("/api/export", params={**params, "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == ids
    row = next(row for row in rows if row["id"] == room["wheat"].id)
    assert (row["countries"], row["title"][:12]) == ("RU; EG", "'=HYPERLINK(")
    assert "attachment" in table.headers["content-disposition"]

    answer = web.get("/api/export", params={**params, "format": "atom"})
    feed = feedparser.parse(answer.content)
    assert not feed.bozo and answer.headers["content-type"].startswith("application/atom+xml")
    assert [entry.id.rpartition(":")[2] for entry in feed.entries] == ids
    entry = next(entry for entry in feed.entries if entry.id.endswith(room["wheat"].id))
    assert (entry.title, entry.link) == ('=HYPERLINK("http://evil.example") & <wheat>', room["wheat"].url)


def test_an_article_is_told_by_id_or_address_without_its_vectors(web: TestClient, room: Room) -> None:
    algiers = room["algiers"]
    for name in (algiers.id, algiers.id[:9], algiers.url):
        document = web.get(f"/api/articles/{name}").json()
        assert (document["id"], document["body"]) == (algiers.id, algiers.body)
        assert document.keys().isdisjoint({"embedding", "passages", "bands"})
    missing = web.get("/api/articles/none-such")
    assert (missing.status_code, "no article" in missing.json()["detail"]) == (404, True)


def test_the_api_describes_itself_and_loads_nothing_from_elsewhere(web: TestClient) -> None:
    described = web.get("/api/openapi.json").json()
    alerts = {"/api/alerts", "/api/alerts/{name}", "/api/alerts/test"}
    assert described["paths"].keys() == {"/api/search", "/api/export", "/api/articles/{article}", *alerts}
    params = {one["name"]: one for one in described["paths"]["/api/search"]["get"]["parameters"]}
    assert "languages" in params and params["countries"]["description"].startswith("ISO 3166-1")
    assert "Results" in described["components"]["schemas"]
    assert web.get("/docs").status_code == web.get("/redoc").status_code == 404


def test_a_page_whose_name_leads_here_is_not_answered(web: TestClient) -> None:
    assert web.get("/api/search", params={"q": QUESTION}, headers={"Host": "evil.example"}).status_code == 400


def test_without_a_cluster_it_says_so(monkeypatch: pytest.MonkeyPatch, room: Room) -> None:
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__URL", "https://127.0.0.1:9")
    get_settings.cache_clear()
    answer = TestClient(app(["testserver"])).get("/api/search", params={"q": QUESTION})
    assert (answer.status_code, "does not answer" in answer.json()["detail"]) == (503, True)

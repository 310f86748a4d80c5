"""Alerts over HTTP: made, seen, changed, tried and deleted, by programs and by nobody else's pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from api.app import app
from search.alerts import store
from search.alerts.alert import Alert
from search.alerts.apply import add
from tests.search.alerts.telling import spoil
from wirewatch.records import EnrichedArticle
from wirewatch.settings import get_settings

WHEAT = {"name": "Wheat / maize", "kql": "wheat", "tell": ["desk"], "where": {"countries": ["EG"]}, "every": "day"}


@pytest.fixture
def web(clean: Elasticsearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    channels = tmp_path / "channels.yml"
    channels.write_text("- {name: desk, apprise: 'json://127.0.0.1:9'}\n")
    channels.chmod(0o600)
    monkeypatch.setenv("WIREWATCH_CHANNELS", str(channels))
    get_settings.cache_clear()
    return TestClient(app(["testserver"]))


def test_an_alert_is_made_seen_changed_and_deleted(web: TestClient, clean: Elasticsearch) -> None:
    assert web.get("/api/alerts").json() == []
    made = web.post("/api/alerts", json=WHEAT)
    assert made.status_code == 201
    kept = store.find(clean, WHEAT["name"])
    assert (kept.alert, kept.origin) == (Alert.model_validate(WHEAT), "api")
    shown = web.get("/api/alerts/Wheat / maize").json()
    assert shown == made.json() == web.get("/api/alerts").json()[0]
    assert (shown["alert"]["kql"], shown["paused"], shown["wrong"]) == ("wheat", False, [])

    changed = web.patch("/api/alerts/Wheat / maize", json={"sources": 3, "every": None, "where": {"topics": ["food"]}})
    assert changed.status_code == 200
    alert = store.find(clean, WHEAT["name"]).alert
    assert (alert.sources, alert.every, alert.where.topics, alert.where.countries) == (3, "run", ("food",), ())
    assert alert.kql == "wheat"
    web.patch("/api/alerts/Wheat / maize", json={"paused": True, "muted": "2099-01-01T00:00:00Z"})
    kept = store.find(clean, WHEAT["name"])
    assert (kept.paused, kept.muted and kept.muted.year) == (True, 2099)
    assert kept.alert == alert
    web.patch("/api/alerts/Wheat / maize", json={"muted": None})
    assert store.find(clean, WHEAT["name"]).muted is None

    assert web.delete("/api/alerts/Wheat / maize").status_code == 204
    assert web.get("/api/alerts/Wheat / maize").status_code == 404
    assert web.delete("/api/alerts/Wheat / maize").status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"tell": ["stdout"]}, 400, "`stdout` is the operator's"),
        ({"tell": ["file:/etc/passwd"]}, 400, "`file:/etc/passwd` is the operator's"),
        ({"tell": ["nobody"]}, 400, "nobody"),
        ({"tell": ["pigeon://x"]}, 422, "is no channel"),
        ({"zone": "Mars"}, 422, "no time zone"),
        ({"color": "red"}, 422, "color"),
        ({"clauses": [{"match_all": {}}]}, 400, "filter pills"),
    ],
)
def test_what_cannot_be_is_refused_when_made_and_when_changed(
    web: TestClient, fields: dict[str, Any], status: int, message: str
) -> None:
    refused = web.post("/api/alerts", json={"name": "A", "kql": "x", **fields})
    assert refused.status_code == status
    assert message in refused.text
    assert web.get("/api/alerts").json() == []
    web.post("/api/alerts", json={"name": "A", "kql": "x"})
    refused = web.patch("/api/alerts/A", json=fields)
    assert refused.status_code in (status, 400)
    assert message in refused.text
    assert web.get("/api/alerts/A").json()["alert"]["tell"] == []


def test_an_alert_must_ask_something_and_have_a_name_of_its_own(web: TestClient) -> None:
    assert "an alert needs a question" in web.post("/api/alerts", json={"name": "A"}).text
    web.post("/api/alerts", json={"name": "A", "kql": "x"})
    again = web.post("/api/alerts", json={"name": "A", "kql": "y"})
    assert again.status_code == 409
    assert "There is an alert named A already" in again.json()["detail"]
    assert web.patch("/api/alerts/A", json={"kql": None}).status_code == 400


def test_what_is_written_in_a_file_is_changed_there_but_can_be_muted(web: TestClient, clean: Elasticsearch) -> None:
    add(clean, Alert(name="F", kql="x", tell=["stdout"]), "file")
    for refused in (web.patch("/api/alerts/F", json={"kql": "y"}), web.delete("/api/alerts/F")):
        assert refused.status_code == 409
        assert "is written in a file" in refused.json()["detail"]
    assert web.patch("/api/alerts/F", json={"muted": "2099-01-01T00:00:00Z"}).status_code == 200


def test_one_that_cannot_be_read_is_shown_made_anew_and_deleted(web: TestClient, clean: Elasticsearch) -> None:
    spoil(clean, add(clean, Alert(name="B", kql="x"), "file"))
    [shown] = web.get("/api/alerts").json()
    assert shown.keys() == {"name", "wrong"}
    assert shown["name"] == "B"
    assert "cannot be read (zone: `Mars` is no time zone" in shown["wrong"][0]
    assert web.get("/api/alerts/B").json() == shown
    refused = web.patch("/api/alerts/B", json={"muted": None})
    assert (refused.status_code, "The alert B cannot be read" in refused.json()["detail"]) == (409, True)
    assert web.post("/api/alerts", json={"name": "B", "kql": "y"}).json()["alert"]["kql"] == "y"
    spoil(clean, store.find(clean, "B"))
    assert web.delete("/api/alerts/B").status_code == 204
    assert web.get("/api/alerts").json() == []


def test_a_channel_that_the_operator_gave_stays(web: TestClient, clean: Elasticsearch) -> None:
    add(clean, Alert(name="C", kql="x", tell=["stdout"]), "command")
    assert web.patch("/api/alerts/C", json={"sources": 2}).status_code == 200
    assert web.patch("/api/alerts/C", json={"tell": ["stdout", "desk"]}).status_code == 200
    assert web.patch("/api/alerts/C", json={"tell": ["stdout", "file:x"]}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_pages_of_other_sites_change_nothing(web: TestClient, headers: dict[str, str]) -> None:
    web.post("/api/alerts", json={"name": "A", "kql": "x"})
    for refused in (
        web.post("/api/alerts", json={"name": "B", "kql": "x"}, headers=headers),
        web.post("/api/alerts/test", json={"name": "B", "kql": "x"}, headers=headers),
        web.patch("/api/alerts/A", json={"kql": "y"}, headers=headers),
        web.delete("/api/alerts/A", headers=headers),
    ):
        assert refused.status_code == 403
        assert "another site" in refused.json()["detail"]
    assert [one["alert"]["kql"] for one in web.get("/api/alerts").json()] == ["x"]


def test_our_own_pages_may(web: TestClient) -> None:
    for number, headers in enumerate(({"sec-fetch-site": "same-origin"}, {"origin": "http://testserver"})):
        made = web.post("/api/alerts", json={"name": str(number), "kql": "x"}, headers=headers)
        assert made.status_code == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_could_send_is_refused(web: TestClient, kind: str) -> None:
    refused = web.post("/api/alerts", content='{"name": "A", "kql": "x"}', headers={"content-type": kind})
    assert refused.status_code in (403, 422)
    assert web.get("/api/alerts").json() == []


def test_an_alert_is_tried(web: TestClient, room: dict[str, EnrichedArticle]) -> None:
    """The articles were first seen too long ago to be counted, or not, by when this runs."""
    tried = web.post("/api/alerts/test", json={"name": "A", "about": "Russia ships wheat"})
    assert tried.status_code == 200
    assert len(tried.json()["notices"]) == 30
    broken = web.post("/api/alerts/test", json={"name": "A", "kql": "(a and"})
    assert broken.status_code == 400
    assert "line 1:" in broken.json()["detail"]
    assert web.get("/api/alerts").json() == []


def test_the_endpoints_are_described(web: TestClient) -> None:
    described = web.get("/api/openapi.json").json()
    Draft202012Validator.check_schema(described["components"]["schemas"]["Alert"])
    paths = described["paths"]
    assert paths["/api/alerts"].keys() == {"get", "post"}
    assert paths["/api/alerts/{name}"].keys() == {"get", "patch", "delete"}
    assert "403" in paths["/api/alerts/test"]["post"]["responses"]
    fields = described["components"]["schemas"]["Changes"]["properties"]
    assert fields.keys() == Alert.model_fields.keys() - {"name"} | {"paused", "muted"}

"""What is put into Kibana: in the shapes that it takes, naming fields that exist, with queries that parse."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from search.health.history import INDEX
from search.index import init
from search.kibana.objects import saved_objects
from search.kibana.setup import ndjson, setup
from wirewatch.errors import UserError
from wirewatch.settings import get_settings

SEARCH_KEYS = {
    "title", "description", "columns", "sort", "grid", "hideChart", "isTextBasedQuery", "kibanaSavedObjectMeta",
}  # fmt: skip


class FakeKibana(BaseHTTPRequestHandler):
    """Answers in Kibana's shapes; starting for the first two requests, as a real one does."""

    asked: list[tuple[str, dict[str, str], bytes]]

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers), b""))
        level = "available" if len(self.asked) > 2 else "unavailable"
        self._answer(200, {"status": {"overall": {"level": level}}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, dict(self.headers), body))
        if "kbn-xsrf" not in self.headers:
            self._answer(400, {"message": "Request must contain a kbn-xsrf header."})
        elif self.server.refuses:  # type: ignore[attr-defined]
            error = {"type": "search", "id": "wirewatch-x", "error": {"type": "missing_references"}}
            self._answer(200, {"success": False, "successCount": 0, "errors": [error]})
        else:
            lines = [line for line in body.splitlines() if line.startswith(b"{")]
            self._answer(200, {"success": True, "successCount": len(lines)})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def kibana(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    FakeKibana.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeKibana)
    server.refuses = False  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("KIBANA_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__USER", "elastic")
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__PASSWORD", "secret")
    get_settings.cache_clear()
    yield server
    server.shutdown()
    server.server_close()
    get_settings.cache_clear()


def test_setup_waits_for_kibana_and_imports_everything_over_what_is_there(kibana: ThreadingHTTPServer) -> None:
    assert setup(wait=5) == len(saved_objects())
    path, headers, _ = FakeKibana.asked[-1]
    assert path == "/api/saved_objects/_import?overwrite=true"
    assert headers["Authorization"].startswith("Basic ")


def test_what_kibana_does_not_take_is_named(kibana: ThreadingHTTPServer) -> None:
    kibana.refuses = True  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="wirewatch-x: missing_references"):
        setup(wait=5)


def test_without_a_kibana_the_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIBANA_URL", "http://127.0.0.1:9")
    get_settings.cache_clear()
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9"):
        setup(wait=0.1)
    get_settings.cache_clear()


def test_the_export_is_one_object_a_line_with_versions_and_references_that_exist() -> None:
    objects = [json.loads(line) for line in ndjson().splitlines()]
    ids = {(found["type"], found["id"]) for found in objects}
    for found in objects:
        assert found["coreMigrationVersion"] and found["typeMigrationVersion"]
        assert {(ref["type"], ref["id"]) for ref in found["references"]} <= ids
        if found["type"] == "search":
            assert set(found["attributes"]) == SEARCH_KEYS


def test_data_views_are_of_indices_that_have_their_time_and_what_they_leave_out(es: Elasticsearch) -> None:
    init(es)
    es.indices.create(index=INDEX)
    views = [found["attributes"] for found in saved_objects() if found["type"] == "index-pattern"]
    assert {view["title"] for view in views} == {"articles", INDEX}
    for view in views:
        left_out = [hidden["value"] for hidden in json.loads(view.get("sourceFilters", "[]"))]
        types = es.field_caps(index=view["title"], fields=[view["timeFieldName"], *left_out])["fields"]
        assert "date" in types[view["timeFieldName"]]
        assert types.keys() >= set(left_out)


def test_the_saved_search_without_copies_finds_no_copy(es: Elasticsearch) -> None:
    init(es)
    for article in ({"id": "1"}, {"id": "2", "duplicate_of": "1"}):
        es.index(index="articles", id=article["id"], document=article, refresh=True)
    (found,) = [found for found in saved_objects() if found["id"] == "wirewatch-articles-without-copies"]
    hits = es.search(index="articles", query={"kql": {"query": kql(found)}})["hits"]["hits"]
    assert [hit["_id"] for hit in hits] == ["1"]


def kql(search: dict[str, Any]) -> str:
    return str(json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"])


def test_saved_searches_name_fields_of_the_index_and_queries_that_parse(es: Elasticsearch) -> None:
    init(es)
    for found in saved_objects():
        if found["type"] == "search":
            names = [*found["attributes"]["columns"], *(field for field, _ in found["attributes"]["sort"])]
            known = es.field_caps(index="articles", fields=names)["fields"]
            assert set(names) - {"_score"} <= set(known)
            es.search(index="articles", query={"kql": {"query": kql(found)}})

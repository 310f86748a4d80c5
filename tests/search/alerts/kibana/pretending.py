"""A Kibana that has saved objects and answers `_find` in Kibana's shapes."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

VIEW = "wirewatch-articles"
TAG = "wirewatch-alert"


def pill(query: dict[str, Any], **meta: Any) -> dict[str, Any]:
    """A filter pill."""
    said = {"alias": None, "disabled": False, "negate": False, "index": VIEW, "type": "custom", **meta}
    return {"$state": {"store": "appState"}, "meta": said, "query": query}


class Kibana:
    """On loopback; ``kibana.objects`` is what it has, by type and id."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.asked: list[dict[str, str]] = []
        """Headers of each request."""
        self.status = 200
        self.page = 10_000
        """Saved objects that it gives at once at most."""
        self.put("tag", TAG, {"name": "alert"})
        self.put("tag", "other", {"name": "desk"})
        self.put("index-pattern", VIEW, {"title": "articles", "name": "Wirewatch articles"})
        self.put("index-pattern", "logs", {"title": "logs-*", "name": "Logs"})
        self.save("desk", "Desk: Africa", "regions: Africa", tags=("other",))
        kibana = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kibana.asked.append(dict(self.headers))
                data = json.dumps(kibana.answer(self.path)).encode()
                self.send_response(kibana.status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def put(self, type: str, id: str, attributes: dict[str, Any], references: Any = ()) -> None:
        """Have a saved object."""
        self.objects[type, id] = {"type": type, "id": id, "attributes": attributes, "references": list(references)}

    def save(
        self,
        id: str,
        title: str,
        query: str | dict[str, Any] = "",
        *pills: dict[str, Any],
        language: str = "kuery",
        description: str = "",
        tags: tuple[str, ...] = (TAG,),
        view: str = VIEW,
        in_tab: bool = False,
    ) -> None:
        """Save a search, as Discover does."""
        name = "kibanaSavedObjectMeta.searchSourceJSON.index"
        text = query if isinstance(query, dict) else {"query": query, "language": language}
        asked = {"query": text, "filter": list(pills), "indexRefName": name}
        shown = {"kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(asked)}, "isTextBasedQuery": False}
        attributes = {"title": title, "description": description}
        if in_tab:
            attributes |= {"tabs": [{"id": "1", "label": "Untitled", "attributes": shown}]}  # type: ignore[dict-item]
        else:
            attributes |= shown  # type: ignore[arg-type]
        references = [{"type": "index-pattern", "id": view, "name": name}]
        references += [{"type": "tag", "id": tag, "name": f"tag-ref-{tag}"} for tag in tags]
        self.put("search", id, attributes, references)

    def answer(self, path: str) -> dict[str, Any]:
        """What it says to a request."""
        place = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(place.query).items()}
        if place.path != "/s/wirewatch/api/saved_objects/_find":
            return {"statusCode": 404, "error": "Not Found"}
        found = [one for (type, _), one in sorted(self.objects.items()) if type == asked["type"]]
        if "has_reference" in asked:
            wanted = json.loads(asked["has_reference"])
            found = [
                one
                for one in found
                if any((ref["type"], ref["id"]) == (wanted["type"], wanted["id"]) for ref in one["references"])
            ]
        size, page = min(int(asked["per_page"]), self.page), int(asked["page"])
        some = found[(page - 1) * size : page * size]
        return {"page": page, "per_page": size, "total": len(found), "saved_objects": some}

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

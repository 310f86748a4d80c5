import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from enrichment.embedding import DIMENSIONS, embed_passages, embed_query
from enrichment.embedding_endpoint import TEXTS
from wirewatch.errors import UserError
from wirewatch.settings import get_settings


class Server(ThreadingHTTPServer):
    """Answers as OpenAI's embeddings do: a vector that has the length of the text in its place number one, and an end
    that makes it no unit vector.
    """

    dimensions = DIMENSIONS
    status = 200
    answer: Any = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.authorizations: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/embeddings"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(question)
        self.server.authorizations.append(self.headers["Authorization"])
        rows = [
            {"index": i, "embedding": [len(text), *[0.0] * (self.server.dimensions - 2), 100.0]}
            for i, text in enumerate(question["input"])
        ]
        answer = json.dumps({"data": rows[::-1]} if self.server.answer is None else self.server.answer).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("WIREWATCH_HOME", str(tmp_path))
    with Server() as server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        monkeypatch.setenv("WIREWATCH_EMBEDDER__URL", server.url)
        monkeypatch.setenv("WIREWATCH_EMBEDDER__MODEL", "our/model")
        get_settings.cache_clear()
        yield server
        server.shutdown()
    get_settings.cache_clear()


def test_texts_become_unit_vectors_in_their_order(server: Server) -> None:
    rows = embed_passages(["a" * 91, "a", "a" * 41])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    # "passage: " is 9 characters
    assert (rows[:, 0] / rows[:, -1]).tolist() == pytest.approx([1.0, 0.1, 0.5])


def test_model_and_prefixes_are_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    embed_query("who?")
    embed_passages(["they"])
    assert [(asked["model"], asked["input"]) for asked in server.asked] == [
        ("our/model", ["query: who?"]),
        ("our/model", ["passage: they"]),
    ]
    monkeypatch.setenv("WIREWATCH_EMBEDDER__QUERY_PREFIX", "")
    get_settings.cache_clear()
    embed_query("who?")
    assert server.asked[-1]["input"] == ["who?"]


def test_the_key_is_sent_and_not_shown(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREWATCH_EMBEDDER__KEY", "hidden-word")
    get_settings.cache_clear()
    embed_query("who?")
    assert server.authorizations == ["Bearer hidden-word"]
    server.status = 401
    with pytest.raises(UserError) as refused:
        embed_query("who?")
    assert "hidden-word" not in str(refused.value)


def test_many_texts_go_in_requests_of_a_size_that_servers_take(server: Server) -> None:
    assert len(embed_passages([f"text {i}" for i in range(TEXTS + 3)])) == TEXTS + 3
    assert [len(asked["input"]) for asked in server.asked] == [TEXTS, 3]


def test_texts_seen_before_are_not_asked_for(server: Server) -> None:
    embed_passages(["one", "two"])
    embed_passages(["two", "three"])
    assert [asked["input"] for asked in server.asked] == [["passage: one", "passage: two"], ["passage: three"]]


@pytest.mark.parametrize(
    "answer", [{}, [], {"data": [{"embedding": [1.0]}]}, {"data": [{"index": 0, "embedding": "no"}]}, {"data": None}]
)
def test_an_answer_without_vectors_is_told_with_the_way_out(server: Server, answer: Any) -> None:
    server.answer = answer
    with pytest.raises(UserError, match=r"gave no vectors .*WIREWATCH_EMBEDDER__URL"):
        embed_query("who?")


def test_too_few_vectors_are_told(server: Server) -> None:
    server.answer = {"data": [{"index": 0, "embedding": [1.0] * DIMENSIONS}]}
    with pytest.raises(UserError, match="gave 1 vector for 2 texts"):
        embed_passages(["one", "two"])


def test_another_width_than_that_of_the_index_is_told(server: Server) -> None:
    server.dimensions = 768
    with pytest.raises(UserError, match=r"our/model.* gives 768 numbers a text, and the index has 384"):
        embed_query("who?")


def test_a_server_that_does_not_run_or_fails_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.status = 503
    with pytest.raises(UserError, match="503"):
        embed_query("who?")
    server.shutdown()
    server.server_close()
    with pytest.raises(UserError, match="Start it, or correct WIREWATCH_EMBEDDER__URL"):
        embed_query("something else")

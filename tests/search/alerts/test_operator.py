"""The operator hears what cannot wait, even where Elasticsearch is what is ill."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from search.alerts.operator import tell_at_once
from tests.loopback import unused_ports
from wirewatch.settings import Settings, get_settings


def test_the_operator_hears_before_anything_was_indexed(
    es: Elasticsearch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WIREWATCH_OPERATOR", json.dumps([f"file://{tmp_path}/told"]))
    get_settings.cache_clear()
    tell_at_once("the first run failed", "The first run failed.")
    assert json.loads((tmp_path / "told").read_text())["title"] == "The first run failed."


def test_the_operator_hears_once_and_without_elasticsearch_directly(
    clean: Elasticsearch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    monkeypatch.setenv("WIREWATCH_OPERATOR", json.dumps([f"file://{told}"]))
    get_settings.cache_clear()
    tell_at_once("the run 1 failed", "The run 1 failed.")
    tell_at_once("the run 1 failed", "The run 1 failed.")
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__URL", f"https://127.0.0.1:{unused_ports()}")
    get_settings.cache_clear()
    tell_at_once("the run 2 failed", "The run 2 failed.")
    tell_at_once("the run 2 failed", "The run 2 failed.")
    assert [json.loads(line)["title"] for line in told.read_text().splitlines()] == [
        "The run 1 failed.",
        "The run 2 failed.",
    ]


def test_the_operator_hears_within_the_time_of_a_callback_though_elasticsearch_never_answers(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("WIREWATCH_OPERATOR", json.dumps([f"file://{tmp_path}/told"]))
        monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__URL", f"https://127.0.0.1:{mute.getsockname()[1]}")
        get_settings.cache_clear()
        tell_at_once("the run 1 failed", "The run 1 failed.")
        mute.setblocking(False)
        mute.accept()
        with pytest.raises(BlockingIOError):
            mute.accept()  # it was asked once
    assert json.loads((tmp_path / "told").read_text())["title"] == "The run 1 failed."

"""What tests of alerts begin with: runs that bring articles, a clock that can be set, and who is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from tests.search.alerts.telling import NOON, Clock, Runs, clock_of
from wirewatch.settings import get_settings


@pytest.fixture
def runs(clean: Elasticsearch, tmp_path: Path) -> Runs:
    return Runs(clean, tmp_path / "batches")


@pytest.fixture
def clock(clean: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the clock; it is Friday noon."""
    set_to = clock_of(monkeypatch)
    set_to(NOON)
    return set_to


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "told.jsonl"


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clean: Elasticsearch) -> Path:
    """What the operator hears."""
    monkeypatch.setenv("WIREWATCH_OPERATOR", json.dumps([f"file://{tmp_path}/operator.jsonl"]))
    get_settings.cache_clear()
    return tmp_path / "operator.jsonl"

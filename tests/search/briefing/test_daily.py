"""Where the briefing of a day is put."""

from __future__ import annotations

import fsspec
import pytest
from elasticsearch import Elasticsearch

from search.briefing import write_daily
from wirewatch.settings import Settings


def test_what_the_home_may_lose_lies_in_the_object_store_too(
    clean: Elasticsearch, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "batches", "memory://bucket/batches")
    file = write_daily(settings.home / "briefings")
    copy: bytes = fsspec.filesystem("memory").cat_file(f"/bucket/batches/briefings/{file.name}")
    assert copy == file.read_bytes() and b"</html>" in copy

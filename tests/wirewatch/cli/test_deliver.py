"""``wirewatch deliver``: what is due is sent, and what became of it printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from typer.testing import CliRunner

from search.alerts.operator_notices import tell_operator
from search.indices import init
from wirewatch.cli import cli
from wirewatch.settings import get_settings


def test_what_was_sent_and_what_was_not_is_printed(
    es: Elasticsearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(es)
    assert CliRunner().invoke(cli, ["deliver"]).stdout == ""
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    monkeypatch.setenv("WIREWATCH_OPERATOR", f'["stdout", "file://{blocked}/x"]')
    get_settings.cache_clear()
    tell_operator(es, "today", "2 sources are not well")
    said = CliRunner().invoke(cli, ["deliver"]).stdout
    assert "2 sources are not well" in said
    assert "Messages sent: 1\n" in said
    assert "Messages that their channel did not take, and that are sent again" in said

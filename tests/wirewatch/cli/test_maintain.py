"""The upkeep by hand."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from search.indices import init
from wirewatch.cli import cli
from wirewatch.errors import UserError
from wirewatch.settings import Settings


def wirewatch(*arguments: str) -> str:
    return CliRunner().invoke(cli, arguments, env={"COLUMNS": "200"}, catch_exceptions=False).output


def test_each_duty_says_what_it_did_and_one_that_fails_stops_no_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = wirewatch("maintain", "--dry-run", "index", "batches", "leftovers", "state")
    assert said.splitlines()[:2] == [
        "index: nothing was ever indexed",
        "batches: all are kept for ever; there are no batches yet",
    ]
    assert said.splitlines()[2].startswith("leftovers: files of killed tries: 0 files")
    assert said.splitlines()[3].startswith("state: before ")

    init()
    monkeypatch.setattr(settings.elasticsearch, "snapshots", "/nowhere")
    result = CliRunner().invoke(cli, ["maintain"])
    assert isinstance(result.exception, UserError) and str(result.exception).startswith("Not done: snapshots. ")
    assert "state: before" in result.output and "catalogue" not in result.output
    with pytest.raises(UserError, match=r"No such duty: logs\. There are index, batches"):
        wirewatch("maintain", "logs")

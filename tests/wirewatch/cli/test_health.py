"""What the operator sees of the sources' health, from runs that are waiting to be measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.search.health.runs import POST, WIRE, an_ordinary_night
from wirewatch import batches
from wirewatch.cli import cli
from wirewatch.settings import Settings, get_settings
from wirewatch.sources import as_yaml


def wirewatch(*arguments: str) -> str:
    done = CliRunner().invoke(cli, arguments, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def root(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the batches are, with a catalogue of two sources."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "xx.yml").write_text("".join(as_yaml(source) for source in (POST, WIRE)))
    monkeypatch.setenv("WIREWATCH_SOURCES", str(tmp_path / "sources"))
    get_settings.cache_clear()
    return Path(settings.batches.removeprefix("file://"))


def test_before_the_first_run_nothing_is_known(root: Path) -> None:
    assert "None of them was visited in the last 24 hours" in wirewatch("sources", "health")
    assert "There was nothing to do." in wirewatch("sources", "measure")


def test_the_source_that_is_not_well_is_shown_with_what_to_do_and_told_once(root: Path) -> None:
    root.mkdir(parents=True)
    for night in range(9):
        an_ordinary_night(root, night, new=30)
    assert "not well │ 0" in wirewatch("sources", "measure")
    assert "Not well: 0 of 2 sources; 2 visited in the last 24 hours of runs." in wirewatch("sources", "health")

    an_ordinary_night(root, 9, new=30, sources=[POST])
    an_ordinary_night(root, 9, new=0, sources=[WIRE], group="g01")
    said = wirewatch("sources", "measure")
    assert "wire.example: silent: 0 new in 24 h, usually 30 ± 5 a day" in said
    assert "not well │ 1" in said
    assert not batches.pending(root.as_uri(), "health")

    said = wirewatch("sources", "health")
    assert "silent: 0 new in 24 h, usually 30 ± 5 a day" in said
    assert "Open the site" in said
    assert "post.example" not in said
    assert "well: 30 new in 24 h" in wirewatch("sources", "health", "--all")
    assert "wire.example" not in wirewatch("sources", "health", "--source", POST.domain)
    [found] = json.loads(wirewatch("sources", "health", "--json"))
    assert (found["source"], found["new"], found["verdicts"][0]["kind"]) == ("wire.example", 0, "silent")

    an_ordinary_night(root, 10, new=0, sources=[WIRE])
    assert "silent" not in wirewatch("sources", "measure")  # the operator was told today

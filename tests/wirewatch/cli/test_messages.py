"""What the user can put right is one sentence on standard error, status 1, and never a traceback."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wirewatch.cli import app
from wirewatch.settings import get_settings

ROOT = Path(__file__).parents[3]
Problem = Callable[..., str]


@pytest.fixture
def problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Problem]:
    """Types a command that cannot do its work, and gives what it says of that."""

    def typed(*words: str, **environment: str) -> str:
        given = {"WIREWATCH_HOME": str(tmp_path / "home"), "ELASTICSEARCH_URL": "http://127.0.0.1:9", **environment}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["wirewatch", *words])
        get_settings.cache_clear()
        with pytest.raises(SystemExit) as ended:
            app()
        assert ended.value.code == 1
        return capsys.readouterr().err

    monkeypatch.chdir(ROOT)
    yield typed
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("command", "environment", "said"),
    [
        ("explain x", {}, "x is neither an address nor an id"),
        ("explain lemonde.fr/a", {}, "No listing of lemonde.fr has had https://lemonde.fr/a so far"),
        ("search x", {}, "Elasticsearch does not answer at http://127.0.0.1:9"),
        ("run", {}, "Elasticsearch does not answer"),
        ("sources health", {}, "Elasticsearch does not answer"),
        ("search ''", {}, "nothing to search for"),
        ("search x --similar y", {}, "Ask one thing"),
        ("search x --export /proc/none/x.csv", {}, "/proc/none/x.csv.part cannot be used: No such file or directory"),
        ("crawl", {"WIREWATCH_SOURCES": "nowhere"}, "No catalogue files"),
        ("crawl --source x.example", {}, "Not in the catalogue: x.example"),
        ("crawl --tier weekly", {}, "No such tier: weekly. There are hot, hourly, nightly."),
        ("crawl --source lemonde.fr", {"WIREWATCH_HOME": "/proc/none"}, "WIREWATCH_STATE="),
        ("replay --from 2026-02-02 --to 2026-02-01", {}, "The last day, 2026-02-01, is before the first, 2026-02-02"),
        ("sources list --tier weekly", {}, "No such tier: weekly"),
        ("sources list --country Mali", {}, "--country: 'MALI' is no code of a country"),
        ("sources add https://a.example/ --language english", {}, "--language: 'english' is no code of a language"),
        ("sources export --opml /proc/none/x.opml", {}, "/proc/none/x.opml cannot be used: No such file or directory"),
        ("sources schema", {"WIREWATCH_SOURCES": "/proc/none"}, "/proc/none/schema.json cannot be used"),
        ("kibana setup --export /proc/none/x", {}, "/proc/none/x cannot be used: No such file or directory"),
        ("batches", {"WIREWATCH_HOME": "/dev/null"}, "/dev/null/batches/pages cannot be used: Not a directory"),
        ("alerts apply", {"WIREWATCH_ALERTS": "nowhere.yml"}, "nowhere.yml"),
        ("alerts list", {}, "Elasticsearch does not answer"),
        ("batches", {"WIREWATCH_CRAWL__DELAY": "soon"}, "WIREWATCH_CRAWL__DELAY"),
        ("node logs", {"WIREWATCH_HOME": "/proc/none"}, "never started"),
    ],
)
def test_a_problem_is_a_sentence(problem: Problem, command: str, environment: dict[str, str], said: str) -> None:
    words = [word.strip("'") for word in command.split()]
    assert said in problem(*words, **environment)


def test_a_taken_port_is_found_before_anything_is_started(problem: Problem, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"Port {port} is taken" in problem("up", WIREWATCH_AIRFLOW__PORT=port, ELASTICSEARCH_URL="")
    assert list(tmp_path.iterdir()) == []

"""What the user can put right is one sentence on standard error, status 1, and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def wirewatch(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from wirewatch.cli import app; app()", *arguments],
        cwd=ROOT,
        env={**os.environ, "ELASTICSEARCH_URL": "http://127.0.0.1:9", **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["search", "x"], {}, "Elasticsearch does not answer at http://127.0.0.1:9"),
        (["run"], {}, "Elasticsearch does not answer"),
        (["search", ""], {}, "nothing to search for"),
        (["crawl"], {"WIREWATCH_SOURCES": "nowhere"}, "No catalogue files"),
        (["crawl", "--source", "x.example"], {}, "Not in the catalogue: x.example"),
        (["crawl", "--source", "lemonde.fr"], {"WIREWATCH_HOME": "/proc/none"}, "WIREWATCH_STATE="),
        (["alerts", "list"], {"WIREWATCH_ALERTS": "nowhere.yml"}, "nowhere.yml"),
        (["batches"], {"WIREWATCH_CRAWL__DELAY": "soon"}, "WIREWATCH_CRAWL__DELAY"),
        (["node", "logs"], {"WIREWATCH_HOME": "/proc/none"}, "never started"),
    ],
)
def test_a_problem_is_a_sentence(arguments: list[str], environment: dict[str, str], said: str, tmp_path: Path) -> None:
    done = wirewatch(*arguments, **{"WIREWATCH_HOME": str(tmp_path), **environment})
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_taken_port_is_found_before_anything_is_started(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = wirewatch("up", WIREWATCH_HOME=str(tmp_path), WIREWATCH_AIRFLOW_PORT=port, ELASTICSEARCH_URL="")
    assert done.returncode == 1 and f"Port {port} is taken" in done.stderr
    assert list(tmp_path.iterdir()) == []

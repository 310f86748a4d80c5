from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.loopback import unused_ports

ROOT = Path(__file__).parents[2]
COMMAND = "from wirewatch.cli import app; app()"


def test_the_command_serves_the_api_until_it_is_stopped(tmp_path: Path) -> None:
    port = unused_ports()
    environment = {"WIREWATCH_HOME": str(tmp_path), "ELASTICSEARCH_URL": "http://127.0.0.1:9", "PATH": "/usr/bin:/bin"}
    words = ["serve", "--port", str(port), "--name", "news.example"]
    with subprocess.Popen([sys.executable, "-c", COMMAND, *words], cwd=ROOT, env=environment) as served:
        try:
            described = _when_it_answers(f"http://127.0.0.1:{port}/api/openapi.json", served)
            assert described.json()["info"]["title"] == "Wirewatch"
            for host, status in (("news.example", 503), ("evil.example", 400)):
                url = f"http://127.0.0.1:{port}/api/articles/x"
                assert requests.get(url, headers={"Host": host}, timeout=60).status_code == status
        finally:
            served.terminate()
        assert served.wait(30) in (0, -15)


def _when_it_answers(url: str, served: subprocess.Popen[bytes]) -> requests.Response:
    while served.poll() is None:
        try:
            return requests.get(url, timeout=30)
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError(f"it ended with status {served.returncode}")

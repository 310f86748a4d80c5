"""A Redis of the tests' own: the server that Debian installs, on loopback, with nothing on the disk."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from tests.loopback import unused_ports


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis server; yields its URL. The test is skipped where none is installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("There is no redis-server: apt-get install redis-server")
    port = unused_ports()
    with tempfile.TemporaryDirectory(prefix="wirewatch-redis-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            client = redis.Redis(port=port)
            for _ in range(100):
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.1)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(30)

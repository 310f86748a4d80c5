"""What all tests share: one real Elasticsearch and one PostgreSQL for the whole session, settings for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import URL

from search.node import Node
from tests.forking import MODELS, Forks, forks
from tests.postgres import postgres
from tests.s3 import S3, s3
from wirewatch.settings import Settings, get_settings

ROOT = Path(__file__).parents[1]
OURS = ("WIREWATCH_", "ELASTICSEARCH_URL")
# As many tests run at once as there are processors: more threads only wait for each other. Set before they are made.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
JAVA = "-XX:TieredStopAtLevel=1\n-XX:-UseG1GC\n-XX:+UseSerialGC\n"
"""A node of the tests lives too short for what Java's second compiler and its collector's threads cost: half of all."""


def pytest_configure() -> None:
    """Forget the size of the terminal, which readline tells the processes that pytest starts: rich asks for it once."""
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first, so that no processor waits for them in the end: the whole way, Airflow, benchmarks."""
    long = {ROOT / "tests", ROOT / "tests/dags", ROOT / "tests/benchmarks"}
    items.sort(key=lambda item: item.path.parent not in long)


@pytest.fixture(scope="session", autouse=True)
def _environment() -> None:
    """No test sees what the environment variables of whoever runs it say about Wirewatch."""
    for name in [name for name in os.environ if name.startswith(OURS) and name != "WIREWATCH_NODE_HOME"]:
        del os.environ[name]


@pytest.fixture(scope="session")
def server() -> Path:
    """The unpacked Elasticsearch of this checkout, fetched if need be."""
    return Node(Settings(home=ROOT / ".wirewatch")).install()


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty folder that the node's user may go to, unlike pytest's own."""
    yield from _open_folder()


@pytest.fixture(scope="session")
def node(server: Path) -> Iterator[Settings]:
    """Settings under which a local node runs, the same one for the whole session."""
    for home in _open_folder():
        snapshots = {"snapshots": str(home / "snapshots")}
        settings = Settings(home=home, node_home=server, elasticsearch=snapshots)
        short_lived(home)
        try:
            Node(settings).start()
            yield settings
        finally:
            Node(settings).stop()


@pytest.fixture
def settings(node: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A home of one's own and the session's node, emptied; the environment and ``get_settings`` say the same."""
    url, user, password = Node(node).connection()
    monkeypatch.setenv("WIREWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__URL", url)
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__USER", user)
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__PASSWORD", password)
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__CA", str(Node(node).ca))
    with Elasticsearch(url, basic_auth=(user, password), ca_certs=str(Node(node).ca)) as client:
        for index in client.indices.get(index="*"):
            client.indices.delete(index=index)
    get_settings.cache_clear()
    yield get_settings()
    get_settings.cache_clear()


@pytest.fixture
def es(settings: Settings) -> Iterator[Elasticsearch]:
    """A client of the node that ``settings`` names."""
    given = settings.elasticsearch
    assert given.url and given.user and given.password
    login = (given.user, given.password.get_secret_value())
    with Elasticsearch(given.url, basic_auth=login, ca_certs=str(given.ca)) as client:
        yield client


@pytest.fixture(scope="session")
def forked() -> Iterator[Forks]:
    """Starts programs that have the language models from the start."""
    with forks() as one:
        one.learn(MODELS, os.environ)
        yield one


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A PostgreSQL server for the whole session; ``tests.postgres.new_database`` makes a database in it."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """An object store for the whole session; its ``bucket`` makes an empty bucket."""
    with s3() as store:
        yield store


@pytest.fixture
def store(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """That object store, which the environment names."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server


def short_lived(home: Path) -> None:
    """Let the node of a home, which is not there yet, start in half the time and take its answers a little longer."""
    folder = home / "node/config/jvm.options.d"
    folder.mkdir(parents=True)
    (folder / "tests.options").write_text(JAVA)


def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="wirewatch-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

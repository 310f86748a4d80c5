"""An empty crawl state on every kind of database, and a place for batches."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.postgres import new_database
from wirewatch.state import State


@pytest.fixture
def root(tmp_path: Path) -> str:
    return (tmp_path / "batches").as_uri()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Names a new, empty database at each call."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path}/{secrets.token_hex(4)}.sqlite"
    server = request.getfixturevalue("postgres_server")
    return lambda: new_database(server).render_as_string(hide_password=False)


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()


@pytest.fixture
def state(url: str) -> State:
    return State(url)

"""What one process does at a time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import URL, text

from tests.postgres import new_database
from wirewatch.database import connect, in_turn


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.sqlite"
    server: URL = request.getfixturevalue("postgres_server")
    return new_database(server).render_as_string(hide_password=False)


def test_the_others_wait_for_the_end_and_nobody_is_kept_from_writing(url: str) -> None:
    done: list[str] = []
    begun = threading.Event()

    def second() -> None:
        begun.set()
        with in_turn(url, "delivery"):
            done.append("second")

    with in_turn(url, "delivery"):
        thread = threading.Thread(target=second)
        thread.start()
        begun.wait(30)
        thread.join(0.5)
        with in_turn(url, "something else"), connect(url).begin() as connection:
            connection.execute(text("CREATE TABLE written (at INTEGER)"))
        done.append("first")
    thread.join(30)
    assert done == ["first", "second"]


def test_what_fails_lets_the_next_one_go_on(url: str) -> None:
    with pytest.raises(ZeroDivisionError), in_turn(url, "delivery"):
        _ = 1 / 0
    with in_turn(url, "delivery"):
        pass

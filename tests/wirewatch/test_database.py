"""The database: what one process does at a time, and what is said of one that cannot be used."""

from __future__ import annotations

import builtins
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from wirewatch.database import connect, in_turn
from wirewatch.errors import UserError
from wirewatch.state import State


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


# Databases that cannot be used


@pytest.mark.parametrize("url", ["foo", "nosuch://db", "sqlite:////proc/none/state.sqlite", "sqlite:////proc/version"])
def test_a_state_that_cannot_be_kept_is_one_sentence(url: str) -> None:
    with pytest.raises(UserError, match="WIREWATCH_STATE=") as problem:
        State(url)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    "url",
    [
        "nosuch://me:secret@db/wirewatch",
        "postgresql+psycopg://me:secret@localhost:port/wirewatch",
        "postgresql+psycopg://me:secret@127.0.0.1:1/wirewatch",
        "postgresql+psycopg://me@127.0.0.1:1/wirewatch?password=secret",
    ],
)
def test_the_password_of_a_state_is_not_shown(url: str) -> None:
    with pytest.raises(UserError, match="WIREWATCH_STATE=") as problem:
        State(url)
    assert "secret" not in str(problem.value) and "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "secret"}, "password authentication failed"),
        ({"database": "nosuch"}, 'database "nosuch" does not exist'),
        ({"port": 1}, "refused"),
    ],
)
def test_what_is_wrong_with_the_database_is_said(postgres_server: Any, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as problem:
        State(postgres_server.set(**wrong).render_as_string(hide_password=False))
    assert "secret" not in str(problem.value) and postgres_server.password not in str(problem.value)


def test_a_sqlite_file_that_goes_away_is_one_sentence_too(root: str, tmp_path: Path) -> None:
    state = State(f"sqlite:///{tmp_path}/state.sqlite")
    state.engine.dispose()
    (tmp_path / "state.sqlite").unlink()
    (tmp_path / "state.sqlite").mkdir()
    with pytest.raises(UserError, match="WIREWATCH_STATE="):
        state.catch_up(root)


def test_a_postgresql_that_goes_away_is_one_sentence_too(root: str, postgres_server: Any) -> None:
    with create_engine(postgres_server, isolation_level="AUTOCOMMIT").connect() as admin:
        admin.execute(text("CREATE DATABASE short_lived"))
        state = State(postgres_server.set(database="short_lived").render_as_string(hide_password=False))
        admin.execute(text("DROP DATABASE short_lived WITH (FORCE)"))
    with pytest.raises(UserError, match="WIREWATCH_STATE="):
        state.catch_up(root)


def test_a_missing_driver_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = builtins.__import__

    def without_psycopg(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "psycopg":
            raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")
        return installed(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_psycopg)
    with pytest.raises(UserError, match=r"pip install 'wirewatch\[postgres\]'"):
        State("postgresql+psycopg://me:secret@db/wirewatch")

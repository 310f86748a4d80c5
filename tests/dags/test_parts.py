"""What the DAGs have in common, where it needs no run of Airflow."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy
from airflow.sdk.definitions.retry_policy import RetryAction

from dags.parts import OURS, RETRIES, SOON, failed, names, news, pending, soon_done
from dags.sqlite import CONNECT
from dags.upkeep import clean_database
from dags.way import note_news
from tests.loopback import unused_ports
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.cli.airflow_api import TAG
from wirewatch.errors import Unavailable, UserError
from wirewatch.records import Word
from wirewatch.settings import Settings, get_settings


def indexed(settings: Settings, name: str, **counts: int) -> Batch:
    with batches.write(Batch(settings.batches, "indexed", name)) as out:
        for what, number in counts.items():
            out.count(what, number)
    return Batch(settings.batches, "indexed", name)


def test_what_a_killed_try_has_indexed_is_news_until_the_alerts_were_asked(settings: Settings) -> None:
    assert news() is None
    indexed(settings, "20270131T020000Z-3f9a01-g00", created=2, unchanged=1)
    again = indexed(settings, "20270131T020000Z-3f9a01-g01", updated=1)
    indexed(settings, f"20270201T020000Z-3f9a02-replay-{again.name}", updated=1)
    (Path(indexed(settings, "20270131T020000Z-3f9a01-g02").url.removeprefix("file://")) / batches.MANIFEST).write_bytes(
        b""
    )
    learned = news()
    assert learned == {
        "created": 2,
        "updated": 1,
        "batches": ["20270131T020000Z-3f9a01-g00", "20270131T020000Z-3f9a01-g01"],
    }
    for name in learned["batches"]:
        with batches.write(Batch(settings.batches, "alerted", name)):
            pass
    assert news() is None


def test_why_the_index_failed_is_not_hidden_by_news_that_cannot_be_looked_for(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    folder = Path(settings.batches.removeprefix("file://"))
    folder.mkdir(parents=True)
    (folder / "indexed").touch()
    with pytest.raises(NotADirectoryError):
        news()
    note_news()
    assert "What is news is not known yet: NotADirectoryError" in caplog.text


def test_a_run_takes_no_more_batches_than_airflow_has_tasks_for() -> None:
    waiting = [Batch("file:///nowhere", "pages", f"{number:04}") for number in range(1_025)]
    assert names(waiting) == [f"{number:04}" for number in range(1_000)]
    assert names(waiting[1_000:]) == [f"{number:04}" for number in range(1_000, 1_025)]


def test_news_that_waits_for_no_other_takes_on_what_is_small_and_leaves_what_is_large(settings: Settings) -> None:
    def left(name: str, records: int) -> None:
        with batches.write(Batch(settings.batches, "articles", name)) as out:
            for number in range(records):
                out.add(Word(text=str(number)))

    left("20270131T020000Z-3f9a01-g00", SOON + 1)
    left("20270131T030000Z-3f9a02-g00", SOON // 2)
    left("20270131T040000Z-3f9a03-g00", SOON // 2)
    left("20270131T050000Z-3f9a04-g00", 1)
    left("20270131T051000Z-3f9a05-g00", SOON + 1)
    damaged = Path(f"{settings.batches}/articles/20270131T040000Z-3f9a03-g01".removeprefix("file://"))
    damaged.mkdir()
    (damaged / batches.MANIFEST).write_bytes(b"")
    assert [each.name[9:13] for each in soon_done(pending("enriched"), "20270131T051000Z-3f9a05")] == [
        *("0510", "0500", "0400"),
    ]


def test_the_operator_hears_once_a_day_of_runs_that_fail_at_the_same_task(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WIREWATCH_OPERATOR", json.dumps([f"file://{tmp_path}/told"]))
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__URL", f"https://127.0.0.1:{unused_ports()}")

    def told(run: str, task: str, day: int = 0) -> int:
        monkeypatch.setenv("WIREWATCH_TIME_SHIFT", str(day * 24 * 3600))
        get_settings.cache_clear()
        dag, instance = SimpleNamespace(dag_id="crawl_hot"), SimpleNamespace(task_id=task)
        failed({"dag": dag, "run_id": run, "ti": instance})
        return len((tmp_path / "told").read_text().splitlines())

    assert told("first", "extract", day=1) == 1
    assert told("second", "extract", day=1) == 1
    assert told("third", "index", day=1) == 2
    assert told("fourth", "extract", day=2) == 3


@pytest.mark.parametrize(
    "error, again",
    [
        *((bug, False) for bug in (KeyError("x"), AttributeError(), ZeroDivisionError(), UnboundLocalError())),
        (ModuleNotFoundError(), False),
        (UserError(), False),
        (Unavailable(), True),
        *((passing, True) for passing in (ConnectionResetError(), BrokenProcessPool(), MemoryError(), TimeoutError())),
        (sqlalchemy.exc.OperationalError("SELECT 1", {}, sqlite3.OperationalError("locked")), True),
        (json.JSONDecodeError("half an answer", "", 0), True),
    ],
)
def test_only_what_can_pass_is_tried_again(error: BaseException, again: bool) -> None:
    assert (RETRIES["retry_policy"].evaluate(error, 1, 3).action is not RetryAction.FAIL) is again


def test_the_command_line_knows_our_dags_by_their_tag() -> None:
    assert OURS["tags"] == [TAG]


def test_what_airflow_cannot_clean_is_said_in_a_sentence_and_whole_in_the_log(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = f"postgresql+psycopg2://airflow:secret@127.0.0.1:{unused_ports()}/airflow"
    monkeypatch.setenv("WIREWATCH_AIRFLOW__DATABASE", nowhere)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    get_settings.cache_clear()
    with pytest.raises(Unavailable, match="refused") as raised:
        clean_database()
    assert len(str(raised.value)) < 300 and "Traceback" not in str(raised.value)
    assert "secret" not in str(raised.value) and "Traceback" in caplog.text


def test_a_part_of_airflow_that_looked_before_it_writes_to_sqlite_may_still_write(tmp_path: Path) -> None:
    ours, others = (sqlite3.connect(tmp_path / "db", **how) for how in (CONNECT, {"timeout": 0}))
    for command in ("PRAGMA journal_mode=WAL", "CREATE TABLE runs (day)", "SAVEPOINT one", "SELECT * FROM runs"):
        ours.cursor().execute(command).fetchall()
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        others.execute("INSERT INTO runs VALUES (2)")
    ours.cursor().execute("INSERT INTO runs VALUES (1)")
    ours.cursor().execute("RELEASE one")
    ours.commit()
    others.execute("INSERT INTO runs VALUES (2)")
    others.commit()
    assert ours.execute("SELECT day FROM runs").fetchall() == [(1,), (2,)]

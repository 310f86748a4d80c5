"""What alerts have to tell goes to those who are to be told, each story once."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from search.alerts import sending, store
from search.alerts.alert import alert_id
from search.alerts.channels import Message
from search.alerts.deliver import deliver
from search.alerts.match import alert
from tests.search.alerts.telling import NOON, Clock, Runs, article, deliveries, heard, notices, states, watch
from wirewatch.records import Notice, delivery_id
from wirewatch.settings import Settings, get_settings

MINUTE = timedelta(minutes=1)


def titles(file: Path) -> list[str]:
    return [line["title"].rpartition(" ")[2] for line in heard(file)]


def test_each_channel_hears_of_each_story_once(
    clean: Elasticsearch, runs: Runs, file: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    watch(clean, tell=("stdout", f"file://{file}", "file:told/notices.jsonl"))
    first, second = runs.tell(article("a", story="s1"), article("b", story="s2"))
    assert capsys.readouterr().out == "", "matching tells nobody"
    assert deliver(client=clean) == {"sent": 3}
    assert {line["id"] for line in heard(file)} == {first.id, second.id}
    assert heard(settings.home / "told" / "notices.jsonl") == heard(file)
    said = capsys.readouterr().out
    assert all(f"Alert Coups: {notice.title} {notice.url}\n" in said for notice in (first, second))
    assert states(clean) == ["told", "told"]
    assert deliver(client=clean) == {}
    assert len(heard(file)) == 2


def test_a_notice_says_why_its_articles_matched(clean: Elasticsearch, runs: Runs, file: Path) -> None:
    watch(clean, tell=(f"file://{file}",))
    runs.tell(article("a"))
    deliver(client=clean)
    (line,), (kept,) = heard(file), notices(clean)
    assert any("<em>coup</em> in Mali" in piece for piece in line["articles"][0]["why"])
    assert Notice.model_validate(line).articles == kept.articles


def test_what_is_too_much_for_one_message_goes_into_several(
    clean: Elasticsearch, runs: Runs, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST", 2)
    watch(clean, tell=(f"file://{file}",))
    runs.tell(*(article(name, story=name) for name in "abcde"))
    assert deliver(client=clean) == {"sent": 3}
    assert sorted(titles(file)) == list("abcde")
    assert deliver(client=clean) == {} and states(clean) == ["told"] * 5


def test_an_alert_without_channels_tells_nobody_and_nothing_waits(clean: Elasticsearch, runs: Runs) -> None:
    watch(clean)
    runs.tell(article("a"))
    assert deliver(client=clean) == {}
    assert states(clean) == ["told"]


def test_where_nothing_was_ever_indexed_there_is_nothing_to_deliver(es: Elasticsearch) -> None:
    assert deliver(client=es) == {}


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({"every": "hour"}, datetime(2026, 11, 20, 14, tzinfo=UTC)),
        ({"every": "day", "at": time(18), "zone": "Europe/Paris"}, datetime(2026, 11, 20, 17, tzinfo=UTC)),
        ({"every": "week", "on": "sun", "at": time(8)}, datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ({"quiet": "10:00-18:00"}, datetime(2026, 11, 20, 18, tzinfo=UTC)),
    ],
)
def test_what_is_gathered_is_sent_together_at_its_time(
    clean: Elasticsearch, runs: Runs, file: Path, clock: Clock, fields: dict[str, Any], due: datetime
) -> None:
    watch(clean, tell=(f"file://{file}",), **fields)
    for minutes, name in ((65, "a"), (75, "b"), (119, "c")):
        clock(NOON + minutes * MINUTE)
        runs.tell(article(name))
        deliver(client=clean)
    clock(due - timedelta(seconds=30))
    assert deliver(client=clean) == {}
    clock(due)
    assert deliver(client=clean) == {"sent": 1}
    assert titles(file) == ["a", "b", "c"]


def test_what_became_due_before_quiet_hours_is_not_sent_in_them(
    clean: Elasticsearch, runs: Runs, file: Path, clock: Clock
) -> None:
    watch(clean, tell=(f"file://{file}",), quiet="12:05-13:00")
    runs.tell(article("a"))
    clock(NOON + 6 * MINUTE)
    assert deliver(client=clean) == {}
    clock(NOON + 60 * MINUTE)
    assert deliver(client=clean) == {"sent": 1}


def test_what_an_alert_found_is_not_sent_once_it_is_muted_deleted_or_unsubscribed(
    clean: Elasticsearch, runs: Runs, file: Path, tmp_path: Path, clock: Clock
) -> None:
    other = f"file://{tmp_path}/other.jsonl"
    muted, deleted, left = (
        watch(clean, name=name, tell=(f"file://{file}", other)) for name in ("muted", "gone", "left")
    )
    runs.tell(article("a"))
    store.change(clean, muted, muted=NOON + MINUTE)
    store.delete(clean, deleted)
    store.change(clean, left, unsubscribed=(f"file://{file}",))
    for _ in range(2):
        deliver(client=clean)
        clock(NOON + 2 * MINUTE)
    assert {notice.alert: notice.state for notice in notices(clean)} == {
        "muted": "muted", "gone": "dropped", "left": "told",
    }  # fmt: skip
    assert heard(file) == []
    assert [line["alert"] for line in heard(tmp_path / "other.jsonl")] == ["left"]


def test_a_notice_that_comes_after_the_message_of_its_slot_goes_into_another(
    clean: Elasticsearch, runs: Runs, file: Path, clock: Clock
) -> None:
    watch(clean, tell=(f"file://{file}",))
    run = runs.bring(article("a"))
    done = alert(run, client=clean)
    deliver(client=clean)
    (first,) = notices(clean)
    for name in ("b", "c"):  # as where `deliver` runs while `alert` is under way
        late = first.model_copy(update={"id": name, "title": f"A coup in Mali: {name}", "state": "due"})
        clean.index(index="wirewatch-notices", id=name, document=late.model_dump(mode="json"))
        assert deliver(client=clean) == {"sent": 1}
    assert titles(file) == ["a", "b", "c"]
    assert {message.id for message in deliveries(clean)} == {
        delivery_id(f"{first.slot}{part}", f"file://{file}") for part in ("", " 1", " 2")
    }
    assert first.slot == f"{alert_id('Coups')} {done.name}"


def test_a_story_that_grows_while_a_channel_fails_is_told_once_more_to_who_heard_it_small(
    clean: Elasticsearch, runs: Runs, file: Path, tmp_path: Path, clock: Clock
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    watch(clean, tell=(f"file://{file}", f"file://{blocked}/told.jsonl"), developing=3)
    runs.tell(article("a", story="s"))
    assert deliver(client=clean) == {"sent": 1, "failed": 1}
    runs.tell(*(article(name, story="s") for name in "bc"))
    blocked.unlink()
    clock(NOON + 5 * MINUTE)
    assert deliver(client=clean) == {"sent": 1}
    assert deliver(client=clean) == {"sent": 2}
    assert [(line["kind"], line["size"]) for line in heard(file)] == [("new", 1), ("developing", 3)]
    assert [(line["kind"], line["size"]) for line in heard(blocked / "told.jsonl")] == [("new", 3), ("developing", 3)]
    runs.tell(article("d", story="s"))
    assert deliver(client=clean) == {}


def test_a_story_that_was_big_when_it_was_told_is_not_told_again(
    clean: Elasticsearch, runs: Runs, file: Path, clock: Clock
) -> None:
    watch(clean, tell=(f"file://{file}",), developing=2, every="hour")
    for name in "abc":
        runs.tell(article(name, story="s"))
    clock(NOON + 60 * MINUTE)
    assert deliver(client=clean) == {"sent": 1}
    runs.tell(article("d", story="s"))
    clock(NOON + 120 * MINUTE)
    assert deliver(client=clean) == {}
    assert [(line["kind"], line["size"]) for line in heard(file)] == [("new", 3)]


def _deliver(begun: Any) -> None:
    begun.set()
    get_settings.cache_clear()
    deliver()


def test_one_process_at_a_time_delivers(
    clean: Elasticsearch, runs: Runs, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(clean, tell=(f"file://{file}",))
    runs.tell(article("a"))
    spawn = multiprocessing.get_context("spawn")
    others: list[Any] = []
    real = sending.send

    def slow(message: Message, channel: str) -> None:
        begun = spawn.Event()
        others.append(spawn.Process(target=_deliver, args=(begun,)))
        others[0].start()
        begun.wait(60)
        others[0].join(1)  # it sees the message as one whose process was killed, unless it waits for us
        real(message, channel)

    monkeypatch.setattr(sending, "send", slow)
    assert deliver(client=clean) == {"sent": 1}
    others[0].join(60)
    assert others[0].exitcode == 0
    assert len(heard(file)) == 1

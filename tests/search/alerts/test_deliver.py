"""What alerts have to tell goes to their channels, each message once."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from search.alerts import deliver as delivery
from search.alerts import store
from search.alerts.alert import alert_id
from search.alerts.channels import Down, Message, Refused, Unknown
from search.alerts.deliver import ATTEMPTS, PATIENCE, deliver
from search.alerts.match import alert
from tests.search.alerts.telling import NOON, Clock, Runs, article, clock_of, deliveries, heard, notices, watch
from wirewatch.records import AGAIN, Notice, delivery_id
from wirewatch.settings import Settings, get_settings

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def runs(clean: Elasticsearch, tmp_path: Path) -> Runs:
    return Runs(clean, tmp_path)


@pytest.fixture
def clock(clean: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the clock; it is Friday noon."""
    set_to = clock_of(monkeypatch)
    set_to(NOON)
    return set_to


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "told.jsonl"


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clean: Elasticsearch) -> Path:
    """What the operator hears."""
    monkeypatch.setenv("WIREWATCH_OPERATOR", json.dumps([f"file://{tmp_path}/operator.jsonl"]))
    get_settings.cache_clear()
    return tmp_path / "operator.jsonl"


def titles(file: Path) -> list[str]:
    return [line["title"].rpartition(" ")[2] for line in heard(file)]


def states(client: Elasticsearch) -> list[str]:
    return sorted(notice.state for notice in notices(client))


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
    monkeypatch.setattr(delivery, "MOST", 2)
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
    clock(due - timedelta(seconds=2))
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


# Channels that fail


@pytest.fixture
def channels(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Message | Exception]]:
    """Channels by name: those with an error in front fail with it, and what they took comes after."""
    lines: dict[str, list[Any]] = {}
    real = delivery.send

    def send(message: Message, channel: str) -> None:
        line = lines.setdefault(channel, [])
        if line and isinstance(line[0], Exception):
            raise line.pop(0)
        line.append(message)
        real(message, channel)

    monkeypatch.setattr(delivery, "send", send)
    return lines


def test_a_channel_that_fails_is_tried_again_after_longer_and_longer_pauses_and_given_up_in_the_end(
    clean: Elasticsearch, runs: Runs, file: Path, tmp_path: Path, clock: Clock, operator: Path
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    watch(clean, tell=(f"file://{blocked}/told.jsonl", f"file://{file}"))
    runs.tell(article("a"))
    pauses = []
    while deliver(client=clean)["failed"]:
        (failed,) = [message for message in deliveries(clean) if message.next]
        pauses.append(failed.next - failed.at)
        clock(failed.next - 30 * SECOND)
        assert deliver(client=clean) == {}
        clock(failed.next)
    assert pauses == [2**n * MINUTE for n in range(ATTEMPTS - 1)]
    assert len(heard(file)) == 1, "the other channel had it, once"
    (dead,) = [message for message in deliveries(clean) if message.state == "dead"]
    assert (dead.attempts, dead.repeated) == (ATTEMPTS, False)
    assert dead.error and "cannot be written" in dead.error
    (line,) = heard(operator)
    assert line["kind"] == "operator"
    assert f"The channel file://{blocked}/told.jsonl did not take a message 12 times" in line["title"]
    assert states(clean) == ["told", "told"]
    assert deliver(client=clean) == {}


def test_a_channel_that_works_again_is_told_once_what_it_missed(
    clean: Elasticsearch, runs: Runs, tmp_path: Path, clock: Clock
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    watch(clean, tell=(f"file://{blocked}/told.jsonl",))
    (notice,) = runs.tell(article("a"))
    assert deliver(client=clean) == {"failed": 1}
    assert deliver(client=clean) == {}, "it is left alone for a minute"
    blocked.unlink()
    clock(NOON + 5 * MINUTE)
    assert deliver(client=clean) == {"sent": 1}
    assert [line["id"] for line in heard(blocked / "told.jsonl")] == [notice.id], "it certainly did not arrive before"
    assert states(clean) == ["told"]


def test_what_may_have_arrived_says_so_when_it_is_sent_again(
    clean: Elasticsearch,
    runs: Runs,
    file: Path,
    clock: Clock,
    channels: dict[str, list[Any]],
) -> None:
    watch(clean, tell=(f"file://{file}",))
    channels[f"file://{file}"] = [Unknown("no answer within 30 s")]
    (notice,) = runs.tell(article("a"))
    assert deliver(client=clean) == {"failed": 1}
    clock(NOON + 5 * MINUTE)
    assert deliver(client=clean) == {"sent": 1}
    (message,) = channels[f"file://{file}"]
    (sent,) = deliveries(clean)
    assert (message.id, message.repeated) == (sent.id + AGAIN, True)
    assert [line["id"] for line in heard(file)] == [notice.id + AGAIN]
    assert (sent.repeated, sent.attempts, sent.state) == (True, 2, "sent")


def test_a_channel_that_fails_again_and_again_is_left_alone_until_the_next_delivery(
    clean: Elasticsearch, runs: Runs, file: Path, clock: Clock, channels: dict[str, list[Any]]
) -> None:
    for number in range(PATIENCE + 2):
        watch(clean, name=f"{number}", tell=(f"file://{file}",))
    runs.tell(article("a"))
    channels[f"file://{file}"] = [Refused("HTTP 503")] * 100
    assert deliver(client=clean) == {"failed": PATIENCE}
    assert len(channels[f"file://{file}"]) == 100 - PATIENCE
    channels[f"file://{file}"] = []
    assert deliver(client=clean) == {"sent": 2}
    clock(NOON + 5 * MINUTE)
    assert deliver(client=clean) == {"sent": PATIENCE}
    assert len(heard(file)) == PATIENCE + 2


def test_a_mail_server_that_does_not_answer_is_not_waited_for_once_an_address(
    clean: Elasticsearch, runs: Runs, file: Path, channels: dict[str, list[Any]]
) -> None:
    readers = [f"mail:reader{number}@example.org" for number in range(PATIENCE + 4)]
    for reader in readers:
        channels[reader] = [Refused("no such address")]
    watch(clean, tell=(*readers, f"file://{file}"))
    runs.tell(article("a"))
    assert deliver(client=clean) == {"failed": len(readers), "sent": 1}, "one address says nothing of another"
    for reader in readers:
        channels[reader] = [Down("mail.example.org does not let us in")]
    runs.tell(article("b"))
    assert deliver(client=clean) == {"failed": PATIENCE, "sent": 1}


def test_an_operator_who_cannot_be_reached_is_not_told_of_that(
    clean: Elasticsearch, clock: Clock, operator: Path, channels: dict[str, list[Any]]
) -> None:
    delivery.tell_operator(clean, "today", "2 sources are not well")
    channels[f"file://{operator}"] = [Refused("HTTP 503")] * ATTEMPTS
    for attempt in range(ATTEMPTS):
        clock(NOON + 2 * 2**attempt * MINUTE)
        deliver(client=clean)
    assert [message.state for message in deliveries(clean)] == ["dead"]
    assert states(clean) == ["told"]
    assert heard(operator) == []


# Processes that are killed


class Killed(BaseException):
    pass


def kill(*_: object) -> None:
    raise Killed


def killed_while(client: Elasticsearch, monkeypatch: pytest.MonkeyPatch, name: str, how: Callable[..., None]) -> None:
    """Deliver, and be killed in the middle of something."""
    with monkeypatch.context() as patch:
        patch.setattr(delivery, name, how)
        with pytest.raises(Killed):
            deliver(client=client)


def test_killed_while_sending_it_sends_once_more_and_says_so(
    clean: Elasticsearch, runs: Runs, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(clean, tell=(f"file://{file}",))
    (notice,) = runs.tell(article("a"))
    real = delivery.send

    def sent_and_killed(message: Message, channel: str) -> None:
        real(message, channel)
        raise Killed

    killed_while(clean, monkeypatch, "send", sent_and_killed)
    assert deliver(client=clean) == {"sent": 1}
    assert [line["id"] for line in heard(file)] == [notice.id, notice.id + AGAIN]
    assert deliver(client=clean) == {}


def test_killed_while_sending_it_once_more_it_is_left_and_the_operator_is_told(
    clean: Elasticsearch, runs: Runs, file: Path, monkeypatch: pytest.MonkeyPatch, operator: Path
) -> None:
    watch(clean, tell=(f"file://{file}",))
    runs.tell(article("a"))
    for _ in range(2):
        killed_while(clean, monkeypatch, "send", kill)
    assert deliver(client=clean) == {"unsure": 1, "sent": 1}
    assert heard(file) == []
    (line,) = heard(operator)
    assert f"The channel file://{file} may or may not have had a message" in line["title"]
    assert states(clean) == ["told", "told"]
    assert deliver(client=clean) == {}


def test_killed_between_sending_and_marking_the_notices_it_sends_nothing_again(
    clean: Elasticsearch, runs: Runs, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(clean, tell=(f"file://{file}",))
    runs.tell(article("a"))
    killed_while(clean, monkeypatch, "change", kill)
    assert states(clean) == ["due"]
    assert deliver(client=clean) == {}
    assert states(clean) == ["told"]
    assert len(heard(file)) == 1


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
    real = delivery.send

    def slow(message: Message, channel: str) -> None:
        begun = spawn.Event()
        others.append(spawn.Process(target=_deliver, args=(begun,)))
        others[0].start()
        begun.wait(60)
        others[0].join(1)  # it sees the message as one whose process was killed, unless it waits for us
        real(message, channel)

    monkeypatch.setattr(delivery, "send", slow)
    assert deliver(client=clean) == {"sent": 1}
    others[0].join(60)
    assert others[0].exitcode == 0
    assert len(heard(file)) == 1

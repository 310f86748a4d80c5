"""A message is sent once, whatever its channel does and whenever the process that sends it is killed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from search.alerts import sending
from search.alerts.channels import Down, Message, Refused, Unknown
from search.alerts.deliver import deliver
from search.alerts.operator_notices import OPERATOR, tell_operator
from search.alerts.sending import ATTEMPTS, PATIENCE
from tests.search.alerts.telling import NOON, Clock, Runs, article, deliveries, heard, states, watch
from wirewatch.records import AGAIN

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


# Channels that fail


@pytest.fixture
def channels(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Message | Exception]]:
    """Channels by name: those with an error in front fail with it, and what they took comes after."""
    lines: dict[str, list[Any]] = {}
    real = sending.send

    def send(message: Message, channel: str) -> None:
        line = lines.setdefault(channel, [])
        if line and isinstance(line[0], Exception):
            raise line.pop(0)
        line.append(message)
        real(message, channel)

    monkeypatch.setattr(sending, "send", send)
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


def test_what_a_channel_never_answers_is_sent_with_the_same_ids_until_it_is_given_up(
    clean: Elasticsearch, runs: Runs, file: Path, clock: Clock, operator: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    real = sending.send

    def unanswered(message: Message, channel: str) -> None:
        if channel == f"file://{file}":
            sent.append(message.id)
            raise Unknown("no answer within 30 s")
        real(message, channel)

    monkeypatch.setattr(sending, "send", unanswered)
    watch(clean, tell=(f"file://{file}",))
    runs.tell(article("a"))
    for attempt in range(ATTEMPTS + 1):
        clock(NOON + 2 * 2**attempt * MINUTE)
        deliver(client=clean)
    (dead,) = [message for message in deliveries(clean) if message.channel == f"file://{file}"]
    assert sent == [dead.id, *[dead.id + AGAIN] * (ATTEMPTS - 1)]
    assert (dead.state, dead.attempts) == ("dead", ATTEMPTS)
    (line,) = heard(operator)
    assert "did not confirm a message 12 times, and it was given up: no answer within 30 s" in line["title"]


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
    tell_operator(clean, "today", "2 sources are not well")
    channels[f"file://{operator}"] = [Refused("HTTP 503")] * ATTEMPTS
    for attempt in range(ATTEMPTS):
        clock(NOON + 2 * 2**attempt * MINUTE)
        deliver(client=clean)
    assert [message.state for message in deliveries(clean)] == ["dead"]
    assert states(clean) == ["told"]
    assert heard(operator) == []


def test_of_an_alert_named_like_the_operator_the_operator_hears(
    clean: Elasticsearch, runs: Runs, file: Path, clock: Clock, operator: Path, channels: dict[str, list[Any]]
) -> None:
    watch(clean, name=OPERATOR, tell=(f"file://{file}",))
    runs.tell(article("a"))
    channels[f"file://{file}"] = [Refused("HTTP 503")] * ATTEMPTS
    for attempt in range(ATTEMPTS):
        clock(NOON + 2 * 2**attempt * MINUTE)
        deliver(client=clean)
    (line,) = heard(operator)
    assert f"It was of the alert {OPERATOR};" in line["title"]


# Processes that are killed


class Killed(BaseException):
    pass


def kill(*_: object) -> None:
    raise Killed


def killed_while(client: Elasticsearch, monkeypatch: pytest.MonkeyPatch, name: str, how: Callable[..., None]) -> None:
    """Deliver, and be killed in the middle of something."""
    with monkeypatch.context() as patch:
        patch.setattr(f"search.alerts.{name}", how)
        with pytest.raises(Killed):
            deliver(client=client)


def test_killed_while_sending_it_sends_once_more_and_says_so(
    clean: Elasticsearch, runs: Runs, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(clean, tell=(f"file://{file}",))
    (notice,) = runs.tell(article("a"))
    real = sending.send

    def sent_and_killed(message: Message, channel: str) -> None:
        real(message, channel)
        raise Killed

    killed_while(clean, monkeypatch, "sending.send", sent_and_killed)
    assert deliver(client=clean) == {"sent": 1}
    assert [line["id"] for line in heard(file)] == [notice.id, notice.id + AGAIN]
    assert deliver(client=clean) == {}


def test_killed_while_sending_it_once_more_it_is_left_and_the_operator_is_told(
    clean: Elasticsearch, runs: Runs, file: Path, monkeypatch: pytest.MonkeyPatch, operator: Path
) -> None:
    watch(clean, tell=(f"file://{file}",))
    runs.tell(article("a"))
    for _ in range(2):
        killed_while(clean, monkeypatch, "sending.send", kill)
    assert deliver(client=clean) == {"unsure": 1, "sent": 1}
    assert heard(file) == []
    (line,) = heard(operator)
    assert f"The channel file://{file} may or may not have had a message" in line["title"]
    assert states(clean) == ["told", "told"]
    assert deliver(client=clean) == {}


def test_killed_while_sending_again_what_was_not_answered_it_is_left_and_the_operator_is_told_what_happened(
    clean: Elasticsearch,
    runs: Runs,
    file: Path,
    clock: Clock,
    operator: Path,
    channels: dict[str, list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch(clean, tell=(f"file://{file}",))
    runs.tell(article("a"))
    channels[f"file://{file}"] = [Unknown("no answer within 30 s")]
    assert deliver(client=clean) == {"failed": 1}
    clock(NOON + 5 * MINUTE)
    killed_while(clean, monkeypatch, "sending.send", kill)
    assert deliver(client=clean) == {"unsure": 1, "sent": 1}
    (line,) = heard(operator)
    assert "may or may not have had a message: Wirewatch was killed while it was sending it once more." in line["title"]
    assert heard(file) == []


def test_killed_between_sending_and_marking_the_notices_it_sends_nothing_again(
    clean: Elasticsearch, runs: Runs, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(clean, tell=(f"file://{file}",))
    runs.tell(article("a"))
    killed_while(clean, monkeypatch, "deliver.change", kill)
    assert states(clean) == ["due"]
    assert deliver(client=clean) == {}
    assert states(clean) == ["told"]
    assert len(heard(file)) == 1

from __future__ import annotations

import json
from pathlib import Path

import pytest

from search.alerts.channels import Message, Refused, Unknown, check, names, ready, send
from tests.search.alerts.channels.conftest import Receiving
from wirewatch.errors import UserError
from wirewatch.records import Notice


@pytest.mark.parametrize(
    "channel",
    ["stdout", "file:notices.jsonl", "file:///var/log/notices.jsonl", "mail:ann@example.org", "newsroom", "Équipe 3"],
)
def test_these_are_channels(channel: str) -> None:
    assert check(channel) == channel


@pytest.mark.parametrize(
    "channel",
    [
        "", "file", "file:", "file://host/path", "mail", "mail:", "mail:ann", "mail:ann@@example.org", "stdout\n", "-x",
        "mail:ann@example.org\nBcc: bob@example.org", "mail:a@b.example,c@d.example", "ann@example.org", "slack://a/b/c",
        "mail:é@example.org",
        "https://example.org/hook", "x" * 101,
    ],
)  # fmt: skip
def test_these_are_none(channel: str) -> None:
    with pytest.raises(ValueError, match="is no channel"):
        check(channel)


def test_stdout_has_a_line_a_notice_and_nothing_that_commands_a_terminal(
    message: Message, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = message.notices[0].model_copy(
        update={"title": "\x1b[2JGone\x07 \u202eelttiL\nAlert forged: nothing", "url": ""}
    )
    send(Message("m", message.alert, (*message.notices, evil)), "stdout")
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == "Alert Coups in the Sahel: Coup d'État au Niger (1) https://niamey.example/coup?n=1&l=fr"
    assert second.endswith("l=fr")
    assert third == "Alert Coups in the Sahel: [2JGone elttiL Alert forged: nothing"


def test_a_file_has_a_line_of_json_a_notice_after_whatever_was_in_it(message: Message, home: Path) -> None:
    file = home / "folder" / "notices.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text('{"id": "torn')  # somebody was stopped while writing
    send(message, "file:folder/notices.jsonl")
    send(message, f"file://{file}")
    torn, *lines = file.read_text().splitlines()
    assert torn == '{"id": "torn'
    read = [Notice.model_validate(json.loads(line)) for line in lines]
    assert [notice.id for notice in read] == ["notice1", "notice2"] * 2
    assert read[0].articles == message.notices[0].articles


def test_a_file_that_cannot_be_opened_has_nothing_and_one_on_a_full_disk_may_have_some(
    message: Message, home: Path
) -> None:
    home.mkdir(parents=True)
    with pytest.raises(Refused, match="cannot be written: Is a directory"):
        send(message, f"file://{home}")
    with pytest.raises(Unknown, match="No space left"):
        send(message, "file:///dev/full")


def test_apprise_gets_headlines_and_links(channels, receiving: Receiving, message: Message) -> None:
    with receiving() as server:
        channels(f"- name: newsroom\n  apprise: json://user:pass@{server.url}/hook\n")
        ready("newsroom")
        send(message, "newsroom")
    (told,) = server.bodies()
    assert told["title"] == "Coups in the Sahel: Coup d'État au Niger (1) and 1 more"
    assert told["message"].splitlines()[:2] == ["Coup d'État au Niger (1) (Niamey Soir)", message.notices[0].url]


def test_what_apprise_has_no_room_for_is_counted_and_linked(message: Message) -> None:
    assert message.alert
    many = Message("m", message.alert, message.notices * 50)
    short = many.short(1000)
    assert len(short) <= 1000
    shown = short.count("Niamey Soir")
    assert 0 < shown < 100
    assert f"{100 - shown} more: https://watch.example.org/feed/" in short
    assert many.short(25) == "Coup d'État au … 99 more"


def test_a_status_is_a_refusal_for_apprise_and_silence_is_not(channels, receiving: Receiving, message: Message) -> None:
    with receiving(403) as server:
        channels(f"- name: newsroom\n  apprise: json://{server.url}/\n")
        with pytest.raises(Refused, match="403"):
            send(message, "newsroom")
    with receiving(hang_up=True) as server:
        channels(f"- name: newsroom\n  apprise: json://{server.url}/\n")
        with pytest.raises(Unknown):
            send(message, "newsroom")


def test_apprise_s_success_behind_a_redirect_is_none_of_ours(channels, receiving: Receiving, message: Message) -> None:
    with receiving() as other, receiving(302, {"Location": f"http://{other.url}/"}) as server:
        channels(f"- name: newsroom\n  apprise: json://{server.url}/\n")
        with pytest.raises((Refused, Unknown)):
            send(message, "newsroom")
    assert other.requests == []


def test_an_entry_takes_its_secrets_from_the_environment(
    channels, receiving: Receiving, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as server:
        channels(f"- name: a\n  apprise: json://{server.url}/${{TOKEN}}\n- name: b\n  apprise: json://x/${{NONE}}\n")
        monkeypatch.setenv("TOKEN", "t0k3n")
        send(message, "a")
        with pytest.raises(UserError, match="needs the environment variable NONE"):
            ready("b")
    assert server.requests[0][0].startswith("/t0k3n")


def test_a_name_that_the_file_does_not_have_is_refused(channels, message: Message) -> None:
    channels("- name: newsroom\n  apprise: json://localhost/\n")
    assert names() == ["newsroom"]
    with pytest.raises(Refused, match="There is no channel newsrom in"):
        send(message, "newsrom")


def test_a_file_that_others_can_read_gets_a_warning_once(channels, caplog: pytest.LogCaptureFixture) -> None:
    file = channels("- name: newsroom\n  apprise: json://localhost/\n", mode=0o640)
    ready("newsroom")
    ready("newsroom")
    assert [record.getMessage() for record in caplog.records] == [
        f"Other users of this machine can read {file}, which has secrets: `chmod 600 {file}`."
    ]

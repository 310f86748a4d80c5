"""A secret in every place that has one, every way to fail, and a look through all that gets out."""

from __future__ import annotations

import base64
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from search.alerts import links
from search.alerts.channels import Message, names, ready, send
from tests.loopback import unused_ports
from tests.search.alerts.channels.conftest import Receiving
from wirewatch.settings import get_settings

SECRET = "s3kr1t-0f-4ll-ch4nn3ls"
KEY = base64.b64encode(f"{SECRET}-and-some-more".encode()).decode()
FORMS = (SECRET, KEY, KEY[8:24], base64.b64encode(SECRET.encode()).decode()[:-4], SECRET[:12])


@pytest.fixture
def look(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, message: Message, home: Path
) -> Iterator[Callable[..., str]]:
    """Do something that may fail, with all logs on, and look through what comes out; returns what it said."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("apprise").setLevel(logging.DEBUG)

    def looked(act: Callable[[], object]) -> str:
        out = []
        try:
            act()
        except Exception as error:
            trace = traceback.TracebackException.from_exception(error, capture_locals=True, compact=False)
            out += ["".join(trace.format()), str(error), repr(error), repr(error.args)]
            out += [repr(error.__context__), repr(error.__cause__)]
        out += [*capfd.readouterr(), *(f"{record.getMessage()} {record.exc_info}" for record in caplog.records)]
        everything = "\n".join(out)
        for form in FORMS:
            assert form not in everything
        return out[1] if len(out) > 3 else ""

    yield looked
    logging.getLogger("apprise").setLevel(logging.NOTSET)


APPRISE = (
    f"json://user:{SECRET}@{{}}/{SECRET}?+X-Token={SECRET}",
    f"slack://{SECRET}/{SECRET}/{SECRET}",
    f"{SECRET}://{{}}/",
    f"json://{{}}:{SECRET}/",
    f"tgram://{SECRET}:{SECRET}/{SECRET}",
    f"mailto://user:{SECRET}@{{}}?smtp={{}}",
    SECRET,
)
WEBHOOKS = (
    (f"http://user:{SECRET}@{{}}/{SECRET}?token={SECRET}", KEY),
    (f"http://{{}}:{SECRET}/", KEY),
    (f"http://{SECRET}.invalid/", KEY),
    (f"http://[{SECRET}/", KEY),
    (f"{SECRET}", KEY),
    ("http://{}/", SECRET),
    ("http://{}/", f"{SECRET}\n"),
    (f"http://{{}}/\r\n{SECRET}", KEY),
)


@pytest.mark.parametrize("answer", [200, 403, 500, "hangs up", "nobody"])
def test_no_entry_leaks_whether_it_is_told_or_not(
    look: Callable[..., str], channels, receiving: Receiving, message: Message, answer: object
) -> None:
    status = answer if isinstance(answer, int) else 200
    with receiving(status, hang_up=answer == "hangs up") as server:
        place = f"127.0.0.1:{unused_ports()}" if answer == "nobody" else server.url
        for url in APPRISE:
            if "slack" in url or "tgram" in url:
                continue  # they would ask the internet
            channels(f"- name: one\n  apprise: {url.format(place, place)!r}\n")
            look(lambda: ready("one"))
            look(lambda: send(message, "one"))
        for url, secret in WEBHOOKS:
            channels(f'- name: one\n  webhook: "{url.format(place)}"\n  secret: "{secret}"\n'.replace("\r\n", "\\r\\n"))
            look(lambda: ready("one"))
            look(lambda: send(message, "one"))
    if answer == 200:
        assert any(SECRET in str(headers) or SECRET in path for path, headers, _ in server.requests)


@pytest.mark.parametrize("url", [url for url in APPRISE if "slack" in url or "tgram" in url])
def test_no_address_that_apprise_reads_leaks(look: Callable[..., str], channels, url: str) -> None:
    channels(f"- name: one\n  apprise: {url}\n")
    look(lambda: ready("one"))


@pytest.mark.parametrize(
    "file",
    [
        f"- name: one\n  apprise: *{SECRET}\n",
        f"- name: one\n  apprise: !{SECRET} x\n",
        f"- name: one\n  apprise: '{SECRET}\n",
        f"- name: one\n  apprise: {{{SECRET}\n",
        f"- name: one\n  apprise: [{SECRET}]\n",
        f"- name: one\n  {SECRET}: x\n",
        f"- {SECRET}\n",
        f"{SECRET}\n",
        f"{SECRET}: one\n",
        f"- name: '{SECRET}!'\n  apprise: json://x/\n",
        f"- name: one\n  webhook: https://x/\n  secret: {{a: {SECRET}}}\n",
        f"- name: one\n  secret: {SECRET}\n",
        f"- name: one\n  apprise: {SECRET}\n  webhook: {SECRET}\n",
        f"- name: one\n  apprise: \x00{SECRET}\n",
        f"- name: one\n  apprise: json://localhost/{SECRET}\n- name: one\n  apprise: json://localhost/{SECRET}\n",
    ],
)
def test_no_file_that_is_wrong_leaks(look: Callable[..., str], channels, message: Message, file: str) -> None:
    written = channels(file)
    assert str(written) in look(lambda: ready("one"))
    look(lambda: send(message, "one"))
    look(names)


def test_a_number_for_a_secret_is_not_quoted_back(look: Callable[..., str], channels) -> None:
    channels("- name: one\n  webhook: https://x/\n  secret: 31415926535\n")
    said = look(lambda: ready("one"))
    assert said.endswith("secret: must be text.")
    assert "31415926535" not in said


def test_a_variable_of_the_environment_does_not_leak(
    look: Callable[..., str], channels, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    channels("- name: one\n  apprise: ${TOKEN}\n- name: two\n  apprise: json://127.0.0.1:9/${TOKEN}\n")
    for name in ("one", "two"):
        look(lambda name=name: ready(name))
        look(lambda name=name: send(message, name))


@pytest.mark.parametrize("answers", ["220 hello\r\n", f"554 {SECRET}\r\n", f"{SECRET}\r\n", ""])
def test_no_mail_server_gets_a_secret_out(
    look: Callable[..., str], message: Message, monkeypatch: pytest.MonkeyPatch, answers: str
) -> None:
    """A server that quotes the secret in whatever it says."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        for url in (f"smtp://127.0.0.1:{server.getsockname()[1]}", f"smtp://user:{SECRET}@127.0.0.1:1", SECRET):
            for name, value in {
                "URL": url, "USER": "user", "PASSWORD": SECRET, "SENDER": "a@example.org", "TIMEOUT": "0.3",
            }.items():  # fmt: skip
                monkeypatch.setenv(f"WIREWATCH_SMTP__{name}", value)
            get_settings.cache_clear()
            look(lambda: ready("mail:ann@example.org"))
            with _answering(server, answers):
                assert look(lambda: send(message, "mail:ann@example.org"))


def test_nothing_that_is_sent_has_the_secret_of_the_links(
    look: Callable[..., str], message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREWATCH_LINK_SECRET", SECRET)
    get_settings.cache_clear()
    made = f"{message.text('mail:a@b.example')} {message.html('mail:a@b.example')} {message.data()} {get_settings()!r}"
    assert SECRET not in made
    assert links.read(links.token(links.Link("mute", "a", ""))) == ("mute", "a", "")


def _answering(server: socket.socket, says: str):
    import threading
    from contextlib import contextmanager

    @contextmanager
    def answering() -> Iterator[None]:
        def answer() -> None:
            try:
                connection, _ = server.accept()
                connection.sendall(says.encode())
                connection.close()
            except OSError:
                pass

        server.settimeout(0.5)
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield
        thread.join()

    return answering()

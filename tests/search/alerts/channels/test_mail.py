from __future__ import annotations

import socket
from email.message import EmailMessage

import pytest

from search.alerts import links
from search.alerts.channels import Message, Refused, Unknown, ready, send
from search.alerts.sending import MOST
from tests.search.alerts.channels.conftest import PASSWORD, USER, Serving, a_notice
from wirewatch.errors import UserError
from wirewatch.records import AGAIN

ANN = "mail:ann@example.org"


def parts(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text and html
    return text.get_content(), html.get_content()


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_mail_says_what_why_and_where_in_html_and_text(serving: Serving, message: Message, scheme: str) -> None:
    with serving(scheme) as office:
        ready(ANN)
        send(message, ANN)
    (mail,) = office.mails
    assert (mail["To"], mail["From"]) == ("ann@example.org", "Wirewatch <alerts@watch.example.org>")
    assert mail["Subject"] == "Coups in the Sahel: Coup d'État au Niger (1) and 1 more"
    assert mail["Message-ID"] == f"<{message.id}@watch.example.org>"
    text, html = parts(mail)
    assert "Les putschistes ont annoncé le *coup* d'*État* à la télévision." in text
    assert "annoncé le <mark>coup</mark> d&#39;<mark>État</mark> à" in html
    for part in (text, html):
        assert "Niamey Soir" in part
        assert "23 Nov 2026, 13:00 CET" in part  # in the alert's zone
        assert "French" in part
        assert "Western Africa" in part
        assert "القاهرة اليوم" in part
        assert "/s/wirewatch/app/discover#/" in part
        assert "https://watch.example.org/article/article1" in part
    assert message.notices[0].url in text
    assert 'dir="rtl"' in html


def test_mail_programs_can_unsubscribe_with_one_click(serving: Serving, message: Message) -> None:
    with serving() as office:
        send(message, ANN)
    mail = office.mails[0]
    # Mail programs read the address as it goes over the wire: one piece, not encoded.
    assert b"\r\nList-Unsubscribe: <https://" in office.raw[0]
    address = mail["List-Unsubscribe"].strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address.startswith("https://watch.example.org/l/")
    assert links.read(address.rpartition("/")[2]) == ("unsubscribe", "Coups in the Sahel", ANN)
    assert all(address in part for part in parts(mail))


def test_without_https_there_is_no_one_click(
    serving: Serving, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREWATCH_PUBLIC_URL", "http://127.0.0.1:8765")
    with serving() as office:
        send(message, ANN)
    assert office.mails[0]["List-Unsubscribe"].startswith("<http://127.0.0.1:8765/l/")
    assert "List-Unsubscribe-Post" not in office.mails[0]


def test_a_repetition_says_so_and_names_the_first(serving: Serving, message: Message) -> None:
    with serving() as office:
        send(Message(message.id + AGAIN, message.alert, message.notices, repeated=True), ANN)
    mail = office.mails[0]
    assert mail["Message-ID"] == f"<{message.id}-again@watch.example.org>"
    assert mail["References"] == f"<{message.id}@watch.example.org>"
    assert all("This may have been sent before" in part for part in parts(mail))


def test_what_sites_write_does_nothing_in_a_mail(serving: Serving, message: Message) -> None:
    evil = (
        "<script>alert(1)</script>\r\nBcc: all@example.org\r\n\r\n<img src=x onerror=alert(1)>\"' </em></p>"
        "<style>*{display:none}</style>"
    )
    assert message.alert
    first = message.notices[0].articles[0]
    cited = first.model_copy(
        update={
            "title": evil,
            "url": "javascript:alert(1)",
            "source": first.source.model_copy(update={"name": evil}),
            "language": '"><script>',
            "why": (f"{evil}<em>{evil}</em>", "<em>half"),
            "concepts": (evil, evil),
        }
    )
    hostile = a_notice(
        message.alert.name, "3", title=evil, url="javascript:alert(1)", articles=(cited, cited), story=evil
    )
    with serving() as office:
        send(Message("m", message.alert, (hostile, *message.notices * 20, hostile)), ANN)
    mail = office.mails[0]
    assert "Bcc" not in mail
    assert mail["Subject"].startswith("Coups in the Sahel: <script>alert(1)</script> Bcc: all@example.org <img")
    text, html = parts(mail)
    style = html[html.index("<style>") : html.index("</style>")]
    rest = html.replace(style, "", 1).replace("</style>", "", 1)
    assert "<script" not in rest and "<img" not in rest and "<style" not in rest and "</em>" not in rest
    assert "javascript:" not in html and "javascript:" not in text
    assert "&lt;em&gt;half" in html  # a mark without its other half is the site's text


def test_of_very_many_stories_the_last_are_headlines(serving: Serving, message: Message) -> None:
    assert message.alert
    many = tuple(a_notice(message.alert.name, str(n)) for n in range(1000))
    with serving() as office:
        send(Message("m", message.alert, many), ANN)
    text, html = parts(office.mails[0])
    for part in (text, html):
        assert part.count("Les putschistes") == 30
        assert "Coup d&#39;État au Niger (299)" in part or "Coup d'État au Niger (299)" in part
        assert "(300)" not in part
        assert "And 700 more" in part


def test_a_mail_lists_all_notices_of_a_full_message(serving: Serving, message: Message) -> None:
    assert message.alert
    many = tuple(a_notice(message.alert.name, str(n)) for n in range(MOST))
    with serving() as office:
        send(Message("m", message.alert, many), ANN)
    for part in parts(office.mails[0]):
        assert f"au Niger ({MOST - 1})" in part and "more, which" not in part


@pytest.mark.parametrize(
    ("at", "said"), [("rcpt", "550 5.1.1 nobody here"), ("data", "554 5.7.1 no"), ("data", "451 later")]
)
def test_what_the_server_does_not_take_did_not_arrive(serving: Serving, message: Message, at: str, said: str) -> None:
    with serving() as office:
        setattr(office, at, said)
        with pytest.raises(Refused, match=said[:3]):
            send(message, ANN)


def test_a_server_that_hangs_up_when_it_has_the_mail_may_send_it_on(serving: Serving, message: Message) -> None:
    with serving() as office:
        office.data = "hang up"
        with pytest.raises(Unknown, match="stopped answering"):
            send(message, ANN)
    assert len(office.mails) == 1


def test_a_server_that_says_nothing_had_nothing(serving: Serving, message: Message) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        with serving(TIMEOUT="0.3", URL=url), pytest.raises(Refused, match="does not let us in"):
            send(message, ANN)


def test_a_wrong_password_and_a_strange_certificate_are_refusals(serving: Serving, message: Message) -> None:
    with serving(PASSWORD="another") as office, pytest.raises(Refused, match=r"535 5\.7\.8, a wrong user or password"):
        send(message, ANN)
    with serving(CA="/etc/ssl/certs/ca-certificates.crt") as office, pytest.raises(Refused, match="SSLCert"):
        send(message, ANN)
    assert office.mails == []


def test_mail_in_the_clear_has_to_be_asked_for_and_carries_no_password(serving: Serving, message: Message) -> None:
    with serving(tls=False) as office:
        send(message, ANN)
    assert len(office.mails) == 1
    with serving(tls=False, TLS="true"), pytest.raises(Refused, match="does not let us in"):
        send(message, ANN)
    with serving(tls=False, USER=USER, PASSWORD=PASSWORD), pytest.raises(UserError, match="not sent in the clear"):
        ready(ANN)


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("URL", "", "Mail needs a server"),
        ("URL", "https://mail.example.org", "Mail needs a server"),
        ("URL", "smtp://user:pass@mail.example.org", "Mail needs a server"),
        ("SENDER", "Wirewatch", "an address to come from"),
        ("CA", "/no/such/file", "is no file"),
    ],
)
def test_what_is_missing_is_said_without_sending(serving: Serving, setting: str, value: str, why: str) -> None:
    with serving(**{setting: value}), pytest.raises(UserError, match=why):
        ready(ANN)

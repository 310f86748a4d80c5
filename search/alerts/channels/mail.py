"""The channel ``mail:ann@example.org``: a message of the server that the setting ``smtp`` names.

It has a ``Message-ID`` made of the message's id, so that a server or reader drops what comes twice, and the headers by
which mail programs unsubscribe with one click (RFC 2369, RFC 8058).
"""

from __future__ import annotations

import re
import smtplib
import ssl
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from search.alerts import links
from search.alerts.channels.failures import Down, Refused, Unknown
from search.alerts.message import Message
from wirewatch.errors import UserError
from wirewatch.records import AGAIN, now
from wirewatch.settings import SmtpSettings, get_settings

WRITTEN = r"(?a:mail:[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?=.{1,200}\Z)[\w-]+(\.[\w-]+)*)"
_PORTS = {"smtp": 587, "smtps": 465}


def ready(channel: str) -> None:
    """It is where the settings name a server that takes mail."""
    _server(get_settings().smtp)


def send(message: Message, channel: str) -> None:
    """Hand it to the server.

    Raises:
        UserError: the settings name no server, or not all that it needs.
        Refused: the server does not answer, or does not take it.
        Unknown: it stopped answering when it had all of it.
    """
    given = get_settings().smtp
    server = _server(given)
    address = channel.removeprefix("mail:")
    mail = as_mail(message, channel)
    connection = _let_in(given, server)
    try:
        _hand_over(connection, parseaddr(given.sender)[1], address, mail, server)
    finally:
        connection.close()


def answers(seconds: float) -> None:
    """See whether the server lets us in, within some time, and send nothing.

    Raises:
        UserError: the settings name no server, or not all that it needs.
        Refused: it does not answer, or does not let us in.
    """
    given = get_settings().smtp.model_copy(update={"timeout": seconds})
    _let_in(given, _server(given)).close()


def as_mail(message: Message, channel: str) -> EmailMessage:
    """The whole message as it goes to the server."""
    sender = get_settings().smtp.sender
    domain = parseaddr(sender)[1].rpartition("@")[2]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, channel.removeprefix("mail:"), message.subject()
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    if message.repeated:
        mail["References"] = f"<{message.id.removesuffix(AGAIN)}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # no out-of-office reply, please
    if message.alert:
        mail["List-Id"] = f"<{message.alert.id}.{domain}>"
        unsubscribe = links.address("unsubscribe", message.alert.name, channel)
        mail["List-Unsubscribe"] = f"<{unsubscribe}>"
        if unsubscribe.startswith("https:"):  # which RFC 8058 asks for
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.text(channel))
    mail.add_alternative(message.html(channel), subtype="html")
    return mail


def _server(given: SmtpSettings) -> SplitResult:
    try:
        server = urlsplit(given.url or "")
        right = server.scheme in _PORTS and server.hostname and server.path in ("", "/") and server.port != 0
    except ValueError:
        right = False
    if not right or "@" in server.netloc:
        raise UserError(
            "Mail needs a server: set WIREWATCH_SMTP__URL to one like smtp://mail.example.org:587, and WIREWATCH_SMTP__"
            "SENDER, __USER and __PASSWORD."
        )
    if not re.fullmatch(WRITTEN, f"mail:{parseaddr(given.sender)[1]}"):
        raise UserError("Mail needs an address to come from: set WIREWATCH_SMTP__SENDER=Wirewatch <alerts@example.org>")
    if given.password and not given.tls:
        raise UserError(
            "A password is not sent in the clear: set WIREWATCH_SMTP__TLS=true, or take WIREWATCH_SMTP__PASSWORD away."
        )
    if given.ca and not given.ca.is_file():
        raise UserError(f"WIREWATCH_SMTP__CA={given.ca} is no file: name the authority's certificate (PEM).")
    return server


def _let_in(given: SmtpSettings, server: SplitResult) -> smtplib.SMTP:
    try:
        return _connect(given, server)
    except smtplib.SMTPResponseException as error:
        raise Refused(f"{server.hostname} refuses: {_code(error)}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Down(f"{server.hostname} does not let us in ({type(error).__name__})") from None


def _connect(given: SmtpSettings, server: SplitResult) -> smtplib.SMTP:
    host, port = server.hostname or "", server.port or _PORTS[server.scheme]
    connection: smtplib.SMTP
    if server.scheme == "smtps":
        connection = smtplib.SMTP_SSL(host, port, timeout=given.timeout, context=_trusting(given.ca))
    else:
        connection = smtplib.SMTP(host, port, timeout=given.timeout)
    try:
        connection.ehlo_or_helo_if_needed()
        if given.tls and server.scheme == "smtp":
            connection.starttls(context=_trusting(given.ca))
            connection.ehlo()
        if given.user and given.password:
            connection.login(given.user, given.password.get_secret_value())
    except BaseException:
        connection.close()
        raise
    return connection


@cache
def _trusting(ca: Path | None) -> ssl.SSLContext:
    """What a server has to prove; reading the authorities of the system takes longer than all else of a message."""
    return ssl.create_default_context(cafile=ca)


def _hand_over(connection: smtplib.SMTP, sender: str, address: str, mail: EmailMessage, server: SplitResult) -> None:
    try:
        for code, said in (connection.mail(sender), connection.rcpt(address)):
            if code not in (250, 251):
                raise smtplib.SMTPResponseException(code, said)
        text = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n", max_line_length=998))
    except smtplib.SMTPResponseException as error:
        raise Refused(f"{server.hostname} refuses: {_code(error)}") from None
    except (smtplib.SMTPException, OSError, MessageError, ValueError) as error:
        raise Refused(f"{server.hostname} stopped answering ({type(error).__name__})") from None
    try:
        code, said = connection.data(text)
    except smtplib.SMTPDataError as error:
        raise Refused(f"{server.hostname} refuses: {_code(error)}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Unknown(f"{server.hostname} stopped answering when it had the mail ({type(error).__name__})") from None
    if code != 250:
        raise Refused(f"{server.hostname} refuses: {_code(smtplib.SMTPResponseException(code, said))}")


def _code(error: smtplib.SMTPResponseException) -> str:
    """What the server answered, without its words, in which anything may stand: ``550 5.1.1``."""
    said = error.smtp_error.decode("ascii", "replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
    more = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", said)
    meaning = {535: ", a wrong user or password", 550: ", no such address"}.get(error.smtp_code, "")
    return f"{error.smtp_code}{f' {more[0]}' if more else ''}{meaning}"

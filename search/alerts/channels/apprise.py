"""Everything else: Slack, Teams, Telegram, ntfy and what more Apprise knows, by its addresses."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from search.alerts.channels.failures import Refused, Unknown
from search.alerts.channels.silence import silence
from search.alerts.message import Message
from wirewatch.errors import UserError

if TYPE_CHECKING:
    from apprise import NotifyBase


def ready(channel: str, url: str) -> None:
    """It is when Apprise understands the address."""
    _service(channel, url)


def send(message: Message, channel: str, url: str) -> None:
    """Hand it to the service.

    Apprise says whether all went well. Where it did not, only its log tells more, and only one thing in it is certain:
    that the service answered every request with an error.

    Raises:
        UserError: Apprise does not understand the address.
        Refused: the service refuses it.
        Unknown: it is not certain that nothing arrived.
    """
    import apprise

    service = _service(channel, url)
    title = message.subject()[: service.title_maxlen or None]
    # A service without titles gets it in the text; what means something to it is written with more characters there.
    room = (service.body_maxlen - (0 if service.title_maxlen else len(title))) * 9 // 10
    with silence():
        logging.getLogger("apprise").setLevel(logging.INFO)
        told = apprise.Apprise(service).notify(
            message.short(room),
            title=title,
            body_format=apprise.NotifyFormat.TEXT,
            log_level=logging.INFO,
        )
        log = [str(entry.message) for entry in told.logs()]
    if told:
        return
    if status := _refusal(log):
        raise Refused(f"it answers with status {status}")
    raise Unknown("Apprise could not send all of it")


def _refusal(log: list[str]) -> str | None:
    """The last status that the service answered with, where all that Apprise noted is such answers."""
    statuses = [found[1] for line in log if (found := re.search(r"\berror\W{1,3}([45]\d\d)\b", line))]
    return statuses[-1] if statuses and len(statuses) == len(log) else None


def _service(channel: str, url: str) -> NotifyBase:
    import apprise

    # A redirect turns a POST into a GET, whose success would look like ours.
    asset = apprise.AppriseAsset(app_id="Wirewatch", app_desc="News alerts", http_redirects=False, async_mode=False)
    with silence():
        service = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        raise UserError(
            f"Apprise does not understand the address of the channel {channel}: https://appriseit.com/services/ says "
            "how each service writes its own."
        )
    return service

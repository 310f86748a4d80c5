"""What an answer says beside its content: why it failed, how long a site is to be left alone, when it was changed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Request, Response

logger = logging.getLogger(__name__)

REASONS: dict[type[BaseException], str] = {
    CannotResolveHostError: "dns",
    DownloadTimeoutError: "timeout",
    DownloadConnectionRefusedError: "connection",
    ResponseDataLossError: "cut-off",
    DownloadFailedError: "connection",
    DownloadCancelledError: "too-large",
}
"""Reasons by Scrapy's errors; a download is cancelled only for its size."""

WORDS = {
    "max redirections reached": "redirects",
    "exceeded DOWNLOAD_MAXSIZE": "too-large",
}

PATIENCE = timedelta(hours=1)
"""Time for which a site is left alone that answers 429 and does not say for how long."""
MOST_PATIENCE = timedelta(hours=24)
"""A site that asks for more is asked again after that."""
LONGEST_WAIT = timedelta(seconds=60)
"""A site that asks for no more patience than that is waited for, and asked again in the same crawl."""


class Refused(IgnoreRequest):
    """We do not make this request; :attr:`reason` becomes the reason of the failed page."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def reason_of(error: BaseException, url: str) -> str:
    """The reason by which the operator sees a request that brought no response."""
    if isinstance(error, Refused):
        return error.reason
    for kind, reason in REASONS.items():
        if isinstance(error, kind):
            return reason
    if isinstance(error, IgnoreRequest):
        # Scrapy's own middlewares tell what they ignored only in words.
        for words, reason in WORDS.items():
            if words in str(error):
                return reason
    logger.error("%s failed: %r", url, error)
    return f"error-{type(error).__name__}"


def patience(response: Response) -> timedelta | None:
    """How long a site asks to be left alone; None where it does not ask for that, at most :data:`MOST_PATIENCE`."""
    if response.status not in (429, 503):
        return None
    asked = (header(response, "Retry-After") or "").strip()
    if asked.isascii() and asked.isdecimal():
        return min(timedelta(seconds=int(asked[:9])), MOST_PATIENCE)
    if moment := http_time(asked):
        return min(max(moment - datetime.now(UTC), timedelta()), MOST_PATIENCE)
    return PATIENCE if response.status == 429 else None


def header(response: Response, name: str) -> str | None:
    """A header as text, the first of several; every byte has a place in Latin-1 (RFC 9110, 5.5)."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def headers_of(message: Request | Response) -> list[tuple[str, str]]:
    """All headers as text."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in message.headers.items()
        for value in values
    ]


def http_time(text: str | None) -> datetime | None:
    """The time of an HTTP header."""
    try:
        moment = parsedate_to_datetime(text or "")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None

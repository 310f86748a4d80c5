"""Who may change something: programs, and our own pages. A page of another site may make a browser send things here,
with whatever login a proxy has given it, and must not be able to make alerts.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from wirewatch.errors import UserError
from wirewatch.settings import get_settings


class Foreign(UserError):
    """Something that another site wants."""


def check_ours(request: Request) -> None:
    """Raise :class:`Foreign` unless a request comes from our own page or from what is no browser.

    Browsers say from where a request comes: in ``Sec-Fetch-Site`` or, where the connection is not encrypted, in
    ``Origin``. Programs say neither.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    ours = {request.headers.get("host"), urlsplit(get_settings().public_url).netloc}
    if site not in (None, "same-origin", "none") or (site is None and origin and urlsplit(origin).netloc not in ours):
        raise Foreign("This came from a page of another site, and is not done.")


def check_json(request: Request) -> None:
    """Raise :class:`Foreign` unless a request has JSON, which no form of another site can send."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Foreign("Send JSON, and say so: `Content-Type: application/json`.")

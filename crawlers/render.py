"""JavaScript pages: which requests a browser renders, and with what settings. The browser itself is in ``browser.py``.

The page of a ``render: true`` source is fetched as every other one is, with the same robots.txt, delay, redirects and
limits. Only then a Chromium gets the fetched HTML, runs its scripts, and what they made of it takes the place of the
HTML: it is what is archived, and so what articles are cut out of. Feeds, sitemaps and robots.txt are never rendered.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from wirewatch.errors import UserError
from wirewatch.settings import CrawlSettings
from wirewatch.sources import Source

if TYPE_CHECKING:
    from scrapy.http import Request

RENDER = "render"
"""The key in a request's meta that has its page rendered."""

FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # Video calls would go past the proxy; looking up names is the proxy's.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def prepare(request: Request, source: Source, *, page: bool) -> Request:
    """Have the page of a request rendered, if its source asks for that.

    Args:
        request: is changed, and returned.
        source: whose page it is.
        page: whether it is a page for readers: an article or a section page, not a feed or a sitemap.
    """
    if source.render and page:
        request.meta[RENDER] = True
        # The HTML that the server sends stays the same whatever the scripts fetch into it.
        for name in ("If-None-Match", "If-Modified-Since"):
            request.headers.pop(name, None)
    return request


def check(crawl: CrawlSettings, sources: Iterable[Source]) -> None:
    """Make sure that there is a browser if one of the sources needs it.

    Raises:
        UserError: a part is missing; the message says how to get it.
    """
    rendered = next((source.domain for source in sources if source.render), None)
    if rendered is None:
        return
    if importlib.util.find_spec("scrapy_playwright") is None:
        raise UserError(f"{rendered} has `render: true`, which needs an extra: pip install 'wirewatch[render]'.")
    if shutil.which(crawl.chromium) is None:
        raise UserError(
            f"{rendered} has `render: true`, but there is no {crawl.chromium!r} to render its pages: "
            "apt-get install chromium, or set WIREWATCH_CRAWL__CHROMIUM."
        )


def scrapy_settings(crawl: CrawlSettings, sources: Iterable[Source]) -> dict[str, Any]:
    """The further settings of a Scrapy process that renders: none where no source asks for it.

    Raises:
        UserError: see :func:`check`.
    """
    sources = tuple(sources)
    check(crawl, sources)
    if not any(source.render for source in sources):
        return {}
    return {
        "DOWNLOAD_HANDLERS": {scheme: "crawlers.browser.Browser" for scheme in ("http", "https")},
        "PLAYWRIGHT_LAUNCH_OPTIONS": {
            "executable_path": shutil.which(crawl.chromium),
            "args": FLAGS,
            "chromium_sandbox": os.geteuid() != 0,  # root has none to start; Playwright then says --no-sandbox
        },
        "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,  # the browser's own, with our user agent
    }

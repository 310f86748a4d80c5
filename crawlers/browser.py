"""The browser as a download handler of Scrapy; only a crawl that renders loads it (see :mod:`crawlers.render`).

Each page has a browser context and a proxy of its own, which end with it: no cookie, cache or worker outlives a page.
The browser is given the document that was fetched, and loads scripts, style sheets and data beside it, from any public
host (:mod:`crawlers.proxy`) but those of :data:`TRACKERS`. It opens no other document: frames, redirects by script and
new windows are refused, so a page cannot lead it anywhere. Pictures, fonts, videos and beacons are not loaded.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Route
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError
from scrapy.http import HtmlResponse, Request, Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawlers.answers import Refused
from crawlers.discovery import is_within
from crawlers.politeness import AtMost
from crawlers.proxy import Proxy
from crawlers.render import RENDER

logger = logging.getLogger(__name__)

LOADED = ("script", "stylesheet", "xhr", "fetch")
"""What a page may load, in Playwright's words. A script can wait for its style sheet."""
TRACKERS = (
    "2mdn.net", "adnxs.com", "adsafeprotected.com", "amazon-adsystem.com", "amplitude.com", "branch.io",
    "brightcove.net", "chartbeat.com", "clarity.ms", "comscore.com", "criteo.com", "criteo.net", "demdex.net",
    "doubleclick.net", "doubleverify.com", "everesttech.net", "facebook.com", "facebook.net", "google-analytics.com",
    "googleadservices.com", "googlesyndication.com", "googletagmanager.com", "googletagservices.com",
    "hotjar.com", "imrworldwide.com", "krxd.net", "mc.yandex.ru", "mixpanel.com",
    "moatads.com", "newrelic.com", "nr-data.net", "omtrdc.net", "onesignal.com", "openx.net", "outbrain.com",
    "parsely.com", "permutive.com", "piano.io", "pubmatic.com", "quantcount.com", "quantserve.com",
    "rubiconproject.com", "scorecardresearch.com", "segment.com", "segment.io", "sentry.io", "taboola.com",
    "tinypass.com", "tiqcdn.com", "twitter.com", "xiti.com", "yieldlab.net", "zqtk.net",
)  # fmt: skip
"""Registered domains of audience measurement and advertising that stand on most news sites: none brings an article."""
MOST_TABS = 4
"""Pages rendered at once: each takes about 100 MB and half a core."""
QUIET = 10.0
"""Seconds in which a page's requests are to come to rest, at most half of its time: what it shows by then is taken."""
_STALE = ("Content-Encoding", "Content-Length", "Transfer-Encoding", "ETag", "Last-Modified")
"""Headers that are true of the document as it was fetched and not as it was rendered."""
_HTML = """(most => {
  const html = (document.doctype ? new XMLSerializer().serializeToString(document.doctype) + "\\n" : "")
    + (document.documentElement ? document.documentElement.outerHTML : "");
  return html.length > most ? null : html;
})"""


class Browser(AtMost, ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """Downloads as Scrapy does, and renders the pages of requests that ask for it."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self.crawler, settings = crawler, crawler.settings
        self.user_agent = settings["USER_AGENT"]
        self.seconds = settings.getfloat("DOWNLOAD_TIMEOUT")
        self.max_bytes = settings.getint("DOWNLOAD_MAXSIZE")
        self.allow_private = settings.getbool("WIREWATCH_ALLOW_PRIVATE")
        self.upstream = settings.get("WIREWATCH_PROXY")
        self.unpacker = HttpCompressionMiddleware(crawler=crawler)
        self.numbers = itertools.count()
        self.tabs = asyncio.Semaphore(MOST_TABS)

    async def download_request(self, request: Request) -> Response:
        """The answer to a request, rendered where that is asked for and it is a page."""
        response: Response = await super().download_request(request)
        kind = (response.headers.get("Content-Type") or b"text/html").lower()
        if not request.meta.get(RENDER) or response.status != 200 or b"html" not in kind:
            return response
        fetched = self.unpacker.process_response(request, response.copy())
        assert isinstance(fetched, Response)
        try:
            async with self.tabs, asyncio.timeout(self.seconds):
                return await self.render(request, fetched)
        except (TimeoutError, PlaywrightTimeoutError):
            raise DownloadTimeoutError(f"{request.url} was not rendered within {self.seconds:g} s") from None
        except PlaywrightError as error:
            logger.warning("%s could not be rendered: %s", request.url, error.message.splitlines()[0])
            raise Refused("render") from None

    async def render(self, request: Request, fetched: Response) -> Response:
        """The page that the scripts of a fetched page make of it."""
        name = f"page-{next(self.numbers)}"
        async with Proxy(self.allow_private, self.max_bytes, self.upstream) as proxy:
            opening = Request(
                fetched.url,
                headers=request.headers,
                meta={
                    "playwright": True,
                    "playwright_include_page": True,
                    "playwright_context": name,
                    "playwright_context_kwargs": {
                        # Without the bypass rule Chromium would reach loopback past the proxy.
                        "proxy": {"server": proxy.url, "bypass": "<-loopback>"},
                        "service_workers": "block",
                        "accept_downloads": False,
                        "user_agent": self.user_agent,
                    },
                    "playwright_page_init_callback": lambda page, _: self.guard(page, request, fetched),
                    "playwright_page_goto_kwargs": {"wait_until": "commit", "timeout": self.seconds * 1000},
                },
            )
            try:
                await super().download_request(opening)
                page = opening.meta["playwright_page"]
                with contextlib.suppress(PlaywrightTimeoutError):
                    await page.wait_for_load_state("networkidle", timeout=min(QUIET, self.seconds / 2) * 1000)
                html = await self.html(page)
                version = self.browser.version
            finally:
                self.count(request, "bytes", proxy.received)
                if tab := self.context_wrappers.get(name):
                    with contextlib.suppress(TimeoutError, PlaywrightError):
                        await asyncio.wait_for(tab.context.close(), self.seconds)
        if html is None:
            raise DownloadCancelledError(f"{request.url} is larger than {self.max_bytes} bytes once it is rendered")
        request.meta["rendered"] = f"Chromium {version}"
        headers = fetched.headers.copy()
        for stale in _STALE:
            headers.pop(stale, None)
        headers["Content-Type"] = "text/html; charset=utf-8"
        body = html.encode("utf-8", "replace")
        return HtmlResponse(
            fetched.url, headers=headers, body=body, encoding="utf-8", request=request, ip_address=fetched.ip_address,
            protocol=fetched.protocol,
        )  # fmt: skip

    def count(self, request: Request, what: str, by: int = 1) -> None:
        """Add to what the spider counts, so that what the browser loads is seen too."""
        if (counts := getattr(self.crawler.spider, "counts", None)) is not None:
            counts[what] += by
        if what == "bytes" and (asked := request.meta.get("asked")):
            asked.bytes += by

    async def guard(self, page: Page, request: Request, fetched: Response) -> None:
        """Give the page the document that was fetched, and let it load nothing but what it needs."""
        opened = False

        async def decide(route: Route) -> None:
            nonlocal opened
            asked = route.request
            if asked.is_navigation_request():
                if opened or asked.frame != page.main_frame:
                    await route.abort("aborted")
                    return
                opened = True
                kind = (fetched.headers.get("Content-Type") or b"text/html").decode("latin-1")
                await route.fulfill(status=200, headers={"Content-Type": kind}, body=fetched.body)
            elif asked.resource_type in LOADED and not is_within(asked.url, TRACKERS):
                self.count(request, "requests")
                await route.fallback()
            else:
                await route.abort()

        page.on("popup", lambda popup: asyncio.ensure_future(popup.close()))
        await page.route("**", decide)

    async def html(self, page: Page) -> str | None:
        """The page as it stands now, or None if it is too large; asked for where its scripts cannot meddle."""
        session = await page.context.new_cdp_session(page)
        frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        world = await session.send("Page.createIsolatedWorld", {"frameId": frame})
        answer = await session.send(
            "Runtime.evaluate",
            {
                "expression": f"{_HTML}({self.max_bytes})",
                "contextId": world["executionContextId"],
                "returnByValue": True,
            },
        )
        html: str | None = answer["result"].get("value")
        return html

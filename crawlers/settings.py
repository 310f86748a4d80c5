"""Scrapy's settings, made from Wirewatch's. The module itself is what the ``scrapy`` command reads (scrapy.cfg)."""

from __future__ import annotations

from typing import Any

from wirewatch.settings import CrawlSettings, get_settings


def scrapy_settings(crawl: CrawlSettings) -> dict[str, Any]:
    """The settings of a Scrapy process that crawls as ``crawl`` says."""
    return {
        "BOT_NAME": "wirewatch",
        "SPIDER_MODULES": ["crawlers.spider"],
        "USER_AGENT": crawl.user_agent,
        # gzip is what every server has and every reader of the archive understands.
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Encoding": "gzip, deflate",
        },
        "DOWNLOAD_DELAY": crawl.delay,
        "CONCURRENT_REQUESTS_PER_DOMAIN": crawl.per_site,
        # Without a delay (the demo, benchmarks) nobody has to be spared, so there is nothing to throttle.
        "AUTOTHROTTLE_ENABLED": crawl.delay > 0,
        "AUTOTHROTTLE_START_DELAY": crawl.delay,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(crawl.per_site),
        "DOWNLOAD_TIMEOUT": crawl.timeout,
        "DOWNLOAD_MAXSIZE": crawl.max_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "REDIRECT_MAX_TIMES": 5,
        # A live blog reloads itself with a meta refresh: that is no redirect.
        "METAREFRESH_ENABLED": False,
        "RETRY_TIMES": 1,
        # 429 and 503 may name a time to wait for: see Site.ask.
        "RETRY_HTTP_CODES": [500, 502, 504, 522, 524],
        "RETRY_GIVE_UP_LOG_LEVEL": "DEBUG",
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        # Counted by politeness.Archive.
        "DOWNLOADER_STATS": False,
        "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "crawlers.politeness.Downloads"),
        "TWISTED_DNS_RESOLVER": "crawlers.resolver.PublicResolver",
        "DOWNLOADER_MIDDLEWARES": {
            "crawlers.politeness.Boundary": 40,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "crawlers.robots.Robots": 100,
            "crawlers.politeness.CrawlDelay": 200,
            "crawlers.politeness.Archive": 990,
        },
        # The proxy is a setting of ours (see Boundary), never of the environment.
        "HTTPPROXY_ENABLED": crawl.proxy is not None,
        "WIREWATCH_PROXY": crawl.proxy,
        "WIREWATCH_ALLOW_PRIVATE": crawl.allow_private,
    }


SAVEFIXTURE = {
    "ADDONS": {"scrapy_poet.Addon": 300},
    "SCRAPY_POET_DISCOVER": ["crawlers.pages"],
    "SCRAPY_POET_TESTS_ADAPTER": "crawlers.fixtures.RecordAdapter",
}
"""What the command ``scrapy savefixture`` needs, and a crawl does not."""

globals().update(scrapy_settings(get_settings().crawl) | SAVEFIXTURE)

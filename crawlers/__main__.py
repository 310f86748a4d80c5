"""The crawling process: reads a task from standard input, crawls, tells what happens on standard output.

Started by :func:`crawlers.crawl.crawl`. One JSON object a line comes out: ``{"done", "total"}`` as it goes,
``{"log", "level"}`` for warnings, and last ``{"counts"}`` or ``{"error"}``. It ends when standard input is closed.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawlers.archive import WarcFile
from crawlers.crawl import PAGES, Task
from crawlers.settings import scrapy_settings
from crawlers.spider import NewsSpider
from wirewatch.records import Page
from wirewatch.state import State


def main() -> int:
    """Do the task on standard input."""
    # What else is printed must not get between the messages.
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)

    def say(**message: Any) -> None:
        out.write(json.dumps(message) + "\n")

    task = Task.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, args=(task.folder,), daemon=True).start()
    try:
        say(counts=_crawl(task, say))
    except Exception:
        say(error=traceback.format_exc())
        return 1
    return 0


def _crawl(task: Task, say: Any) -> dict[str, int]:
    settings = Settings(scrapy_settings(task.crawl) | {"LOG_INSTALL_ROOT_HANDLER": False})
    process = AsyncCrawlerProcess(settings)
    _log_to(say)
    crawler = process.create_crawler(NewsSpider)
    folder = Path(task.folder)
    warc = WarcFile(folder / task.archive)
    with (folder / PAGES).open("w", encoding="utf-8") as pages:

        def record(page: Page, done: int, total: int) -> None:
            pages.write(page.model_dump_json(exclude_defaults=True) + "\n")
            say(done=done, total=total)

        crawling = process.crawl(
            crawler,
            sources=task.group.sources,
            state=State(task.state),
            record=record,
            warc=warc,
            max_articles=task.crawl.max_articles,
        )
        process.start()
        crawling.result()
        spider = crawler.spider
        assert isinstance(spider, NewsSpider)
        if spider.error:
            raise spider.error
        finish = crawler.stats.get_value("finish_reason")
        if finish != "finished":
            raise RuntimeError(f"The crawl was ended early: {finish}.")
        spider.settle_rest()
    warc.close()
    counts: dict[str, int] = spider.counts | {
        "requests": crawler.stats.get_value("downloader/request_count", 0),
        "bytes": crawler.stats.get_value("downloader/response_bytes", 0),
    }
    return counts


def _end_with_parent(folder: str) -> None:
    """End at once when the process that started us does, and leave nothing behind."""
    while os.read(0, 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


class _Handler(logging.Handler):
    """Hands log records to the process that started us."""

    def __init__(self, say: Any) -> None:
        super().__init__(logging.WARNING)
        self.say = say

    def emit(self, record: logging.LogRecord) -> None:
        self.say(log=self.format(record), level=record.levelno)


def _log_to(say: Any) -> None:
    """Hand warnings on. Only once there is a Scrapy process: its own set-up of logging undoes what was set before."""
    logging.getLogger().addHandler(_Handler(say))
    # These warn of single pages, whose reasons are recorded, and of sites without robots.txt.
    for name in (
        "scrapy.core.downloader.handlers.http11",
        "scrapy.downloadermiddlewares.httpcompression",
        "scrapy.downloadermiddlewares.robotstxt",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL)


if __name__ == "__main__":
    sys.exit(main())

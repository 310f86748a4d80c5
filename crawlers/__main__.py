"""The crawling process: crawls a group of sources into a folder. Started by :func:`crawlers.crawl.crawl`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawlers.archive import WarcFile
from crawlers.child import Say, log_to, main
from crawlers.crawl import PAGES, Task
from crawlers.settings import scrapy_settings
from crawlers.spider import NewsSpider
from wirewatch.records import Page
from wirewatch.state import State


def _crawl(told: bytes, say: Say) -> dict[str, int]:
    task = Task.model_validate_json(told)
    settings = Settings(scrapy_settings(task.crawl) | {"LOG_INSTALL_ROOT_HANDLER": False})
    process = AsyncCrawlerProcess(settings)
    log_to(say)
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


def _leave_nothing(told: bytes) -> None:
    shutil.rmtree(Task.model_validate_json(told).folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(_crawl, _leave_nothing))

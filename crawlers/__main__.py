"""The crawling process: crawls a group of sources into a folder. Started by :func:`crawlers.crawl.crawl`."""

from __future__ import annotations

import resource
import shutil
import sys
from pathlib import Path
from time import monotonic

from crawlers.reading import warm_up

warm_up()  # while Scrapy is imported, which takes as long

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawlers import render
from crawlers.archive import WarcFile
from crawlers.child import Say, log_to, main
from crawlers.crawl import PAGES, Task
from crawlers.settings import scrapy_settings
from crawlers.spider import NewsSpider
from wirewatch.records import POSTPONED, Page, Postponed
from wirewatch.state import State


def _crawl(told: bytes, say: Say) -> dict[str, int]:
    task = Task.model_validate_json(told)
    # Each site may keep some connections open.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rendering = render.scrapy_settings(task.crawl, task.group.sources)
    settings = Settings(scrapy_settings(task.crawl) | rendering | {"LOG_INSTALL_ROOT_HANDLER": False})
    process = AsyncCrawlerProcess(settings)
    log_to(say)
    crawler = process.create_crawler(NewsSpider)
    folder = Path(task.folder)
    warc = WarcFile(folder, task.archive, task.crawl.max_warc_bytes)
    said = 0.0
    with (
        (folder / PAGES).open("w", encoding="utf-8") as pages,
        (folder / POSTPONED).open("w", encoding="utf-8") as left,
    ):

        def record(page: Page, done: int, total: int) -> None:
            nonlocal said
            pages.write(page.model_dump_json(exclude_defaults=True) + "\n")
            if done == total or monotonic() - said > 0.1:
                said = monotonic()
                say(done=done, total=total)

        def postpone(article: Postponed) -> None:
            left.write(article.model_dump_json(exclude_defaults=True) + "\n")

        crawling = process.crawl(
            crawler,
            sources=task.group.sources,
            state=State(task.state),
            record=record,
            postpone=postpone,
            warc=warc,
            crawl=task.crawl,
            due=task.due,
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
    warc.close()
    return {what: number for what, number in spider.counts.items() if number}


def _leave_nothing(told: bytes) -> None:
    shutil.rmtree(Task.model_validate_json(told).folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(_crawl, _leave_nothing))

"""The crawling process: crawls a group of sources into a folder. Started by :func:`crawlers.crawl.crawl`."""

from __future__ import annotations

import resource
import shutil
import sys
from pathlib import Path
from time import monotonic

from crawlers.reading import warm_up

warm_up()  # while Scrapy is imported, which takes as long

from crawlers.archive import WarcFile
from crawlers.child import Say, main, run_spider
from crawlers.crawl import PAGES, Task
from crawlers.spider import NewsSpider
from wirewatch.records import POSTPONED, Page, Postponed
from wirewatch.state import State


def _crawl(told: bytes, say: Say) -> dict[str, int]:
    task = Task.model_validate_json(told)
    # Each site may keep some connections open.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
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

        spider = run_spider(
            NewsSpider,
            task.crawl,
            task.group.sources,
            say,
            sources=task.group.sources,
            state=State(task.state),
            record=record,
            postpone=postpone,
            warc=warc,
            crawl=task.crawl,
            due=task.due,
            revisits=task.revisits,
        )
    warc.close()
    return {what: number for what, number in spider.counts.items() if number}


def _leave_nothing(told: bytes) -> None:
    shutil.rmtree(Task.model_validate_json(told).folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(_crawl, _leave_nothing))

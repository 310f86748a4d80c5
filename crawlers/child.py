"""Scrapy in a process of its own, as a function call.

Of its own, because Twisted's reactor runs once in a process; not a fork or a spawn of this one, because under Airflow
this one is anything but small.
"""

from __future__ import annotations

import json
import logging
import multiprocessing.process
import os
import resource
import secrets
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wirewatch.errors import Unavailable
from wirewatch.records import Record
from wirewatch.settings import CrawlSettings
from wirewatch.sources import Source

if TYPE_CHECKING:
    from scrapy import Spider

logger = logging.getLogger(__name__)

Say = Callable[..., None]
"""Tells the process that started us something: ``say(done=3, total=7)``."""
WORKER_MEMORY = 4 * 2**30
"""Bytes of address space of a process that reads pages: a decompression bomb ends there."""


class CrawlError(Unavailable):
    """The crawling process broke down. Carries what it said last."""


def run(module: str, task: Record, progress: Callable[[int, int | None], None]) -> dict[str, Any]:
    """Run a module that calls :func:`main`, and return its result.

    Our end of its standard input closes when we end, however we end, and then it ends too.

    Args:
        module: as ``python -m`` takes it.
        task: what it is told.
        progress: told the requests that are done and those known so far.

    Raises:
        CrawlError: it broke down.
    """
    child = subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin and child.stdout
    last: dict[str, Any] = {}
    try:
        child.stdin.write(task.model_dump_json().encode() + b"\n")
        child.stdin.flush()
        for line in child.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                break  # it was killed while it wrote
            if "done" in message:
                progress(message["done"], message["total"])
            elif "log" in message:
                logger.log(message["level"], message["log"])
            else:
                last = message
        status = child.wait()
    except BrokenPipeError:
        status = child.wait()
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
    if status != 0 or "result" not in last:
        raise CrawlError(last.get("error") or f"It ended with status {status}.")
    result: dict[str, Any] = last["result"]
    return result


def main(work: Callable[[bytes, Say], dict[str, Any]], clean_up: Callable[[bytes], None] = lambda task: None) -> int:
    """The main function of such a module: reads the task, does it, tells what happens on standard output.

    One JSON object a line comes out: ``{"done", "total"}`` as it goes, ``{"log", "level"}`` for warnings, and last
    ``{"result"}`` or ``{"error"}``. The process ends at once when standard input is closed.

    Args:
        work: does the task, which it gets as JSON, and returns the result.
        clean_up: called with the task when the process that started us has ended before us.
    """
    # What else is printed must not get between the messages.
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)

    def say(**message: Any) -> None:
        out.write(json.dumps(message) + "\n")

    task = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_parent, args=(clean_up, task), daemon=True).start()
    try:
        say(result=work(task, say))
    except Exception:
        say(error=traceback.format_exc())
        return 1
    return 0


def run_spider(
    spider: type[Spider], crawl: CrawlSettings, sources: Iterable[Source], say: Say, /, **arguments: Any
) -> Any:
    """Crawl with Scrapy in this process, which can be done once.

    Args:
        spider: what crawls. It leaves the error that it ends with in its attribute ``error``.
        crawl: how politely.
        sources: those of which pages may have to be rendered.
        say: is told of warnings.
        arguments: the spider's.

    Returns:
        The spider, when it has finished.

    Raises:
        RuntimeError: the crawl was ended early.
    """
    # Here and not above: the process that starts this one has no use for Scrapy.
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.settings import Settings

    from crawlers import render
    from crawlers.settings import scrapy_settings

    ours = {"LOG_INSTALL_ROOT_HANDLER": False, "SPIDER_MODULES": []}
    process = AsyncCrawlerProcess(Settings(scrapy_settings(crawl) | render.scrapy_settings(crawl, sources) | ours))
    _log_to(say)
    crawler = process.create_crawler(spider)
    crawling = process.crawl(crawler, **arguments)
    process.start()
    crawling.result()
    ended: Any = crawler.spider
    if ended.error:
        raise ended.error
    finish = crawler.stats.get_value("finish_reason")
    if finish != "finished":
        raise RuntimeError(f"The crawl was ended early: {finish}.")
    return ended


@contextmanager
def hidden_main() -> Iterator[None]:
    """Keeps processes of a fork server from importing the running program once more, which takes long where it is
    Scrapy's, and fails where it is Airflow's in a task."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def children_allowed() -> Iterator[None]:
    """Lets this process have processes of its own in a task that Celery runs: to ``multiprocessing`` it is one of
    billiard's, which may have none and cannot be told to them. Those started in the block are to be ended in it."""
    known: Any = multiprocessing.process
    before = known._current_process
    if before.daemon:
        known._current_process = ours = multiprocessing.Process()
        ours.daemon, ours.authkey = False, secrets.token_bytes()
    try:
        yield
    finally:
        known._current_process = before


def limit_memory() -> None:
    """Let this process have :data:`WORKER_MEMORY`, and no more."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (WORKER_MEMORY, hard))


def _end_with_parent(clean_up: Callable[[bytes], None], task: bytes) -> None:
    while os.read(0, 1):
        pass
    clean_up(task)
    os._exit(1)


class _Handler(logging.Handler):
    """Hands log records to the process that started us."""

    def __init__(self, say: Say) -> None:
        super().__init__(logging.WARNING)
        self.say = say

    def emit(self, record: logging.LogRecord) -> None:
        self.say(log=self.format(record), level=record.levelno)


def _log_to(say: Say) -> None:
    """Hand warnings on. Only once there is a Scrapy process: its own set-up of logging undoes what was set before."""
    root = logging.getLogger()
    root.addHandler(_Handler(say))
    # Scrapy says several things about every request, and putting them together takes time.
    root.setLevel(logging.WARNING)
    # These warn of single pages, whose reasons are recorded, and of sites without robots.txt.
    for name in (
        "scrapy.core.downloader.handlers.http11",
        "scrapy.downloadermiddlewares.httpcompression",
        "scrapy.downloadermiddlewares.robotstxt",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL)

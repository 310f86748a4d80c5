"""The crawl stage: a group of sources in, a batch of pages with their archive out."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crawlers.plan import Group
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import Page, PageKind, PageOutcome, Record
from wirewatch.settings import CrawlSettings, get_settings
from wirewatch.state import State

logger = logging.getLogger(__name__)

PAGES = "pages.jsonl"
"""The file in which the crawling process leaves its page records."""


class CrawlError(UserError):
    """The crawling process broke down. Carries what it said last."""


class Task(Record):
    """What the crawling process is told."""

    group: Group
    crawl: CrawlSettings
    state: str
    folder: str
    """Where it leaves page records and archive."""
    archive: str
    """Name of the archive's file."""


def crawl(group: Group, run: str, *, progress: Callable[[int, int | None], None] | None = None) -> Batch:
    """Crawl a group of sources once.

    Args:
        group: of :func:`crawlers.plan.plan`.
        run: of :func:`wirewatch.batches.run_name`; with the group's name it is the name of the batch.
        progress: told the requests that are done and those known so far.

    Returns:
        The batch of stage ``pages``. Its counts: ``requests`` (made on the network, robots.txt and redirects too) and
        ``bytes`` (received); ``listings`` (asked for), ``fetched`` (articles), ``unchanged`` (pages answered with
        304), ``failed:<reason>``; ``postponed`` (articles left to the next run), ``malformed-entries`` and
        ``skipped-sitemaps``.

    Raises:
        CrawlError: the crawling process broke down; nothing was written, and the crawl can be done again.
    """
    settings = get_settings()
    batch = Batch(settings.batches, "pages", f"{run}-{group.name}")
    state = State(settings.state)
    state.catch_up(settings.batches)
    if batch.exists():
        return batch
    # Not in the system's folder for temporary files, which may be small: all pages of the crawl are kept in it.
    scratch = settings.home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="crawl-", dir=scratch) as folder:
        task = Task(
            group=group, crawl=settings.crawl, state=settings.state, folder=folder, archive=f"{batch.name}.warc.gz"
        )
        counts = _in_a_process_of_its_own(task, progress or (lambda done, total: None))
        with batches.write(batch) as out:
            with (Path(folder) / PAGES).open("rb") as lines:
                for line in lines:
                    page = Page.model_validate_json(line)
                    out.add(page)
                    for what in _counts(page):
                        out.count(what)
            for what, number in counts.items():
                out.count(what, number)
            for warc in sorted(Path(folder).glob("*.warc.gz")):
                out.add_file(warc.name, warc)
    state.catch_up(settings.batches)
    return batch


def _counts(page: Page) -> list[str]:
    counts = ["listings"] if page.kind is PageKind.LISTING else []
    if page.outcome is PageOutcome.FAILED:
        counts.append(f"failed:{page.reason}")
    elif page.outcome is PageOutcome.UNCHANGED:
        counts.append("unchanged")
    elif page.kind is PageKind.ARTICLE:
        counts.append("fetched")
    return counts


def _in_a_process_of_its_own(task: Task, progress: Callable[[int, int | None], None]) -> dict[str, int]:
    """Let :mod:`crawlers.__main__` do the task, and return its counts.

    A process of its own, because Twisted's reactor runs once in a process; not a fork or a spawn of this one, because
    under Airflow this one is anything but small. Its end of our pipe closes when we end, however we end, and then it
    ends too.
    """
    child = subprocess.Popen([sys.executable, "-m", "crawlers"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin and child.stdout
    result: dict[str, Any] = {}
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
                result = message
        status = child.wait()
    except BrokenPipeError:
        status = child.wait()
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
    if status != 0 or "counts" not in result:
        said = result.get("error") or f"It ended with status {status}."
        raise CrawlError(f"The crawl of {task.group.name} broke down; nothing of it is kept, run it again. {said}")
    counts: dict[str, int] = result["counts"]
    return counts

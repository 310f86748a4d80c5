"""The extract stage: cuts the articles out of the archived pages of a batch.

It never runs on the crawler's event loop. Each page is read in a worker process that has :data:`PAGE_SECONDS` for it,
so that a page that hangs or crashes an HTML parser costs itself and nothing else.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import resource
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as PageTimeout
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pebble import ProcessExpired, ProcessPool

from crawlers.archive import read_response
from crawlers.pages import ArticleItem, load_page_objects, read_article
from crawlers.pages.metadata import encodable
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.records import Article, Page, PageKind, PageOutcome, article_id, content_version
from wirewatch.settings import get_settings
from wirewatch.state import State

log = logging.getLogger(__name__)

PAGE_SECONDS = 5.0
"""Wall-clock seconds that one page may take; an ordinary one takes a twentieth of a second."""
WORKER_MEMORY = 4 * 2**30
"""Bytes of address space of a worker: a decompression bomb ends there."""
REJECTED = "rejected.jsonl"
"""The file of an ``articles`` batch that says which pages gave no article, and why."""
_AHEAD = 8
"""Pages handed out ahead to each worker: enough to keep it busy, few enough to keep memory flat."""
_MARKUP = ("html", "xml")


@dataclass(frozen=True)
class Rejected:
    """A page that yields no article, and why: a word that the manifest counts, and what log and file add to it."""

    reason: str
    detail: str = ""


def extract(batch: Batch, *, progress: Callable[[int, int | None], None] | None = None) -> Batch:
    """Write the articles of a batch of pages as the batch ``articles`` of the same name.

    Only articles that are new or whose text changed are written. The manifest counts ``new``, ``updated``,
    ``unchanged``, ``duplicate`` (an article at two addresses of the batch) and ``failed:<reason>``. Each failed page is
    also a line of the batch's second file, :data:`REJECTED`: ``{"url": …, "source": …, "reason": …, "detail": …}``, in
    the order of the pages; the file is there even when it is empty. The pages themselves stay in the archive.

    Args:
        batch: a finished batch of the stage ``pages``.
        progress: told (pages done, pages in all).

    Returns:
        The finished batch of articles; at once, if it exists already.

    Raises:
        UserError: there is no such batch.
    """
    articles = batch.next("articles")
    if articles.exists():
        return articles
    settings = get_settings()
    state = State(settings.state)
    state.catch_up(settings.batches)
    total = sum(1 for _ in _article_pages(batch))
    seen: set[str] = set()
    with (
        tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as rejected,
        batches.write(articles) as out,
    ):
        for done, (page, result) in enumerate(_read_all(batch, settings.workers), 1):
            if isinstance(result, Rejected):
                log.warning("No article from %s: %s %s", page.url, result.reason, result.detail)
                line = {"url": page.url, "source": page.source.id, "reason": result.reason, "detail": result.detail}
                rejected.write(json.dumps(line, ensure_ascii=False) + "\n")
                out.count(f"failed:{result.reason}")
            elif (key := article_id(result.url)) in seen:
                out.count("duplicate")
            else:
                seen.add(key)
                version = content_version(result.title, result.lead, result.body)
                known = state.known([key]).get(key)
                if known and known.version == version:
                    out.count("unchanged")
                else:
                    out.count("updated" if known else "new")
                    first_seen = known.first_seen if known else page.fetched
                    out.add(
                        Article(
                            id=key,
                            source=page.source,
                            first_seen=first_seen,
                            fetched=page.fetched,
                            version=version,
                            **{name: getattr(result, name) for name in ArticleItem.model_fields if name != "problem"},
                        )
                    )
            if progress:
                progress(done, total)
        rejected.flush()
        out.add_file(REJECTED, rejected.name)
    log.info("%s: %s", articles.url, out.counts)
    state.catch_up(settings.batches)
    return articles


def _article_pages(batch: Batch) -> Iterator[Page]:
    for page in batch.read(Page):
        if page.kind is PageKind.ARTICLE and page.outcome is PageOutcome.FETCHED:
            yield page


@contextmanager
def _hidden_main() -> Iterator[None]:
    """Keeps new workers from importing the running program once more: Airflow's, for one, fails to load in a task."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _read_all(batch: Batch, workers: int) -> Iterator[tuple[Page, ArticleItem | Rejected]]:
    """Every article page of the batch with what became of it, in the order of the batch."""
    # A fork server starts a fresh worker in milliseconds, and without the threads and locks of this process.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["crawlers.extract"])
    waiting: deque[tuple[Page, Any]] = deque()
    with (
        _hidden_main(),
        ProcessPool(max_workers=workers, max_tasks=500, initializer=_prepare_worker, context=context) as pool,
    ):
        try:
            for page in _article_pages(batch):
                waiting.append((page, pool.schedule(_read_page, args=(batch, page), timeout=PAGE_SECONDS)))
                if len(waiting) >= workers * _AHEAD:
                    yield _outcome(*waiting.popleft())
            while waiting:
                yield _outcome(*waiting.popleft())
        except BaseException:
            pool.stop()  # do not finish what nobody will read
            raise


def _outcome(page: Page, future: Any) -> tuple[Page, ArticleItem | Rejected]:
    try:
        return page, future.result()
    except PageTimeout:
        return page, Rejected("timeout", f"after {PAGE_SECONDS:g} s")
    except ProcessExpired as died:
        return page, Rejected("crash", f"the worker ended with status {died.exitcode}")


def _prepare_worker() -> None:
    """Before the first page's time starts: limits, and the imports that page objects need."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (WORKER_MEMORY, hard))
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what it says is said here, with the address
    load_page_objects()


def _read_page(batch: Batch, page: Page) -> ArticleItem | Rejected:
    """Runs in a worker: the article of one page, or why there is none."""
    try:
        response = read_response(batch, page)
    except OSError:
        raise  # the storage does not answer: the stage fails and is run again
    except Exception as error:  # a damaged record
        return _broken(page, error)
    try:
        content_type = next((value for name, value in response.headers if name.lower() == "content-type"), "")
        if content_type and not any(word in content_type.lower() for word in _MARKUP):
            return Rejected("not-html", content_type)
        item = read_article(
            response.url,
            response.body,
            response.headers,
            status=response.status,
            hint=page.hint,
            fetched=page.fetched,
        )
        item.model_dump_json()  # text that cannot be written must fail here, not in the batch
    except Exception as error:  # whatever a site sends does to a parser or a page object costs that page only
        return _broken(page, error)
    return Rejected(item.problem) if item.problem else item


def _broken(page: Page, error: Exception) -> Rejected:
    log.debug("Traceback for %s", page.url, exc_info=True)
    # What cannot be written may be quoted in the error.
    return Rejected("error", encodable(f"{type(error).__name__}: {error}"))

"""The extract stage: cuts the articles out of the archived pages of a batch.

It never runs on the crawler's event loop. Each page, and each feed that is needed for its texts, is read in a worker
process that has :data:`PAGE_SECONDS` for it, so that a page that hangs or crashes an HTML parser costs itself and
nothing else. What a page means for what is known is decided here, one page after the other: see
:mod:`crawlers.versions`.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import tempfile
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import TimeoutError as PageTimeout
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from pebble import ProcessExpired, ProcessPool

from crawlers.archive import read_response
from crawlers.child import children_allowed, hidden_main, limit_memory
from crawlers.fallback import REFUSING, WITHOUT_TEXT, is_refused, item_from_feed
from crawlers.habits import Habits
from crawlers.listing import NotAListing
from crawlers.pages import ArticleItem, load_page_objects, read_article
from crawlers.pages.feed import feed_texts
from crawlers.pages.metadata import encodable
from crawlers.pages.parts import Joined, joined
from crawlers.versions import Text, compared, make_article
from wirewatch import batches, language
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import GONE, Access, Page, PageKind, PageOutcome
from wirewatch.settings import get_settings
from wirewatch.state import State

log = logging.getLogger(__name__)

PAGE_SECONDS = 5.0
"""Wall-clock seconds that one page or feed may take; an ordinary one takes a twentieth of a second."""
_AHEAD = 8
"""Pages handed out ahead to each worker: enough to keep it busy, few enough to keep memory flat."""
_MARKUP = ("html", "xml")

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Rejected:
    """A page that yields no article, and why: a word that the manifest counts, and what the receipt adds to it."""

    reason: str
    detail: str = ""
    item: ArticleItem | None = None
    """What it gave all the same, where a feed's text may complete it."""
    behind_wall: bool = False
    """Whether :attr:`item` is an article, of whose text only the beginning may be free to read."""


def extract(
    batch: Batch, *, replay: str | None = None, only: Collection[str] = (), progress: Progress | None = None
) -> Batch:
    """Write the articles of a batch of pages as the batch ``articles`` of the same name.

    Written are articles that are new, whose text or address changed, that are gone, or there again. Their second file,
    :data:`wirewatch.records.EXTRACTIONS`, has a receipt for each page that was fetched, and for each other one that
    made a difference: it was refused and the feed carried the text, or it was removed. The manifest counts the receipts
    by outcome (``failed:<reason>`` for those without an article), the articles written ``from-feed``, those that are
    ``incomplete`` because a further page of theirs could not be had or read, and the ``blocks-dropped`` from the texts
    of pages because they come back on most pages of their site: see :mod:`crawlers.habits`.

    Args:
        batch: a finished batch of the stage ``pages``.
        replay: do the work once more: the run whose batch is written then (see :meth:`Batch.replayed`). Articles whose
            latest text is of this batch are written again, changed or not; older ones stay as they are.
        only: ids of the sources whose pages are read; all, if empty.
        progress: told (pages done, pages in all).

    Returns:
        The finished batch of articles; at once, if it exists already.

    Raises:
        UserError: there is no such batch, or its archive is kept no longer.
    """
    before = batch.next("articles")
    articles = before.replayed(replay) if replay else before
    if articles.exists():
        return articles
    if gone := batch.manifest().removed:
        raise UserError(
            f"The pages of {batch.name} were removed on {min(gone.values())}, as WIREWATCH_KEEP__PAGES_DAYS says: "
            "their articles cannot be cut out once more."
        )
    settings = get_settings()
    state = State(settings.state)
    state.catch_up(settings.batches)
    total = sum(is_to_read(page) for page in article_pages(batch, only))
    habits, parts = Habits(state), further_pages(batch, only)
    with (
        batches.near(batch, settings.home / "tmp") as near,
        batches.write(articles) as out,
        compared(out, state, habits, before if replay else None) as versions,
        tempfile.TemporaryFile() as texts,
    ):
        # What comes back on the pages is learned from all of them, so their texts wait in a file.
        for done, (page, result, extracted_from) in enumerate(_read_all(near, only, parts, settings.workers), 1):
            if isinstance(result, ArticleItem):
                article = make_article(page, result, extracted_from)
                habits.look_at(article)
                missing = result.missing if isinstance(result, Joined) and extracted_from == "page" else ()
                text = Text(page=page, article=article, missing=missing)
                texts.write(batches.line_of(text))
            elif not is_refused(page):  # else it has failed in its batch of pages
                versions.fail(page, result.reason, result.detail)
            if progress:
                progress(done, total)
        texts.seek(0)
        versions.take(map(Text.model_validate_json, texts))
        versions.take_signs(page for page in article_pages(batch, only) if is_sign(page))
    log.info("%s: %s", articles.url, out.counts)
    state.catch_up(settings.batches)
    return articles


def article_pages(batch: Batch, only: Collection[str] = ()) -> Iterator[Page]:
    """The articles' pages of a batch, fetched or not, of some sources or all."""
    for page in batch.read(Page):
        if page.kind is PageKind.ARTICLE and (not only or page.source.id in only):
            yield page


def further_pages(batch: Batch, only: Collection[str] = ()) -> dict[str, list[Page]]:
    """The further pages of articles of some sources or all, fetched or not, in order by the address of the first."""
    parts: dict[str, list[Page]] = defaultdict(list)
    for page in batch.read(Page):
        if page.kind is PageKind.PART and page.part_of and (not only or page.source.id in only):
            parts[page.part_of].append(page)
    return parts


def is_to_read(page: Page) -> bool:
    """Whether there may be a text: the page's, or the feed's for it."""
    return page.outcome is PageOutcome.FETCHED or is_refused(page)


def is_sign(page: Page) -> bool:
    """Whether a page without a text may still say something: that the article is gone, or is there as it was."""
    return page.outcome is PageOutcome.UNCHANGED or (page.outcome is PageOutcome.FAILED and page.reason in GONE)


@contextmanager
def _workers(number: int) -> Iterator[ProcessPool]:
    # A fork server starts a fresh worker in milliseconds, and without the threads and locks of this process.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["crawlers.ahead"])
    with (
        hidden_main(),
        children_allowed(),
        ProcessPool(max_workers=number, max_tasks=500, initializer=_prepare_worker, context=context) as pool,
    ):
        try:
            yield pool
        except BaseException:
            pool.stop()  # do not finish what nobody will read
            raise


def _read_all(
    batch: Batch, only: Collection[str], parts: Mapping[str, list[Page]], workers: int
) -> Iterator[tuple[Page, ArticleItem | Rejected, Literal["page", "feed"]]]:
    """What the pages of the batch gave, each with its further ones, in their order; then those for which the feed's
    text is looked at."""
    poor: dict[str, list[tuple[Page, Rejected]]] = defaultdict(list)
    with _workers(workers) as pool:
        pages = (page for page in article_pages(batch, only) if page.outcome is PageOutcome.FETCHED)
        tasks = ((page, (batch, page, *parts.get(page.url, ()))) for page in pages)
        for page, result in _in_order(pool, _read_page, tasks, workers * _AHEAD):
            if isinstance(result, Rejected) and (result.item or result.reason in REFUSING):
                poor[page.hint.listing or ""].append((page, result))
            else:
                yield page, result, "page"
        for page in filter(is_refused, article_pages(batch, only)):
            poor[page.hint.listing or ""].append((page, Rejected("refused")))
        listings = {page.url: page for page in batch.read(Page) if page.url in poor and page.warc}
        feeds = (
            (rest, (batch, listings.get(url), [(page, rejected.item) for page, rejected in rest]))
            for url, rest in poor.items()
        )
        for rest, found in _in_order(pool, _read_feed, feeds, workers):
            if isinstance(found, Rejected):
                log.warning("No texts from %s: %s %s", rest[0][0].hint.listing, found.reason, found.detail)
                found = [item_from_feed(page, None, rejected.item) for page, rejected in rest]
            for (page, rejected), item in zip(rest, found, strict=True):
                if item:
                    yield page, item, "feed"
                else:
                    yield page, rejected.item if rejected.item and rejected.behind_wall else rejected, "page"


def read_alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do the work for one page in a worker, as the stage does; a :class:`Rejected` where nothing came in time."""
    with _workers(1) as pool:
        return _outcome(pool.schedule(work, args=arguments, timeout=PAGE_SECONDS))


def _in_order(
    pool: ProcessPool, work: Callable[..., Any], tasks: Iterable[tuple[Any, tuple[Any, ...]]], ahead: int
) -> Iterator[tuple[Any, Any]]:
    """Do the work for each (name, arguments); yields (name, result), a :class:`Rejected` where none came in time."""
    waiting: deque[tuple[Any, Any]] = deque()
    for name, arguments in tasks:
        waiting.append((name, pool.schedule(work, args=arguments, timeout=PAGE_SECONDS)))
        if len(waiting) >= ahead:
            name, future = waiting.popleft()
            yield name, _outcome(future)
    for name, future in waiting:
        yield name, _outcome(future)


def _outcome(future: Any) -> Any:
    try:
        return future.result()
    except PageTimeout:
        return Rejected("timeout", f"after {PAGE_SECONDS:g} s")
    except ProcessExpired as died:
        return Rejected("crash", f"the worker ended with status {died.exitcode}")


def _prepare_worker() -> None:
    """Before the first page's time starts: limits, and the imports that page objects need."""
    limit_memory()
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what it says is said here, with the address
    load_page_objects()
    language.load()
    # Pages leave few cycles behind, and looking for them takes a tenth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _read_page(batch: Batch, page: Page, *parts: Page) -> ArticleItem | Rejected:
    """Runs in a worker: the article of one page and of those on which it goes on, or why there is none."""
    item = _item(batch, page)
    if isinstance(item, Rejected):
        return item
    if parts:
        further = {part.url: _item(batch, part) if part.warc else None for part in parts}
        item = joined(item, {url: part if isinstance(part, ArticleItem) else None for url, part in further.items()})
    if item.problem:
        return Rejected(item.problem, item=item if item.problem in WITHOUT_TEXT else None)
    if (page.hint.listing or page.hint.summary) and item.access is not Access.OPEN:
        return Rejected("behind-wall", item=item, behind_wall=True)
    return item


def _item(batch: Batch, page: Page) -> ArticleItem | Rejected:
    """What one page gives, be it an article or not; or why it cannot be read."""
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
    return item


def _read_feed(
    batch: Batch, listing: Page | None, pages: list[tuple[Page, ArticleItem | None]]
) -> list[ArticleItem | None] | Rejected:
    """Runs in a worker: the articles that a feed's texts make of pages, given with what each gave itself.

    Args:
        batch: the batch of the pages.
        listing: the feed's own page; None if it is not archived, then there are the pages' hints.
        pages: the pages that the feed named.
    """
    try:
        feed = read_response(batch, listing) if listing else None
    except OSError:
        raise
    except Exception as error:
        return _broken(pages[0][0], error)
    try:
        texts = feed_texts(feed.url, feed.body, feed.headers) if feed else {}
        items = [item_from_feed(page, texts.get(page.url), item) for page, item in pages]
        for item in items:
            if item:
                item.model_dump_json()  # as above
    except NotAListing as error:
        return Rejected(error.reason)
    except Exception as error:
        return _broken(pages[0][0], error)
    return items


def _broken(page: Page, error: Exception) -> Rejected:
    log.debug("Traceback for %s", page.url, exc_info=True)
    # What cannot be written may be quoted in the error.
    return Rejected("error", encodable(f"{type(error).__name__}: {error}"))

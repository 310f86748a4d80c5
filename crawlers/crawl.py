"""The crawl stage: a group of sources in, a batch of pages with their archive out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from crawlers import child, render
from crawlers.child import CrawlError as CrawlError
from crawlers.discovery import site_of
from crawlers.plan import Group
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.cost import Meter
from wirewatch.leases import lease
from wirewatch.records import POSTPONED, Page, PageKind, PageOutcome, Record
from wirewatch.settings import CrawlSettings, get_settings
from wirewatch.state import State

PAGES = "pages.jsonl"
"""The file in which the crawling process leaves its page records."""


class Task(Record):
    """What the crawling process is told."""

    group: Group
    crawl: CrawlSettings
    state: str
    folder: str
    """Where it leaves page records and archive."""
    archive: str
    """Name of the archive's files, without number and ending."""
    due: bool
    revisits: bool


def crawl(
    group: Group,
    run: str,
    *,
    due: bool = False,
    revisits: bool = False,
    minutes: float | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Batch:
    """Crawl a group of sources once. A site that another crawl is at, of all that share the crawl state, is left to the
    next run.

    Args:
        group: of :func:`crawlers.plan.plan`.
        run: of :func:`wirewatch.batches.run_name`; with the group's name it is the name of the batch.
        due: whether a listing is left out where less time has passed than it usually takes to bring something new
            (see :class:`wirewatch.state_tables.Visit`), and than the source's tier wants. Otherwise every listing is
            visited.
        revisits: whether only articles are asked for that are to be looked at again, and no listing at all.
        minutes: that it may take, where that is less than the settings allow.
        progress: told the requests that are done and those known so far.

    Returns:
        The batch of stage ``pages``. Its counts: ``requests`` (made on the network, robots.txt and redirects too) and
        ``bytes`` (received); ``listings`` (asked for), ``fetched`` (articles), ``parts`` (further pages of articles,
        asked for), ``unchanged`` (pages answered with 304, or with what they had before), ``revisited`` (articles
        looked at again, whatever came of it), ``failed:<reason>``; ``postponed`` (left to the next run: more than the
        settings allow, or of a site that asked for patience), ``busy-sites`` (left to the next run whole),
        ``malformed-entries``, ``skipped-sitemaps`` and ``skipped-parts``.

    Raises:
        UserError: a source has `render: true`, and there is no browser.
        CrawlError: the crawling process broke down; nothing was written, and the crawl can be done again.
        Unavailable: the same crawl was begun once more by another process, which goes on.
    """
    meter, settings = Meter(), get_settings()
    batch = Batch(settings.batches, "pages", f"{run}-{group.name}")
    state = State(settings.state)
    state.catch_up(settings.batches)
    if batch.exists():
        return batch
    render.check(settings.crawl, group.sources)
    # Not in the system's folder for temporary files, which may be small: all pages of the crawl are kept in it.
    scratch = settings.home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    sites = {source.domain: f"site {site_of(source.domain)}" for source in group.sources}
    with (
        lease(settings.state, sites.values(), holder=batch.name) as held,
        tempfile.TemporaryDirectory(prefix="crawl-", dir=scratch) as folder,
    ):
        free = tuple(source for source in group.sources if sites[source.domain] in held.things)
        limits = settings.crawl.model_copy(
            update={"max_minutes": min(minutes or settings.crawl.max_minutes, settings.crawl.max_minutes)}
        )
        task = Task(
            group=group.model_copy(update={"sources": free}),
            crawl=limits,
            state=settings.state,
            folder=folder,
            archive=batch.name,
            due=due,
            revisits=revisits,
        )

        def moved(done: int, total: int | None) -> None:
            held.check()
            if progress:
                progress(done, total)

        try:
            counts = child.run("crawlers", task, moved)
        except CrawlError as error:
            raise CrawlError(f"The crawl of {group.name} broke down; nothing is kept, run it again. {error}") from None
        with batches.write(batch, meter) as out:
            _take_over(Path(folder), out)
            for what, number in counts.items():
                out.count(what, number)
            if busy := len(set(sites.values()) - held.things):
                out.count("busy-sites", busy)
        state.catch_up(settings.batches)  # who comes to these sites next is to know
    return batch


def _take_over(folder: Path, out: batches.BatchWriter) -> None:
    """Bring into the batch what the crawling process has left in a folder."""
    with (folder / PAGES).open("rb") as lines:
        for line in lines:
            page = Page.model_validate_json(line)
            out.add(page)
            for what in _counts(page):
                out.count(what)
    for file in (folder / POSTPONED, *sorted(folder.glob("*.warc.gz"))):
        out.add_file(file.name, file)


def _counts(page: Page) -> list[str]:
    counts = {PageKind.LISTING: ["listings"], PageKind.PART: ["parts"]}.get(page.kind, [])
    if page.outcome is PageOutcome.FAILED:
        counts.append(f"failed:{page.reason}")
    elif page.outcome is PageOutcome.UNCHANGED:
        counts.append("unchanged")
    elif page.kind is PageKind.ARTICLE:
        counts.append("fetched")
    return counts

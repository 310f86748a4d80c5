"""What the pages of a batch mean for what is known: new articles, new versions, moves, removals, returns.

An article is recognised by its canonical address; else by the address that was asked, if that was of a known article
and the text is akin; else, for a text of some length, by being exactly that of another article of the source. Nothing
here reads a page: it compares records, one after the other.
"""

from __future__ import annotations

import logging
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, Any, Literal

from crawlers.comparison import akin, change
from crawlers.habits import Habits, blocks_of
from crawlers.pages.item import ArticleItem
from wirewatch.batches import Batch, BatchWriter, line_of
from wirewatch.errors import UserError
from wirewatch.records import (
    BLOCKS,
    EXTRACTIONS,
    HABITS,
    Article,
    Blocks,
    Extraction,
    Page,
    PageOutcome,
    Record,
    article_id,
    content_version,
)
from wirewatch.state import State
from wirewatch.state_tables import Known, Visit
from wirewatch.words import how_many

log = logging.getLogger(__name__)

TELLING_TEXT = 200
"""Characters of a body from which on two articles with the same text are one: short ones may be a form or a ticker."""
MOST_CHANGES = 50
"""Changes of an article that are kept, the latest."""
ALIAS = timedelta(hours=1)
"""Two addresses of an article that were found within this time belong together; one found later is where it moved."""

Outcome = Literal["new", "updated", "unchanged", "duplicate", "moved", "gone", "returned"]
ITEM_FIELDS = tuple(name for name in ArticleItem.model_fields if name != "problem")
"""The fields of an article that its page gives."""


class Text(Record):
    """What a page gave."""

    page: Page
    article: Article
    """See :func:`make_article`."""
    missing: tuple[str, ...] = ()
    """The addresses of its further pages that could not be had or read."""


def make_article(page: Page, item: ArticleItem, extracted_from: Literal["page", "feed"] = "page") -> Article:
    """The article that a page gave, as if nothing were known of it."""
    return Article(
        id=article_id(item.url),
        source=page.source,
        first_seen=page.fetched,
        fetched=page.fetched,
        version=content_version(item.title, item.lead, item.body),
        extracted_from=extracted_from,
        **{name: getattr(item, name) for name in ITEM_FIELDS},
    )


class _Waiting(Record):
    """What a page says of a known article, until that article has been read."""

    page: Page
    article: Article | None = None
    """What it gave; None if it was removed, or is back unchanged."""
    linked: bool = False
    """Whether the article is only known by the address that was asked for."""
    spare: bool = False
    """Whether that address is a second one."""
    living: str | None = None
    """Another address that shows the removed article."""
    blocks: Blocks | None = None
    """Of what the page gave."""


class Versions:
    """Writes the articles and the receipts of one batch: first :meth:`take` all texts, then :meth:`take_signs`.

    What has to be compared with the text before waits in a file, and is written when :func:`compared` ends: each
    earlier batch is then read once, and one article of it is in memory at a time.

    Args:
        out: the batch of articles.
        receipts: a file for the lines of :data:`wirewatch.records.EXTRACTIONS`.
        blocks: a file for those of :data:`wirewatch.records.BLOCKS`.
        waiting: an empty file.
        state: caught up with all batches before.
        habits: has looked at all texts.
        replayed: the batch of articles that is made anew; None for pages that were never extracted.
    """

    def __init__(
        self,
        out: BatchWriter,
        receipts: IO[bytes],
        blocks: IO[bytes],
        waiting: IO[bytes],
        state: State,
        habits: Habits,
        replayed: Batch | None,
    ) -> None:
        self.out, self.state, self.replay = out, state, replayed is not None
        self._receipts, self._blocks, self._file, self._habits = receipts, blocks, waiting, habits
        # Batch and id of the article before → offsets of what waits for it.
        self._waiting: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._seen: set[str] = set()  # ids of the articles that pages of this batch gave
        self._at: dict[str, str] = {}  # canonical address → id
        self._texts: dict[tuple[str, str], str] = {}  # source and version → id
        self._twins: dict[str, str] = {}  # id → another address with its text
        self._missing: dict[str, tuple[str, ...]] = {}  # page → further pages that could not be had or read
        self._stayed: set[str] = set()
        if replayed and replayed.exists():
            # The site did not change these; where they come out otherwise now, that is our doing.
            receipts_before = replayed.lines(Extraction, EXTRACTIONS)
            self._stayed = {receipt.url for receipt in receipts_before if receipt.outcome == "unchanged"}

    # What a page gave ---------------------------------------------------------------------------

    def take(self, texts: Iterable[Text]) -> None:
        """Take in what pages gave."""
        rest = iter(texts)
        while lot := list(islice(rest, 100)):
            visits = self.state.look_up(text.page.url for text in lot)
            linked = {visit.article for visit in visits.values() if visit.article}
            known = self.state.known({text.article.id for text in lot} | linked)
            for text in lot:
                self._take(text, visits.get(text.page.url), known)

    def _take(self, text: Text, visit: Visit | None, found: dict[str, Known]) -> None:
        page, given = text.page, text.article
        if text.missing:
            self.out.count("incomplete")
            self._missing[page.url] = text.missing
        article, dropped = self._habits.clean(given)
        if dropped:
            self.out.count("blocks-dropped", dropped)
        # An article that was taken in before a habit was known has it in its text.
        versions = (article.version, given.version)
        if article.url in self._at or article.id in self._seen:
            self.receipt(page, "duplicate", article, self._at.get(article.url, article.id))
            return
        linked = visit.article if visit and visit.article not in self._seen else None
        known = found.get(article.id) or found.get(linked or "")
        if known is None and (twin := self._same_text(article, versions)):
            known = self.state.known([twin]).get(twin)
            if known is None or not known.gone or page.fetched < known.fetched:
                self._twins[twin] = article.url
                self.receipt(page, "duplicate", article, twin)
                return
        by_visit = known is not None and known.id != article.id and known.id == linked
        if known and page.fetched < _last_answer(known, visit):
            self._leave(page, article, known, visit)
            return
        key = known.id if known else article.id
        self._at[article.url] = key
        if len(article.body) >= TELLING_TEXT:
            self._texts[article.source.id, article.version] = key
        if not by_visit:
            self._seen.add(key)
        if known is None:
            self._write("new", page, article, blocks_of(given))
        elif by_visit or known.version not in versions or known.id != article.id or known.gone or self.replay:
            spare = visit is not None and visit.spare
            waiting = _Waiting(page=page, article=article, linked=by_visit, spare=spare, blocks=blocks_of(given))
            self._wait(known, waiting)
        else:
            self._leave(page, article, known, visit)

    def _same_text(self, article: Article, versions: Iterable[str]) -> str | None:
        """The id of another article of the source with this text, as one of some versions."""
        if len(article.body) < TELLING_TEXT:
            return None
        if twin := self._texts.get((article.source.id, article.version)):
            return twin
        found = (self.state.same_text(article.source.id, version) for version in dict.fromkeys(versions))
        return next((known.id for known in found if known), None)

    def _leave(self, page: Page, article: Article, known: Known, visit: Visit | None) -> None:
        """Nothing is new. A second address of an article stays one."""
        second = visit is not None and visit.spare and not known.gone
        self.receipt(page, "duplicate" if second else "unchanged", article, known.id)

    # What a page says without a text ------------------------------------------------------------

    def take_signs(self, pages: Iterable[Page]) -> None:
        """Take in pages that were removed (failed with 404, 410) or are unchanged (304), after all texts.

        The ones are of interest where an article is not known to be gone, the others where one is.
        """
        rest = iter(pages)
        while lot := list(islice(rest, 500)):
            visits = self.state.look_up(page.url for page in lot)
            articles = self.state.known({visit.article for visit in visits.values() if visit.article})
            for page in lot:
                visit = visits.get(page.url)
                known = articles.get(visit.article or "") if visit else None
                gone = page.outcome is PageOutcome.FAILED
                if known is None or bool(known.gone) == gone or page.fetched < known.fetched:
                    continue
                self._wait(known, _Waiting(page=page, living=self._twins.get(known.id)))

    def _living(self, previous: Article, page: Page) -> str | None:
        """Another address where an article is, after one of its pages was removed."""
        addresses = self.state.addresses(previous.source.id, previous.id)
        died = next((visit.fetched for visit in addresses if visit.url == page.url), None)
        for visit in addresses:
            if visit.url == page.url or visit.failures or visit.first_fetched is None:
                continue
            if visit.url == previous.url or (died and visit.first_fetched > died + ALIAS):
                return visit.url
        return None

    # Comparing with the article before ----------------------------------------------------------

    def _wait(self, known: Known, waiting: _Waiting) -> None:
        self._waiting[known.batch][known.id].append(self._file.tell())
        self._file.write(line_of(waiting))

    def compare(self) -> None:
        """Write what waits for the articles before."""
        for name, waiting in self._waiting.items():
            try:
                for previous in Batch(self.out.batch.root, "articles", name).read(Article):
                    for found in self._read(waiting.pop(previous.id, [])):
                        self._settle(found, previous)
            except UserError as error:
                without = how_many(len(waiting), "article")
                log.warning("%s without the texts before: %s", without, error)
            for key, offsets in waiting.items():
                known = self.state.known([key])[key]
                for found in self._read(offsets):
                    self._settle_without(found, known)

    def _read(self, offsets: Iterable[int]) -> Iterator[_Waiting]:
        for offset in offsets:
            self._file.seek(offset)
            yield _Waiting.model_validate_json(self._file.readline())

    def _settle_without(self, waiting: _Waiting, known: Known) -> None:
        """The article before is lost, all but what the state remembers."""
        if waiting.article is None:
            self.fail(waiting.page, "lost-batch", f"articles/{known.batch}")
        elif waiting.linked:
            self._write("new", waiting.page, waiting.article, waiting.blocks)
        else:
            remembered = {
                name: getattr(known, name) for name in ("id", "version", "first_seen", "fetched", "gone")
            }  # with the new text, so that no part of it appears to have changed
            self._settle(waiting, waiting.article.model_copy(update={**remembered, "extracted_from": "page"}))

    def _settle(self, waiting: _Waiting, previous: Article) -> None:
        page, new = waiting.page, waiting.article
        if new is None:
            self._settle_sign(waiting, previous)
            return
        # Whether the article was made of this very page, or of an earlier answer at this address.
        own = page.url == previous.url or page.fetched == previous.fetched
        if waiting.linked and not (akin(previous, new) or (own and previous.extracted_from == "feed")):
            self._write("new", page, new, waiting.blocks)
            return
        before, after = self._habits.bare(previous), self._habits.bare(new)
        stays = len(after.body) < len(before.body) and self._lacks(page)
        if stays:  # the text before has what is missing now
            new, after = previous.model_copy(update={"url": new.url}), before
        changed = before.version != after.version
        if waiting.linked:
            nothing_new = self.replay or not changed
            second = nothing_new and (waiting.spare if new.url == previous.url else not own)
            if second or previous.id in self._seen:
                self.receipt(page, "duplicate", new, previous.id)
                return
            self._seen.add(previous.id)
        if (new.extracted_from, previous.extracted_from) == ("feed", "page"):
            self.receipt(page, "unchanged", new, previous.id)
            return
        gone = previous.gone if previous.gone and page.fetched < previous.gone else None
        history = previous.history
        same_answer = self.replay and (page.fetched == previous.fetched or gone or page.url in self._stayed)
        if changed and not same_answer:
            history = (*history, change(before, after))[-MOST_CHANGES:]
        outcome = _outcome(previous, new, changed=changed, returned=previous.gone is not None and not gone)
        if outcome == "unchanged" and (stays or not self.replay):
            self.receipt(page, outcome, new, previous.id)
            return
        kept: dict[str, Any] = {"id": previous.id, "first_seen": previous.first_seen, "history": history, "gone": gone}
        kept["fetched"] = max(page.fetched, gone or page.fetched)
        self._write(outcome, page, new.model_copy(update=kept), waiting.blocks)

    def _lacks(self, page: Page) -> bool:
        """Whether a further page is missing that was had once."""
        visits = self.state.look_up(self._missing.get(page.url, ()))
        return any(visit.fetched for visit in visits.values())

    def _settle_sign(self, waiting: _Waiting, previous: Article) -> None:
        page = waiting.page
        if previous.id in self._seen:  # another address answered
            self.receipt(page, "duplicate", None, previous.id)
            return
        self._seen.add(previous.id)
        same: dict[str, Any] = {"fetched": page.fetched}
        if page.outcome is not PageOutcome.FAILED:
            self._write("returned", page, previous.model_copy(update={**same, "gone": None}))
            return
        living = waiting.living or self._living(previous, page)
        if living is None:
            self._write("gone", page, previous.model_copy(update={**same, "gone": page.fetched}))
            return
        self.receipt(page, "duplicate", None, previous.id)
        if living != previous.url:
            moved = page.model_copy(update={"url": living})
            self._write("moved", moved, previous.model_copy(update={**same, "url": living}))

    # Writing ------------------------------------------------------------------------------------

    def _write(self, outcome: Outcome, page: Page, article: Article, blocks: Blocks | None = None) -> None:
        """Write an article; without ``blocks``, the page gave none and it is the one before."""
        self.out.add(article)
        if blocks and article.extracted_from == "feed":
            self.out.count("from-feed")
        if blocks:
            known_as = {"article": article.id, "first_seen": article.first_seen}
            self._blocks.write(line_of(blocks.model_copy(update=known_as)))
        self.receipt(page, outcome, article if blocks else None, article.id)

    def receipt(self, page: Page, outcome: Outcome, given: Article | None, article: str) -> None:
        """Say what became of a page, and count it.

        Args:
            page: the page.
            outcome: what became of it.
            given: what it gave.
            article: the id of the article that it is of.
        """
        self.out.count(outcome)
        missing = self._missing.get(page.url)
        fields = tuple(name for name in ITEM_FIELDS if name in given.origins) if given else ()
        receipt = Extraction(
            url=page.url,
            source=page.source.id,
            outcome=outcome,
            article=article,
            reason="incomplete" if missing else None,
            detail=" ".join(missing) if missing else None,
            extracted_from=given.extracted_from if given else "page",
            fields=fields,
        )
        self._receipts.write(line_of(receipt))

    def fail(self, page: Page, reason: str, detail: str) -> None:
        """Say that a page gave no article, and why."""
        log.warning("No article from %s: %s %s", page.url, reason, detail)
        self.out.count(f"failed:{reason}")
        failed = Extraction(url=page.url, source=page.source.id, outcome="failed", reason=reason, detail=detail or None)
        self._receipts.write(line_of(failed))


@contextmanager
def compared(out: BatchWriter, state: State, habits: Habits, replayed: Batch | None = None) -> Iterator[Versions]:
    """Take in the pages of a batch inside the block; leaving it writes what was to be compared, and the other files."""
    with ExitStack() as files:
        receipts, blocks, dropped = (
            files.enter_context(tempfile.NamedTemporaryFile(suffix=".jsonl")) for _ in range(3)
        )
        waiting = files.enter_context(tempfile.TemporaryFile())
        versions = Versions(out, receipts, blocks, waiting, state, habits, replayed)
        yield versions
        versions.compare()
        for habit in habits.dropped.values():
            dropped.write(line_of(habit))
        for name, file in ((EXTRACTIONS, receipts), (BLOCKS, blocks), (HABITS, dropped)):
            file.flush()
            out.add_file(name, file.name)


def _outcome(previous: Article, new: Article, *, changed: bool, returned: bool) -> Outcome:
    """What became of a page of an article that is known."""
    if changed:
        return "updated"
    if returned:
        return "returned"
    return "moved" if previous.url != new.url else "unchanged"


def _last_answer(known: Known, visit: Visit | None) -> datetime:
    """When the text of a known article was fetched; a removal is no text."""
    return visit.fetched if known.gone and visit and visit.fetched else known.fetched

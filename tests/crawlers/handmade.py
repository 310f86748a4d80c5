"""Archives made by hand, for tests of the extract stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scrapy import Request
from scrapy.http import Response

from crawlers.archive import WarcFile
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.records import EXTRACTIONS, Article, Extraction, Hint, Page, PageKind, PageOutcome, SourceRef
from wirewatch.settings import get_settings

SITE = "https://example.org"
FEED = f"{SITE}/feed"
STORY = f"{SITE}/story"
SOURCE = SourceRef(id="example.org", name="Example", country="KE")
SENTENCE = "The council of the lake towns met on Tuesday and agreed to share the cost of the new ferry. "
EDITED = SENTENCE.replace("Tuesday", "Wednesday")


@dataclass(frozen=True)
class Answer:
    """What the site answered for an address: a page, an HTTP status without one, or 304."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html"
    hint: Hint = Hint()  # noqa: RUF009 - it cannot be changed
    kind: PageKind = PageKind.ARTICLE
    source: SourceRef = SOURCE


def article_html(title: str, sentence: str = SENTENCE, canonical: str = "", head: str = "") -> bytes:
    text = "".join(f"<p>{sentence}{number}: {sentence}</p>" for number in range(4))
    head += '<meta property="og:type" content="article">'
    if canonical:
        head += f'<link rel="canonical" href="{canonical}">'
    return f"<html lang=en><head><title>{title}</title>{head}</head><body><h1>{title}</h1>{text}</body></html>".encode()


def day(number: int) -> datetime:
    """Noon of a day of January 2027."""
    return datetime(2027, 1, number, 12, tzinfo=UTC)


def pages_batch(answers: Mapping[str, bytes | Answer], fetched: datetime, name: str = "") -> Batch:
    """A finished batch of pages with these answers by address, all of one time."""
    batch = Batch(get_settings().batches, "pages", name or f"{batches.run_name(fetched, 'test')}-g00")
    folder = get_settings().home / "warc" / batch.name
    folder.mkdir(parents=True)
    warc = WarcFile(folder, batch.name, 2**30)
    with batches.write(batch) as out:
        for url, answer in answers.items():
            given = answer if isinstance(answer, Answer) else Answer(answer)
            page = Page(
                url=url,
                source=given.source,
                kind=given.kind,
                outcome=PageOutcome.FETCHED,
                fetched=fetched,
                hint=given.hint,
            )
            if given.status == 200:
                response = Response(url, headers={"Content-Type": given.content_type}, body=given.body)
                file, offset = warc.add(Request(url), response)
                page = page.model_copy(update={"warc": file, "offset": offset})
            elif given.status == 304:
                page = page.model_copy(update={"outcome": PageOutcome.UNCHANGED})
            else:
                failed = {"outcome": PageOutcome.FAILED, "reason": f"http-{given.status}"}
                page = page.model_copy(update=failed)
            out.add(page)
        warc.close()
        for file in sorted(Path(folder).iterdir()):
            out.add_file(file.name, file)
    return batch


def articles(batch: Batch) -> dict[str, Article]:
    """The articles of a batch by address."""
    return {article.url: article for article in batch.read(Article)}


def only(batch: Batch) -> Article:
    """The one article of a batch."""
    (article,) = batch.read(Article)
    return article


def receipts(batch: Batch) -> dict[str, Extraction]:
    """What became of the pages, by address."""
    return {receipt.url: receipt for receipt in batch.lines(Extraction, EXTRACTIONS)}

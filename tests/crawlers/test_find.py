"""An address or an id leads to the article, and where there is none, to why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.find import Found, find
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import (
    EXTRACTIONS,
    POSTPONED,
    Article,
    Extraction,
    Page,
    PageKind,
    PageOutcome,
    Postponed,
    Record,
    SourceRef,
    article_id,
    content_version,
)
from wirewatch.settings import get_settings

SOURCE = SourceRef(id="lagoon.example", name="Lagoon", country="GB")
SITE = "https://www.lagoon.example"
DAY = timedelta(days=1)
NIGHT = datetime(2026, 11, 20, 2, tzinfo=UTC)
FIRST, SECOND = "20261120T020000Z-000000-g00", "20261121T020000Z-111111-g00"
CATALOGUE = """- name: Lagoon
  domain: lagoon.example
  country: GB
  languages: [en]
  feeds:
    - https://www.lagoon.example/feed
  checked: 2026-11-20, by hand
"""


def page(path: str, after: timedelta = timedelta(minutes=1), **fields: Any) -> Page:
    given = {"source": SOURCE, "kind": PageKind.ARTICLE, "outcome": PageOutcome.FETCHED, **fields}
    return Page(url=f"{SITE}{path}", fetched=NIGHT + after, **given)


def failed(path: str, reason: str) -> Page:
    return page(path, DAY, outcome=PageOutcome.FAILED, reason=reason)


def article(path: str, title: str = "The ferry sails again") -> Article:
    url = f"{SITE}{path}"
    texts = {"title": title, "lead": None, "body": "It left the harbour on Tuesday."}
    version = content_version(**texts)
    return Article(
        id=article_id(url), url=url, source=SOURCE, first_seen=NIGHT, fetched=NIGHT, version=version, **texts
    )


def receipt(path: str, outcome: str, of: str | None = None, reason: str | None = None) -> Extraction:
    id = article_id(f"{SITE}{of}") if of else None
    fields = {"outcome": outcome, "article": id, "reason": reason}
    return Extraction.model_validate({"url": f"{SITE}{path}", "source": SOURCE.id, **fields})


Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a batch: records, and other records into the file of that name."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "gb.yml").write_text(CATALOGUE)
    monkeypatch.setenv("WIREWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WIREWATCH_SOURCES", str(tmp_path / "sources"))
    get_settings.cache_clear()

    def written(stage: str, name: str, *records: Record, file: str = "", lines: tuple[Record, ...] = ()) -> None:
        with batches.write(Batch(get_settings().batches, stage, name)) as out:
            for record in records:
                out.add(record)
            if file:
                (tmp_path / file).write_bytes(b"".join(map(batches.line_of, lines)))
                out.add_file(file, tmp_path / file)

    yield written
    get_settings.cache_clear()


@pytest.fixture
def crawled(write: Write) -> None:
    """A night in which one page gave an article, found by a redirect and once more by another address."""
    write("pages", FIRST, page("/r?id=7", moved=f"{SITE}/ferry"), page("/ferry-again"), page("/short"))
    receipts = (
        receipt("/r?id=7", "new", of="/ferry"),
        receipt("/ferry-again", "duplicate", of="/ferry"),
        receipt("/short", "failed", reason="no-text"),
    )
    write("articles", FIRST, article("/ferry"), file=EXTRACTIONS, lines=receipts)


def why_not(asked: str) -> str:
    with pytest.raises(UserError) as problem:
        find(asked)
    return str(problem.value)


@pytest.mark.parametrize(
    "asked",
    [
        f"{SITE}/ferry",
        "http://www.lagoon.example/ferry",
        "www.lagoon.example/ferry",
        f"{SITE}/ferry?utm_source=mail#top",
        f"{SITE}/ferry/amp",
        f"{SITE}/r?id=7",
        f"{SITE}/ferry-again",
        article_id(f"{SITE}/ferry"),
        article_id(f"{SITE}/ferry")[:6].upper(),
    ],
)
def test_whatever_leads_to_an_article_finds_it(crawled: None, asked: str) -> None:
    assert find(asked) == Found(article_id(f"{SITE}/ferry"), Batch(get_settings().batches, "articles", FIRST))


def test_the_batch_is_that_of_the_latest_text(crawled: None, write: Write) -> None:
    later = article("/ferry", "The ferry stays").model_copy(update={"fetched": NIGHT + DAY})
    write("articles", SECOND, later)
    assert find(f"{SITE}/ferry").batch.name == SECOND


def test_an_address_that_gave_no_article_says_what_became_of_it(crawled: None, write: Write) -> None:
    feed = page("/feed", DAY, kind=PageKind.LISTING)
    part = page("/long?page=2", DAY, part_of=f"{SITE}/long")
    write("pages", SECOND, feed, part, failed("/private", "robots"), failed("/gone", "http-410"), page("/new", DAY))
    said = {path: why_not(f"{SITE}{path}") for path in ("/short", "/feed", "/long?page=2", "/private", "/gone", "/new")}
    assert "gave no article: no-text. `wirewatch extract https://www.lagoon.example/short --explain`" in said["/short"]
    assert "lists articles of lagoon.example, and is none" in said["/feed"]
    assert f"is a further page of {SITE}/long" in said["/long?page=2"]
    assert "robots (the robots.txt of its host forbids it)" in said["/private"]
    assert "could not be fetched on 21 Nov 2026 02:00: http-410. `wirewatch sources health" in said["/gone"]
    assert "was fetched on 21 Nov 2026 02:00 and waits to be extracted: `wirewatch extract`" in said["/new"]


def test_a_page_that_is_as_it_was_still_says_why_it_gave_none(crawled: None, write: Write) -> None:
    write("pages", SECOND, page("/short", DAY, outcome=PageOutcome.UNCHANGED))
    assert "gave no article: no-text" in why_not(f"{SITE}/short")


def test_an_address_that_was_never_asked_for_says_why(crawled: None, write: Write) -> None:
    waiting = Postponed(url=f"{SITE}/later", source=SOURCE.id, at=NIGHT)
    write("pages", SECOND, file=POSTPONED, lines=(waiting,))
    assert "is listed by lagoon.example since 20 Nov 2026, and was not asked for yet" in why_not(f"{SITE}/later")
    unknown = why_not(f"{SITE}/never")
    assert f"No listing of lagoon.example has had {SITE}/never so far; known of it: 1 article." in unknown
    assert "`wirewatch sources check --source lagoon.example`" in unknown
    elsewhere = why_not("lemonde.example/a")
    assert "lemonde.example is not in the catalogue: `wirewatch sources add https://lemonde.example/`" in elsewhere


def test_what_is_no_address_and_what_begins_several_ids_is_told_apart(crawled: None, write: Write) -> None:
    assert "neither an address nor an id" in why_not("the ferry")
    assert "give at least 6 digits" in why_not("abc")
    assert "No article has the id abcdef0123" in why_not("abcdef0123")
    one = article("/ferry")
    twins = [one.model_copy(update={"id": f"abcdef{n:014}"}) for n in range(2)]
    write("articles", SECOND, *twins)
    assert "begins with abcdef: abcdef00000000000000, abcdef00000000000001" in why_not("abcdef")
    assert find("abcdef00000000000001").id == twins[1].id

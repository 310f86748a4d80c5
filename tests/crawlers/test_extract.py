"""The extract stage over small archives made by hand."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crawlers import extract as stage
from crawlers.extract import extract
from tests.crawlers.handmade import EDITED, FEED, SITE, SOURCE, Answer, article_html, day, only, receipts
from tests.crawlers.handmade import pages_batch as made
from wirewatch.batches import Batch
from wirewatch.records import EXTRACTIONS, Article, Hint, Page, PageKind, article_id

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("settings")


def pages_batch(name: str, bodies: dict[str, bytes], content_type: str = "text/html", on: int = 1) -> Batch:
    """A finished batch of pages with these answers, a listing and a failure among them."""
    answers = {
        FEED: Answer(b"<rss/>", kind=PageKind.LISTING),
        **{url: Answer(body, content_type=content_type) for url, body in bodies.items()},
        f"{SITE}/gone": Answer(status=404),
    }
    return made(answers, day(on), name)


def titles(batch: Batch) -> list[str]:
    return [article.title for article in batch.read(Article)]


def test_articles_come_out_in_the_order_of_the_pages_with_what_the_crawl_knows():
    pages = {f"https://example.org/news/{n}": article_html(f"Ferry number {n} leaves") for n in range(20)}
    told: list[tuple[int, int | None]] = []
    done = extract(pages_batch("a", pages), progress=lambda *now: told.append(now))
    articles = list(done.read(Article))
    assert [article.url for article in articles] == list(pages)
    assert articles[3].title == "Ferry number 3 leaves"
    assert articles[3].id == article_id("https://example.org/news/3")
    assert articles[3].source == SOURCE
    assert articles[3].first_seen == articles[3].fetched
    assert done.manifest().counts == {"new": 20}
    assert told[-1] == (20, 20)


def test_extracting_again_gives_the_same_batch(settings):
    pages = {f"https://example.org/news/{n}": article_html(f"Ferry number {n} leaves") for n in range(5)}
    pages["https://example.org/nothing"] = b"<html><title>Nothing</title></html>"
    batch = pages_batch("a", pages)
    first = extract(batch)
    before, counts = list(first.read(Article)), first.manifest().counts
    created = first.manifest().created
    assert extract(batch).manifest().created == created, "a finished batch is left as it is"
    # As if the run had been killed before its manifest and before the state knew of it.
    (settings.home / "batches" / "articles" / "a" / "manifest.json").unlink()
    for file in settings.home.glob("state.sqlite*"):
        file.unlink()
    again = extract(batch)
    assert list(again.read(Article)) == before
    assert again.manifest().counts == counts


def test_only_new_and_changed_articles_are_written():
    same, edited = "https://example.org/same", "https://example.org/edited"
    first = extract(pages_batch("a", {same: article_html("A story"), edited: article_html("Another story")}))
    seen = {article.url: article.first_seen for article in first.read(Article)}
    changed = article_html("Another story", EDITED)
    second = extract(pages_batch("b", {same: article_html("A story"), edited: changed}, on=2))
    assert second.manifest().counts == {"unchanged": 1, "updated": 1}
    article = only(second)
    assert "Wednesday" in article.body
    assert article.first_seen == seen[edited]


def test_one_article_at_two_addresses_is_written_once():
    page = article_html("One story", canonical="https://example.org/story")
    done = extract(
        pages_batch("a", {"https://example.org/story?utm_source=x": page, "https://example.org/amp/story": page})
    )
    assert done.manifest().counts == {"new": 1, "duplicate": 1}


def test_pages_without_an_article_are_counted_logged_and_listed_with_their_reason(caplog):
    with caplog.at_level(logging.WARNING):
        done = extract(
            pages_batch(
                "a",
                {
                    "https://example.org/short": b"<title>Short</title><h1>Short</h1><p>Hardly a word.</p>",
                    "https://example.org/empty": b"",
                    "https://example.org/good": article_html("Good story"),
                },
            )
        )
    assert titles(done) == ["Good story"]
    assert done.manifest().counts == {"new": 1, "failed:no-text": 1, "failed:no-title": 1}
    assert "https://example.org/short: no-text" in caplog.text
    said = receipts(done)
    assert {url: (r.source, r.outcome, r.reason, r.article) for url, r in said.items()} == {
        "https://example.org/short": (SOURCE.id, "failed", "no-text", None),
        "https://example.org/empty": (SOURCE.id, "failed", "no-title", None),
        "https://example.org/good": (SOURCE.id, "new", None, article_id("https://example.org/good")),
    }
    given = set(said["https://example.org/good"].fields)
    assert {"url", "title", "body", "language"} <= given
    assert not {"lead", "authors", "published", "problem"} & given
    assert EXTRACTIONS in done.manifest().files


def test_what_is_not_a_page_is_counted():
    done = extract(pages_batch("a", {"https://example.org/file": b"%PDF-1.7"}, content_type="application/pdf"))
    assert done.manifest().counts == {"failed:not-html": 1}


def test_a_damaged_record_costs_only_its_page():
    batch = pages_batch("a", {"https://example.org/x": article_html("A story")})
    page = next(p for p in batch.read(Page) if p.url.endswith("/x"))
    damaged = stage._read_page(batch, page.model_copy(update={"offset": 0}))
    assert isinstance(damaged, stage.Rejected)
    assert damaged.reason == "error"


def test_a_hint_of_the_listing_fills_in_what_the_page_does_not_say(settings):
    batch = pages_batch("a", {"https://example.org/x": article_html("A story")})
    page = next(p for p in batch.read(Page) if p.url.endswith("/x"))
    hint = Hint(title="Not the title", published="2024-05-06T07:08:09Z")
    item = stage._read_page(batch, page.model_copy(update={"hint": hint}))
    assert isinstance(item, stage.ArticleItem)
    assert item.title == "A story"
    assert item.published == hint.published


_real_read_page = stage._read_page


def read_or_misbehave(batch: Batch, page: Page):
    """Stands in for a parser that hangs or brings its process down."""
    if "hangs" in page.url:
        time.sleep(600)
    if "crashes" in page.url:
        os.abort()
    return _real_read_page(batch, page)


def test_a_page_that_hangs_or_crashes_costs_only_itself(monkeypatch):
    monkeypatch.setattr(stage, "_read_page", read_or_misbehave)
    monkeypatch.setattr(stage, "PAGE_SECONDS", 5.0)
    names = ["a", "hangs", "b", "crashes", "c", "d"]
    done = extract(pages_batch("a", {f"https://example.org/{n}": article_html(f"Story {n}") for n in names}))
    assert titles(done) == ["Story a", "Story b", "Story c", "Story d"]
    assert done.manifest().counts == {"new": 4, "failed:timeout": 1, "failed:crash": 1}


def test_hostile_markup_is_read_within_its_time():
    deep = b"<html><body><h1>Deep</h1>" + b"<div>" * 30_000 + b"text" * 100 + b"</div>" * 30_000
    wide = b"<html><h1>Wide</h1>" + b"<p class=caption>a<br>" * 50_000
    json = b'<html><h1>Json</h1><script type="application/ld+json">' + b"[" * 100_000 + b"</script>"
    done = extract(
        pages_batch(
            "a",
            {
                "https://example.org/deep": deep,
                "https://example.org/wide": wide,
                "https://example.org/json": json,
                "https://example.org/good": article_html("Good story"),
            },
        )
    )
    assert "Good story" in titles(done)
    assert sum(done.manifest().counts.values()) == 4


def test_text_that_cannot_be_written_costs_no_other_page():
    cut = (
        b'<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Cut", "articleSection": "a\\ud83d", '
    )
    cut += b'"keywords": "b\\ud83d", "image": "https://example.org/\\ud83d.jpg"}</script>'
    pages = {
        "https://example.org/cut": cut + article_html("Cut"),
        "https://example.org/good": article_html("Good story"),
    }
    assert titles(extract(pages_batch("a", pages))) == ["Cut", "Good story"]


CELERY = """
import sys
import billiard
from crawlers.extract import extract
from wirewatch.batches import Batch
worker = billiard.Process(target=extract, args=(Batch(*sys.argv[1:]),))
worker.daemon = True
worker.start()
worker.join(60)
sys.exit(worker.exitcode)
"""


def test_it_runs_in_the_processes_of_celery_which_may_have_none_of_their_own():
    batch = pages_batch("a", {f"{SITE}/news": article_html("Ferry leaves")})
    # Not forked from here: this process may have a server of processes (forkserver), which Celery has not.
    subprocess.run([sys.executable, "-c", CELERY, batch.root, batch.stage, batch.name], cwd=ROOT, check=True)
    assert titles(batch.next("articles")) == ["Ferry leaves"]

"""Articles are cut out of the archive once more: what was mended comes out better, and nothing else happens."""

from __future__ import annotations

import re

import pytest

from crawlers import extract as stage
from crawlers.extract import extract
from crawlers.pages.item import ArticleItem
from tests.crawlers.handmade import (
    EDITED,
    SITE,
    STORY,
    Answer,
    article_html,
    articles,
    day,
    only,
    pages_batch,
    receipts,
)
from wirewatch.batches import Batch
from wirewatch.records import article_id
from wirewatch.settings import get_settings
from wirewatch.state import State

RUN = "20270201T000000Z-ab12cd"

pytestmark = pytest.mark.usefixtures("settings")


@pytest.fixture
def mended(monkeypatch: pytest.MonkeyPatch):
    """Call it to have pages read otherwise from then on, as after a page object was mended."""

    def mend() -> None:
        monkeypatch.setattr(stage, "_read_page", read_better)

    return mend


_real_read_page = stage._read_page


def read_better(batch: Batch, page):
    """Stands in for a page object that was mended: other text, and authors."""
    found = _real_read_page(batch, page)
    if not isinstance(found, ArticleItem):
        return found
    return found.model_copy(
        update={"body": re.sub(r"\n\n3: .*", "", found.body) + "\n\nMended.", "authors": ("Akinyi Odhiambo",)}
    )


def crawled(number: int, answers: dict[str, bytes | Answer]) -> tuple[Batch, Batch]:
    """The pages of a crawl on that day, and what was extracted from them."""
    pages = pages_batch(answers, day(number))
    return pages, extract(pages)


def test_an_article_is_written_again_from_the_same_page_and_was_not_changed_by_its_site(mended):
    pages, first = crawled(1, {STORY: article_html("A story")})
    mended()
    again = extract(pages, replay=RUN)
    assert again.name == f"{RUN}-replay-{pages.name}"
    assert again.is_replay
    before, after = only(first), only(again)
    assert after.body.endswith("Mended.")
    assert after.authors == ("Akinyi Odhiambo",)
    assert after.version != before.version
    assert (after.id, after.history, after.fetched, after.first_seen) == (before.id, (), day(1), day(1))
    assert only(first) == before, "a batch never changes"
    (known,) = State(get_settings().state).known([before.id]).values()
    assert (known.version, known.batch) == (after.version, again.name)


def test_an_article_whose_text_stays_is_written_again_too():
    pages, first = crawled(1, {STORY: article_html("A story")})
    again = extract(pages, replay=RUN)
    assert only(again) == only(first)
    assert again.manifest().counts == {"unchanged": 1}


def test_an_earlier_text_than_the_one_that_is_known_stays_history(mended):
    earlier, _ = crawled(1, {STORY: article_html("A story")})
    later, second = crawled(2, {STORY: article_html("A story", EDITED)})
    mended()
    assert not articles(extract(earlier, replay=RUN))
    after = only(extract(later, replay=RUN))
    assert after.body.endswith("Mended.")
    assert after.history == only(second).history
    assert len(after.history) == 1


def test_a_page_that_was_found_unchanged_is_not_made_a_change_by_mending(mended):
    crawled(1, {STORY: article_html("A story")})
    later, second = crawled(2, {STORY: article_html("A story")})
    assert not articles(second)
    mended()
    after = only(extract(later, replay=RUN))
    assert (after.history, after.fetched) == ((), day(2))


def test_a_page_that_could_not_be_read_and_now_can_be_gives_its_article(monkeypatch: pytest.MonkeyPatch):
    pages, first = crawled(1, {STORY: article_html("Story").replace(b"<h1>", b"<b>").replace(b"<title>", b"<x>")})
    assert receipts(first)[STORY].outcome == "failed"
    monkeypatch.setattr(stage, "_read_page", read_with_title)
    again = extract(pages, replay=RUN)
    assert receipts(again)[STORY].outcome == "new"
    assert only(again).title == "Given"


def read_with_title(batch: Batch, page):
    from crawlers.archive import read_response
    from crawlers.pages import read_article

    response = read_response(batch, page)
    return read_article(response.url, response.body).model_copy(update={"title": "Given", "problem": None})


def test_an_article_that_is_gone_is_mended_and_stays_gone(mended):
    pages, _ = crawled(1, {STORY: article_html("A story")})
    crawled(2, {STORY: Answer(status=410)})
    mended()
    after = only(extract(pages, replay=RUN))
    assert after.body.endswith("Mended.")
    assert (after.gone, after.fetched) == (day(2), day(2))


def test_second_addresses_stay_second_addresses(mended):
    new = f"{SITE}/story-under-another-name"
    crawled(1, {STORY: article_html("A story")})
    pages, second = crawled(2, {new: article_html("A story")})
    mended()
    again = extract(pages, replay=RUN)
    assert not articles(again)
    assert receipts(again)[new].article == receipts(second)[new].article == article_id(STORY)
    (visit,) = State(get_settings().state).look_up([new]).values()
    assert visit.spare


def test_a_state_that_is_rebuilt_knows_the_replay(mended, settings):
    pages, _ = crawled(1, {STORY: article_html("A story")})
    mended()
    after = only(extract(pages, replay=RUN))
    for file in settings.home.glob("state.sqlite*"):
        file.unlink()
    state = State(settings.state)
    state.catch_up(settings.batches)
    assert state.known([after.id])[after.id].version == after.version

"""What becomes of articles over several crawls: versions, addresses, removals, texts of feeds."""

from __future__ import annotations

import shutil

import pytest

from crawlers.comparison import change
from crawlers.extract import extract
from crawlers.versions import MOST_CHANGES
from tests.crawlers.handmade import (
    EDITED,
    FEED,
    SENTENCE,
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
from wirewatch.records import Access, Hint, PageKind, article_id
from wirewatch.settings import get_settings
from wirewatch.state import State

pytestmark = pytest.mark.usefixtures("settings")


def crawled(number: int, answers: dict[str, bytes | Answer]) -> Batch:
    """What was extracted from a crawl on that day."""
    return extract(pages_batch(answers, day(number)))


def outcomes(batch: Batch) -> dict[str, str]:
    return {url: receipt.outcome for url, receipt in receipts(batch).items()}


# Versions ---------------------------------------------------------------------------------------


def test_a_changed_text_is_a_new_version_with_its_differences():
    first = only(crawled(1, {STORY: article_html("Ferry agreed")}))
    html = article_html("Ferry agreed at last").replace(b"0: The council", b"0: The whole council")
    second = only(crawled(2, {STORY: html}))
    assert second.id == first.id
    assert second.first_seen == day(1)
    (found,) = second.history
    assert (found.version, found.at, found.lead) == (first.version, day(2), None)
    assert found.title == "@@ -1 +1 @@\n-Ferry agreed\n+Ferry agreed at last"
    assert found.body is not None
    head, old, new = found.body.split("\n")
    assert head == "@@ -1 +1 @@"
    assert old == f"-{first.body.split(chr(10) * 2)[0]}"
    assert new == old.replace("-", "+", 1).replace("0: The council", "0: The whole council")


def test_every_change_is_kept_with_the_ones_before():
    for number, sentence in enumerate((SENTENCE, EDITED, SENTENCE, EDITED), 1):
        done = crawled(number, {STORY: article_html("A story", sentence)})
    history = only(done).history
    assert [found.at for found in history] == [day(2), day(3), day(4)]
    assert history[0].version == history[2].version != history[1].version


def test_so_many_changes_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("crawlers.versions.MOST_CHANGES", 2)
    for number, sentence in enumerate((SENTENCE, EDITED, SENTENCE, EDITED), 1):
        done = crawled(number, {STORY: article_html("A story", sentence)})
    assert [found.at for found in only(done).history] == [day(3), day(4)]
    assert MOST_CHANGES == 50


def test_a_text_of_many_paragraphs_is_compared_in_good_time():
    page = only(crawled(1, {STORY: article_html("A story")}))
    old = page.model_copy(update={"body": "\n\n".join(str(n) for n in range(100_000))})
    new = page.model_copy(update={"body": "\n\n".join(str(n // 2 * 2) for n in range(100_000))})
    assert change(old, new).body


def test_changes_are_found_without_the_batch_of_the_version_before(settings, caplog):
    first = crawled(1, {STORY: article_html("A story")})
    shutil.rmtree(settings.home / "batches/articles" / first.name)
    batch = pages_batch({STORY: article_html("A story", EDITED)}, day(2))
    # The state still knows what the batch held.
    second = only(extract(batch))
    assert "Wednesday" in second.body
    assert second.first_seen == day(1)
    (found,) = second.history
    assert (found.at, found.title, found.lead, found.body) == (day(2), None, None, None)
    assert "without their texts before" in caplog.text


def test_changed_articles_of_several_earlier_batches_are_each_compared_with_their_own_text():
    for number in (1, 2, 3):
        crawled(number, {f"{SITE}/{number}": article_html(f"Story number {number}")})
    done = crawled(4, {f"{SITE}/{n}": article_html(f"Story number {n} updated") for n in (1, 2, 3)})
    found = {url: article.history[0].title for url, article in articles(done).items()}
    assert found == {f"{SITE}/{n}": f"@@ -1 +1 @@\n-Story number {n}\n+Story number {n} updated" for n in (1, 2, 3)}


def test_a_batch_that_comes_late_does_not_bring_back_an_older_text():
    late = pages_batch({STORY: article_html("A story")}, day(1))
    crawled(2, {STORY: article_html("A story", EDITED)})
    done = extract(late)
    assert outcomes(done) == {STORY: "unchanged"}
    assert not articles(done)


# Addresses --------------------------------------------------------------------------------------


def test_an_article_that_gets_another_address_stays_the_same_article():
    first = only(crawled(1, {STORY: article_html("A story", canonical=STORY)}))
    new = f"{SITE}/story-under-another-name"
    done = crawled(2, {STORY: article_html("A story", canonical=new)})
    assert outcomes(done) == {STORY: "moved"}
    moved = only(done)
    assert (moved.id, moved.url, moved.version, moved.history) == (first.id, new, first.version, ())
    assert outcomes(crawled(3, {STORY: article_html("A story", canonical=new)})) == {STORY: "unchanged"}
    assert outcomes(crawled(4, {new: article_html("A story", canonical=new)})) == {new: "duplicate"}


def test_an_article_that_is_edited_and_gets_another_address_stays_the_same_article():
    first = only(crawled(1, {STORY: article_html("A story")}))
    html = article_html("Another headline", canonical=f"{SITE}/story-under-another-name").replace(
        b"0: The", b"0: Then the"
    )
    done = crawled(2, {STORY: html})
    assert outcomes(done) == {STORY: "updated"}
    updated = only(done)
    assert (updated.id, updated.url, len(updated.history)) == (first.id, f"{SITE}/story-under-another-name", 1)


def test_an_address_that_shows_whatever_is_newest_gives_an_article_each_time():
    live = f"{SITE}/live"
    crawled(1, {live: article_html("The ferry", canonical=f"{SITE}/live/1")})
    second = article_html("The dam", "Rain filled the reservoir above the old town until the gates were opened. ",
                          canonical=f"{SITE}/live/2")  # fmt: skip
    done = crawled(2, {live: second, f"{SITE}/live/1": article_html("The ferry", EDITED)})
    assert outcomes(done) == {live: "new", f"{SITE}/live/1": "updated"}
    assert {article.id for article in articles(done).values()} == {
        article_id(f"{SITE}/live/1"),
        article_id(f"{SITE}/live/2"),
    }


def test_the_same_text_at_another_address_is_the_same_article():
    first = only(crawled(1, {STORY: article_html("A story")}))
    slugs = {f"{SITE}/story-{number}": article_html("A story") for number in range(3)}
    done = crawled(2, slugs)
    assert outcomes(done) == dict.fromkeys(slugs, "duplicate")
    assert {receipt.article for receipt in receipts(done).values()} == {first.id}
    assert not articles(done)
    visits = State(get_settings().state).look_up(slugs)
    assert {(visit.article, visit.spare) for visit in visits.values()} == {(first.id, True)}
    assert outcomes(crawled(3, slugs)) == dict.fromkeys(slugs, "duplicate"), "not moved: the first is there too"


def test_the_same_text_at_two_addresses_of_one_crawl_is_one_article():
    done = crawled(1, {STORY: article_html("A story"), f"{SITE}/again": article_html("A story")})
    assert sorted(outcomes(done).values()) == ["duplicate", "new"]
    assert len(articles(done)) == 1


def test_short_texts_that_are_alike_stay_apart():
    node = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Draw"}</script>'
    html = f"<html><head>{node}</head><h1>Draw</h1><article><p>{SENTENCE}</p></article></html>".encode()
    done = crawled(1, {f"{SITE}/draw-1": html, f"{SITE}/draw-2": html})
    assert done.manifest().counts == {"new": 2}


# Removals ---------------------------------------------------------------------------------------


def test_a_removed_article_is_marked_and_comes_back():
    first = only(crawled(1, {STORY: article_html("A story")}))
    done = crawled(2, {STORY: Answer(status=410), f"{SITE}/never-there": Answer(status=404)})
    assert outcomes(done) == {STORY: "gone"}
    assert only(done) == first.model_copy(update={"gone": day(2), "fetched": day(2)})
    assert outcomes(crawled(3, {STORY: Answer(status=404)})) == {}, "it is known"
    done = crawled(4, {STORY: article_html("A story")})
    assert outcomes(done) == {STORY: "returned"}
    assert only(done) == first.model_copy(update={"fetched": day(4)})


def test_a_removed_article_that_answers_304_is_there_again():
    crawled(1, {STORY: article_html("A story"), f"{SITE}/b": article_html("Another story", EDITED)})
    crawled(2, {STORY: Answer(status=404)})
    done = crawled(3, {STORY: Answer(status=304), f"{SITE}/b": Answer(status=304)})
    assert outcomes(done) == {STORY: "returned"}
    assert only(done).gone is None


def test_a_removed_article_that_comes_back_with_another_text_is_updated():
    crawled(1, {STORY: article_html("A story")})
    crawled(2, {STORY: Answer(status=404)})
    done = crawled(3, {STORY: article_html("A story", EDITED)})
    assert outcomes(done) == {STORY: "updated"}
    assert (only(done).gone, len(only(done).history)) == (None, 1)


@pytest.mark.parametrize("order", [1, -1])
def test_an_article_whose_old_address_is_gone_has_moved_to_the_new_one(order: int):
    first = only(crawled(1, {STORY: article_html("A story")}))
    new = f"{SITE}/story-under-another-name"
    answers = {STORY: Answer(status=404), new: Answer(article_html("A story"))}
    done = crawled(2, dict(list(answers.items())[::order]))
    assert only(done) == first.model_copy(update={"url": new, "fetched": day(2)})
    assert done.manifest().counts == {"duplicate": 2, "moved": 1}
    visits = State(get_settings().state).look_up(answers)
    assert {url: visit.spare for url, visit in visits.items()} == {STORY: True, new: False}


def test_an_article_that_was_seen_elsewhere_before_its_old_address_is_gone_has_moved():
    first = only(crawled(1, {STORY: article_html("A story")}))
    new = f"{SITE}/story-under-another-name"
    crawled(2, {new: article_html("A story")})
    done = crawled(3, {STORY: Answer(status=404)})
    assert only(done) == first.model_copy(update={"url": new, "fetched": day(3)})


def test_an_article_that_was_gone_and_is_found_elsewhere_has_moved():
    first = only(crawled(1, {STORY: article_html("A story")}))
    crawled(2, {STORY: Answer(status=404)})
    new = f"{SITE}/story-under-another-name"
    done = crawled(3, {new: article_html("A story")})
    assert outcomes(done) == {new: "returned"}
    found = only(done)
    assert (found.id, found.url, found.gone, found.first_seen) == (first.id, new, None, day(1))


def test_the_removal_of_a_second_address_removes_nothing():
    amp = f"{SITE}/amp/story"
    crawled(1, {STORY: article_html("A story"), amp: article_html("A story", canonical=STORY)})
    done = crawled(2, {amp: Answer(status=404)})
    assert outcomes(done) == {amp: "duplicate"}
    assert not articles(done)
    assert outcomes(crawled(3, {STORY: Answer(status=404)})) == {STORY: "gone"}


# Texts of feeds ---------------------------------------------------------------------------------


def feed(url: str, text: str) -> bytes:
    return (
        "<?xml version='1.0'?><rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' "
        "xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>News</title>"
        f"<item><title>Ferry agreed</title><link>{url}</link><dc:creator>By Akinyi Odhiambo</dc:creator>"
        f"<pubDate>Fri, 01 Jan 2027 08:00:00 GMT</pubDate><content:encoded><![CDATA[{text}]]></content:encoded>"
        "</item></channel></rss>"
    ).encode()


TOLD = Hint(title="Ferry agreed", summary="The towns share the cost of a ferry that all have wanted.", listing=FEED)
LONG = f"<p>{SENTENCE * 3}</p><p>Work begins in May.</p>"


def with_feed(page: Answer, text: str = LONG) -> dict[str, bytes | Answer]:
    return {FEED: Answer(feed(STORY, text), content_type="application/rss+xml", kind=PageKind.LISTING), STORY: page}


@pytest.mark.parametrize("status", [401, 402, 403, 451])
def test_a_refused_page_gives_the_text_of_its_feed(status: int):
    done = crawled(1, with_feed(Answer(status=status, hint=TOLD)))
    article = only(done)
    assert (article.url, article.title, article.extracted_from) == (STORY, "Ferry agreed", "feed")
    assert article.body == f"{(SENTENCE * 3).strip()}\n\nWork begins in May."
    assert article.authors == ("Akinyi Odhiambo",)
    assert article.published == day(1).replace(hour=8)
    assert done.manifest().counts == {"from-feed": 1, "new": 1}
    receipt = receipts(done)[STORY]
    assert (receipt.extracted_from, receipt.fields) == (
        "feed",
        ("url", "title", "body", "authors", "published", "language"),
    )


def test_a_refused_page_gives_the_summary_where_the_feed_is_not_at_hand():
    article = only(crawled(1, {STORY: Answer(status=403, hint=TOLD)}))
    assert (article.title, article.body, article.extracted_from) == (TOLD.title, TOLD.summary, "feed")


def test_a_feed_that_cannot_be_read_costs_no_summary():
    answers = {FEED: Answer(b"\x00 no feed", kind=PageKind.LISTING), STORY: Answer(status=403, hint=TOLD)}
    assert only(crawled(1, answers)).body == TOLD.summary


@pytest.mark.parametrize("hint", [Hint(), Hint(title="Ferry agreed"), Hint(title="Ferry agreed", summary="Read on.")])
def test_a_refused_page_of_which_hardly_anything_is_known_gives_nothing(hint: Hint):
    done = crawled(1, {STORY: Answer(status=403, hint=hint)})
    assert (done.manifest().counts, outcomes(done)) == ({}, {})


def test_a_page_that_failed_otherwise_gives_nothing():
    assert outcomes(crawled(1, with_feed(Answer(status=500, hint=TOLD)))) == {}


def test_the_page_replaces_the_text_of_the_feed_and_never_the_other_way_round():
    first = only(
        crawled(
            1, with_feed(Answer(status=403, hint=TOLD), "<p>The towns on the lake share the cost of a new ferry.</p>")
        )
    )
    done = crawled(2, {STORY: article_html("Ferry agreed", canonical=f"{SITE}/2027/ferry-agreed")})
    assert outcomes(done) == {STORY: "updated"}
    page = only(done)
    assert (page.id, page.extracted_from, len(page.history)) == (first.id, "page", 1)
    done = crawled(3, with_feed(Answer(status=403, hint=TOLD)))
    assert (outcomes(done), articles(done)) == ({STORY: "unchanged"}, {})


def test_a_page_behind_a_wall_is_completed_from_its_feed():
    node = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Ferry agreed", '
    node += '"isAccessibleForFree": "False", "author": [{"@type": "Person", "name": "Baraka Otieno"}, "AFP"]}</script>'
    wall = f"<html><head>{node}</head><h1>Ferry agreed</h1><article><p>{SENTENCE}</p></article></html>".encode()
    article = only(crawled(1, with_feed(Answer(wall, hint=TOLD))))
    assert (article.extracted_from, article.authors, article.agencies) == ("feed", ("Baraka Otieno",), ("AFP",))
    assert "Work begins in May." in article.body
    assert article.access is Access.TEASER
    origins = {name: article.origins[name] for name in ("body", "language", "authors", "agencies", "access")}
    assert origins == {
        **dict.fromkeys(("body", "language"), "feed"),
        **dict.fromkeys(("authors", "agencies"), "json-ld author"),
        "access": "json-ld isAccessibleForFree",
    }


def test_who_a_feed_credits_beside_people_is_an_agency():
    text = feed(STORY, LONG).replace(b"By Akinyi Odhiambo", b"Akinyi Odhiambo, Reuters")
    refused = Answer(status=403, hint=TOLD)
    listing = Answer(text, content_type="application/rss+xml", kind=PageKind.LISTING)
    article = only(crawled(1, {FEED: listing, STORY: refused}))
    assert (article.authors, article.agencies) == (("Akinyi Odhiambo",), ("Reuters",))
    assert article.origins["agencies"] == "feed"


def test_a_page_that_is_not_free_and_has_all_of_its_text_is_preferred_to_its_feed():
    head = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script>'
    whole = article_html("Ferry agreed", SENTENCE * 4, head=head)
    article = only(crawled(1, with_feed(Answer(whole, hint=TOLD))))
    assert (article.extracted_from, article.access) == ("page", Access.METERED)


def test_a_page_behind_a_wall_that_shows_as_much_as_the_feed_is_taken_from_the_page():
    head = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script>'
    article = only(crawled(1, with_feed(Answer(article_html("Ferry agreed", head=head), hint=TOLD))))
    assert article.extracted_from == "page"


def test_a_page_without_text_is_completed_only_from_a_feed_that_carries_an_article():
    empty = b"<html><h1>Ferry agreed</h1><p>Please enable scripts.</p></html>"
    done = crawled(1, with_feed(Answer(empty, hint=TOLD), "<p>A video of the ferry on its first day.</p>"))
    assert outcomes(done) == {STORY: "failed"}
    assert only(crawled(2, with_feed(Answer(empty, hint=TOLD)))).extracted_from == "feed"

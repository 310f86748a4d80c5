"""When an article was published and changed: which of a page's dates is believed, and in which zone."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from crawlers.pages import read_article
from crawlers.pages.datetext import read_date
from wirewatch.records import Hint

FETCHED = datetime(2031, 6, 1, 12, tzinfo=UTC)
TITLE = "Ferry opens on the lake after two years"
TEXT = (
    "<p>The ferry between both shores of the lake runs again, and traders of the market were the first on board.</p>"
    "<p>The transport office hopes for a second boat before the rains, if the council finds the money for a pier.</p>"
)


def read(
    head: str = "",
    *,
    byline: str = "",
    top: str = "",
    end: str = "",
    url: str = "https://www.example.com/lake/ferry",
    lang: str = "en",
    hint: Hint | None = None,
    **ld: object,
):
    node = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": TITLE} | ld
    script = f'<script type="application/ld+json">{json.dumps(node)}</script>' if ld else ""
    page = (
        f'<html lang="{lang}"><head><title>{TITLE}</title>{script}{head}</head><body>{top}<article><h1>{TITLE}</h1>'
        f"{byline}<div>{TEXT}</div></article>{end}</body></html>"
    )
    return read_article(url, page.encode(), fetched=FETCHED, hint=hint)


def written(moment: datetime | None) -> str | None:
    return moment and moment.isoformat(timespec="minutes")


def meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{content}">'


def test_the_zone_of_the_site_is_kept():
    assert written(read(datePublished="2031-05-06T01:30:00+05:30").published) == "2031-05-06T01:30+05:30"


@pytest.mark.parametrize(
    ("head", "byline", "url", "lang"),
    [
        (meta("date", "2031-05-06T01:30:00+02:00"), "", "https://example.com/a", "en"),
        ("", "<time datetime='2031-05-01T10:00:00+02:00'>1 May</time>", "https://example.com/a", "en"),
        (meta("article:modified_time", "2031-05-07T10:00:00+02:00"), "", "https://example.com/a", "en"),
        ("", "<p>6 May 2031, 1:30</p>", "https://example.com/a", "en"),
        ("", "", "https://example.de/a", "en"),
        ("", "", "https://example.com/a", "de"),
    ],
)
@pytest.mark.parametrize("published", ["2031-05-05T23:30:00Z"])
def test_a_time_in_utc_is_told_in_the_zone_that_the_page_is_of(published, head, byline, url, lang):
    item = read(head, byline=byline, url=url, lang=lang, datePublished=published)
    assert written(item.published) == "2031-05-06T01:30+02:00"


def test_a_time_without_zone_is_of_the_country_of_the_site():
    assert (
        written(read(url="https://example.jp/a", datePublished="2031-05-06T01:30:00").published)
        == "2031-05-06T01:30+09:00"
    )
    assert written(read(url="https://example.jp/a", datePublished="2031-05-06").published) == "2031-05-06T00:00+09:00"
    assert (
        written(read(url="https://example.tv/a", datePublished="2031-05-06T01:30:00").published)
        == "2031-05-06T01:30+00:00"
    )


def test_a_clock_of_twelve_hours_is_no_zone():
    item = read(byline="<p>6 May 2031, 3:48</p>", url="https://example.de/a", datePublished="2031-05-06T15:48:00Z")
    assert written(item.published) == "2031-05-06T17:48+02:00"


@pytest.mark.parametrize(("listed", "zone"), [("06:30", "+03:00"), ("04:00", "+05:30"), ("09:15", "+00:00")])
def test_the_listing_tells_the_zone_of_a_clock(listed, zone):
    hint = Hint(published=datetime.fromisoformat(f"2031-05-06T{listed}+00:00"))
    assert written(read(datePublished="2031-05-06T09:30:00", hint=hint).published) == f"2031-05-06T09:30{zone}"


def test_of_one_day_the_candidate_with_a_time_is_taken():
    item = read(meta("article:published_time", "2031-05-06T09:30:00+02:00"), datePublished="2031-05-06")
    assert written(item.published) == "2031-05-06T09:30+02:00"
    assert item.origins["published"] == "meta article:published_time"


@pytest.mark.parametrize(
    "name", ["article:published_time", "article:published:time", "sailthru.date", "DC.date.issued"]
)
def test_marks_in_the_names_of_meta_tags_do_not_count(name):
    assert written(read(meta(name, "2031-05-06T09:30:00+02:00")).published) == "2031-05-06T09:30+02:00"


def test_a_meta_tag_may_say_value():
    assert written(read('<meta name="pubdate" value="2031-05-06T09:30Z">').published) == "2031-05-06T09:30+00:00"


def test_a_json_ld_value_may_have_a_type():
    assert (
        written(read(datePublished={"@type": "Date", "@value": "2031-05-06T09:30Z"}).published)
        == "2031-05-06T09:30+00:00"
    )


def test_an_address_with_an_earlier_day_is_believed_more_than_what_is_declared():
    item = read(url="https://example.com/2029/05/06/ferry", datePublished="2031-05-06T09:30:00Z")
    assert item.published.date() == date(2029, 5, 6) and item.origins["published"] == "address"
    # A printed issue is of a later day than its texts.
    item = read(url="https://example.com/2031/05/12/ferry", datePublished="2031-05-06T09:30:00Z")
    assert item.published.date() == date(2031, 5, 6)


def test_a_day_in_a_name_of_the_address_is_not_believed_against_what_is_declared():
    for name in ("ferry-20290506", "storm-of-2029-05-06"):
        item = read(url=f"https://example.com/{name}", datePublished="2031-05-06T09:30:00Z")
        assert item.published.date() == date(2031, 5, 6)


def test_the_listing_tells_the_time_of_the_day_that_readers_see():
    item = read(byline="<p>6 May 2031</p>", hint=Hint(published=datetime(2031, 5, 6, 9, 30, tzinfo=UTC)))
    assert written(item.published) == "2031-05-06T09:30+00:00" and item.origins["published"] == "hint"


def test_what_two_say_is_believed_more_than_what_one_says():
    item = read(meta("pubdate", "2028-03-09"), byline="<p>9 March 2028</p>", datePublished="2031-05-06T09:30:00Z")
    assert item.published.date() == date(2028, 3, 9)


def test_day_and_month_are_in_the_order_of_the_site():
    assert read(url="https://example.com/a", datePublished="05/06/2030").published.date() == date(2030, 5, 6)
    assert read(url="https://example.co.uk/a", datePublished="05/06/2030").published.date() == date(2030, 6, 5)
    assert read(lang="en-GB", datePublished="05/06/2030").published.date() == date(2030, 6, 5)
    assert read(datePublished="05.06.2030, 07:00:03").published.date() == date(2030, 6, 5)


def test_a_time_that_the_system_gave_at_the_last_change_loses_to_what_readers_see():
    item = read(
        byline="<p>Published May 6, 2029</p>",
        datePublished="2031-05-06T09:30:00Z",
        dateModified="2031-05-06T09:30:00Z",
    )
    assert item.published.date() == date(2029, 5, 6)


@pytest.mark.parametrize(
    "byline",
    [
        "<p>6 May 2031, 14:05</p>",
        "<div>By Amina Diallo <span>6 May 2031 14:05</span> <span>3 min read</span></div>",
        "<span>Updated</span> <b>9 May 2031</b> <span>Published</span> <b>6 May 2031 14:05</b>",
        "<p><time datetime='2031-05-06T14:05:00'>25 minutes ago</time></p>",
        "<p>May 6th, 2031 2:05 p.m.</p>",
        "<p>Updated 9 May 2031</p><p>Published 6 May 2031 14:05</p>",
        "<p>Bonn, 6 May 2031 14:05 – " + "The council voted late, after a long debate on the pier. " * 4 + "</p>",
        "<figure><figcaption>The pier, 4 May 2031</figcaption></figure><p>6 May 2031 14:05</p>",
        "<p>Joined: 4 May 2031</p><p>6 May 2031 14:05</p>",
        "<div class='related-stories'><a>3 May 2031</a></div><p>6 May 2031 14:05</p>",
    ],
)
def test_the_date_beside_the_headline_is_read(byline):
    top = "<p>Tuesday, 1 June 2031</p>" + "<p>Weather and traffic around the lake</p>" * 3
    end = "<time datetime='2030-01-02T10:00:00'>2 January</time><footer>© 2020 Example</footer>"
    assert written(read(top=top, byline=byline, end=end).published) == "2031-05-06T14:05+00:00"


def test_the_day_of_a_change_is_the_date_where_readers_see_no_other():
    assert read(byline="<p>Updated 9 May 2031</p>").published.date() == date(2031, 5, 9)


def test_a_day_in_the_story_is_not_its_date():
    story = "<p>The old pier was closed on 4 May 2029 after a storm that had damaged its planks and the ramp.</p>"
    hint = Hint(published=datetime(2031, 5, 6, 9, 30, tzinfo=UTC))
    assert read(byline=story, hint=hint).published == hint.published


def test_dates_of_comments_and_other_stories_are_not_the_articles():
    boxes = (
        "<div class='comments'><time datetime='2031-05-07T10:00:00Z'>7 May 2031</time></div>"
        "<div itemprop='comment' itemscope><meta itemprop='datePublished' content='2031-05-08T10:00:00Z'></div>"
        "<aside class='teasers'><time datetime='2031-05-09T10:00:00Z'>9 May 2031</time></aside>"
    )
    assert read(byline=boxes, end="<p>Posted on 6 May 2031</p>").published.date() == date(2031, 5, 6)


def test_a_script_tells_the_date_where_nothing_else_does():
    state = '<script>window.state = {"publishedAt": "2031-05-06T09:30:00+02:00", "id": 5}</script>'
    assert written(read(end=state).published) == "2031-05-06T09:30+02:00"


def test_no_date_is_after_the_fetch():
    assert read(datePublished="2032-01-01T00:00:00Z").published is None
    assert read(byline="<p>6 May 2032</p>").published is None


def test_modified_keeps_its_zone_and_is_later_than_published():
    item = read(datePublished="2031-05-06T09:30:00+02:00", dateModified="2031-05-06T08:30:00Z")
    assert written(item.published) == "2031-05-06T09:30+02:00"
    assert item.modified == datetime(2031, 5, 6, 10, 30, tzinfo=timezone(timedelta(hours=2)))
    assert read(datePublished="2031-05-06T09:30:00+02:00", dateModified="2031-05-06T07:30:00Z").modified is None


@pytest.mark.parametrize("odd", [None, 5, 1e300, [], {}, [None, {"@value": 7}], True, "0000-00-00", "99/99/2031"])
def test_what_is_no_date_is_left_out(odd):
    item = read(datePublished=odd, dateModified=odd, inLanguage=odd)
    assert item.published is None and item.modified is None


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("Mittwoch, 5. März 2031", "de", (3, 5)),
        ("le 1er mars 2031 à 18h05", "fr", (3, 1)),
        ("3 de mayo de 2031", "es", (5, 3)),
        ("1º de dezembro de 2031", "pt", (12, 1)),
        ("5 сентября 2031, 14:05", "ru", (9, 5)),
        ("25 ديسمبر 2031 | 2:01 ص", "ar", (12, 25)),
        ("24 نيسان / أبريل 2031", "ar", (4, 24)),
        ("2031年4月4日 09:00", "ja", (4, 4)),
        ("2031년 4월 4일", "ko", (4, 4)),
        ("2031. május 3.", "hu", (5, 3)),
        ("2031 m. sausio 4 d.", "lt", (1, 4)),
        ("12 มกราคม 2574", "th", (1, 12)),
        ("15 באוגוסט 2031", "he", (8, 15)),
        ("12 tháng 5, 2031", "vi", (5, 12)),
        ("۲ تير ۱۴۱۰", "fa", (6, 23)),
        ("3 Sept 2031", "en", (9, 3)),
        ("20. 1. 2031", "cs", (1, 20)),
        ("12.16.2031", "en", (12, 16)),
    ],
)
def test_dates_are_read_in_many_languages_and_calendars(text, language, day):
    found = read_date(text, (language,), day_first=False)
    assert found and found.written.at.date() == date(2031, *day)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("6 May 2031 12:05 AM", "00:05"),
        ("6 May 2031 12:05 p.m.", "12:05"),
        ("6 May 2031, 14.05 GMT+10", "14:05+10:00"),
        ("6 May 2031 2:05 PM ET", "14:05-04:00"),
        ("6 May 2031 14:05 IST", "14:05+05:30"),
        ("14:05 | 6 May 2031", "14:05"),
        ("6 May 2031 99:99", "00:00"),
    ],
)
def test_the_time_of_day_beside_a_date_is_read_with_its_zone(text, clock):
    found = read_date(text, (), day_first=False)
    assert found and written(found.written.at) == f"2031-05-06T{clock}"


@pytest.mark.parametrize(
    "text", ["", "© 2000-2031", "May 2031", "31 foo 2031", "30/02/2031", "Room 12, 4th floor, 1020"]
)
def test_what_names_no_day_is_no_date(text):
    assert read_date(text, ("en",), day_first=True) is None

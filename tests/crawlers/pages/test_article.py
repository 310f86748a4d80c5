"""The generic page object, field by field, on pages written for it."""

# ruff: noqa: E501 - pages read better unbroken
from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from web_poet import HttpResponse

from crawlers.pages import page_object, read_article
from crawlers.pages.article import ArticlePage
from crawlers.pages.item import ArticleItem
from crawlers.pages.metadata import same_page
from crawlers.pages.tv5monde import TV5MondePage
from wirewatch.records import Hint

URL = "https://www.example.org/news/ferry-opens"
FETCHED = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TEXT = [
    "The new ferry between the two lake towns carried its first passengers on Monday morning, an hour later than planned.",
    "Traders who used to drive around the lake said that the crossing would save them half a day on every trip to market.",
    "The transport office hopes to add a second boat before the rains, if the council finds the money for a larger pier.",
]


def page(head: str = "", body: str | None = None, *, lang: str = "en", title: str = "Ferry opens on the lake") -> str:
    if body is None:
        body = f"<article><h1>{title}</h1>{''.join(f'<p>{text}</p>' for text in TEXT)}</article>"
    return f'<!DOCTYPE html><html lang="{lang}"><head><title>{title}</title>{head}</head><body>{body}</body></html>'


def ld(*documents: Any) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(document)}</script>' for document in documents)


def news(**fields: Any) -> dict[str, Any]:
    return {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Ferry opens on the lake", **fields}


def read(html: str, url: str = URL, **more: Any) -> ArticleItem:
    return read_article(
        url, html.encode(), [("Content-Type", "text/html; charset=utf-8")], **{"fetched": FETCHED, **more}
    )


# JSON-LD in its shapes ------------------------------------------------------------------------------

WITH_DATE = news(url=URL, datePublished="2026-03-09T06:30:00+03:00")
OTHER = {
    "@type": "NewsArticle",
    "headline": "Another story",
    "url": "https://www.example.org/news/another",
    "datePublished": "2020-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    "documents",
    [
        [WITH_DATE],
        [[{"@type": "Organization", "name": "Example"}, WITH_DATE]],
        [{"@context": "https://schema.org", "@graph": [{"@type": "WebSite", "name": "Example"}, WITH_DATE]}],
        [{"@type": "WebPage", "mainEntity": WITH_DATE}],
        [WITH_DATE | {"@type": ["Article", "ReportageNewsArticle"]}],
        [WITH_DATE | {"@type": "http://schema.org/NewsArticle"}],
        [OTHER, WITH_DATE],
        [{"@type": "ItemList", "itemListElement": [OTHER]}, WITH_DATE],
        [OTHER, WITH_DATE | {"url": None, "mainEntityOfPage": {"@type": "WebPage", "@id": URL + "/"}}],
    ],
    ids=["plain", "array", "graph", "nested", "types", "full-type", "several", "list", "main-entity"],
)
def test_the_article_of_this_page_is_found_in_every_shape_of_json_ld(documents):
    item = read(page(ld(*documents)))
    assert item.published == datetime(2026, 3, 9, 3, 30, tzinfo=UTC)
    assert item.title == "Ferry opens on the lake"


@pytest.mark.parametrize(
    "script",
    [
        '<!-- {"@type": "NewsArticle", "headline": "Ferry opens on the lake", "datePublished": "2026-03-09"} -->',
        '{"@type": "NewsArticle", "headline": "Ferry opens on the lake", "datePublished": "2026-03-09",}',
        '{"@type": "NewsArticle", "headline": "Ferry opens on the lake", "datePublished": "2026-03-09", "description": "a\nb"};',
    ],
    ids=["comment", "trailing-comma", "line-break-and-semicolon"],
)
def test_json_ld_with_the_usual_mistakes_is_still_read(script):
    item = read(page(f'<script type="application/ld+json">{script}</script>'))
    assert item.published == datetime(2026, 3, 9, tzinfo=UTC)


def test_references_between_json_ld_nodes_are_followed():
    graph = [news(author={"@id": "#amina"}), {"@id": "#amina", "@type": "Person", "name": "Amina Diallo"}]
    assert read(page(ld({"@graph": graph}))).authors == ("Amina Diallo",)


def test_json_ld_beyond_repair_does_no_harm():
    assert (
        read(page('<script type="application/ld+json">{"@type": "NewsArticle", oops</script>')).title
        == "Ferry opens on the lake"
    )


# Without JSON-LD ------------------------------------------------------------------------------------


def test_microdata_is_read():
    body = f"""<article itemscope itemtype="https://schema.org/NewsArticle"><h1 itemprop="headline">Ferry opens on the lake</h1>
    <span itemprop="author" itemscope><span itemprop="name">Amina Diallo</span></span>
    <time itemprop="datePublished" datetime="2026-03-09T06:30:00Z">Monday</time>{"".join(f"<p>{t}</p>" for t in TEXT)}</article>"""
    item = read(page(body=body))
    assert item.authors == ("Amina Diallo",)
    assert item.published == datetime(2026, 3, 9, 6, 30, tzinfo=UTC)


def test_meta_tags_are_read():
    item = read(
        page(
            '<meta property="article:published_time" content="2026-03-09T06:30:00Z"><meta property="article:section" content="Lake">'
            '<meta name="author" content="By Amina Diallo and Jo Otieno"><meta name="keywords" content="ferry, lake"'
            '><meta property="article:modified_time" content="2026-03-09T08:00:00Z">'
        )
    )
    assert item.published == datetime(2026, 3, 9, 6, 30, tzinfo=UTC)
    assert item.modified == datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
    assert item.authors == ("Amina Diallo", "Jo Otieno")
    assert (item.section, item.tags) == ("Lake", ("ferry", "lake"))


def test_a_page_with_nothing_but_text_and_a_date_in_its_listing_is_read():
    item = read(page(), hint=Hint(published=FETCHED))
    assert item.title == "Ferry opens on the lake"
    assert item.body == "\n\n".join(TEXT)
    assert item.problem is None


def test_what_the_listing_said_is_only_a_fallback():
    hint = Hint(title="From the feed", published=datetime(2026, 3, 8, tzinfo=UTC))
    assert read(page(), hint=hint).published == hint.published
    assert read(page(), hint=hint).title == "Ferry opens on the lake"
    dated = page(ld(news(datePublished="2026-03-09T00:00:00Z")))
    assert read(dated, hint=hint).published == datetime(2026, 3, 9, tzinfo=UTC)


# Fields ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("2026-03-09T06:30:00+03:00", datetime(2026, 3, 9, 3, 30, tzinfo=UTC)),
        ("2026-03-09T06:30:00", datetime(2026, 3, 9, 6, 30, tzinfo=UTC)),
        ("2026-03-09T06:30:00.123Z", datetime(2026, 3, 9, 6, 30, tzinfo=UTC)),
        ("Mon, 09 Mar 2026 06:30:00 GMT", datetime(2026, 3, 9, 6, 30, tzinfo=UTC)),
        ("2026-03-10T14:00:00", FETCHED),  # local time without its zone
        ("2031-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("0000-00-00", None),
    ],
)
def test_dates_are_utc_and_never_after_the_fetch(written, published):
    assert read(page(ld(news(datePublished=written)))).published == published


def test_modified_is_given_only_when_it_is_later():
    same = news(datePublished="2026-03-09T06:30:00Z", dateModified="2026-03-09T06:30:00Z")
    assert read(page(ld(same))).modified is None
    later = same | {"dateModified": "2026-03-09T07:30:00Z"}
    assert read(page(ld(later))).modified == datetime(2026, 3, 9, 7, 30, tzinfo=UTC)


def test_furniture_of_the_page_stays_out_of_the_text():
    noise = [
        "<p>Ferry opens on the lake</p>",
        '<div class="share-bar"><p>Share this article with all your friends on the networks of your choice</p></div>',
        '<div class="newsletterBox"><p>Sign up for our newsletter and get the best stories of the week every Friday.</p></div>',
        '<p class="x">By Amina Diallo</p>',
        "<p>Read more: How the old ferry sank and what the council did about it</p>",
        "<p>Partager 2 minutes de lecture</p>",
        "<p>© Agency of pictures via AP</p>",
        '<section id="comments"><p>What a lovely ferry this is, I have waited for it all my life, says a reader.</p></section>',
        '<aside class="related"><p>Five other boats that you should see before they sink in the lake, with pictures.</p></aside>',
    ]
    paragraphs = [f"<p>{text}</p>" for text in TEXT]
    body = f"<article><h1>Ferry opens on the lake</h1>{''.join(noise[:6])}{''.join(paragraphs)}{''.join(noise[6:])}</article>"
    item = read(page(ld(news(author="Amina Diallo")), body))
    assert item.body == "\n\n".join(TEXT)


def test_a_short_text_stays_without_its_furniture():
    box = '<div class="newsletter-box"><p>Sign up for our newsletter and get the best stories of the week every Friday.</p></div>'
    text = f"<p>{TEXT[0]}</p><p>{TEXT[1]}</p>"
    item = read(page(body=f"<article><h1>Ferry opens on the lake</h1>{text}{box}</article>"))
    assert item.body == "\n\n".join(TEXT[:2])


def test_a_wrapper_with_a_word_for_noise_in_its_class_keeps_its_text():
    body = (
        f'<div class="has-share related"><h1>Ferry opens on the lake</h1>{"".join(f"<p>{t}</p>" for t in TEXT)}</div>'
    )
    assert read(page(body=body)).body == "\n\n".join(TEXT)


def test_text_that_is_only_in_json_ld_is_read():
    item = read(page(ld(news(articleBody="\n\n".join(TEXT))), "<div id=app></div>"))
    assert item.body == "\n\n".join(TEXT)


@pytest.mark.parametrize(
    ("canonical", "url"),
    [
        ("https://www.example.org/news/1", "https://www.example.org/news/1"),
        ("/news/1?utm_source=feed&page=2#top", "https://www.example.org/news/1?page=2"),
        ("https://example.org/news/1", "https://example.org/news/1"),
        ("https://agency.example.com/1", URL),
        ("https://www.example.org/", URL),
        ("javascript:void(0)", URL),
        ("http://[", URL),
    ],
)
def test_the_canonical_address_is_believed_on_the_same_site(canonical, url):
    assert read(page(f'<link rel="canonical" href="{canonical}">'), URL + "?fbclid=1").url == url


def test_addresses_are_compared_without_what_does_not_matter():
    assert same_page("http://example.org/a/", "https://www.example.org/a?utm_source=x#y")
    assert not same_page("https://example.org/a?id=1", "https://example.org/a?id=2")


# Encodings ------------------------------------------------------------------------------------------

RUSSIAN = "Паром через озеро перевёз первых пассажиров в понедельник утром, на час позже, чем было намечено. " * 3
FRENCH = "Le bac a traversé le lac à l'aube, chargé de marchandises, et les élèves l'ont fêté à l'arrivée. " * 3


@pytest.mark.parametrize(
    ("text", "written", "header", "meta"),
    [
        (RUSSIAN, "windows-1251", "text/html; charset=windows-1251", ""),
        (RUSSIAN, "windows-1251", "text/html", '<meta charset="windows-1251">'),
        (RUSSIAN, "windows-1251", "text/html; charset=utf-8", '<meta charset="windows-1251">'),
        (RUSSIAN, "windows-1251", "text/html", ""),
        (RUSSIAN, "utf-8", "text/html; charset=ISO-8859-1", ""),
        (RUSSIAN, "koi8-r", "text/html; charset=koi8-r", ""),
        (FRENCH, "windows-1252", "text/html; charset=utf-8", ""),
        (FRENCH, "utf-8", "text/html; charset=windows-1252", '<meta charset="utf-8">'),
        (FRENCH, "utf-8", "text/html; charset=no-such-thing", ""),
        (FRENCH, "utf-8-sig", "text/html", ""),
    ],
)
def test_text_is_readable_whatever_encoding_is_declared(text, written, header, meta):
    body = f"<html><head>{meta}<title>Été Лето</title></head>".encode(written, "ignore")
    body += f"<body><h1>{text[:20]}</h1><p>{text}</p><p>{text[5:]}</p></body></html>".encode(written).removeprefix(
        b"\xef\xbb\xbf"
    )
    item = read_article(URL, body, [("Content-Type", header)], fetched=FETCHED)
    assert text.strip() in item.body


# Choosing the class ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.example.org/a", ArticlePage),
        ("https://information.tv5monde.com/afrique/a", TV5MondePage),
        ("http://a.localhost:8781/x", ArticlePage),
    ],
)
def test_the_address_chooses_the_page_object(url, expected):
    assert type(page_object(HttpResponse(url, b""))) is expected


# Pages of many parts --------------------------------------------------------------------------------

PARAGRAPHS = "".join(f"<p>{text}</p>" for text in TEXT)
TITLE = "Ferry opens on the lake"


def whole(body: str, *, tag: str, head: str = "") -> ArticleItem:
    return read(f'<html lang="en"><head><title>{tag}</title>{head}</head><body>{body}</body></html>')


LONG = [f"{text} {text} {text}" for text in TEXT]


def test_other_stories_on_the_page_stay_out_of_the_text():
    own = f"<article><h2><a href='{URL}'>{TITLE}</a></h2>{''.join(f'<p>{text}</p>' for text in LONG)}</article>"
    others = "".join(
        f"<article><h2><a href='/news/{n}'>Council talks about budget number {n}</a></h2>"
        f"<p>{'The council met again and could not agree on a single line of the budget. ' * 4}</p></article>"
        for n in range(5)
    )
    assert whole(own + others, tag=TITLE).body == "\n\n".join(LONG)


def test_teasers_beside_the_text_stay_out_of_it():
    teasers = "".join(
        f"<div class='c'><h5><a href='/news/{n}'>Council talks about budget number {n}</a></h5>"
        f"<div><p>The council met again and could not agree on line {n} of the budget ...</p></div></div>"
        for n in range(6)
    )
    body = f"<div><h1>{TITLE}</h1>{PARAGRAPHS}</div><div>{teasers}</div>"
    assert whole(body, tag=TITLE).body == "\n\n".join(TEXT)


@pytest.mark.parametrize(
    "line", ["You are here", "Amina Diallo / Kisumu March 9, 2026", "9 March 2026, 06:30 GMT+3", "By Lake Gazette"]
)
def test_lines_above_the_text_that_say_where_and_when_stay_out_of_it(line):
    assert whole(f"<h1>{TITLE}</h1><p>{line}</p>{PARAGRAPHS}", tag=TITLE).body == "\n\n".join(TEXT)

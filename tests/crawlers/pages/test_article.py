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


def test_a_page_with_nothing_but_text_is_read():
    item = read(page())
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
    "title_tag",
    [
        "Ferry opens on the lake | Example",
        "Ferry opens on the lake - Lake - Example",
        "Example | Ferry opens on the lake",
    ],
)
def test_the_title_has_no_site_name(title_tag):
    html = f"""<html><head><title>{title_tag}</title><meta property="og:site_name" content="Example">
    <meta property="og:title" content="{title_tag}"></head><body><h1>Ferry opens on the lake</h1></body></html>"""
    assert read(html).title == "Ferry opens on the lake"
    assert read(html.replace("<h1>Ferry opens on the lake</h1>", "")).title in (
        "Ferry opens on the lake",
        "Ferry opens on the lake - Lake",
    )


def test_the_title_is_the_one_that_readers_see_when_others_agree():
    head = ld(news(headline="Ferry SEO words here")) + '<meta property="og:title" content="Ferry opens on the lake">'
    assert read(page(head)).title == "Ferry opens on the lake"


@pytest.mark.parametrize(
    ("author", "people"),
    [
        ("Amina Diallo", ("Amina Diallo",)),
        (["Amina Diallo", "Jo Otieno"], ("Amina Diallo", "Jo Otieno")),
        ({"@type": "Person", "name": "By Amina Diallo, Jo Otieno and Li Na"}, ("Amina Diallo", "Jo Otieno", "Li Na")),
        (
            [{"@type": "Person", "name": "Amina Diallo"}, {"@type": "Organization", "name": "Reuters"}],
            ("Amina Diallo",),
        ),
        ({"@type": "Person", "givenName": "Amina", "familyName": "Diallo"}, ("Amina Diallo",)),
        ("Amina Diallo avec AFP", ("Amina Diallo",)),
        ("https://www.example.org/authors/amina", ()),
        ("Example", ()),
        ("Agence France-Presse", ()),
        ("newsroom@example.org", ()),
    ],
)
def test_authors_are_people(author, people):
    assert read(page(ld(news(author=author, publisher={"@type": "Organization", "name": "Example"})))).authors == people


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


LEAD = "After two years of delays, boats link both shores again, and the market traders are first on board."


def with_lead(markup: str) -> str:
    return f"<article><h1>Ferry opens on the lake</h1>{markup}<div>{''.join(f'<p>{text}</p>' for text in TEXT)}</div></article>"


def test_a_description_is_the_lead_when_readers_see_it():
    head = f'<meta property="og:description" content="{LEAD}">'
    seen = read(page(head, with_lead(f"<p>{LEAD}</p>")))
    assert seen.lead == LEAD
    assert seen.body == "\n\n".join(TEXT)
    assert read(page(head)).lead is None, "written for search engines only"


def test_a_description_that_is_the_first_paragraph_is_no_lead():
    item = read(page(f'<meta property="og:description" content="{TEXT[0]}">'))
    assert item.lead is None
    assert item.body.startswith(TEXT[0])


def test_a_marked_standfirst_is_the_lead():
    assert read(page(body=with_lead(f'<p class="article-standfirst">{LEAD}</p>'))).lead == LEAD


def test_pictures_have_their_caption_and_credit_and_the_text_has_neither():
    figure = """<figure><img src="/img/ferry.jpg" width="800" height="600"><figcaption>The ferry leaves the southern pier with its
    first passengers. <span class="credit">Photo: Jo Otieno</span></figcaption></figure>"""
    head = '<meta property="og:image" content="https://www.example.org/img/ferry.jpg?w=1200">'
    item = read(page(head, with_lead(figure)))
    (image,) = item.images
    assert image.caption == "The ferry leaves the southern pier with its first passengers."
    assert image.credit == "Jo Otieno"
    assert item.body == "\n\n".join(TEXT)


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


@pytest.mark.parametrize(("lang", "code"), [("fr-FR", "fr"), ("PT_br", "pt"), ("", None), ("klingon", None)])
def test_the_language_is_an_iso_code(lang, code):
    assert read(page(lang=lang)).language == code


def test_a_list_page_is_no_article():
    html = page(ld({"@type": "CollectionPage", "name": "Lake news"}))
    assert read(html).problem == "list-page"


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


@pytest.mark.parametrize(
    "breadcrumb",
    [
        "<ul><li><a href='/lake'>Lake</a></li><li><h1>Lake ferry: first trip, tickets, timetable</h1></li></ul>",
        "<nav><a href='/lake'>Lake</a><h1>Lake ferry: first trip, tickets, timetable</h1></nav>",
        "<h1 class='page-breadcrumb__last'>Lake ferry: first trip, tickets, timetable</h1>",
        "<h1 data-breadcrumb-title>Lake ferry: first trip, tickets, timetable</h1>",
    ],
)
def test_a_heading_that_ends_a_breadcrumb_is_not_the_headline(breadcrumb):
    body = f"{breadcrumb}<article><h2>{TITLE}</h2>{PARAGRAPHS}</article>"
    item = whole(body, tag="Lake ferry: first trip, tickets, timetable | Example", head=ld(news()))
    assert item.title == TITLE


def test_the_sites_own_heading_is_not_the_headline():
    body = f"<a href='/'><h1>Lakeside Gazette</h1></a><div>{PARAGRAPHS}</div>"
    assert whole(body, tag=f"{TITLE} - Example").title == TITLE


def test_a_ticker_above_the_page_is_not_the_headline():
    body = f"<h1>Live: council votes on the harbour budget</h1><div><h2>{TITLE}</h2>{PARAGRAPHS}</div>"
    assert whole(body, tag=f"{TITLE} | Lake | Regions").title == TITLE


@pytest.mark.parametrize(
    "tag",
    [f"{TITLE} | Lake | Regions", f"{TITLE} | Lake News - Lakeside Gazette", f"Lakeside Gazette - {TITLE}"],
    ids=["sections", "section-and-site", "prefix"],
)
def test_what_stands_around_the_shown_headline_in_the_title_tag_is_not_part_of_it(tag):
    head = f'<meta property="og:title" content="{tag}">'
    assert whole(f"<h1>{TITLE}</h1>{PARAGRAPHS}", tag=tag, head=head).title == TITLE


def test_a_marked_kicker_is_not_part_of_the_headline():
    heading = f"<h1><span class='story__kicker'>Transport</span><span>{TITLE}</span></h1>"
    assert whole(heading + PARAGRAPHS, tag=f"Transport: {TITLE}").title == TITLE


def test_an_unmarked_kicker_is_told_by_the_titles_that_lack_it():
    heading = f"<h1><small>Transport</small> {TITLE}</h1>"
    head = f'<meta property="og:title" content="{TITLE}">'
    assert whole(heading + PARAGRAPHS, tag=TITLE, head=head).title == TITLE


def test_of_two_headings_that_the_title_tag_has_the_blogs_name_is_not_the_headline():
    body = f"<h1>Lakeside Gazette</h1><div><h2>{TITLE}</h2>{PARAGRAPHS}</div>"
    head = f'<meta property="og:title" content="{TITLE}">'
    assert whole(body, tag=f"Lakeside Gazette: {TITLE}", head=head).title == TITLE


def test_the_only_headline_is_believed_in_other_words_before_a_subheading_that_the_title_tag_has():
    body = f"<h1>Ferry opens at last for lake traders</h1>{PARAGRAPHS}<h2>Lake</h2><p>{TEXT[0]}</p>"
    assert whole(body, tag="Lake ferry opens").title == "Ferry opens at last for lake traders"


def test_parts_of_a_headline_that_only_looks_set_apart_are_set_apart_by_signs():
    heading = f"<h1><div>Transport</div><div>{TITLE}</div></h1>"
    head = f'<meta property="og:title" content="Transport: {TITLE}">'
    assert whole(heading + PARAGRAPHS, tag=f"Transport {TITLE}", head=head).title == f"Transport: {TITLE}"


def test_a_headline_that_is_no_heading_is_found_by_the_title_tag():
    body = f"<div class='top'>{TITLE}</div><div>{PARAGRAPHS}</div>"
    assert whole(body, tag=f"{TITLE}:Lake News").title == TITLE


BOX = "Get the best stories of the lake and its ferry towns every Friday morning, free of charge."


@pytest.mark.parametrize(
    "box",
    [
        f"<div class='email-subscribe'><p class='subtitle'>{BOX}</p></div>",
        f"<form><div class='intro'>{BOX}</div></form>",
        f"<div class='right-rail'><div class='summary'>{BOX}</div></div>",
        f"<div class='node-teaser'><h3><a href='/x'>Another</a></h3><div class='field-summary'>{BOX}</div></div>",
        "<div class='summary'>Tonight at six the brass band plays in the old theatre, doors open early.</div>",
    ],
    ids=["subscribe", "form", "rail", "teaser", "other-subject"],
)
def test_a_box_that_calls_itself_intro_is_no_lead(box):
    assert whole(f"<h1>{TITLE}</h1><div>{PARAGRAPHS}</div>{box}", tag=TITLE).lead is None


def test_a_lead_comes_without_what_stands_beside_it_in_its_box():
    head = f'<meta name="description" content="{LEAD}">'
    box = f"<div><h2>{LEAD}</h2><ul><li>Last updated: Monday</li><li>Follow us on</li></ul></div>"
    item = read(page(head, f"<article><h1>{TITLE}</h1>{box}<section>{PARAGRAPHS}</section></article>"))
    assert item.lead == LEAD


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


@pytest.mark.parametrize(
    "byline",
    [
        "<p><strong>Amina Diallo</strong></p>",
        "<p>By Amina Diallo</p>",
        "<div id='authors'>Amina Diallo</div>",
        "<ul><li><a href='/authors/amina-diallo'>Amina Diallo</a></li></ul>",
    ],
)
def test_an_author_who_is_named_only_above_the_text_is_found(byline):
    assert whole(f"<h1>{TITLE}</h1>{byline}{PARAGRAPHS}", tag=TITLE).authors == ("Amina Diallo",)


@pytest.mark.parametrize(
    "byline",
    [
        "<p class='byline'>By<a href='/authors/amina'>Amina Diallo</a>Transport reporter</p>",
        "<p class='byline'>Written by Amina Diallo for the Lakeside Gazette</p>",
        "<p class='byline'>Par Amina Diallo le 9 mars 2026 à 6h30</p>",
        "<p class='byline'>Amina Diallo, PhD, Director of Transport | March 9, 2026</p>",
        "<div class='byline'><span>Amina Diallo</span><button>Follow</button><span>Head of desk</span></div>",
        "<div><span>Von Amina Diallo</span></div>",
        "<div><p>Written by</p><p>Amina Diallo</p></div>",
        "<div class='dateBlock_authorName__N6j'>Amina Diallo</div>",
        "<div class='byline'>Amina Diallo @amina_d</div>",
    ],
    ids=["title", "outlet", "date", "degree", "button", "unmarked", "apart", "camel-case", "handle"],
)
def test_a_name_is_told_apart_from_what_a_byline_has_beside_it(byline):
    assert whole(f"<h1>{TITLE}</h1>{byline}{PARAGRAPHS}", tag=TITLE).authors == ("Amina Diallo",)


def test_authors_side_by_side_are_all_found():
    byline = "<p><span class='author'>Amina Diallo</span><span class='author'>Jo Otieno</span></p>"
    assert whole(f"<h1>{TITLE}</h1>{byline}{PARAGRAPHS}", tag=TITLE).authors == ("Amina Diallo", "Jo Otieno")


def test_a_byline_that_names_more_people_than_the_metadata_is_believed():
    byline = "<p class='byline'>By Jo Otieno and Amina Diallo</p>"
    head = ld(news(author="Amina Diallo"))
    assert whole(f"<h1>{TITLE}</h1>{byline}{PARAGRAPHS}", tag=TITLE, head=head).authors == ("Jo Otieno", "Amina Diallo")


def test_a_first_name_is_completed_by_the_byline_that_has_the_whole():
    byline = "<p class='byline'>By Amina Diallo</p>"
    item = whole(f"<h1>{TITLE}</h1>{byline}{PARAGRAPHS}", tag=TITLE, head='<meta name="author" content="Amina">')
    assert item.authors == ("Amina Diallo",)


def test_a_name_in_running_text_is_no_author():
    text = f"<p>The pier was built by <b>Jo Otieno</b>. {TEXT[0]}</p>"
    assert whole(f"<h1>{TITLE}</h1>{text}{PARAGRAPHS}", tag=TITLE).authors == ()


@pytest.mark.parametrize(
    "other",
    [
        "<div class='comments'><span class='author'>Jo Otieno</span><p>So true!</p></div>",
        "<form><p class='comment-author'>Name *</p></form>",
        "<div><h3><a href='/other'>Another story</a></h3><p class='byline'>By Jo Otieno</p></div>",
    ],
    ids=["comment", "form", "teaser"],
)
def test_names_of_comments_and_other_stories_are_no_authors(other):
    assert whole(f"<h1>{TITLE}</h1><div>{PARAGRAPHS}</div>{other}", tag=TITLE).authors == ()


@pytest.mark.parametrize(
    ("author", "people", "agencies"),
    [
        (["Amina Diallo", "Reuters"], ("Amina Diallo",), ("Reuters",)),
        ("Agence France-Presse", (), ("Agence France-Presse",)),
        ([{"@type": "Organization", "name": "Lake Desk"}], (), ("Lake Desk",)),
        ("Example Gazette (www.example.org)", (), ("Example Gazette",)),
        (["Amina Diallo", "example.org"], ("Amina Diallo",), ()),
    ],
)
def test_who_is_credited_beside_people_is_kept_apart(author, people, agencies):
    html = page(ld(news(author=author)))
    found = page_object(HttpResponse(URL, html.encode(), encoding="utf-8"), fetched=FETCHED)
    assert isinstance(found, ArticlePage)
    assert (found.authors, found.agencies) == (people, agencies)


def test_a_heading_or_the_seat_of_the_site_is_no_author():
    heading = "<h2><strong>Getting There</strong></h2>"
    assert whole(f"<h1>{TITLE}</h1>{heading}{PARAGRAPHS}", tag=TITLE).authors == ()
    assert read(page('<meta name="author" content="example.org, Kisumu, Kenya">')).authors == ()


# Pages that are no article --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "body", "problem"),
    [
        ('<meta property="og:type" content="video.other">', PARAGRAPHS, "not-article"),
        (
            '<meta property="og:type" content="article">',
            "<p>Thanks. We will use this to get better at it.</p>",
            "no-text",
        ),
        (ld(news()) + f'<meta name="description" content="{LEAD}">', f"<p class=lead>{LEAD}</p>", "no-text"),
        (
            '<meta name="description" content="Coalition parties share ministries; who watches whom is open.">',
            f"<p>{'Your download has been started, please look into the folder of your browser. ' * 4}</p>",
            "other-text",
        ),
    ],
    ids=["video", "post", "lead-only", "notice"],
)
def test_a_page_without_the_text_of_an_article_says_what_it_lacks(head, body, problem):
    item = whole(f"<h1>{TITLE}</h1><div>{body}</div>", tag=TITLE, head=head)
    assert item.problem == problem

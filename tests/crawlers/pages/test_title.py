"""Which of its titles a page is given, on pages written for it."""

# ruff: noqa: E501 - pages read better unbroken

from __future__ import annotations

from typing import Any

import pytest
from web_poet import HttpResponse

from crawlers.pages import page_object
from crawlers.pages.article import ArticlePage
from crawlers.pages.choice import Choice
from tests.crawlers.pages import made
from tests.crawlers.pages.made import TITLE, URL, document, page_of
from wirewatch.records import Hint

OTHER = "Traders cheer as lake crossing starts"
TEXT = "The new ferry between the two lake towns carried its first passengers on Monday morning, later than planned."
PARAGRAPHS = f"<p>{TEXT}</p>" * 3


def choice(body: str, *, tag: str = "", head: str = "", **more: Any) -> Choice[str]:
    return page_of(document(body + PARAGRAPHS, head, title=tag), **more).choices()["title"]


def title(body: str, *, tag: str = "", head: str = "") -> str:
    return choice(body, tag=tag, head=head).value


def og(text: str) -> str:
    return f'<meta property="og:title" content="{text}">'


def ld(headline: object, **fields: Any) -> str:
    return made.ld(headline=headline, **fields)


# Which place is believed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "head", "tag"),
    [
        (f"<h1>{TITLE}</h1>", ld(OTHER) + og(TITLE), OTHER),
        (f"<h1>{TITLE}</h1>", ld(TITLE) + og(OTHER), OTHER),
        (f"<h1>{OTHER}</h1>", ld(TITLE) + og(TITLE), OTHER),
        (f"<h1>{TITLE}</h1>", ld(OTHER) + og("Lake: what the ferry costs"), OTHER),
        (f"<h2>{OTHER}</h2>", og(TITLE), f"{OTHER} | Example"),
        (f"<h2>{OTHER}</h2>", og(f"Ferry: {OTHER}") + '<meta name="sailthru.title" content="' + TITLE + '">' + ld(TITLE), ""),
    ],
    ids=["h1-and-og", "h1-and-headline", "headline-and-og", "h1-of-three", "og-before-h2", "other-systems-help"],
)  # fmt: skip
def test_two_of_heading_headline_and_og_title_outdo_the_third(body, head, tag):
    assert title(body, head=head, tag=tag) == TITLE


def test_the_choice_says_where_it_stands_and_why_it_won():
    found = choice(f"<h1>{TITLE}</h1>", head=ld(OTHER) + og(f"{TITLE} | Example"), tag=f"{OTHER} | Example")
    assert [(c.origin, c.value) for c in found.candidates][:3] == [
        ("h1", TITLE),
        ("json-ld headline", OTHER),
        ("meta og:title", TITLE),
    ]
    assert found.origin in ("h1", "meta og:title")
    assert found.why == "it has most weight: h1 and meta og:title 80; json-ld headline and title 41"


def test_of_several_spellings_the_one_for_readers_outside_the_page_is_taken():
    heading = f"<h1><div>Transport</div><div>{TITLE}</div></h1>"
    assert title(heading, head=og(f"Transport: {TITLE}"), tag=f"Transport {TITLE}") == f"Transport: {TITLE}"


def test_how_signs_are_read_aloud_is_no_part_of_a_headline():
    heading = "<h1><ruby>湖<rt>みずうみ</rt></ruby>に<ruby>新<rp>(</rp><rt>あたら</rt><rp>)</rp></ruby>しいフェリーが就航</h1>"
    assert title(heading, tag="湖に新しいフェリーが就航｜朝の湖") == "湖に新しいフェリーが就航"


def test_a_page_without_any_title_has_the_listings_and_else_its_first_heading():
    assert choice("<h2>Lake</h2>", hint=Hint(title=TITLE)).value == TITLE
    found = choice("<h2>Lake</h2>")
    assert (found.value, found.origin) == ("Lake", "h2")
    assert choice("").value == ""


# Without the site -----------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", [f"{TITLE} | Example", f"{TITLE} - Lake - Example", f"Example | {TITLE}"])
def test_the_title_has_no_site_name(tag):
    head = f'<meta property="og:site_name" content="Example">{og(tag)}'
    assert title(f"<h1>{TITLE}</h1>", tag=tag, head=head) == TITLE
    assert title("", tag=tag, head=head) in (TITLE, f"{TITLE} - Lake")


@pytest.mark.parametrize(
    "tag",
    [f"{TITLE} | Lake | Regions", f"{TITLE} | Lake News - Lakeside Gazette", f"Lakeside Gazette - {TITLE}"],
    ids=["sections", "section-and-site", "prefix"],
)
def test_what_stands_around_the_shown_headline_in_the_title_tag_is_not_part_of_it(tag):
    assert title(f"<h1>{TITLE}</h1>", tag=tag, head=og(tag)) == TITLE


def test_what_sites_glue_to_their_titles_is_told_by_the_place_that_lacks_it():
    sited = f"{TITLE}-LakeㅣGazette"
    assert title("", tag=sited, head=og(sited) + f'<meta name="headline" content="{TITLE}">') == TITLE


def test_a_headline_that_is_no_heading_is_found_by_the_title_tag():
    assert title(f"<div class='top'>{TITLE}</div>", tag=f"{TITLE}:Lake News") == TITLE


def test_quotation_marks_at_the_end_of_a_title_stay():
    quoted = "Rescuers above the lake: «We listened to the silence»"
    assert title(f"<h1>{quoted}</h1>", tag=f"{quoted} - ", head=og(quoted) + ld(quoted)) == quoted


# Which heading --------------------------------------------------------------------------------------

SEO = "Lake ferry: first trip, tickets, timetable"


@pytest.mark.parametrize(
    "breadcrumb",
    [
        f"<ul><li><a href='/lake'>Lake</a></li><li><h1>{SEO}</h1></li></ul>",
        f"<nav><a href='/lake'>Lake</a><h1>{SEO}</h1></nav>",
        f"<h1 class='page-breadcrumb__last'>{SEO}</h1>",
    ],
)
def test_a_heading_that_ends_a_breadcrumb_is_not_the_headline(breadcrumb):
    body = f"{breadcrumb}<article><h2>{TITLE}</h2></article>"
    assert title(body, tag=f"{SEO} | Example", head=ld(TITLE)) == TITLE


@pytest.mark.parametrize(
    "heading", ["<a href='/'><h1>Lakeside Gazette</h1></a>", "<h1><a href='/'>Lakeside Gazette</a></h1>"]
)
def test_the_sites_own_heading_is_not_the_headline(heading):
    assert title(heading, tag=f"{TITLE} - Example") == TITLE


def test_a_ticker_above_the_page_is_not_the_headline():
    body = f"<h1>Live: council votes on the harbour budget</h1><div><h2>{TITLE}</h2></div>"
    assert title(body, tag=f"{TITLE} | Lake | Regions") == TITLE


def test_a_widgets_heading_is_not_the_headline():
    assert title("<h1>Share this</h1>", tag=TITLE) == TITLE


def test_of_two_headings_that_the_title_tag_has_the_blogs_name_is_not_the_headline():
    body = f"<h1>Lakeside Gazette</h1><div><h2>{TITLE}</h2></div>"
    assert title(body, tag=f"Lakeside Gazette: {TITLE}", head=og(TITLE)) == TITLE


def test_the_only_headline_is_believed_in_other_words_before_a_subheading_that_the_title_tag_has():
    body = f"<h1>Ferry opens at last for lake traders</h1><p>{TEXT}</p><h2>Lake</h2>"
    assert title(body, tag="Lake ferry opens") == "Ferry opens at last for lake traders"


# Kickers --------------------------------------------------------------------------------------------


def test_a_marked_kicker_is_not_part_of_the_headline():
    heading = f"<h1><span class='story__kicker'>Transport</span><span>{TITLE}</span></h1>"
    assert title(heading, tag=f"Transport: {TITLE}") == TITLE


def test_a_kicker_is_part_of_the_headline_where_headline_and_og_title_have_it():
    heading = f"<h1><span class='story__kicker'>Transport</span><span>{TITLE}</span></h1>"
    assert title(heading, head=ld(f"Transport - {TITLE}") + og(f"Transport: {TITLE}")) == f"Transport: {TITLE}"


@pytest.mark.parametrize(
    "heading",
    [
        f"<h1><small>Transport</small> {TITLE}</h1>",
        f"<h1>{TITLE} <small>9 March 2026, Lake, Regions</small></h1>",
        f"<h1 itemprop='headline'><small>Transport</small> {TITLE}</h1>",
    ],
    ids=["kicker", "date", "marked-as-headline"],
)
def test_what_stands_in_the_heading_beside_the_headline_is_told_by_the_titles_that_lack_it(heading):
    assert title(heading, tag=f"{TITLE} | Lakeside Gazette", head=og(f"{TITLE} | Lakeside Gazette")) == TITLE


@pytest.mark.parametrize("odd", [None, 7, [], {}, ["x", None], {"name": 3}])
def test_odd_values_are_no_titles(odd):
    head = ld(odd, name=odd, alternativeHeadline=odd, articleSection=odd, publisher=odd)
    assert title(f"<h1>{TITLE}</h1>", head=head) == TITLE


def test_a_lead_is_found_under_a_heading_that_is_not_the_title():
    lead = "Traders and pupils crossed first, and the port office promised a second boat before the rains begin."
    html = f"""<html><head>{ld(TITLE)}{og(TITLE)}</head><body>
    <h1>{OTHER}</h1><p class="standfirst">{lead}</p><div>{PARAGRAPHS}</div></body></html>"""
    page = page_object(HttpResponse(URL, html.encode(), encoding="utf-8"))
    assert isinstance(page, ArticlePage)
    assert (page.title, page.lead) == (TITLE, lead)

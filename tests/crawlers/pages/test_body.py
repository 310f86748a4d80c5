"""The text of an article, on pages written for it."""

# ruff: noqa: E501 - pages read better unbroken
from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from web_poet import HttpResponse

from crawlers.pages import read_article
from crawlers.pages.article import ArticlePage
from crawlers.pages.item import ArticleItem

URL = "https://www.example.org/news/2026/03/ferry-opens"
TITLE = "Ferry opens on the lake after two years of work"
TEXT = [
    "The new ferry between the two lake towns carried its first passengers on Monday morning, an hour later than planned.",
    "Traders who used to drive around the lake said that the crossing would save them half a day on every trip to market.",
    "The transport office hopes to add a second boat before the rains, if the council finds the money for a larger pier.",
    "Fishermen had asked for the crossing to be moved further north, where the water is deeper and their nets are not cut.",
    "Engineers will inspect the hull once a month, and a crew of eight has been trained in the capital since last summer.",
]
LONG = [
    f"In chapter {n} of its report the commission describes how the pier of town {n} was paid for, by whom and when, and what is still owed."
    for n in range(1, 30)
]
BOX = "Our correspondents travel along the lake every week and bring you what people talk about in the markets and harbours."


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def read(body: str, head: str = "", *, url: str = URL) -> ArticleItem:
    html = f"<html lang='en'><head><title>{TITLE}</title>{head}</head><body>{body}</body></html>"
    return read_article(
        url, html.encode(), [("Content-Type", "text/html; charset=utf-8")], fetched=datetime(2026, 3, 10, tzinfo=UTC)
    )


def texts(body: str, head: str = "") -> list[str]:
    return read(body, head).body.split("\n\n")


# What belongs to the text ---------------------------------------------------------------------------


def test_sub_headings_quotes_lists_and_tables_stay_in_their_order():
    body = (
        f"<article><h1>{TITLE}</h1>{paragraphs(TEXT[0], TEXT[1])}<h2>Who pays</h2>{paragraphs(TEXT[2])}"
        f"<blockquote><p>{BOX}</p></blockquote><ul><li>Adults: two coins</li><li>Children under seven: nothing</li></ul>"
        f"<table><tr><th>Boat</th><th>Seats</th></tr><tr><td>Heron</td><td>80</td></tr></table>"
        f"<h2>What comes next</h2>{paragraphs(TEXT[3], TEXT[4])}</article>"
    )
    assert texts(body) == [
        TEXT[0], TEXT[1], "Who pays", TEXT[2], BOX, "Adults: two coins", "Children under seven: nothing",
        "Boat | Seats", "Heron | 80", "What comes next", TEXT[3], TEXT[4],
    ]  # fmt: skip


def test_a_text_in_chapters_is_complete():
    chapters = "".join(
        f"<section class='chapter'><div class='ad-slot'>Advertisement</div><h2>Town {n}</h2><div class='prose'><p>{text}</p></div></section>"
        for n, text in enumerate(LONG)
    )
    found = texts(f"<main><h1>{TITLE}</h1><div class='story'>{chapters}</div></main>")
    assert [text for text in found if text in LONG] == LONG
    assert "Town 3" in found
    assert "Advertisement" not in found


def test_a_text_within_a_form_is_no_form():
    lines = "<br><br>".join(LONG[:12])
    assert texts(f"<form action='/'><h1>{TITLE}</h1><div class='story'>{lines}</div></form>") == LONG[:12]


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ('class="paywall"', "the text behind the wall"),
        ('class="printThis"', "what is printed"),
        ('id="credits-for-farmers-and-fishermen-on-the-lake"', "a heading made into an address"),
    ],
    ids=["paywall", "print", "slug"],
)
def test_a_word_that_does_not_mean_noise_there_takes_no_text_off(attributes, word):
    assert BOX in texts(
        f"<article><h1>{TITLE}</h1>{paragraphs(*TEXT[:4])}<div {attributes}><p>{BOX}</p></div>{paragraphs(TEXT[4])}</article>"
    ), word


def test_a_table_in_a_figure_is_no_picture():
    table = "<figure class='table-block'><table><tr class='player-7'><td>Heron</td><td>80 seats</td></tr></table><figcaption>Boats of the lake, by the transport office</figcaption></figure>"
    found = texts(f"<article><h1>{TITLE}</h1>{paragraphs(*TEXT[:2])}{table}{paragraphs(*TEXT[2:])}</article>")
    assert found == [*TEXT[:2], "Heron | 80 seats", *TEXT[2:]]


def test_the_first_paragraphs_may_stand_apart_from_the_others():
    body = f"<div><h1>{TITLE}</h1><div class='start'>{paragraphs(TEXT[0])}</div><div class='image-bar'></div><div class='rest'>{paragraphs(*LONG[:8])}</div></div>"
    assert texts(body) == [TEXT[0], *LONG[:8]]


# What does not --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "Sign up for our morning newsletter and get the news of the lake before breakfast.",
        "Abonnez-vous à notre newsletter pour tout savoir du lac.",
        "Follow us on Twitter for more stories from the lake.",
        "Don't miss",
        "Leia também",
        "Related stories",
        "SEE MORE: Bus fares rise in the lake towns",
        "Story continues below advertisement",
    ],
)
def test_a_line_that_asks_or_points_elsewhere_is_left_out(line):
    assert texts(f"<article><h1>{TITLE}</h1>{paragraphs(*TEXT[:3], line, *TEXT[3:])}</article>") == TEXT


def test_a_sentence_about_a_newsletter_is_kept():
    line = "The governor wrote in his newsletter on Tuesday that the second boat had been ordered."
    assert line in texts(f"<article><h1>{TITLE}</h1>{paragraphs(*TEXT[:3], line, *TEXT[3:])}</article>")


def test_the_heading_of_a_box_goes_with_it():
    links = "".join(f"<li><a href='/news/{n}'>Bus fares rise again in lake town {n}</a></li>" for n in range(4))
    body = f"<article><h1>{TITLE}</h1>{paragraphs(*TEXT[:3])}<h3>From the archive</h3><ul>{links}</ul>{paragraphs(*TEXT[3:])}<h3>Elsewhere</h3><ul>{links}</ul></article>"
    assert texts(body) == TEXT


def test_another_whole_article_below_is_not_the_text():
    other = f"<article class='story'><h1>Council rejects the budget for a third time</h1>{paragraphs(*LONG)}</article>"
    body = f"<main><article class='story'><h1>{TITLE}</h1>{paragraphs(*TEXT)}</article>{other}</main>"
    assert texts(body) == TEXT


def test_the_points_of_the_lead_are_not_said_again():
    head = f'<meta property="og:description" content="{BOX}">'
    item = read(f"<article><h1>{TITLE}</h1><p class='standfirst'>{BOX}</p>{paragraphs(*TEXT)}</article>", head)
    assert item.lead == BOX
    assert item.body == "\n\n".join(TEXT)


# Where the server sends no text ---------------------------------------------------------------------


def test_the_declared_text_is_taken_where_readers_see_none_yet():
    document = {"@type": "NewsArticle", "headline": TITLE, "articleBody": "\n".join(TEXT)}
    head = f'<script type="application/ld+json">{json.dumps(document)}</script>'
    item = read(f"<div id='app'><h1>{TITLE}</h1><p>Loading the story, please wait a moment.</p></div>", head)
    assert item.body == "\n\n".join(TEXT)
    assert item.origins["body"] == "json-ld articleBody"


def test_the_state_of_a_script_is_taken_where_there_is_nothing_else():
    state = {"props": {"pageProps": {"article": {"title": TITLE, "body": paragraphs(*TEXT)}}}}
    item = read(
        f"<div id='__next'><h1>{TITLE}</h1></div><script id='__NEXT_DATA__' type='application/json'>{json.dumps(state)}</script>"
    )
    assert item.body == "\n\n".join(TEXT)


# Why ------------------------------------------------------------------------------------------------


def test_what_each_way_found_is_shown_with_why_one_won():
    html = f"<html><title>{TITLE}</title><body><article><h1>{TITLE}</h1>{paragraphs(*TEXT)}</article></body></html>"
    choice = ArticlePage(response=HttpResponse(URL, html.encode(), encoding="utf-8")).choices()["body"]
    assert choice.origin == "trafilatura and container"
    assert choice.why
    assert {candidate.origin: candidate.value for candidate in choice.candidates}["trafilatura"][-1] == TEXT[-1]


@pytest.mark.parametrize(
    "html",
    [
        b"",
        b"<p>",
        b"<html><body></body></html>",
        b"<div>" * 3000 + TEXT[0].encode(),
        b"<table><tr><td><table><td><a><p><li></table>" * 50,
        b'<script type="application/ld+json">{"@type": "NewsArticle", "articleBody": [1, null]}</script><p>x',
        b"<!-- --><?pi ?><article><article><h1></h1></article><br><br><br></article>",
    ],
    ids=["empty", "open", "bare", "deep", "tables", "odd-json", "odd-tags"],
)
def test_no_page_is_too_odd(html):
    assert isinstance(read_article(URL, html, []).body, str)

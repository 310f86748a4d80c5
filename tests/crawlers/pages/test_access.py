"""How far an article is open to readers, on pages written for it."""

# ruff: noqa: E501 - pages read better unbroken
from __future__ import annotations

from typing import Any

import pytest

from crawlers.pages.article import ArticlePage
from tests.crawlers.pages.made import PARAGRAPHS, TEXT, TITLE, document, ld, page_of
from wirewatch.records import Access

SHORT = PARAGRAPHS
LONG = "".join(f"<p>{text.replace('lake', f'lake {number}')}</p>" for number in range(8) for text in TEXT)
BOX = (
    "<section class='paywall'><h3>Subscribe to continue reading</h3><p>Already a subscriber? Log in here.</p></section>"
)


def read(body: str, head: str = "", **fields: Any) -> ArticlePage:
    body = f"<h1>{TITLE}</h1><article>{body}</article>"
    return page_of(document(body, head + ld(**fields)), "https://www.example.org/a/ferry")


def part(selector: Any, free: Any = False) -> dict[str, Any]:
    return {"@type": "WebPageElement", "isAccessibleForFree": free, "cssSelector": selector}


@pytest.mark.parametrize("free", [False, "False", "false", "http://schema.org/False", ["false"]])
def test_a_short_text_that_is_not_free_is_a_teaser(free):
    assert read(SHORT, isAccessibleForFree=free).access is Access.TEASER


@pytest.mark.parametrize("free", [True, "True", "https://schema.org/True", None, {}, 3, "maybe", []])
def test_an_article_is_open_unless_its_page_says_otherwise(free):
    assert read(SHORT, isAccessibleForFree=free).access is Access.OPEN


def test_a_long_text_that_is_not_free_is_all_there_for_those_who_may_read_it():
    assert read(LONG, isAccessibleForFree=False).access is Access.METERED


def test_the_part_that_is_not_free_may_be_in_the_page():
    body = f"<div class='paid'>{SHORT}</div>"
    assert read(body, isAccessibleForFree=False, hasPart=part(".paid")).access is Access.METERED


def test_the_part_that_is_not_free_may_be_the_wall_in_its_place():
    body = f"{LONG}<div class='paid'>Read on with our offer: four weeks for one crown, and the lake paper on Sundays.</div>"
    assert read(body, isAccessibleForFree=False, hasPart=[part(".paid")]).access is Access.TEASER


def test_the_part_that_is_not_free_may_be_what_stands_above_the_text():
    body = f"<ul class='paid'><li>Boats link both shores again, and a second one may come before the rains.</li></ul>{LONG}"
    assert read(body, isAccessibleForFree=False, hasPart=part(".paid")).access is Access.METERED


@pytest.mark.parametrize("selector", ["..", "['.a', '.b']", "", None, 4, [".gone", None]])
def test_a_selector_that_selects_nothing_tells_nothing(selector):
    assert read(LONG, isAccessibleForFree=False, hasPart=[part(selector), None, "x"]).access is Access.METERED


@pytest.mark.parametrize(
    ("tier", "access"),
    [("free", Access.OPEN), ("metered", Access.METERED), ("locked", Access.TEASER), ("?", Access.OPEN)],
)
def test_the_tier_of_the_content_is_believed(tier, access):
    assert read(SHORT, f'<meta property="article:content_tier" content="{tier}">').access is access


@pytest.mark.parametrize(
    "below",
    [
        BOX,
        "<p>Dieser Artikel ist nur für Abonnenten.</p>",
        "<p>La suite est réservée à nos abonnés.</p>",
        "<p>Para seguir leyendo, identifícate.</p>",
        "<p>この記事は有料会員限定です。</p>",
    ],
)
def test_a_wall_below_a_short_text_makes_it_a_teaser(below):
    found = read(f"{SHORT}{below}")
    assert found.access is Access.TEASER
    assert found.choices()["access"].why == "it stands by a short text"


@pytest.mark.parametrize(
    "body", [f"{LONG}{BOX}", f"{SHORT}{BOX.replace('paywall', 'paywall hidden')}<p>Tickets are sold at the pier.</p>"]
)
def test_a_wall_by_a_long_text_or_one_that_nobody_sees_does_not(body):
    body = (
        body
        if LONG in body
        else body.replace("Subscribe to continue reading", "Offer").replace("Already a subscriber?", "")
    )
    assert read(body).access is Access.OPEN


def test_it_is_told_what_the_page_declares_and_what_was_made_of_it():
    choice = read(LONG, '<meta property="article:content_tier" content="locked">', isAccessibleForFree=False).choices()[
        "access"
    ]
    assert (choice.value, choice.origin) == (Access.METERED, "json-ld isAccessibleForFree")
    assert choice.why == "the page calls it not free, and its text is long"
    assert [c.origin for c in choice.candidates] == ["json-ld isAccessibleForFree", "meta article:content_tier"]

"""Under what a page files its article, on pages written for it."""

# ruff: noqa: E501 - pages read better unbroken

from __future__ import annotations

import json
from typing import Any

import pytest

from crawlers.pages.choice import Choice
from tests.crawlers.pages.made import TITLE, document, ld, page_of

TEXT = "The ferry to Kisumu carried its first traders on Monday, and Amina Diallo of the port office was on board."


def choices(head: str = "", below: str = "", above: str = "") -> dict[str, Choice[Any]]:
    return page_of(document(f"{above}<article><h1>{TITLE}</h1><p>{TEXT}</p>{below}</article>", head)).choices()


def tags(*args: str, **more: str) -> tuple[str, ...]:
    found: tuple[str, ...] = choices(*args, **more)["tags"].value
    return found


def section(*args: str, **more: str) -> str | None:
    found: str | None = choices(*args, **more)["section"].value
    return found


def meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{content}">'


def crumbs(*steps: tuple[str, str]) -> str:
    items = [{"@type": "ListItem", "name": name, "item": address} for name, address in steps]
    return f'<script type="application/ld+json">{json.dumps({"@type": "BreadcrumbList", "itemListElement": items})}</script>'


# Tags -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keywords", ["ferry, lake", ["ferry", "lake"], [{"name": "ferry"}, {"name": "lake"}], "ferry;lake"]
)
def test_keywords_are_read_in_every_shape(keywords):
    assert tags(ld(keywords=keywords)) == ("ferry", "lake")


def test_what_is_meant_for_news_search_comes_before_what_is_meant_for_machines():
    head = meta("news_keywords", "Ferry, Lake") + meta("keywords", "news, web") + ld(keywords=["Ferry", "layout-wide"])
    found = choices(head)["tags"]
    assert (found.value, found.origin) == (("Ferry", "Lake"), "meta news_keywords")
    assert ("Ferry", "layout-wide") in [candidate.value for candidate in found.candidates]


@pytest.mark.parametrize(
    "machine",
    [
        "type:article",
        "NLP Category: World",
        "8f507083-bac4-423a-9015-2eb31e1bce50",
        "_commerce",
        "100312362",
        "example.org",
    ],
)
def test_what_sites_file_for_their_machines_is_no_tag(machine):
    assert tags(ld(keywords=["Ferry", machine, "2026"])) == ("Ferry", "2026")


def test_neither_the_site_nor_the_headline_nor_the_author_is_a_tag():
    head = '<meta property="og:site_name" content="Lakeside Gazette">' + meta(
        "keywords", f"Lakeside Gazette, Jo Otieno, {TITLE}, Ferry"
    )
    assert tags(head + ld(author={"@type": "Person", "name": "Jo Otieno"})) == ("Ferry",)  # fmt: skip


def test_the_folders_of_tags_are_not_part_of_them():
    assert tags(ld(keywords="topics/ferry, places/lake victoria")) == ("ferry", "lake victoria")
    assert tags(ld(keywords="ac/dc, rock")) == ("ac/dc", "rock")


def test_words_in_one_string_without_separators_are_no_tag():
    assert (
        tags(meta("news_keywords", "ferry-opens lake-victoria kisumu traders-on-board port-office first-passengers"))
        == ()
    )


MENU = "<nav class='menu'><ul><li><a href='/tag/sport'>Sport</a></li><li><a href='/tag/money'>Money</a></li></ul></nav>"
CLOUD = "<div class='tagcloud'><a href='/tag/rain'>Rain</a> <a href='/tag/sun'>Sun</a></div>"
TEASER = "<div class='teaser'><a href='/tag/rain'>Rain</a> <a href='/news/rain'>Rain is late again this year</a></div>"


@pytest.mark.parametrize(
    "shown",
    [
        "<p>Filed under <a rel='tag' href='/x/1'>Ferry</a> and <a rel='nofollow' href='/x/3'>more</a>, <a rel='tag' href='/x/2'>Lake</a></p>",
        "<ul><li><a href='/tag/ferry'>Ferry</a></li><li><a href='/tag/lake'>Lake</a></li></ul>",
        "<ul class='article-tags'><li><a href='/1'>#Ferry</a></li><li><a href='/2'>#Lake</a></li></ul>",
        "<div class='storyTopics'>Topics: <a href='/1'>Ferry (611 posts)</a> <a href='/2'>Lake (3)</a></div>",
    ],
    ids=["rel", "address", "class", "counted"],
)
def test_the_tags_that_readers_see_are_found(shown):
    assert tags(above=MENU, below=TEASER + shown + CLOUD) == ("Ferry", "Lake")


def test_shown_tags_are_believed_before_the_keywords_that_all_pages_of_a_site_have():
    keywords = meta("keywords", "news, weather, sport, lake region")
    assert tags(keywords, "<ul><li><a href='/tag/ferry'>Ferry</a></li></ul>") == ("Ferry",)
    assert tags(keywords) == ("news", "weather", "sport", "lake region")


def test_unmarked_links_are_tags_if_the_text_names_most_of_them():
    named = "<div><h2>Read more about</h2><ul><li><a href='/a'>Kisumu</a></li><li><a href='/b'>Amina Diallo</a></li></ul></div>"
    shares = "<ul><li><a href='/s?to=f'>Post it</a></li><li><a href='/s?to=m'>Mail it</a></li></ul>"
    assert tags(below=shares + named) == ("Kisumu", "Amina Diallo")
    assert tags(below=shares) == ()


def test_categories_are_no_tags():
    assert tags(below="<p><a rel='category tag' href='/c/lake'>Lake</a></p>") == ()


# Section --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (ld(articleSection=["Transport", "Lake"]), "Transport"),
        (ld(articleSection="Transport,Lake"), "Transport"),
        (ld(articleSection="Home") + meta("article:section", "Transport"), "Transport"),
        (ld(articleSection="Uncategorized"), None),
        (ld(articleSection="tags") + meta("parsely-section", "Transport"), "Transport"),
        (ld(articleSection=TITLE), None),
        (ld(articleSection=[None, 3, {"a": 1}]), None),
    ],
    ids=["several", "glued", "home", "none", "machine", "headline", "odd"],
)
def test_the_section_is_the_first_that_the_site_names(head, expected):
    assert section(head) == expected


def test_a_section_has_its_name_and_not_its_address():
    head = ld(articleSection="public-service") + crumbs(("Public Service", "/public-service"), (TITLE, "/a"))
    assert section(head) == "Public Service"


def test_a_breadcrumb_gives_the_section_after_the_front_page():
    head = crumbs(("Gazette", "https://www.example.org/"), ("Lake", "https://www.example.org/lake"), (TITLE, "/a"))
    assert section(head) == "Lake"
    shown = "<ol class='breadcrumbs'><li><a href='/'>Gazette</a></li><li>» <a href='/lake'>» Lake</a></li></ol>"
    assert section(above=shown) == "Lake"


@pytest.mark.parametrize("odd", [None, 7, "x", [None, 7], [[]], [{"item": 4}, {"item": {"@id": ["x"]}}, {}]])
def test_an_odd_breadcrumb_does_no_harm(odd):
    node = {"@type": "BreadcrumbList", "itemListElement": odd}
    head = f'<script type="application/ld+json">{json.dumps(node)}</script>'
    assert section(head + meta("section", "Lake")) == "Lake"
    assert section(head) is None

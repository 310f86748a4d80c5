"""Whom a page credits with its article, on pages written for it.

To try an entry of ``crawlers/data/names.yml``, add the string that a page writes to one of the lists here.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawlers.pages.article import ArticlePage
from tests.crawlers.pages.made import PARAGRAPHS, TEXT, TITLE, URL, document, ld, page_of


def read(head: str = "", above: str = "", below: str = "", heading: str = f"<h1>{TITLE}</h1>") -> ArticlePage:
    html = document(f"{heading}{above}<div>{PARAGRAPHS}</div>{below}", head)
    return page_of(html, fetched=datetime(2026, 3, 10, 12, 0, tzinfo=UTC))


def meta(**tags: str) -> str:
    return "".join(f'<meta name="{name}" content="{content}">' for name, content in tags.items())


# What the page declares -----------------------------------------------------------------------------


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
        ("Diallo, Amina", ("Amina Diallo",)),
        ("https://www.example.org/authors/amina", ()),
        ("Example", ()),
        ("Agence France-Presse", ()),
        ("newsroom@example.org", ()),
        ("No Author", ()),
    ],
)
def test_authors_are_people(author, people):
    assert read(ld(author=author, publisher={"@type": "Organization", "name": "Example"})).authors == people


@pytest.mark.parametrize(
    "value", [None, 3, True, [], {}, [None, 4], {"name": None}, {"name": [3, "  "]}, {"name": {"@value": "x"}}, "", "-"]
)
def test_what_names_nobody_does_no_harm(value):
    found = read(ld(author=value))
    assert (found.authors, found.agencies) == ((), ())


@pytest.mark.parametrize(
    ("author", "people", "agencies"),
    [
        (["Amina Diallo", "Reuters"], ("Amina Diallo",), ("Reuters",)),
        ("Agence France-Presse", (), ("Agence France-Presse",)),
        ("AFP/dpa", (), ("AFP", "dpa")),
        ([{"@type": "Organization", "name": "Lake Desk"}], (), ("Lake Desk",)),
        ("Example Gazette (www.example.org)", (), ("Example Gazette",)),
        (["Amina Diallo", "example.org"], ("Amina Diallo",), ()),
    ],
)
def test_who_is_credited_beside_people_is_kept_apart(author, people, agencies):
    found = read(ld(author=author))
    assert (found.authors, found.agencies) == (people, agencies)


@pytest.mark.parametrize(
    "head",
    [
        meta(citation_author="Diallo, Amina"),
        meta(**{"twitter:label1": "Written by", "twitter:data1": "Amina Diallo", "twitter:data2": "3 minutes"}),
        meta(**{"twitter:label1": "Verfasst von", "twitter:data1": "Amina Diallo"}),
        meta(**{"author": "Unknown", "cXenseParse:author": "Amina Diallo"}),
    ],
)
def test_less_common_tags_are_read_where_the_common_ones_name_nobody(head):
    assert read(head).authors == ("Amina Diallo",)


def test_what_a_card_says_of_something_else_is_no_author():
    assert read(meta(**{"twitter:label1": "Reading time", "twitter:data1": "Three Minutes"})).authors == ()


# Bylines --------------------------------------------------------------------------------------------


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
    assert read(above=byline).authors == ("Amina Diallo",)


@pytest.mark.parametrize(
    "byline",
    [
        "<p class='byline'>By<a href='/authors/amina'>Amina Diallo</a>Transport reporter</p>",
        "<p class='byline'>Written by Amina Diallo for the Lakeside Gazette</p>",
        "<p class='byline'>Par Amina Diallo le 9 mars 2026 à 6h30</p>",
        "<p class='byline'>Amina Diallo Published March 9, 2026</p>",
        "<p class='byline'>Amina Diallo, PhD, Director of Transport | March 9, 2026</p>",
        "<div class='byline'><span>Amina Diallo</span><button>Follow</button><span>Head of desk</span></div>",
        "<div class='byline'><b>Amina Diallo</b><i>Chief Reporter</i></div>",
        "<div><span>Von Amina Diallo</span></div>",
        "<div><p>Written by</p><p>Amina Diallo</p></div>",
        "<div class='dateBlock_authorName__N6j'>Amina Diallo</div>",
        "<div class='byline'>Amina Diallo @amina_d</div>",
    ],
    ids=[
        "title",
        "outlet",
        "date",
        "published",
        "degree",
        "button",
        "job",
        "unmarked",
        "apart",
        "camel-case",
        "handle",
    ],
)
def test_a_name_is_told_apart_from_what_a_byline_has_beside_it(byline):
    assert read(above=byline).authors == ("Amina Diallo",)


def test_authors_side_by_side_are_all_found():
    byline = "<p><span class='author'>Amina Diallo</span><span class='author'>Jo Otieno</span></p>"
    assert read(above=byline).authors == ("Amina Diallo", "Jo Otieno")


def test_two_names_that_sign_a_text_are_both_found():
    assert read(above="<p><strong>Amina Diallo/Jo Otieno</strong></p>").authors == ("Amina Diallo", "Jo Otieno")


def test_the_byline_of_a_post_whose_headline_links_to_itself_is_its_own():
    heading = f"<div><h2><a href='{URL}'>{TITLE}</a></h2><span class='byline'>Amina Diallo</span></div>"
    assert read(heading=heading).authors == ("Amina Diallo",)


def test_a_byline_that_names_more_people_than_the_metadata_is_believed():
    found = read(ld(author="Amina Diallo"), "<p class='byline'>By Jo Otieno and Amina Diallo</p>")
    assert found.authors == ("Jo Otieno", "Amina Diallo")


def test_a_name_in_running_text_is_no_author():
    assert read(above=f"<p>The pier was built by <b>Jo Otieno</b>. {TEXT[0]}</p>").authors == ()


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
    assert read(below=other).authors == ()


@pytest.mark.parametrize("heading", ["<h2><strong>Getting There</strong></h2>", "<p><strong>Every Trip</strong></p>"])
def test_a_heading_is_no_author(heading):
    assert read(above=heading).authors == ()


def test_the_seat_of_the_site_is_no_author():
    assert read(meta(author="example.org, Kisumu, Kenya")).authors == ()


@pytest.mark.parametrize(
    ("byline", "people"),
    [
        ("<p>作者：王小明</p>", ("王小明",)),
        ("<p>記者 山田太郎</p>", ("山田太郎",)),
        ("<p>홍길동 기자</p>", ("홍길동",)),
        ("<p>【記者王小明/台北報導】</p>", ("王小明",)),
        ("<p>（记者 王小明、李四光）</p>", ("王小明", "李四光")),
        ("<p>文化新闻</p>", ()),
    ],
)
def test_reporters_of_east_asia_are_found_without_markup(byline, people):
    assert read(above=byline).authors == people


# Agencies, desks, the outlet ------------------------------------------------------------------------


def test_the_outlet_is_credited_only_where_nobody_else_is():
    outlet = meta(**{"author": "example.org", "og:site_name": "Lakeside Gazette"})
    assert read(outlet).agencies == ("example.org",)
    found = read(outlet, "<p class='byline'>Reuters</p>")
    assert (found.authors, found.agencies) == ((), ("Reuters",))
    found = read(outlet, "<p class='byline'>By Amina Diallo</p>")
    assert (found.authors, found.agencies) == (("Amina Diallo",), ())


def test_an_agency_stays_credited_where_a_byline_names_its_writer():
    found = read(ld(author="Reuters"), "<p class='byline'>By Jo Otieno, Reuters</p>")
    assert (found.authors, found.agencies) == (("Jo Otieno",), ("Reuters",))


# Why ------------------------------------------------------------------------------------------------


def test_each_place_that_was_asked_is_told_with_what_it_says_and_why_one_won():
    found = read(meta(author="example.org"), "<p class='byline'>By Amina Diallo</p>")
    choice = found.choices()["authors"]
    assert (choice.value, choice.origin) == (("Amina Diallo",), "byline")
    assert choice.why == "it is the most reliable place that names people"
    told = {candidate.origin: candidate.value for candidate in choice.candidates}
    assert told["meta author"] == ()
    assert told["byline"] == ("Amina Diallo",)
    assert {c.origin: c.value for c in found.choices()["agencies"].candidates}["meta author"] == ("example.org",)


def test_it_is_told_when_a_byline_is_preferred_to_the_metadata():
    found = read(ld(author="Amina Diallo"), "<p class='byline'>By Jo Otieno and Amina Diallo</p>")
    choice = found.choices()["authors"]
    assert (choice.origin, choice.why) == ("byline", "it names those of json-ld author and more")
    assert found.origins["authors"] == "byline"

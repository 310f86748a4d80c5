"""Which text of a page is its lead, on pages written for it."""

from __future__ import annotations

import pytest

from crawlers.pages.choice import Choice
from tests.crawlers.pages.made import LEAD, PARAGRAPHS, TEXT, TITLE, document, ld, page_of, read


def page(above: str, *, head: str = "", text: str = PARAGRAPHS) -> str:
    return document(f"<article><h1>{TITLE}</h1>{above}<div>{text}</div></article>", head)


def choice(html: str) -> Choice[str | None]:
    return page_of(html).choices()["lead"]


def described(text: str, name: str = "og:description") -> str:
    return f'<meta property="{name}" content="{text}">'


# The description ------------------------------------------------------------------------------------


def test_a_description_is_the_lead_when_readers_see_it():
    item = read(page(f"<p>{LEAD}</p>", head=described(LEAD)))
    assert item.lead == LEAD
    assert item.body == "\n\n".join(TEXT)
    assert read(page("", head=described(LEAD))).lead is None, "written for search engines only"


def test_a_description_that_is_the_first_paragraph_is_no_lead():
    item = read(page("", head=described(TEXT[0])))
    assert item.lead is None
    assert item.body.startswith(TEXT[0])


def test_a_first_paragraph_is_none_either_where_each_has_a_box_of_its_own():
    boxes = "".join(f"<div class='block'><div><p>{text}</p></div></div>" for text in TEXT)
    assert read(page("", head=described(TEXT[0]), text=boxes)).lead is None


def test_a_box_that_holds_nothing_but_the_lead_is_not_one_of_the_boxes_beside_it():
    boxes = "".join(f"<div class='block'><p>{text}</p></div>" for text in TEXT)
    lead = f"<div class='block'><p class='big'>{LEAD}</p></div>"
    assert read(page("", head=described(LEAD), text=lead + boxes)).lead == LEAD


@pytest.mark.parametrize(
    "description",
    [LEAD[:80] + "…", f"{LEAD} - Example", f"{LEAD} | Lakeside Gazette", LEAD.replace("'", "&amp;#39;").upper()],
    ids=["cut", "site", "other-site", "case"],
)
def test_readers_have_the_whole_of_a_description_that_is_cut_or_has_a_sites_name_after_it(description):
    assert read(page(f"<h4>{LEAD}</h4>", head=described(description))).lead == LEAD


def test_a_short_description_that_stands_under_the_headline_is_the_lead():
    assert read(page("<p>Boats link both shores again</p>", head=described("Boats link both shores again"))).lead


def test_a_name_under_the_headline_is_no_lead():
    item = read(page("<p><b>Amina Diallo-Otieno</b></p>", head=described("Amina Diallo-Otieno")))
    assert item.lead is None


def test_a_lead_comes_without_what_stands_beside_it_in_its_box():
    box = f"<div><h2>{LEAD}</h2><ul><li>Last updated: Monday</li><li>Follow us on</li></ul></div>"
    assert read(page(box, head=described(LEAD))).lead == LEAD


# Marked and set apart -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "markup",
    [
        f'<p class="article-standfirst">{LEAD}</p>',
        f'<p itemprop="description">{LEAD}</p>',
        f'<ul class="summary"><li>{LEAD}</li></ul>',
    ],
    ids=["class", "itemprop", "list"],
)
def test_a_marked_standfirst_is_the_lead(markup):
    assert read(page(markup)).lead == LEAD


def test_a_heading_that_is_marked_is_believed_before_a_description():
    summary = "The lake has a ferry again: what traders, towns and the council expect from it."
    markup = f"<div class='summarized'>{summary}</div><h2 class='deck'>{LEAD}</h2>"
    assert read(page(markup, head=described(summary))).lead == LEAD


def test_a_standfirst_may_be_shorter_where_no_spaces_part_the_words():
    lead = "湖の両岸を結ぶ新しい船が就航した。"
    text = "".join(
        f"<p>{lead}商人たちは最初の乗客となり、半日早く市場に着けると喜んだ。第{n}便も満員だった。</p>" for n in "123"
    )
    assert read(page(f"<p class='lead'>{lead}</p>", text=text)).lead == lead


@pytest.mark.parametrize(
    "markup",
    [
        f"<p><b>{LEAD}</b></p>",
        f"<p><strong>{LEAD[:26]}</strong> <strong>{LEAD[27:]}</strong></p>",
        f"<h2>{LEAD}</h2>",
        f'<p class="large">{LEAD}</p>',
        f"<div><p class='x1'>2 min</p><p class='x2'>{LEAD}</p></div>",
    ],
    ids=["bold", "bold-parts", "heading", "class", "header"],
)
def test_what_is_written_unlike_the_text_after_it_is_the_lead(markup):
    item = read(page(markup, head=described("Words for search engines about the ferry")))
    assert item.lead == LEAD
    assert item.body == "\n\n".join(TEXT)


def test_a_bold_first_paragraph_among_the_others_is_the_lead_and_not_in_the_text_again():
    item = read(page("", text=f"<p><b>{LEAD}</b></p>{PARAGRAPHS}"))
    assert (item.lead, item.body) == (LEAD, "\n\n".join(TEXT))


@pytest.mark.parametrize("markup", ["<ul>{}</ul>", "<div class='points'>{}</div>"], ids=["list", "paragraphs"])
def test_a_lead_may_have_several_lines_none_of_which_is_in_the_text_again(markup):
    lines = ["Boats link both shores of the lake again.", "Market traders are first on board of the new ferry."]
    tag = "li" if "ul" in markup else "p"
    points = markup.format("".join(f"<{tag} class='point'>{line}</{tag}>" for line in lines))
    item = read(page("", text=points + PARAGRAPHS))
    assert item.lead == "\n".join(lines)
    assert item.body == "\n\n".join(TEXT)


@pytest.mark.parametrize(
    "markup",
    [
        "<p class='large'>Save this article to your list or send it to all your friends on the networks.</p>",
        "<p class='large'>Photo © Lakeside agency of pictures. The ferry leaves the pier on Monday morning.</p>",
        f"<div class='media'><img src='a.jpg'><p class='text'>{LEAD}</p></div>",
        f"<div class='newsletter'><p class='text'>{LEAD}</p></div>",
        f"<h3><a href='/other'>{LEAD}</a></h3>",
        f"<p class='large'><button>Listen</button> {LEAD}</p>",
        "<h2>The ferry, the lake and the traders</h2>",
        "<p class='large'>Amina Diallo, the ferry traders of the lake, Monday morning in Kisumu</p>",
    ],
    ids=["notice", "credit", "caption", "box", "link", "button", "subheading", "no-sentence"],
)
def test_what_else_stands_above_the_text_is_no_lead(markup):
    assert read(page(markup)).lead is None


def test_a_heading_within_the_text_is_no_lead():
    text = f"<p>{TEXT[0]}</p><h2>{LEAD}</h2><p class='subtitle'>{LEAD}</p><p>{TEXT[1]}</p><p>{TEXT[2]}</p>"
    assert read(page("", text=text)).lead is None


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
@pytest.mark.parametrize("above", [True, False], ids=["above", "below"])
def test_a_box_that_calls_itself_intro_is_no_lead(box, above):
    boxes = (box, "") if above else ("", box)
    html = f"<h1>{TITLE}</h1>{boxes[0]}<div>{PARAGRAPHS}</div>{boxes[1]}"
    assert read(f'<html lang="en"><head><title>{TITLE}</title></head><body>{html}</body></html>').lead is None


# Why ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "origin"),
    [
        (page(f"<p>{LEAD}</p>", head=ld(description=LEAD)), "json-ld description"),
        (page(f"<p>{LEAD}</p>", head=described(LEAD)), "meta og:description"),
        (page(f"<p class='standfirst'>{LEAD}</p>"), "p standfirst"),
        (page(f"<h2>{LEAD}</h2>"), "h2 above the text"),
    ],
)
def test_the_choice_says_where_the_lead_stands_and_why_it_is_one(html, origin):
    found = choice(html)
    assert found.origin == origin
    assert found.why
    assert LEAD in [candidate.value for candidate in found.candidates]


@pytest.mark.parametrize("description", [5, None, ["a"], {"a": 1}, True])
def test_a_description_that_is_no_text_does_no_harm(description):
    assert read(page(f"<p class='lead'>{LEAD}</p>", head=ld(description=description))).lead == LEAD


@pytest.mark.parametrize("html", ["", "<p>", "<ul></ul>", "<h1></h1><ul class='lead'></ul>", "<!-- x -->"])
def test_a_page_with_nothing_in_it_has_no_lead(html):
    assert read(html).lead is None

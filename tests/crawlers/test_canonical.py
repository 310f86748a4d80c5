"""An article has one address, whatever way leads to it and whatever its template says."""

import pytest

from crawlers.canonical import canonical_url
from crawlers.pages import read_article
from wirewatch.records import article_id

STORY = "https://www.example.org/world/ferry-opens-on-the-lake-48213"


@pytest.mark.parametrize(
    "url",
    [
        STORY,
        STORY + "/",
        STORY + "#comments",
        STORY + "?utm_source=x&fbclid=1",
        STORY + "?amp=1",
        STORY + "?PHPSESSID=0123",
        STORY + "/amp",
        STORY + "/print/",
        STORY + "/2",
        STORY + ".amp.html",
        STORY.replace("https:", "http:"),
        STORY.replace("www.example.org", "www.example.org:443"),
        STORY.replace("www.", ""),
        STORY.replace("www.", "m."),
        STORY.replace("www.", "amp."),
        STORY.replace("/world/", "/amp/world/"),
        "https://m.example.org/article.php?id=48213",
        "https://www.example.org/news/the-old-headline-of-it-48213",
        "https://www.example.org/?p=77",
    ],
)
def test_every_way_to_an_article_that_names_its_address_leads_to_one_id(url: str) -> None:
    assert canonical_url(url, [STORY]) == STORY
    assert canonical_url(url, ["", STORY]) == STORY
    page = f'<html><head><link rel="canonical" href="{STORY}"></head><body></body></html>'.encode()
    assert article_id(read_article(url, page).url) == article_id(STORY)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        (STORY, STORY),
        (STORY + "?utm_source=x#top", STORY),
        (STORY + "/amp/", STORY + "/"),
        (STORY + "/amp", STORY),
        (STORY + "/print", STORY),
        (STORY + "?amp", STORY),
        (STORY + "?outputType=amp&x=1", STORY + "?x=1"),
        (STORY + "?print=1", STORY),
        (STORY + "?view=print", STORY),
        (STORY + ".amp.html", STORY + ".html"),
        (STORY + ".amp", STORY),
        (STORY + "/index.html", STORY + "/"),
        ("https://www.example.org/amp/world/ferry", "https://www.example.org/world/ferry"),
        ("https://www.example.org:443/ferry", "https://www.example.org/ferry"),
        ("https://www.example.org/ferry;jsessionid=1A", "https://www.example.org/ferry"),
        # What only looks like it stays.
        ("https://www.example.org/amp", "https://www.example.org/amp"),
        ("https://www.example.org/print/", "https://www.example.org/print/"),
        ("https://www.example.org/camp/the-fine-print", "https://www.example.org/camp/the-fine-print"),
        ("https://www.example.org/ferry?amplitude=1", "https://www.example.org/ferry?amplitude=1"),
        ("https://www.example.org/index.php?id=7", "https://www.example.org/index.php?id=7"),
        ("https://m.example.org/ferry", "https://m.example.org/ferry"),
        ("https://m.com/ferry", "https://m.com/ferry"),
    ],
)
def test_without_any_declaration_the_marks_of_a_variant_go(url: str, plain: str) -> None:
    assert canonical_url(url) == plain
    assert canonical_url(plain) == plain


@pytest.mark.parametrize(
    ("link", "host"),
    [("www.example.org/a-b", "www.example.org"), ("example.org/a-b", "example.org"), ("x", "m.example.org")],
)
def test_a_mobile_host_goes_where_the_page_links_to_itself_beside_it(link: str, host: str) -> None:
    page = f'<html><body><a href="https://{link}">Desktop version</a></body></html>'.encode()
    assert read_article("https://m.example.org/a-b", page).url == f"https://{host}/a-b"


@pytest.mark.parametrize(
    ("lie", "url"),
    [
        ("https://www.example.org/", STORY),
        ("https://www.example.org", STORY),
        ("https://www.example.org/world", STORY),
        ("https://www.example.org/world/", STORY),
        ("https://www.example.org/latest", STORY),
        ("https://www.example.org/world/undefined", STORY),
        ("https://agency.example.net/world/ferry-opens-on-the-lake-48213", STORY),
        ("https://www.example.org/story.asp", "https://www.example.org/story.asp?id=48213"),
        ("https://www.example.org/welcome-to-our-new-pages", "https://www.example.org/ferry-opens-on-the-lake"),
        ("javascript:void(0)", STORY),
        ("http://[", STORY),
        ("", STORY),
    ],
)
def test_an_address_that_cannot_be_the_articles_is_not_believed(lie: str, url: str) -> None:
    assert canonical_url(url, [lie], title="Ferry opens on the lake") == url
    better = url + "?v=2"
    assert canonical_url(url, [lie, better], title="Ferry opens on the lake") == better


@pytest.mark.parametrize(
    ("declared", "url"),
    [
        ("https://www.example.org/ferry-opens", "https://www.example.org/n/48213"),  # as its headline says
        ("https://www.example.org/a/93121", "https://www.example.org/world/ferry-opens-on-the-lake"),
        ("https://news.example.org/world/ferry-opens-on-the-lake-48213", STORY),
        ("https://www.example.org/ferry", "https://www.example.org/ferry?page=2"),
        ("https://www.example.org/live/48213", "https://www.example.org/live/48213/update-of-noon"),
        ("https://www.example.org/?p=48213", STORY),
    ],
)
def test_an_unlike_address_is_believed_where_nothing_speaks_against_it(declared: str, url: str) -> None:
    assert canonical_url(url, [declared], title="Ferry opens on the lake") == declared


def test_of_two_declarations_the_one_that_fits_the_page_wins() -> None:
    assert canonical_url(STORY + "/amp", ["https://www.example.org/n/1", STORY]) == STORY
    assert canonical_url(STORY + "?x=1", ["https://amp.example.org/world/other-48213/amp", STORY]) == STORY
    assert canonical_url(STORY, [STORY.replace("https", "http"), STORY]) == STORY


def test_the_address_in_json_ld_is_believed_of_this_article_only() -> None:
    other = "https://www.example.org/world/council-votes-on-the-budget-48999"
    page = (
        '<html><body><script type="application/ld+json">{{"@type": "NewsArticle", "mainEntityOfPage": "{}"}}</script>'
    )
    assert read_article(STORY + "?x=1", page.format(STORY).encode()).url == STORY
    assert read_article(STORY, page.format(other).encode()).url == STORY

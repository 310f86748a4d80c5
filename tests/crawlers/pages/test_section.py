"""On section pages the links to articles are told from the rest."""

import pytest

from crawlers.listing import Listing, NotAListing
from crawlers.pages import read_listing
from crawlers.pages.section import MOST_LINKS, form_of

SITE = "https://www.example.com/list"


def read_section(body: str, url: str = SITE, content_type: str = "text/html; charset=utf-8") -> Listing:
    return read_listing("section", url, body.encode(), [("Content-Type", content_type)])


def urls(listing: Listing) -> list[str]:
    return [entry.url for entry in listing.entries]


def paths(body: str) -> list[str]:
    return [url.removeprefix("https://www.example.com") for url in urls(read_section(body))]


def test_a_section_page_gives_the_links_that_look_like_articles() -> None:
    page = """<base href="/news/"><nav><a href="/">Home</a><a href="/politics">Politics</a>
    <a href="/newsletter/sign-up-for-our-newsletter">Sign up for our newsletter here</a></nav>
    <a href="ceasefire-holds-in-north-says-envoy?utm_medium=x"><img></a>
    <a href="ceasefire-holds-in-north-says-envoy#comments">Ceasefire holds, says envoy</a>
    <a href="/2023/02/06/budget-vote/">Budget vote</a>
    <a href="/story.php?id=123456">Parliament votes on the new budget</a>
    <a href="https://other.example.org/a-b-c-d-e">Elsewhere on the web today we found</a><a href="mailto:a@b.c">Mail</a>
    <a href="http://[broken">Broken</a><a href="/photo-of-the-visit-in-algiers.jpg">A photo</a>"""
    listing = read_section(page, content_type="text/html; charset=utf-8")
    assert urls(listing) == [
        "https://www.example.com/news/ceasefire-holds-in-north-says-envoy",
        "https://www.example.com/2023/02/06/budget-vote/",
        "https://www.example.com/story.php?id=123456",
    ]
    assert listing.entries[0].hint.title == "Ceasefire holds, says envoy"


def teasers(*paths: str) -> str:
    return "".join(f'<div><h3><a href="{path}">A headline of some more words</a></h3></div>' for path in paths)


def test_a_menu_is_no_list_of_articles_whatever_its_addresses_look_like() -> None:
    entry = '<a href="/le-journal-du-pays-{}/">Le journal du pays de {}</a>'
    for menu in (
        "<nav>{}</nav>",
        "<footer>{}</footer>",
        '<div class="main-menu"><div>{}</div></div>',
        '<ul role="menu">{}</ul>',
    ):
        assert paths(menu.format(entry.format("yonnais", "Yon"))) == []
    assert paths(f"<div>{entry.format('yonnais', 'Yon')}</div>") == ["/le-journal-du-pays-yonnais/"]


def test_a_header_of_an_article_is_no_menu() -> None:
    page = '<nav><article><header><a href="/ferry-opens-on-the-lake">Ferry opens</a></header></article></nav>'
    assert paths(f"{page}{teasers('/a-b-c-d', '/a-b-c-e', '/a-b-c-f')}")[0] == "/ferry-opens-on-the-lake"


def test_what_the_headlines_of_a_page_share_tells_its_articles() -> None:
    # Addresses that say nothing by themselves: the third link is a picture.
    page = teasers("/a/x1y2", "/a/z3w4", "/a/q5r6") + '<a href="/a/k7l8"><img></a><a href="/a/team">Our team</a>'
    assert paths(page) == ["/a/x1y2", "/a/z3w4", "/a/q5r6", "/a/k7l8"]
    assert paths('<a href="/a/k7l8"><img></a><a href="/a/team">Our team</a>') == []


def test_numbers_in_the_query_are_addresses_of_articles() -> None:
    page = teasers("/?p=12345", "/?p=12346", "/?p=12347")
    assert paths(page) == ["/?p=12345", "/?p=12346", "/?p=12347"]


def test_a_heading_that_leads_to_a_section_is_none() -> None:
    assert paths('<h2><a href="/latest-news">All the latest news of today</a></h2>') == []


def test_files_authors_and_tags_are_none_even_in_headings() -> None:
    assert (
        paths(teasers("/audio/ferry-opens-on-the-lake.wav", "/author/jane-doe-and-others-1", "/tag/x-y-z-a", "/")) == []
    )


def test_a_headline_is_preferred_to_what_else_links_to_its_article() -> None:
    page = """<a href="/ferry-opens-on-the-lake">Photo of the ferry at the pier, taken on Monday by a passenger</a>
    <h2><a href="/ferry-opens-on-the-lake">Ferry opens</a></h2>"""
    (entry,) = read_section(page).entries
    assert entry.hint.title == "Ferry opens"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("https://a.com/w/2023/ferry-opens-on-lake", "https://a.com/x/2024/vote-on-the-budget-today", True),
        ("https://a.com/w/ferry-opens-on-lake.html", "https://a.com/w/ferry-opens-on-lake", False),
        ("https://a.com/story?id=1", "https://a.com/story?id=2", True),
        ("https://a.com/story?id=1", "https://a.com/story", False),
        ("https://a.com/w/ferry-opens-on-lake", "https://a.com/w/sport", False),
    ],
)
def test_addresses_of_one_form(one: str, other: str, alike: bool) -> None:
    assert (form_of(one) == form_of(other)) is alike


def test_feeds_are_found_and_those_of_comments_left_out() -> None:
    page = """<link rel="alternate" type="application/rss+xml" href="/feed">
    <link rel="alternate" type="application/atom+xml; charset=utf-8" href="https://feeds.example.net/atom">
    <link rel="Alternate" type="application/feed+json" href="feed.json">
    <link rel="alternate" type="application/rss+xml" href="/comments/feed">
    <link rel="alternate" type="application/rss+xml" title="Example Comments Feed" href="/feed2">
    <link rel="alternate" type="text/html" hreflang="fr" href="/fr"><link rel="alternate" type="application/rss+xml">"""
    assert read_section(page).feeds == (
        "https://www.example.com/feed",
        "https://feeds.example.net/atom",
        "https://www.example.com/feed.json",
    )


@pytest.mark.parametrize(
    ("here", "link", "following"),
    [
        ("https://a.com/world", "/world?page=2", True),
        ("https://a.com/world?page=2", "/world?page=3", True),
        ("https://a.com/world/page/2/", "/world/page/3/", True),
        ("https://a.com/world/", "/world/2", True),
        ("https://a.com/world?page=2", "/world?page=1", False),
        ("https://a.com/world", "/sport?page=2", False),
        ("https://a.com/world", "https://other.example/world?page=2", False),
        ("https://a.com/archive/2024/05", "/archive/2024/06", False),
        ("https://a.com/archive/2024/05", "/archive?date=2024-06-01", False),
        ("https://a.com/world", "/world?after=x9", False),
    ],
)
def test_only_the_next_number_of_the_same_list_goes_on(here: str, link: str, following: bool) -> None:
    listing = read_section(f'<link rel="next" href="{link}"><a rel="next" href="{link}">Next</a>', here)
    assert (listing.next is not None) is following


def test_a_page_of_very_many_links_is_read_to_the_limit() -> None:
    link = '<div><a href="/ferry-opens-on-the-lake-{}">Ferry opens on the lake again</a>'
    page = "".join(link.format(n) for n in range(MOST_LINKS + 100))  # and ever deeper
    assert 0 < len(read_section(page).entries) <= MOST_LINKS


@pytest.mark.parametrize("body", ["", "no page", '{"a": 1}'])
def test_what_is_no_page_says_so(body: str) -> None:
    with pytest.raises(NotAListing, match="not-a-page"):
        read_section(body)


@pytest.mark.parametrize(
    "body", ["<!-- nothing -->", "<", "<a>", '<a href="http://[">x</a>', "<base href='http://['><a href=x>"]
)
def test_a_page_without_a_usable_link_lists_nothing(body: str) -> None:
    assert read_section(body) == Listing()

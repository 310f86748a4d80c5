"""Articles that go on over several pages: which pages those are, that they are fetched, and that one article comes of them."""

# ruff: noqa: E501 - pages read better unbroken
from __future__ import annotations

from collections.abc import Callable

import pytest

from crawlers.archive import read_response
from crawlers.crawl import crawl
from crawlers.extract import extract
from crawlers.pages import read_listing
from crawlers.parts import may_go_on, part_number
from crawlers.plan import Group
from tests.crawlers.handmade import articles, receipts
from tests.crawlers.one_site import RUNS, Site, addresses, failures, fetched
from tests.newsroom.server import Newsroom
from wirewatch.batches import Batch
from wirewatch.records import Page, PageKind, PageOutcome
from wirewatch.settings import Settings
from wirewatch.sources import load_sources
from wirewatch.state import State

STORY = "https://example.org/news/ferry-opens"
TEXTS = [
    [
        f"Paragraph {page}.{line}: The new ferry between the two lake towns carried its passengers on Monday, an hour later than planned, because of {why}."
        for line, why in enumerate(("the fog", "a rope", "the speeches"), 1)
    ]
    for page in range(1, 5)
]  # fmt: skip


def story(number: int, pager: str = "", title: str = "Ferry opens on the lake") -> str:
    text = "".join(f"<p>{text}</p>" for text in TEXTS[number - 1])
    return (
        f'<html lang="en"><head><title>{title}</title><meta property="og:type" content="article"></head>'
        f'<body><article><h1>{title}</h1>{text}<figure><img src="/{number}.jpg" width="600" height="400"></figure>{pager}</article></body></html>'
    )


def pager(*addresses: str) -> str:
    links = "".join(f'<a href="{address}">{number}</a>' for number, address in enumerate(addresses, 2))
    return f'<div class="pages">1 {links}</div>'


# By its address ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "further", "number"),
    [
        (STORY, f"{STORY}?page=2", 2),
        (STORY, f"{STORY}/?page=12", 12),
        (f"{STORY}?page=1", f"{STORY}?page=3", 3),
        ("https://example.org/?p=371", "https://example.org/?p=371&page=2", 2),
        (STORY, f"{STORY}/2", 2),
        (f"{STORY}/", f"{STORY}/3/", 3),
        (STORY, f"{STORY}/seite-2", 2),
        (STORY, f"{STORY}/page2", 2),
        (f"{STORY}.html", "https://www.example.org/news/ferry-opens-2.html", 2),
        (f"{STORY}.html", f"{STORY}_2.html", 2),
        (f"{STORY}.html", f"{STORY},3.html", 3),
        (f"{STORY}.html", f"{STORY}/seite-2.html", 2),
        (f"{STORY}.html", f"{STORY}-p2.html", 2),
        (STORY, f"{STORY}-seite-2", 2),
    ],
)  # fmt: skip
def test_the_number_of_a_further_page_stands_in_its_address(first: str, further: str, number: int) -> None:
    assert part_number(first, further) == number
    assert may_go_on(first, f'<a href="{further}">'.encode(), number)


@pytest.mark.parametrize(
    "other",
    [
        STORY,
        f"{STORY}#page-2",
        f"{STORY}?page=1",
        f"{STORY}?cpage=2",
        f"{STORY}?comments=2",
        f"{STORY}?page=2&sort=new",
        f"{STORY}?id=2",
        f"{STORY}/comment-page-2",
        f"{STORY}/page/2/",
        f"{STORY}-2",
        f"{STORY}-part-2",
        f"{STORY}-on-sunday/2",
        f"{STORY}/2023",
        "https://example.org/news/bakery-closes/2",
        "https://other.example.com/news/ferry-opens/2",
        "https://example.org/news/2",
        "https://example.org/?page=2",
    ],
)
def test_other_addresses_are_no_further_pages(other: str) -> None:
    assert part_number(STORY, other) is None


def test_a_page_is_only_looked_at_where_it_names_a_second_page() -> None:
    assert not may_go_on(STORY, b'<a href="/news/ferry-opens">Ferry</a> <a href="?width=2&page=21">')
    assert not may_go_on(STORY, b"")
    assert not may_go_on("https://example.org/", b'<a href="/2">')
    assert not may_go_on(f"{STORY}?page=2", b'<a href="?page=2">')
    assert may_go_on("https://example.org/%C3%A9t%C3%A9", '<a href="/été/2">'.encode())


# By the links of a page --------------------------------------------------------------------------


def further(links: str) -> list[str]:
    found = read_listing("parts", STORY, story(1, links).encode(), [("Content-Type", "text/html")])
    return [page.url for page in found.children]


def test_a_pager_leads_to_the_further_pages_by_their_numbers() -> None:
    links = '<a href="?page=10">10</a> <a href="?page=3">3</a> <a href="?page=2" aria-label="Page 2">next</a>'
    assert further(links) == [f"{STORY}?page=2", f"{STORY}?page=3", f"{STORY}?page=10"]
    assert further(f'<link rel="next" href="{STORY}/2">') == [f"{STORY}/2"]


ELSEWHERE = {
    "comments": '<section id="comments"><p>Nice ferry!</p><a href="/news/ferry-opens?page=2">2</a> <a href="/news/ferry-opens?page=3">3</a></section>',
    "a link to a place": '<a href="/news/ferry-opens?page=2#reader-opinions">2</a>',
    "a gallery": "".join(f'<a href="/news/ferry-opens/{n}"><img src="/t{n}.jpg" alt="{n}"></a>' for n in (2, 3, 4)),
    "a gallery that goes round": '<link rel="prev" href="/news/ferry-opens/22"><link rel="next" href="/news/ferry-opens/2">',
    "a list": '<a class="page-numbers" href="/news/ferry-opens/page/2/">2</a>',
    "the next article": '<link rel="next" href="/another-story"><a rel="next" href="/news/ferry-opens-2">Next: a second story</a>',
    "a link without a number": '<a href="/news/ferry-opens?page=2">Show the print view of this</a>',
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_what_is_no_pager_of_the_article_leads_nowhere(what: str) -> None:
    assert further(ELSEWHERE[what]) == []


# The whole way ----------------------------------------------------------------------------------


def parts(batch: Batch) -> list[Page]:
    return [page for page in batch.read(Page) if page.kind is PageKind.PART]


def feed_of_one(site: Site, first: str) -> None:
    site.page("/story", first)
    site.feed("/story")


def test_the_pages_become_one_article(site: Site, settings: Settings) -> None:
    feed_of_one(site, story(1, pager("/story/2", "/story/3")))
    site.page("/story/2", story(2, pager("/story/2", "/story/3")))
    site.page("/story/3", story(3, pager("/story/2", "/story/3")))
    pages = crawl(site.source(), RUNS[0])
    assert [(page.url, page.part_of) for page in parts(pages)] == [
        (site.url("/story/2"), site.url("/story")),
        (site.url("/story/3"), site.url("/story")),
    ]
    assert fetched(pages) == [site.url("/story")]
    assert pages.manifest().counts["parts"] == 2
    for page in parts(pages):
        assert b"Paragraph" in read_response(pages, page).body
    written = extract(pages)
    (article,) = articles(written).values()
    assert article.body.split("\n\n") == TEXTS[0] + TEXTS[1] + TEXTS[2]
    assert [image.url for image in article.images] == [site.url(f"/{number}.jpg") for number in (1, 2, 3)]
    assert list(receipts(written)) == [site.url("/story")]
    assert "incomplete" not in written.manifest().counts
    state = State(settings.state)
    assert state.articles("paper.localhost") == 1
    visit = state.look_up([site.url("/story/2")])[site.url("/story/2")]
    assert (visit.kind, visit.article, visit.revisit) == (PageKind.PART, None, None)
    assert [again.body for again in articles(extract(pages, replay=RUNS[1])).values()] == [article.body]


def test_a_page_that_links_only_to_the_next_leads_to_all(site: Site, settings: Settings) -> None:
    feed_of_one(site, story(1, '<a rel="next" href="/story?page=2">More</a>'))
    site.page("/story?page=2", story(2, '<a rel="next" href="?page=3">More</a>'))
    site.page("/story?page=3", story(3))
    (article,) = articles(extract(crawl(site.source(), RUNS[0]))).values()
    assert article.body.split("\n\n") == TEXTS[0] + TEXTS[1] + TEXTS[2]


def test_no_more_than_ten_further_pages_are_asked_for_and_none_that_robots_txt_forbids(
    site: Site, settings: Settings
) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /short/2", Content_Type="text/plain")
    site.page("/short", story(1, pager("/short/2"), title="The other ferry"))
    feed_of_one(site, story(1, pager(*(f"/story/{number}" for number in range(2, 30)))))
    for number in range(2, 30):
        site.page(f"/story/{number}", story(2).replace("Paragraph", f"Paragraph {number} of"))
    site.feed("/story", "/short")
    pages = crawl(site.source(), RUNS[0])
    assert len([page for page in parts(pages) if page.outcome is PageOutcome.FETCHED]) == 10
    assert failures(pages) == {site.url("/short/2"): "robots"}
    assert "/short/2" not in site.paths()


def test_an_article_is_kept_without_the_pages_that_are_not_to_be_had(site: Site, settings: Settings) -> None:
    site.feed("/story", "/second")
    for name, title in (("/story", "Ferry opens on the lake"), ("/second", "Bakery closes in the upper town")):
        site.page(name, story(1, pager(f"{name}/2", f"{name}/3", f"{name}/4"), title).replace("ferry", name))
        site.page(f"{name}/2", story(2, title=title).replace("ferry", name))
    site.page("/story/3", "", 404)
    site.page("/second/3", "", 302, Location=site.url("/other"))
    site.page("/other", story(4))
    pages = crawl(site.source(), RUNS[0])
    written = extract(pages)
    assert failures(pages) == {site.url("/story/3"): "http-404", site.url("/second/3"): "moved"}
    kept = articles(written)
    for name in ("/story", "/second"):
        assert kept[site.url(name)].body == "\n\n".join(TEXTS[0] + TEXTS[1]).replace("ferry", name)
    assert written.manifest().counts["incomplete"] == 2
    assert not {"/story/4", "/second/4"} & set(site.paths())


def test_what_a_day_allows_counts_further_pages_too(site: Site, crawling: Callable[..., Settings]) -> None:
    crawling(daily_requests=4)  # the feed, the reserved paths, and two pages
    feed_of_one(site, story(1, pager("/story/2", "/story/3")))
    site.page("/story/2", story(2))
    site.page("/story/3", story(3))
    pages = crawl(site.source(), RUNS[0])
    assert failures(pages) == {site.url("/story/3"): "unfinished"}
    assert "postponed" not in pages.manifest().counts  # it would have the listings asked for in full again
    assert extract(pages).manifest().counts["incomplete"] == 1


def test_further_pages_are_asked_for_again_only_with_a_changed_first(
    site: Site, settings: Settings, later: Callable[[float], None]
) -> None:
    feed_of_one(site, story(1, pager("/story/2")))
    site.page("/story/2", story(2))
    extract(crawl(site.source(), RUNS[0]))
    later(30)
    site.asked.clear()
    pages = crawl(site.source(), RUNS[1])
    assert addresses(pages, PageKind.ARTICLE, PageOutcome.UNCHANGED) == [site.url("/story")]
    assert "/story/2" not in site.paths()
    extract(pages)
    site.page("/story", story(1, pager("/story/2")).replace("Monday", "Tuesday"))
    later(160)
    (article,) = articles(extract(crawl(site.source(), RUNS[2]))).values()
    assert len(article.body.split("\n\n")) == 6


def test_the_long_read_of_the_newsroom_is_one_article(settings: Settings) -> None:
    with Newsroom(port=0, slow=0, only=["harbour-post"]) as room:
        (source,) = load_sources(room.sources)
        written = extract(crawl(Group(name="g00", sources=(source,)), RUNS[0]))
        (long_read,) = [article for article in room.articles["harbour-post"] if len(article.pages) > 1]
        body = articles(written)[room.article_url(f"harbour-post/{long_read.slug}")].body
    assert [text for text in long_read.paragraphs if text not in body.split("\n\n")] == []

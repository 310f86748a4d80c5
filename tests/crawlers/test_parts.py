"""Articles that go on over several pages: which pages those are, that they are fetched, and that one article comes of them."""

# ruff: noqa: E501 - pages read better unbroken
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from crawlers.archive import read_response
from crawlers.crawl import crawl
from crawlers.extract import extract
from crawlers.pages import read_listing
from crawlers.parts import may_go_on, part_number
from crawlers.plan import Group
from tests.crawlers.handmade import articles, receipts
from tests.crawlers.one_site import RUNS, Site, addresses, crawl_settings, failures, fetched, served
from tests.newsroom.server import Newsroom
from wirewatch.batches import Batch
from wirewatch.records import Article, Page, PageKind, PageOutcome
from wirewatch.settings import Settings, get_settings
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


def texts(*numbers: int, about: str = "ferry") -> list[str]:
    """The paragraphs of these pages."""
    return [text.replace("ferry", about) for number in numbers for text in TEXTS[number - 1]]


def story(number: int, pager: str = "", about: str = "ferry") -> str:
    text = "".join(f"<p>{text}</p>" for text in texts(number, about=about))
    title = f"{about.title()} opens on the lake"
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


UNREADABLE = {
    "boat": ("", "text/html"),
    "road": ("no page at all", "application/pdf"),
    "tunnel": ("<html><p></p></html>", "text/html"),
}


@dataclass(frozen=True)
class Night:
    """One crawl of a site with all kinds of articles on several pages, and of the newsroom, and what was extracted."""

    site: Site
    room: Newsroom
    pages: Batch
    written: Batch
    replayed: Batch
    state: State

    def article(self, about: str) -> Article:
        return articles(self.written)[self.site.url(f"/{about}")]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with (
        pytest.MonkeyPatch.context() as environment,
        served() as site,
        Newsroom(port=0, slow=0, only=["harbour-post"]) as room,
    ):
        site.page("/robots.txt", "User-agent: *\nDisallow: /bridge/2", Content_Type="text/plain")
        links = {
            "ferry": pager("/ferry/2", "/ferry/3"),
            "tram": '<a rel="next" href="/tram?page=2">More</a>',
            "canal": pager(*(f"/canal/{number}" for number in range(2, 30))),
            "bridge": pager("/bridge/2"),
            "bus": pager("/bus/2", "/bus/3", "/bus/4"),
            "train": pager("/train/2", "/train/3", "/train/4"),
        } | {about: pager(f"/{about}/2") for about in UNREADABLE}
        site.feed(*(site.page(f"/{about}", story(1, links[about], about)) for about in links))
        site.page("/ferry/2", story(2, links["ferry"]))
        site.page("/ferry/3", story(3, links["ferry"]))
        site.page("/tram?page=2", story(2, '<a rel="next" href="?page=3">More</a>', "tram"))
        site.page("/tram?page=3", story(3, about="tram"))
        for number in range(2, 30):
            site.page(f"/canal/{number}", story(2, about="canal").replace("Paragraph", f"Paragraph {number} of"))
        for about in ("bus", "train"):
            site.page(f"/{about}/2", story(2, about=about))
        for about, (body, kind) in UNREADABLE.items():
            site.page(f"/{about}/2", body, Content_Type=kind)
        site.page("/bus/3", "", 404)
        site.page("/train/3", "", 302, Location=site.page("/other", story(4)))
        settings = crawl_settings(environment, tmp_path_factory.mktemp("night"))
        sources = (*site.source().sources, *load_sources(room.sources))
        pages = crawl(Group(name="g00", sources=sources), RUNS[0])
        yield Night(site, room, pages, extract(pages), extract(pages, replay=RUNS[1]), State(settings.state))
    get_settings.cache_clear()


def parts(batch: Batch, of: str) -> list[Page]:
    """The pages that were asked for after the one with this address."""
    return [page for page in batch.read(Page) if page.kind is PageKind.PART and page.part_of == of]


def test_the_pages_become_one_article(night: Night) -> None:
    ferry, further = night.site.url("/ferry"), [night.site.url(f"/ferry/{number}") for number in (2, 3)]
    assert [page.url for page in parts(night.pages, ferry)] == further
    for page in parts(night.pages, ferry):
        assert b"Paragraph" in read_response(night.pages, page).body
    article = night.article("ferry")
    assert article.body.split("\n\n") == texts(1, 2, 3)
    assert [image.url for image in article.images] == [night.site.url(f"/{number}.jpg") for number in (1, 2, 3)]
    assert articles(night.replayed)[ferry].body == article.body


def test_a_further_page_is_no_article_of_its_own(night: Night) -> None:
    stories = ("ferry", "tram", "canal", "bridge", "bus", "train", *UNREADABLE)
    firsts = {url for url in fetched(night.pages) if url.startswith(night.site.url(""))}
    assert firsts == {night.site.url(f"/{about}") for about in stories}
    assert receipts(night.written).keys() == set(fetched(night.pages))
    assert night.state.articles("paper.localhost") == len(firsts)
    further = night.site.url("/ferry/2")
    visit = night.state.look_up([further])[further]
    assert (visit.kind, visit.article, visit.revisit) == (PageKind.PART, None, None)
    assert night.pages.manifest().counts["parts"] == sum(page.kind is PageKind.PART for page in night.pages.read(Page))


def test_a_page_that_links_only_to_the_next_leads_to_all(night: Night) -> None:
    assert night.article("tram").body.split("\n\n") == texts(1, 2, 3, about="tram")


def test_no_more_than_ten_further_pages_are_asked_for_and_none_that_robots_txt_forbids(night: Night) -> None:
    canal = parts(night.pages, night.site.url("/canal"))
    assert [page.outcome for page in canal] == [PageOutcome.FETCHED] * 10
    assert night.pages.manifest().counts["skipped-parts"] == 18
    assert failures(night.pages)[night.site.url("/bridge/2")] == "robots"
    assert "/bridge/2" not in night.site.paths()


def test_an_article_is_kept_without_the_pages_that_are_not_to_be_had(night: Night) -> None:
    failed = {"/bridge/2": "robots", "/bus/3": "http-404", "/train/3": "moved", "/boat/2": "empty"}
    assert failures(night.pages) == {night.site.url(path): reason for path, reason in failed.items()}
    for about in ("bus", "train"):
        assert night.article(about).body.split("\n\n") == texts(1, 2, about=about)
    for about in ("bridge", *UNREADABLE):
        assert night.article(about).body.split("\n\n") == texts(1, about=about)
    assert night.written.manifest().counts["incomplete"] == len(failed.keys() | {f"/{about}/2" for about in UNREADABLE})
    assert not {"/bus/4", "/train/4"} & set(night.site.paths())


def test_the_long_read_of_the_newsroom_is_one_article(night: Night) -> None:
    (long_read,) = [article for article in night.room.articles["harbour-post"] if len(article.pages) > 1]
    body = articles(night.written)[night.room.article_url(f"harbour-post/{long_read.slug}")].body
    assert [text for text in long_read.paragraphs if text not in body.split("\n\n")] == []


def feed_of_one(site: Site, first: str) -> None:
    site.page("/story", first)
    site.feed("/story")


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


def test_a_known_text_is_not_cut_down_where_a_part_cannot_be_had_again(
    site: Site, settings: Settings, later: Callable[[float], None]
) -> None:
    feed_of_one(site, story(1, pager("/story/2")))
    site.page("/story/2", story(2))
    extract(crawl(site.source(), RUNS[0]))
    edited = story(1, pager("/story/2")).replace("Monday", "Tuesday")
    site.page("/story", edited)
    site.page("/story/2", "", 500)
    later(30)
    broken = crawl(site.source(), RUNS[1])
    for written in (extract(broken), extract(broken, replay=RUNS[2])):
        assert articles(written) == {}
        receipt = receipts(written)[site.url("/story")]
        assert (receipt.outcome, receipt.reason, receipt.detail) == ("unchanged", "incomplete", site.url("/story/2"))
        assert {name: written.manifest().counts[name] for name in ("unchanged", "incomplete")} == {
            "unchanged": 1,
            "incomplete": 1,
        }
    # The first page is as it was the last time; what was missing is asked for again all the same.
    site.page("/story/2", story(2))
    later(160)
    written = extract(crawl(site.source(), RUNS[2]))
    (article,) = articles(written).values()
    assert receipts(written)[site.url("/story")].outcome == "updated"
    assert article.body == "\n\n".join(TEXTS[0] + TEXTS[1]).replace("Monday", "Tuesday", 3)


def test_a_text_that_never_had_a_part_may_become_shorter(
    site: Site, settings: Settings, later: Callable[[float], None]
) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /story/2", Content_Type="text/plain")
    feed_of_one(site, story(1, pager("/story/2")))
    extract(crawl(site.source(), RUNS[0]))
    site.page("/story", story(1, pager("/story/2")).replace("the speeches", "wind"))
    later(30)
    written = extract(crawl(site.source(), RUNS[1]))
    assert receipts(written)[site.url("/story")].outcome == "updated"
    assert written.manifest().counts["incomplete"] == 1

"""A crawl fetches what is new or changed, says why something failed, and survives being killed."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import psutil
import pytest

from crawlers.archive import read_response
from crawlers.crawl import CrawlError, crawl
from crawlers.plan import Group, plan
from tests.crawlers.one_site import RUNS, Site, addresses, failures, fetched
from tests.newsroom import Newsroom
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.records import Page, PageKind, PageOutcome, now
from wirewatch.sources import Source, load_sources
from wirewatch.state import State


def everything(room: Newsroom, name: str = "g00") -> Group:
    return Group(name=name, sources=tuple(load_sources(room.sources)))


# --- the newsroom


def test_three_nights_of_the_newsroom(crawling) -> None:
    settings = crawling()
    with Newsroom(port=0, slow=0.1) as room:
        group = everything(room)
        articles = [article for site in room.articles.values() for article in site]

        def published(edition: int) -> dict[str, object]:
            named = {f"{a.site}/{a.slug}": a.in_edition(edition) for a in articles}
            return {unquote(room.article_url(name)): article for name, article in named.items() if article}

        told: list[tuple[int, int | None]] = []
        first = crawl(group, RUNS[0], progress=lambda done, total: told.append((done, total)))
        forbidden = {url for url in published(1) if "/private/" in url}
        redirected = {room.url("broken-times", "/news/moved")}
        assert set(fetched(first)) == set(published(1)) - forbidden | redirected
        broken = room.url("broken-times", "/news/")
        assert failures(first) == {
            room.url("broken-times", "/feed.xml"): "not-a-feed",
            broken + "refused": "http-403",
            broken + "breaks": "http-500",
            broken + "gone": "http-404",
            broken + "circle": "redirects",
            **dict.fromkeys(forbidden, "robots"),
        }
        assert not any("/private/" in path for _, path, _ in room.requests)
        assert told[-1][0] == told[-1][1] and sorted(told) == told

        counts = first.manifest().counts
        pages = list(first.read(Page))
        assert len({page.url for page in pages}) == len(pages) == first.manifest().records
        assert counts["fetched"] == len(fetched(first)) and counts["failed:robots"] == len(forbidden)
        assert counts["requests"] == len(room.requests)
        assert {p.source.id for p in pages} == {source.domain for source in group.sources}

        second = crawl(group, RUNS[1])
        assert fetched(second) == [] and addresses(second, PageKind.ARTICLE, PageOutcome.UNCHANGED) == []
        assert set(failures(second)) == set(failures(first))
        assert second.manifest().counts["bytes"] < 0.05 * counts["bytes"]

        room.edition = 2
        third = crawl(group, RUNS[2])
        before, after = published(1), published(2)
        assert fetched(third) == sorted(url for url in after if after[url] != before.get(url))

        state = State(settings.state)
        seen = state.look_up(page.url for page in first.read(Page) if page.source.id == "maghreb-matin.localhost")
        assert {visit.failures for visit in seen.values()} == {0}


def test_what_is_archived_is_what_the_site_sent(crawling) -> None:
    crawling()
    with Newsroom(port=0, slow=0) as room:
        sources = [s for s in load_sources(room.sources) if s.domain == "el-faro-del-sur.localhost"]
        batch = crawl(plan(sources, 1)[0], RUNS[0])
        pages = [page for page in batch.read(Page) if page.outcome is PageOutcome.FETCHED]
        assert {page.warc for page in pages} == {f"{RUNS[0]}-g00-00000.warc.gz"}
        for page in pages:
            response = read_response(batch, page)
            assert (response.url, response.status, response.fetched) == (page.url, 200, response.fetched)
            document = room._press.document(
                room.sites["el-faro-del-sur"], unquote(page.url.split(str(room.port))[1]), 1, 1
            )
            assert response.body == document.body
            assert page.etag == document.etag and page.last_modified == document.last_modified
        articles = [page for page in pages if page.kind is PageKind.ARTICLE]
        assert all(page.hint.title and page.hint.published for page in articles)


def test_a_crawl_that_was_done_is_not_done_again(crawling) -> None:
    crawling()
    with Newsroom(port=0, slow=0) as room:
        sources = [s for s in load_sources(room.sources) if s.domain == "maghreb-matin.localhost"]
        group = Group(name="g07", sources=tuple(sources))
        batch = crawl(group, RUNS[0])
        before = len(room.requests)
        assert crawl(group, RUNS[0]) == batch and len(room.requests) == before
        assert batch.name == f"{RUNS[0]}-g07"


KILLED = """
import sys
from crawlers.crawl import crawl
from crawlers.plan import Group
crawl(Group.model_validate_json(sys.stdin.read()), sys.argv[1], progress=lambda *n: print(*n, flush=True))
"""


def test_a_killed_crawl_leaves_nothing_and_the_next_one_is_complete(crawling, tmp_path: Path) -> None:
    with Newsroom(port=0, slow=0) as room:
        group = everything(room)
        crawling(tmp_path / "undisturbed")
        undisturbed = crawl(group, RUNS[0])

        settings = crawling(tmp_path / "killed", delay=0.3)
        environment = os.environ | {"TMPDIR": str(tmp_path)}
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, RUNS[0]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        ) as parent:
            parent.stdin.write(group.model_dump_json())
            parent.stdin.close()
            while int(parent.stdout.readline().split()[0]) < 20:
                pass
            (child,) = psutil.Process(parent.pid).children()
            parent.send_signal(signal.SIGKILL)
        psutil.wait_procs([child], timeout=20)
        assert not child.is_running()
        assert list((settings.home / "tmp").glob("crawl-*")) == []
        assert batches.finished(settings.batches, "pages") == []
        state = State(settings.state)
        state.catch_up(settings.batches)
        assert state.look_up(page.url for page in undisturbed.read(Page)) == {}

        crawling(tmp_path / "killed")
        again = crawl(group, RUNS[0])
        assert fetched(again) == fetched(undisturbed) and failures(again) == failures(undisturbed)


# --- one site with everything that can go wrong


def test_every_failure_has_its_reason(crawling, site: Site) -> None:
    crawling(timeout=1, max_bytes=100_000)
    reasons = {
        site.page("/big", b"x" * 200_000): "too-large",
        site.page("/bomb", gzip.compress(b"x" * 2_000_000), Content_Encoding="gzip"): "too-large",
        site.page("/never"): "timeout",
        site.page("/cut", b"abc", Content_Length="1000"): "cut-off",
        site.page("/empty", b""): "empty",
        site.page("/photo", b"\x89PNG\r\n\x1a\n\0\0", Content_Type="image/png"): "not-text",
        site.page("/away", status=302, Location="http://elsewhere.localhost/"): "off-site",
        site.page("/inside", status=302, Location="http://169.254.169.254/latest/meta-data/"): "off-site",
        site.url("/x", "nowhere.paper.localhost.invalid"): "off-site",
        site.page("/closed", status=302, Location="http://closed.paper.localhost:1/"): "connection",
        site.page("/teapot", status=418): "http-418",
        "http://[broken/": None,
    }
    site.page("/good")
    site.feed("/good", *(url.removeprefix(site.url("")) for url in reasons))
    batch = crawl(site.source(), RUNS[0])
    assert failures(batch) == {url: reason for url, reason in reasons.items() if reason}
    assert fetched(batch) == [site.url("/good")]
    assert batch.manifest().counts["malformed-entries"] == 1


def test_private_addresses_are_not_asked_unless_that_is_allowed(crawling, site: Site) -> None:
    crawling(allow_private=False)
    site.feed("/good")
    literal = Source(
        name="Router", domain="127.0.0.1", country="DZ", languages=("fr",), feeds=(site.url("/feed", "127.0.0.1"),)
    )
    group = Group(name="g00", sources=(*site.source().sources, literal))
    assert set(failures(crawl(group, RUNS[0])).values()) == {"private-address"} and site.asked == []


def test_more_articles_than_allowed_are_taken_by_the_next_runs_though_they_are_listed_no_more(
    crawling, site: Site
) -> None:
    crawling(max_articles=3)
    paths = [f"/article-{n}" for n in range(7)]
    for path in (*paths, "/later"):
        site.page(path)
    site.feed(*paths)
    taken = []
    for run in RUNS:
        batch = crawl(site.source(), run)
        taken.append([url.removeprefix(site.url("")) for url in fetched(batch)])
        if run == RUNS[0]:
            assert batch.manifest().counts["postponed"] == 4
            site.feed("/later")
    # The newest first.
    assert taken == [paths[:3], [*paths[3:5], "/later"], paths[5:]]
    title = {page.url: page.hint.title for page in batch.read(Page)}
    assert title[site.url("/article-6")] == "6"


def test_what_failed_is_tried_again_though_the_feed_is_unchanged_but_not_for_ever(crawling, site: Site) -> None:
    settings = crawling()
    site.page("/often", status=404)
    site.page("/once", status=404)
    site.feed("/often", "/once")
    for night in range(4):
        failure = Page(
            url=site.url("/often"),
            source=site.source().sources[0].ref,
            kind=PageKind.ARTICLE,
            outcome=PageOutcome.FAILED,
            reason="http-404",
            fetched=now(),
        )
        with batches.write(Batch(settings.batches, "pages", f"2026120{night}T020000Z-g00")) as out:
            out.add(failure)
    first = crawl(site.source(), RUNS[0])
    assert failures(first) == {site.url("/often"): "http-404", site.url("/once"): "http-404"}
    site.page("/once")
    site.page("/often")
    second = crawl(site.source(), RUNS[1])
    assert addresses(second, PageKind.LISTING, PageOutcome.UNCHANGED) == [site.url("/feed")]
    assert fetched(second) == [site.url("/once")]


def test_a_changed_article_is_asked_for_conditionally(crawling, site: Site) -> None:
    crawling()

    def sitemap(day: int) -> str:
        urls = "".join(
            f"<url><loc>{site.url(path)}</loc><lastmod>2023-02-{day:02}</lastmod><news/></url>" for path in ("/a", "/b")
        )
        return site.page("/news.xml", f"<urlset>{urls}</urlset>", ETag=f'"{day}"')

    modified = "Mon, 06 Feb 2023 00:00:00 GMT"
    group = site.source(sitemaps=(sitemap(6),))
    site.page("/a", ETag='"a"', Last_Modified=modified)
    site.page("/b", ETag='"b"', Last_Modified=modified)
    assert len(fetched(crawl(group, RUNS[0]))) == 2
    sitemap(7)
    site.page("/b", "<p>New text</p>", ETag='"b2"', Last_Modified=modified)
    batch = crawl(group, RUNS[1])
    assert fetched(batch) == [site.url("/b")]
    assert addresses(batch, PageKind.ARTICLE, PageOutcome.UNCHANGED) == [site.url("/a")]
    asked = dict(site.asked)["/a"]
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == ('"a"', modified)


def test_a_sitemap_index_is_followed_newest_first_and_not_without_end(crawling, site: Site) -> None:
    crawling()
    for n in range(1, 16):
        site.page(f"/map{n}.xml", f"<urlset><url><loc>{site.url(f'/in-map-{n}')}</loc><news/></url></urlset>")
        site.page(f"/in-map-{n}")
    rows = "".join(
        f"<sitemap><loc>{site.url(f'/map{n}.xml')}</loc><lastmod>2023-02-{n:02}</lastmod></sitemap>"
        for n in range(1, 16)
    )
    itself = f"<sitemap><loc>{site.url('/index.xml')}?again</loc><lastmod>2024-01-01</lastmod></sitemap>"
    index = site.page("/index.xml", f"<sitemapindex>{rows}</sitemapindex>", ETag='"same"')
    site.page("/index.xml?again", f"<sitemapindex>{itself}</sitemapindex>")
    batch = crawl(site.source(sitemaps=(index, f"{index}?again")), RUNS[0])
    assert fetched(batch) == sorted(site.url(f"/in-map-{n}") for n in range(6, 16))
    assert site.paths().count("/index.xml?again") <= 4
    assert batch.manifest().counts["skipped-sitemaps"] >= 5


def test_tracking_does_not_make_an_article_new(crawling, site: Site) -> None:
    crawling()
    site.page("/a?id=1")
    site.feed("/a?id=1&amp;utm_source=monday")
    assert fetched(crawl(site.source(), RUNS[0])) == [site.url("/a?id=1")]
    site.feed("/a?utm_source=tuesday&amp;id=1")
    assert fetched(crawl(site.source(), RUNS[1])) == []


def test_robots_is_obeyed_and_we_say_who_we_are(crawling, site: Site) -> None:
    crawling(user_agent="Wirewatch/test (+mailto:desk@example.org)")
    site.page("/robots.txt", "User-agent: wirewatch\nDisallow: /no\n\nUser-agent: *\nDisallow: /\n")
    site.page("/yes")
    site.page("/no")
    site.feed("/yes", "/no")
    assert failures(crawl(site.source(), RUNS[0])) == {site.url("/no"): "robots"}
    assert {headers["User-Agent"] for _, headers in site.asked} == {"Wirewatch/test (+mailto:desk@example.org)"}
    assert dict(site.asked)["/yes"]["Accept-Language"] == "fr, ar, *;q=0.5"


@pytest.mark.parametrize("status", [429, 503])
def test_a_robots_txt_that_cannot_be_had_forbids_all_and_one_that_is_not_there_nothing(
    crawling, site: Site, status: int
) -> None:
    crawling()
    site.page("/robots.txt", "User-agent: *\nDisallow:\n", status=status)
    site.page("/a")
    site.feed("/a")
    assert failures(crawl(site.source(), RUNS[0])) == {site.url("/feed"): "robots-unavailable"}
    assert site.paths() == ["/robots.txt"]
    site.page("/robots.txt", "User-agent: *\nDisallow: /\n", status=403)
    assert fetched(crawl(site.source(), RUNS[1])) == [site.url("/a")]


def test_everything_goes_through_the_proxy(crawling, site: Site) -> None:
    crawling(proxy=f"http://desk:secret@127.0.0.1:{site.port}", allow_private=False)
    feed = "<rss version='2.0'><channel><item><link>http://news.example/a</link></item></channel></rss>"
    site.page("http://news.example/feed", feed)
    site.page("http://news.example/a")
    source = Source(
        name="News", domain="news.example", country="DZ", languages=("fr",), feeds=("http://news.example/feed",)
    )
    batch = crawl(Group(name="g00", sources=(source,)), RUNS[0])
    assert fetched(batch) == ["http://news.example/a"]
    assert site.paths() == [
        f"http://news.example/{path}" for path in ("robots.txt", "feed", ".well-known/tdmrep.json", "a")
    ]
    assert {headers["Proxy-Authorization"] for _, headers in site.asked} == {"Basic ZGVzazpzZWNyZXQ="}
    with batch.open(f"{batch.name}-00000.warc.gz") as warc:
        assert b"Proxy-Authorization" not in gzip.decompress(warc.read())


def test_a_site_can_have_a_page_object_of_its_own_for_a_listing(crawling, site: Site, in_the_crawling_process) -> None:
    crawling()
    in_the_crawling_process(
        "from web_poet import handle_urls\n"
        "from crawlers.pages.feed import FeedPage\n"
        "from crawlers.listing import Entry, Listing\n"
        "@handle_urls('paper.localhost', instead_of=FeedPage)\n"
        "class Own(FeedPage):\n"
        "    async def to_item(self):\n"
        "        return Listing(entries=(Entry(url=str(self.response.urljoin('/own'))),))\n"
    )
    site.page("/own")
    site.feed("/a")
    assert fetched(crawl(site.source(), RUNS[0])) == [site.url("/own")]


def test_two_crawls_at_once_never_come_to_the_same_site(crawling) -> None:
    crawling()
    with Newsroom(port=0, slow=0.1, only=["maghreb-matin", "sada-al-nil"]) as room:
        alone, both = load_sources(room.sources)[:1], load_sources(room.sources)
        groups = {"20270101T020000Z-a": alone, "20270101T020000Z-b": both}
        with ThreadPoolExecutor() as pool:
            begun = [pool.submit(crawl, Group(name="g00", sources=tuple(some)), run) for run, some in groups.items()]
        done = [crawling.result() for crawling in begun]
        asked = [path for host, path, _ in room.requests if host.startswith(alone[0].domain.split(".")[0])]
    assert [batch.manifest().counts.get("busy-sites") for batch in done].count(1) == 1
    assert len(asked) == len(set(asked)) > 5
    assert sum(len(fetched(batch)) for batch in done) == len({url for batch in done for url in fetched(batch)}) > 10


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import crawlers.spider as s\ndef broken(*args): raise KeyError('x1')\ns.NewsSpider.sites = broken\n", "x1"),
        ("import crawlers.archive as a, os\na.WarcFile.__init__ = lambda *args: os._exit(9)\n", "status 9"),
    ],
)
def test_an_error_of_the_crawling_process_reaches_the_caller(
    crawling, site: Site, in_the_crawling_process, code: str, said: str
) -> None:
    settings = crawling()
    in_the_crawling_process(code)
    with pytest.raises(CrawlError, match=said):
        crawl(site.source(), RUNS[0])
    assert batches.finished(settings.batches, "pages") == []

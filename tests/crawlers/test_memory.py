"""What a crawl remembers: it asks again when it should, not when it need not, and not at all where a site says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from crawlers.archive import read_response
from crawlers.crawl import crawl
from crawlers.harvest import TIERS, listing_is_due
from crawlers.plan import Group, due
from tests.crawlers.one_site import RUNS, Site, addresses, failures, fetched
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.records import EXTRACTIONS, Extraction, Page, PageKind, PageOutcome, now
from wirewatch.sources import Source
from wirewatch.state_tables import Visit

MORE_RUNS = (*RUNS, *(f"202701{day:02}T020000Z" for day in range(4, 20)))


def pages(batch: Batch) -> dict[str, Page]:
    """The records of a batch by path."""
    return {"/" + page.url.split("/", 3)[3]: page for page in batch.read(Page)}


def extracted(batch: Batch, folder: Path) -> None:
    """Each fetched page of a batch gives an article."""
    lines = folder / f"{batch.name}.jsonl"
    lines.write_text(
        "".join(
            Extraction(url=page.url, source=page.source.id, outcome="new", article=f"{n:020}").model_dump_json() + "\n"
            for n, page in enumerate(batch.read(Page))
            if page.kind is PageKind.ARTICLE and page.outcome is PageOutcome.FETCHED
        )
    )
    with batches.write(batch.next("articles")) as out:
        out.add_file(EXTRACTIONS, lines)


def test_articles_are_looked_at_again_after_a_day_and_a_listing_without_validators_is_known(
    crawling, later, site: Site, tmp_path: Path
) -> None:
    crawling()
    for path in ("/same", "/validated", "/edited", "/removed", "/old"):
        site.page(path, f"<p>{path}</p>" * 500, **({"ETag": '"1"'} if path == "/validated" else {}))
    site.feed("/same", "/validated", "/edited", "/removed")
    status, headers, body = site.pages["/feed"]
    del headers["ETag"]
    site.page("/old", status=301, Location="/same?new")
    site.page("/same?new")
    first = crawl(site.source(), RUNS[0])
    extracted(first, tmp_path)
    feed = pages(first)["/feed"]
    assert (feed.entries, feed.new) == (4, 4) and feed.bytes > len(body) and feed.digest and feed.warc
    same = pages(first)["/same"]
    assert same.digest and same.bytes > 500 * len("<p>/same</p>") and same.seconds > 0 and same.hint.listing == feed.url

    site.pages["/feed"] = (status, headers, body.replace(b"<channel>", b"<channel><lastBuildDate>x</lastBuildDate>"))
    second = crawl(site.source(), RUNS[1])
    assert {path: page.outcome for path, page in pages(second).items()} == {"/feed": PageOutcome.UNCHANGED}
    assert (pages(second)["/feed"].entries, pages(second)["/feed"].new) == (4, 0)

    later(21)
    site.page("/edited", "<p>Corrected</p>")
    site.page("/removed", status=410)
    before = len(site.asked)
    third = crawl(site.source(), RUNS[2])
    assert fetched(third) == [site.url("/edited")]
    assert addresses(third, PageKind.ARTICLE, PageOutcome.UNCHANGED) == [site.url("/same"), site.url("/validated")]
    assert failures(third) == {site.url("/removed"): "http-410"}
    assert third.manifest().counts["revisited"] == 4
    assert dict(site.asked[before:])["/validated"]["If-None-Match"] == '"1"'
    assert pages(third)["/same"].warc is None and b"Corrected" in read_response(third, pages(third)["/edited"]).body

    # What was gone and is back counts as fetched, though it is what it was.
    site.page("/removed", "<p>/removed</p>" * 500)
    assert fetched(crawl(site.source(), MORE_RUNS[3])) == [site.url("/removed")]


def test_an_unchanged_site_costs_next_to_nothing(crawling, later, site: Site) -> None:
    crawling()
    paths = [f"/article-{n}" for n in range(20)]
    for path in paths:
        site.page(path, "<p>Text</p>" * 3000)
    site.feed(*paths)
    first, second = (crawl(site.source(), run).manifest().counts for run in RUNS[:2])
    assert first["fetched"] == 20 and second["bytes"] < 0.02 * first["bytes"]
    # Validators are believed for a day: then the feed is asked for in full.
    before = len(site.asked)
    later(25)
    crawl(site.source(), RUNS[2])
    assert "If-None-Match" not in dict(site.asked[before:])["/feed"]


def test_a_scheduled_crawl_visits_only_what_is_due(crawling, later, site: Site) -> None:
    crawling()
    site.page("/a")
    site.page("/broken", status=404)
    site.feed("/a", "/broken")

    def visited(run: str, hours: float) -> list[str]:
        later(hours)
        before = len(site.asked)
        crawl(site.source(), run, due=True)
        return [path for path in site.paths()[before:] if path in ("/feed", "/broken")]

    sources = list(site.source().sources)
    assert due(sources) == sources
    assert visited(RUNS[0], 0) == ["/feed", "/broken"]
    assert due(sources) == []
    assert visited(RUNS[1], 1) == ["/broken"]
    later(24)
    assert due(sources) == sources and due(sources, revisits=True) == []
    assert visited(RUNS[2], 24) == ["/feed", "/broken"]


@pytest.mark.parametrize(
    ("interval", "tier", "minutes", "expected"),
    [
        (10, "hot", 8, False),
        (10, "hot", 10, True),
        (10, "hourly", 50, False),
        (10, "hourly", 60, True),
        (10, "nightly", 20 * 60, False),
        (15, "hot", 12, False),
        (15, "hot", 14, True),
        (90, "hourly", 60, False),
        (90, "hourly", 90, True),
    ],
)
def test_a_listing_is_due_after_its_interval_and_never_sooner_than_its_tier_allows(
    interval: float, tier: str, minutes: float, expected: bool
) -> None:
    visit = Visit(asked=now() - timedelta(minutes=minutes), interval=interval * 60)
    assert listing_is_due(visit, TIERS[tier]) == expected


def test_a_busy_site_is_waited_for_and_asked_once_more(crawling, site: Site) -> None:
    crawling(per_site=1)
    site.page("/a", status=429, Retry_After="1")
    site.page("/b")
    site.feed("/a", "/b")
    site.answers_later("/a", "<p>Text</p>")
    batch = crawl(site.source(), RUNS[0])
    assert fetched(batch) == [site.url("/a"), site.url("/b")] and failures(batch) == {}
    assert site.paths()[-3:] == ["/a", "/a", "/b"]


def test_a_site_that_asks_for_patience_is_left_alone_until_then(crawling, later, site: Site) -> None:
    crawling(per_site=1)
    hours = 2
    site.page("/a")
    site.page("/b", status=429, Retry_After="7200")
    for path in ("/c", "/d"):
        site.page(path)
    site.feed("/a", "/b", "/c", "/d")
    batch = crawl(site.source(), RUNS[0])
    assert fetched(batch) == [site.url("/a")] and failures(batch) == {site.url("/b"): "http-429"}
    assert batch.manifest().counts["postponed"] == 2
    site.page("/b")
    before = len(site.asked)
    later(hours - 0.1)
    crawl(site.source(), RUNS[1])
    assert site.paths()[before:] == []
    later(hours + 0.1)
    assert fetched(crawl(site.source(), RUNS[2])) == [site.url(path) for path in ("/b", "/c", "/d")]


def test_a_busy_answer_that_names_no_time_is_a_failure_like_others(crawling, site: Site) -> None:
    crawling(per_site=1)
    site.page("/a", status=503)
    site.page("/b")
    site.feed("/a", "/b")
    batch = crawl(site.source(), RUNS[0])
    assert failures(batch) == {site.url("/a"): "http-503"} and fetched(batch) == [site.url("/b")]
    assert site.paths().count("/a") == 2


def test_a_site_is_asked_so_often_a_day_and_the_rest_on_the_next(crawling, later, site: Site) -> None:
    crawling(daily_requests=5, honour_tdm=False)
    paths = [f"/article-{n}" for n in range(6)]
    for path in paths:
        site.page(path)
    site.feed(*paths)
    taken = []
    for run, hours in zip(RUNS, (0, 0, 24), strict=True):
        later(hours)
        batch = crawl(site.source(), run)
        taken.append([url.removeprefix(site.url("")) for url in fetched(batch)])
    assert taken == [paths[:4], [], paths[4:]]


def test_what_is_not_done_in_time_is_done_by_the_next_run(crawling, site: Site) -> None:
    crawling(max_minutes=1e-9)
    site.page("/a")
    site.feed("/a")
    batch = crawl(site.source(), RUNS[0])
    assert (list(batch.read(Page)), batch.manifest().counts) == ([], {"postponed": 1}) and site.asked == []
    crawling(max_minutes=10)
    assert fetched(crawl(site.source(), RUNS[1])) == [site.url("/a")]


def test_pages_that_their_site_wants_left_out_are_not_kept(crawling, site: Site) -> None:
    crawling(per_site=1)
    reasons = {
        site.page("/noindex", '<head><meta content="noindex, follow" name="robots"></head>'): "noindex",
        site.page("/header", X_Robots_Tag="wirewatch: none"): "noindex",
        site.page("/tdm", tdm_reservation="1"): "tdm-opt-out",
        site.page("/reserved/x"): "tdm-opt-out",
    }
    site.page("/noarchive", '<meta name="robots" content="noarchive">')
    site.page("/.well-known/tdmrep.json", '[{"location": "/reserved/*", "tdm-reservation": 1}]')
    site.feed(*(url.removeprefix(site.url("")) for url in reasons), "/noarchive")
    batch = crawl(site.source(), RUNS[0])
    assert failures(batch) == reasons and fetched(batch) == [site.url("/noarchive")]
    assert site.paths().count("/.well-known/tdmrep.json") == 1 and "/reserved/x" not in site.paths()
    with batch.open(f"{batch.name}-00000.warc.gz") as warc:
        from warcio.archiveiterator import ArchiveIterator

        kept = {r.rec_headers.get_header("WARC-Target-URI") for r in ArchiveIterator(warc) if r.rec_type == "response"}
    assert not kept & reasons.keys() and site.url("/noarchive") in kept


def test_a_section_page_leads_to_feeds_sitemaps_and_further_pages(crawling, site: Site) -> None:
    crawling()
    title = "Ceasefire holds in the north of the country"

    def section(path: str, article: str, following: str, head: str = "") -> str:
        site.page(article)
        link = f'<a href="{article}">{title}</a> <a rel="next" href="{following}">Next</a>'
        return site.page(path, f"<html><head>{head}</head><body>{link}</body></html>")

    feed = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    start = section("/news", "/news/ceasefire-holds-in-north-1", "/news?page=2", feed)
    section("/news?page=2", "/news/ceasefire-holds-in-north-2", "/news?page=3")
    section("/news?page=3", "/news/ceasefire-holds-in-north-3", "/news?page=4")
    section("/news?page=4", "/news/ceasefire-holds-in-north-4", "/news?page=5")
    site.feed("/from-feed")
    site.page("/from-feed")
    site.page("/from-map")
    site.page("/news.xml", f"<urlset><url><loc>{site.url('/from-map')}</loc><news/></url></urlset>")
    site.page("/robots.txt", f"Sitemap: {site.url('/news.xml')}\nSitemap: {site.url('/all.xml')}\n")
    batch = crawl(site.source(sections=(start,)), RUNS[0])
    north = [f"/news/ceasefire-holds-in-north-{n}" for n in (1, 2, 3)]
    assert fetched(batch) == sorted(map(site.url, [*north, "/from-feed", "/from-map"]))
    assert not {"/all.xml", "/news?page=4"} & set(site.paths())

    # The second time the first page brings nothing new, so the next is not asked for.
    before = len(site.asked)
    crawl(site.source(sections=(start,)), RUNS[1])
    assert "/news?page=2" not in site.paths()[before:]


def test_the_address_that_answered_is_noted(crawling, site: Site) -> None:
    crawling()
    there = site.page("/there").replace("paper", "www.paper")
    site.page("/here", status=301, Location=there)
    site.feed("/here")
    page = pages(crawl(site.source(), RUNS[0]))["/here"]
    assert (page.outcome, page.moved) == (PageOutcome.FETCHED, there)


def test_a_listing_that_breaks_its_page_object_hangs_or_ends_its_reader_costs_itself(
    crawling, site: Site, in_the_crawling_process
) -> None:
    crawling()
    in_the_crawling_process(
        "import os, time\n"
        "import crawlers.reading as reading\n"
        "import crawlers.pages.sitemap as sitemap\n"
        "reading.LISTING_SECONDS = 3\n"
        "async def read(self):\n"
        "    of = {'slow': lambda: time.sleep(30), 'deadly': lambda: os._exit(7)}\n"
        "    of[str(self.response.url).rpartition('/')[2]]()\n"
        "sitemap.SitemapPage.to_item = read\n"
    )
    site.page("/a")
    site.feed("/a")
    slow, deadly, broken = site.page("/slow"), site.page("/deadly"), site.page("/broken")
    batch = crawl(site.source(feeds=(site.url("/feed"),), sitemaps=(slow, deadly, broken)), RUNS[0])
    assert failures(batch) == {slow: "listing-timeout", deadly: "listing-crash", broken: "listing-error"}
    assert fetched(batch) == [site.url("/a")]


def test_a_fault_in_one_source_costs_no_other(crawling, site: Site, in_the_crawling_process) -> None:
    crawling()
    in_the_crawling_process(
        "import crawlers.harvest as h\n"
        "choose = h.Harvest.choose\n"
        "def broken(self, *args):\n"
        "    if self.source.domain == 'other.localhost': raise KeyError('x')\n"
        "    choose(self, *args)\n"
        "h.Harvest.choose = broken\n"
    )
    site.page("/a")
    site.feed("/a")
    feed = site.url("/feed", "other.localhost")
    other = Source(name="Other", domain="other.localhost", country="DZ", languages=("fr",), feeds=(feed,))
    batch = crawl(Group(name="g00", sources=(other, *site.source().sources)), RUNS[0])
    assert failures(batch) == {feed: "unfinished"} and fetched(batch) == [site.url("/a")]


READING = """
import asyncio, os, sys
from crawlers.listing import NotAListing
from crawlers.reading import ListingReader
FEED = ("feed", "http://a.example/feed", b"<rss version='2.0'><channel/></rss>", [])
async def read():
    with ListingReader() as reader:
        await reader.read(*FEED)
        for line in sys.stdin:
            try:
                await reader.read(*FEED)
                print("read", flush=True)
            except NotAListing as problem:
                print(problem.reason, flush=True)
if __name__ == "__main__":
    print("ready", flush=True)
    asyncio.run(read())
"""


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that reads a listing for each line that it gets."""
    program = tmp_path / "reading.py"
    program.write_text(READING)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        yield process


def another(process: subprocess.Popen[str]) -> str:
    assert process.stdin and process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_whatever_ends_below_the_reader_listings_are_read_again_or_said_to_have_failed(
    reading: subprocess.Popen[str],
) -> None:
    assert another(reading) == "read"
    below = psutil.Process(reading.pid).children(recursive=True)
    for process in below:
        process.kill()
    assert {another(reading), another(reading)} <= {"listing-crash", "read"}
    assert another(reading) == "read"


def test_the_process_that_reads_listings_ends_with_the_one_that_crawls(reading: subprocess.Popen[str]) -> None:
    assert another(reading) == "read"
    below = psutil.Process(reading.pid).children(recursive=True)
    reading.send_signal(signal.SIGKILL)
    assert below and psutil.wait_procs(below, timeout=20)[1] == []

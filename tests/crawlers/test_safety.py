"""What a hostile site sends costs that page or that listing, with its reason on record, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from crawlers.crawl import crawl
from crawlers.extract import extract
from crawlers.plan import Group
from tests.crawlers.outside import OUTSIDE, as_if_outside
from tests.newsroom import Newsroom
from tests.newsroom.mischief import ADDRESSES
from wirewatch.batches import Batch
from wirewatch.records import Article, Page, PageKind, PageOutcome
from wirewatch.sources import Source, load_sources

RUN = "20270101T020000Z"
NAMES = ("mischief.localhost", "habari-pwani.localhost")


@pytest.fixture
def room(in_the_crawling_process) -> Iterator[Newsroom]:
    """The Mischief and a good site as parts of the internet; ``intranet.`` is a name for a private address."""
    inside = {f"{name}.mischief.localhost": "10.0.0.1" for name in ("intranet", "rebound")}
    in_the_crawling_process(as_if_outside(**dict.fromkeys(NAMES, OUTSIDE), **inside))
    with Newsroom(port=0, only=["mischief", "habari-pwani"], address=OUTSIDE) as room:
        yield room


@pytest.fixture
def inside(room: Newsroom) -> Iterator[Newsroom]:
    """What must not be asked: a server at the same port of loopback."""
    with Newsroom(port=room.port, only=["mischief"]) as inside:
        yield inside


@pytest.fixture
def visit(crawling, room: Newsroom) -> Callable[..., Batch]:
    """Crawls the Mischief by these listings together with the good site, of which nothing may be missing."""

    def do(*sources: Source, **settings: object) -> Batch:
        crawling(**{"allow_private": False, "timeout": 20, "max_bytes": 2 * 2**20} | settings)
        (good,) = (s for s in load_sources(room.sources) if s.domain == "habari-pwani.localhost")
        batch = crawl(Group(name="g00", sources=(*sources, good)), RUN)
        pages = [p for p in batch.read(Page) if p.source.id == good.domain and p.kind is PageKind.ARTICLE]
        assert {p.outcome for p in pages} == {PageOutcome.FETCHED} and len(pages) >= 5
        return batch

    return do


def mischief(domain: str = "mischief.localhost", **listings: tuple[str, ...]) -> Source:
    return Source(name="The Mischief", domain=domain, country="GB", languages=("en",), **listings)


def feed(room: Newsroom, *names: str) -> Source:
    return mischief(feeds=(room.url("mischief", "/feed?" + "&".join(f"of={name}" for name in names)),))


def reasons(batch: Batch, kind: PageKind = PageKind.ARTICLE) -> dict[str, str | None]:
    """Why each page of the Mischief failed, by its name: None where it did not."""
    pages = [p for p in batch.read(Page) if p.kind is kind and "habari" not in p.source.id]
    return {p.url.split("/", 3)[3]: p.reason for p in pages}


def articles(batch: Batch) -> list[Article]:
    return [a for a in extract(batch).read(Article) if "habari" not in a.source.id]


def rejected(batch: Batch) -> dict[str, int]:
    counts = extract(batch).manifest().counts
    return {what: number for what, number in counts.items() if what.startswith("failed:")}


def test_no_redirect_leads_to_an_address_that_is_not_public(visit, room: Newsroom, inside: Newsroom) -> None:
    batch = visit(feed(room, *ADDRESSES))
    said = reasons(batch)
    assert said.keys() == ADDRESSES.keys()
    assert set(said.values()) <= {"private-address", "off-site", "http-302"}
    assert said["to-inside"] == said["to-metadata"] == said["to-loopback"] == "private-address"
    assert inside.requests == []


def test_no_catalogue_entry_leads_to_one_either(visit, room: Newsroom, inside: Newsroom) -> None:
    hosts = ("127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "rebound.mischief.localhost", "localhost")
    batch = visit(*(mischief(host, feeds=(f"http://{host}:{room.port}/feed",)) for host in hosts))
    said = {p.source.id: p.reason for p in batch.read(Page) if p.source.id in hosts}
    assert said == dict.fromkeys(hosts, "private-address") and inside.requests == []


def test_size_time_and_redirects_have_limits(visit, room: Newsroom) -> None:
    bad = ("loop", "drip", "huge", "bomb", "bomb-bomb", "header-bomb", "header-long")
    batch = visit(feed(room, *bad, "text"), timeout=5)
    said = reasons(batch)
    # 20,000 headers are 2 MB: they are taken, as a page of that size is.
    assert said.pop("header-bomb") is None
    assert said == {
        "loop": "redirects",
        "drip": "timeout",
        "huge": "too-large",
        "bomb": "too-large",
        "bomb-bomb": "too-large",
        "header-long": "connection",
        "text": None,
    }


def test_sitemaps_without_end_come_to_an_end(visit, room: Newsroom) -> None:
    names = ("endless-sitemap", "endless-index", "bomb-sitemap")
    batch = visit(mischief(sitemaps=tuple(room.url("mischief", f"/{name}") for name in names)))
    said = reasons(batch, PageKind.LISTING)
    assert said["endless-sitemap"] == "too-large" and said["bomb-sitemap"] in ("not-a-sitemap", "too-large")
    indexes = [path for host, path, _ in room.requests if path.startswith("/endless-index")]
    assert 1 < len(indexes) < 300 and max(path.count("/") for path in indexes) <= 4
    assert reasons(batch) == {}


def test_section_pages_without_end_come_to_an_end(visit, room: Newsroom) -> None:
    batch = visit(mischief(sections=(room.url("mischief", "/endless-pages"),)))
    turned = [path for _, path, _ in room.requests if path.startswith("/endless-pages")]
    assert 1 <= len(turned) <= 20
    assert set(reasons(batch, PageKind.LISTING).values()) == {None}


def test_a_page_with_100000_links_and_a_feed_with_100000_entries_give_what_one_run_takes(visit, room: Newsroom) -> None:
    listings = {"sections": (room.url("mischief", "/links"),), "feeds": (room.url("mischief", "/feed-of-100000"),)}
    batch = visit(mischief(**listings), max_bytes=20 * 2**20, max_articles=20)
    # Such a listing is read, or given up after the seconds that one may take; the crawl does not wait for it.
    said = reasons(batch, PageKind.LISTING)
    assert said.keys() == {"links", "feed-of-100000"} and set(said.values()) <= {None, "listing-timeout"}
    assert set(reasons(batch).values()) <= {None}
    assert len(reasons(batch)) == (20 if None in said.values() else 0)


def test_entities_are_neither_expanded_nor_fetched(visit, room: Newsroom) -> None:
    names = ("laughs", "entity", "entity-from-net")
    batch = visit(
        mischief(
            feeds=tuple(room.url("mischief", f"/{name}") for name in names),
            sitemaps=tuple(room.url("mischief", f"/{name}/sitemap") for name in names),
        )
    )
    pages = [p for p in batch.read(Page) if "mischief" in p.url]
    # An entry costs itself at most: the one beside it is there.
    assert reasons(batch)["text?n=1"] is None
    for page in pages:
        told = f"{page.url} {page.hint.title}"
        assert "root:" not in told and "top secret" not in told and len(told) < 1000
    assert not [path for _, path, _ in room.requests if path.startswith("/secret")]


def test_only_web_addresses_are_links(visit, room: Newsroom) -> None:
    batch = visit(
        mischief(feeds=(room.url("mischief", "/no-http"),), sections=(room.url("mischief", "/no-http-links"),))
    )
    assert reasons(batch) == {"text?n=1": None, "text/2023/02/council-meets-again-1": None}
    assert batch.manifest().counts["malformed-entries"] == 3


def test_odd_html_is_read_or_rejected_and_breaks_nothing(visit, room: Newsroom) -> None:
    names = ("deep", "deep-inline", "refresh", "nul", "no-charset", "wrong-charset", "nonsense-charset", "text")
    batch = visit(feed(room, *names))
    assert reasons(batch) == dict.fromkeys(names)
    found = {article.url.rsplit("/", 1)[1]: article for article in articles(batch)}
    assert found.keys() | {"deep", "deep-inline"} == set(names)
    assert sum(rejected(batch).values()) == len(names) - len(found)
    for name in ("no-charset", "wrong-charset", "nonsense-charset"):
        assert "The conseil d'été met for the third time" in found[name].body
    for name in ("refresh", "nul", "text"):
        assert found[name].body.count("agreed to repair the old bridge") == 12 and "\0" not in found[name].body
    assert not [path for _, path, _ in room.requests if path.startswith("/secret")]

"""Pages that are empty without JavaScript are rendered, and the browser gets nowhere that the crawler may not go."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawlers.archive import read_response
from crawlers.crawl import crawl
from crawlers.extract import extract
from crawlers.plan import Group
from crawlers.proxy import Proxy
from tests.crawlers.outside import OUTSIDE, as_if_outside
from tests.newsroom import Newsroom
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import Article, Page, PageKind, PageOutcome
from wirewatch.sources import Source, load_sources

RUNS = ("20270101T020000Z", "20270102T020000Z")
needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium (apt-get install chromium)")


@pytest.fixture
def vite(in_the_crawling_process) -> Iterator[Newsroom]:
    """A site made in the browser, with the measuring of a tracker, as part of the internet."""
    names = ("vite-news.localhost", "mischief.localhost", "www.googletagmanager.com")
    inside = {"intranet.mischief.localhost": "127.0.0.1"}
    in_the_crawling_process(as_if_outside(**dict.fromkeys(names, OUTSIDE), **inside))
    with Newsroom(port=0, only=["vite-news", "mischief"], address=OUTSIDE) as room:
        yield room


def source(room: Newsroom, **changes: object) -> Group:
    (found,) = (s for s in load_sources(room.sources) if s.domain == "vite-news.localhost")
    assert found.render
    return Group(name="g00", sources=(found.model_copy(update=changes),))


def articles(batch: Batch) -> dict[str, Article]:
    return {article.title: article for article in extract(batch).read(Article)}


def fetched(batch: Batch) -> list[Page]:
    pages = list(batch.read(Page))
    return [p for p in pages if p.kind is PageKind.ARTICLE and p.outcome is PageOutcome.FETCHED]


def test_without_rendering_there_is_nothing(crawling, vite: Newsroom) -> None:
    crawling(allow_private=False)
    direct = source(vite, render=False, sections=(), feeds=(feed_of(vite),))
    batch = crawl(direct, RUNS[0])
    assert len(fetched(batch)) == 3 and articles(batch) == {}


def feed_of(room: Newsroom) -> str:
    """A feed of the site's articles, from another site: the site itself has none."""
    names = [f"vite-news/{a.slug}" for a in room.articles["vite-news"]]
    query = "&".join(f"of={room.article_url(name)}" for name in names)
    return room.url("mischief", f"/feed?{query}")


@needs_chromium
def test_a_rendered_article_is_complete(crawling, vite: Newsroom) -> None:
    crawling(allow_private=False)
    batch = crawl(source(vite), RUNS[0])
    found = articles(batch)
    assert found.keys() == {a.title for a in vite.articles["vite-news"]}
    for written in vite.articles["vite-news"]:
        article = found[written.title]
        assert article.body.split("\n\n") == [text for _, text in written.pages[0]]
        assert (article.lead, article.authors, article.published) == (written.lead, written.authors, written.published)

    # Neither pictures nor beacons nor trackers were asked for, and each page's data once.
    asked = Counter((host, path) for host, path, _ in vite.requests)
    assert {host for host, _ in asked} == {"vite-news.localhost"}
    assert {path.split("/")[1] for _, path in asked} == {
        "robots.txt", ".well-known", "api", "assets", "news", "transport"
    }  # fmt: skip
    assert asked.pop(("vite-news.localhost", "/assets/app.js")) == 5 and set(asked.values()) == {1}
    assert batch.manifest().counts["requests"] == len(vite.requests)

    page = fetched(batch)[0]
    kept = read_response(batch, page)
    assert b"article-body" in kept.body and not {"etag", "last-modified"} & {name.lower() for name, _ in kept.headers}
    assert page.warc
    with batch.open(page.warc) as warc:
        about = [r.raw_stream.read().decode() for r in ArchiveIterator(warc) if r.rec_type == "metadata"]
    assert sum("rendered: Chromium " in text for text in about) == 5

    # The shell has not changed, and yet the pages are asked for in full.
    second = crawl(source(vite), RUNS[1])
    assert not any(p.outcome is PageOutcome.UNCHANGED and p.etag for p in second.read(Page))


@needs_chromium
def test_a_script_gets_nothing_from_this_machine_and_leads_nowhere(crawling, vite: Newsroom) -> None:
    crawling(allow_private=False)
    with Newsroom(port=vite.port, only=["mischief"]) as inside:  # at 127.0.0.1, with the secret
        feeds = (vite.url("mischief", "/feed?of=snoop"),)
        mischief = Source(
            name="M", domain="mischief.localhost", country="GB", languages=("en",), feeds=feeds, render=True
        )
        batch = crawl(Group(name="g00", sources=(mischief,)), RUNS[0])
        assert inside.requests == []
    (page,) = fetched(batch)
    body = read_response(batch, page).body.decode()
    loot = body.split('id="loot">')[1].split("</p>")[0]
    assert loot == "looking done"
    asked = {path for host, path, _ in vite.requests}
    assert "/to-loopback" in asked and "/secret-frame" not in asked
    assert len(articles(batch)) == 1


@needs_chromium
def test_limits_hold_for_what_is_rendered(crawling, vite: Newsroom) -> None:
    crawling(allow_private=False, timeout=12, max_bytes=200_000)
    feeds = (vite.url("mischief", "/feed?of=text&of=grows&of=hangs&of=fetches-huge&of=drips"),)
    mischief = Source(name="M", domain="mischief.localhost", country="GB", languages=("en",), feeds=feeds, render=True)
    batch = crawl(Group(name="g00", sources=(mischief,)), RUNS[0])
    outcomes = {p.url.rsplit("/", 1)[1]: p.reason for p in batch.read(Page) if p.kind is PageKind.ARTICLE}
    assert outcomes == {"text": None, "grows": "too-large", "hangs": "timeout", "fetches-huge": None, "drips": None}
    assert batch.manifest().counts["bytes"] < 2_000_000


@needs_chromium
def test_everything_that_the_browser_loads_goes_through_the_proxy_of_the_operator(crawling, tmp_path: Path) -> None:
    # The newsroom takes whole addresses as a proxy gets them.
    with Newsroom(port=0, only=["vite-news"]) as room:
        crawling(allow_private=True, proxy=f"http://desk:secret@127.0.0.1:{room.port}")
        assert len(articles(crawl(source(room), RUNS[0]))) == 3


def test_a_missing_browser_is_said_before_anything_is_crawled(crawling, vite: Newsroom) -> None:
    crawling(chromium="no-such-browser")
    with pytest.raises(UserError, match=r"vite-news\.localhost has `render: true`.*'no-such-browser'.*apt-get install"):
        crawl(source(vite), RUNS[0])
    assert vite.requests == []


# --- the proxy


async def ask(proxy: Proxy, text: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
    writer.write(text.replace("\n", "\r\n").encode())
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "localhost", "x.localhost",
     "169.254.169.254", "10.0.0.1", "0.0.0.0", "[::]"],
)  # fmt: skip
def test_the_proxy_refuses_addresses_that_are_not_public(host: str) -> None:
    async def both() -> list[bytes]:
        with Newsroom(port=0) as room:
            async with Proxy(allow_private=False, max_bytes=10**6) as proxy:
                answers = [
                    await ask(proxy, f"GET http://{host}:{room.port}/ HTTP/1.1\nHost: x\n\n"),
                    await ask(proxy, f"CONNECT {host}:{room.port} HTTP/1.1\nHost: x\n\n"),
                ]
                assert len(proxy.blocked) == 2 and room.requests == []
        return answers

    assert all(answer.startswith(b"HTTP/1.1 403 ") for answer in asyncio.run(both()))


def test_the_proxy_passes_requests_and_tunnels_and_cuts_what_is_too_long() -> None:
    async def passes() -> None:
        with Newsroom(port=0) as room:
            host = f"habari-pwani.localhost:{room.port}"
            request = f"GET %s HTTP/1.1\nHost: {host}\nProxy-Authorization: x\nConnection: keep-alive\n\n"
            async with Proxy(allow_private=True, max_bytes=10**6) as proxy:
                plain = await ask(proxy, request % f"http://{host}/robots.txt?x=1")
                assert plain.startswith(b"HTTP/1.1 200 OK") and b"User-agent" in plain
                connect = f"CONNECT {host} HTTP/1.1\n\n" + request.replace("keep-alive", "close") % "/robots.txt?x=2"
                tunnelled = await ask(proxy, connect)
                assert tunnelled.startswith(b"HTTP/1.1 200 Connection") and b"User-agent" in tunnelled
                assert (await ask(proxy, "GET /robots.txt HTTP/1.1\n\n")) == b""
                assert (await ask(proxy, f"GET http://{host.split(':')[0]}:1/ HTTP/1.1\n\n")).startswith(
                    b"HTTP/1.1 502"
                )
            assert [path for _, path, _ in room.requests] == ["/robots.txt?x=1", "/robots.txt?x=2"]
            async with Proxy(allow_private=True, max_bytes=1000) as proxy:
                assert len(await ask(proxy, request % f"http://{host}/atom.xml")) < 1000

    asyncio.run(passes())

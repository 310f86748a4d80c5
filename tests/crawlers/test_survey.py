"""A survey says what works of what a site lists, where it moved, and what a site has that nobody knows yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from crawlers.survey import check, explore
from crawlers.surveyor import Finding
from tests.loopback import Headers, serving
from wirewatch.sources import Source

NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def story(host: str, number: int) -> str:
    return f"{host}/world/the-ferry-sails-again-today-{number}"


def rss(host: str, *numbers: int, language: str = "") -> str:
    items = "".join(
        f"<item><title>Story {n}</title><link>{story(host, n)}</link>"
        f"<pubDate>Mon, {n:02} Feb 2026 10:00:00 GMT</pubDate></item>"
        for n in numbers
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{language}{items}</channel></rss>'


def sitemap(host: str, *numbers: int, news: bool = True) -> str:
    def extra(n: int) -> str:
        return f"<news:news><news:title>Story {n}</news:title></news:news>" if news else ""

    rows = "".join(f"<url><loc>{story(host, n)}</loc>{extra(n)}</url>" for n in numbers)
    return f"<urlset {NEWS}>{rows}</urlset>"


def index(*children: tuple[str, str]) -> str:
    rows = "".join(f"<sitemap><loc>{url}</loc><lastmod>{day}</lastmod></sitemap>" for url, day in children)
    return f"<sitemapindex>{rows}</sitemapindex>"


@dataclass
class Web:
    """Pages by host and path: a text, a status, or a status and the address it redirects to."""

    port: int = 0
    pages: dict[str, str | int | tuple[int, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def host(self, name: str) -> str:
        return f"http://{name}.localhost:{self.port}"


@pytest.fixture
def web(crawling: object) -> Iterator[Web]:
    """Sites of one's own on loopback."""
    web = Web()

    def answer(path: str, asked: Headers) -> tuple[int, Headers, bytes]:
        address = asked["Host"].split(".")[0] + path
        web.asked.append(address)
        headers = {"Content-Type": "text/html; charset=utf-8"}
        match web.pages.get(address, 404):
            case (status, target):
                return status, headers | {"Location": target}, b""
            case str() as text:
                return 200, headers, text.encode()
            case status:
                return status, headers, b""

    with serving(answer) as web.port:
        yield web


def test_each_listing_is_said_to_be_what_it_is(web: Web) -> None:
    a, b = web.host("a"), web.host("b")
    web.pages |= {
        "a/robots.txt": "User-agent: *\nDisallow: /secret",
        "a/good": rss(a, 1, 9, 3),
        "a/old": (301, "/older"),
        "a/older": (308, "/good"),
        "a/today": (302, "/good"),
        "a/empty": rss(a),
        "a/html": "<html><body><p>Welcome</p></body></html>",
        "a/secret": rss(a, 1),
        "a/away": (301, f"{b}/feed"),
        "a/circle": (301, "/circle"),
        "a/others": rss(b, 1),
        "a/maps": index((f"{a}/map-1", "2026-01-01"), (f"{a}/map-2", "2026-02-01")),
        "a/map-2": sitemap(a, 4, 5),
        "a/broken-maps": index((f"{a}/gone", "2026-01-01")),
        "a/front": f'<html><h2><a href="{story(a, 1)}">The ferry sails again after the storms</a></h2></html>',
    }
    feeds = ("good", "old", "today", "empty", "html", "secret", "away", "circle", "others", "missing")
    source = Source(
        name="A",
        domain="a.localhost",
        country="GB",
        languages=("en",),
        feeds=tuple(f"{a}/{path}" for path in feeds),
        sitemaps=(f"{a}/maps", f"{a}/broken-maps"),
        sections=(f"{a}/front",),
    )
    other = Source(name="B", domain="b.localhost", country="GB", languages=("en",), feeds=(f"{b}/nothing",))
    seen: list[int] = []
    findings = check([source, other], progress=lambda done, total: seen.append(done))
    said = {f.url.rpartition("/")[2]: (f.state, f.reason, f.entries) for f in findings}
    assert said == {
        "good": ("works", None, 3),
        "old": ("moved", None, 3),
        "today": ("works", None, 3),
        "empty": ("empty", None, 0),
        "html": ("dead", "not-a-feed", 0),
        "secret": ("forbidden", "robots", 0),
        "away": ("moved", "off-site", 0),
        "circle": ("dead", "redirects", 0),
        "others": ("empty", "off-site", 0),
        "missing": ("dead", "http-404", 0),
        "maps": ("works", None, 2),
        "broken-maps": ("dead", f"http-404 at {a}/gone", 0),
        "front": ("works", None, 1),
        "nothing": ("dead", "http-404", 0),
    }
    by_path = {f.url.rpartition("/")[2]: f for f in findings}
    assert by_path["old"].moved == by_path["today"].moved == f"{a}/good" and by_path["away"].moved == f"{b}/feed"
    assert f"{by_path['good'].newest:%Y-%m-%d}" == "2026-02-09"
    assert [f.url for f in findings] == [*source.listings, *other.listings]
    assert seen[-1] == 14
    assert "a/secret" not in web.asked and "b/feed" not in web.asked and "a/map-1" not in web.asked


def urls(*findings: Finding) -> set[str]:
    return {finding.url for finding in findings}


def test_a_site_is_explored_from_its_front_page(web: Web) -> None:
    a = web.host("a")
    web.pages |= {
        "a/": f"""<html lang="fr-DZ"><head><title>Le Soir - toute l'actualité</title>
            <link rel="alternate" type="application/rss+xml" href="/main.xml">
            <link rel="alternate" type="application/rss+xml" href="/comments/feed"></head><body>
            <a href="/rss/">Nos flux</a> <a href="{story(a, 1)}">La traversée reprend après les tempêtes du mois</a>
            </body></html>""",
        "a/robots.txt": f"Sitemap: {a}/all.xml\nsitemap: {a}/news.xml\nSitemap: http://elsewhere.localhost/news.xml",
        "a/main.xml": rss(a, 1, 2, 3),
        "a/comments/feed": rss(a, 20),
        "a/rss/": '<html><body><a href="/rss/same">Une</a> <a href="/feeds/sport.xml">Sport</a></body></html>',
        "a/rss/same": rss(a, 2, 1),
        "a/feeds/sport.xml": (301, "/feeds/sports.xml"),
        "a/feeds/sports.xml": rss(a, 3, 4),
        "a/news.xml": sitemap(a, 1, 2),
        "a/all.xml": sitemap(a, 1, 2, 3, 4, 5, news=False),
    }
    site = explore(f"{a}/")
    assert (site.domain, site.name, site.language, site.reason) == ("a.localhost", "Le Soir", "fr", None)
    assert site.feeds == (f"{a}/main.xml", f"{a}/feeds/sports.xml")
    assert site.sitemaps == (f"{a}/news.xml",)
    assert site.sections == ()
    assert "a/comments/feed" not in web.asked and "a/feed" not in web.asked
    assert f"{a}/rss/same" in urls(*site.looked_at)


def test_where_a_site_names_nothing_common_paths_are_tried(web: Web) -> None:
    a, b = web.host("a"), web.host("b")
    web.pages |= {
        "b/": (301, f"{a}/"),
        "a/": "<html><head><meta property='og:site_name' content='Lagos Ledger'><title>Home</title></head></html>",
        "a/rss.xml": rss(a, 1, language="<language>en-NG</language>"),
        "a/feed": "<html></html>",
    }
    site = explore(f"{b}/")
    assert (site.url, site.domain, site.name, site.language) == (f"{a}/", "a.localhost", "Lagos Ledger", "en")
    assert site.feeds == (f"{a}/rss.xml",) and site.sitemaps == site.sections == ()


def test_a_site_with_neither_is_known_by_its_front_page(web: Web) -> None:
    a = web.host("a")
    links = "".join(
        f'<h2><a href="{story(a, n)}">The ferry sails again after the storms {n}</a></h2>' for n in range(9)
    )
    web.pages["a/"] = f"<html><body>{links}</body></html>"
    site = explore(f"{a}/")
    assert (site.feeds, site.sitemaps, site.sections) == ((), (), (f"{a}/",))


def test_a_site_that_does_not_answer_or_refuses_says_why(web: Web) -> None:
    site = explore("http://a.localhost:1/")
    assert site.reason == "connection" and site.looked_at == ()
    web.pages["b/"] = 403
    site = explore(f"{web.host('b')}/")
    assert site.reason == "http-403" and not (site.feeds or site.sitemaps or site.sections)

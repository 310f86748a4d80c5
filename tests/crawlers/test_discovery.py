"""Listings of every kind are read, however broken, and addresses are recognised."""

import asyncio
import gzip
from datetime import UTC, datetime

import pytest
from web_poet import HttpResponse

from crawlers.discovery import clean_url, is_within, looks_like_article, site_of
from crawlers.pages.listing import MOST_ODD_DATES, FeedPage, Listing, NotAListing, SectionPage, SitemapPage

SITE = "https://www.example.com/list"


def read(kind: type, body: bytes | str, url: str = SITE, content_type: str = "") -> Listing:
    raw = body.encode() if isinstance(body, str) else body
    headers = {"Content-Type": content_type} if content_type else {}
    return asyncio.run(kind(response=HttpResponse(url, raw, headers=headers)).to_item())


def urls(listing: Listing) -> list[str]:
    return [entry.url for entry in listing.entries]


RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>News</title>
<item><title>Visite &amp;agrave; Alger</title><link>https://www.example.com/1?utm_source=rss&amp;id=7</link>
  <pubDate>Mon, 06 Feb 2023 11:00:00 +0100</pubDate>
  <description>&lt;p&gt;Le &lt;b&gt;chef&lt;/b&gt;&lt;/p&gt;</description></item>
<item><title>No address</title></item>
<item><title>No web address</title><link>javascript:alert(1)</link></item>
<item><title>Relative, undated</title><link>/2</link><pubDate>gestern abend irgendwann</pubDate></item>
<item><title>In words</title><link>https://www.example.com/3</link><pubDate>6 février 2023 10:00</pubDate></item>
</channel></rss>"""


def test_rss_gives_addresses_without_tracking_and_what_it_says_of_each() -> None:
    listing = read(FeedPage, RSS)
    assert urls(listing) == [
        "https://www.example.com/1?id=7",
        "https://www.example.com/2",
        "https://www.example.com/3",
    ]
    assert listing.malformed == 2
    first, second, third = (entry.hint for entry in listing.entries)
    assert (first.title, first.summary) == ("Visite à Alger", "Le chef")
    assert first.published == datetime(2023, 2, 6, 10, tzinfo=UTC) and first.modified is None
    assert third.published == first.published
    assert second.title == "Relative, undated"


def test_atom_gives_when_an_entry_was_changed() -> None:
    listing = read(
        FeedPage,
        """<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry><title>A</title>
        <link href="https://www.example.com/a"/><published>2023-02-06T10:00:00Z</published>
        <updated>2023-02-07T10:00:00Z</updated></entry></feed>""",
    )
    (hint,) = (entry.hint for entry in listing.entries)
    assert (hint.published, hint.modified) == (
        datetime(2023, 2, 6, 10, tzinfo=UTC),
        datetime(2023, 2, 7, 10, tzinfo=UTC),
    )


def test_rss_1_0_is_read() -> None:
    feed = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
        xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>x</title></channel>
        <item rdf:about="y"><title>A</title><link>https://www.example.com/a</link><dc:date>2023-02-06</dc:date></item>
        </rdf:RDF>"""
    assert urls(read(FeedPage, feed)) == ["https://www.example.com/a"]


def test_a_feed_that_is_broken_in_the_middle_gives_the_rest() -> None:
    broken = RSS.replace("<title>No address</title>", "<title>Tom & Jerry <unclosed \x0b</title><link>/broken</link>")
    assert {"https://www.example.com/1?id=7", "https://www.example.com/3"} <= set(urls(read(FeedPage, broken)))


def test_a_feed_in_another_charset_is_read() -> None:
    listing = read(FeedPage, RSS.replace("utf-8", "windows-1252").replace("&amp;agrave;", "à").encode("windows-1252"))
    assert listing.entries[0].hint.title == "Visite à Alger"


@pytest.mark.parametrize("body", ["", "<html><body>Not found</body></html>", "{}", "\x00\x01"])
def test_what_is_no_feed_says_so(body: str) -> None:
    with pytest.raises(NotAListing, match="not-a-feed"):
        read(FeedPage, body)


NEWS = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc> https://www.example.com/x </loc><lastmod>2023-02-07</lastmod>
 <news:news><news:publication><news:name>E</news:name>
 </news:publication><news:publication_date>2023-02-06T10:00:00+01:00</news:publication_date>
 <news:title>Title</news:title></news:news></url>
<url><lastmod>2023-02-07</lastmod></url>
<url><loc>https://www.example.com/about</loc></url></urlset>"""


@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
def test_a_news_sitemap_gives_its_articles(pack) -> None:
    listing = read(SitemapPage, pack(NEWS))
    (entry,) = listing.entries
    assert (entry.url, entry.hint.title) == ("https://www.example.com/x", "Title")
    assert entry.hint.published == datetime(2023, 2, 6, 9, tzinfo=UTC)
    assert entry.hint.modified == datetime(2023, 2, 7, tzinfo=UTC)
    assert listing.malformed == 1


def test_a_sitemap_index_gives_its_sitemaps() -> None:
    listing = read(
        SitemapPage,
        """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://www.example.com/s1.xml
        </loc><lastmod>2023-02-07T00:00:00Z</lastmod></sitemap><sitemap><loc>/s2.xml</loc></sitemap></sitemapindex>""",
    )
    assert [child.url for child in listing.children] == [
        "https://www.example.com/s1.xml",
        "https://www.example.com/s2.xml",
    ]


def test_entities_of_a_sitemap_are_not_expanded(tmp_path) -> None:
    (tmp_path / "secret").write_text("https://www.example.com/secret")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    body = f"""<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}<!ENTITY file SYSTEM "{(tmp_path / "secret").as_uri()}">]>
    <urlset><url><loc>&file;</loc></url><url><loc>https://www.example.com/a-b-c-d</loc><lastmod>&l8;</lastmod></url></urlset>"""
    assert urls(read(SitemapPage, body)) == ["https://www.example.com/a-b-c-d"]


@pytest.mark.parametrize("body", [b"", b"<html/>", b"no xml", b"\x1f\x8bbroken", RSS.encode()])
def test_what_is_no_sitemap_says_so(body: bytes) -> None:
    with pytest.raises(NotAListing, match="not-a-sitemap"):
        read(SitemapPage, body)


def test_a_section_page_gives_the_links_that_look_like_articles() -> None:
    page = """<base href="/news/"><nav><a href="/">Home</a><a href="/politics">Politics</a>
    <a href="/newsletter/sign-up-for-our-newsletter">Sign up for our newsletter here</a></nav>
    <a href="ceasefire-holds-in-north-says-envoy?utm_medium=x"><img></a>
    <a href="ceasefire-holds-in-north-says-envoy#comments">Ceasefire holds, says envoy</a>
    <a href="/2023/02/06/budget-vote/">Budget vote</a>
    <a href="/story.php?id=123456">Parliament votes on the new budget</a>
    <a href="https://other.example.org/a-b-c-d-e">Elsewhere on the web today we found</a><a href="mailto:a@b.c">Mail</a>
    <a href="http://[broken">Broken</a><a href="/photo-of-the-visit-in-algiers.jpg">A photo</a>"""
    listing = read(SectionPage, page, content_type="text/html; charset=utf-8")
    assert urls(listing) == [
        "https://www.example.com/news/ceasefire-holds-in-north-says-envoy",
        "https://www.example.com/2023/02/06/budget-vote/",
        "https://www.example.com/story.php?id=123456",
    ]
    assert listing.entries[0].hint.title == "Ceasefire holds, says envoy"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://a.com/world/2023/02/06/ceasefire-holds", ""),
        ("https://a.com/habari/rais-azungumza-na-wananchi-12345", ""),
        ("https://a.com/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/%D9%88%D8%B2%D9%8A%D8%B1-%D9%8A%D8%B2%D9%88%D8%B1-%D9%85%D9%88%D8%B3%D9%83%D9%88-%D8%A7%D9%84%D9%8A%D9%88%D9%85", ""),  # noqa: E501
        ("https://a.com/news/refused", "Council papers: the page that nobody may read"),
        ("https://a.cn/n1/2023/0206/c1002-32618.html", "普京会见阿尔及利亚总统特使"),
    ],
)  # fmt: skip
def test_articles_look_like_articles(url: str, text: str) -> None:
    assert looks_like_article(url, text)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://a.com/", "The whole front page of today"),
        ("https://a.com/world", "World"),
        ("https://a.com/world/africa", "Africa"),
        ("https://a.com/2023/02/", "February 2023"),
        ("https://a.com/tag/russia-africa-summit-2023", "Russia Africa summit"),
        ("https://a.com/author/jane-van-der-berg", "Jane van der Berg reports from Algiers"),
        ("https://a.com/files/report-on-the-state.pdf", "Report on the state of things"),
    ],
)
def test_other_pages_do_not(url: str, text: str) -> None:
    assert not looks_like_article(url, text)


def test_tracking_goes_and_the_rest_of_an_address_stays() -> None:
    assert clean_url("https://a.com/x?b=2&utm_source=s&fbclid=1&a=1&empty=#top") == "https://a.com/x?b=2&a=1&empty="
    assert clean_url("https://a.com/x?UTM_Campaign=s") == "https://a.com/x"
    assert clean_url("https://a.com/é à") == "https://a.com/%C3%A9%20%C3%A0"
    assert clean_url("HTTPS://A.com/x") == "https://a.com/x"


@pytest.mark.parametrize(
    "url", ["", "ftp://a.com/x", "javascript:x", "http://", "http://[::1", "http://a.com:port/", "//x"]
)
def test_what_is_no_web_address_is_none(url: str) -> None:
    assert clean_url(url) is None


def test_a_site_is_its_registered_domain_and_subdomains_are_within() -> None:
    assert site_of("www.news.example.co.uk:8080") == "example.co.uk"
    assert site_of("paper.localhost") == "paper.localhost"
    assert is_within("https://amp.example.com/x", ["example.com"]) and not is_within(
        "https://badexample.com", ["example.com"]
    )


def test_pictures_of_a_sitemap_are_not_its_articles() -> None:
    body = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
    xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>https://www.example.com/ferry-opens-on-the-lake</loc>
    <image:image><image:loc>https://www.example.com/ferry.jpg</image:loc><image:title>Pier</image:title></image:image></url></urlset>"""
    (entry,) = read(SitemapPage, body).entries
    assert (entry.url, entry.hint.title) == ("https://www.example.com/ferry-opens-on-the-lake", None)


def test_dates_that_nobody_can_read_do_not_hold_up_the_crawl(monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("crawlers.pages.listing.dateparser.parse", lambda text, **settings: asked.append(text))
    item = "<item><link>/{n}</link><pubDate>irgendwann {n}</pubDate></item>"
    items = "".join(item.format(n=n) for n in range(MOST_ODD_DATES + 50))
    listing = read(FeedPage, f'<rss version="2.0"><channel>{items}</channel></rss>')
    assert (len(listing.entries), len(asked)) == (MOST_ODD_DATES + 50, MOST_ODD_DATES)

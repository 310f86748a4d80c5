"""Sitemaps of every kind are read, however broken or long."""

import gzip
from datetime import UTC, datetime

import pytest

from crawlers.listing import Listing, NotAListing
from crawlers.pages import read_listing
from crawlers.pages.sitemap import MOST_ENTRIES

SITE = "https://www.example.com/list"


def read_sitemap(body: bytes | str, url: str = SITE) -> Listing:
    return read_listing("sitemap", url, body.encode() if isinstance(body, str) else body)


def urls(listing: Listing) -> list[str]:
    return [entry.url for entry in listing.entries]


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
    listing = read_sitemap(pack(NEWS))
    (entry,) = listing.entries
    assert (entry.url, entry.hint.title) == ("https://www.example.com/x", "Title")
    assert entry.hint.published == datetime(2023, 2, 6, 9, tzinfo=UTC)
    assert entry.hint.modified == datetime(2023, 2, 7, tzinfo=UTC)
    assert listing.malformed == 1


def test_a_sitemap_index_gives_its_sitemaps() -> None:
    listing = read_sitemap(
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
    assert urls(read_sitemap(body)) == ["https://www.example.com/a-b-c-d"]


@pytest.mark.parametrize("body", [b"", b"<html/>", b"no xml", b"\x1f\x8bbroken", b"<rss><channel/></rss>"])
def test_what_is_no_sitemap_says_so(body: bytes) -> None:
    with pytest.raises(NotAListing, match="not-a-sitemap"):
        read_sitemap(body)


def test_pictures_of_a_sitemap_are_not_its_articles() -> None:
    body = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
    xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>https://www.example.com/ferry-opens-on-the-lake</loc>
    <image:image><image:loc>https://www.example.com/ferry.jpg</image:loc><image:title>Pier</image:title></image:image></url></urlset>"""
    (entry,) = read_sitemap(body).entries
    assert (entry.url, entry.hint.title) == ("https://www.example.com/ferry-opens-on-the-lake", None)


def test_the_newest_sitemaps_of_an_index_come_first_and_those_of_other_sites_not_at_all() -> None:
    rows = "".join(
        f"<sitemap><loc>{url}</loc><lastmod>{date}</lastmod></sitemap>"
        for url, date in [
            ("/old.xml", "2021-01-01"),
            ("https://maps.example.com/new.xml", "2023-02-07"),
            ("https://elsewhere.example.org/newest.xml", "2023-02-08"),
            ("/undated.xml", "?"),
        ]
    )
    listing = read_sitemap(f"<sitemapindex>{rows}</sitemapindex>")
    assert [child.url.rpartition("/")[2] for child in listing.children] == ["new.xml", "old.xml", "undated.xml"]
    assert listing.malformed == 1


@pytest.mark.parametrize("body", ["<urlset/>", "<urlset></urlset>", "<sitemapindex/>"])
def test_an_empty_sitemap_is_a_sitemap(body: str) -> None:
    assert read_sitemap(body) == Listing()


def test_a_sitemap_can_be_a_list_of_addresses() -> None:
    listing = read_sitemap(
        "\ufeffhttps://www.example.com/ferry-opens-on-the-lake\r\nhttps://www.example.com/about\r\nno address\r\n"
    )
    assert urls(listing) == ["https://www.example.com/ferry-opens-on-the-lake"] and listing.malformed == 1


def test_what_came_before_a_cut_counts() -> None:
    row = "<url><loc>https://www.example.com/ferry-opens-on-the-lake-{}</loc></url>"
    body = "<urlset>" + "".join(row.format(n) for n in range(3))
    assert len(read_sitemap(body[:-20]).entries) == 2
    assert len(read_sitemap(gzip.compress(body.encode())[:-8]).entries) == 3


def test_nul_bytes_and_wrong_charsets_do_not_cost_a_sitemap() -> None:
    body = NEWS.replace("<news:title>Title", "<news:title>\x00Titre à l’été").replace("1.0", '1.0" encoding="utf-8')
    assert read_sitemap(body.encode("cp1252")).entries[0].hint.title == "Titre à l’été"


def test_a_sitemap_that_does_not_end_is_read_to_the_limit() -> None:
    row = b"<url><loc>https://www.example.com/ferry-opens-on-the-lake</loc></url>"
    assert len(read_sitemap(b"<urlset>" + row * (MOST_ENTRIES + 10)).entries) == MOST_ENTRIES


def test_parameter_entities_are_not_expanded() -> None:
    laughs = "".join(f'<!ENTITY % l{n} "{f"%l{n - 1};" * 10}">' for n in range(1, 10))
    body = f"""<!DOCTYPE x [<!ENTITY % l0 "<!ELEMENT x (y)>">{laughs}%l9;]>
    <urlset><url><loc>https://www.example.com/a-b-c-d</loc></url></urlset>"""
    assert urls(read_sitemap(body)) == ["https://www.example.com/a-b-c-d"]

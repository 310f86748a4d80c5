"""Feeds of every kind are read, however broken, and the texts that they carry."""

import gzip
import json
from datetime import UTC, datetime

import pytest

from crawlers.listing import Listing, NotAListing
from crawlers.pages import read_listing
from crawlers.pages.feed import MOST_ODD_DATES, feed_texts

SITE = "https://www.example.com/list"


def read_feed(body: bytes | str, url: str = SITE, content_type: str = "") -> Listing:
    raw = body.encode() if isinstance(body, str) else body
    return read_listing("feed", url, raw, [("Content-Type", content_type)] if content_type else [])


def urls(listing: Listing) -> list[str]:
    return [entry.url for entry in listing.entries]


def rss(items: str) -> str:
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>{items}</channel></rss>'
    )


def atom(entries: str) -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://www.example.com/b/">{entries}</feed>'


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
    listing = read_feed(RSS)
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
    listing = read_feed(
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
    assert urls(read_feed(feed)) == ["https://www.example.com/a"]


def test_a_feed_that_is_broken_in_the_middle_gives_the_rest() -> None:
    broken = RSS.replace("<title>No address</title>", "<title>Tom & Jerry <unclosed \x0b</title><link>/broken</link>")
    assert {"https://www.example.com/1?id=7", "https://www.example.com/3"} <= set(urls(read_feed(broken)))


def test_a_feed_in_another_charset_is_read() -> None:
    listing = read_feed(RSS.replace("utf-8", "windows-1252").replace("&amp;agrave;", "à").encode("windows-1252"))
    assert listing.entries[0].hint.title == "Visite à Alger"


@pytest.mark.parametrize("body", ["", "<html><body>Not found</body></html>", "{}", "\x00\x01"])
def test_what_is_no_feed_says_so(body: str) -> None:
    with pytest.raises(NotAListing, match="not-a-feed"):
        read_feed(body)


def test_dates_that_nobody_can_read_do_not_hold_up_the_crawl(monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("dateparser.parse", lambda text, **settings: asked.append(text))
    item = "<item><link>/{n}</link><pubDate>irgendwann {n}</pubDate></item>"
    items = "".join(item.format(n=n) for n in range(MOST_ODD_DATES + 50))
    listing = read_feed(f'<rss version="2.0"><channel>{items}</channel></rss>')
    assert (len(listing.entries), len(asked)) == (MOST_ODD_DATES + 50, MOST_ODD_DATES)


# Links ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feed", "url"),
    [
        (rss("<item><guid>https://www.example.com/g</guid></item>"), "https://www.example.com/g"),
        (rss('<item><guid isPermaLink="true">/g</guid></item>'), "https://www.example.com/g"),
        (rss('<item><guid isPermaLink="false">https://www.example.com/g</guid></item>'), None),
        (rss("<item><link>http://[bad</link></item>"), None),
        (atom('<entry><link rel="self" href="s"/><link rel="alternate" href="a"/></entry>'), "https://www.example.com/b/a"),
        (atom('<entry xml:base="c/"><link href="a"/></entry>'), "https://www.example.com/b/c/a"),
        (atom('<entry><link rel="alternate" type="text/plain" href="a"/></entry>'), "https://www.example.com/b/a"),
        (atom('<entry><link rel="enclosure" href="a.mp3"/></entry>'), None),
    ],
)  # fmt: skip
def test_the_address_of_an_entry_is_found_wherever_it_stands(feed: str, url: str | None) -> None:
    listing = read_feed(feed)
    assert (urls(listing), listing.malformed) == (([url], 0) if url else ([], 1))


# Dates ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 06 Feb 2023 11:00:00 CET", datetime(2023, 2, 6, 10, tzinfo=UTC)),
        ("Mon, 6 Feb 23 10:00:00 GMT", datetime(2023, 2, 6, 10, tzinfo=UTC)),
        ("2023-02-06T10:00:00Z", datetime(2023, 2, 6, 10, tzinfo=UTC)),
        ("06/02/2023 10:00", datetime(2023, 2, 6, 10, tzinfo=UTC)),
        ("6 фев 2023 10:00", datetime(2023, 2, 6, 10, tzinfo=UTC)),
        ("99/99/9999", None),
        ("0000-00-00", None),
    ],
)
def test_dates_are_read_as_sites_write_them(text: str, moment: datetime | None) -> None:
    (entry,) = read_feed(rss(f"<item><link>/1</link><pubDate>{text}</pubDate></item>")).entries
    assert entry.hint.published == moment


def test_the_only_date_of_an_rss_entry_is_its_publication() -> None:
    (entry,) = read_feed(rss("<item><link>/1</link><dc:date>2023-02-06T10:00:00Z</dc:date></item>")).entries
    assert entry.hint.published == entry.hint.modified == datetime(2023, 2, 6, 10, tzinfo=UTC)


# JSON Feed ------------------------------------------------------------------------------------------


def json_feed(*items: object, version: str = "1.1") -> str:
    return json.dumps({"version": f"https://jsonfeed.org/version/{version}", "title": "x", "items": items})


JSON_ITEM = {
    "id": "7",
    "url": "/a?utm_source=feed",
    "title": "Visite à Alger",
    "summary": "Le chef",
    "content_html": "<p>One.</p><p>Two.</p>",
    "date_published": "2023-02-06T11:00:00+01:00",
    "authors": [{"name": "Jane Doe"}],
}


@pytest.mark.parametrize("content_type", ["application/feed+json", "text/xml", ""])
@pytest.mark.parametrize("version", ["1", "1.1"])
def test_json_feed_is_known_by_its_content(content_type: str, version: str) -> None:
    listing = read_feed(json_feed(JSON_ITEM, version=version), content_type=content_type)
    (entry,) = listing.entries
    assert entry.url == "https://www.example.com/a"
    assert (entry.hint.title, entry.hint.summary) == ("Visite à Alger", "Le chef")
    assert entry.hint.published == datetime(2023, 2, 6, 10, tzinfo=UTC)


def test_an_odd_json_item_costs_that_item() -> None:
    items = [
        {"id": "no address"},
        "text",
        {"id": "https://www.example.com/by-id"},
        {"url": 5, "title": 3, "authors": 1},
    ]
    listing = read_feed(json_feed(*items, {"url": "/b", "authors": "Jane"}))
    assert urls(listing) == ["https://www.example.com/by-id", "https://www.example.com/b"]
    assert listing.malformed == 3


def test_what_came_before_and_after_a_break_in_a_json_feed_counts() -> None:
    whole = json_feed({"url": "/1"}, {"url": "/2"}, {"url": "/3"})
    assert urls(read_feed(whole[: whole.index("/3")])) == ["https://www.example.com/1", "https://www.example.com/2"]
    broken = read_feed(whole.replace('"/2"', '"/2'))
    assert urls(broken) == ["https://www.example.com/1", "https://www.example.com/3"] and broken.malformed == 1


# Hostile and broken feeds ---------------------------------------------------------------------------


def test_what_came_before_a_cut_counts() -> None:
    cut = rss("<item><link>/1</link></item><item><link>/2</link><title>Sec")[: -len("</channel></rss>")]
    assert urls(read_feed(cut))[:1] == ["https://www.example.com/1"]


def test_nul_bytes_and_gzip_do_not_cost_the_feed() -> None:
    body = RSS.replace("<title>Relative", "<title>\x00Rel\x00ative").encode()
    assert urls(read_feed(gzip.compress(body))) == urls(read_feed(RSS))


def test_bytes_in_another_charset_than_declared_are_read() -> None:
    body = rss("<item><link>/1</link><title>Visite à Alger, où l’été</title></item>")
    body = '<?xml version="1.0" encoding="{}"?>' + body
    for declared, real in [("iso-8859-1", "utf-8"), ("utf-8", "cp1252"), ("utf-16", "utf-8")]:
        (entry,) = read_feed(body.format(declared).encode(real)).entries
        assert entry.hint.title == "Visite à Alger, où l’été"


def laughs(root: str) -> str:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE {root} [<!ENTITY l0 "ha">{entities}<!ENTITY % p SYSTEM "file:///etc/hostname">%p;]>'


@pytest.mark.parametrize("before", ["", "<!-- <a -->", "<!-- <rss -->", "<?x <rss ?>"])
def test_entities_are_neither_expanded_nor_fetched(before: str, tmp_path) -> None:
    (tmp_path / "secret").write_text("SECRET")
    secret = f'<!DOCTYPE rss [<!ENTITY file SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    for doctype in (laughs("rss"), secret):
        items = "<item><link>/1</link><title>&l9;&file;</title></item><item><link>/2</link></item>"
        try:
            read = read_feed(before + doctype + rss(items))
        except NotAListing:
            continue
        assert len(read.model_dump_json()) < 1000 and "SECRET" not in read.model_dump_json()
        assert before.count("<rss") or urls(read) == ["https://www.example.com/1", "https://www.example.com/2"]


# The texts that a feed carries ----------------------------------------------------------------------

STORY = "The ferry opened on Monday, an hour late, and carried goods and the first passengers across the lake."
OTHER = "The minister spoke of a new beginning for the towns on both shores, which had waited for nine years."


def texts(content: str, more: str = ""):
    item = f"<item><link>https://www.example.com/ferry</link><title>Ferry opens</title>{more}{content}</item>"
    return feed_texts(SITE, rss(item).encode())["https://www.example.com/ferry"]


def encoded(html: str) -> str:
    return f"<content:encoded><![CDATA[{html}]]></content:encoded>"


def test_the_text_of_an_entry_is_its_paragraphs() -> None:
    found = texts(
        encoded(
            f"<figure><img><figcaption>Pier</figcaption></figure><p>{STORY}</p><p><b>A</b> <i>day</i> &amp; night</p>"
        ),
        "<description>A short summary of it.</description><dc:creator>Jane Doe</dc:creator>"
        "<pubDate>Mon, 06 Feb 2023 10:00:00 GMT</pubDate>",
    )
    assert found.paragraphs == (STORY, "A day & night")
    assert (found.title, found.lead, found.authors) == ("Ferry opens", "A short summary of it.", ("Jane Doe",))
    assert found.published == datetime(2023, 2, 6, 10, tzinfo=UTC)


def test_line_breaks_part_paragraphs_and_text_without_markup_is_taken_as_it_is() -> None:
    assert texts(encoded(f"{STORY}<br/><br/>{OTHER}")).paragraphs == (STORY, OTHER)
    assert texts(encoded(f"{STORY}\n\n{OTHER}")).paragraphs == (STORY, OTHER)


def test_a_summary_that_only_begins_the_text_is_no_lead_and_alone_it_is_the_text() -> None:
    beginning = f"<description>{STORY[:60]} […]</description>"
    assert texts(encoded(f"<p>{STORY}</p>"), beginning).lead is None
    alone = texts(f"<description>{STORY}</description>")
    assert (alone.lead, alone.paragraphs) == (None, (STORY,))


@pytest.mark.parametrize(
    "closing",
    [
        '<p>The post <a href="https://www.example.com/ferry?utm_source=rss">Ferry opens</a> appeared first on '
        '<a href="https://www.example.com">Example</a>.</p>',
        '<div><p>L’article <a href="/ferry#more-7">Ferry opens</a> est apparu en premier sur Example.</p></div>',
        '<p><a href="https://www.example.com/ferry">Read more →</a></p>',
    ],
)
def test_a_paragraph_that_only_leads_back_to_the_site_is_left_out(closing: str) -> None:
    assert texts(encoded(f"<p>{STORY}</p><p>{OTHER}</p>{closing}")).paragraphs == (STORY, OTHER)


def test_a_link_in_a_sentence_stays() -> None:
    html = f'<p>{STORY} <a href="https://www.example.com/other">Earlier</a> {OTHER}</p>'
    assert texts(encoded(html)).paragraphs == (f"{STORY} Earlier {OTHER}",)


def test_atom_and_json_feeds_carry_texts_too() -> None:
    xhtml = (
        '<entry><link href="https://www.example.com/ferry"/><content type="xhtml">'
        f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{STORY}</p><p>{OTHER}</p></div></content></entry>'
    )
    assert feed_texts(SITE, atom(xhtml).encode())["https://www.example.com/ferry"].paragraphs == (STORY, OTHER)
    (found,) = feed_texts(SITE, json_feed(JSON_ITEM).encode()).values()
    assert (found.paragraphs, found.lead, found.authors) == (("One.", "Two."), "Le chef", ("Jane Doe",))
    plain = {"url": "/b", "content_text": f"{STORY}\n\n1 < 2"}
    assert feed_texts(SITE, json_feed(plain).encode())["https://www.example.com/b"].paragraphs == (STORY, "1 < 2")


def test_texts_and_entries_have_the_same_addresses() -> None:
    assert list(feed_texts(SITE, RSS.encode())) == urls(read_feed(RSS))

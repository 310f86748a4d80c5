"""The demo newsroom behaves like real sites, well-behaved and not."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from collections.abc import Iterator
from difflib import SequenceMatcher
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlsplit

import feedparser
import pytest
import yaml
from lxml import etree

from tests.newsroom import Article, Newsroom, load_articles, load_sites
from tests.newsroom.texts import MORE
from wirewatch.errors import UserError
from wirewatch.sources import load_sources

SITES, WORDS = load_sites()
ARTICLES = load_articles()
REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with Newsroom(port=0, slow=0.01) as room:
        yield room


@pytest.fixture(autouse=True)
def first_edition(room: Newsroom) -> Iterator[None]:
    yield
    room.edition = 1


class Answer:
    """What came back for one request, decoded by nothing but the header's charset."""

    def __init__(self, room: Newsroom, url: str, headers: dict[str, str], timeout: float) -> None:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", room.port, timeout=timeout)
        target = quote(parts.path, safe="/%") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={"Host": parts.netloc} | headers)
        response = connection.getresponse()
        self.status, self.headers, self.body = response.status, response.headers, response.read()
        connection.close()

    @property
    def text(self) -> str:
        return self.body.decode(self.headers.get_content_charset() or "utf-8")


def get(room: Newsroom, url: str, timeout: float = 20, **headers: str) -> Answer:
    return Answer(room, url, {name.replace("_", "-"): value for name, value in headers.items()}, timeout)


def current(site: str, edition: int = 1) -> list[Article]:
    return [a for article in ARTICLES[site] if (a := article.in_edition(edition))]


def canonical(room: Newsroom, article: Article) -> str:
    return room.article_url(f"{article.site}/{article.slug}")


def page(room: Newsroom, article: Article) -> Answer:
    return get(room, canonical(room, article))


# The articles


def test_there_are_enough_sites_articles_and_languages() -> None:
    assert len(ARTICLES) >= 8
    assert sum(map(len, ARTICLES.values())) >= 100
    assert len({SITES[site].language for site in ARTICLES}) >= 7


def test_every_article_belongs_to_a_site_and_is_of_a_sensible_length() -> None:
    assert ARTICLES.keys() == SITES.keys()
    more = load_articles(MORE)
    assert more.keys() <= load_sites(more)[0].keys() and not more.keys() & SITES.keys()
    every = [a for ones in (*ARTICLES.values(), *more.values()) for a in ones]
    short = [a.slug for a in every if len(" ".join(a.paragraphs)) < 350]
    assert not short


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"titel": "x"}, "titel"),
        ({"published": "2024-01-01T00:00:00Z"}, "2023"),
        ({"modified": "2023-02-07T00:00:00Z"}, "modified"),
        ({"same_as": "site/none"}, "same_as"),
        ({"title": None}, "title"),
    ],
)
def test_a_wrong_article_file_is_refused_and_named(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    good = {"title": "A", "published": "2023-02-08T00:00:00Z", "section": "news", "body": "Text."}
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "slug.yml").write_text(yaml.safe_dump(good | change))
    with pytest.raises(UserError, match=rf"(?s)site/slug.*{complaint}"):
        load_articles(tmp_path)


def test_a_wire_story_is_carried_by_three_english_sites_under_titles_of_their_own() -> None:
    original = next(a for a in ARTICLES["harbour-post"] if a.slug == "west-africa-leaders-transition-summit")
    copies = [a for ones in ARTICLES.values() for a in ones if a.same_as == f"harbour-post/{original.slug}"]
    assert {copy.site for copy in copies} >= {"capital-wire", "lagos-ledger"}
    assert all(copy.title != original.title for copy in copies)


def test_the_desks_edit_the_wire_a_little(tmp_path: Path) -> None:
    bodies = {f"{a.site}/{a.slug}": a.body for ones in ARTICLES.values() for a in ones}
    copies = [a for ones in ARTICLES.values() for a in ones if a.same_as]
    assert {SITES[copy.site].language for copy in copies} == {"en", "fr"} and len(copies) == 4
    for copy in copies:
        alike = SequenceMatcher(None, copy.body.split(), bodies[copy.same_as].split(), autojunk=False).ratio()
        assert 0.85 < alike < 1, copy.slug
    for name, own in (("a", {"body": "Text of the wire."}), ("b", {"same_as": "site/a", "desk": {"no such": "words"}})):
        article = {"title": "A", "published": "2023-02-08T00:00:00Z", "section": "news"} | own
        (tmp_path / "site").mkdir(exist_ok=True)
        (tmp_path / "site" / f"{name}.yml").write_text(yaml.safe_dump(article))
    with pytest.raises(UserError, match="site/b: desk changes words that the wire story does not have: 'no such'"):
        load_articles(tmp_path)


def test_the_report_of_the_visit_to_algiers_has_none_of_the_words_of_the_english_query() -> None:
    article = next(a for a in ARTICLES["maghreb-matin"] if a.slug == "algerie-russie-cooperation-militaire")
    text = " ".join([article.title, article.lead or "", article.body, *article.tags])
    assert not re.search(r"\b(russia|military|cooperation|africa)\b", text, re.IGNORECASE)
    assert {"Patrouchev", "Tebboune", "Chanegriha"} <= set(re.findall(r"\w+", text))
    assert len(text.split()) > 200


def test_the_languages_have_the_same_words() -> None:
    assert len({frozenset(words) for words in WORDS.values()}) == 1


# The sites


@pytest.mark.parametrize("site", SITES)
def test_every_site_answers_its_front_page_its_robots_and_all_its_articles(room: Newsroom, site: str) -> None:
    charset = SITES[site].charset
    front = get(room, room.url(site)).body.decode(charset)
    for article in current(site):
        answer = page(room, article)
        assert answer.status == 200
        html = answer.body.decode(charset)
        assert f'<link rel="canonical" href="{canonical(room, article)}">' in html
        assert canonical(room, article) in front
    robots = get(room, room.url(site, "/robots.txt")).text
    assert "User-agent: *" in robots and (site == "broken-times") == ("Disallow: /" in robots)


@pytest.mark.parametrize("site", [s for s in SITES if SITES[s].listings and s != "broken-times"])
def test_feeds_and_sitemaps_list_every_article(room: Newsroom, site: str) -> None:
    for path, kind in SITES[site].listings.items():
        answer = get(room, room.url(site, path))
        assert answer.status == 200
        expected = {canonical(room, article) for article in current(site)}
        if kind == "sitemap-index":
            expected = {room.url(site, p) for p, k in SITES[site].listings.items() if k == "news-sitemap"}
        if "sitemap" in kind:
            tree = etree.fromstring(answer.body)
            found = {loc.text for loc in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")}
        else:
            feed = feedparser.parse(answer.body, response_headers={"content-type": answer.headers["Content-Type"]})
            assert feed.bozo == (site == "lagos-ledger"), feed.get("bozo_exception")
            found = {entry.link.split("?")[0] for entry in feed.entries if "link" in entry}
            assert ("utm_source" in answer.text) == (site == "folha-do-cabo")
        assert found >= expected and (kind == "rdf" or found == expected)


def test_a_site_without_feeds_lists_its_articles_on_its_section_pages(room: Newsroom) -> None:
    source = next(s for s in load_sources(room.sources) if s.domain == "capital-wire.localhost")
    assert not source.feeds and not source.sitemaps
    sections = "".join(get(room, url).text for url in source.sections)
    assert all(canonical(room, article) in sections for article in current("capital-wire"))


def test_the_catalogue_names_every_site_with_addresses_that_answer(room: Newsroom) -> None:
    sources = load_sources(room.sources)
    assert {source.domain for source in sources} == {site.host for site in SITES.values()}
    for source in sources:
        addresses = source.feeds + source.sitemaps + source.sections
        assert addresses and all(get(room, url).status == 200 for url in addresses)


def test_structured_data_comes_in_several_shapes_and_in_none(room: Newsroom) -> None:
    shapes = {}
    for site in SITES:
        html = page(room, current(site)[-1]).body.decode(SITES[site].charset)
        found = re.search(r'<script type="application/ld\+json">\s*(.*?)\s*</script>', html, re.DOTALL)
        shapes[site] = yaml.safe_load(found[1]) if found else None
    assert isinstance(shapes["harbour-post"], list)
    assert "@graph" in shapes["paris-derniere"]
    assert "NewsArticle" in shapes["folha-do-cabo"]["mainEntity"]["@type"]
    assert shapes["maghreb-matin"]["@type"] == "NewsArticle"
    assert {site for site, shape in shapes.items() if shape is None} == {
        site.id for site in SITES.values() if site.data in ("og", "microdata", "none")
    }
    assert 'itemprop="articleBody"' in page(room, current("lagos-ledger")[0]).text
    assert "article:published_time" in page(room, current("sahel-courrier")[0]).text


def test_the_noise_that_readers_see_stands_in_the_page(room: Newsroom) -> None:
    article = next(a for a in ARTICLES["maghreb-matin"] if a.slug == "algerie-russie-cooperation-militaire")
    html = page(room, article).text
    assert article.image
    text = re.sub("<[^>]+>", "", html.split("<main>")[1])
    for noise in ("Image", "Partager", "minutes de lecture", "(RE)voir :", "Chargement du lecteur...", "© Yacine"):
        assert noise in text
    assert text.count(article.image.caption.split("'")[-1]) == 2


def test_charsets_are_right_missing_or_wrong_as_on_the_web(room: Newsroom) -> None:
    russian = page(room, current("neva-vestnik")[0])
    assert russian.headers["Content-Type"] == "text/html; charset=windows-1251"
    assert current("neva-vestnik")[0].title in unescape(russian.text)
    argentine = page(room, current("el-faro-del-sur")[0])
    assert argentine.headers["Content-Type"] == "text/html"
    assert b'<meta charset="iso-8859-1">' in argentine.body
    argentine.body.decode("windows-1252")
    with pytest.raises(UnicodeDecodeError):
        argentine.body.decode("utf-8")


def test_a_paginated_article_names_its_first_page_as_the_canonical_one(room: Newsroom) -> None:
    url = room.article_url("harbour-post/long-read-lighthouse-keepers")
    first, second = get(room, url).text, get(room, f"{url}?page=2").text
    assert f'<link rel="next" href="{url}?page=2">' in first
    assert f'<link rel="canonical" href="{url}">' in second
    assert "Alan Threadgold can still" in first and "Alan Threadgold can still" not in second
    assert "Maureen Pettit" in second and "Maureen Pettit" not in first
    assert get(room, f"{url}?page=3").status == 404


def test_a_live_blog_dates_each_update(room: Newsroom) -> None:
    html = get(room, room.article_url("harbour-post/port-strike-live")).text
    assert '"@type": "LiveBlogPosting"' in html and '"datePublished": "2023-02-28T16:05:00+0000"' in html


def test_a_paywalled_article_is_a_teaser_with_a_box(room: Newsroom) -> None:
    html = get(room, room.article_url("capital-wire/fed-rate-path-hidden-jobs-signal")).text
    assert "six hundred owners" in html and "subscribe-box" in html and "Nebraska" not in html


def test_photos_are_served(room: Newsroom) -> None:
    answer = get(room, room.url("maghreb-matin", "/images/algerie-russie-cooperation-militaire.png"))
    assert answer.headers["Content-Type"] == "image/png" and answer.body.startswith(b"\x89PNG")


# Conditional requests and editions


@pytest.mark.parametrize("site", [s for s in SITES if s != "broken-times"])
def test_what_a_client_has_is_answered_with_304_and_no_body(room: Newsroom, site: str) -> None:
    for path in ["/", *SITES[site].listings, SITES[site].article_path(current(site)[-1])]:
        url = room.url(site, path)
        full = get(room, url)
        tag, date = full.headers["ETag"], full.headers["Last-Modified"]
        for condition in ({"If_None_Match": tag}, {"If_None_Match": f'"x", W/{tag}'}, {"If_Modified_Since": date}):
            again = get(room, url, **condition)
            assert (again.status, again.body) == (304, b"")
            assert again.headers["ETag"] == tag
        assert get(room, url, If_None_Match='"other"', If_Modified_Since=date).status == 200
        assert get(room, url, If_Modified_Since="Mon, 02 Jan 2023 00:00:00 GMT").status == 200
        assert get(room, url, If_Modified_Since="yesterday").status == 200


def test_the_second_edition_changes_exactly_the_edited_articles_and_adds_the_new_ones(room: Newsroom) -> None:
    def tags(edition: int) -> dict[str, str]:
        room.edition = edition
        answers = {f"{a.site}/{a.slug}": page(room, a) for ones in ARTICLES.values() for a in ones}
        return {name: answer.headers["ETag"] for name, answer in answers.items() if answer.status == 200}

    first, second = tags(1), tags(2)
    everything = {f"{a.site}/{a.slug}": a for ones in ARTICLES.values() for a in ones}
    assert second.keys() == everything.keys()
    assert second.keys() - first.keys() == {name for name, a in everything.items() if a.edition == 2} != set()
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {name for name, a in everything.items() if a.edited} != set()


def test_an_edit_shows_in_the_listing_and_answers_an_old_validator_in_full(room: Newsroom) -> None:
    url = room.article_url("harbour-post/coastal-flood-defences-vote")
    before = get(room, url)
    listings = [room.url("harbour-post", path) for path in SITES["harbour-post"].listings]
    old = [get(room, listing).headers["ETag"] for listing in listings]
    room.edition = 2
    for condition in (
        {"If_None_Match": before.headers["ETag"]},
        {"If_Modified_Since": before.headers["Last-Modified"]},
    ):
        after = get(room, url, **condition)
        assert after.status == 200 and "counting error" in after.text
    assert "counting error" not in before.text
    for listing, tag in zip(listings, old, strict=True):
        assert "2023-02-25T11:30:00+00:00" in get(room, listing, If_None_Match=tag).text


# Trouble


def test_the_broken_site_fails_in_every_way(room: Newsroom) -> None:
    def status(path: str) -> int:
        return get(room, room.url("broken-times", path)).status

    assert [status(f"/news/{path}") for path in ("refused", "breaks", "gone")] == [403, 500, 404]
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(get(room, room.url("broken-times", "/feed.xml")).body)
    front = get(room, room.url("broken-times", "/news")).text
    assert all(trouble.path in front for trouble in SITES["broken-times"].trouble if trouble.listed)
    assert "/private/" in room.article_url("broken-times/harbour-rents-memo")


def test_two_redirects_lead_to_an_article_and_a_circle_never_ends(room: Newsroom) -> None:
    url = room.url("broken-times", "/news/moved")
    for _ in range(2):
        answer = get(room, url)
        assert answer.status == 301
        url = room.url("broken-times", answer.headers["Location"])
    assert get(room, url).status == 200 and url == room.article_url("broken-times/ferry-timetable-changes")
    path, seen = "/news/circle", set()
    for _ in range(25):
        seen.add(path)
        path = get(room, room.url("broken-times", path)).headers["Location"]
    assert len(seen) == 25 and path not in seen


def test_the_slow_article_keeps_an_impatient_client_waiting(room: Newsroom) -> None:
    room.slow, usual = 1.0, room.slow
    with pytest.raises(TimeoutError):
        get(room, room.article_url("broken-times/old-lift-bridge-opens-again"), timeout=0.05)
    room.slow = usual
    assert get(room, room.article_url("broken-times/old-lift-bridge-opens-again")).status == 200


def test_a_site_that_refuses_answers_everything_with_403_and_the_others_as_before(room: Newsroom) -> None:
    room.refuse = ("maghreb-matin",)
    assert get(room, room.url("maghreb-matin", "/robots.txt")).status == 403
    assert get(room, room.url("harbour-post", "/robots.txt")).status == 200
    room.refuse = ()
    assert get(room, room.url("maghreb-matin", "/robots.txt")).status == 200


def test_unknown_hosts_and_addresses_are_not_found(room: Newsroom) -> None:
    assert get(room, f"http://nobody.localhost:{room.port}/").status == 404
    assert get(room, room.url("harbour-post", "/world/nothing")).status == 404


def test_what_was_served_is_on_record(room: Newsroom) -> None:
    room.requests.clear()
    get(room, room.url("habari-pwani", "/atom.xml?x=1"))
    assert room.requests == [("habari-pwani.localhost", "/atom.xml?x=1", 200)]


def test_a_taken_port_is_said_in_one_sentence(room: Newsroom) -> None:
    with pytest.raises(UserError, match=f"port {room.port}.*WIREWATCH_NEWSROOM_PORT"), Newsroom(port=room.port):
        pass


def test_the_command_prints_the_addresses_and_stops_when_asked(room: Newsroom) -> None:
    command = [sys.executable, "-m", "tests.newsroom", "--port"]
    taken = subprocess.run([*command, str(room.port)], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert taken.returncode == 1 and "WIREWATCH_NEWSROOM_PORT" in taken.stderr and "Traceback" not in taken.stderr
    with subprocess.Popen([*command, "0"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(len(SITES) + 1)]
        process.terminate()
    assert process.returncode == 0
    assert "http://maghreb-matin.localhost:" in "".join(lines) and lines[-1].startswith("Catalogue: ")

"""The search pages: what they show, that a site's text does nothing in them, and that they need no script."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from lxml import html

from api.app import app
from api.pages.address import Address
from api.pages.alert import alert_of
from api.pages.timeline import STEPS, timeline
from search import marks
from search.alerts.alert import as_yaml, load_alerts
from tests.api.conftest import EVIL, Room
from wirewatch.settings import get_settings

QUESTION = "Russia military cooperation Africa"


def titles(page: httpx.Response) -> list[str]:
    return [one.text_content() for one in html.fromstring(page.text).cssselect(".hits h2 a")]


def link(page: httpx.Response, text: str) -> str:
    """Where the link with a text leads."""
    found = [a for a in html.fromstring(page.text).iter("a") if text in " ".join(a.text_content().split())]
    assert found, text
    return str(found[0].get("href"))


def test_the_first_page_has_the_newest_articles_and_everything_to_go_on_from(web: TestClient, paper: Room) -> None:
    page = web.get("/")
    assert page.status_code == 200
    assert len(titles(page)) == len(paper) - 1 and titles(page)[-1] == paper["swahili"].title
    assert "Narrow down" in page.text and "Skip to the content" in page.text


def test_a_question_shows_hits_with_their_words_lit_in_their_own_language(web: TestClient, paper: Room) -> None:
    page = web.get("/", params={"q": QUESTION})
    assert titles(page)[0] == paper["algiers"].title
    assert "<mark>coopération</mark> <mark>militaire</mark>" in page.text
    first = html.fromstring(page.text).cssselect(".hits > li")[0]
    assert [one.text_content() for one in first.cssselect(".tag")] == ["Russia", "Africa", "military cooperation"]
    assert first.cssselect("h2 a")[0].get("lang") == first.cssselect("blockquote")[0].get("lang") == "fr"


def test_what_sites_write_is_text_and_their_addresses_are_of_the_web(web: TestClient, paper: Room) -> None:
    hostile = paper["hostile"]
    pages = [web.get("/", params={"kql": "wheat"}), web.get("/"), web.get(f"/article/{hostile.id}")]
    pages += [web.get("/", params={"q": EVIL}), web.get("/", params={"kql": EVIL}), web.get(f"/article/{EVIL}")]
    pages += [web.get("/", params={"people": EVIL, "sources": EVIL, "topics": EVIL})]
    for page in pages:
        found = html.fromstring(page.text)
        assert not found.cssselect("script, style, img, iframe, object, [style]")
        assert not [name for one in found.iter() for name in one.attrib if name.startswith("on")]
        assert not [a for a in found.iter("a") if not re.match(r"(/|#|https?://)", a.get("href"))]
    assert "<mark>Wheat</mark> <mark>wheat</mark> &lt;script&gt;" in pages[0].text
    assert html.fromstring(pages[2].text).cssselect(".text p")[2].text_content() == EVIL
    assert 'href="https://evil.example/i.png"' in pages[2].text


def test_every_answer_forbids_scripts_and_what_is_from_elsewhere(web: TestClient, paper: Room) -> None:
    for path in ("/", "/?kql=(", "/page.css", "/article/none", f"/article/{paper['algiers'].id}", "/api/search?q=a"):
        policy = web.get(path).headers["content-security-policy"].split("; ")
        assert policy[0] == "default-src 'none'" and "unsafe" not in str(policy)
        assert set(policy[1:]) == {
            "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"
        }  # fmt: skip
        told = "same-origin" if path == "/" else "no-referrer"  # other sites are told nothing either way
        assert web.get(path).headers["referrer-policy"] == told
    assert web.get("/page.css").headers["content-type"].startswith("text/css")


def test_a_facet_narrows_and_its_filter_can_be_taken_away(web: TestClient, paper: Room) -> None:
    page = web.get("/", params={"q": "Russia", "languages": ["fr", "ar"]})
    narrowed = web.get(link(page, "Algeria"))
    assert set(titles(narrowed)) == {paper["algiers"].title, paper["arabic"].title}
    wider = web.get(link(narrowed, "Remove the filter Language: Arabic"))
    assert titles(wider) == [paper["algiers"].title]
    assert "Remove the filter Country: Algeria" in " ".join(html.fromstring(wider.text).text_content().split())
    # What is typed next is asked with the same filters.
    form = html.fromstring(wider.text).forms[0]
    assert {"languages": "fr", "countries": "DZ", "q": "Russia"}.items() <= dict(form.form_values()).items()


def test_the_form_alone_asks_in_words_and_in_kql(web: TestClient, paper: Room) -> None:
    form = html.fromstring(web.get("/").text).forms[0]
    assert (form.method, form.action) == ("GET", "/")
    values = dict(form.form_values()) | {"q": "countries: DZ and language: fr", "syntax": "kql"}
    page = web.get("/", params=values)
    assert titles(page) == [paper["algiers"].title]
    again = dict(html.fromstring(page.text).forms[0].form_values())
    assert (again["syntax"], again["q"]) == ("kql", values["q"])


def test_the_timeline_leads_to_its_days(web: TestClient, paper: Room) -> None:
    page = web.get("/", params={"kql": "countries: DZ"})
    steps = html.fromstring(page.text).cssselect(".timeline a")
    assert [one.text_content().split(":")[1].split()[0] for one in steps] == ["1", "1"]
    assert titles(web.get(steps[0].get("href"))) == [paper["algiers"].title]
    assert titles(web.get(steps[-1].get("href"))) == [paper["arabic"].title]


def test_pages_follow_each_other(web: TestClient, paper: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.pages.routes.HITS", 4)
    page, seen = web.get("/", params={"kql": "*", "sort": "newest"}), []
    seen += titles(page)
    while "Next page" in page.text:
        page = web.get(link(page, "Next page"))
        seen += titles(page)
    assert sorted(seen) == sorted(one.title for one in paper.values())
    assert titles(web.get(link(page, "Previous page"))) == seen[4:8]
    assert "There is no page 9" in web.get("/?page=9").text


def test_an_articles_page_has_all_that_is_known_of_it(web: TestClient, paper: Room) -> None:
    arabic = paper["arabic"]
    page = web.get(f"/article/{arabic.id}")
    found = html.fromstring(page.text)
    (title,) = found.cssselect("h1")
    assert (title.text_content(), title.get("lang"), title.get("dir")) == (arabic.title, "ar", "rtl")
    assert [p.text_content() for p in found.cssselect(".text p")] == [arabic.lead, *arabic.body.split("\n\n")]
    assert found.cssselect("del")[0].text_content() == "عنوان قديم"
    assert found.cssselect("ins")[0].text_content() == arabic.title
    (event,) = found.cssselect(".events li")
    said = " ".join(event.text_content().split())
    assert "consult: visit Russia → with or to Algeria, somebody military" in said
    assert event.cssselect("mark")[0].text_content() == "زار"
    assert paper["algiers"].title in found.xpath("//section[@aria-labelledby='story']")[0].text_content()
    assert found.xpath("//section[@aria-labelledby='similar']")
    assert titles(web.get(link(page, "Nikolai Patrushev")))[0] in {arabic.title, paper["algiers"].title}
    assert set(titles(web.get(link(page, "Its story")))) == {arabic.title, paper["algiers"].title}
    assert titles(web.get(link(page, "Similar articles")))[0]


def test_copies_are_told_on_the_articles_page(web: TestClient, paper: Room) -> None:
    page = web.get(f"/article/{paper['quay'].id}")
    assert "Copies of its text" in page.text and f"/article/{paper['copy'].id}" in page.text
    assert "1 copy" in web.get("/", params={"q": "minister of ports quay"}).text


def test_a_suggestion_is_a_link(web: TestClient, paper: Room) -> None:
    page = web.get("/", params={"q": "Amina Okonkvaro"})
    assert link(page, "Amina Okonkwaro") == "/?q=Amina+Okonkwaro"
    assert paper["wheat"].title in titles(web.get("/?q=Amina+Okonkwaro"))


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/?kql=(a and", 400, "line 1, character"),
        ("/?q=a&kql=b", 400, "Ask one thing"),
        ("/?q=a&colour=red", 400, "colour"),
        ("/?since=yesterday", 400, "since"),
        ("/?page=-1", 400, "number from 1"),
        ("/?page=99999", 400, "first 10000 hits"),
        ("/?similar=0123", 400, "no article"),
        ("/article/none", 404, "no article"),
        ("/article/", 404, "more than one article"),
    ],
)
def test_what_cannot_be_shown_is_said_on_a_page_with_what_was_typed(
    web: TestClient, path: str, status: int, says: str
) -> None:
    page = web.get(path)
    found = html.fromstring(page.text)
    (told,) = found.cssselect("[role=alert]")
    assert (page.status_code, says in told.text_content()) == (status, True)
    if "kql=(" in path:
        assert dict(found.forms[0].form_values())["q"] == "(a and"


def test_nothing_found_and_nothing_typed_are_no_errors(web: TestClient, paper: Room) -> None:
    assert "No article matches" in web.get("/", params={"kql": "title: xqzvb"}).text
    empty = web.get("/", params={"q": " ", "since": "", "sort": "", "fold": "", "syntax": "words"})
    assert len(titles(empty)) == len(paper) - 1  # a copy


def test_an_alert_of_a_search_is_read_by_alerts_and_finds_what_the_search_has(
    web: TestClient, paper: Room, tmp_path: Path
) -> None:
    page = web.get("/", params={"q": 'Russia "military cooperation" and Africa?', "countries": ["DZ", "BY"]})
    (lines,) = html.fromstring(page.text).cssselect("pre")
    file = tmp_path / "alerts.yml"
    file.write_text(lines.text_content())
    (alert,) = load_alerts(file)
    assert alert.kql == (
        'Russia and "military cooperation" and "and" and "Africa?" and (countries: "DZ" or countries: "BY")'
    )
    found = web.get("/", params={"kql": alert.kql.replace('and "and" ', "")})
    assert set(titles(found)) == {paper["algiers"].title, paper["drills"].title}
    assert "no alert" in web.get("/").text and "no alert" in web.get(f"/?similar={paper['algiers'].id}").text


@pytest.mark.parametrize(
    ("params", "kql"),
    [
        ({"kql": "a or b", "topics": "coup"}, '(a or b) and topics: "coup"'),
        ({"kql": "a or b"}, "a or b"),
        ({"people": "person:x"}, 'concepts.ids: "person:x"'),
        ({"people": 'A "B" \\'}, 'people: "A \\"B\\" \\\\"'),
        ({"sources": "a.b", "languages": "fr"}, 'language: "fr" and (source.id: "a.b" or source.name.keyword: "a.b")'),
        ({"q": "x - y: z"}, 'x and "y:" and z'),
    ],
)
def test_an_alert_says_filters_and_words_in_kql(params: dict[str, str], kql: str, tmp_path: Path) -> None:
    file = tmp_path / "alerts.yml"
    made = alert_of(Address(params.items()).asked())
    assert made
    file.write_text(as_yaml(made))
    assert [alert.kql for alert in load_alerts(file)] == [kql]


def test_without_a_cluster_the_page_says_so() -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WIREWATCH_ELASTICSEARCH__URL", "https://127.0.0.1:9")
        get_settings.cache_clear()
        page = TestClient(app(["testserver"])).get("/", params={"q": QUESTION})
    get_settings.cache_clear()
    assert (page.status_code, "does not answer" in page.text, "<h1>" in page.text) == (503, True, True)


def test_pages_are_well_formed(web: TestClient, paper: Room) -> None:
    """Every element that is opened is closed, in its order, and no id is there twice."""
    for path in ("/", "/?q=Russia&languages=en", f"/article/{paper['arabic'].id}", "/article/none"):
        reader = _Nesting()
        reader.feed(web.get(path).text)
        assert reader.open == [] and len(reader.ids) == len(set(reader.ids))


class _Nesting(HTMLParser):
    """Follows which elements are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in {"meta", "link", "input"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    ("fragment", "shown"),
    [
        ("a <em>b</em> c", "a <mark>b</mark> c"),
        ("<em>a</em></em> <b>", "<mark>a</mark>&lt;/em&gt; &lt;b&gt;"),
        ("a <em>b", "a &lt;em&gt;b"),
        ("", ""),
    ],
)
def test_only_whole_marks_are_marks(fragment: str, shown: str) -> None:
    assert marks.marked(fragment) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/b?c=1#d", True),
        ("http://a.example", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//a.example", False),
        ("http://[", False),
        ("http:", False),
        (None, False),
    ],
)
def test_only_addresses_of_the_web_are_linked(url: str | None, shown: bool) -> None:
    assert marks.web(url) == (url if shown else "")


@pytest.mark.parametrize("span", [1, 5, 36, 37, 200, 400, 2_000, 5_000, 40_000, 700_000])
def test_a_timeline_has_few_steps_that_follow_each_other_and_all_articles(span: int) -> None:
    last = date(2026, 11, 23)
    days = [(last - timedelta(days=n), n % 3 + 1) for n in {0, span // 2, span - 1}]
    steps = timeline(days)
    assert 1 <= len(steps) <= STEPS
    assert (steps[0].since <= days[-1][0] or span > 1) and steps[-1].until == last
    assert all(after.since - before.until == timedelta(days=1) for before, after in pairwise(steps))
    assert sum(step.articles for step in steps) == sum(count for _, count in days)


def test_a_timeline_of_nothing_is_empty() -> None:
    assert timeline([]) == []


FORM = {"name": "Wheat", "kql": "wheat", "every": "week", "at": "09:30", "zone": "Africa/Cairo", "mail": ""}


def test_the_form_of_a_search_makes_its_alert(web: TestClient, paper: Room) -> None:
    page = html.fromstring(web.get("/", params={"q": "wheat", "countries": "EG"}).text)
    (form,) = [form for form in page.forms if form.action == "/alerts"]
    assert (form.fields["name"], form.fields["kql"]) == ("wheat, Egypt", 'wheat and countries: "EG"')
    assert set(FORM) == set(form.fields.keys())
    done = web.post("/alerts", data=FORM)
    assert done.status_code == 200
    assert "The alert <bdi>Wheat</bdi> is made" in done.text
    alert = web.get("/api/alerts/Wheat").json()["alert"]
    assert (alert["kql"], alert["every"], alert["at"], alert["zone"]) == ("wheat", "week", "09:30:00", "Africa/Cairo")
    again = web.post("/alerts", data=FORM)
    assert again.status_code == 409
    assert "There is an alert named Wheat already" in again.text


@pytest.mark.parametrize(
    ("changes", "headers", "status", "message"),
    [
        ({}, {"sec-fetch-site": "cross-site"}, 403, "another site"),
        ({}, {"origin": "https://evil.example"}, 403, "another site"),
        ({}, {"origin": "null"}, 403, "another site"),
        ({"channel": "file:/etc/passwd"}, {}, 400, "is the operator"),
        ({"channel": "stdout"}, {}, 400, "is the operator"),
        ({"zone": "Mars"}, {}, 400, "no time zone"),
        ({"mail": "nobody"}, {}, 400, "mail"),
        ({"clauses": "[]"}, {}, 400, "no field clauses"),
        ({"name": ""}, {}, 400, "name"),
        ({"kql": "x" * 200_000}, {}, 400, "too large"),
    ],
)
def test_what_the_form_cannot_make_is_refused_with_why(
    web: TestClient, changes: dict[str, str], headers: dict[str, str], status: int, message: str
) -> None:
    refused = web.post("/alerts", data={**FORM, "name": "Refused", **changes}, headers=headers)
    assert refused.status_code == status
    assert message in refused.text
    assert web.get("/api/alerts/Refused").status_code == 404


def test_a_hit_of_kql_on_events_shows_who_did_what_with_whom(web: TestClient, paper: Room) -> None:
    page = web.get("/", params={"kql": "events: { type: consult and countries: RU }"}).text
    told = page[page.index('<ul class="events">') :]
    assert "consult: visit" in told and "<bdi>Russia</bdi>" in told and "<mark>زار</mark>" in told
    assert 'class="events"' not in web.get("/", params={"kql": "countries: RU"}).text

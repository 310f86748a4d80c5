"""What sites say about keeping their pages is understood, and honoured as the settings say."""

import pytest
from scrapy.http import HtmlResponse

from crawlers.optout import OptOuts, is_reserved, policy
from wirewatch.settings import CrawlSettings

ALL = CrawlSettings(honour_noindex=True, honour_noarchive=True, honour_tdm=True)


def reason(page: str = "", crawl: CrawlSettings = ALL, **headers: str) -> str | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return OptOuts(crawl).reason(HtmlResponse("http://a.example/", body=page.encode(), headers=named))


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('<meta name="robots" content="noindex">', "noindex"),
        ("<META CONTENT='follow, NOINDEX' NAME='Robots'/>", "noindex"),
        ("<meta name=robots content=none>", "noindex"),
        ('<meta name="wirewatch" content="noarchive">', "noarchive"),
        ('<meta name="tdm-reservation" content="1">', "tdm-opt-out"),
        ('<meta name="tdm-reservation" content="0">', None),
        ('<meta name="robots" content="index, follow, max-snippet:-1">', None),
        ('<meta name="googlebot" content="noindex">', None),
        ('<p>robots: noindex</p><meta name="description" content="robots, noindex">', None),
        ("<p>" + "x" * 70_000 + '</p><meta name="robots" content="noindex">', None),
    ],
)
def test_what_a_page_says(page: str, expected: str | None) -> None:
    assert reason(page) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("noindex, nofollow", "noindex"),
        ("wirewatch: noarchive", "noarchive"),
        ("otherbot: noindex, nofollow", None),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST", None),
        ("max-snippet: 20, noindex", "noindex"),
        ("all", None),
    ],
)
def test_what_a_header_says(tag: str, expected: str | None) -> None:
    assert reason(X_Robots_Tag=tag) == expected


def test_the_page_decides_on_its_reservation_before_the_header() -> None:
    assert reason(tdm_reservation="1") == "tdm-opt-out"
    assert reason('<meta name="tdm-reservation" content="0">', tdm_reservation="1") is None


def test_the_settings_decide_what_is_honoured() -> None:
    page = '<meta name="robots" content="noindex, noarchive"><meta name="tdm-reservation" content="1">'
    assert reason(page) == "noindex"
    assert reason(page, CrawlSettings(honour_noindex=False, honour_noarchive=True)) == "noarchive"
    assert reason(page, CrawlSettings(honour_noindex=False)) == "tdm-opt-out"
    assert reason(page, CrawlSettings(honour_noindex=False, honour_tdm=False)) is None


def test_the_first_rule_for_a_path_says_whether_it_is_reserved() -> None:
    rules = policy(
        b'[{"location": "/free/*", "tdm-reservation": 0}, {"location": "/*.html$", "tdm-reservation": 1},'
        b' {"location": "/paid", "tdm-reservation": "1"}, {"tdm-reservation": 1}, 3]'
    )
    reserved = {
        path: is_reserved(rules, f"http://a.example{path}") for path in ("/free/a.html", "/b.html", "/b.html?x")
    }
    assert reserved == {"/free/a.html": False, "/b.html": True, "/b.html?x": False}
    assert is_reserved(rules, "http://a.example/paid/x") and not is_reserved(rules, "http://a.example")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[" * 100_000, b'[{"location": 3}]', b"\xff"])
def test_a_file_that_is_none_reserves_nothing(body: bytes) -> None:
    assert policy(body) == []

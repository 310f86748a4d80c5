"""What addresses tell."""

import pytest

from crawlers.discovery import clean_url, is_within, looks_like_article, site_of


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


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        ("https://a.com:443/x", "https://a.com/x"),
        ("http://a.com:80", "http://a.com"),
        ("http://a.com:8080/x", "http://a.com:8080/x"),
        ("https://a.com/x;jsessionid=0A1B?y=1", "https://a.com/x?y=1"),
        ("https://a.com/x?PHPSESSID=0a1b2c&y=1", "https://a.com/x?y=1"),
        ("https://a.com/x?sid=0123456789abcdef0123", "https://a.com/x"),
        ("https://a.com/x?sid=1234", "https://a.com/x?sid=1234"),
    ],
)
def test_sessions_and_default_ports_go(url: str, cleaned: str) -> None:
    assert clean_url(url) == cleaned


def test_an_address_of_any_length_is_none() -> None:
    assert clean_url("https://a.com/" + "x" * 5000) is None
    assert clean_url("https://a.com/" + "é" * 1000) is None
    assert clean_url("https://a.com/" + "x" * 1500)

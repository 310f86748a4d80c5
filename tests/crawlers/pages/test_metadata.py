"""Times, texts and encodings as sites write them."""

from datetime import UTC, datetime

import pytest

from crawlers.pages import read_article
from crawlers.pages.charset import encoding_of
from crawlers.pages.metadata import clean, parse_time


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("Tue, 07 May 2024 10:00:00 +0800 (CST)", 2),
        ("Tue, 07 May 2024 10:00:00 CST", 16),
        ("2024-05-07T10:00:00+02:00", 8),
        ("May 7, 2024 10:00", 10),
    ],
)
def test_a_number_tells_the_zone_better_than_its_name(text: str, hour: int) -> None:
    assert parse_time(text) == datetime(2024, 5, 7, hour, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2024", "May 2024", "2024-05", "10:00", "7 May"])
def test_what_names_no_day_is_no_time(text: str) -> None:
    assert parse_time(text) is None


def test_half_an_emoji_is_left_out() -> None:
    assert clean("cut here \ud83d") == "cut here"
    assert clean("whole \ud83d\ude00") == "whole 😀"


@pytest.mark.parametrize("declared", ["utf-16", "hex", "no-such-encoding"])
def test_an_encoding_that_the_page_cannot_be_in_is_not_believed(declared: str) -> None:
    assert encoding_of(f'<meta charset="{declared}"><h1>Ferry</h1>'.encode(), []) == "utf-8"


def test_rdfa_is_read_like_microdata_but_not_of_comments() -> None:
    text = "".join(f"<p>The ferry across the lake left late for the {n}th time this month.</p>" for n in range(9))
    page = f"""<article typeof="schema:NewsArticle"><h2 property="schema:headline">Ferry leaves late again</h2>
      <div typeof="sioc:Post sioct:Comment"><span property="dc:date" content="2019-01-02T08:00:00+03:00"></span></div>
      <span property="dc:date dc:created" content="2024-05-07T10:00:00+03:00"></span>{text}</article>"""
    item = read_article("https://example.org/ferry", page.encode())
    assert (item.title, item.published) == ("Ferry leaves late again", datetime(2024, 5, 7, 7, tzinfo=UTC))
    assert item.origins["published"] == "itemprop datePublished"

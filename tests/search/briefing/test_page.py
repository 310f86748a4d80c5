"""The page of a briefing: what it says, and that sites have no say in how."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html

from search.alerts.message import as_html
from search.briefing import Briefing, Period, page
from search.briefing.gather import Step
from search.briefing.page import HEIGHT, columns
from tests.search.briefing.conftest import EVIL, NOON


def words(document: html.HtmlElement) -> str:
    for unseen in document.xpath("//style"):
        unseen.drop_tree()
    return " ".join(document.text_content().split())


def test_it_says_what_there_is_to_say(briefing: Briefing) -> None:
    said = words(html.document_fromstring(page(briefing)))
    for sentence in (
        "19 Nov 2026, 12:00 UTC – 20 Nov 2026, 12:00 UTC",
        "Articles that came in during this time, whenever they were published. Made 20 Nov 2026",
        "1,277 articles from 3 outlets in 1 country and 2 languages: 2 stories",
        "About: Algeria, military cooperation",
        "Told in 2 countries and 2 languages; new French Matin, Soir Arabic النيل",
        "goes on after 4 earlier articles",
        "7 stories in 9 articles",
        "And 5 more stories.",
        "Nothing new: Disasters.",
        "And 1 more notice.",
        "Developing الجزائر",
        "Democratic Republic of the Congo 200",
        "of 2 sources, 2 were visited in the last 24 hours of runs, and 1 is not well",
        "feed dead: https://wire.example/feed has failed",
        "`wirewatch sources check` shows what moved",
    ):
        assert sentence in said, sentence


def test_a_story_or_notice_is_shown_as_the_messages_of_alerts_show_it(briefing: Briefing) -> None:
    shown = page(briefing)
    assert as_html(briefing.top[0].notice, "UTC", level=3) in shown
    assert as_html(briefing.told[0].notices[0], "UTC", level=4) in shown


def test_what_sites_send_is_text_and_nothing_is_loaded_or_run(briefing: Briefing) -> None:
    shown = page(briefing)
    assert "<script" not in shown and "<img" not in shown and "49" not in words(html.document_fromstring(shown))
    document = html.document_fromstring(shown)
    assert len(document.xpath("//style")) == 1
    assert document.xpath("//*[@src or @onerror or @onload]|//link|//iframe|//object|//form") == []
    policy = document.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    addresses = document.xpath("//a/@href")
    assert addresses and all(address.startswith(("http://", "https://")) for address in addresses)
    assert shown.startswith("<!doctype html>")
    assert EVIL in " ".join(document.xpath("//h3/bdi/text()"))


def test_the_chart_can_be_read_as_text(briefing: Briefing) -> None:
    chart = html.document_fromstring(page(briefing)).xpath("//svg[@role='img']")[0]
    title, text = (chart.xpath(f"string(*[@id='{id}'])") for id in chart.get("aria-labelledby").split())
    assert title == "Articles by hour"
    assert text.split("; ")[1] == "19 Nov, 13:00: 9"
    assert len(text.split("; ")) == 25
    assert [one.text for one in chart.xpath(".//text[@class='value']")][:3] == ["9", "18", "27"], "and no noughts"


def test_columns_are_as_high_as_their_articles_and_fill_the_width() -> None:
    steps = [Step(NOON + timedelta(days=at), articles) for at, articles in enumerate((0, 5, 10, 10))]
    drawn = columns(steps, "day")
    assert [(one.y, one.height) for one in drawn] == [(HEIGHT, 0), (HEIGHT / 2, HEIGHT / 2), (0, HEIGHT), (0, HEIGHT)]
    assert [one.x for one in drawn] == [2.5, 27.5, 52.5, 77.5]
    assert drawn[-1].x + drawn[-1].width < 100
    assert [one.tick for one in drawn] == ["20 Nov", "21 Nov", "22 Nov", "23 Nov"]
    many = columns([Step(NOON + timedelta(hours=at), 1) for at in range(24)], "hour")
    assert [one.tick for one in many if one.tick] == ["12:00", "20:00", "03:00", "11:00"]
    assert [one.height for one in columns([Step(NOON, 0)], "day")] == [0]


def test_a_time_without_anything_says_so(briefing: Briefing) -> None:
    empty = replace(briefing, articles=0, top=(), desks=(), told=(), sources=(), broken=())
    said = words(html.document_fromstring(page(empty)))
    assert "No article is of this time: `wirewatch batches` shows" in said
    assert "No alert has found anything in this time." in said
    assert "of 0 sources, 0 were visited in the last 24 hours of runs, and none is known to be not well" in said


@pytest.mark.parametrize(("until", "said"), [((2023, 4, 1), "1 Feb 2023 – 31 Mar 2023"), ((2023, 2, 2), "1 Feb 2023")])
def test_whole_days_are_called_days(briefing: Briefing, until: tuple[int, int, int], said: str) -> None:
    days = Period(datetime(2023, 2, 1, tzinfo=UTC), datetime(*until, tzinfo=UTC), "publication")
    document = html.document_fromstring(page(replace(briefing, period=days)))
    assert f"Briefing, {said}" in document.xpath("string(//title)")
    assert "Articles that were published in this time" in words(document)
    searched = document.xpath("//a[contains(., 'in Wirewatch: Sahel')]/@href")[0]
    assert "since=2023-02-01" in searched and f"until={until[0]}-{'03-31' if until[1] == 4 else '02-01'}" in searched


@pytest.mark.parametrize(
    ("length", "step"),
    [(timedelta(hours=24), "hour"), (timedelta(days=28), "day"), (timedelta(days=365), "week"),
     (timedelta(days=3000), "month"), (timedelta(days=9000), "year")],
)  # fmt: skip
def test_a_chart_has_steps_that_suit_its_time(length: timedelta, step: str) -> None:
    assert Period(NOON - length, NOON).step == step

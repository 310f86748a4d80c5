"""The page of a briefing in Debian's Chromium: narrow and wide, light and dark, and printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from search.briefing import Briefing, page
from tests import browser

chromium = browser.chromium


@pytest.fixture
def address(briefing: Briefing, tmp_path: Path) -> str:
    file = tmp_path / "briefing.html"
    file.write_text(page(briefing), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize(("scheme", "width"), browser.LOOKS)
def test_axe_finds_nothing_and_nothing_is_loaded(chromium, address: str, scheme: str, width: int) -> None:
    with browser.window(chromium, scheme, width) as page:
        page.goto(address)
        browser.check(page, "briefing", "best-practice")
        assert (page.asked, page.said) == ([address], [])
        browser.shoot(page, f"briefing-{scheme}-{width}")


def test_it_is_printed_on_white_a4_whatever_the_screen_is_like(chromium, address: str) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    with browser.window(chromium, "dark") as page:
        page.goto(address)
        assert page.evaluate(paper) != "rgb(255, 255, 255)"
        printed = page.pdf(prefer_css_page_size=True)
        page.emulate_media(media="print")
        assert page.evaluate(paper) == "rgb(255, 255, 255)"
    width, height = map(float, re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed).groups())
    assert (round(width), round(height)) == (595, 842)
    if browser.SHOTS:
        Path(browser.SHOTS, "briefing.pdf").write_bytes(printed)

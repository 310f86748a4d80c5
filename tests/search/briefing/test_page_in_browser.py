"""The page of a briefing in Debian's Chromium: narrow and wide, light and dark, and printed.

``WIREWATCH_SHOTS`` names a folder that screenshots and the PDF are left in.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.briefing import Briefing, page

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright (pip install 'wirewatch[render]')")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core (axe-playwright-python)")
SHOTS = os.environ.get("WIREWATCH_SHOTS")  # read here: later the tests have no such variables
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium (apt-get install chromium)")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [("light", 1200), ("dark", 1200), ("light", 360), ("dark", 360)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def address(briefing: Briefing, tmp_path: Path) -> str:
    file = tmp_path / "briefing.html"
    file.write_text(page(briefing), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_and_nothing_is_loaded(chromium, address: str, scheme: str, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    context.set_default_timeout(60_000)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address)
    found = axe.Axe().run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert (asked, complaints) == ([address], [])
    if SHOTS:
        page.screenshot(path=Path(SHOTS, f"briefing-{scheme}-{width}.png"), full_page=True)
    context.close()


def test_it_is_printed_on_white_a4_whatever_the_screen_is_like(chromium, address: str) -> None:
    context = chromium.new_context(color_scheme="dark")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(address)
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) != "rgb(255, 255, 255)"
    printed = page.pdf(prefer_css_page_size=True)
    page.emulate_media(media="print")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    width, height = map(float, re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed).groups())
    assert (round(width), round(height)) == (595, 842)
    if SHOTS:
        Path(SHOTS, "briefing.pdf").write_bytes(printed)
    context.close()

"""Debian's Chromium, for tests that look at pages: their modules begin with ``chromium = browser.chromium``.

``WIREWATCH_SHOTS`` names a folder that screenshots are left in.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright (pip install 'wirewatch[render]')")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core (axe-playwright-python)")
SHOTS = os.environ.get("WIREWATCH_SHOTS")  # read here: later the tests have no such variables
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
LOOKS = [("light", 1200), ("dark", 1200), ("light", 360), ("dark", 360)]
"""Colour schemes, and widths of the window in pixels."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser."""
    program = shutil.which("chromium")
    if not program:
        pytest.skip("no Chromium (apt-get install chromium)")
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@contextmanager
def window(chromium: Any, scheme: str = "light", width: int = 1200, **how: Any) -> Iterator[Any]:
    """A page in a window of its own; ``page.asked`` has the addresses that it asks for, ``page.said`` what it says on
    the console.
    """
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **how)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    yield page
    context.close()


def check(page: Any, name: str, *rules: str) -> None:
    """axe finds nothing wrong with the page, by its rules for WCAG 2.2 AA and those besides; and it is no wider than
    the window.
    """
    found = axe.Axe().run(page, options={"resultTypes": ["violations"], "runOnly": [*RULES, *rules]})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def shoot(page: Any, name: str) -> None:
    """Leave a screenshot of the whole page, where somebody wants one."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS, f"{name}.png"), full_page=True)

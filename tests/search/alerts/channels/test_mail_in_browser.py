"""The HTML of a mail in Debian's Chromium: narrow and wide, light and dark, with no script and nothing loaded.

``WIREWATCH_SHOTS`` names a folder that screenshots are left in.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.alerts.channels import Message
from tests.search.alerts.channels.conftest import a_notice

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright (pip install 'wirewatch[render]')")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core (axe-playwright-python)")
SHOTS = os.environ.get("WIREWATCH_SHOTS")  # read here: later the tests have no such variables
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium (apt-get install chromium)")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOKS = [("light", 1200), ("dark", 1200), ("light", 360), ("dark", 360)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_and_no_mail_is_wider_than_the_screen(
    chromium, message: Message, scheme: str, width: int
) -> None:
    assert message.alert
    arabic = message.notices[0].articles[1].model_copy(update={"why": ("وقع <em>انقلاب</em> في النيجر",)})
    name = message.alert.name
    mails = {
        "few": message,
        "many": Message(
            "m-again",
            message.alert,
            (
                a_notice(name, "ar", title=arabic.title, url=arabic.url, articles=(arabic,), kind="developing"),
                a_notice(name, "long", title="x" * 300, articles=()),
                *(a_notice(name, str(n)) for n in range(50)),
            ),
            repeated=True,
        ),
        "operator": Message(
            "o", None, (a_notice("operator", "o", kind="operator", title="Not well:\n  a\n  b", url="", articles=()),)
        ),
    }
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    context.set_default_timeout(60_000)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for kind, mail in mails.items():
        page.set_content(mail.html("mail:ann@example.org"))
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 27)")
        found = axe.Axe().run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
        assert found.violations_count == 0, f"{kind}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), kind
        if SHOTS:
            page.screenshot(path=Path(SHOTS, f"mail-{kind}-{scheme}-{width}.png"), full_page=True)
    assert asked == []
    context.close()

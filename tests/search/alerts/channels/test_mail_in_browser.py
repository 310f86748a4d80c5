"""The HTML of a mail in Debian's Chromium: narrow and wide, light and dark, with no script and nothing loaded."""

from __future__ import annotations

import pytest

from search.alerts.channels import Message
from tests import browser
from tests.search.alerts.channels.conftest import a_notice

chromium = browser.chromium


@pytest.mark.parametrize(("scheme", "width"), browser.LOOKS)
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
    with browser.window(chromium, scheme, width) as page:
        for kind, mail in mails.items():
            page.set_content(mail.html("mail:ann@example.org"))
            paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 27)")
            browser.check(page, kind)
            browser.shoot(page, f"mail-{kind}-{scheme}-{width}")
        assert page.asked == []

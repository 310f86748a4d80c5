"""The search pages in Debian's Chromium: by keys alone, without scripts, narrow and wide, light and dark."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn

from api.app import app
from search.alerts import store
from search.alerts.alert import Alert
from search.alerts.links import Link, token
from search.client import connect
from tests import browser
from tests.api.conftest import Room
from wirewatch.settings import get_settings

chromium = browser.chromium


@pytest.fixture(scope="module")
def site(paper: Room, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service, which knows a channel."""
    file = tmp_path_factory.mktemp("channels") / "channels.yml"
    file.write_text("- {name: newsdesk, apprise: 'json://127.0.0.1:9'}\n")
    file.chmod(0o600)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WIREWATCH_CHANNELS", str(file))
        get_settings.cache_clear()
        yield from _served()
    get_settings.cache_clear()


def _served() -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app(), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def muted(paper: Room) -> str:
    """The name of an alert that is there to be muted."""
    return store.create(connect(), Alert(name="Algeria", kql="countries: DZ"), "command").alert.name


@pytest.mark.parametrize(("scheme", "width"), browser.LOOKS)
def test_axe_finds_nothing_and_no_page_is_wider_than_the_screen(
    chromium, site: str, paper: Room, muted: str, scheme: str, width: int
) -> None:
    paths = {
        "newest": "/",
        "search": "/?q=Russia military cooperation Africa",
        "narrowed": "/?kql=Russia and Africa&languages=en&sort=newest",
        "arabic": f"/article/{paper['arabic'].id}",
        "hostile": f"/article/{paper['hostile'].id}",
        "nothing": "/?kql=title: xqzvb",
        "problem": "/?kql=(a and",
        "link": f"/l/{token(Link('mute', muted, 'mail:ann@example.org'))}",
    }
    with browser.window(chromium, scheme, width) as page:
        for name, path in paths.items():
            page.goto(site + path)
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            if name == "link":
                page.click("button")
                page.wait_for_selector("[role=status]")
            browser.check(page, name, "best-practice")
            browser.shoot(page, f"{name}-{scheme}-{width}")
        assert [text for text in page.said if "400" not in text] == []


def test_without_scripts_keys_lead_from_the_question_to_an_article(chromium, site: str, paper: Room) -> None:
    with browser.window(chromium, java_script_enabled=False) as page:
        page.goto(site)
        page.locator("*:focus").wait_for()  # the box has the focus, as soon as it is drawn
        page.keyboard.type("Russia military cooperation Africa")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=Russia*")
        assert page.locator(".hits h2").first.text_content() == paper["algiers"].title

        page.keyboard.press("Tab")
        assert page.locator("*:focus").text_content() == "Skip to the content"
        assert page.locator("*:focus").bounding_box()["y"] >= 0
        page.keyboard.press("Enter")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.locator(".hits h2 a:focus").count():
                break
        assert page.locator(".hits h2 a:focus").text_content() == paper["algiers"].title
        assert page.locator("*:focus").evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        page.wait_for_url("**/article/*")
        assert page.locator("h1").text_content() == paper["algiers"].title


def test_the_form_and_a_facet_ask_what_they_say(chromium, site: str, paper: Room) -> None:
    with browser.window(chromium) as page:
        page.goto(site)
        page.get_by_label("Search the news").fill("countries: RU")
        page.get_by_label("KQL").check()
        page.get_by_role("button", name="Search").click()
        page.wait_for_url("**syntax=kql*")
        page.get_by_role("complementary").get_by_role("link", name="Algeria").click()
        page.wait_for_url("**countries=DZ*")
        assert parse_qs(urlsplit(page.url).query) == {"kql": ["countries: RU"], "countries": ["DZ"]}
        titles = page.locator(".hits h2").all_text_contents()
        assert set(titles) == {paper["algiers"].title, paper["arabic"].title}


def test_the_form_makes_an_alert_of_the_search_without_scripts(chromium, site: str, paper: Room) -> None:
    with browser.window(chromium, java_script_enabled=False) as page:
        page.goto(f"{site}/?q=Russia wheat&countries=EG")
        page.get_by_text("Make an alert of this search").click()
        form = page.get_by_role("form", name="Make an alert")
        assert form.get_by_label("Name").input_value() == "Russia wheat, Egypt"
        form.get_by_label("Name").fill("Wheat & <Egypt>")
        form.get_by_label("newsdesk").check()
        form.get_by_label("When").select_option("day")
        form.get_by_label("of the time zone").fill("Africa/Cairo")
        form.get_by_role("button", name="Make the alert").click()
        page.wait_for_url("**/alerts")
        assert page.locator("h1").text_content() == "The alert Wheat & <Egypt> is made"
        assert "once a day at 08:00 (Africa/Cairo)" in " ".join(page.locator("main").text_content().split())
        browser.shoot(page, "made")
        kept = store.find(connect(), "Wheat & <Egypt>")
        assert (kept.origin, kept.alert.tell) == ("api", ("newsdesk",))
        assert kept.alert.kql == 'Russia and wheat and countries: "EG"'
        page.get_by_role("link", name="What it would find today").click()
        assert page.locator(".hits h2").all_text_contents() == [paper["wheat"].title]
    with browser.window(chromium) as page:
        page.goto(f"{site}/?kql=wheat")
        page.get_by_text("Make an alert of this search").click()
        page.get_by_role("button", name="Make the alert").click()
        page.wait_for_url("**/alerts")
        browser.check(page, "made", "best-practice")

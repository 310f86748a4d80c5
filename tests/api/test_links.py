"""Links of messages: what they do, that only who has one can, and that nothing happens by looking."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import feedparser
import pytest
from elasticsearch import Elasticsearch
from fastapi.testclient import TestClient

from api.app import app
from search.alerts import store
from search.alerts.alert import Alert
from search.alerts.links import Link, address, read, token
from search.alerts.store import Kept
from search.indices import NOTICES
from tests.api.conftest import EVIL
from tests.search.alerts.channels.conftest import NOON, a_notice
from wirewatch.records import now
from wirewatch.settings import Settings, get_settings

ANN, BOB = "mail:ann@example.org", "mail:bob@example.org"


@pytest.fixture
def kept(clean: Elasticsearch) -> Kept:
    alert = Alert(name="Coups & <Sahel>", kql="topics: coup", tell=(ANN, BOB), zone="Europe/Paris")
    return store.create(clean, alert, "command")


@pytest.fixture
def web(kept: Kept) -> TestClient:
    return TestClient(app(["testserver"]))


def path(link: Link) -> str:
    return f"/l/{token(link)}"


def undo(page: str) -> str:
    found = re.search(r'action="(/l/[^"]+)"', page)
    assert found
    return found[1]


def test_a_mail_program_unsubscribes_its_reader_at_once_and_only_that_one(
    web: TestClient, clean: Elasticsearch, kept: Kept
) -> None:
    link = path(Link("unsubscribe", kept.alert.name, ANN))
    done = web.post(link, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
    assert done.status_code == 200
    assert "Nothing of it is sent to <bdi>ann@example.org</bdi> any more." in done.text
    assert store.find(clean, kept.alert.name).unsubscribed == (ANN,)
    web.post(link)
    assert store.find(clean, kept.alert.name).unsubscribed == (ANN,)
    web.post(undo(done.text))
    assert store.find(clean, kept.alert.name).unsubscribed == ()


@pytest.mark.parametrize("action", ["mute", "unmute", "unsubscribe", "subscribe"])
def test_whoever_only_looks_changes_nothing_and_one_button_does_it(
    web: TestClient, clean: Elasticsearch, kept: Kept, action
) -> None:
    link = path(Link(action, kept.alert.name, ANN))
    page = web.get(link)
    web.head(link)
    assert store.find(clean, kept.alert.name) == kept
    assert page.status_code == 200
    assert "Coups &amp; &lt;Sahel&gt;" in page.text
    assert page.text.count("<button") == 1
    assert '<form method="post"><button' in page.text  # to where it is
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_muting_is_for_seven_days_and_takes_nothing_from_who_muted_for_longer(
    web: TestClient, clean: Elasticsearch, kept: Kept
) -> None:
    link = path(Link("mute", kept.alert.name, ANN))
    before = now()
    done = web.post(link)
    muted = store.find(clean, kept.alert.name).muted
    assert muted and before + timedelta(days=7) <= muted <= now() + timedelta(days=7)
    assert f">{muted.astimezone(ZoneInfo('Europe/Paris')):%-d %b %Y, %H:%M %Z}</time>" in done.text
    later = now() + timedelta(days=30)
    store.change(clean, store.find(clean, kept.alert.name), muted=later)
    web.post(link)
    assert store.find(clean, kept.alert.name).muted == later
    web.post(undo(done.text))
    assert store.find(clean, kept.alert.name).muted is None


def test_all_who_unsubscribe_at_once_are_kept(web: TestClient, clean: Elasticsearch, kept: Kept) -> None:
    readers = {f"mail:reader{number}@example.org" for number in range(20)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda reader: web.post(path(Link("unsubscribe", kept.alert.name, reader))), readers))
    assert set(store.find(clean, kept.alert.name).unsubscribed) == readers


def test_a_token_that_was_changed_or_made_with_another_key_does_nothing(
    web: TestClient, clean: Elasticsearch, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = token(Link("unsubscribe", kept.alert.name, ANN))
    payload, _, signature = right.rpartition(".")
    other = token(Link("unsubscribe", kept.alert.name, BOB)).rpartition(".")[0]
    monkeypatch.setenv("WIREWATCH_LINK_SECRET", "another")
    get_settings.cache_clear()
    forged = token(Link("unsubscribe", kept.alert.name, ANN))
    monkeypatch.delenv("WIREWATCH_LINK_SECRET")
    get_settings.cache_clear()
    for wrong in (f"{other}.{signature}", f"{payload}.{signature[:-4]}AAAA", payload, forged, "x", "a.b.c"):
        for answer in (web.get(f"/l/{wrong}"), web.post(f"/l/{wrong}"), web.get(f"/feed/{wrong}.atom")):
            assert answer.status_code == 404
    # A link for one thing is none for another.
    assert web.get(f"/feed/{right}.atom").status_code == 404
    assert web.post(path(Link("feed", kept.alert.name, ""))).status_code == 404
    assert store.find(clean, kept.alert.name) == kept


def test_the_key_is_made_once_for_its_user_alone(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(token, [Link("mute", "a", "")] * 16))
    assert len(made) == 1
    file = settings.home / "links.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in settings.home.iterdir()] == ["links.key"]
    assert read(made.pop()) == Link("mute", "a", "")


def test_of_a_deleted_alert_the_page_says_so(web: TestClient, clean: Elasticsearch, kept: Kept) -> None:
    store.delete(clean, kept)
    answer = web.post(path(Link("unsubscribe", kept.alert.name, ANN)))
    assert answer.status_code == 404
    assert "There is no alert named Coups &amp; &lt;Sahel&gt; any more" in answer.text


def test_the_feed_of_an_alert_has_its_notices_the_newest_first(
    web: TestClient, clean: Elasticsearch, kept: Kept
) -> None:
    name = kept.alert.name
    notices = [
        a_notice(name, "1", state="told", created=NOON),
        a_notice(name, "2", state="due", created=NOON + timedelta(hours=1), kind="developing"),
        a_notice(name, "3", state="waiting"),
        a_notice(name, "4", state="muted"),
        a_notice("another", "5", state="told"),
        a_notice(name, "6", state="told", title=EVIL, url="javascript:alert(1)", created=NOON - timedelta(hours=1)),
    ]
    for notice in notices:
        clean.index(index=NOTICES, id=notice.id, document=notice.model_dump(mode="json"), refresh=True)
    place = f"/feed/{address('feed', name).rpartition('/')[2]}"
    answer = web.get(place)
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    feed = feedparser.parse(answer.text)
    assert not feed.bozo
    assert feed.feed.title == f"Wirewatch: {name}"
    assert [entry.id for entry in feed.entries] == [f"urn:wirewatch:notice:notice{n}" for n in (2, 1, 6)]
    second, first, evil = feed.entries
    assert first.link == notices[0].url
    assert first.author == "Niamey Soir"
    assert "&lt;mark&gt;coup&lt;/mark&gt;" in answer.text  # which the parser takes away
    assert "Developing<" in second.content[0].value
    assert "javascript:" not in answer.text
    assert "<script>alert" not in evil.content[0].value
    # Nothing new costs nothing.
    again = web.get(place, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_links_lead_to_the_public_address_under_which_the_service_answers(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREWATCH_PUBLIC_URL", "https://watch.example.org/")
    get_settings.cache_clear()
    there = address("mute", kept.alert.name, ANN)
    assert there.startswith("https://watch.example.org/l/")
    web = TestClient(app())
    assert web.get(there).status_code == 200
    assert web.get(there.replace("watch.", "evil.")).status_code == 400

"""From a run to a mail server, a web server and a file; and what the index keeps of channels that fail."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from elasticsearch import Elasticsearch
from standardwebhooks import Webhook

from search.alerts.deliver import deliver
from search.indices import ALERTS, DELIVERIES, NOTICES
from tests.search.alerts.channels.conftest import Receiving, Serving
from tests.search.alerts.telling import Runs, article, deliveries, watch
from wirewatch.settings import get_settings

SECRET = "s3kr1t-0f-4ll-ch4nn3ls"
KEY = base64.b64encode(f"{SECRET}-and-some-more".encode()).decode()


def test_all_channels_of_an_alert_hear_of_the_same_stories(
    clean: Elasticsearch, runs: Runs, channels, serving: Serving, receiving: Receiving, tmp_path: Path
) -> None:
    told = tmp_path / "told.jsonl"
    watch(clean, tell=("mail:ann@example.org", "archive", "newsroom", f"file://{told}"))
    notices = runs.tell(article("a", story="s1"), article("b", story="s2"))
    with serving() as office, receiving() as hook, receiving() as service:
        channels(
            f"- name: archive\n  webhook: http://{hook.url}/\n  secret: {KEY}\n"
            f"- name: newsroom\n  apprise: json://{service.url}/\n"
        )
        assert deliver(client=clean) == {"sent": 4}
        assert deliver(client=clean) == {}
    ids = {notice.id for notice in notices}
    assert {json.loads(line)["id"] for line in told.read_text().splitlines()} == ids
    ((_, headers, body),) = hook.requests
    data = Webhook(KEY).verify(body, headers)
    assert {notice["id"] for notice in data["notices"]} == ids
    (mail,) = office.mails
    text = mail.get_body(("plain",))
    assert text and all(notice.title in text.get_content() for notice in notices)
    assert "*coup*" in text.get_content()  # why
    sent = {delivery.channel: delivery.id for delivery in deliveries(clean)}
    assert mail["Message-ID"].startswith(f"<{sent['mail:ann@example.org']}@")
    assert headers["webhook-id"] == sent["archive"]
    ((_, _, short),) = service.requests
    assert all(notice.title in json.loads(short)["message"] for notice in notices)


def test_the_index_says_why_channels_failed_and_has_none_of_their_secrets(
    clean: Elasticsearch, runs: Runs, channels, serving: Serving, receiving: Receiving
) -> None:
    watch(clean, tell=("mail:ann@example.org", "archive", "newsroom", "gone"))
    runs.tell(article("a", story="s1"))
    with serving(PASSWORD=SECRET), receiving(500) as hook, receiving(403) as service:
        channels(
            f"- name: archive\n  webhook: http://user:{SECRET}@{hook.url}/{SECRET}\n  secret: {KEY}\n"
            f"- name: newsroom\n  apprise: json://user:{SECRET}@{service.url}/{SECRET}\n"
        )
        assert deliver(client=clean) == {"failed": 4}
    assert {delivery.channel: delivery.error for delivery in deliveries(clean)} == {
        "mail:ann@example.org": "127.0.0.1 refuses: 535 5.7.8, a wrong user or password",
        "archive": "it answers with status 500",
        "newsroom": "it answers with status 403",
        "gone": f"There is no channel gone in {get_settings().channels}: write an entry for it, or correct `tell` of "
        "the alert",
    }
    kept = clean.search(index=[ALERTS, NOTICES, DELIVERIES], size=100)["hits"]["hits"]
    assert len(kept) == 6
    assert SECRET not in str(kept) and KEY not in str(kept)

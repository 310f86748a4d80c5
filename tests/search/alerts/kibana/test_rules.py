"""What a rule in Kibana writes through the index connector is told, once, to the channels that it names."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from search.alerts.deliver import deliver
from search.alerts.kibana.rules import note_rules
from search.indices import KIBANA_ALERTS, NOTICES
from tests.search.alerts.telling import Web, deliveries, heard, notices
from wirewatch.settings import get_settings

FIRED = {
    "alert": "Coups in the Sahel",
    "title": "3 new: Coup in Mali · Coup in Niger",
    "url": "https://kibana.example/s/wirewatch/app/discover",
    "tell": "desk",
}


@pytest.fixture(autouse=True)
def operator(clean: Elasticsearch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """What the operator hears."""
    monkeypatch.setenv("WIREWATCH_OPERATOR", json.dumps([f"file://{tmp_path}/operator.jsonl"]))
    monkeypatch.setenv("WIREWATCH_CHANNELS", str(tmp_path / "channels.yml"))
    get_settings.cache_clear()
    return tmp_path / "operator.jsonl"


def desk(tmp_path: Path, web: Web) -> None:
    """Have a channel of that name."""
    file = tmp_path / "channels.yml"
    file.touch(0o600)
    file.write_text(f"- name: desk\n  webhook: {web.url}\n  secret: whsec_{b64encode(bytes(32)).decode()}\n")


def write(client: Elasticsearch, **document: Any) -> None:
    """As the connector does."""
    client.index(index=KIBANA_ALERTS, document=document)


def test_what_a_rule_wrote_is_told_once(clean: Elasticsearch, tmp_path: Path, operator: Path) -> None:
    write(clean, **FIRED)
    write(clean, **FIRED)
    with Web() as web:
        desk(tmp_path, web)
        assert deliver(client=clean) == {"sent": 2}, "each document is one, also where they say the same"
        assert deliver(client=clean) == {}
    assert [body["alert"] for body in web.bodies] == ["Coups in the Sahel"] * 2
    (told,) = web.bodies[0]["notices"]
    assert (told["kind"], told["title"], told["url"]) == ("rule", FIRED["title"], FIRED["url"])
    assert {notice.state for notice in notices(clean)} == {"told"}
    assert heard(operator) == []


def test_a_process_killed_before_the_mark_makes_no_second_notice(clean: Elasticsearch) -> None:
    write(clean, **FIRED)
    assert note_rules(clean) == 1
    before = notices(clean)
    clean.indices.refresh(index=KIBANA_ALERTS)
    (hit,) = clean.search(index=KIBANA_ALERTS)["hits"]["hits"]
    clean.update(index=KIBANA_ALERTS, id=hit["_id"], doc={"taken": False})
    assert note_rules(clean) == 1
    assert notices(clean) == before
    assert note_rules(clean) == 0


def test_an_unknown_channel_is_told_to_the_operator_and_what_it_gets_waits(
    clean: Elasticsearch, tmp_path: Path, operator: Path
) -> None:
    write(clean, **FIRED | {"tell": ["desk", "stdout", "no such channel!"]})
    assert deliver(client=clean) == {"failed": 1, "sent": 3}, "three lines to the operator"
    said = "\n".join(line["title"] for line in heard(operator))
    assert all(f"`{name}`" in said for name in ("stdout", "no such channel!")) and "desk" in said
    assert said.count("The rule Coups in the Sahel of Kibana cannot tell a channel") == 3
    (waits,) = [one for one in deliveries(clean) if one.alert == "Coups in the Sahel"]
    assert (waits.channel, waits.state) == ("desk", "failed")
    deliver(client=clean)
    assert len(heard(operator)) == 3, "the operator hears of it once a day"


def test_a_document_by_hand_may_lack_anything(
    clean: Elasticsearch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WIREWATCH_KIBANA_TELL", json.dumps([f"file://{tmp_path}/told.jsonl"]))
    get_settings.cache_clear()
    write(clean)
    write(clean, alert="Only a name", at="yesterday", more={"deep": [1, {"er": 2}]})
    write(clean, alert=["a", "list"], title=3, url="javascript:alert(1)", taken="perhaps")
    deliver(client=clean)
    lines = {(line["alert"], line["title"], line["url"]) for line in heard(tmp_path / "told.jsonl")}
    assert lines == {
        ("A rule of Kibana", "A rule of Kibana fired", ""),
        ("Only a name", "Only a name fired", ""),
    }
    assert len(heard(tmp_path / "told.jsonl")) == 3


def test_a_rule_without_a_channel_is_kept_and_shown(clean: Elasticsearch) -> None:
    write(clean, **FIRED | {"tell": ""})
    assert deliver(client=clean) == {}
    assert clean.count(index=NOTICES, query={"term": {"kind": "rule"}})["count"] == 1
    (notice,) = notices(clean)
    assert notice.state == "told"

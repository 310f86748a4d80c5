"""The file that alerts are written in."""

from __future__ import annotations

from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from search.alerts.alert import load_alerts
from wirewatch.errors import UserError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- name: a\n  kql: x\n  tell: ['a/pigeon']", r"alerts.yml, line 3 \(a\): tell.0: .*`a/pigeon` is no channel"),
        ("- name: a\n  kql: x\n  tell: [file://host/x]", "is no channel"),
        ("- name: a\n  tell: [stdout]", r"line 1 \(a\): .*an alert needs a question"),
        ("- name: a\n  kql: x\n  lucene: x", "ask in one language"),
        ("- name: a\n  kql: x\n  zone: Paris", "`Paris` is no time zone: write one as Europe/Paris"),
        ("- name: a\n  kql: x\n  quiet: 22-7", "`22-7` are no hours: write 22:00-07:00"),
        ("- name: a\n  kql: x\n  tell: [stdout]\n  query: x", "query: there is no such field"),
        ("- {name: a, kql: x, tell: [stdout]}\n- {name: a, kql: y, tell: [stdout]}", "line 2: there are two alerts"),
        ("- a", r"line 1 \(a\)"),
        ("a: b", "must be a list"),
        ("- [", "not valid YAML"),
    ],
)
def test_a_wrong_alert_is_named_with_its_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "alerts.yml").write_text(text)
    with pytest.raises(UserError, match=message):
        load_alerts(tmp_path / "alerts.yml")


def test_a_file_of_alerts_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "alerts.yml").write_bytes("- name: Élysée".encode("latin-1"))
    with pytest.raises(UserError, match=r"alerts\.yml is not written in UTF-8"):
        load_alerts(tmp_path / "alerts.yml")


def test_a_missing_file_of_alerts_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="set WIREWATCH_ALERTS"):
        load_alerts(tmp_path / "none.yml")


def test_the_sample_alerts_can_all_be_asked(clean: Elasticsearch) -> None:
    for name in ("alerts.yml", "tests/newsroom/alerts.yml"):
        alerts = load_alerts(ROOT / name)
        assert alerts
        for sample in alerts:
            clean.search(index="articles", query={"kql": {"query": sample.kql}})

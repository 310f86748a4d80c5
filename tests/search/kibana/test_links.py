from __future__ import annotations

from urllib.parse import unquote

import pytest

from search.alerts.alert import Alert
from search.kibana.links import discover, rison
from search.kibana.views import VIEWS
from wirewatch.settings import get_settings


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a", "a"),
        ("now-30d", "now-30d"),
        ("source.name", "source.name"),
        ("", "''"),
        ("it's on!", "'it!'s on!!'"),
        ("0a", "'0a'"),
        ("-", "'-'"),
        ("été", "'été'"),
        ("a b", "'a b'"),
        (0, "0"),
        (-1.5, "-1.5"),
        (True, "!t"),
        (False, "!f"),
        (None, "!n"),
        ([], "!()"),
        ({}, "()"),
        ([1, "x", ["y"]], "!(1,x,!(y))"),
        ({"a": {"b c": [True]}, "$state": "x"}, "(a:('b c':!(!t)),'$state':x)"),
    ],
)
def test_values_are_written_as_rison(value: object, written: str) -> None:
    assert rison(value) == written


def test_an_alert_s_search_opens_in_discover_with_its_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIBANA_URL", "http://kibana:5601")
    monkeypatch.setenv("KIBANA_PUBLIC_URL", "https://kibana.example.org/")
    get_settings.cache_clear()
    alert = Alert(
        name="a",
        kql='title: "l\'Élysée!" and not topics: sport',
        where={"languages": ("fr",)},
        clauses=({"term": {"gone": "x"}},),
    )
    address = discover(alert)
    assert address.isascii()
    assert not set(address) & set("\"' <>")
    base, _, state = unquote(address).partition("&_a=")
    assert base == "https://kibana.example.org/s/wirewatch/app/discover#/?_g=(time:(from:now-30d,to:now))"
    assert "query:(language:kuery,query:'title: \"l!'Élysée!!\" and not topics: sport')" in state
    assert "query:(term:(gone:x))" in state and "query:(terms:(language:!(fr)))" in state
    assert any(f"dataViewId:{view.id}," in state for view in VIEWS)
    assert "language:lucene,query:'title:x*'" in unquote(discover(Alert(name="a", lucene="title:x*")))
    get_settings.cache_clear()

"""KQL as Kibana's search bar reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from elasticsearch import Elasticsearch

from search.alerts.alert import Alert
from search.alerts.matching import matches
from search.alerts.store import create
from search.index import index
from search.query import Unreadable, search_kql
from search.query.kql import DEEPEST, MOST, And, Not, Or, Part, bracketed, is_too_complex, parted
from wirewatch.batches import Batch
from wirewatch.records import EnrichedArticle


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a and b or c", "(a and b) or c"),
        ("a OR b AND c", "a or (b AND c)"),
        ("a or b and not c or d and e", "a or (b and not c) or (d and e)"),
        ("(a and b or c) and d", "((a and b) or c) and d"),
        ("countries: (DZ or MA and TN) and x", "countries: (DZ or (MA and TN)) and x"),
        ("events: { type: a and b: c or type: d }", "events: { (type: a and b: c) or type: d }"),
        ('"x or y" and z or w', '("x or y" and z) or w'),
        ("a and b\\  or c", "(a and b\\ ) or c"),
    ],
)
def test_what_and_joins_belongs_together(written: str, read: str) -> None:
    assert bracketed(written) == read


@pytest.mark.parametrize(
    "written",
    ["", "a", "a and b", "a or b", "rock-and-roll or b", r"a\ and b", '"a and b" or c', "a) and b or c", "(a and b"],
)
def test_other_text_is_left_as_it_is(written: str) -> None:
    assert bracketed(written) == written


@pytest.mark.parametrize(
    ("written", "clauses"),
    [
        ("a", "a"),
        ("two words", "two words"),
        (" ( a ) ", "a"),
        ("a and b or not c", Or((And(("a", "b")), Not("c")))),
        ("a AND (b or c) and d", And(("a", Or(("b", "c")), "d"))),
        ("not not (a)", Not(Not("a"))),
        ('"x or y" and f: "z"', And(('"x or y"', 'f: "z"'))),
        ("f: (a or b) and n >= 3", And(("f: (a or b)", "n >= 3"))),
        ("events: { type: a and not x: (b or c) } or d", Or(("events: { type: a and not x: (b or c) }", "d"))),
        (r"rock\ and\ roll or a\)", Or((r"rock\ and\ roll", r"a\)"))),
        ("a\u3000and\nb", And(("a", "b"))),
        ("a\u00a0and\u00a0b", "a\u00a0and\u00a0b"),
    ],
)
def test_a_text_is_parted_into_clauses(written: str, clauses: Part) -> None:
    assert parted(written) == clauses


@pytest.mark.parametrize(
    "doubtful",
    [
        *("", "and", "a and", "or a", "a and not", "a and and b", "a not b and c", "f: and b", "f: or b and c"),
        *("(a and b", "a) and b", "() and a", "(a) b and c", "a (b) and c", "f: (a and b", "f: { a } b and c"),
        *('a and "b', r'"a\" and b', "a and b > ", "{ a } and b", "a } and b", "n > and a"),
    ],
)
def test_a_text_that_may_be_read_in_another_way_stays_whole(doubtful: str) -> None:
    assert parted(doubtful) == doubtful


@pytest.mark.parametrize("around", [("(", ")"), ("not ", ""), ("events: { ", " }"), ("not (b or ", ")")])
def test_more_than_elasticsearch_bears_is_noticed(around: tuple[str, str]) -> None:
    begin, end = around
    levels = DEEPEST // (2 if begin.startswith("not (") else 1)
    whole = begin * levels + "a" + end * levels
    assert not is_too_complex(whole) and not is_too_complex(f"{whole} and {whole}")
    assert is_too_complex(f"b or {begin}{whole}{end}")
    assert is_too_complex(" or ".join(["a"] * (MOST + 2))) and not is_too_complex(" or ".join(["a"] * MOST))


def test_the_same_text_finds_the_same_as_in_kibana(
    clean: Elasticsearch, desk: dict[str, EnrichedArticle], enriched: Callable[..., Batch]
) -> None:
    run = index(enriched(list(desk.values())), client=clean)
    mixed = "countries: EG and notaword or countries: DZ"
    algeria = {hit.id for hit in search_kql("countries: DZ", size=100, client=clean).hits}
    assert algeria
    assert {hit.id for hit in search_kql(mixed, size=100, client=clean).hits} == algeria
    kept = create(clean, Alert(name="Mixed", kql=mixed), "command")
    ((_, found),) = matches(clean, [kept], run.name)
    assert not isinstance(found, str) and {hit["_id"] for hit in found} == algeria
    with pytest.raises(Unreadable):
        search_kql("countries: DZ) and a or b", client=clean)

    # What would end a node is not asked, and the other alerts are.
    too_deep = "(" * 3000 + "Algeria" + ")" * 3000
    with pytest.raises(Unreadable, match="within one another"):
        search_kql(too_deep, client=clean)
    deep = create(clean, Alert(name="Deep", kql="Algeria"), "command")
    deep = deep.model_copy(update={"alert": deep.alert.model_copy(update={"kql": too_deep})})
    (_, why), (_, found) = matches(clean, [deep, kept], run.name)
    assert "within one another" in why and len(found) == len(algeria)

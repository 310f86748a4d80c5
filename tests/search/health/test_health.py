"""From the batches of a run to documents, verdicts and the operator's digest, against the real node."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from search.health.digest import send_digest
from search.health.history import INDEX, State, examine
from search.health.measure import health, measure
from search.health.verdicts import Kind
from tests.search.health.runs import NIGHT, POST, WIRE, alerted, an_ordinary_night, listing, made, name_of, page
from wirewatch.batches import Batch, write
from wirewatch.errors import UserError
from wirewatch.records import PageKind, PageOutcome, SourceHealth
from wirewatch.settings import Settings, get_settings


def documents(es: Elasticsearch) -> dict[str, dict[str, object]]:
    es.indices.refresh(index=INDEX)
    return {hit["_id"]: hit["_source"] for hit in es.search(index=INDEX, size=1000)["hits"]["hits"]}


def test_a_run_is_measured_source_by_source(es: Elasticsearch, tmp_path: Path) -> None:
    at = "https://post.example/"
    run = alerted(
        tmp_path,
        name_of(0),
        [
            listing(POST, new=5),
            *(page(POST, f"{at}{name}") for name in ("new", "copy", "same", "poor", "walled")),
            page(POST, f"{at}unchanged", PageOutcome.UNCHANGED),
            page(POST, f"{at}gone", PageOutcome.FAILED, "http-404"),
            page(POST, f"{at}lost", PageOutcome.FAILED, "http-404"),
            page(POST, f"{at}refused", PageOutcome.FAILED, "http-403"),
            page(POST, f"{at}forbidden", PageOutcome.FAILED, "robots"),
            listing(WIRE, reason="timeout"),
        ],
        [
            made(POST, f"{at}new", "new"),
            made(POST, f"{at}copy", "duplicate"),
            made(POST, f"{at}same", "unchanged", fields=("title", "body")),
            made(POST, f"{at}poor", "failed", reason="no-text"),
            made(POST, f"{at}walled", "updated", extracted_from="feed"),
            made(POST, f"{at}gone", "gone"),
            made(POST, f"{at}refused", "new", extracted_from="feed"),
        ],
    )
    done = health(run, sources=[POST, WIRE], client=es)
    post, wire = done.read(SourceHealth)
    assert done.manifest().counts == {"measured": 2}
    assert (post.source, post.at, post.run) == (POST.ref, NIGHT, run.name)
    assert (post.requests, post.bytes, post.seconds) == (11, 11_000, 2.75)
    assert (post.new, post.updated, post.unchanged, post.duplicates, post.gone) == (2, 1, 2, 1, 1)
    assert post.failed == {"http-403": 1, "http-404": 1, "no-text": 1, "robots": 1}
    assert post.refused == 2
    assert (post.from_feed, post.pages, post.articles) == (2, 5, 3)
    assert post.fields == {"body": 3, "lead": 2, "title": 3}
    assert [(found.url, found.entries, found.new) for found in post.listings] == [(POST.feeds[0], 20, 5)]
    assert (wire.requests, wire.new, wire.failed) == (1, 0, {"timeout": 1})
    assert [found.reason for found in wire.listings] == ["timeout"]
    found = documents(es)[post.id]
    assert found["yield"] == {"body": 1.0, "extraction": 0.6, "lead": 0.6667, "title": 1.0}
    assert {name: found[name] for name in ("new", "refused", "failed")} == {
        "new": 2,
        "refused": 2,
        "failed": post.failed,
    }


def test_a_further_page_of_an_article_is_a_request_and_no_article(tmp_path: Path) -> None:
    first, second = "https://post.example/new", "https://post.example/new/2"
    run = alerted(
        tmp_path, name_of(0), [page(POST, first), page(POST, second, kind=PageKind.PART)], [made(POST, first)]
    )
    (post,) = measure(run)
    assert (post.requests, post.pages, post.articles) == (2, 1, 1)


def test_doing_it_again_after_a_kill_counts_nothing_twice(es: Elasticsearch, tmp_path: Path) -> None:
    run = an_ordinary_night(tmp_path, 0, new=3)
    done = health(run, sources=[POST, WIRE], client=es)
    before = documents(es)
    Path(done.url.removeprefix("file://"), "manifest.json").unlink()
    health(run, sources=[POST, WIRE], client=es)
    assert documents(es) == before
    assert len(before) == 2


def test_a_replay_has_asked_nobody_and_is_measured_as_nothing(es: Elasticsearch, tmp_path: Path) -> None:
    run = Batch(tmp_path.as_uri(), "alerted", f"{name_of(1)}-replay-{name_of(0)}")
    with write(run.next("articles")), write(run):
        pass
    assert health(run, sources=[POST], client=es).manifest().records == 0
    assert not es.indices.exists(index=INDEX)


@pytest.fixture
def nights(es: Elasticsearch, tmp_path: Path) -> int:
    """Ten ordinary nights of both sources; which night comes next."""
    for night in range(10):
        health(an_ordinary_night(tmp_path, night, new=20 + night % 3), sources=[POST, WIRE], client=es)
    return 10


def kinds(states: Iterable[State]) -> dict[str, list[Kind]]:
    return {state.source.domain: [verdict.kind for verdict in state.verdicts] for state in states}


def test_a_source_that_brings_nothing_while_others_do_is_silent(es: Elasticsearch, tmp_path: Path, nights: int) -> None:
    assert kinds(examine(es, [POST, WIRE])) == {"post.example": [], "wire.example": []}
    urls = [f"https://wire.example/{nights}/{number}" for number in range(20)]
    run = alerted(
        tmp_path,
        name_of(nights),
        [listing(POST), listing(WIRE, 20), *(page(WIRE, url) for url in urls)],
        [made(WIRE, url) for url in urls],
    )
    done = health(run, sources=[POST, WIRE], client=es)
    post, wire = examine(es, [POST, WIRE])
    assert [str(verdict) for verdict in post.verdicts] == ["silent: 0 new in 24 h, usually 21 ± 5 a day"]
    assert not wire.verdicts
    assert done.manifest().counts["not-well"] == 1


def test_a_source_of_which_nothing_was_due_in_the_latest_run_is_well(
    es: Elasticsearch, tmp_path: Path, nights: int
) -> None:
    hourly = f"{NIGHT + timedelta(days=nights - 1, hours=5):%Y%m%dT%H%M%SZ}-3f9a02-g00"
    health(alerted(tmp_path, hourly, [listing(WIRE)]), sources=[POST, WIRE], client=es)
    assert kinds(examine(es, [POST, WIRE])) == {"post.example": [], "wire.example": []}
    [post] = examine(es, [POST])
    assert post.today is not None
    assert post.today.new == 20


def test_the_runs_of_a_day_are_added_up(es: Elasticsearch, tmp_path: Path) -> None:
    for hour in range(4):
        name = f"{NIGHT + timedelta(hours=hour):%Y%m%dT%H%M%SZ}-3f9a01-g00"
        health(
            alerted(tmp_path, name, [listing(POST, 1, "http-403" if hour == 3 else None)]), sources=[POST], client=es
        )
    [post] = examine(es, [POST])
    assert post.today is not None
    assert (post.today.requests, post.today.refused) == (4, 1)
    found = post.today.listings[POST.feeds[0]]
    assert (found.asked, found.failed, found.new, found.reason) == (4, 1, 4, "http-403")


def test_a_blocked_source_and_a_field_gone_missing_are_found_in_what_the_runs_left(
    es: Elasticsearch, tmp_path: Path, nights: int
) -> None:
    for night in range(nights, nights + 3):
        urls = [f"https://wire.example/{night}/{number}" for number in range(21)]
        run = alerted(
            tmp_path,
            name_of(night),
            [listing(POST, reason="http-403"), listing(WIRE, 21), *(page(WIRE, url) for url in urls)],
            [made(WIRE, url, fields=("title", "body") if night == nights + 2 else ("title", "lead")) for url in urls],
        )
        health(run, sources=[POST, WIRE], client=es)
    post, wire = examine(es, [POST, WIRE])
    assert [str(verdict) for verdict in post.verdicts] == [
        "blocked: 1 of 1 requests refused in 24 h (http-403 1)",
    ]
    assert [str(verdict) for verdict in wire.verdicts] == [
        "field missing: lead in 0 of 21 articles, usually 100%",
    ]


# The digest


@pytest.fixture
def file(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The operator's channel."""
    monkeypatch.setenv("WIREWATCH_OPERATOR", json.dumps([f"file://{tmp_path}/operator.jsonl"]))
    get_settings.cache_clear()
    return tmp_path / "operator.jsonl"


def told(file: Path) -> list[str]:
    return [json.loads(line)["title"] for line in file.read_text().splitlines()] if file.exists() else []


def at(night: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it was that night, after the run."""
    moment = NIGHT + timedelta(days=night, hours=1)
    monkeypatch.setenv("WIREWATCH_TIME_SHIFT", str((moment - datetime.now(UTC)).total_seconds()))
    get_settings.cache_clear()


def test_the_operator_hears_nothing_while_all_is_well(es: Elasticsearch, nights: int, file: Path) -> None:
    assert send_digest(sources=[POST, WIRE], client=es) is None
    assert told(file) == []


def test_the_operator_hears_once_a_day_what_is_not_well(
    es: Elasticsearch, tmp_path: Path, nights: int, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    health(alerted(tmp_path, name_of(nights), [listing(POST), listing(WIRE)]), sources=[POST, WIRE], client=es)
    at(nights, monkeypatch)
    for _ in range(2):
        send_digest(sources=[POST, WIRE], client=es)
    assert told(file) == [
        "2 sources are not well:\n"
        "  post.example: silent: 0 new in 24 h, usually 21 ± 5 a day\n"
        "  wire.example: silent: 0 new in 24 h, usually 21 ± 5 a day\n"
        "`wirewatch sources health` says what to do."
    ]
    at(nights + 1, monkeypatch)
    send_digest(sources=[POST, WIRE], client=es)
    assert len(told(file)) == 2


def test_a_digest_that_was_written_but_not_told_is_told_by_the_next_run(
    es: Elasticsearch, tmp_path: Path, nights: int, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    health(alerted(tmp_path, name_of(nights), [listing(POST)]), sources=[POST, WIRE], client=es)
    at(nights, monkeypatch)

    def killed(**_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("search.health.digest.deliver", killed)
        with pytest.raises(KeyboardInterrupt):
            send_digest(sources=[POST, WIRE], client=es)
    assert told(file) == []
    for _ in range(2):
        send_digest(sources=[POST, WIRE], client=es)
    assert len(told(file)) == 1


def test_a_channel_that_is_none_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREWATCH_OPERATOR", '["carrier pigeon"]')
    get_settings.cache_clear()
    with pytest.raises(UserError, match="WIREWATCH_OPERATOR: There is no channel carrier pigeon in "):
        send_digest(sources=[POST])

"""What alerts have to tell of a run: stories, each once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from elastic_transport import Transport
from elasticsearch import Elasticsearch

from search.alerts import copy, match, matching, notices, store
from search.alerts import watch as reading
from search.alerts.alert import alert_id
from search.alerts.match import alert
from tests.search.alerts.telling import NOON, Runs, article, clock_of, forget, watch
from tests.search.alerts.telling import notices as kept_notices
from wirewatch.batches import Batch
from wirewatch.database import in_turn
from wirewatch.records import Notice, Story, content_version, notice_id
from wirewatch.settings import Settings


def told(client: Elasticsearch) -> dict[str, str]:
    """The state of each notice, by its kind and story."""
    return {f"{notice.kind} {notice.story}": notice.state for notice in kept_notices(client)}


def test_a_story_is_one_notice_however_many_articles_tell_it(clean: Elasticsearch, runs: Runs) -> None:
    watch(clean)
    a, b, c = (article(name, story="s1", source=f"{name}.example") for name in "abc")
    (first,) = runs.tell(a, b, article("bread", "Bread"))
    assert first.id == notice_id("Coups", "s1")
    assert (first.size, {*first.sources}, first.state) == (2, {"a.example", "b.example"}, "due")
    assert {cited.url for cited in first.articles} == {a.url, b.url}
    assert runs.tell(c) == []
    (grown,) = kept_notices(clean)
    assert set(grown.members) == {a.id, b.id, c.id}
    assert (grown.size, grown.sources, grown.created) == (3, (*first.sources, "c.example"), first.created)


def test_a_story_with_very_many_articles_is_counted_whole_and_cited_in_part(
    clean: Elasticsearch, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "CITED", 3)
    monkeypatch.setattr(notices, "LOT", 2)
    monkeypatch.setattr(notices, "TERMS", 2)
    for name in ("a", "b", "c"):
        watch(clean, name=name)
    runs.tell(*(article(f"{n}", story="s1") for n in range(5)), article("other"))
    again = runs.bring(*(article(f"{n}", story="s1") for n in range(4, 8)))
    alert(again, client=clean)
    forget(again.next("alerted"))
    alert(again, client=clean)
    of_story = [notice for notice in kept_notices(clean) if notice.story == "s1"]
    assert [(notice.size, len(notice.articles)) for notice in of_story] == [(8, 3)] * 3


def test_done_again_it_tells_the_same_and_nothing_twice(clean: Elasticsearch, runs: Runs) -> None:
    watch(clean)
    run = runs.bring(*(article(name) for name in "abc"))
    done = alert(run, client=clean)
    assert done.manifest().counts == {"alerts": 1, "notices": 3}
    first = list(done.read(Notice))
    assert list(alert(run, client=clean).read(Notice)) == first
    forget(done)
    assert list(alert(run, client=clean).read(Notice)) == first
    assert {notice.id for notice in first} == {notice.id for notice in kept_notices(clean)}


def match_until(run: Batch, requests: int) -> None:
    """Match, in a process of its own, and be killed after so many requests that follow the making of the copy."""
    real, answered = Transport.perform_request, -1

    def watched(self: Any, method: str, target: str, **how: Any) -> Any:
        nonlocal answered
        answer = real(self, method, target, **how)
        if answered >= 0 or (method == "PUT" and target.startswith("/wirewatch-matching-")):
            answered += 1
        if answered == requests:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Transport.perform_request = watched  # type: ignore[method-assign,assignment]
    alert(run)


def test_killed_while_there_is_a_copy_it_tells_the_same_the_next_time_and_the_copies_go(
    clean: Elasticsearch, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "FEW", 1)
    for name, kql in {"Coups": "coup", "Mali": "Mali and not bread", "Bread": "bread", "Other": "other"}.items():
        watch(clean, name=name, kql=kql)
    run = runs.bring(article("a"), article("b", "Bread in Mali"))
    processes = multiprocessing.get_context("fork")
    for requests in count(step=4):
        process = processes.Process(target=match_until, args=(run, requests))
        process.start()
        process.join(60)
        if process.exitcode != -signal.SIGKILL:
            break
        assert not run.next("alerted").exists()
    assert process.exitcode == 0
    told = {notice.alert: notice.title for notice in run.next("alerted").read(Notice)}
    assert told == {"Bread": "Bread in Mali: b", "Coups": "A coup in Mali: a", "Mali": "A coup in Mali: a"}
    assert len(kept_notices(clean)) == len(told)
    assert len(clean.indices.get(index="wirewatch-matching-*")) > 1, "it was killed while there was one"
    monkeypatch.setattr(copy, "LEFT", -copy.LEFT)  # as if hours had gone
    runs.tell(article("c"))
    assert not clean.indices.get(index="wirewatch-matching-*")


def test_only_what_the_run_brought_is_told_and_a_changed_article_not_again(clean: Elasticsearch, runs: Runs) -> None:
    old, new = article("old"), article("new")
    runs.bring(old)
    watch(clean)
    assert [notice.story for notice in runs.tell(old, new)] == [new.id]
    body = f"{new.body} And more."
    changed = new.model_copy(
        update={"body": body, "version": content_version(new.title, None, body), "fetched": NOON + timedelta(hours=1)}
    )
    assert runs.tell(changed) == []
    assert [notice.size for notice in kept_notices(clean)] == [1]


def test_a_version_that_matches_now_is_told(clean: Elasticsearch, runs: Runs) -> None:
    watch(clean)
    was = article("a", "Unrest in Mali")
    assert runs.tell(was) == []
    now = article("a").model_copy(update={"fetched": NOON + timedelta(hours=1)})
    assert [notice.story for notice in runs.tell(now)] == [now.id]


def test_a_replay_tells_nobody_unless_it_is_asked_to(clean: Elasticsearch, runs: Runs) -> None:
    watch(clean)
    a, b = article("a"), article("b")
    first = runs.bring(a)
    alert(first, client=clean)
    replay = runs.bring(a, b, name=first.replayed("20261201T000000Z-123456").name)
    done = alert(replay, client=clean)
    assert (done.exists(), done.manifest().records) == (True, 0)
    assert runs.tell(b) == []
    forget(done)
    alert(replay, tell=True, client=clean)
    assert told(clean) == {f"new {a.id}": "due", f"new {b.id}": "due"}


def test_all_pages_of_all_alerts_are_told(clean: Elasticsearch, runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "PAGE", 3)
    monkeypatch.setattr(matching, "AT_ONCE", 2)
    for name in ("a", "b", "c"):
        watch(clean, name=name, kql="*")
    assert len(runs.tell(*(article(f"{number}") for number in range(8)))) == 3 * 8


def test_a_query_that_cannot_be_asked_is_shown_and_stops_no_other(
    clean: Elasticsearch, runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    watch(clean)
    broken = watch(clean, name="broken", kql="coup and (Mali")
    done = alert(runs.bring(article("a")), client=clean)
    assert done.manifest().counts == {"alerts": 1, "broken:broken": 1, "notices": 1}
    assert "The alert broken cannot be asked: line 1:15" in caplog.text
    clean.indices.refresh(index="wirewatch-alerts")
    shown = store.find(clean, "broken")
    assert shown.error and "no viable alternative" in shown.error
    store.change(clean, shown, alert=broken.alert.model_copy(update={"kql": "coup and (Mali)"}))
    assert len(runs.tell(article("b"))) == 2
    assert store.find(clean, "broken").error is None


def test_what_is_silent_or_tells_too_much_is_noted_until_it_is_no_more(
    clean: Elasticsearch, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BUSY", 1)
    clock = clock_of(monkeypatch)
    clock(NOON)
    for name, kql in {"Coups": "coup", "Bread": "bread", "Well": "Mali and b"}.items():
        watch(clean, name=name, kql=kql)
    clock(NOON + timedelta(days=31))
    runs.tell(article("a"), article("b"))
    noted = {kept.alert.name: kept.unusual for kept in store.all_alerts(clean)}
    assert (noted["Coups"] or "").startswith("2 notices in 24 h")
    assert (noted["Bread"] or "").startswith("found nothing in 30 days")
    assert noted["Well"] is None
    clock(NOON + timedelta(days=33))
    runs.tell(article("c", "Bread"))
    assert [kept.unusual for kept in store.all_alerts(clean)] == [None] * 3


def test_an_alert_that_is_paused_is_not_asked_and_what_a_muted_one_finds_is_kept(
    clean: Elasticsearch, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = clock_of(monkeypatch)
    clock(NOON)
    store.change(clean, watch(clean, name="paused"), paused=True)
    store.change(clean, watch(clean, name="muted"), muted=NOON + timedelta(hours=1))
    runs.tell(article("a", story="s1"))
    assert [(notice.alert, notice.state, notice.due) for notice in kept_notices(clean)] == [("muted", "muted", None)]
    clock(NOON + timedelta(hours=1))
    runs.tell(article("b", story="s1"), article("c", story="s2"))
    assert told(clean) == {"new s1": "muted", "new s2": "due"}


def test_a_story_waits_until_enough_outlets_report_it(clean: Elasticsearch, runs: Runs) -> None:
    watch(clean, sources=3)
    (first,) = runs.tell(
        article("a", story="s1"), article("a2", story="s1"), article("b", story="s1", source="b.example")
    )
    assert (first.state, first.due, first.slot) == ("waiting", None, "")
    runs.tell(article("b2", story="s1", source="b.example"), article("x", story="s2", source="x.example"))
    assert told(clean) == {"new s1": "waiting", "new s2": "waiting"}
    last = runs.bring(article("c", story="s1", source="c.example"))
    alert(last, client=clean)
    assert told(clean) == {"new s1": "due", "new s2": "waiting"}
    (due,) = [notice for notice in kept_notices(clean) if notice.state == "due"]
    assert (due.slot, due.run, len(due.sources)) == (f"{alert_id('Coups')} {last.name}", first.run, 3)


def test_an_outlet_that_reports_the_story_in_other_words_counts_too(clean: Elasticsearch, runs: Runs) -> None:
    watch(clean, sources=2)
    runs.tell(article("a", story="s1"))
    runs.tell(article("b", "Putsch au Mali", story="s1", source="b.example"))
    assert told(clean) == {"new s1": "due"}


def test_a_story_that_grows_after_it_was_told_is_told_once_more(clean: Elasticsearch, runs: Runs) -> None:
    kept = watch(clean, developing=3)
    (first,) = runs.tell(article("a", story="s1"), *(article(f"b{n}", story="s2") for n in range(4)))[:1]
    assert runs.tell(article("a2", story="s1")) == []
    mark_told(clean)
    run = runs.bring(article("a3", story="s1"), article("b5", story="s2"))
    (again,) = alert(run, client=clean).read(Notice)
    assert (again.id, again.kind, again.size) == (notice_id(first.id, "s1", "developing"), "developing", 3)
    assert (again.slot, again.title) == (f"{alert_id('Coups')} {run.name}", first.title)
    forget(run.next("alerted"))
    assert list(alert(run, client=clean).read(Notice)) == [again]
    mark_told(clean)
    assert runs.tell(article("a4", story="s1")) == []
    told_small = again.model_copy(update={"state": "told", "told_size": 0})
    assert notices.developing(told_small, kept, NOON, run.name) == [], "it is told once more, and not twice"


def mark_told(client: Elasticsearch) -> None:
    def told(_: str, notice: Notice | None) -> list[Notice]:
        return [notice.model_copy(update={"state": "told", "told_size": notice.size})] if notice else []

    notices.change(client, [notice.id for notice in kept_notices(client)], told)


def merged(younger: str, older: str) -> list[Story]:
    facts = {"title": "A coup", "size": 2, "languages": ("en",), "sources": (), "first_seen": NOON, "last_seen": NOON}
    return [Story(id=older, **facts), Story(id=younger, **facts, merged_into=older)]  # type: ignore[arg-type]


def test_a_story_that_became_part_of_an_older_one_is_not_told_again_under_that_name(
    clean: Elasticsearch, runs: Runs
) -> None:
    watch(clean)
    runs.tell(article("b", story="younger"))
    runs.bring(article("bread", "Bread"), stories=merged("younger", "older"))
    assert runs.tell(article("c", story="older")) == []
    (notice,) = kept_notices(clean)
    assert (notice.story, notice.size) == ("younger", 2)


def test_a_run_that_merges_two_stories_tells_neither_again(clean: Elasticsearch, runs: Runs) -> None:
    watch(clean)
    runs.tell(article("a", story="older"), article("b", story="younger"))
    assert runs.tell(article("c", story="older"), stories=merged("younger", "older")) == []
    assert sorted(notice.size for notice in kept_notices(clean)) == [1, 2]


def test_outlets_of_stories_that_became_one_are_counted_together(clean: Elasticsearch, runs: Runs) -> None:
    watch(clean, sources=2)
    runs.tell(article("b", story="younger"))
    runs.tell(article("c", "Putsch", story="older", source="c.example"), stories=merged("younger", "older"))
    assert told(clean) == {"new younger": "due"}


def test_two_runs_that_are_matched_at_once_lose_nothing_of_each_other(clean: Elasticsearch, runs: Runs) -> None:
    watch(clean)
    brought = [[article(f"{run}-{number}", story=f"s{number}") for number in range(20)] for run in range(4)]
    batches = [runs.bring(*articles) for articles in brought]

    def tell(batch: Batch) -> int:
        return alert(batch, client=clean).manifest().records

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(tell, batches)) == 20
    assert [notice.size for notice in kept_notices(clean)] == [4] * 20


def test_of_two_runs_that_are_matched_at_once_one_sees_the_outlets_and_notices_of_the_other(
    clean: Elasticsearch, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(clean, sources=2)
    others: list[threading.Thread] = []
    real = match.matches

    def while_another_begins(*asked: Any) -> Any:
        if not others:
            late = runs.bring(article("b", "Putsch au Mali", story="s1", source="b.example"))
            others.append(threading.Thread(target=alert, args=(late,), kwargs={"client": clean}))
            others[0].start()
            others[0].join(1)
        return real(*asked)

    monkeypatch.setattr(match, "matches", while_another_begins)
    runs.tell(article("a", story="s1"))
    others[0].join(30)
    assert told(clean) == {"new s1": "due"}


def test_of_two_that_match_the_same_run_at_once_one_finds_it_done(
    clean: Elasticsearch, runs: Runs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(clean)
    run = runs.bring(article("a"))
    asked: list[Any] = []
    real = match.matches

    def counted(*what: Any) -> Any:
        asked.append(what)
        return real(*what)

    monkeypatch.setattr(match, "matches", counted)
    both = [threading.Thread(target=alert, args=(run,), kwargs={"client": clean}) for _ in range(2)]
    with in_turn(settings.state, "alerts"):
        for one in both:
            one.start()
        both[0].join(1)
        assert not run.next("alerted").exists()
    for one in both:
        one.join(30)
    assert run.next("alerted").manifest().counts == {"alerts": 1, "notices": 1}
    assert len(asked) == 1


def test_a_notice_that_nobody_waits_for_any_more_is_left_alone(clean: Elasticsearch, runs: Runs) -> None:
    kept = watch(clean, sources=2)
    runs.tell(article("a", story="s1"))
    store.delete(clean, kept)
    runs.tell(article("b", story="s1", source="b.example"))
    assert told(clean) == {"new s1": "waiting"}

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from search.alerts import match
from search.alerts.alert import Alert, load_alerts
from search.alerts.match import alert
from search.index import index
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle, Notice, content_version, notice_id
from wirewatch.settings import Settings

Desk = dict[str, EnrichedArticle]
Enriched = Callable[..., Batch]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "notices.jsonl"


@pytest.fixture
def watch(file: Path) -> Alert:
    return Alert(name="Russia in Africa", kql="Russia and military and cooperation and Africa", tell=[f"file://{file}"])


UNMARK = "ctx._source.remove('told'); ctx._source.remove('told_to')"


def told(file: Path) -> list[str]:
    return [json.loads(line)["article"] for line in file.read_text().splitlines()] if file.exists() else []


def forget(batch: Batch) -> None:
    """As after a kill just before the batch was finished."""
    Path(batch.url.removeprefix("file://"), "manifest.json").unlink()


def test_an_alert_tells_each_article_of_the_run_once(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, watch: Alert, file: Path
) -> None:
    run = index(enriched(list(desk.values())), client=clean)
    done = alert(run, alerts=[watch], client=clean)
    assert len(told(file)) == len(set(told(file))) == 6
    assert desk["algiers"].id in told(file)
    assert done.manifest().counts == {"alerts": 1, "told": 6}
    notices = {notice.article: notice for notice in done.read(Notice)}
    assert notices.keys() == set(told(file))
    assert notices[desk["algiers"].id].id == notice_id(watch.name, desk["algiers"].id)
    # Done once more it does nothing, and as after a kill it tells nothing again.
    alert(run, alerts=[watch], client=clean)
    forget(done)
    again = alert(run, alerts=[watch], client=clean)
    assert len(told(file)) == 6
    assert [n.id for n in again.read(Notice)] == [n.id for n in done.read(Notice)]


def test_only_what_the_run_brought_is_told(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, watch: Alert, file: Path
) -> None:
    index(enriched([desk["algiers"], desk["wheat"]], "first"), client=clean)
    run = index(enriched([desk["algiers"], desk["drills"]], "second"), client=clean)
    alert(run, alerts=[watch], client=clean)
    assert told(file) == [desk["drills"].id]


def test_a_changed_article_is_not_told_again(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, watch: Alert, file: Path
) -> None:
    alert(index(enriched([desk["algiers"]], "first"), client=clean), alerts=[watch], client=clean)
    body = desk["algiers"].body + "\n\nMise à jour."
    changed = desk["algiers"].model_copy(
        update={
            "body": body,
            "version": content_version(desk["algiers"].title, desk["algiers"].lead, body),
            "fetched": desk["algiers"].fetched + timedelta(hours=1),
        }
    )
    done = alert(index(enriched([changed], "second"), client=clean), alerts=[watch], client=clean)
    assert told(file) == [changed.id]
    assert done.manifest().counts == {"alerts": 1}


def test_a_replay_tells_nobody_now_or_later(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, watch: Alert, file: Path
) -> None:
    first = enriched([desk["algiers"]], "20261120T130000Z-abcdef-g00")
    alert(index(first, client=clean), alerts=[watch], client=clean)
    replay = enriched([desk["algiers"], desk["wheat"]], first.replayed("20261201T000000Z-123456").name)
    done = alert(index(replay, client=clean), alerts=[watch], client=clean)
    assert (done.exists(), done.manifest().records) == (True, 0)
    alert(index(enriched([desk["wheat"]], "later"), client=clean), alerts=[watch], client=clean)
    assert told(file) == [desk["algiers"].id]


def test_all_pages_of_matches_are_told(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(match, "PAGE", 3)
    monkeypatch.setattr(match, "AT_ONCE", 2)
    run = index(enriched(list(desk.values())), client=clean)
    everything = [Alert(name=name, kql="*", tell=[f"file://{file}"]) for name in ("a", "b", "c")]
    done = alert(run, alerts=everything, client=clean)
    assert done.manifest().counts == {"alerts": 3, "told": 3 * len(desk)}
    assert len(told(file)) == 3 * len(desk)


def test_a_broken_query_is_reported_and_stops_no_other(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, watch: Alert, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Alert(name="broken", kql="Russia and (military", tell=[f"file://{file}"])
    run = index(enriched([desk["algiers"]]), client=clean)
    done = alert(run, alerts=[broken, watch], client=clean)
    assert done.manifest().counts == {"alerts": 1, "broken:broken": 1, "told": 1}
    assert told(file) == [desk["algiers"].id]
    assert "The alert broken cannot be asked: line 1:21: no viable alternative" in caplog.text


ALERT_UNTIL_KILLED = """
import sys
from pathlib import Path
from search.alerts.alert import load_alerts
from search.alerts.match import alert
from wirewatch.batches import Batch
alert(Batch(sys.argv[1], "indexed", sys.argv[2]), alerts=load_alerts(Path(sys.argv[3])))
"""


def test_killed_between_creating_and_telling_tells_each_notice_once(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, watch: Alert, file: Path, tmp_path: Path
) -> None:
    run = index(enriched(list(desk.values())), client=clean)
    alerts = tmp_path / "alerts.yml"
    alerts.write_text(json.dumps([watch.model_dump()]))
    os.mkfifo(file)  # Nobody reads from it, so telling waits for ever.
    child = subprocess.Popen([sys.executable, "-c", ALERT_UNTIL_KILLED, run.root, run.name, str(alerts)])
    while clean.count(index="wirewatch-notices")["count"] < 6:
        assert child.poll() is None
        time.sleep(0.05)
    child.kill()
    child.wait()
    file.unlink()
    assert not run.next("alerted").exists()

    done = alert(run, alerts=[watch], client=clean)
    assert len(told(file)) == len(set(told(file))) == 6
    assert done.manifest().counts == {"alerts": 1, "told": 6}


def test_killed_between_telling_and_marking_tells_that_notice_again_with_the_same_id(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, watch: Alert, file: Path
) -> None:
    run = index(enriched(list(desk.values())), client=clean)
    done = alert(run, alerts=[watch], client=clean)
    unmarked = notice_id(watch.name, desk["wheat"].id)
    clean.update(index="wirewatch-notices", id=unmarked, script=UNMARK)
    forget(done)
    alert(run, alerts=[watch], client=clean)
    ids = [json.loads(line)["id"] for line in file.read_text().splitlines()]
    assert (len(ids), ids.count(unmarked)) == (7, 2)


def test_a_pending_notice_is_told_even_if_a_later_run_changed_its_article(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, watch: Alert, file: Path
) -> None:
    run = index(enriched([desk["algiers"]], "first"), client=clean)
    done = alert(run, alerts=[watch], client=clean)
    clean.update(index="wirewatch-notices", id=notice_id(watch.name, desk["algiers"].id),
                 script=UNMARK)  # fmt: skip
    forget(done)
    file.unlink()
    body = "Tout autre chose."
    changed = desk["algiers"].model_copy(
        update={"body": body, "version": content_version(desk["algiers"].title, desk["algiers"].lead, body)}
    )
    index(enriched([changed], "second"), client=clean)
    alert(run, alerts=[watch], client=clean)
    assert told(file) == [changed.id]


def test_a_channel_that_fails_leaves_its_notices_for_the_next_try(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, watch: Alert, file: Path
) -> None:
    run = index(enriched([desk["algiers"]]), client=clean)
    blocked = file.with_name("a-file")
    blocked.write_text("")
    unwritable = Alert(name="unwritable", kql="*", tell=[f"file://{blocked}/notices"])
    with pytest.raises(UserError, match=r"1 notices wait to be told: The alert channel file://.* cannot be written"):
        alert(run, alerts=[unwritable, watch], client=clean)
    assert told(file) == [desk["algiers"].id]
    blocked.unlink()
    done = alert(run, alerts=[unwritable, watch], client=clean)
    assert told(file) == [desk["algiers"].id]
    assert told(blocked / "notices") == [desk["algiers"].id]
    assert done.manifest().counts == {"alerts": 2, "told": 2}


def test_a_channel_that_was_told_is_not_told_again_because_another_one_failed(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, file: Path
) -> None:
    run = index(enriched([desk["algiers"]]), client=clean)
    blocked = file.with_name("a-file")
    blocked.write_text("")
    both = Alert(name="both", kql="*", tell=[f"file://{file}", f"file://{blocked}/notices"])
    for _ in range(2):
        with pytest.raises(UserError, match="1 notices wait to be told"):
            alert(run, alerts=[both], client=clean)
    blocked.unlink()
    done = alert(run, alerts=[both], client=clean)
    assert told(file) == told(blocked / "notices") == [desk["algiers"].id]
    assert done.manifest().counts == {"alerts": 1, "told": 1}
    forget(done)
    alert(run, alerts=[both], client=clean)
    assert len(told(file)) == 1


def test_notices_go_to_standard_output_and_to_a_file_in_the_home_folder(
    clean: Elasticsearch, desk: Desk, enriched: Enriched, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    both = Alert(name="both", kql="countries: DZ", tell=["stdout", "file:told/notices.jsonl"])
    alert(index(enriched([desk["algiers"]]), client=clean), alerts=[both], client=clean)
    assert capsys.readouterr().out == f"Alert both: {desk['algiers'].title} {desk['algiers'].url}\n"
    assert told(settings.home / "told" / "notices.jsonl") == [desk["algiers"].id]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- name: a\n  kql: x\n  tell: [pigeon]", r"alerts.yml, line 3 \(a\): tell.0: .*`pigeon` is no channel"),
        ("- name: a\n  kql: x\n  tell: [file://host/x]", "is no channel"),
        ("- name: a\n  tell: [stdout]", r"line 1 \(a\): kql: is missing"),
        ("- name: a\n  kql: x\n  tell: []", "tell: .*at least 1"),
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


def test_the_sample_alerts_can_all_be_asked(clean: Elasticsearch, desk: Desk, enriched: Enriched) -> None:
    for name in ("alerts.yml", "tests/newsroom/alerts.yml"):
        alerts = load_alerts(ROOT / name)
        assert alerts
        for sample in alerts:
            clean.search(index="articles", query={"kql": {"query": sample.kql}})

"""A saved search in Kibana with the tag `alert` is an alert, and what of it cannot be one is said."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from typer.testing import CliRunner

from search.alerts import deliver as delivering
from search.alerts import match, sending, store
from search.alerts.alert import Alert
from search.alerts.channels import Message
from search.alerts.deliver import deliver
from search.alerts.kibana.take_over import take_over
from search.alerts.notices import announce
from search.alerts.store import Kept
from search.alerts.watch import troubles
from tests.search.alerts.kibana.pretending import Kibana, pill
from tests.search.alerts.telling import Runs, article, clock_of, heard, notices, watch
from wirewatch.cli import cli
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle, Meaning, Notice, SourceRef
from wirewatch.settings import get_settings

COUNTRY = {"match_phrase": {"source.country": "ML"}}
PHRASES = {"bool": {"minimum_should_match": 1, "should": [{"match_phrase": {"language": one}} for one in ("en", "fr")]}}


@pytest.fixture
def kibana(clean: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kibana]:
    with Kibana() as server:
        monkeypatch.setenv("KIBANA_URL", server.url)
        get_settings.cache_clear()
        yield server


@pytest.fixture
def told_to(file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the channel hears that is told where a saved search names none."""
    monkeypatch.setenv("WIREWATCH_KIBANA_TELL", json.dumps([f"file://{file}"]))
    get_settings.cache_clear()
    return file


def all_of(client: Elasticsearch) -> dict[str, Kept]:
    return {kept.alert.name: kept for kept in store.all_alerts(client)}


def told(found: list[Notice]) -> dict[str, set[str]]:
    """What each alert told of, by the last word of its title."""
    by_alert: dict[str, set[str]] = {}
    for notice in found:
        by_alert.setdefault(notice.alert, set()).add(notice.title.rpartition(" ")[2])
    return by_alert


@pytest.mark.parametrize(
    "query", [{"match": "coup"}, {"match": {"title": {"type": "phrase"}}}, {"wrapper": {"query": "e30="}}]
)
def test_what_nobody_can_read_stops_no_other_search(
    clean: Elasticsearch, kibana: Kibana, runs: Runs, query: dict[str, object]
) -> None:
    kibana.save("1", "Well", "coup")
    kibana.save("2", "Strange", "", pill(query, type="custom"))
    kibana.save("3", "Long", "a" * 20_000)
    assert take_over(client=clean)["added"] == 3
    warned = {name: bool(kept.warnings) for name, kept in all_of(clean).items()}
    assert warned.pop("Well") is False and list(warned.values()) == [True, True]
    found = runs.tell(article("a"))
    assert "Well" in told(found) and "Saved search 3" not in told(found)


def test_a_default_channel_that_is_none_is_named_without_its_secret(
    clean: Elasticsearch, kibana: Kibana, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WIREWATCH_KIBANA_TELL", '["slack://secret token"]')
    get_settings.cache_clear()
    kibana.save("1", "Well", "coup")
    assert not take_over(client=clean)
    assert "WIREWATCH_KIBANA_TELL" in caplog.text and "secret" not in caplog.text


def test_a_saved_search_asks_what_kibana_asks(clean: Elasticsearch, kibana: Kibana, runs: Runs) -> None:
    kibana.save("1", "KQL", "title: coup and source.country: ML")
    kibana.save("2", "Lucene", "title:(coup AND mali) -title:b*", language="lucene")
    kibana.save("3", "Phrase", "", pill(COUNTRY, type="phrase", key="source.country", params={"query": "ML"}))
    kibana.save("4", "Phrases", "coup", pill(PHRASES, type="phrases", params=["en", "fr"]))
    kibana.save("5", "Range", "", pill({"range": {"first_seen": {"gte": "2026-11-20", "lt": "now+50y"}}}, type="range"))
    kibana.save("6", "Exists", "", pill({"exists": {"field": "language"}}, type="exists"))
    kibana.save("7", "Negated", "coup", pill({"match_phrase": {"source.id": "b.example"}}, type="phrase", negate=True))
    kibana.save("8", "Disabled", "coup", pill({"match_phrase": {"source.id": "nobody"}}, type="phrase", disabled=True))
    either = pill({}, type="combined", relation="OR")
    both = [pill({"match_phrase": {"title": "bread"}}), pill({"match_phrase": {"source.id": "b.example"}}, negate=True)]
    either["meta"]["params"] = [pill({}, type="combined", relation="AND", params=both), pill({"ids": {"values": []}})]
    kibana.save("9", "Combined", "", either)
    kibana.save("a", "Query DSL", "", pill({"bool": {"must": [{"match": {"title": "bread"}}]}}, alias="Mine"))
    kibana.save("b", "Old", "", {"meta": {}, "exists": {"field": "no_such"}})
    kibana.save("c", "Tab", "bread", in_tab=True)
    kibana.save("d", "Not an alert", "coup", tags=("other",))
    kibana.save("e", "Everything")
    kibana.save("f", "Typed DSL", {"query": {"match": {"title": "coup"}}, "language": "lucene"})
    assert take_over(client=clean) == {"added": 14}
    alerts = all_of(clean)
    assert all((kept.origin, kept.warnings) == ("kibana", ()) for kept in alerts.values())
    assert alerts["KQL"].origin_id == "1"
    found = runs.tell(article("a"), article("b", source="b.example"), article("c", "Bread"))
    finds = {
        "abc": ("Phrase", "Range", "Exists", "Everything"),
        "ab": ("KQL", "Phrases", "Disabled", "Typed DSL"),
        "a": ("Lucene", "Negated"),
        "c": ("Combined", "Query DSL", "Tab"),
    }
    assert told(found) == {name: set(which) for which, names in finds.items() for name in names}
    assert take_over(client=clean) == {}, "done again it changes nothing"


def test_lines_of_the_description_say_where_and_when(clean: Elasticsearch, kibana: Kibana) -> None:
    said = """Coups, and what comes after them. Ask Awa: she knows.
tell: mail:awa@example.org, mail:ben@example.org
every: day
at: 07:30
zone: Africa/Dakar
sources: 2
where: {languages: [en, fr]}"""
    kibana.save("1", "Coups", "coup", description=said)
    take_over(client=clean)
    assert all_of(clean)["Coups"].alert == Alert(
        name="Coups",
        kql="coup",
        tell=("mail:awa@example.org", "mail:ben@example.org"),
        every="day",
        at=time(7, 30),
        zone="Africa/Dakar",
        sources=2,
        where={"languages": ["en", "fr"]},  # type: ignore[arg-type]
    )


def test_without_channels_of_its_own_it_tells_those_of_the_settings(
    clean: Elasticsearch, kibana: Kibana, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREWATCH_KIBANA_TELL", '["mail:desk@example.org"]')
    get_settings.cache_clear()
    kibana.save("1", "Coups", "coup")
    kibana.save("2", "Bread", "bread", description="tell: mail:ben@example.org")
    take_over(client=clean)
    assert [kept.alert.tell for kept in all_of(clean).values()] == [
        ("mail:ben@example.org",),
        ("mail:desk@example.org",),
    ]


def test_a_sentence_is_understood_where_it_can_be(clean: Elasticsearch, kibana: Kibana) -> None:
    kibana.save("1", "Bread", "", description="about: Bakers protest against the price of flour")
    take_over(client=clean)
    assert "`about` is not understood here" in all_of(clean)["Bread"].warnings[0]
    take_over(lambda text: Meaning(text=text, language="en", embedding=(1.0,) * 384), client=clean)
    kept = all_of(clean)["Bread"]
    assert (kept.alert.about, kept.warnings) == ("Bakers protest against the price of flour", ())
    assert kept.meaning and kept.meaning.embedding


def test_what_cannot_be_taken_over_is_said_on_the_alert(
    clean: Elasticsearch, kibana: Kibana, runs: Runs, settings: object
) -> None:
    kibana.put("index-pattern", "mine", {"title": "articles", "runtimeFieldMap": '{"loud": {"type": "keyword"}}'})
    kibana.save("1", "Other index", "coup", view="logs")
    kibana.save("2", "View gone", "coup", view="gone")
    kibana.save("3", "ES|QL", {"esql": "FROM articles | LIMIT 1"})
    kibana.save("4", "Runtime", "coup or loud: yes", view="mine")
    kibana.save("5", "Strange pill", "coup", {"meta": {"type": "spatial", "key": "where"}})
    kibana.save("6", "Lookup", "coup", pill({"terms": {"id": {"index": "payroll", "id": "1", "path": "salary"}}}))
    least = {"terms": ["DZ"], "minimum_should_match_script": {"source": "1"}}
    kibana.save("a", "Program", "coup", pill({"terms_set": {"countries": least}}))
    kibana.save("7", "Channels", "coup", description="tell: nowhere, stdout, no such channel!\nevery: moment")
    kibana.save("8", "Broken JSON", "coup")
    kibana.objects["search", "8"]["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"] = "{"
    kibana.save("9", "Two tabs", "coup", in_tab=True)
    tabs = kibana.objects["search", "9"]["attributes"]["tabs"]
    tabs.append(tabs[0])
    take_over(client=clean)
    alerts = all_of(clean)
    for name, why in {
        "Other index": "not asked: its data view is Logs",
        "View gone": "not asked: its data view is one that is gone",
        "ES|QL": "not asked: alerts do not speak ES|QL",
        "Runtime": "the field `loud` is of its data view alone",
        "Strange pill": "the filter `where` is left out, so it finds too much",
        "Lookup": "looks something up in another index",
        "Program": "runs a program",
        "Broken JSON": "cannot be read",
        "Two tabs": "only its first tab of 2",
    }.items():
        assert any(why in warning for warning in alerts[name].warnings), (name, alerts[name].warnings)
    said = "\n".join(alerts["Channels"].warnings)
    for why in ("`stdout` is the operator's", "`no such channel!` is no channel", "`every: …`", "channel nowhere"):
        assert why in said
    assert alerts["Channels"].alert.tell == ("nowhere",), "what it is told waits until there is such a channel"
    asked = {"Runtime", "Strange pill", "Lookup", "Program", "Channels", "Two tabs"}
    assert set(told(runs.tell(article("a")))) == asked, "what would be asked wrongly is not asked"
    assert "the alert ES|QL: of the saved search: it is not asked: alerts do not speak ES|QL" in str(troubles(clean))


def test_a_search_that_cannot_be_read_is_taken_over_and_shown_with_its_error(
    clean: Elasticsearch, kibana: Kibana, runs: Runs
) -> None:
    kibana.save("1", "Coups", "coup and (")
    take_over(client=clean)
    assert runs.tell(article("a")) == []
    assert all_of(clean)["Coups"].error


def test_a_changed_search_changes_its_alert_and_a_deleted_tag_deletes_it(
    clean: Elasticsearch, kibana: Kibana, runs: Runs
) -> None:
    for id, title in (("1", "Coups"), ("2", "Bread"), ("3", "Wheat")):
        kibana.save(id, title, "coup")
    watch(clean, name="By hand")
    take_over(client=clean)
    runs.tell(article("a"))
    store.change(clean, store.find(clean, "Coups"), paused=True)
    kibana.save("1", "Coups", "coup and Mali", description="every: hour")
    kibana.save("2", "Bread", "coup", tags=())
    del kibana.objects["search", "3"]
    assert take_over(client=clean) == {"changed": 1, "removed": 2}
    alerts = all_of(clean)
    assert set(alerts) == {"By hand", "Coups"}
    assert (alerts["Coups"].alert.kql, alerts["Coups"].alert.every) == ("coup and Mali", "hour")
    assert alerts["Coups"].paused, "what people did to it besides stays"
    assert {notice.alert for notice in notices(clean)} == {"By hand", "Bread", "Coups", "Wheat"}, "its notices stay"


def test_a_search_with_another_title_is_the_same_alert(clean: Elasticsearch, kibana: Kibana, runs: Runs) -> None:
    kibana.save("1", "Coups", "coup")
    take_over(client=clean)
    (notice,) = runs.tell(article("a", story="s"))
    muted = datetime(2050, 1, 1, tzinfo=UTC)
    store.change(clean, store.find(clean, "Coups"), muted=muted)
    kibana.save("1", "Putsches", "coup")
    assert take_over(client=clean) == {"renamed": 1}
    (kept,) = all_of(clean).values()
    assert (kept.alert.name, kept.muted) == ("Putsches", muted)
    assert runs.tell(article("b", story="s", source="b.example")) == [], "the story was told under the other title"
    (grown,) = notices(clean)
    assert (grown.id, grown.alert, grown.size) == (notice.id, "Putsches", 2)


def test_where_another_title_cannot_be_taken_over_yet_the_alert_stays_what_it_was(
    clean: Elasticsearch, kibana: Kibana, runs: Runs
) -> None:
    def understand(text: str) -> Meaning:
        return Meaning(text=text, language="en", embedding=(1.0,) * 384)

    def without_models(text: str) -> Meaning:
        raise UserError("The models are not there.")

    def near(name: str) -> EnrichedArticle:
        found: EnrichedArticle = article(name).model_copy(update={"embedding": (1.0,) * 384})
        return found

    kibana.save("1", "Coups", "", description="about: A coup in Mali")
    take_over(understand, client=clean)
    runs.tell(near("a"))
    muted = datetime(2050, 1, 1, tzinfo=UTC)
    store.change(clean, store.find(clean, "Coups"), muted=muted, unsubscribed=("desk",))
    kibana.save("1", "Putsches", "", description="about: A coup in Mali")
    assert take_over(without_models, client=clean) == {}
    assert set(all_of(clean)) == {"Coups"}
    runs.tell(near("b"))
    assert told(notices(clean)) == {"Coups": {"a", "b"}}, "it is asked as before"
    assert take_over(understand, client=clean) == {"renamed": 1}
    (kept,) = all_of(clean).values()
    assert (kept.alert.name, kept.muted, kept.unsubscribed) == ("Putsches", muted, ("desk",))
    assert told(notices(clean)) == {"Putsches": {"a", "b"}}


def test_no_alert_is_renamed_while_the_alerts_are_asked(
    clean: Elasticsearch, kibana: Kibana, runs: Runs, told_to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kibana.save("1", "Coups", "coup")
    take_over(client=clean)
    run = runs.bring(article("a"))
    kibana.save("1", "Putsches", "coup")
    other = threading.Thread(target=take_over, kwargs={"client": clean})
    real = match.matches

    def while_they_are_renamed(*asked: Any) -> Any:
        other.start()
        other.join(1)
        return real(*asked)

    monkeypatch.setattr(match, "matches", while_they_are_renamed)
    match.alert(run, client=clean)
    other.join(30)
    assert deliver(client=clean) == {"sent": 1}
    assert [line["alert"] for line in heard(told_to)] == ["Putsches"]


def test_what_is_due_while_its_alert_is_renamed_is_told_by_the_next_delivery(
    clean: Elasticsearch, kibana: Kibana, runs: Runs, told_to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kibana.save("1", "Coups", "coup")
    take_over(client=clean)
    runs.tell(article("a"))
    kibana.save("1", "Putsches", "coup")
    real = delivering._Round._due

    def renamed_after(*asked: Any) -> list[Notice]:
        due = real(*asked)
        take_over(client=clean)
        return due

    with monkeypatch.context() as patch:
        patch.setattr(delivering._Round, "_due", renamed_after)
        assert deliver(client=clean) == {}
    assert [(notice.alert, notice.state) for notice in notices(clean)] == [("Putsches", "due")]
    assert deliver(client=clean) == {"sent": 1}
    assert [line["alert"] for line in heard(told_to)] == ["Putsches"]


def test_what_is_sent_while_its_alert_is_renamed_is_told_and_says_why_it_matched(
    clean: Elasticsearch, kibana: Kibana, runs: Runs, told_to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kibana.save("1", "Coups", "coup")
    take_over(client=clean)
    runs.tell(article("a"))
    kibana.save("1", "Putsches", "coup")
    real = sending.send

    def renamed_before(message: Message, channel: str) -> None:
        take_over(client=clean)
        real(message, channel)

    monkeypatch.setattr(sending, "send", renamed_before)
    assert deliver(client=clean) == {"sent": 1}
    (notice,) = notices(clean)
    assert (notice.alert, notice.state) == ("Putsches", "told")
    assert any("coup" in piece for piece in notice.articles[0].why)
    assert deliver(client=clean) == {}


def test_what_is_written_under_the_old_title_until_that_is_gone_is_told_under_the_new_one(
    clean: Elasticsearch, kibana: Kibana, runs: Runs, told_to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kibana.save("1", "Coups", "coup")
    take_over(client=clean)
    (notice,) = runs.tell(article("a"))
    kibana.save("1", "Putsches", "coup")
    real = store.delete

    def written_before(client: Elasticsearch, kept: Kept) -> None:
        announce(client, notice.model_copy(update={"id": "late", "kind": "developing"}))
        real(client, kept)

    monkeypatch.setattr(store, "delete", written_before)
    take_over(client=clean)
    deliver(client=clean)
    assert [(line["alert"], line["kind"]) for line in heard(told_to)] == [
        ("Putsches", "new"),
        ("Putsches", "developing"),
    ]


def test_a_story_that_was_told_once_more_is_not_told_so_again_under_another_title(
    clean: Elasticsearch, kibana: Kibana, runs: Runs, told_to: Path
) -> None:
    kibana.save("1", "Coups", "coup", description="developing: 2")
    take_over(client=clean)
    for name in "ab":
        runs.tell(article(name, story="s"))
        deliver(client=clean)
    kibana.save("1", "Putsches", "coup", description="developing: 2")
    take_over(client=clean)
    runs.tell(article("c", story="s"))
    deliver(client=clean)
    assert [line["kind"] for line in heard(told_to)] == ["new", "developing"]


def test_what_a_rule_or_the_operator_is_told_keeps_its_name(
    clean: Elasticsearch, kibana: Kibana, runs: Runs, told_to: Path
) -> None:
    kibana.save("1", "Coups", "coup")
    take_over(client=clean)
    (notice,) = runs.tell(article("a"))
    for kind in ("rule", "operator"):
        announce(clean, notice.model_copy(update={"id": kind, "kind": kind}))
    kibana.save("1", "Putsches", "coup")
    take_over(client=clean)
    named = {notice.kind: notice.alert for notice in notices(clean)}
    assert named == {"new": "Putsches", "rule": "Coups", "operator": "Coups"}


def test_a_message_that_was_sent_is_not_sent_again_under_another_title(
    clean: Elasticsearch, kibana: Kibana, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    channels = [f"file://{tmp_path}/told.jsonl", f"file://{blocked}/told.jsonl"]
    monkeypatch.setenv("WIREWATCH_KIBANA_TELL", json.dumps(channels))
    get_settings.cache_clear()
    kibana.save("1", "Coups", "coup")
    take_over(client=clean)
    runs.tell(article("a"))
    assert deliver(client=clean) == {"sent": 1, "failed": 1}
    kibana.save("1", "Putsches", "coup")
    take_over(client=clean)
    blocked.unlink()
    clock_of(monkeypatch)(datetime.now(UTC) + timedelta(minutes=5))
    assert deliver(client=clean) == {"sent": 1}
    assert [len(heard(Path(channel.removeprefix("file://")))) for channel in channels] == [1, 1]


def test_a_title_that_another_alert_has_is_said_and_nothing_is_lost(clean: Elasticsearch, kibana: Kibana) -> None:
    watch(clean, name="Coups")
    for id in ("1", "2"):
        kibana.save(id, "Coups", "bread")
    kibana.save("3", "Wheat", "wheat")
    take_over(client=clean)
    kibana.save("0", "Wheat", "flour")
    assert take_over(client=clean) == {"added": 1}
    alerts = all_of(clean)
    assert (alerts["Coups"].origin, alerts["Wheat"].origin_id) == ("command", "3"), "who has a name keeps it"
    others = [kept for name, kept in alerts.items() if name not in ("Coups", "Wheat")]
    assert len(others) == 3
    assert all("there is another alert named" in kept.warnings[0] for kept in others)
    store.delete(clean, alerts["Coups"])
    del kibana.objects["search", "2"]
    take_over(client=clean)
    kept = all_of(clean)["Coups"]
    assert (kept.origin_id, kept.warnings) == ("1", ())


def test_a_kibana_that_does_not_answer_or_shows_nothing_takes_no_alert_away(
    clean: Elasticsearch, kibana: Kibana, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    kibana.save("1", "Coups", "coup")
    take_over(client=clean)
    seen = dict(kibana.objects)

    def stays(why: str) -> None:
        caplog.clear()
        assert take_over(client=clean) == {}
        assert why in caplog.text and set(all_of(clean)) == {"Coups"}

    kibana.status = 403
    stays("refuses to show saved objects")
    kibana.status = 200
    for type in ("tag", "index-pattern", "search"):  # whoever may see none is told that there are none
        kibana.objects = {key: one for key, one in seen.items() if key[0] != type}
        stays("Kibana shows no")
    kibana.objects = seen
    for url, why in (("http://127.0.0.1:9", "does not answer"), ("https" + kibana.url[4:], "not known to be Kibana")):
        monkeypatch.setenv("KIBANA_URL", url)
        get_settings.cache_clear()
        stays(why)
    monkeypatch.setenv("WIREWATCH_KIBANA_CA", "/no/such.pem")
    get_settings.cache_clear()
    stays("is no file")


def test_all_pages_of_saved_searches_are_read(clean: Elasticsearch, kibana: Kibana) -> None:
    kibana.page = 2
    for number in range(5):
        kibana.save(str(number), f"Alert {number}", "coup")
    assert take_over(client=clean) == {"added": 5}
    assert take_over(client=clean) == {}


def test_it_is_asked_as_elasticsearch_is(clean: Elasticsearch, kibana: Kibana) -> None:
    take_over(client=clean)
    assert all(headers["Authorization"].startswith("Basic ") for headers in kibana.asked)


def test_where_no_kibana_is_named_none_is_asked(
    clean: Elasticsearch, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIBANA_URL", raising=False)
    get_settings.cache_clear()
    caplog.set_level(logging.DEBUG, logger="search")
    assert take_over(client=clean) == {} and "Kibana" not in caplog.text
    done = CliRunner().invoke(cli, ["alerts", "sync"])
    assert isinstance(done.exception, UserError) and "KIBANA_URL" in str(done.exception)


def test_commands_take_over_before_they_ask(clean: Elasticsearch, kibana: Kibana) -> None:
    kibana.save("1", "Coups", "coup", description="about: A coup in Mali")
    kibana.save("2", "Logs", "coup", view="logs")
    done = CliRunner().invoke(cli, ["alert"])
    assert done.exit_code == 0, done.output
    assert set(all_of(clean)) == {"Coups", "Logs"}
    assert all_of(clean)["Coups"].meaning
    kibana.save("1", "Coups", "coup", tags=())
    done = CliRunner().invoke(cli, ["alerts", "sync"])
    assert "removed: 1" in done.output and "Logs: it is not asked: its data view is Logs" in done.output


def test_the_country_of_the_invented_articles_is_what_the_pills_ask_for() -> None:
    assert article("a").source == SourceRef(id="a.example", name="a.example", country="ML")

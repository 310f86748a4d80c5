"""Alerts on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from typer.testing import CliRunner

from search.alerts import store
from search.alerts.alert import Alert, load_alerts
from search.alerts.apply import add
from search.indices import DELIVERIES, NOTICES
from tests.search.alerts.telling import spoil
from wirewatch.cli import cli
from wirewatch.errors import UserError
from wirewatch.records import Delivery, Notice, now


def wirewatch(*arguments: str, given: str | None = None) -> str:
    done = CliRunner().invoke(cli, ["alerts", *arguments], env={"COLUMNS": "200"}, input=given)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return " ".join(done.output.split())


def test_an_alert_is_made_changed_shown_and_forgotten(es: Elasticsearch) -> None:
    assert "There are no alerts" in wirewatch("list")
    said = wirewatch("add", "Sahel", "--kql", "coup", "--region", "Sahel", "--every", "day", "--at", "07:30",
                     "--zone", "Africa/Dakar", "--sources", "2")  # fmt: skip
    assert "Sahel tells nobody" in said
    made = Alert(
        name="Sahel", kql="coup", where={"regions": ["Sahel"]}, every="day", at="07:30", zone="Africa/Dakar", sources=2
    )
    assert store.find(es, "Sahel").alert == made
    assert store.find(es, "Sahel").origin == "command"

    said = wirewatch("edit", "Sahel", "--tell", "stdout", "--sources", "", "--country", "ML", "--country", "NE")
    assert "sources: 2 → –" in said
    assert "where.countries: – → ML, NE" in said
    changed = store.find(es, "Sahel").alert
    assert (changed.tell, changed.sources, changed.where.countries) == (("stdout",), 1, ("ML", "NE"))
    assert (changed.kql, changed.where.regions) == ("coup", ("Sahel",))
    assert "already" in wirewatch("edit", "Sahel", "--tell", "stdout")

    listed = wirewatch("list")
    for part in ("coup", "regions: Sahel", "stdout, daily at 07:30 Africa/Dakar", "on"):
        assert part in listed
    assert "- name: Sahel kql: coup where:" in wirewatch("show", "Sahel")

    assert "Aborted" in wirewatch("delete", "Sahel", given="n\n")
    wirewatch("delete", "Sahel", given="y\n")
    with pytest.raises(UserError, match="There is no alert named Sahel"):
        wirewatch("show", "Sahel")


def test_what_is_shown_can_be_written_into_a_file(es: Elasticsearch, tmp_path: Path) -> None:
    wirewatch("add", "Déjà", "--lucene", 'title:"a b"', "--tell", "file:x.jsonl", "--quiet", "22:00-07:00",
              "--relevance", "0.5", "--developing", "9", "--person", "Patrushev")  # fmt: skip
    done = CliRunner().invoke(cli, ["alerts", "show", "Déjà"])
    file = tmp_path / "alerts.yml"
    file.write_text(done.output.partition("┏")[0].partition("┌")[0])
    assert load_alerts(file) == [store.find(es, "Déjà").alert]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "an alert needs a question"),
        (["--kql", "x", "--tell", "pigeon://"], "`pigeon://` is no channel"),
        (["--kql", "x", "--every", "minute"], "every: must be one of run, hour, day, week"),
        (["--kql", "x", "--zone", "Mars/Olympus"], "`Mars/Olympus` is no time zone"),
        (["--kql", "x", "--relevance", "2"], "relevance: "),
        (["--kql", "x", "--lucene", "x"], "ask in one language"),
    ],
)
def test_a_wrong_value_is_named(es: Elasticsearch, options: list[str], message: str) -> None:
    with pytest.raises(UserError, match="This cannot be the alert A: ") as refused:
        wirewatch("add", "A", *options)
    assert message in str(refused.value)


def test_muting_ends_by_itself_and_pausing_when_somebody_says_so(es: Elasticsearch) -> None:
    wirewatch("add", "A", "--kql", "x", "--zone", "Asia/Tokyo")
    assert "A is muted until" in wirewatch("mute", "A", "--for", "3d")
    muted = store.find(es, "A").muted
    assert muted is not None
    assert abs(muted - now() - timedelta(days=3)) < timedelta(minutes=5)
    assert "muted until" in wirewatch("list")
    wirewatch("mute", "A", "--until", "2099-01-01T09:00")
    assert store.find(es, "A").muted == datetime(2099, 1, 1, tzinfo=UTC)
    wirewatch("pause", "A")
    assert "paused" in wirewatch("list")
    wirewatch("resume", "A")
    kept = store.find(es, "A")
    assert (kept.paused, kept.muted) == (False, None)
    for wrong, message in (
        (["--for", "3 days"], "no length of time"),
        (["--until", "soon"], "no time"),
        (["--until", "2001-01-01"], "over already"),
        ([], "Say how long"),
        (["--for", "3d", "--until", "2099-01-01"], "Say how long"),
    ):
        with pytest.raises(UserError, match=message):
            wirewatch("mute", "A", *wrong)


def test_a_file_is_applied_after_its_diff_was_shown(es: Elasticsearch, tmp_path: Path) -> None:
    file = tmp_path / "alerts.yml"
    file.write_text("- {name: A, kql: x}\n- {name: B, kql: y}\n")
    wirewatch("add", "Mine", "--kql", "z")
    assert "+ A: x + B: y" in wirewatch("apply", str(file), "--dry-run")
    assert "Aborted" in wirewatch("apply", str(file), given="n\n")
    assert [kept.alert.name for kept in store.all_alerts(es)] == ["Mine"]
    wirewatch("apply", str(file), given="y\n")
    assert "The alerts are as the file says" in wirewatch("apply", str(file))
    file.write_text("- {name: A, kql: x and y, tell: [desk]}\n")
    said = wirewatch("apply", str(file), "--yes")
    assert "~ A kql: x → x and y tell: – → desk" in said
    assert "A cannot tell desk yet: " in said
    assert "- B" in said
    assert [kept.alert.name for kept in store.all_alerts(es)] == ["A", "Mine"]
    with pytest.raises(UserError, match="is written in a file"):
        wirewatch("edit", "A", "--kql", "z")
    with pytest.raises(UserError, match="is written in a file"):
        wirewatch("delete", "A", "--yes")


def test_an_alert_of_kibana_says_what_of_it_was_not_taken_over(es: Elasticsearch) -> None:
    store.create(
        store.ready(es), Alert(name="K", kql="x"), "kibana", warnings=("a filter on a map",), error="line 1: ?"
    )
    listed = wirewatch("list")
    assert "of the saved search: a filter on a map" in listed
    assert "cannot be asked: line 1: ?" in listed


def test_an_alert_that_cannot_be_read_is_listed_made_anew_and_forgotten(es: Elasticsearch) -> None:
    for name in ("A", "B"):
        spoil(es, add(store.ready(es), Alert(name=name, kql="x"), "file"))
    listed = wirewatch("list")
    assert "cannot be read (zone: `Mars` is no time zone" in listed
    for command in (["edit", "A", "--kql", "y"], ["mute", "A", "--for", "3d"], ["show", "A"]):
        with pytest.raises(UserError, match=r"The alert A cannot be read .* made anew"):
            wirewatch(*command)
    wirewatch("add", "A", "--kql", "y")
    assert store.find(es, "A").alert == Alert(name="A", kql="y")
    wirewatch("delete", "B", "--yes")
    assert [one.name for one in store.everything(es)] == ["A"]


def test_markup_in_a_name_is_text(es: Elasticsearch) -> None:
    add(store.ready(es), Alert(name="[red]x[/]", kql="[bold]y"), "command")
    assert "[red]x[/]" in wirewatch("list")
    assert "[red]x[/] is muted" in wirewatch("mute", "[red]x[/]", "--for", "1h")


def test_the_history_says_what_was_found_and_who_got_it(es: Elasticsearch) -> None:
    add(store.ready(es), Alert(name="A", kql="x", tell=["stdout"]), "command")
    assert "There is no notice of A yet" in wirewatch("history", "A")
    with pytest.raises(UserError, match="no alert named B"):
        wirewatch("history", "B")
    notice = Notice(
        id="n1", alert="A", story="s", title="Bread [b]dearer[/b]", url="https://a.example/1", size=3,
        sources=("a.example", "b.example"), created=now(), run="r", state="due",
    )  # fmt: skip
    other = notice.model_copy(update={"id": "n2", "kind": "developing", "title": "Later", "alert": "A"})
    for one in (notice, other):
        es.create(index=NOTICES, id=one.id, document=one.model_dump(mode="json", exclude_none=True))
    failed = Delivery(
        id="d", alert="A", channel="desk", notices=("n1",), state="failed", attempts=2, repeated=True, at=now(),
        error="no route to host",
    )  # fmt: skip
    es.create(index=DELIVERIES, id="d", document=failed.model_dump(mode="json", exclude_none=True))
    said = wirewatch("history", "A")
    for part in ("Bread [b]dearer[/b]", "https://a.example/1", "3 articles, 2 outlets", "developing", "Later"):
        assert part in said
    assert "after 2 attempts, marked as sent again: no route to host" in said
    assert "Later" not in wirewatch("history", "A", "-n", "1") or "Bread" not in wirewatch("history", "A", "-n", "1")
    assert "desk did not take 1 message: sent again later (no route to host)" in wirewatch("list")
    assert "desk did not take 1 message" in wirewatch("show", "A")


def test_an_alert_is_tried_before_it_is_made(es: Elasticsearch, tmp_path: Path) -> None:
    client = store.ready(es)
    [home] = es.indices.get_alias(name="articles")
    facts = {"source": {"id": "a.example", "name": "A", "country": "FR"}, "first_seen": now().isoformat()}
    document = {"id": "1", "title": "Wheat [b]ships[/b]", "url": "https://a.example/1", **facts}
    es.index(index=home, id="1", document=document, refresh=True)

    def tried(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["alerts", "test", *arguments], env={"COLUMNS": "200"})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, " ".join(done.output.split())

    code, said = tried("--kql", "wheat")
    assert (code, "1 notice in 30 days, 0.0 a day and 1 on the busiest; 1 article matches" in said) == (0, True)
    assert "Wheat [b]ships[/b]" in said
    assert list(store.all_alerts(client)) == [], "nothing is kept"
    code, said = tried("--kql", "maize")
    assert (code, "told nothing in 30 days" in said) == (1, True)
    code, said = tried("--kql", "title: (a and")
    assert (code, "It cannot be asked: line 1:" in said) == (1, True)

    add(client, Alert(name="Wheat", kql="wheat"), "command")
    assert tried("Wheat")[0] == 0
    assert tried("Wheat", "--sources", "2")[0] == 1
    file = tmp_path / "alerts.yml"
    file.write_text("- {name: A, kql: wheat}\n- {name: B, kql: ships}\n")
    code, said = tried("--file", str(file))
    assert (code, said.count("1 notice in 30 days")) == (0, 2)
    assert tried("B", "--file", str(file))[1].count("1 notice in 30 days") == 1
    with pytest.raises(UserError, match="has no alert named C"):
        wirewatch("test", "C", "--file", str(file))

"""What the doctor finds when things are broken for real, and what it says to do."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from typer.testing import CliRunner

from search import indices
from search.alerts.alert import load_alerts
from search.alerts.apply import apply
from search.security import ROLES
from tests.loopback import unused_ports
from tests.search.health.runs import POST, WIRE, an_ordinary_night, page
from wirewatch import batches
from wirewatch.cli import checks, cli
from wirewatch.database import connect
from wirewatch.records import now
from wirewatch.settings import Settings, get_settings
from wirewatch.sources import as_yaml
from wirewatch.state import State

Doctor = Callable[..., dict[str, list[tuple[str, str, str]]]]


@pytest.fixture
def doctor(settings: Settings, es: Elasticsearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Types the command, and gives what each check found: verdict, what, and what to do. All is well but for Airflow,
    which was never started."""
    indices.init(es)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "xx.yml").write_text("".join(as_yaml(source) for source in (POST, WIRE)))
    Path(settings.batches.removeprefix("file://")).mkdir(parents=True)
    well = {
        "WIREWATCH_SOURCES": str(tmp_path / "sources"),
        "WIREWATCH_CHANNELS": str(tmp_path / "channels.yml"),
        "WIREWATCH_CRAWL__USER_AGENT": "Wirewatch/0.1 (+https://example.org/bot; ann@example.org)",
        "WIREWATCH_AIRFLOW__PORT": str(unused_ports()),
        "KIBANA_URL": "",
    }
    monkeypatch.delenv("KIBANA_URL", raising=False)
    monkeypatch.chdir(tmp_path)

    def typed(**environment: str) -> dict[str, list[tuple[str, str, str]]]:
        get_settings.cache_clear()
        given = {name: value for name, value in {**well, **environment}.items() if value}
        done = CliRunner().invoke(cli, ["doctor", "--json"], env=given)
        findings = json.loads(done.output)
        assert done.exit_code == any(found["verdict"] == "wrong" for found in findings)
        by_check: dict[str, list[tuple[str, str, str]]] = {}
        for found in findings:
            by_check.setdefault(found["check"], []).append((found["verdict"], found["what"], found["mend"]))
        return by_check

    return typed


def ill(found: dict[str, list[tuple[str, str, str]]]) -> dict[str, list[str]]:
    """Of each check, what is not well, with what to do about it."""
    said = {
        check: [f"{what} {mend}" for verdict, what, mend in some if verdict != "well"] for check, some in found.items()
    }
    return {check: some for check, some in said.items() if some}


def test_where_all_is_well_only_what_is_not_used_is_mentioned(
    doctor: Doctor, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        'WIREWATCH_WORKERS=2\nWIREWATCH_OPERATOR=["stdout", "file:operator.jsonl"]\nS3_KEY=\n'
    )
    (tmp_path / ".env").chmod(0o644)
    an_ordinary_night(Path(settings.batches.removeprefix("file://")), 0, new=3)
    State(settings.state)
    with socket.create_server(("127.0.0.1", 0)) as other:  # where Airflow would be is another program
        found = doctor(WIREWATCH_AIRFLOW__PORT=str(other.getsockname()[1]))
    never = "Airflow was never started here: nothing begins by itself, unless cron starts it make up"
    assert ill(found) == {"airflow": [never]}
    assert found["airflow"][0][0] == "look"
    assert any("whole" in what for _, what, _ in found["kept"])


def test_each_thing_that_is_broken_is_found_with_what_mends_it(
    doctor: Doctor, settings: Settings, es: Elasticsearch, tmp_path: Path
) -> None:
    broken = batches.Batch(settings.batches, "pages", "20261120T020000Z-aaaaaa-g00")
    with batches.write(broken) as out:
        out.add(page(POST, "https://post.example/1"))
    Path(broken.url.removeprefix("file://"), broken.manifest().files[batches.RECORDS]).write_bytes(b"")
    engine = connect(settings.state)
    State(settings.state)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE layout SET number = 1")
    (settings.home / "links.key").write_text("a secret of forty characters, more or less")
    (settings.home / "links.key").chmod(0o644)
    (tmp_path / ".env").write_text("WIREWATCH_WORKERS=2\nWIREWATCH_EMBEDDER__KEY=secret\n")
    (tmp_path / ".env").chmod(0o644)
    (tmp_path / "sources" / "yy.yml").write_text(as_yaml(POST))  # twice
    (tmp_path / "channels.yml").write_text("- name: desk\n  apprise: nothing://at-all\n")
    (tmp_path / "channels.yml").chmod(0o600)
    old = f"wirewatch-articles-2020-v{indices.SCHEMA - 1}"
    es.indices.create(
        index=old,
        aliases={indices.ALIAS: {}},
        mappings={"_meta": {"schema_version": indices.SCHEMA - 1}},
        settings={"index.blocks.read_only_allow_delete": True},
    )
    smtp = f"smtp://127.0.0.1:{unused_ports()}"
    said = ill(doctor(
        WIREWATCH_SMTP__URL=smtp,
        WIREWATCH_SMTP__SENDER="wire@example.org",
        KIBANA_URL=f"http://127.0.0.1:{unused_ports()}",
        WIREWATCH_TIME_SHIFT="60",
        WIREWATCH_MODELS='{"en": "en_of_no_such_name"}',
        WIREWATCH_CRAWL__USER_AGENT="",
    ))  # fmt: skip
    wanted = {
        "programs": ["WIREWATCH_MODELS__EN=en_of_no_such_name is not installed"],
        "clock": ["unset WIREWATCH_TIME_SHIFT"],
        "secrets": [f"chmod 600 {settings.home / 'links.key'}", "chmod 600 .env"],
        "catalogue": ["in the catalogue twice"],
        "state": ["another version of Wirewatch (1, not"],
        "kept": [f"The batch {broken.url}"],
        "elasticsearch": [f"{old} take nothing more", "wirewatch index migrate"],
        "kibana": ["Kibana is not available"],
        "channels": ["desk"],
    }
    for check, words in wanted.items():
        assert len(said[check]) == len(words), said[check]
        for line, part in zip(said[check], words, strict=True):
            assert part in line

    (tmp_path / "channels.yml").unlink()
    (tmp_path / "sources" / "yy.yml").unlink()
    later = ill(
        doctor(WIREWATCH_SMTP__URL=smtp, WIREWATCH_SMTP__SENDER="wire@example.org", WIREWATCH_CRAWL__USER_AGENT="")
    )
    assert "Mail cannot be sent: 127.0.0.1 does not let us in" in later["channels"][0]
    assert "set WIREWATCH_CRAWL__USER_AGENT=" in later["catalogue"][0]


def test_a_setting_that_is_misspelt_is_named_with_the_one_that_is_meant(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WIREWATCH_CRAWL_DELAY=2\nWIREWATCH_MODELS__PT=pt_core_news_sm\nTIMEZON=UTC\n")
    nothing = "is no setting, and does nothing"
    kubernetes = {"WIREWATCH_SERVE_SERVICE_HOST": "10.0.0.1", "WIREWATCH_SERVE_PORT_80_TCP_ADDR": "10.0.0.1"}
    given = {"WIREWATCH_TIMEZON": "UTC", "WIREWATCH_AIRFLOW_PORT": "8081", "WIREWATCH_XYZ": "1", **kubernetes}
    assert ill(doctor(**given))["variables"] == [
        f"WIREWATCH_AIRFLOW_PORT in the environment {nothing} write WIREWATCH_AIRFLOW__PORT, if you mean that",
        f"WIREWATCH_CRAWL_DELAY in .env {nothing} write WIREWATCH_CRAWL__DELAY, if you mean that",
        f"WIREWATCH_TIMEZON in the environment {nothing} write WIREWATCH_TIMEZONE, if you mean that",
        f"WIREWATCH_XYZ in the environment {nothing} remove it",
    ]


def test_an_operator_who_would_hear_nothing_is_told_so(doctor: Doctor, settings: Settings) -> None:
    assert ill(doctor(WIREWATCH_OPERATOR="[]"))["channels"][0].startswith("The operator hears of nothing")
    assert "channels" not in ill(doctor()), "who lets cron run it reads its mail"
    under = doctor(WIREWATCH_AIRFLOW__URL=f"http://127.0.0.1:{unused_ports()}")
    (line,) = ill(under)["channels"]
    assert "stdout alone" in line and "set WIREWATCH_OPERATOR=" in line
    assert under["channels"][0][0] == "look"


def test_a_file_of_alerts_that_is_not_applied_is_mentioned_but_not_to_who_tries_the_demo(
    doctor: Doctor, es: Elasticsearch, tmp_path: Path
) -> None:
    file = tmp_path / "alerts.yml"
    file.write_text("- name: Floods\n  kql: floods\n- name: Strikes\n  kql: strikes\n")
    (line,) = ill(doctor())["told"]
    assert line == "alerts.yml differs in 2 alerts from what was applied wirewatch alerts apply alerts.yml"
    assert "told" not in ill(doctor(WIREWATCH_CRAWL__USER_AGENT=""))
    apply(es, load_alerts(file))
    assert "told" not in ill(doctor())
    file.write_text("- name: Floods\n  kql: flood\n- name: Strikes\n  kql: strikes\n")
    assert "differs in 1 alert from" in ill(doctor())["told"][0]


def test_a_batch_of_the_last_days_is_read_though_no_stage_waits_for_it(tmp_path: Path) -> None:
    """The state, or the memory of stories, may have left it out."""
    settings = Settings(home=tmp_path)
    name = f"{batches.run_name(now(), 'run')}-g00"
    for stage in batches.STAGES:
        damaged = batches.Batch(settings.batches, stage, name)
        with batches.write(damaged) as out:
            out.add(page(POST, "https://post.example/1"))
    assert [found.verdict for found in checks.kept(settings)] == ["well"]
    Path(damaged.url.removeprefix("file://"), damaged.manifest().files[batches.RECORDS]).write_bytes(b"")
    assert [found.what[: len(damaged.url) + 10] for found in checks.kept(settings)] == [f"The batch {damaged.url}"]


def test_a_key_that_may_not_write_is_found_before_the_pipeline_tries(doctor: Doctor, es: Elasticsearch) -> None:
    analyst = {**ROLES["analyst"], "applications": []}
    key = es.security.create_api_key(name="look", role_descriptors={"analyst": analyst})["encoded"]
    nobody = {"WIREWATCH_ELASTICSEARCH__USER": "", "WIREWATCH_ELASTICSEARCH__PASSWORD": ""}
    lines = ill(doctor(WIREWATCH_ELASTICSEARCH__API_KEY=key, **nobody))["elasticsearch"]
    assert any("does not allow the pipeline" in line and "write" in line and "security setup" in line for line in lines)


def test_what_does_not_answer_is_said_once(doctor: Doctor) -> None:
    found = doctor(WIREWATCH_ELASTICSEARCH__URL=f"https://127.0.0.1:{unused_ports()}")
    assert [check for check, lines in ill(found).items() if "does not answer at" in lines[0]] == ["elasticsearch"]


def test_a_clock_that_was_set_back_is_found(
    doctor: Doctor, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_ordinary_night(Path(settings.batches.removeprefix("file://")), 0, new=1)
    behind = str(-timedelta(days=2).total_seconds())
    assert now() and any("The clock was set back" in line for line in ill(doctor(WIREWATCH_TIME_SHIFT=behind))["clock"])

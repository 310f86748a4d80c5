"""Roles and keys: made once, told once, replaced without a gap, and enough for the work they are for."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from elasticsearch import AuthorizationException, Elasticsearch
from typer.testing import CliRunner

from search.alerts.alert import Alert
from search.alerts.store import create
from search.client import connect
from search.health.history import examine
from search.index import index, init
from search.kibana.setup import SPACE
from search.node import Node, certificates
from search.query import search
from search.security import ROLES, Key, rotate, setup
from tests.newsroom import Newsroom
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.cli import cli
from wirewatch.errors import UserError
from wirewatch.records import EnrichedArticle, Meaning
from wirewatch.settings import Settings, get_settings
from wirewatch.sources import load_sources

Desk = dict[str, EnrichedArticle]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def admin(clean: Elasticsearch) -> Iterator[Elasticsearch]:
    """An administrator's client of a cluster where no key of ours is in force."""
    clean.security.invalidate_api_key(name="wirewatch-*")
    yield clean
    clean.security.invalidate_api_key(name="wirewatch-*")


Become = Callable[[str], Settings]


@pytest.fixture
def become(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Become:
    """Work on with a key instead of a user, in this process and in those that it starts."""

    def became(encoded: str) -> Settings:
        for name in ("USER", "PASSWORD"):
            monkeypatch.delenv(f"WIREWATCH_ELASTICSEARCH__{name}", raising=False)
        monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__API_KEY", encoded)
        get_settings.cache_clear()
        return get_settings()

    return became


def keys_of(admin: Elasticsearch, role: str) -> list[str]:
    return [key["id"] for key in admin.security.get_api_key(name=f"wirewatch-{role}", active_only=True)["api_keys"]]


def works(key: Key, become: Become) -> bool:
    try:
        return connect(become(key.encoded)).ping()
    except UserError:
        return False


def test_each_role_gets_one_key_and_doing_it_again_changes_nothing(admin: Elasticsearch) -> None:
    keys = list(setup(admin))
    assert [key.role for key in keys] == list(ROLES)
    before = admin.security.get_api_key(name="wirewatch-*").body, admin.security.get_role().body
    assert list(setup(admin)) == []
    assert (admin.security.get_api_key(name="wirewatch-*").body, admin.security.get_role().body) == before


def test_keys_of_an_older_version_get_the_rights_of_this_one(
    admin: Elasticsearch, become: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {key.role: key for key in setup(admin)}["operator"]
    client = connect(become(key.encoded))
    assert "wirewatch" in client.cluster.health()["cluster_name"]
    monkeypatch.setitem(ROLES, "operator", {**ROLES["operator"], "cluster": ["cluster:monitor/main"]})
    assert list(setup(admin)) == []
    with pytest.raises(AuthorizationException):
        client.cluster.health()


def test_in_kibana_analysts_write_in_our_space_and_operators_read_there(admin: Elasticsearch) -> None:
    list(setup(admin))
    for role, may in (("analyst", True), ("operator", False)):
        (given,) = admin.security.get_role(name=f"wirewatch-{role}")[f"wirewatch-{role}"]["applications"]
        assert given["application"] == "kibana-.kibana"
        assert given["resources"] == [f"space:{SPACE}"]
        assert ("feature_dashboard_v2.all" in given["privileges"]) is may
        assert ("feature_dashboard_v2.read" in given["privileges"]) is not may
        assert not {"all", "read", "feature_dev_tools.all"} & set(given["privileges"])
    (given,) = admin.security.get_role(name="wirewatch-pipeline")["wirewatch-pipeline"]["applications"]
    assert given["resources"] == [f"space:{SPACE}"]
    assert all(privilege.endswith(".read") for privilege in given["privileges"]), "it looks for saved searches"


def test_the_command_prints_each_key_once_and_leaves_it_nowhere(
    node: Settings, admin: Elasticsearch, become: Become, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = CliRunner().invoke(cli, ["security", "setup"])
    assert said.exit_code == 0
    keys = [line.partition("API_KEY=")[2] for line in said.output.splitlines() if "API_KEY=" in line]
    assert len(keys) == len(set(keys)) == len(ROLES)
    again = CliRunner().invoke(cli, ["security", "setup"])
    assert again.exit_code == 0 and "API_KEY" not in again.output

    admin.indices.refresh(index=".security*")
    kept = json.dumps(admin.search(index="*,.*", expand_wildcards="all", size=1000).body) + caplog.text
    kept += "".join(file.read_text(errors="replace") for file in Node(node).log.parent.glob("*.log"))
    assert "wirewatch-pipeline" in kept, "it is looked for where keys are"
    for key in keys:
        secret = base64.b64decode(key).decode().partition(":")[2]
        assert key not in kept and secret not in kept
    assert connect(become(keys[0])).info()["cluster_name"] == "wirewatch"


def test_a_rotated_key_works_at_once_and_the_old_one_until_the_grace_is_over(
    admin: Elasticsearch, become: Become
) -> None:
    first, *_ = setup(admin)
    (second,) = rotate("pipeline", client=admin)
    assert works(first, become) and works(second, become)
    ends = {
        key["id"]: key.get("expiration") for key in admin.security.get_api_key(name="wirewatch-pipeline")["api_keys"]
    }
    assert ends[first.id] and not ends[second.id]

    # A second rotation does not give the first key another day.
    (third,) = rotate("pipeline", client=admin)
    (kept,) = admin.security.get_api_key(id=first.id)["api_keys"]
    assert kept["expiration"] == ends[first.id]

    (last,) = rotate("pipeline", grace=timedelta(0), client=admin)
    assert keys_of(admin, "pipeline") == [last.id]
    assert works(last, become) and not any(works(key, become) for key in (first, second, third))
    assert list(setup(admin)) == []


def test_a_key_that_is_running_out_is_not_taken_for_one(admin: Elasticsearch) -> None:
    list(setup(admin))
    (second,) = rotate("analyst", client=admin)
    admin.security.invalidate_api_key(ids=[second.id])
    assert [key.role for key in setup(admin)] == ["analyst"]


def test_only_an_administrator_may_set_up_and_only_roles_that_there_are_have_keys(
    admin: Elasticsearch, become: Become
) -> None:
    pipeline, *_ = setup(admin)
    connect(become(pipeline.encoded))
    for command in (["setup"], ["rotate", "pipeline"]):
        done = CliRunner().invoke(cli, ["security", *command])
        assert isinstance(done.exception, UserError) and "has no right to it" in str(done.exception)
    with pytest.raises(UserError, match=r"no role boss\. There are: pipeline, analyst, operator"):
        next(rotate("boss", client=admin))


def test_a_key_of_another_administrator_is_named(admin: Elasticsearch, settings: Settings) -> None:
    given = settings.elasticsearch
    admin.security.put_user(username="anna", password="anna's password", roles=["superuser"])
    with Elasticsearch(given.url, basic_auth=("anna", "anna's password"), ca_certs=str(given.ca)) as anna:
        list(setup(anna))
    with pytest.raises(UserError, match="made by the user anna, who alone can change it"):
        list(setup(admin))
    admin.security.delete_user(username="anna")


def test_the_pipeline_is_told_who_must_bring_the_templates_up_to_date(admin: Elasticsearch, become: Become) -> None:
    pipeline, *_ = setup(admin)
    client = connect(become(pipeline.encoded))
    init(client)
    admin.indices.delete_index_template(name="wirewatch-notices")
    with pytest.raises(UserError, match="only an administrator may change it: let one run `wirewatch index init`"):
        init(client)
    init(admin)
    init(client)


@pytest.mark.timeout(300)
def test_the_pipelines_key_is_enough_for_a_whole_run_the_analysts_finds_and_the_operators_sees(
    admin: Elasticsearch, become: Become, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = {key.role: key for key in setup(admin)}
    init(admin)
    create(admin, Alert(name="Russia", kql="Russia", tell=[f"file://{tmp_path}/notices.jsonl"]), "command")
    with Newsroom(port=0, slow=0, only=["maghreb-matin"]) as room:
        for name, value in {
            "SOURCES": str(room.sources),
            "CRAWL__ALLOW_PRIVATE": "true",
            "CRAWL__DELAY": "0",
        }.items():
            monkeypatch.setenv(f"WIREWATCH_{name}", value)
        settings = become(keys["pipeline"].encoded)
        done = subprocess.run(
            [sys.executable, "-c", "from wirewatch.cli import app; app()", "run"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=dict(os.environ),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        sources = load_sources(room.sources)
    assert batches.finished(settings.batches, "indexed")[-1].manifest().counts["created"] > 5
    assert batches.finished(settings.batches, "alerted")[-1].manifest().counts["notices"] > 0
    assert (tmp_path / "notices.jsonl").read_text()

    analyst = connect(become(keys["analyst"].encoded))
    assert analyst.search(index="articles", query={"kql": {"query": "Russia"}})["hits"]["hits"]
    assert analyst.count(index="wirewatch-notices")["count"]
    operator = connect(become(keys["operator"].encoded))
    (state,) = examine(operator, sources)
    assert state.today and state.today.new > 5
    assert operator.cluster.health()["status"] in ("green", "yellow")


@pytest.mark.parametrize(
    ("role", "commands"),
    [
        ("analyst", ["sources health", "sources health --json", "snapshot --list", "index init"]),
        ("operator", ["search --kql Russia", "search --kql Russia --stories", "search --export - --kql Russia"]),
        ("operator", ["search --similar https://b.example/wheat", "index migrate"]),
        ("pipeline", ["snapshot --list", "restore"]),
    ],
)
def test_what_a_key_may_not_read_is_said_and_not_shown_as_nothing(
    role: str, commands: list[str], admin: Elasticsearch, become: Become
) -> None:
    become({key.role: key for key in setup(admin)}[role].encoded)
    for command in commands:
        done = CliRunner().invoke(cli, command.split())
        assert isinstance(done.exception, UserError), (command, done.output)
        assert "who asks has no right to it" in str(done.exception), (command, done.exception)


def test_an_analysts_search_works_with_all_that_it_has(
    admin: Elasticsearch, become: Become, desk: Desk, ask: Callable[..., Meaning], enriched: Callable[..., Batch]
) -> None:
    index(enriched(list(desk.values())), client=admin)
    analyst = connect(become({key.role: key for key in setup(admin)}["analyst"].encoded))
    found = search(ask("Russia Africa", concepts=("country:RU", "region:Africa"), rest=()), client=analyst)
    assert found.hits


@pytest.mark.parametrize(
    ("ca", "why"),
    [
        ("missing.pem", "CA=.*missing.pem is no file"),
        ("other.pem", "is not known to be Elasticsearch .*WIREWATCH_ELASTICSEARCH__CA names the file"),
        ("", "is not known to be Elasticsearch"),
    ],
)
def test_a_cluster_that_nobody_vouches_for_is_not_spoken_to(
    ca: str, why: str, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "other.pem").write_text(certificates.make().authority)
    given = settings.elasticsearch.model_copy(update={"ca": tmp_path / ca if ca else None})
    with pytest.raises(UserError, match=why):
        connect(settings.model_copy(update={"elasticsearch": given}))

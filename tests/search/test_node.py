"""The local node: a real Elasticsearch, started, killed and stopped."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from elasticsearch import AuthenticationException, Elasticsearch, SSLError

from search.node import Node, certificates, java
from search.node.account import Account
from tests.conftest import short_lived
from wirewatch.errors import UserError
from wirewatch.settings import Settings


def client_of(node: Node) -> Elasticsearch:
    url, user, password = node.connection()
    return Elasticsearch(url, basic_auth=(user, password), ca_certs=str(node.ca))


def test_the_node_answers_on_loopback_only_to_who_knows_the_password(node: Settings) -> None:
    url, user, password = Node(node).connection()
    assert url.startswith("https://127.0.0.1:")
    assert len(password) >= 30
    with client_of(Node(node)) as client:
        assert client.info()["version"]["number"] == Node(node).status().version
    ca = str(Node(node).ca)
    for login in (None, (user, "guess")):
        with Elasticsearch(url, basic_auth=login, ca_certs=ca) as client, pytest.raises(AuthenticationException):
            client.info()


def test_the_node_is_believed_only_by_those_who_trust_its_own_authority(node: Settings, tmp_path: Path) -> None:
    url, user, password = Node(node).connection()
    stranger = tmp_path / "ca.crt"
    stranger.write_text(certificates.make().authority)
    for trusted in (None, str(stranger)):
        with (
            Elasticsearch(url, basic_auth=(user, password), ca_certs=trusted) as client,
            pytest.raises(SSLError, match="certificate verify failed"),
        ):
            client.info()
    with pytest.raises(requests.ConnectionError):
        requests.get(url.replace("https:", "http:"), timeout=10)


def test_only_the_nodes_user_has_its_key_and_nobody_that_of_its_authority(node: Settings) -> None:
    folder = Node(node).folder
    keys = [file for file in folder.rglob("*.key")] + [file for file in folder.rglob("*") if "PRIVATE" in _start(file)]
    assert {file.name for file in keys} == {"node.key"}
    assert stat.S_IMODE(keys[0].stat().st_mode) == 0o600
    assert keys[0].stat().st_uid == (folder / "data").stat().st_uid


def _start(file: Path) -> str:
    return file.read_bytes()[:100].decode(errors="replace") if file.is_file() else ""


def test_only_the_user_of_wirewatch_can_read_the_password(node: Settings) -> None:
    password = (Node(node).folder / "password").stat()
    assert stat.S_IMODE(password.st_mode) == 0o600
    assert password.st_uid == os.geteuid()


def test_the_node_does_not_run_as_root(node: Settings) -> None:
    status = Node(node).status()
    assert status.running and status.ready
    assert Path(f"/proc/{status.pid}").stat().st_uid != 0


def test_the_node_speaks_kql(es: Elasticsearch) -> None:
    for number, title in enumerate(["Russia and Algeria", "Russia and Belarus", "Morocco"]):
        es.index(index="articles", id=str(number), document={"title": title, "number": number}, refresh=True)
    found = es.search(index="articles", query={"kql": {"query": "title: russia and not (title: bel* or number > 7)"}})
    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["0"]


def test_a_snapshot_can_be_taken_into_the_nodes_folder(node: Settings, es: Elasticsearch) -> None:
    es.index(index="articles", id="1", document={"title": "kept"}, refresh=True)
    es.snapshot.create_repository(name="here", repository={"type": "fs", "settings": {"location": "here"}})
    taken = es.snapshot.create(repository="here", snapshot="first", indices="articles", wait_for_completion=True)
    assert taken["snapshot"]["state"] == "SUCCESS"
    assert any((Node(node).snapshots / "here").iterdir())
    es.snapshot.delete(repository="here", snapshot="first")
    es.snapshot.delete_repository(name="here")


def test_starting_a_running_node_leaves_it_as_it_is(node: Settings) -> None:
    before = Node(node).status()
    Node(node).start()
    assert Node(node).status() == before


@pytest.fixture
def own_node(home: Path, server: Path) -> Iterator[Node]:
    short_lived(home)
    node = Node(Settings(home=home, node_home=server, node_heap="512m"))
    yield node
    node.stop()


def test_a_node_keeps_its_data_whatever_happens_to_it(own_node: Node) -> None:
    """Two starts at once make one node; killed it starts again; stopped, and without port and password, too."""
    starts = [threading.Thread(target=own_node.start) for _ in range(2)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    pid = own_node.status().pid
    assert pid is not None
    url = own_node.status().url
    with client_of(own_node) as client:
        client.index(index="articles", id="1", document={"title": "written before the crash"})

    os.kill(pid, signal.SIGKILL)
    while own_node.status().running:
        time.sleep(0.05)
    # A file as an unclean stop could leave it, naming a process that is not ours.
    (own_node.folder / "pid").write_text(str(os.getpid()))

    said: list[str] = []
    own_node.start(said.append)
    assert own_node.status().ready
    assert own_node.status().url == url
    assert not list(own_node.folder.glob("*.new"))
    assert "Starting Elasticsearch" in said
    with client_of(own_node) as client:
        assert client.get(index="articles", id="1")["_source"]["title"] == "written before the crash"

    own_node.stop()
    assert not own_node.status().running
    assert "closed" in own_node.log.read_text().splitlines()[-1]
    own_node.stop()

    # As a start leaves them that was killed before it had written them out.
    for name in ("port", "password"):
        (own_node.folder / name).write_text("")
    assert not own_node.status().running
    with pytest.raises(UserError, match="wirewatch node start"):
        own_node.connection()
    own_node.start()
    assert stat.S_IMODE((own_node.folder / "password").stat().st_mode) == 0o600
    with client_of(own_node) as client:
        assert client.get(index="articles", id="1")["_source"]["title"] == "written before the crash"


def test_a_node_that_cannot_start_tells_why(home: Path, server: Path) -> None:
    node = Node(Settings(home=home, node_home=server, node_heap="lots"))
    with pytest.raises(UserError, match=r"(?s)did not start.*lots"):
        node.start()
    assert not node.status().running


def test_a_node_that_was_never_started_says_how_to_start_it(home: Path) -> None:
    node = Node(Settings(home=home))
    assert not node.status().running
    with pytest.raises(UserError, match="wirewatch node start"):
        node.connection()
    node.stop()


def fake_java(folder: Path, modules: str) -> Path:
    """A Java of another kind than those installed: it only lists its modules."""
    executable = folder / "bin/java"
    executable.parent.mkdir(parents=True)
    executable.write_text(f"#!/bin/sh\nprintf '{modules}'\n")
    executable.chmod(0o755)
    return folder


@pytest.fixture
def no_java(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Java, which has an empty folder for one."""
    for name in ("ES_JAVA_HOME", "JAVA_HOME", "WIREWATCH_NODE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.setattr(java, "INSTALLED", (f"{home}/jvm/*",))
    return home / "jvm"


def test_without_a_jdk_the_way_out_is_told(no_java: Path, home: Path) -> None:
    with pytest.raises(UserError, match=r"needs a JDK 21 or newer, and there is none\. Install one"):
        Node(Settings(home=home)).start()


def test_a_java_that_will_not_do_is_named_with_the_reason(no_java: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = fake_java(no_java / "old", r"java.base@17.0.1\njdk.jlink@17.0.1\n")
    trimmed = fake_java(no_java / "trimmed", r"java.base@25\njava.sql@25\n")
    monkeypatch.setenv("JAVA_HOME", str(no_java / "gone"))
    with pytest.raises(UserError) as refused:
        java.find_jdk(Account.for_node())
    assert f"{old} is 17" in str(refused.value)
    assert f"{trimmed} is no complete JDK" in str(refused.value)
    assert f"{no_java / 'gone'} has no bin/java" in str(refused.value)


def test_the_java_that_es_java_home_names_is_used_or_refused(no_java: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(no_java / "good", r"java.base@21\njdk.jlink@21\n")
    old = fake_java(no_java / "old", r"java.base@17\njdk.jlink@17\n")
    for named, why in ((old, "is 17"), (no_java / "gone", "has no bin/java")):
        monkeypatch.setenv("ES_JAVA_HOME", str(named))
        with pytest.raises(UserError, match=f"ES_JAVA_HOME={named} {why}"):
            java.find_jdk(Account.for_node(), bundled=no_java / "good")


def test_the_first_jdk_that_will_do_is_taken(no_java: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(no_java / "a-old", r"java.base@17\njdk.jlink@17\n")))
    good = fake_java(no_java / "b-good", r"java.base@21.0.2\njdk.jlink@21.0.2\n")
    fake_java(no_java / "c-newer", r"java.base@25\njdk.jlink@25\n")
    assert java.find_jdk(Account.for_node()) == good
    monkeypatch.setenv("ES_JAVA_HOME", str(no_java / "c-newer"))
    assert java.find_jdk(Account.for_node()) == no_java / "c-newer"


def test_without_maven_the_way_out_is_told(no_java: Path, home: Path) -> None:
    fake_java(no_java / "new", r"java.base@25\njdk.jlink@25\n")
    with pytest.raises(UserError, match=r"Maven \(mvn\).*Install it.*WIREWATCH_NODE_HOME"):
        Node(Settings(home=home)).install()
    assert not list((home / "node").glob("assembling-*"))


def test_a_full_disk_is_told_before_the_download(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIREWATCH_NODE_HOME", raising=False)
    full = shutil.disk_usage(home)._replace(free=10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: full)
    with pytest.raises(UserError, match="needs 3 GB of disk"):
        Node(Settings(home=home)).install()


def test_a_folder_that_is_no_elasticsearch_is_refused(home: Path) -> None:
    (home / "empty").mkdir()
    with pytest.raises(UserError, match="is no unpacked Elasticsearch"):
        Node(Settings(home=home, node_home=home / "empty")).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's node runs as another user")
def test_roots_node_is_kept_elsewhere_if_its_user_may_not_go_to_the_home(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.node.node.ELSEWHERE", home / "elsewhere")
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    (home / "empty").mkdir()
    said: list[str] = []
    node = Node(Settings(home=closed, node_home=home / "empty"))
    with pytest.raises(UserError, match="is no unpacked Elasticsearch"):
        node.start(said.append)
    assert node.folder.parent == home / "elsewhere"
    assert (closed / "node").resolve() == node.folder
    assert any("is closed to the user" in line for line in said)

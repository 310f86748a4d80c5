"""The stack of docker-compose.yml: who is given which secret, and that the commands in it do what it relies on.

No container runs here: its commands run on this machine, against the local node, with the paths of this machine.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from elasticsearch import AuthorizationException, Elasticsearch

from search.client import connect
from search.index import init
from wirewatch.settings import Settings, get_settings, is_setting

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
ONCE = {"certificates", "kibana-password", "init", "kibana-setup", "airflow-init", "alerts"}
"""What runs at every start, and ends."""


def environment(name: str) -> dict[str, str]:
    found: dict[str, str] = SERVICES[name].get("environment", {})
    return found


def mounts(name: str) -> dict[str, str]:
    """Where a service has which volume or folder, with ``:ro`` where it may not write."""
    return {rest: source for source, _, rest in (text.partition(":") for text in SERVICES[name].get("volumes", ()))}


def having(volume: str) -> dict[str, str]:
    """The services that a volume is given to, and where."""
    return {name: at for name in SERVICES for at, source in mounts(name).items() if source == volume}


def test_nobody_speaks_to_elasticsearch_without_tls_or_without_knowing_its_authority() -> None:
    assert not re.search(r"http://(elasticsearch|localhost:9200)", TEXT)
    assert TEXT.count("https://elasticsearch:9200") == 3, "the services of Wirewatch, kibana-password, kibana"
    for name in SERVICES:
        asks = "https://elasticsearch:9200" in str(environment(name)) + str(SERVICES[name].get("command", ""))
        is_ours = {value for value in environment(name).values() if str(value).startswith("/etc/wirewatch/ca/")}
        if asks:
            assert having("ca")[name] == "/etc/wirewatch/ca:ro"
            assert is_ours == {"/etc/wirewatch/ca/ca.crt"} or "--cacert /etc/wirewatch/ca/ca.crt" in str(SERVICES[name])
    given = environment("elasticsearch")
    assert given["xpack.security.enabled"] == given["xpack.security.http.ssl.enabled"] == "true"


def test_only_what_ends_by_itself_is_given_the_administrators_password() -> None:
    holders = {name for name in SERVICES if "ELASTIC_PASSWORD" in str(environment(name))}
    assert holders == {"elasticsearch", "kibana-password", "init", "kibana-setup"}
    assert holders - {"elasticsearch"} <= ONCE
    for name in ONCE:
        assert SERVICES[name]["restart"] == "on-failure"


def test_the_pipelines_key_is_for_who_makes_and_sends_alerts_and_the_key_of_the_certificate_for_elasticsearch() -> None:
    readers = {"airflow-worker", "airflow-dag-processor", "airflow-triggerer", "alerts", "serve"}
    assert having("keys") == {"init": "/etc/wirewatch/keys"} | dict.fromkeys(readers, "/etc/wirewatch/keys:ro")
    files = {environment(name)["WIREWATCH_ELASTICSEARCH__API_KEY_FILE"] for name in readers}
    assert [f"--pipeline-key {file}" in SERVICES["init"]["command"][0] for file in files] == [True]
    assert {name for name in SERVICES if "SMTP" in str(environment(name))} == readers
    assert set(having("certificates")) == {"certificates", "elasticsearch"}
    assert {name for name, at in having("ca").items() if not at.endswith(":ro")} == {"certificates"}


def test_every_variable_is_in_the_example_and_every_secret_must_be_given() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))
    assert asked == set(re.findall(r"(?m)^(?:# )?([A-Z0-9_]+)=", example))
    empty = set(re.findall(r"(?m)^([A-Z_]+)=$", example))
    assert empty == set(re.findall(r"\$\{(\w+):\?", TEXT)), "nothing starts with an empty one"


def test_every_setting_that_is_given_is_one_of_ours() -> None:
    given = {name for service in SERVICES for name in environment(service) if name.startswith("WIREWATCH_")}
    assert given and all(is_setting(name) for name in given)


def test_what_the_image_is_built_of_is_let_through_and_what_the_dags_need_is_in_it() -> None:
    let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = re.findall(r"(?m)^COPY --chown=\S+ (.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    names = {name.rstrip("/") for line in copied for name in line.split()}
    assert {f"!{name}" for name in names} <= set(let_through)
    (imported,) = re.findall(r"pools import (\S+)", SERVICES["airflow-init"]["command"])
    assert (ROOT / imported).is_file() and Path(imported).parts[0] in names, "in the folder that the image starts in"


def test_a_service_waits_for_services_that_there_are_and_writes_to_volumes_that_there_are() -> None:
    volumes = yaml.safe_load(TEXT)["volumes"]
    for name, service in SERVICES.items():
        waits = service.get("depends_on", {})
        for other, condition in waits.items():
            ends = condition["condition"] == "service_completed_successfully"
            assert ends is (other in ONCE), (name, other)
            assert ends or "healthcheck" in SERVICES[other]
        assert {source for source in mounts(name).values() if not source.startswith("./")} <= set(volumes)
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for volume in ("certificates", "ca", "keys", "snapshots"):
        (at, *_) = [where.removesuffix(":ro") for name, where in having(volume).items() if name in ONCE]
        assert f" {at}" in image, "the first to use a volume has its folder, so it gets that owner and those rights"


def test_what_runs_our_command_does_not_run_airflow() -> None:
    image = {name for name, service in SERVICES.items() if service["image"].startswith("wirewatch")}
    ours = {name for name in image if "wirewatch" in str(SERVICES[name].get("entrypoint", SERVICES[name]["command"]))}
    assert ours == {"serve"}
    shells = {name for name in image - ours if "wirewatch" in str(SERVICES[name]["command"])}
    assert shells == {"certificates", "init", "kibana-setup", "alerts"}
    assert all(SERVICES[name]["entrypoint"] == ["/bin/bash", "-c"] for name in shells)


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> Iterator[Any]:
    """Run a service's command here, in its environment: its folders are folders of the test, its Elasticsearch is the
    local node.
    """
    given = settings.elasticsearch
    assert given.url and given.ca and given.password
    password = given.password.get_secret_value()
    bin = tmp_path / "bin"
    bin.mkdir()
    ours = bin / "wirewatch"
    ours.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from wirewatch.cli import app; app()" "$@"\n')
    ours.chmod(0o755)
    for name in ("certificates", "ca", "keys"):
        (tmp_path / name).mkdir()
    (tmp_path / "ca/ca.crt").write_text(given.ca.read_text())

    def here(text: str) -> str:
        for url in ("https://elasticsearch:9200", "https://localhost:9200"):
            text = text.replace(url, str(given.url))
        text = text.replace("config/certificates/ca.crt", str(given.ca)).replace("/etc/wirewatch", str(tmp_path))
        return re.sub(r"\$\{ELASTIC_PASSWORD\W?.*?\}", password, text).replace("$$", "$")

    def run(name: str, command: str, **more: str) -> subprocess.CompletedProcess[str]:
        kept = {name: os.environ[name] for name in ("PYTHONPATH", "HOME") if name in os.environ}
        asked = {name: here(str(value)) for name, value in environment(name).items() if "ELASTIC" in name}
        return subprocess.run(
            ["/bin/bash", "-c", here(command)],
            env=kept | asked | {"PATH": f"{bin}:{os.environ['PATH']}"} | more,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    yield run


def test_elasticsearch_gets_certificates_that_are_believed_under_its_name(run: Any, tmp_path: Path) -> None:
    (tmp_path / "ca/ca.crt").unlink()
    (command,) = SERVICES["certificates"]["command"]
    done = run("certificates", command)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "certificates"
    assert environment("elasticsearch")["xpack.security.http.ssl.key"] == "certificates/node.key"
    assert environment("elasticsearch")["xpack.security.http.ssl.certificate"] == "certificates/node.crt"
    assert (folder / "node.key").stat().st_mode & 0o777 == 0o640
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert run("certificates", command).returncode == 0
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before, "the next start changes nothing"

    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "node.crt", folder / "node.key")
    client = ssl.create_default_context(cafile=str(tmp_path / "ca/ca.crt"))
    for host in ("elasticsearch", "localhost", "127.0.0.1"):
        assert _greets(server, client, host)
    with pytest.raises(ssl.SSLCertVerificationError):
        _greets(server, client, "kibana")


def _greets(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> bool:
    """Whether a client believes a server to be the host."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:  # the client does not believe it
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=host) as greeted:
            return bool(greeted.getpeercert())
    finally:
        ours.close()
        thread.join()


def test_the_worker_reads_the_key_that_init_made_and_is_no_administrator(
    run: Any, es: Elasticsearch, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    es.security.invalidate_api_key(name="wirewatch-*")
    (command,) = SERVICES["init"]["command"]
    done = run("init", command)
    assert done.returncode == 0, done.stdout + done.stderr
    kept = tmp_path / "keys/pipeline"
    assert kept.stat().st_mode & 0o777 == 0o600
    key = kept.read_text()
    assert key and key not in done.stdout + done.stderr, "the log of a container is read by others"

    for name in ("USER", "PASSWORD"):
        monkeypatch.delenv(f"WIREWATCH_ELASTICSEARCH__{name}")
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__API_KEY_FILE", str(kept))
    get_settings.cache_clear()
    worker = connect()
    init(worker)
    with pytest.raises(AuthorizationException):
        worker.security.put_user(username="eve", password="eve's password", roles=["superuser"])

    # The next start keeps the key; one that is lost or was ended is replaced.
    assert run("init", command).returncode == 0 and kept.read_text() == key
    kept.unlink()
    assert run("init", command).returncode == 0
    replaced = kept.read_text()
    assert replaced != key and worker.ping(), "who still has the old one has a day to take the new one"
    es.security.invalidate_api_key(name="wirewatch-pipeline")
    assert run("init", command).returncode == 0 and kept.read_text() not in (key, replaced)
    get_settings.cache_clear()
    connect()
    es.security.invalidate_api_key(name="wirewatch-*")


def test_elasticsearch_is_found_well_and_kibana_gets_its_password(run: Any, settings: Settings) -> None:
    given = settings.elasticsearch
    assert given.password
    secrets = {"ELASTIC_PASSWORD": given.password.get_secret_value(), "KIBANA_PASSWORD": "kibana0123456789"}
    kind, check = SERVICES["elasticsearch"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    assert run("elasticsearch", check, **secrets).returncode == 0
    assert run("elasticsearch", check, **secrets | {"ELASTIC_PASSWORD": "wrong"}).returncode != 0
    (command,) = SERVICES["kibana-password"]["command"]
    done = run("kibana-password", command, **secrets)
    assert done.returncode == 0, done.stderr
    login = (environment("kibana")["ELASTICSEARCH_USERNAME"], secrets["KIBANA_PASSWORD"])
    with Elasticsearch(str(given.url), basic_auth=login, ca_certs=str(given.ca)) as kibana:
        assert kibana.security.authenticate()["username"] == "kibana_system"

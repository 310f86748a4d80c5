"""What ``/metrics`` tells, and that Prometheus, its rules and the dashboard understand it.

``airflow.prom`` is what statsd_exporter 0.31 made, by ``deploy/metrics/statsd.yml``, of what an Airflow 3.3.2 said of
itself while it ran a DAG that fails and one that waits for an asset.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from elasticsearch import Elasticsearch
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.app import app
from search.alerts import store
from search.alerts.alert import Alert
from search.index import index
from tests.loopback import serving, unused_ports
from wirewatch.batches import MANIFEST, Batch, write
from wirewatch.records import EnrichedArticle, Rejected, now
from wirewatch.settings import get_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy/metrics"
RUN = f"{now():%Y%m%dT%H%M%SZ}-1"
SOURCE = "- {{name: {0}, domain: {0}, country: FR, languages: [fr], feeds: ['https://{0}/f'], tier: {1}}}\n"
needs_prometheus = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")), reason="no Prometheus (apt-get install prometheus)"
)


class Told(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """The values of metrics by name and labels."""

    @classmethod
    def by(cls, client: TestClient) -> Told:
        answer = client.get("/metrics")
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        samples = (one for family in text_string_to_metric_families(answer.text) for one in family.samples)
        return cls({(one.name, frozenset(one.labels.items())): one.value for one in samples})

    def of(self, name: str, **labels: str) -> float | None:
        return self.get((f"wirewatch_{name}", frozenset(labels.items())))

    def up(self) -> set[str]:
        return {dict(labels)["part"] for (name, labels), value in self.items() if name == "wirewatch_up" and value}


@pytest.fixture
def pipeline(
    clean: Elasticsearch,
    desk: dict[str, EnrichedArticle],
    enriched: Callable[..., Batch],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> EnrichedArticle:
    """A pipeline after a day: three articles of now, one of them of a source that left the catalogue, a batch that
    waits, one that was made two hours ago, something that failed, an article that was refused, and a broken alert.
    """
    sources = tmp_path / "sources"
    sources.mkdir()
    text = SOURCE.format("example.org", "hot") + SOURCE.format("lyon.example", "nightly")
    (sources / "fr.yml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("WIREWATCH_SOURCES", str(sources))
    monkeypatch.setenv("WIREWATCH_BATCHES", tmp_path.as_uri())
    monkeypatch.setenv("WIREWATCH_TIME_SHIFT", "-7200")
    get_settings.cache_clear()
    with write(Batch(tmp_path.as_uri(), "pages", f"{RUN}-a")) as out:
        out.count("fetched", 5)
    monkeypatch.delenv("WIREWATCH_TIME_SHIFT")
    get_settings.cache_clear()
    seen = now() - timedelta(hours=3)
    articles = [
        desk[name].model_copy(
            update={"first_seen": seen - timedelta(hours=n), "published": seen - timedelta(hours=n + 1)}
        )
        for n, name in enumerate(("drills", "wheat", "bakery"))
    ]
    other = articles[1].source.model_copy(update={"id": "gone.example"})
    articles[1] = articles[1].model_copy(update={"source": other})
    index(enriched(articles, f"{RUN}-a"), client=clean)
    with write(Batch(tmp_path.as_uri(), "pages", f"{RUN}-b")) as out:
        out.count("failed:http-403")
        out.count("failed:robots", 2)
    with write(Batch(tmp_path.as_uri(), "rejected", f"{RUN}-a")) as out:
        out.add(Rejected(article=articles[0], reason="document_parsing_exception: secret"))
    store.create(clean, Alert(name="Secret", kql="wheat and (", tell=("stdout",)), "command", error="unbalanced")
    clean.indices.refresh(index="_all")
    return articles[0]


def test_it_tells_how_the_pipeline_does(pipeline: EnrichedArticle) -> None:
    client = TestClient(app(["testserver"]))
    told = Told.by(client)
    assert told.up() == {"batches", "elasticsearch", "freshness", "sources", "disk"}
    # The stages: what they did in the last hour and day, and what waits.
    assert [told.of("stage_batches", stage="pages", window=window) for window in ("1h", "1d")] == [1, 2]
    assert told.of("stage_outcomes", stage="pages", outcome="fetched", window="1h") is None
    assert told.of("stage_outcomes", stage="pages", outcome="fetched", window="1d") == 5
    assert told.of("stage_outcomes", stage="pages", outcome="failed", window="1h") == 3
    assert told.of("stage_outcomes", stage="indexed", outcome="created", window="1h") == 3
    assert told.of("stage_records", stage="enriched", window="1h") == 3
    assert (told.of("stage_bytes", stage="enriched", window="1h") or 0) > 1_000
    assert (told.of("stage_cpu_seconds", stage="indexed", window="1h") or 0) > 0
    assert told.of("stage_pending_batches", stage="articles") == 2
    assert told.of("stage_pending_batches", stage="alerted") == 1
    assert told.of("dead_letters") == 1
    # The index, by the tier that the catalogue gives the source.
    assert told.of("articles") == 3
    seen = pipeline.first_seen.timestamp()
    newest = {tier: told.of("newest_article_timestamp_seconds", tier=tier) for tier in ("hot", "nightly", "none")}
    assert newest == {"hot": seen, "none": seen - 3600, "nightly": seen - 7200}
    assert told.of("newest_article_timestamp_seconds", tier="hourly") is None
    for tier in ("hot", "nightly", "none"):
        assert told.of("lag_articles", since="published", tier=tier) == 1
        published, first_seen = (
            told.of("lag_seconds", since=since, tier=tier, quantile="0.5") for since in ("published", "first_seen")
        )
        assert published and first_seen and published - first_seen == 3600
    assert told.of("alerts", state="broken") == 1 and told.of("alerts", state="active") == 0
    assert told.of("notices", state="due") == told.of("messages", state="dead") == 0
    assert told.of("sources", tier="hot") == 1 and told.of("source_verdicts", verdict="silent") == 0
    assert 0 < (told.of("disk_free_bytes", folder="home") or 0) < (told.of("disk_size_bytes", folder="home") or 0)
    # Whoever scrapes learns no names, and the page of the documentation lists all.
    text = client.get("/metrics").text
    assert not re.search(r"example|Secret|secret|http", text)
    documented = re.findall(r"^\| `(wirewatch_\w+)", (ROOT / "docs/metrics.md").read_text(encoding="utf-8"), re.M)
    assert sorted(documented) == sorted({name for name, _ in told})


def test_figures_are_not_asked_for_again_at_once_and_are_right_after_a_restart(
    pipeline: EnrichedArticle, tmp_path: Path
) -> None:
    client = TestClient(app(["testserver"]))
    assert Told.by(client).of("stage_pending_batches", stage="articles") == 2
    for name in ("a", "b"):
        with write(Batch(tmp_path.as_uri(), "articles", f"{RUN}-{name}")):
            pass
    assert Told.by(client).of("stage_pending_batches", stage="articles") == 2
    again = Told.by(TestClient(app(["testserver"])))
    assert again.of("stage_pending_batches", stage="articles") == 0
    assert again.of("stage_batches", stage="pages", window="1d") == 2


def test_what_cannot_be_asked_is_down_and_the_rest_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__URL", "http://127.0.0.1:9")
    get_settings.cache_clear()
    for stage in ("pages", "indexed", "rejected"):
        for name in ("damaged", "whole"):
            with write(Batch(get_settings().batches, stage, f"{RUN}-{name}")):
                pass
        (tmp_path / f"home/batches/{stage}/{RUN}-damaged" / MANIFEST).write_bytes(b"")
    try:
        told = Told.by(TestClient(app(["testserver"])))
    finally:
        get_settings.cache_clear()
    assert told.up() == {"batches", "disk"}
    assert told.of("up", part="elasticsearch") == told.of("up", part="sources") == 0
    assert told.of("stage_pending_batches", stage="indexed") == 0
    assert told.of("stage_pending_batches", stage="articles") == 2
    assert told.of("stage_batches", stage="pages", window="1d") == 1, "that can be read"
    assert told.of("dead_letters") == 0


@pytest.fixture
def prometheus(pipeline: EnrichedArticle, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Debian's Prometheus with our configuration, asking the service and what Airflow said, as a function of a path of
    its API and its parameters. It asks each second.
    """
    client = TestClient(app(["testserver"]))
    airflow = (Path(__file__).parent / "airflow.prom").read_bytes()
    calls = []

    def answer(path: str, headers: Any) -> tuple[int, dict[str, str], bytes]:
        if headers["Host"].startswith("localhost"):  # the other target
            calls.append(path)
            return 200, {"Content-Type": "text/plain; version=0.0.4"}, airflow
        found = client.get(path, headers={"Accept": headers["Accept"]})
        return found.status_code, {"Content-Type": found.headers["Content-Type"]}, found.content

    with serving(answer) as port:
        text = (DEPLOY / "targets.yml").read_text().replace("127.0.0.1:8765", f"127.0.0.1:{port}")
        (tmp_path / "targets.yml").write_text(text.replace("127.0.0.1:9102", f"localhost:{port}"))
        text = (DEPLOY / "prometheus.yml").read_text()
        (tmp_path / "prometheus.yml").write_text(text.replace("interval: 30s", "interval: 1s"))
        shutil.copy(DEPLOY / "rules.yml", tmp_path)
        at = f"127.0.0.1:{unused_ports()}"
        flags = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/prometheus"]
        with subprocess.Popen(["prometheus", *flags, f"--web.listen-address={at}", "--log.level=error"]) as process:

            def ask(path: str, **parameters: str) -> Any:
                return requests.get(f"http://{at}/api/v1/{path}", params=parameters, timeout=30).json()["data"]

            try:
                while len(calls) < 3:  # what increases is known from two answers on
                    assert process.poll() is None
                    time.sleep(0.1)
                yield ask
            finally:
                process.terminate()


@needs_prometheus
def test_every_panel_of_the_dashboard_shows_something_and_every_rule_can_be_asked(
    prometheus: Callable[..., Any],
) -> None:
    dashboard = json.loads((DEPLOY / "grafana.json").read_text())
    asked = [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(asked) > 20
    # The service is asked a few seconds after Airflow: its first answer takes longer.
    missing = asked
    for _ in range(100):
        missing = [(title, query) for title, query in missing if not prometheus("query", query=query)["result"]]
        if not missing:
            break
        time.sleep(0.2)
    assert missing == []
    assert {one["metric"]["job"] for one in prometheus("query", query="up == 1")["result"]} == {"wirewatch", "airflow"}
    for _ in range(100):
        rules = {rule["name"]: rule for group in prometheus("rules")["groups"] for rule in group["rules"]}
        if {rule["health"] for rule in rules.values()} == {"ok"} and rules["DeadLetters"]["state"] == "firing":
            break
        time.sleep(0.2)
    assert {name for name, rule in rules.items() if rule["health"] != "ok"} == set()
    firing = {name for name, rule in rules.items() if rule["state"] == "firing"}
    assert firing == {"DeadLetters", "AlertsFail", "NothingNewFromHotSources"}


FIRES = {
    "NotAnswering": ['up{job="wirewatch"}', "0x400"],
    "PartNotAnswering": ['wirewatch_up{part="sources"}', "0x400"],
    "NothingNew": ['wirewatch_newest_article_timestamp_seconds{tier="nightly"}', "-90000x400"],
    "NothingNewFromHotSources": ['wirewatch_newest_article_timestamp_seconds{tier="hot"}', "0x400"],
    "PendingGrows": ['wirewatch_stage_pending_batches{stage="enriched"}', "1+1x400"],
    "DeadLetters": ["wirewatch_dead_letters", "2x400"],
    "AlertsFail": ['wirewatch_messages{state="dead"}', "1x400"],
    "DiskFull": [
        'wirewatch_disk_free_bytes{folder="home"}',
        "5x400",
        'wirewatch_disk_size_bytes{folder="home"}',
        "99x400",
    ],
    "SchedulerGone": ['up{job="airflow"}', "1x400", "airflow_scheduler_heartbeat", "7x400"],
    "DagsDoNotLoad": ["airflow_dag_processing_import_errors", "1x400"],
}
"""What makes each rule tell: series, and their values minute by minute."""
QUIET = {
    'up{job="airflow"}': "1x400",
    'wirewatch_newest_article_timestamp_seconds{tier="hot"}': "0+60x400",
    'wirewatch_stage_pending_batches{stage="enriched"}': "0 5x200 0 9x200",
    "wirewatch_dead_letters": "0x400",
    "airflow_scheduler_heartbeat": "0+12x400",
}


@needs_prometheus
def test_each_rule_tells_when_it_should_and_is_quiet_when_all_is_well(tmp_path: Path) -> None:
    rules = yaml.safe_load((DEPLOY / "rules.yml").read_text())
    names = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    assert names == FIRES.keys()

    def trial(series: list[dict[str, str]], firing: set[str]) -> dict[str, Any]:
        asked = [
            {"expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}})', "eval_time": "395m",
             "exp_samples": [{"value": 1}] if name in firing else []}
            for name in sorted(names)
        ]  # fmt: skip
        return {"interval": "1m", "input_series": series, "promql_expr_test": asked}

    trials = [trial([{"series": name, "values": values} for name, values in QUIET.items()], set())]
    for name, told in FIRES.items():
        series = [{"series": one, "values": values} for one, values in zip(told[::2], told[1::2], strict=True)]
        trials.append(trial(series, {name}))
    file = tmp_path / "trials.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(DEPLOY / "rules.yml")], "tests": trials}))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_prometheus
def test_prometheus_takes_its_configuration() -> None:
    subprocess.run(["promtool", "check", "config", DEPLOY / "prometheus.yml"], check=True, capture_output=True)


def test_with_docker_prometheus_asks_the_same_where_it_is_there_and_airflow_says_it_to_whom_it_is_kept_by() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services, configs = compose["services"], compose["configs"]
    there = yaml.safe_load(configs["prometheus-targets"]["content"])
    here = yaml.safe_load((DEPLOY / "targets.yml").read_text())
    assert [one["labels"] for one in there] == [one["labels"] for one in here]
    hosts = [one["targets"][0].split(":") for one in there]
    assert [port for _, port in hosts] == [one["targets"][0].split(":")[1] for one in here]
    assert [host for host, _ in hosts] == ["serve", "statsd-exporter"] and {host for host, _ in hosts} <= set(services)
    assert services["serve"]["command"][-2:] == ["--name", "serve"], "it answers to that name"
    assert services["airflow-worker"]["environment"]["AIRFLOW__METRICS__STATSD_HOST"] == "statsd-exporter"
    source = yaml.safe_load(configs["grafana-prometheus"]["content"])["datasources"][0]
    assert source["url"] == "http://prometheus:9090"
    optional = {name for name, service in services.items() if "profiles" in service}
    assert optional == {"statsd-exporter", "prometheus", "grafana"}
    for name in optional:
        files = [mount.split(":")[0] for mount in services[name]["volumes"] if mount.startswith("./")]
        assert files and all((ROOT / file).is_file() for file in files)
        assert all(port.startswith("127.0.0.1:") for port in services[name].get("ports", ()))

"""What deploy/helm gives the chart of Airflow. The chart itself is asked by hand: docs/many-machines.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from api.app import app
from wirewatch.settings import is_setting

ROOT = Path(__file__).parents[1]
VALUES: dict[str, Any] = yaml.safe_load((ROOT / "deploy/helm/values.yaml").read_text(encoding="utf-8"))
SERVE, SERVICE = yaml.safe_load_all((ROOT / "deploy/helm/serve.yaml").read_text(encoding="utf-8"))
DOCS = (ROOT / "docs/many-machines.md").read_text(encoding="utf-8")
TELLING = (VALUES["workers"]["celery"], VALUES["dagProcessor"], VALUES["triggerer"])
"""The parts that run tasks, and those that tell the operator of runs that failed or are late."""
(PAGE,) = SERVE["spec"]["template"]["spec"]["containers"]


def test_every_setting_that_is_given_is_one_of_ours() -> None:
    for part in (VALUES, *TELLING, PAGE):
        names = [variable["name"] for variable in part["env"]]
        assert len(names) == len(set(names))
        assert all(is_setting(name) for name in names if name.startswith("WIREWATCH_"))
        assert all(name.startswith(("WIREWATCH_", "AWS_")) for name in names)


def test_every_secret_is_named_in_the_docs_with_its_keys() -> None:
    refs = [one["valueFrom"]["secretKeyRef"] for part in (*TELLING, PAGE) for one in part["env"] if "valueFrom" in one]
    assert {ref["name"] for ref in refs} == {"wirewatch", VALUES["data"]["metadataSecretName"]}
    told = set(re.findall(r"--from-literal=([\w-]+)=|--from-file=([\w.-]+)=", DOCS))
    assert {ref["key"] for ref in refs} <= {literal for literal, _ in told}
    secrets = [
        *VALUES["data"].values(),
        *(VALUES[f"{name}SecretName"] for name in ("fernetKey", "jwt", "apiSecretKey")),
    ]
    channels = [
        volume["secret"]["secretName"] for part in TELLING for volume in part["extraVolumes"] if "secret" in volume
    ]
    assert {*secrets, *channels, "wirewatch"} == set(re.findall(r"kubectl create secret generic ([\w-]+)", DOCS))


def test_no_secret_stands_in_the_values() -> None:
    for part in (VALUES, *TELLING, PAGE):
        for variable in part["env"]:
            hidden = re.search(r"SECRET|PASSWORD|API_KEY|STATE", variable["name"])
            assert bool(hidden) <= ("valueFrom" in variable), variable


def test_nobody_is_let_in_with_a_password_that_everybody_knows() -> None:
    assert VALUES["createUserJob"] == {"enabled": False} and "airflow users create" in DOCS


def test_the_page_and_the_workers_run_the_same_image_and_look_at_the_same_things() -> None:
    image = VALUES["images"]["airflow"]
    assert PAGE["image"] == f"{image['repository']}:{image['tag']}"
    worker = {one["name"]: one for one in VALUES["env"] + TELLING[0]["env"]}
    page = {one["name"]: one for one in PAGE["env"]}
    assert page.items() <= worker.items()
    assert SERVICE["spec"]["selector"].items() <= SERVE["spec"]["template"]["metadata"]["labels"].items()


@pytest.mark.usefixtures("settings")
def test_the_page_answers_who_asks_whether_it_is_well() -> None:
    command = PAGE["command"]
    assert command[command.index("--host") + 1] == "0.0.0.0" and "--name" not in command
    for probe in (PAGE["readinessProbe"], PAGE["livenessProbe"]):
        asked = probe["httpGet"]
        headers = {header["name"]: header["value"] for header in asked["httpHeaders"]}
        with TestClient(app(), base_url="http://10.0.0.7:8765") as kubelet:
            assert kubelet.get(asked["path"]).status_code == 400
            assert kubelet.get(asked["path"], headers=headers).status_code == 200


def test_the_image_has_what_the_values_name() -> None:
    config, image = VALUES["config"], (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert config["core"]["dags_folder"] == "/opt/wirewatch/dags" and "WORKDIR /opt/wirewatch" in image
    assert f"FROM apache/airflow:{VALUES['airflowVersion']}-" in image
    (pools,) = re.findall(r"pools import /opt/wirewatch/(\S+)", VALUES["migrateDatabaseJob"]["args"][-1])
    assert (ROOT / pools).is_file()
    module, _, name = config["celery"]["celery_config_options"].rpartition(".")
    assert re.search(rf"(?m)^{name} = ", (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))

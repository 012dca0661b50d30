"""The manifests name what the code names: a test on a cluster would find it late, or not at all."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.model.settings import Settings
from ailtire_operator.reconcile.metrics import Metrics
from lab.paths import ROOT

MANIFESTS = ROOT / "manifests"
BASE = MANIFESTS / "base"
ACCOUNT = f"system:serviceaccount:{naming.OPERATOR_NAMESPACE}:{naming.OPERATOR_NAME}"


def documents(path: Path) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


@pytest.mark.parametrize("policy", ["policy-author.yaml", "policy-place.yaml"])
def test_policies_spare_the_operator_by_its_exact_name(policy: str) -> None:
    conditions = documents(BASE / policy)[0]["spec"]["matchConditions"]
    assert conditions[0]["expression"] == f"request.userInfo.username != '{ACCOUNT}'"
    assert documents(BASE / policy)[0]["spec"]["failurePolicy"] == "Fail"


def test_the_lease_may_be_written_under_its_name_alone() -> None:
    roles = [each for each in documents(BASE / "roles-operator.yaml") if each["kind"] == "Role"]
    named, creating = roles[0]["rules"]
    assert roles[0]["metadata"]["namespace"] == Settings().lease_namespace
    assert named["resourceNames"] == [naming.LEASE_NAME]
    assert creating["verbs"] == ["create"]


def test_the_probes_ask_where_the_operator_answers() -> None:
    (deployment,) = documents(BASE / "deployment.yaml")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": Settings().metrics_port}]
    assert container["args"][-2:] == ["-m", "ailtire_operator.handlers"]
    (policy,) = documents(BASE / "network-policy.yaml")
    assert policy["spec"]["ingress"][0]["ports"][0]["port"] == Settings().metrics_port


def test_the_image_starts_what_the_deployment_starts() -> None:
    command = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    (container,) = documents(BASE / "deployment.yaml")[0]["spec"]["template"]["spec"]["containers"]
    assert command is not None
    assert yaml.safe_load(command[1]) == container["args"]


def test_every_file_is_part_of_a_kustomization() -> None:
    for folder in [BASE, MANIFESTS / "monitoring"]:
        kustomization = documents(folder / "kustomization.yaml")[0]
        named = {each for each in kustomization["resources"] if each.endswith(".yaml")}
        generated = {name for each in kustomization.get("configMapGenerator", ()) for name in each["files"]}
        assert {path.name for path in folder.glob("*.yaml")} == named | generated | {"kustomization.yaml"}


def test_alerts_look_at_metrics_that_exist() -> None:
    text = (MANIFESTS / "monitoring" / "rules.yaml").read_text()
    asked = set(re.findall(r"\bailtire_\w+", text))
    state = documents(MANIFESTS / "monitoring" / "state-metrics.yaml")[0]["spec"]["resources"][0]
    told = {f"{state['metricNamePrefix']}_{each['name']}" for each in state["metrics"]}
    served = {metric.name for metric in Metrics().registry.collect()}
    assert asked <= told | served

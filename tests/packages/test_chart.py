"""The chart renders the objects that kustomize does, with both Helms, and refuses the values that it cannot use."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import client
from lab.paths import ROOT
from packages import helming
from packages.helming import NAMESPACE, Objects, rendered, run, template
from release.chart import CHART

OVERLAYS = ROOT / "manifests" / "overlays"
NAMESPACED = {"scope": {"namespaces": ["default"]}}
SEVERAL = {"scope": {"namespaces": ["shop", "team"]}}
SECRETS = {"settings": {"watchSecretMetadata": True}}
WITH_NAMESPACE = {"namespace": {"create": True}}


def kustomized(folder: Path) -> Objects:
    done = run(client.kubectl_path(), "kustomize", str(folder))
    assert done.returncode == 0, done.stderr
    return helming.indexed(done.stdout)


@pytest.mark.parametrize(
    ("overlay", "values"),
    [("default", {}), ("namespaced", NAMESPACED), ("several-namespaces", SEVERAL), ("secret-metadata", SECRETS)],
    ids=["cluster", "one namespace", "several namespaces", "metadata of Secrets"],
)
def test_it_renders_what_kustomize_renders(helm: Path, overlay: str, values: dict[str, Any]) -> None:
    wanted = kustomized(OVERLAYS / overlay)
    found = rendered(helm, {**values, **WITH_NAMESPACE})
    assert set(found) == set(wanted)
    for key, each in wanted.items():
        assert found[key] == each, key


def test_without_values_it_is_all_but_the_namespace_which_helm_has_to_have_before(helm: Path) -> None:
    whole, alone = rendered(helm, WITH_NAMESPACE), rendered(helm, {})
    assert set(whole) - set(alone) == {("Namespace", "", NAMESPACE)}
    assert all(whole[key] == each for key, each in alone.items())


def test_monitoring_adds_what_kustomize_has_of_it(helm: Path) -> None:
    wanted = kustomized(ROOT / "manifests" / "monitoring")
    found = rendered(helm, {"monitoring": {"enabled": True}})
    assert {key: each for key, each in found.items() if key not in rendered(helm, {})} == wanted
    labelled = rendered(helm, {"monitoring": {"enabled": True, "labels": {"release": "prometheus"}}})
    assert {labelled[key]["metadata"]["labels"]["release"] for key in wanted} == {"prometheus"}


def test_values_reach_the_deployment(helm: Path) -> None:
    values = {
        "image": {
            "repository": "registry.example:5000/team/operator",
            "tag": "1.2",
            "digest": f"sha256:{'a' * 64}",
            "pullPolicy": "Always",
            "pullSecrets": ["pull"],
        },
        "replicas": 3,
        "logFormat": "json",
        "resources": {"limits": {"memory": "1Gi"}},
        "priorityClassName": "system-cluster-critical",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {}},
        "podLabels": {"team": "platform"},
        "podAnnotations": {"note": "yes"},
        "settings": {
            "gatewayImage": "registry.example/nginx:1",
            "nameservers": ["10.0.0.10", "fd00::10"],
            "drainSeconds": 5,
            "requestTimeout": 2.5,
            "allowPrivileged": True,
            "noCrossNamespaceReferences": False,
            "genericResources": {"NVIDIA-GPU": "nvidia.com/gpu", "AMD-GPU": "amd.com/gpu"},
        },
    }
    deployment = rendered(helm, values)["Deployment", NAMESPACE, "ailtire-operator"]
    template_, spec = deployment["spec"]["template"], deployment["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["image"] == f"registry.example:5000/team/operator:1.2@sha256:{'a' * 64}"
    assert container["imagePullPolicy"] == "Always"
    assert "--log-format=json" in container["args"]
    assert container["args"][-2:] == ["-m", "ailtire_operator.handlers"]
    assert spec["imagePullSecrets"] == [{"name": "pull"}]
    assert deployment["spec"]["replicas"] == 3
    assert container["resources"] == {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}}
    assert spec["priorityClassName"] == "system-cluster-critical"
    assert [spec[key] for key in ("nodeSelector", "tolerations", "affinity")] == [
        values[key] for key in ("nodeSelector", "tolerations", "affinity")
    ]
    assert template_["metadata"]["labels"] == {"app.kubernetes.io/name": "ailtire-operator", "team": "platform"}
    assert template_["metadata"]["annotations"] == {"note": "yes"}
    assert {each["name"]: each["value"] for each in container["env"] if "value" in each} == {
        "AILTIRE_OPERATOR_GATEWAY_IMAGE": "registry.example/nginx:1",
        "AILTIRE_OPERATOR_NAMESERVERS": "10.0.0.10,fd00::10",
        "AILTIRE_OPERATOR_DRAIN_SECONDS": "5",
        "AILTIRE_OPERATOR_REQUEST_TIMEOUT": "2.5",
        "AILTIRE_OPERATOR_ALLOW_PRIVILEGED": "true",
        "AILTIRE_OPERATOR_NO_CROSS_NAMESPACE_REFERENCES": "false",
        "AILTIRE_OPERATOR_GENERIC_RESOURCES": "AMD-GPU=amd.com/gpu,NVIDIA-GPU=nvidia.com/gpu",
    }


def test_values_reach_all_other_objects(helm: Path) -> None:
    values = {
        "commonLabels": {"team": "platform"},
        "commonAnnotations": {"owner": "us"},
        "serviceAccount": {"annotations": {"iam": "role"}},
        "networkPolicy": {"apiServerPorts": [16443]},
    }
    found = rendered(helm, values)
    assert all(each["metadata"]["labels"]["team"] == "platform" for each in found.values())
    assert all(each["metadata"]["annotations"]["owner"] == "us" for each in found.values())
    account = found["ServiceAccount", NAMESPACE, "ailtire-operator"]
    assert account["metadata"]["annotations"] == {"owner": "us", "iam": "role"}
    policy = found["NetworkPolicy", NAMESPACE, "ailtire-operator"]
    assert [each["port"] for each in policy["spec"]["egress"][0]["ports"]] == [53, 53, 16443]


def test_every_name_of_the_namespace_follows_the_release(helm: Path) -> None:
    done = template(helm, {"namespace": {"create": True}, "monitoring": {"enabled": True}}, namespace="elsewhere")
    assert done.returncode == 0, done.stderr
    objects = helming.indexed(done.stdout)
    crd = [key for key in objects if key[0] == "CustomResourceDefinition"]
    texts = {key: yaml.safe_dump(each) for key, each in objects.items() if key not in crd}
    assert [key for key, text in texts.items() if "namespace: ailtire-system" in text] == []
    assert {key[1] for key in objects} == {"", "elsewhere"}
    assert ("Namespace", "", "elsewhere") in objects


@pytest.mark.parametrize(
    ("values", "absent"),
    [
        ({"replicas": 1}, "PodDisruptionBudget"),
        ({"networkPolicy": {"enabled": False}}, "NetworkPolicy"),
        ({"crds": {"install": False}}, "CustomResourceDefinition"),
    ],
)
def test_what_a_value_takes_away(helm: Path, values: dict[str, Any], absent: str) -> None:
    assert {key[0] for key in rendered(helm, {})} - {key[0] for key in rendered(helm, values)} == {absent}


def test_the_right_to_secrets_is_that_of_the_namespaces_alone_where_the_operator_has_no_other(helm: Path) -> None:
    everywhere = rendered(helm, SECRETS)["ClusterRole", "", "ailtire-operator-secret-metadata"]
    without, found = rendered(helm, SEVERAL), rendered(helm, {**SEVERAL, **SECRETS})
    more = {key: each for key, each in found.items() if key not in without}
    roles = [
        (kind, name, "ailtire-operator-secret-metadata")
        for name in ("shop", "team")
        for kind in ("Role", "RoleBinding")
    ]
    assert sorted(more) == sorted(roles)
    for kind, namespace, name in roles:
        if kind == "Role":
            assert more[kind, namespace, name]["rules"] == everywhere["rules"]
        else:
            assert more[kind, namespace, name]["roleRef"]["kind"] == "Role"


@pytest.mark.parametrize("values", [{}, SEVERAL, {"monitoring": {"enabled": True}}, {"crds": {"keep": False}}])
def test_lint_finds_nothing(helm: Path, values: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    done = run(helm, "lint", "--strict", str(CHART), "-f", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WARNING]" not in done.stdout


@pytest.mark.parametrize(
    "values", [{"replicas": 0}, {"settings": {"metricsPort": 9}}, {"podLabels": {"app.kubernetes.io/name": "x"}}]
)
def test_helm_refuses_what_the_schema_refuses(helm: Path, values: dict[str, Any]) -> None:
    """What the schema refuses at all, tests/unit/test_chart.py says."""
    done = template(helm, values)
    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr

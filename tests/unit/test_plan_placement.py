"""Swarm's placement on Kubernetes' nodes."""

from typing import Any

import pytest

from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.types import Plan
from support.definitions.stacks import find, plan_of, pod_spec

Json = dict[str, Any]


def planned(placement: Json, **more: Any) -> Plan:
    service = {"image": "web:1", "user": "1000", "deploy": {"placement": placement}, **more}
    return plan_of({"services": {"web": service}})


def pod(made: Plan) -> Json:
    return pod_spec(find(made, "Deployment", "shop-web"))


ROLE = "node-role.kubernetes.io/control-plane"


@pytest.mark.parametrize(
    ("constraint", "expression"),
    [
        ("node.labels.disk == ssd", {"key": "disk", "operator": "In", "values": ["ssd"]}),
        ("node.labels.disk!=ssd", {"key": "disk", "operator": "NotIn", "values": ["ssd"]}),
        (
            "node.labels.example.com/disk-type==fast-ssd",
            {"key": "example.com/disk-type", "operator": "In", "values": ["fast-ssd"]},
        ),
        (
            "node.hostname == node-1.example",
            {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-1.example"]},
        ),
        ("node.platform.os == linux", {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}),
        ("node.platform.arch == x86_64", {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}),
        ("node.platform.arch != aarch64", {"key": "kubernetes.io/arch", "operator": "NotIn", "values": ["arm64"]}),
        ("node.role == manager", {"key": ROLE, "operator": "Exists"}),
        ("node.role != worker", {"key": ROLE, "operator": "Exists"}),
        ("node.role == worker", {"key": ROLE, "operator": "DoesNotExist"}),
        ("node.role!=manager", {"key": ROLE, "operator": "DoesNotExist"}),
        ("engine.labels.zone == a", {"key": "zone", "operator": "In", "values": ["a"]}),
    ],
)
def test_a_constraint_is_a_required_affinity(constraint: str, expression: Json) -> None:
    made = planned({"constraints": [constraint]})
    affinity = pod(made)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert affinity == {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    tolerated = (
        [{"key": ROLE, "operator": "Exists", "effect": "NoSchedule"}] if expression["operator"] == "Exists" else []
    )
    assert pod(made).get("tolerations", []) == tolerated
    told = bool(tolerated) or constraint.startswith("engine")
    assert [each.path for each in made.notices] == ["spec.services.web.deploy.placement.constraints[0]"] * told


@pytest.mark.parametrize(
    ("constraint", "complaint"),
    [
        ("node.id == abc", r"constraints\[0\]: Kubernetes' nodes have no node.id"),
        ("node.ip != 10.0.0.1", r"constraints\[0\]: Kubernetes' nodes have no node.ip"),
        ("node.role == boss", r"constraints\[0\]: 'boss' is not a node role"),
        ("node.labels.a = b", r"constraints\[0\]"),
        ("node.labels.a == b || true", r"constraints\[0\]"),
        ("disk == ssd", r"constraints\[0\]"),
        ("", r"constraints\[0\]"),
    ],
)
def test_a_constraint_that_is_none_is_refused_with_its_path(constraint: str, complaint: str) -> None:
    with pytest.raises(InvalidStack, match=r"spec\.services\.web\.deploy\.placement\." + complaint):
        planned({"constraints": [constraint]})


def test_preferences_spread_in_their_order_where_that_is_possible() -> None:
    preferences = [{"spread": "node.labels.zone"}, {"spread": "node.hostname"}, {"spread": "node.labels.rack"}]
    found = pod(planned({"preferences": preferences}))["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in found] == ["kubernetes.io/hostname", "zone", "rack"]
    assert {each["whenUnsatisfiable"] for each in found} == {"ScheduleAnyway"}


def test_so_many_on_a_node() -> None:
    made = planned({"maxReplicasPerNode": 3})
    assert pod(made)["topologySpreadConstraints"][-1]["maxSkew"] == 3
    assert pod(made)["topologySpreadConstraints"][-1]["whenUnsatisfiable"] == "DoNotSchedule"
    assert [each.path.rpartition(".")[2] for each in made.notices] == ["maxReplicasPerNode"]
    apart = pod(planned({"maxReplicasPerNode": 1}))["affinity"]["podAntiAffinity"]
    assert list(apart) == ["requiredDuringSchedulingIgnoredDuringExecution"]


@pytest.mark.parametrize(
    ("platform", "selector", "notices"),
    [
        ("linux", {"kubernetes.io/os": "linux"}, 0),
        ("linux/amd64", {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}, 0),
        ("linux/aarch64", {"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64"}, 0),
        ("linux/arm/v7", {"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm"}, 1),
    ],
)
def test_a_platform_selects_nodes(platform: str, selector: Json, notices: int) -> None:
    made = planned({}, platform=platform)
    assert pod(made)["nodeSelector"] == selector
    assert len(made.notices) == notices


def test_no_other_system_is_promised() -> None:
    with pytest.raises(InvalidStack, match=r"spec\.services\.web\.platform: only linux"):
        planned({}, platform="windows/amd64")


def test_every_node_has_one_anyway() -> None:
    placement = {"preferences": [{"spread": "node.labels.zone"}], "maxReplicasPerNode": 1}
    made = plan_of({"services": {"web": {"image": "a", "deploy": {"mode": "global", "placement": placement}}}})
    assert [each.path.rpartition(".")[2] for each in made.notices] == ["maxReplicasPerNode", "preferences[0]"]
    assert "affinity" not in pod_spec(find(made, "DaemonSet", "shop-web"))

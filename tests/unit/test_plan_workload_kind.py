"""Modes and restart policies: what becomes a Deployment, a DaemonSet, a StatefulSet or a Job, and what rolls it."""

from typing import Any

import pytest

from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.types import Manifest, Observed, Plan
from ailtire_operator.plan.workload.node_fit import fits
from support.definitions.stacks import open_nodes, plan_of, pod_spec
from support.definitions.wide import by_ref

Json = dict[str, Any]
IMAGE: Json = {"image": "web:1", "user": "1000"}
PORT = {"ports": {"http": {"port": 80}}}


def planned(deploy: Json, observed: Observed | None = None, **more: Any) -> Plan:
    return plan_of({"services": {"web": {**IMAGE, "deploy": deploy, **more}}}, observed)


def workload(made: Plan) -> Manifest:
    service = made.services["web"]
    return by_ref(made)[f"{service.kind}/{service.name}"]


def told(made: Plan) -> list[str]:
    return [f"{each.path.removeprefix('spec.services.web.')}: {each.classification}" for each in made.notices]


CONDITION = "deploy.restartPolicy.condition: approximate"


@pytest.mark.parametrize(
    ("deploy", "more", "kind", "notices"),
    [
        ({}, {}, "Deployment", []),
        ({"mode": "replicated", "restartPolicy": {"condition": "any"}}, {}, "Deployment", []),
        ({"mode": "global"}, {}, "DaemonSet", []),
        ({"mode": "global", "restartPolicy": {"condition": "none"}}, {}, "DaemonSet", [CONDITION]),
        ({"mode": "replicatedJob"}, PORT, "Job", []),
        ({"mode": "globalJob"}, {}, "Job", ["deploy.mode: approximate"]),
        ({"restartPolicy": {"condition": "none"}}, PORT, "Job", []),
        ({"restartPolicy": {"condition": "onFailure"}}, {}, "Job", []),
        ({"restartPolicy": {"condition": "onFailure"}}, PORT, "Deployment", [CONDITION]),
        (
            {"restartPolicy": {"condition": "onFailure"}},
            {"healthcheck": {"test": ["CMD", "a"]}},
            "Deployment",
            [CONDITION],
        ),
        ({"restartPolicy": {"condition": "onFailure"}, "updateConfig": {}}, {}, "Deployment", [CONDITION]),
        (
            {"restartPolicy": {"maxAttempts": 3, "delay": "5s", "window": "1m"}},
            {},
            "Deployment",
            [
                "deploy.restartPolicy.delay: ignored",
                "deploy.restartPolicy.maxAttempts: approximate",
                "deploy.restartPolicy.window: ignored",
            ],
        ),
        ({}, {"environment": {"SLOT": "{{.Task.Slot}}"}}, "StatefulSet", []),
    ],
)
def test_the_kind_of_a_workload(deploy: Json, more: Json, kind: str, notices: list[str]) -> None:
    made = planned(deploy, **more)
    assert made.services["web"].kind == kind == workload(made)["kind"]
    assert told(made) == notices


@pytest.mark.parametrize(
    ("policy", "restart", "backoff"),
    [({}, "OnFailure", 2**31 - 1), ({"maxAttempts": 3}, "OnFailure", 3), ({"condition": "none"}, "Never", 0)],
)
def test_how_often_a_job_is_tried(policy: Json, restart: str, backoff: int) -> None:
    job = workload(planned({"mode": "replicatedJob", "replicas": 4, "restartPolicy": policy}))
    assert (job["spec"]["completions"], job["spec"]["parallelism"], job["spec"]["backoffLimit"]) == (4, 4, backoff)
    assert pod_spec(job)["restartPolicy"] == restart


def test_a_new_definition_is_a_new_job_and_nothing_else_is() -> None:
    name = planned({"mode": "replicatedJob"}).services["web"].name
    again = planned({"mode": "replicatedJob", "restartPolicy": {"maxAttempts": 9}, "labels": {"a": "b"}})
    assert again.services["web"].name == name
    for other in ({"image": "web:2"}, {"environment": {"A": "1"}}, {"command": ["x"]}):
        assert planned({"mode": "replicatedJob"}, **other).services["web"].name != name
    assert planned({"mode": "replicatedJob", "replicas": 2}).services["web"].name != name
    assert len(name) <= 52


def test_a_global_job_runs_once_for_each_node_on_different_ones() -> None:
    few, many = (planned({"mode": "globalJob"}, Observed(nodes=open_nodes(count))) for count in (2, 5))
    spec = workload(many)["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 5, 5)
    term = pod_spec(workload(many))["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert [each["topologyKey"] for each in term] == ["kubernetes.io/hostname"]
    assert few.services["web"].name == many.services["web"].name, "a node more must not run it again"
    assert (few.services["web"].completions, few.services["web"].replicas) == (2, None)


def test_a_global_job_whose_nodes_may_not_be_listed_runs_once_and_that_is_said() -> None:
    made = planned({"mode": "globalJob"}, Observed(nodes=None))
    assert made.services["web"].completions == 1
    assert [each.remedy for each in made.notices] == ["", "Allow the operator to list nodes."]


def test_a_global_job_that_is_there_keeps_the_number_that_it_was_made_with() -> None:
    name = planned({"mode": "globalJob"}, Observed(nodes=open_nodes(2))).services["web"].name
    later = planned({"mode": "globalJob"}, Observed(nodes=open_nodes(5), completions={name: 2}))
    assert (later.services["web"].completions, workload(later)["spec"]["parallelism"]) == (2, 2)


@pytest.mark.parametrize(
    ("constraint", "platform", "fitting"),
    [
        ("node.labels.disk == ssd", None, {"ssd"}),
        ("node.labels.disk != ssd", None, {"arm", "disk"}),
        ("node.labels.disk == tape", None, set()),
        ("node.role == worker", None, {"arm", "ssd", "disk"}),
        ("node.role == manager", None, {"manager"}),
        ("node.role == worker", "linux/arm64", {"arm"}),
    ],
)
def test_a_global_job_is_for_the_nodes_that_take_its_pods(
    constraint: str, platform: str | None, fitting: set[str]
) -> None:
    system, role = {"kubernetes.io/os": "linux"}, "node-role.kubernetes.io/control-plane"
    nodes: dict[str, Json] = {
        "arm": {"labels": {**system, "kubernetes.io/arch": "arm64"}},
        "ssd": {"labels": {**system, "disk": "ssd"}, "taints": [{"key": "busy", "effect": "PreferNoSchedule"}]},
        "disk": {"labels": {**system, "disk": "hdd"}},
        "manager": {"labels": {**system, role: ""}, "taints": [{"key": role, "effect": "NoSchedule"}]},
        "theirs": {"labels": {**system, "disk": "ssd"}, "taints": [{"key": "them", "effect": "NoExecute"}]},
    }
    deploy = {"mode": "globalJob", "placement": {"constraints": [constraint]}}
    made = planned(deploy, Observed(nodes=tuple(nodes.values())), **({"platform": platform} if platform else {}))
    assert {name for name, node in nodes.items() if fits(node, pod_spec(workload(made)))} == fitting
    # Where no node fits, one pod waits, and with it the stack: a job of no pods would be done at once.
    assert made.services["web"].completions == max(1, len(fitting))


@pytest.mark.parametrize(
    ("update", "rolling"),
    [
        (None, (1, 0)),
        ({"parallelism": 3}, (3, 0)),
        ({"parallelism": 0}, ("100%", 0)),
        ({"order": "stopFirst", "parallelism": 2}, (0, 2)),
    ],
)
def test_a_global_service_rolls_as_it_says(update: Json | None, rolling: tuple[Any, Any]) -> None:
    made = planned({"mode": "global", **({"updateConfig": update} if update else {})})
    found = workload(made)["spec"]["updateStrategy"]["rollingUpdate"]
    assert (found["maxSurge"], found["maxUnavailable"]) == rolling
    assert "replicas" not in workload(made)["spec"]
    assert made.services["web"].replicas is None


def test_what_a_mode_cannot_have_is_said_where_it_stands() -> None:
    made = planned({"mode": "global"}, policies={"scaling": {"max": 3}})
    assert told(made) == ["policies.scaling: ignored"]
    assert not any(each["kind"] == "HorizontalPodAutoscaler" for each in made.objects)
    data = {"d": {"perReplica": True}}
    service = {**IMAGE, "deploy": {"mode": "globalJob"}, "volumes": {"d": {"source": "d", "target": "/d"}}}
    with pytest.raises(InvalidStack, match=r"spec\.services\.web\.deploy\.mode: volumes with perReplica"):
        plan_of({"services": {"web": service}, "data": data})


@pytest.mark.parametrize(
    ("deploy", "complaint"),
    [
        ({"mode": "global", "replicas": 2}, "so replicas cannot be set"),
        ({"mode": "globalJob", "replicas": 1}, "so replicas cannot be set"),
        ({"mode": "replicatedJob", "restartPolicy": {"condition": "any"}}, "must be onFailure or none"),
    ],
)
def test_a_deploy_that_contradicts_itself_is_refused(deploy: Json, complaint: str) -> None:
    with pytest.raises(InvalidStack, match=complaint):
        planned(deploy)


def test_one_replica_for_each_node_leaves_no_room_to_start_first() -> None:
    made = planned({"placement": {"maxReplicasPerNode": 1}})
    assert workload(made)["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    assert told(made) == ["deploy.placement.maxReplicasPerNode: approximate"]


@pytest.mark.parametrize(
    ("deploy", "more", "notices"),
    [
        ({"mode": "replicatedJob", "updateConfig": {}}, {}, ["deploy.updateConfig: ignored"]),
        ({"rollbackConfig": {}}, {}, ["deploy.rollbackConfig: ignored"]),
        (
            {"updateConfig": {"failureAction": "rollback", "maxFailureRatio": 0.5}, "rollbackConfig": {}},
            {},
            ["deploy.updateConfig.maxFailureRatio: approximate"],
        ),
        ({"updateConfig": {"maxFailureRatio": 0.5}}, {}, ["deploy.updateConfig.maxFailureRatio: ignored"]),
        (
            {"mode": "global", "updateConfig": {"failureAction": "pause"}},
            {},
            ["deploy.updateConfig.failureAction: approximate"],
        ),
        (
            {
                "updateConfig": {"failureAction": "rollback"},
                "rollbackConfig": {"failureAction": "pause", "maxFailureRatio": 0.1},
            },
            {},
            ["deploy.rollbackConfig.failureAction: ignored", "deploy.rollbackConfig.maxFailureRatio: ignored"],
        ),
        ({}, {"ports": {"a": {"port": 1, "mode": "host"}}}, ["ports.a.mode: ignored"]),
        ({}, {"ulimits": {"nofile": {"soft": 1}}}, ["ulimits.nofile: ignored"]),
    ],
)
def test_what_has_no_effect_is_said_where_it_stands(deploy: Json, more: Json, notices: list[str]) -> None:
    assert told(planned(deploy, **more)) == notices
